//! Proof `incremental`: the property tests of the core, with many more cases than a developer waits for.

use std::fs;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::limits::INCREMENTAL_CASES_MIN;
use super::verdict::{Figure, Verdict};
use crate::{checkout, run};

pub(super) const SHOWS: &str = "After any inputs, the findings are those of a fresh replica that was given the final \
    objects only; and any order of the same inputs that keeps each object's own tells the same.";

const SOURCE: &str = "crates/alertkube-core/tests/it/incremental.rs";
const PROPERTIES: [&str; 2] = ["incremental_equals_batch", "any_order_between_objects_tells_the_same"];

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let root = checkout::root()?;
    let source = fs::read_to_string(root.join(SOURCE)).context("read the property tests")?;
    ensure!(!sets_cases(&source), "{SOURCE} sets a number of cases, so ours would not count");
    let words = ["test", "--release", "-p", "alertkube-core", "--test", "it"];
    run::shown(run::command("cargo", &[&words[..], &["--no-run"]].concat()).current_dir(&root))?;
    let start = Instant::now();
    let mut test = run::command("cargo", &[&words[..], &["incremental::"]].concat());
    test.current_dir(&root).env("PROPTEST_CASES", INCREMENTAL_CASES_MIN.to_string()).stderr(Stdio::inherit());
    let said = test.output().context("start the tests")?;
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&said.stdout);
    let mut verdict = Verdict::default();
    for property in PROPERTIES {
        let cases = if passed(&said, property) { INCREMENTAL_CASES_MIN } else { 0 };
        let what = format!("cases in which `{property}` holds");
        verdict.figures.push(Figure::at_least(what, f64::from(cases), f64::from(INCREMENTAL_CASES_MIN), ""));
    }
    verdict.figures.push(Figure::told("seconds for both", format!("{seconds:.0}")));
    if !verdict.holds() {
        verdict.notes.push(format!("```text\n{}\n```", said.trim()));
    }
    Ok(verdict)
}

/// Whether the tests fix their number of cases, whatever the environment says.
fn sets_cases(source: &str) -> bool {
    let fixed = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
    source.contains("with_cases(") || source.split("cases:").skip(1).any(fixed)
}

fn passed(said: &str, property: &str) -> bool {
    said.lines().any(|line| line == format!("test incremental::{property} ... ok"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_that_ran_and_passed_counts() {
        let said = "test incremental::a ... ok\ntest incremental::b ... FAILED\n";
        assert!(passed(said, "a"));
        assert!(!passed(said, "b"));
        assert!(!passed(said, "c"));
    }

    #[test]
    fn a_fixed_number_of_cases_is_seen() {
        assert!(sets_cases("ProptestConfig { cases: 64, ..given }"));
        assert!(sets_cases("ProptestConfig::with_cases(64)"));
        assert!(!sets_cases("ProptestConfig { cases: if untouched { 64 } else { given.cases }, ..given }"));
    }
}
