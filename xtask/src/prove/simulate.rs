//! Proof `simulate`: ten thousand ordeals.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::limits::{ORDEALS, ORDEALS_SECONDS_MAX, ORDEALS_SMALL};
use super::small;
use super::verdict::{Figure, Verdict};
use crate::{checkout, simulate};

pub(super) const SHOWS: &str = "Many replicas with their elections, in every kind of trouble that a seed chooses, break \
    no invariant in 10,000 seeds; one that did would break it again when it is run again.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = simulate::program(&checkout::root()?, &["--release"])?;
    let seeds = small().map_or(ORDEALS, |rounds| rounds as u64 * ORDEALS_SMALL);
    let start = Instant::now();
    let done = Command::new(program).args(["--seeds", &seeds.to_string()]).output();
    let said = String::from_utf8_lossy(&done.context("start the ordeals")?.stdout).into_owned();
    let seconds = start.elapsed().as_secs_f64();
    let sum = said.lines().find(|line| line.contains(" ordeals in ")).unwrap_or_default();
    let mut verdict = Verdict::default();
    let (held, broken) = (number(sum, " ordeals in "), number(sum, " broken;"));
    verdict.figures.push(Figure::at_least("seeds played", held, seeds as f64, ""));
    verdict.figures.push(Figure::at_most("seeds that broke an invariant", broken, 0.0, ""));
    verdict.figures.push(Figure::at_most("seconds on this machine", seconds, ORDEALS_SECONDS_MAX, "s"));
    verdict.notes.push(format!("```text\n{}\n```", said.trim()));
    Ok(verdict)
}

/// The number right before some words; not a number where they are not said.
fn number(line: &str, words: &str) -> f64 {
    let before = line.split(words).next().filter(|before| before.len() < line.len());
    let digits = before.and_then(|before| before.rsplit(' ').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_read_and_what_was_not_said_is_no_number() {
        let sum = "120 ordeals in 9.1 s: 3 broken; 11 events";
        assert_eq!((number(sum, " ordeals in "), number(sum, " broken;")), (120.0, 3.0));
        assert!(number("it crashed", " broken;").is_nan());
    }
}
