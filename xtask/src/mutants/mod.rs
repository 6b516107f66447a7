//! Mutants: `cargo xtask mutants` takes one promise of the code away at a time, in a copy of the checkout, and sees that
//! something notices. One that nothing notices survives, and that is a failure of the tests.

mod list;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::limits::MUTANT_SEEDS;
use crate::{checkout, run, simulate};

use list::{Killer, MUTANTS, Mutant};

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
    let mut fates = Vec::new();
    let mut asked = Asked::default();
    for mutant in MUTANTS.iter().filter(|mutant| wanted(mutant)) {
        let noticed = attempt(&copy, mutant).with_context(|| format!("the mutant `{}`", mutant.name))?;
        println!("{}: {}", mutant.name, noticed.as_ref().map_or("SURVIVES", |noticed| &noticed.what));
        asked.note(mutant.killer, noticed.as_ref());
        fates.push(Fate { name: mutant.name, killed_by: noticed.map(|noticed| noticed.what) });
    }
    asked.sees_nothing_in(&copy)?;
    Ok(fates)
}

/// What noticed a mutant: none of it may see anything where nothing is changed.
#[derive(Default)]
struct Asked {
    tests: Vec<Killer>,
    seeds: u64,
}

impl Asked {
    fn note(&mut self, killer: Killer, noticed: Option<&Noticed>) {
        match killer {
            Killer::Ordeals => {
                // Of a panic the ordeals tell no seed: it may have been any.
                let seed = noticed.map(|noticed| noticed.seed.unwrap_or(MUTANT_SEEDS - 1));
                self.seeds = self.seeds.max(seed.map_or(0, |seed| seed + 1));
            }
            test if !self.tests.contains(&test) => self.tests.push(test),
            _ => {}
        }
    }

    fn sees_nothing_in(&self, copy: &Path) -> Result<()> {
        let mut seen = if self.seeds > 0 { ordeals(copy, self.seeds)? } else { None };
        for test in &self.tests {
            seen = seen.or(noticed(copy, *test)?);
        }
        ensure!(seen.is_none(), "without any mutant: {}", seen.map(|seen| seen.what).unwrap_or_default());
        println!("without any mutant: {} seeds and {} tests see nothing", self.seeds, self.tests.len());
        Ok(())
    }
}

/// What was seen, and in which ordeal.
struct Noticed {
    what: String,
    seed: Option<u64>,
}

/// Applies a mutant, sees who notices, and takes it back.
fn attempt(copy: &Path, mutant: &Mutant) -> Result<Option<Noticed>> {
    let path = copy.join(mutant.file);
    let before = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    fs::write(&path, mutated(&before, mutant)?).context("write the mutant")?;
    let seen = noticed(copy, mutant.killer);
    fs::write(&path, before).context("take the mutant back")?;
    seen
}

/// What the killer sees.
fn noticed(copy: &Path, killer: Killer) -> Result<Option<Noticed>> {
    match killer {
        Killer::Ordeals => ordeals(copy, MUTANT_SEEDS),
        Killer::Core(test) => fails(copy, &["-p", "alertkube-core", "--test", "it"], test),
        Killer::Program(test) => fails(copy, &["-p", "alertkube", "--bin", "alertkube"], test),
    }
}

fn mutated(before: &str, mutant: &Mutant) -> Result<String> {
    let found = before.matches(mutant.text).count();
    ensure!(found == 1, "its text stands {found} times in {}: {:?}", mutant.file, mutant.text);
    Ok(before.replace(mutant.text, mutant.instead))
}

/// Where the copy is built, seen from it, whatever `CARGO_TARGET_DIR` says: in one folder cargo does not tell the two
/// checkouts apart, and would give the mutant to whoever builds next.
const OWN_BUILDS: [&str; 2] = ["--target-dir", "target"];

/// The first thing that so many ordeals find to be wrong.
fn ordeals(copy: &Path, seeds: u64) -> Result<Option<Noticed>> {
    let program = simulate::program(copy, &OWN_BUILDS)?;
    let mut ordeals = Command::new(program);
    let done = ordeals.args(["--first", "--seeds", &seeds.to_string()]).stderr(Stdio::inherit());
    let done = done.output().context("start the ordeals")?;
    if done.status.success() {
        return Ok(None);
    }
    Ok(Some(broken(&String::from_utf8_lossy(&done.stdout))))
}

/// The first ordeal that broke, by what the program says of them.
fn broken(said: &str) -> Noticed {
    let line = said.lines().find(|line| line.contains(" breaks `"));
    let seed = line.and_then(|line| line.strip_prefix("seed ")?.split(' ').next()?.parse().ok());
    Noticed { what: line.unwrap_or("a panic in an ordeal").to_owned(), seed }
}

/// Whether this one test fails. It alone is played: the others of its program take minutes and would tell no more.
fn fails(copy: &Path, program: &[&str], test: &str) -> Result<Option<Noticed>> {
    let cargo = |more: &[&str]| {
        let mut cargo =
            run::command("cargo", &[&["test", "--locked"], &OWN_BUILDS[..], program, more].concat());
        cargo.current_dir(copy);
        cargo
    };
    run::output(&mut cargo(&["--no-run"])).context("build the tests")?;
    let done = cargo(&["--", "--exact", test]).stdin(Stdio::null()).output().context("start the test")?;
    let said = String::from_utf8_lossy(&done.stdout);
    ensure!(said.contains("\nrunning 1 test\n"), "there is no test {test}");
    Ok((!done.status.success()).then(|| Noticed { what: format!("test {test}"), seed: None }))
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
    fn what_noticed_something_is_asked_again_without_a_mutant_and_no_more() {
        let mut asked = Asked::default();
        let killers = [Killer::Core("one"), Killer::Core("one"), Killer::Program("one")];
        killers.iter().for_each(|killer| asked.note(*killer, None));
        assert_eq!(asked.tests.len(), 2);
        asked.note(Killer::Ordeals, None);
        assert_eq!(asked.seeds, 0);
        asked.note(Killer::Ordeals, Some(&broken("seed 7 breaks `twice`: so\nseed 6 breaks `lost`: so\n")));
        asked.note(Killer::Ordeals, Some(&broken("seed 3 breaks `twice`: so\n")));
        assert_eq!(asked.seeds, 8);
        asked.note(Killer::Ordeals, Some(&broken("2 ordeals in 1.0 s: 0 broken\n")));
        assert_eq!(asked.seeds, MUTANT_SEEDS);
    }

    #[test]
    fn a_text_that_does_not_stand_just_once_is_refused() {
        let mutant = &MUTANTS[0];
        assert!(mutated("", mutant).is_err());
        assert!(mutated(&format!("{0}{0}", mutant.text), mutant).is_err());
        assert_eq!(mutated(mutant.text, mutant).expect("once"), mutant.instead);
    }
}
