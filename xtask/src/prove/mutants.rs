//! Proof `mutants`: whoever takes a promise away is found out.

use anyhow::Result;

use super::limits::MUTANTS_MIN;
use super::verdict::{Figure, Table, Verdict};
use crate::mutants;

pub(super) const SHOWS: &str = "The tests can fail: of at least 15 hand-kept mutants, each of which takes one promise of \
    the code away, none goes unnoticed.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let fates = mutants::all()?;
    let mut table = Table::new("Mutants", &["mutant", "killed by"]);
    for fate in &fates {
        table.row(&[&fate.name, &fate.killed_by.as_deref().unwrap_or("**nobody**")]);
    }
    let survivors = fates.iter().filter(|fate| fate.killed_by.is_none()).count();
    Ok(Verdict {
        figures: vec![
            Figure::at_least("mutants", fates.len() as f64, MUTANTS_MIN, ""),
            Figure::exactly("survivors", survivors, 0),
        ],
        tables: vec![table],
        ..Verdict::default()
    })
}
