//! Proof `storm`: 10,000 problems in a minute, to a sink that may be told one a second and to one beside it.

mod course;
mod dead;
mod figures;

use anyhow::Result;

use super::limits::STORM_PODS;
use super::verdict::{Figure, Verdict};
use super::{program, small};
use crate::cluster;

pub(super) const SHOWS: &str = "10,000 pods fail within a minute, by status patches on the real API server, with the state \
    stored there: the healthy sink has heard of each by itself 10 s after the last one; at the sink that may be told one \
    a second each is in just one message, the critical ones first; their ends likewise. In virtual time, the same with \
    that sink dead for an hour: what still stands is told, what ended meanwhile is not, and ends go to what was told.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let pods = small().unwrap_or(STORM_PODS);
    let mut verdict = Verdict::default();
    match course::run(&cluster, &program, pods) {
        Ok(found) => {
            verdict.figures.extend(figures::of(&found));
            verdict.tables.push(figures::table(&found));
        }
        Err(error) => {
            verdict.figures.push(Figure::exactly("the storm ran to its end", false, true));
            verdict.notes.push(format!("It did not: {error:#}"));
        }
    }
    verdict.figures.extend(dead::figures(pods)?);
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "The healthy sink is of incidents, which never folds, at 1,000 a second; the limited one is a webhook at 1 a \
    second and 5 at once, the default. Both receivers are processes of their own that write a line for each request; only \
    these lines are counted. Every tenth problem is critical. Of a \
    critical problem that the healthy sink had heard of, three things are asked: whether something milder was decided upon \
    before it was in a message; whether something milder that was decided after that came before it; and whether anything \
    milder came before it more than 2 s after that, whenever it was decided.";
