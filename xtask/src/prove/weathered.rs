//! What a storm came to: the figures that every release under a storm is held to.

use anyhow::Result;

use super::limits::NOTES_MAX;
use super::verdict::{Figure, Verdict};
use crate::release::Storm;
use crate::seats::Ledger;

/// Lets the storm calm down and holds what was told against what was done; `word` names the course.
pub(super) fn settle(storm: &Storm, word: &str, verdict: &mut Verdict) -> Result<()> {
    let unsettled = storm.calm()?;
    let tally = storm.tally()?;
    let what = |words: &str| format!("{word}: {words}");
    verdict.figures.extend([
        Figure::at_least(what("faults made"), storm.faults() as f64, 1.0, ""),
        Figure::exactly(what("lost: faults that a receiver did not hear of"), tally.missed.len(), 0),
        Figure::exactly(what("lost: ends that a receiver did not hear of"), tally.endless.len(), 0),
        Figure::exactly(what("doubled at the plain receiver"), tally.doubled(Ledger::Plain), 0),
        Figure::exactly(what("doubled at the keyed receiver"), tally.doubled(Ledger::Keyed), 0),
        Figure::exactly(what("told to be over while standing"), tally.untrue.len(), 0),
        Figure::exactly(what("incidents open at the end"), tally.open.len(), 0),
        Figure::exactly(what("messages about anything else"), tally.strays.len(), 0),
        Figure::exactly(what("sinks that had not heard all at the end"), unsettled, 0),
    ]);
    verdict.notes.extend(tally.notes(word, NOTES_MAX));
    Ok(())
}
