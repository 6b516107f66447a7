//! Mutants: `cargo xtask mutants` takes one promise of the code away at a time, in a copy of the checkout, and sees that
//! something notices. One that nothing notices survives, and that is a failure of the tests.

mod list;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::limits::MUTANT_SEEDS;
use crate::{checkout, run, simulate};

use list::{Killer, MUTANTS, Mutant, TESTS};

/// Changes the code in a copy, one promise at a time, and sees that something notices.
#[derive(clap::Args)]
pub(crate) struct Mutants {
    /// Only those whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// What became of a mutant: who killed it, or nobody.
pub(crate) struct Fate {
    pub(crate) name: &'static str,
    pub(crate) killed_by: Option<String>,
}

impl Mutants {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let only = self.only.unwrap_or_default();
        let fates = try_all(&|mutant| mutant.name.contains(&only))?;
        let survivors: Vec<_> = fates.iter().filter(|fate| fate.killed_by.is_none()).collect();
        ensure!(survivors.is_empty(), "{} of {} mutants survive", survivors.len(), fates.len());
        println!("{} mutants, all killed", fates.len());
        Ok(())
    }
}

/// Tries every mutant that there is.
pub(crate) fn all() -> Result<Vec<Fate>> {
    try_all(&|_| true)
}

fn try_all(wanted: &dyn Fn(&Mutant) -> bool) -> Result<Vec<Fate>> {
    let copy = copied(&checkout::root()?)?;
    // What notices must not see anything where nothing is changed.
    let untouched = std::iter::once(ordeals(&copy)).chain(TESTS.iter().map(|words| tests(&copy, words)));
    for failed in untouched {
        let failed = failed?;
        ensure!(failed.is_none(), "without any mutant: {}", failed.unwrap_or_default());
    }
    let mut fates = Vec::new();
    for mutant in MUTANTS.iter().filter(|mutant| wanted(mutant)) {
        let killed_by = attempt(&copy, mutant).with_context(|| format!("the mutant `{}`", mutant.name))?;
        println!("{}: {}", mutant.name, killed_by.as_deref().unwrap_or("SURVIVES"));
        fates.push(Fate { name: mutant.name, killed_by });
    }
    Ok(fates)
}

/// Applies a mutant, sees who notices, and takes it back.
fn attempt(copy: &Path, mutant: &Mutant) -> Result<Option<String>> {
    let path = copy.join(mutant.file);
    let before = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    fs::write(&path, mutated(&before, mutant)?).context("write the mutant")?;
    let killed_by = match mutant.killer {
        Killer::Ordeals => ordeals(copy),
        Killer::Tests(words) => tests(copy, words),
    };
    fs::write(&path, before).context("take the mutant back")?;
    killed_by
}

fn mutated(before: &str, mutant: &Mutant) -> Result<String> {
    let found = before.matches(mutant.text).count();
    ensure!(found == 1, "its text stands {found} times in {}: {:?}", mutant.file, mutant.text);
    Ok(before.replace(mutant.text, mutant.instead))
}

/// The first thing that the first ordeals find to be wrong.
fn ordeals(copy: &Path) -> Result<Option<String>> {
    let program = simulate::program(copy, "dev")?;
    let mut ordeals = Command::new(program);
    let done = ordeals.args(["--first", "--seeds", &MUTANT_SEEDS.to_string()]).stderr(Stdio::inherit());
    let done = done.output().context("start the ordeals")?;
    let said = String::from_utf8_lossy(&done.stdout);
    if done.status.success() {
        return Ok(None);
    }
    let broken = said.lines().find(|line| line.contains(" breaks `"));
    Ok(Some(broken.unwrap_or("a panic in an ordeal").to_owned()))
}

/// The first test that fails.
fn tests(copy: &Path, words: &[&str]) -> Result<Option<String>> {
    let cargo = |more: &[&str]| {
        let mut cargo = run::command("cargo", &[&["test", "--locked"], more, words].concat());
        cargo.current_dir(copy);
        cargo
    };
    run::output(&mut cargo(&["--no-run"])).context("build the tests")?;
    let done = cargo(&[]).stdin(Stdio::null()).output().context("start the tests")?;
    let said = String::from_utf8_lossy(&done.stdout);
    match done.status.success() {
        true => Ok(None),
        false => {
            let failed = said.lines().find(|line| line.starts_with("test ") && line.ends_with("FAILED"));
            Ok(Some(failed.unwrap_or("a test that does not end well").to_owned()))
        }
    }
}

/// A copy of every file that git knows or would add, outside the checkout. Builds of it are kept from run to run.
fn copied(root: &Path) -> Result<PathBuf> {
    let copy = std::env::temp_dir().join("alertkube-mutants");
    let mut git = run::command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]);
    for file in run::output(git.current_dir(root))?.lines() {
        let (from, to) = (root.join(file), copy.join(file));
        // A file that is tracked but deleted in the working tree is gone.
        let Ok(text) = fs::read(&from) else { continue };
        let folder = to.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).context("make a folder of the copy")?;
        // What has not changed keeps its time, so that it is not built again.
        if fs::read(&to).ok().as_deref() != Some(&text) {
            fs::write(&to, text).with_context(|| format!("copy {file}"))?;
        }
    }
    if copy.starts_with(root) {
        bail!("the folder for temporary files lies in the checkout");
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_applies_once_and_has_a_name_of_its_own() {
        let root = checkout::root().expect("a checkout");
        for mutant in MUTANTS {
            let text = fs::read_to_string(root.join(mutant.file)).expect("the file of a mutant");
            let mutated = mutated(&text, mutant).unwrap_or_else(|error| panic!("{}: {error}", mutant.name));
            assert_ne!(mutated, text, "{} changes something", mutant.name);
        }
        let mut names: Vec<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        names.sort_unstable();
        names.dedup();
        assert!(names.len() == MUTANTS.len() && names.len() >= 15, "{} mutants", names.len());
    }

    #[test]
    fn a_text_that_does_not_stand_just_once_is_refused() {
        let mutant = &MUTANTS[0];
        assert!(mutated("", mutant).is_err());
        assert!(mutated(&format!("{0}{0}", mutant.text), mutant).is_err());
        assert_eq!(mutated(mutant.text, mutant).expect("once"), mutant.instead);
    }
}
