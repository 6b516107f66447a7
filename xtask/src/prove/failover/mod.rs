//! Proof `failover`: a seat that changes hands in a storm, by SIGTERM and by SIGKILL, to cold and to warm followers.

mod course;
mod figures;

use std::path::Path;

use anyhow::Result;

use self::course::{Gate, Lane, Outcome, Signal};
use self::figures::{handed_over, in_all, table};
use super::limits::{HANDOVERS, LANES, NOTES_MAX, STORM};
use super::verdict::{Figure, Verdict};
use super::{program, small};
use crate::cluster::{self, Cluster};
use crate::seats::side_by_side;

pub(super) const SHOWS: &str = "Two replicas, 500 standing faults of 500 owners and 20 more around every signal, one \
    keyed and one plain receiver: 20 handovers by SIGTERM and 20 by SIGKILL each to cold and to warm followers. Just one \
    replica leads; no fault is missed and none told twice; what is over is told so once, by the new holder, to just \
    the sinks that were told; what stands is not told again.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let lanes = lanes();
    let outcomes = all(&cluster, &program, &lanes);
    let mut verdict = Verdict::default();
    let mut done = Vec::new();
    for (lane, outcome) in lanes.iter().zip(outcomes) {
        match outcome {
            Ok(outcome) => done.push(outcome),
            Err(error) => {
                verdict.figures.push(Figure::exactly(
                    format!("lane {} ran to its end", lane.name),
                    false,
                    true,
                ));
                verdict.notes.push(format!("Lane {}: {error:#}", lane.name));
            }
        }
    }
    for warm in [false, true] {
        let of: Vec<&Outcome> = done.iter().filter(|outcome| outcome.lane.warm == warm).collect();
        for signal in [Signal::Term, Signal::Kill] {
            verdict.figures.extend(handed_over(&of, warm, signal));
        }
        verdict.figures.extend(in_all(&of, warm));
    }
    verdict.tables.push(table(&done));
    verdict.notes.extend(done.iter().flat_map(|outcome| outcome.tally.notes(&outcome.lane.name, NOTES_MAX)));
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "*takeover*: from the signal to the first line, at either receiver, about a fault that began after the \
    signal, from the address of the other replica. *repeats*: raw lines that say what their receiver was told before. A \
    killed holder's sends whose outcome is not known are sent again; the keyed receiver folds them by key, episode and \
    action, the plain one shows them. Every replica is the release binary in a network namespace of its own with a \
    service account's token, and comes back as a new pod.";

fn lanes() -> Vec<Lane> {
    let lanes = if small().is_some() { 1 } else { LANES };
    let (rounds, standing) = small().map_or((HANDOVERS / LANES, STORM), |rounds| (rounds, STORM / 10));
    let signals = [vec![Signal::Term; rounds], vec![Signal::Kill; rounds]].concat();
    let lane = |warm: bool, number: usize| Lane {
        name: format!("fo-{}-{number}", if warm { "warm" } else { "cold" }),
        warm,
        standing,
        signals: signals.clone(),
    };
    [false, true]
        .into_iter()
        .flat_map(|warm| (0..lanes).map(move |number| (warm, number)))
        .map(|(w, n)| lane(w, n))
        .collect()
}

/// All lanes of a kind at once, since most of the time of a crash is spent waiting for a Lease to end; first those whose
/// followers list the whole cluster when they take over, so that they find no more in it than their own.
fn all(cluster: &Cluster, program: &Path, lanes: &[Lane]) -> Vec<Result<Outcome>> {
    let of_a_kind = lanes.chunk_by(|one, next| one.warm == next.warm);
    let done = of_a_kind.flat_map(|lanes| {
        let gate = Gate::new(lanes.len());
        side_by_side(lanes, |lane| course::run(cluster, program, lane.clone(), &gate))
    });
    done.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_handovers_are_shared_out() {
        let lanes = lanes();
        for warm in [false, true] {
            let of = lanes.iter().filter(|lane| lane.warm == warm);
            let kills = of.flat_map(|lane| &lane.signals).filter(|signal| **signal == Signal::Kill);
            assert_eq!(kills.count(), small().unwrap_or(HANDOVERS));
        }
    }
}
