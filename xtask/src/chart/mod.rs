//! The chart in `helm/`: what is generated in it, and whether it holds.

mod cases;
mod generated;
mod golden;
mod helm;
mod metrics;
mod pod;
mod program;
mod readme;
mod schema;
mod schemas;
mod values;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::checkout;
use helm::Helm;

/// Writes the generated files of the chart, or checks the chart.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// Writes nothing, and fails when something is not as it must be.
    #[arg(long)]
    check: bool,
}

impl Task {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let root = checkout::root()?;
        if !self.check {
            generated::write(&root)?;
        }
        let Report { rendered, refused, schemas, wrong } = examined(&root, !self.check)?;
        if !wrong.is_empty() {
            bail!(
                "the chart does not hold (`cargo xtask chart` rewrites what is written):\n- {}",
                wrong.join("\n- ")
            );
        }
        schemas.iter().for_each(|(version, said)| println!("Kubernetes {version}: {said}"));
        println!("the chart holds: {rendered} sets of values are rendered, {refused} are refused");
        Ok(())
    }
}

/// What an examination of the chart came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Sets of values that were rendered.
    pub(crate) rendered: usize,
    /// Sets that were refused, as they should be, or not.
    pub(crate) refused: usize,
    /// What was said of the manifests, by version of Kubernetes.
    pub(crate) schemas: Vec<(&'static str, String)>,
    /// All that does not hold.
    pub(crate) wrong: Vec<String>,
}

/// Examines the chart; with `write` the golden files are made to agree.
pub(crate) fn examined(root: &Path, write: bool) -> Result<Report> {
    let mut report = Report { wrong: generated::stale(root)?, ..Report::default() };
    rendered(root, write, &mut report)?;
    refusals(root, &mut report)?;
    report.wrong.extend(metrics::check(root).err().map(|error| error.to_string()));
    Ok(report)
}

/// Renders every set of values, and holds what comes of it against its golden file, the program's own loader and the
/// schemas of Kubernetes.
fn rendered(root: &Path, write: bool, report: &mut Report) -> Result<()> {
    let helm = Helm::ready(root)?;
    let scratch = root.join("target").join("chart");
    fs::create_dir_all(&scratch).context("make a folder for what is rendered")?;
    let cases = cases::accepted(root, &scratch)?;
    let (mut manifests, mut kinds) = (Vec::new(), BTreeSet::new());
    for case in &cases {
        let mut note = |what: &str, done: Result<()>| {
            report.wrong.extend(done.err().map(|error| format!("{}: {what}: {error:#}", case.name)));
        };
        note("lint", helm.lint(&case.options));
        match helm.template(&case.options) {
            Err(error) => note("template", Err(error)),
            Ok(text) => {
                let objects = helm::objects(&text)?;
                note("the program", pod::check(&objects));
                kinds.extend(objects.iter().map(|object| (word(object, "kind"), word(object, "apiVersion"))));
                manifests.push(scratch.join(format!("{}.yaml", case.name)));
                fs::write(&manifests[manifests.len() - 1], &text).context("write what is rendered")?;
                if !golden::agrees(root, &case.name, &text, write)? {
                    report.wrong.push(format!("{}: not as its golden file", case.name));
                }
            }
        }
    }
    report.rendered = cases.len();
    against_schemas(&scratch, &manifests, kinds, report)
}

fn word(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}

fn against_schemas(
    scratch: &Path,
    manifests: &[PathBuf],
    kinds: BTreeSet<(String, String)>,
    report: &mut Report,
) -> Result<()> {
    let kinds: Vec<_> =
        kinds.into_iter().filter(|(kind, _)| !schemas::GOLDEN_ONLY.contains(&kind.as_str())).collect();
    for (version, sum) in schemas::VERSIONS {
        let folder = scratch.join(version);
        schemas::write(&folder, version, sum, &kinds)?;
        match schemas::check(&folder, manifests) {
            Ok(said) => report.schemas.push((version, said)),
            Err(error) => report.wrong.push(format!("Kubernetes {version}: {error}")),
        }
    }
    Ok(())
}

/// Tries what must be refused.
fn refusals(root: &Path, report: &mut Report) -> Result<()> {
    let helm = Helm::ready(root)?;
    for (sets, words) in cases::REFUSED {
        let options: Vec<String> =
            sets.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]).collect();
        match helm.template(&options) {
            Ok(_) => report.wrong.push(format!("{sets:?} is not refused")),
            Err(error) => {
                let said = format!("{error:#}");
                let missing = words.iter().filter(|word| !said.contains(**word));
                report.wrong.extend(
                    missing.map(|word| format!("{sets:?}: the refusal does not say `{word}`: {said}")),
                );
            }
        }
    }
    report.refused = cases::REFUSED.len();
    Ok(())
}
