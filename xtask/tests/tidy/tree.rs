//! The repository as it stands: settings, the text of every file, and the package graph; read once per run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::rules::Exception;
use crate::source::Source;

/// Names and what each is allowed or denied.
pub(crate) type Lists = BTreeMap<String, Vec<String>>;

/// What `tidy.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) crates: Vec<String>,
    pub(crate) stages: Vec<String>,
    pub(crate) confined: Lists,
    pub(crate) forbidden: Lists,
    pub(crate) surface: BTreeMap<String, usize>,
    pub(crate) banned_names: Vec<String>,
    pub(crate) allowed_names: Vec<String>,
    pub(crate) assertions: Vec<String>,
    pub(crate) licences: Vec<String>,
    pub(crate) required_files: Vec<String>,
    #[serde(default)]
    pub(crate) exceptions: Vec<Exception>,
}

/// Every file that git knows or would add.
pub(crate) struct Tree {
    pub(crate) settings: Settings,
    /// Path from the root, and text (lossy where it is not UTF-8), by path.
    pub(crate) files: Vec<(String, String)>,
    /// The Rust files among them.
    pub(crate) sources: Vec<Source>,
}

pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(Tree::read);

impl Tree {
    fn read() -> Tree {
        let listed = output("git", &["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .expect("git lists the files of the checkout");
        let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        // A file that is tracked but deleted in the working tree is gone.
        let files: Vec<(String, String)> =
            paths.into_iter().filter_map(|path| Some((path.to_owned(), read(path)?))).collect();
        let rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        let sources = rust.map(|(path, text)| Source::new(path, text)).collect();
        let settings = toml::from_str(&read("tidy.toml").expect("tidy.toml is at the root"));
        Tree { settings: settings.expect("tidy.toml parses"), files, sources }
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(at, _)| at == path).map(|(_, text)| text.as_str())
    }

    /// Paths and texts of the members' manifests.
    pub(crate) fn manifests(&self) -> Vec<(&str, &str)> {
        let member = |path: &str| path == "xtask/Cargo.toml" || path.starts_with("crates/");
        let files = self.files.iter().filter(|(path, _)| path.ends_with("/Cargo.toml") && member(path));
        files.map(|(path, text)| (path.as_str(), text.as_str())).collect()
    }
}

/// `crates/alertkube-core/src/x.rs` belongs to `alertkube-core`.
pub(crate) fn crate_of(path: &str) -> &str {
    let path = path.strip_prefix("crates/").unwrap_or(path);
    path.split('/').next().unwrap_or(path)
}

/// Where this run belongs, not where the program was built: checkouts that share a folder of builds share it.
#[expect(clippy::disallowed_methods, reason = "cargo tells a test by its environment which package it is of")]
fn root() -> PathBuf {
    let xtask =
        std::env::var_os("CARGO_MANIFEST_DIR").expect("run me with `cargo test -p xtask --test tidy`");
    PathBuf::from(xtask).parent().expect("xtask lies in the repository").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "this test reads the repository")]
fn read(path: &str) -> Option<String> {
    std::fs::read(root().join(path)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a golden file when the run was started with `UPDATE=1`, and says whether it did.
#[expect(clippy::disallowed_methods, reason = "golden files are rewritten here alone")]
pub(crate) fn update(path: &str, text: &str) -> bool {
    let wanted = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    if wanted {
        std::fs::write(root().join(path), text).expect("the golden file is writable");
    }
    wanted
}

/// The package graph of one platform, the one of the image, so that every machine judges the same.
pub(crate) fn metadata() -> String {
    let metadata =
        ["metadata", "--format-version=1", "--filter-platform=x86_64-unknown-linux-gnu", "--locked"];
    let offline = [&metadata[..], &["--offline"]].concat();
    output(env!("CARGO"), &offline)
        .or_else(|_| output(env!("CARGO"), &metadata))
        .expect("cargo metadata works with the committed lock file")
}

fn output(program: &str, args: &[&str]) -> Result<String, String> {
    let done = Command::new(program).args(args).current_dir(root()).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(if done.status.success() { &done.stdout } else { &done.stderr });
    if done.status.success() { Ok(said.into_owned()) } else { Err(said.into_owned()) }
}
