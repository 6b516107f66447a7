//! The record of a proof, `docs/proof/NAME.md`: written when it ran, read to see whether it still counts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::verdict::Verdict;
use super::{Proof, host, tree_hash};
use crate::run;

/// Whether a proof counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Holds,
    Stale,
    Red,
    Missing,
}

impl Standing {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Standing::Holds => "holds",
            Standing::Stale => "stale",
            Standing::Red => "RED",
            Standing::Missing => "missing",
        }
    }
}

const TREE: &str = "- Tree: ";
const VERDICT: &str = "- Verdict: ";

/// Writes the record and returns its path from the root.
pub(super) fn write(root: &Path, proof: &Proof, tree: &str, verdict: &Verdict) -> Result<String> {
    let path = path(root, proof.name);
    let folder = path.parent().context("a record lies in a folder")?;
    fs::create_dir_all(folder).context("make the folder of the records")?;
    fs::write(&path, text(proof, tree, verdict, &circumstances()?)).context("write the record")?;
    Ok(format!("docs/proof/{}.md", proof.name))
}

/// How the record of a proof stands to the tree as it is now.
pub(super) fn standing(root: &Path, name: &str, tree: &str) -> Standing {
    fs::read_to_string(path(root, name)).map_or(Standing::Missing, |text| judged(&text, tree))
}

fn path(root: &Path, name: &str) -> PathBuf {
    root.join("docs/proof").join(format!("{name}.md"))
}

fn judged(text: &str, tree: &str) -> Standing {
    let said = |word: &str| text.lines().find_map(|line| line.strip_prefix(word));
    match (said(VERDICT), said(TREE)) {
        (Some("holds"), Some(hash)) if hash.trim_matches('`') == tree => Standing::Holds,
        (Some("holds"), Some(_)) => Standing::Stale,
        _ => Standing::Red,
    }
}

fn text(proof: &Proof, tree: &str, verdict: &Verdict, circumstances: &str) -> String {
    let Proof { name, issue, shows, .. } = proof;
    let word = if verdict.holds() { "holds" } else { "RED" };
    let found = verdict.markdown();
    let found = found.trim_end();
    format!(
        "# Proof `{name}`\n\nIssue {issue}. {shows}\n\n{VERDICT}{word}\n{circumstances}{TREE}`{tree}`\n\n\
         Made by `cargo xtask prove {name}`. The tree is every file but `docs/` and `*.md`; \
         `cargo xtask prove --hash`\ntells its hash, and so does, on a checkout without changes, \
         `{}`.\n\n{found}\n",
        tree_hash::RECIPE
    )
}

/// Machine and date, a line each.
fn circumstances() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").context("read the list of processors")?;
    let value = |line: &str| line.split_once(':').map(|(_, value)| value.trim().to_owned());
    let model = cpus.lines().find(|line| line.starts_with("model name")).and_then(value);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let memory = host::memory("MemTotal")? >> 20;
    let kernel = run::output(&mut run::command("uname", &["-sr"]))?;
    let date = run::output(&mut run::command("date", &["-u", "+%Y-%m-%d %H:%M:%S UTC"]))?;
    let (model, kernel, date) =
        (model.unwrap_or_else(|| "unknown CPU".to_owned()), kernel.trim(), date.trim());
    Ok(format!("- Date: {date}\n- Machine: {model}, {cores} cores, {memory} MiB, {kernel}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::verdict::Figure;

    fn record(holds: bool) -> String {
        let proof = Proof { name: "demo", issue: 3, shows: "It works.", run: None };
        let verdict = Verdict { figures: vec![Figure::exactly("a", holds, true)], ..Verdict::default() };
        text(&proof, "abc", &verdict, "- Date: today\n")
    }

    #[test]
    fn a_record_counts_while_the_tree_is_the_same() {
        assert_eq!(judged(&record(true), "abc"), Standing::Holds);
        assert_eq!(judged(&record(true), "abd"), Standing::Stale);
        assert_eq!(judged(&record(false), "abc"), Standing::Red);
        assert_eq!(judged("something else", "abc"), Standing::Red);
    }

    #[test]
    fn a_proof_without_record_is_missing() {
        assert_eq!(standing(Path::new("/no/such/folder"), "demo", "abc"), Standing::Missing);
    }
}
