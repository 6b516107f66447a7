//! The real helm, on the chart of this checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::generated::CHART;
use crate::cluster::Tool;
use crate::run;

/// The name and namespace of what is rendered.
const RELEASE: [&str; 3] = ["alertkube", "--namespace", "monitoring"];

/// helm, with the chart that it is asked about.
pub(crate) struct Helm {
    program: PathBuf,
    chart: PathBuf,
}

impl Helm {
    /// helm, built first when the cache has none.
    pub(crate) fn ready(root: &Path) -> Result<Self> {
        Ok(Self { program: Tool::Helm.ready()?, chart: root.join(CHART) })
    }

    /// `helm lint --strict`
    pub(super) fn lint(&self, options: &[String]) -> Result<()> {
        run::output(self.command("lint").arg("--strict").arg(&self.chart).args(options)).map(drop)
    }

    /// What `helm template` prints.
    pub(super) fn template(&self, options: &[String]) -> Result<String> {
        run::output(self.command("template").args(RELEASE).arg(&self.chart).args(options))
    }

    fn command(&self, word: &str) -> Command {
        run::command(&self.program, &[word])
    }
}

/// The objects in what helm printed.
pub(super) fn objects(text: &str) -> Result<Vec<Value>> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(text).context("helm printed no YAML")?;
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}

/// The options for files of values.
pub(super) fn values(path: &Path) -> Vec<String> {
    vec!["--values".to_owned(), path.display().to_string()]
}
