//! Programs of this workspace, built when a proof needs them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{checkout, run};

/// Builds a program as it is shipped and returns its path; `options` are further words for cargo.
pub(crate) fn built(package: &str, program: &str, options: &[&str]) -> Result<PathBuf> {
    let words = [&["--package", package, "--bin", program], options].concat();
    built_at(&checkout::root()?, program, &words)
}

/// Builds a program of the checkout at `root` and returns its path; `words` tell cargo which.
pub(crate) fn built_at(root: &Path, program: &str, words: &[&str]) -> Result<PathBuf> {
    let words = [&["build", "--quiet", "--message-format=json-render-diagnostics"], words].concat();
    let mut cargo = run::command("cargo", &words);
    cargo.current_dir(root).stderr(Stdio::inherit());
    let done = cargo.output().context("start cargo")?;
    if !done.status.success() {
        bail!("{program} does not build");
    }
    let text = String::from_utf8(done.stdout).context("cargo speaks no text")?;
    text.lines()
        .find_map(|line| executable(line, program))
        .with_context(|| format!("cargo built no {program}"))
}

fn executable(line: &str, program: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let named = message["target"]["name"] == program;
    message["executable"].as_str().filter(|_| named).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_the_artifacts() {
        let other = r#"{"reason":"compiler-artifact","target":{"name":"libc"},"executable":null}"#;
        let ours = r#"{"reason":"compiler-artifact","target":{"name":"x"},"executable":"target/release/x"}"#;
        assert_eq!(executable(other, "x"), None);
        assert_eq!(executable(ours, "x"), Some(PathBuf::from("target/release/x")));
        assert_eq!(executable("no message", "x"), None);
    }
}
