//! Proof `store-refuses`: what is told, and what is said about it, while the state cannot be saved.

mod outage;
mod scene;
mod troubles;
mod webhook;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use self::scene::{Found, play};
use self::troubles::{TROUBLES, Trouble};
use self::webhook::Webhook;
use super::limits::{
    AWAY_SECONDS_MIN, NOTES_MAX, REFUSAL_LANES, SILENT_SECONDS_MAX, UNDURABLE_CRITICAL_SECONDS,
    UNDURABLE_SECONDS, UNDURABLE_SLACK_SECONDS,
};
use super::verdict::{Figure, Table, Verdict, slowest};
use super::{program, small};
use crate::cluster::{self, Cluster};
use crate::seats::{Ledger, side_by_side};

pub(super) const SHOWS: &str = "A real API server refuses state by quota, missing right, size, an admission webhook that \
    denies and one that is down: what is critical is told after 2 s and everything else after 15 s all the same, counted, \
    and `AlertStateNotSaved` is raised and ends; afterwards a restart repeats nothing. A dead API server: the holder of a \
    Lease falls silent at its deadline and says so once; without a Lease nothing is held.";

const NOTE: &str = "One replica each, with a service account's token; in the scenes of refusal it holds a Lease all the \
    time. Times are to the slowest receiver, from the first refusal of a commit, as the replica's own log says it, or from just \
    before the API server was told of the first fault, whichever was first; where the trouble was there first, from the start \
    of the program, which waits 15 s for its state before it tells anything. *first refused*: that refusal, after the first \
    fault or the start. While the API server is dead nothing ends: an end is seen, not guessed, so only beginnings fall due. *repeats*: raw \
    lines at both receivers that say again what was said, the restart included.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let webhook = Webhook::open(&cluster)?;
    let mut verdict = Verdict::default();
    let mut table = Table::new(
        "Refusals",
        &[
            "trouble",
            "first refused",
            "critical told",
            "others told",
            "later critical",
            "undurable",
            "saved after",
            "repeats",
        ],
    );
    for (trouble, found) in refusals(&cluster, &program, &webhook) {
        match found {
            Ok(found) => {
                verdict.figures.extend(refused(trouble, &found));
                verdict.notes.extend(
                    found
                        .tally
                        .notes(trouble.name, NOTES_MAX)
                        .into_iter()
                        .filter(|note| !note.contains(scene::NOT_SAVED)),
                );
                row(&mut table, trouble, &found);
            }
            Err(error) => failed(&mut verdict, trouble.name, &error),
        }
    }
    verdict.tables.push(table);
    match outage::play(&cluster, &program) {
        Ok(found) => {
            for found in &found {
                verdict.figures.extend(dead(found));
                verdict.notes.extend(found.tally.notes(word(found), NOTES_MAX));
            }
        }
        Err(error) => failed(&mut verdict, "dead API server", &error),
    }
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

fn failed(verdict: &mut Verdict, what: &str, error: &anyhow::Error) {
    verdict.figures.push(Figure::exactly(format!("{what}: ran to its end"), false, true));
    verdict.notes.push(format!("{what}: {error:#}"));
}

/// All of them, some at once.
fn refusals(cluster: &Cluster, program: &Path, webhook: &Webhook) -> Vec<(&'static Trouble, Result<Found>)> {
    let troubles = &TROUBLES[..small().map_or(TROUBLES.len(), |some| some.min(TROUBLES.len()))];
    let next = AtomicUsize::new(0);
    let lanes: Vec<String> = (0..REFUSAL_LANES).map(|lane| format!("refuse-{lane}")).collect();
    let done = side_by_side(&lanes, |lane| {
        let mut done = Vec::new();
        while let Some(trouble) = troubles.get(next.fetch_add(1, Ordering::SeqCst)) {
            let found = play(cluster, program, webhook, trouble, lane);
            done.push((trouble, found.with_context(|| trouble.name)));
        }
        done
    });
    done.into_iter().flatten().collect()
}

fn refused(trouble: &Trouble, found: &Found) -> Vec<Figure> {
    let what = |words: &str| format!("{}: {words}", trouble.name);
    let tally = &found.tally;
    let fastest = |of: &[f64]| of.iter().copied().fold(f64::INFINITY, f64::min);
    let (critical, others) = match trouble.at_start {
        // A start waits for its state first, whatever it then has to tell.
        true => (UNDURABLE_SECONDS, UNDURABLE_SECONDS),
        false => (UNDURABLE_CRITICAL_SECONDS, UNDURABLE_SECONDS),
    };
    let strays = tally.strays.iter().filter(|line| line.reason != scene::NOT_SAVED).count();
    vec![
        Figure::at_least(what("critical ones told, fastest"), fastest(&found.critical), critical, "s"),
        Figure::at_most(
            what("slowest"),
            slowest(found.critical.iter().copied()),
            critical + UNDURABLE_SLACK_SECONDS,
            "s",
        ),
        Figure::at_least(what("others told, fastest"), fastest(&found.others), others, "s"),
        Figure::at_most(
            what("slowest of them"),
            slowest(found.others.iter().copied()),
            others + UNDURABLE_SLACK_SECONDS,
            "s",
        ),
        Figure::at_most(what("a critical one later"), found.later, UNDURABLE_SLACK_SECONDS, "s"),
        Figure::exactly(
            what("undurable sends counted, beyond lines that came"),
            found.counted - found.undurable as f64,
            0.0,
        ),
        Figure::exactly(
            what("`AlertStateNotSaved` raised and ended, at both receivers"),
            (found.raised, found.resolved).eq(&(2, 2)),
            true,
        ),
        Figure::exactly(what("lines of the log about it"), found.said, 1),
        Figure::exactly(what("which name it"), found.named, true),
        Figure::exactly(what("faults missed"), tally.missed.len(), 0),
        Figure::exactly(what("raw repeats, the restart included"), tally.again.len(), 0),
        Figure::exactly(
            what("ends not told, untrue or open"),
            tally.endless.len() + tally.untrue.len() + tally.open.len() + found.unsettled,
            0,
        ),
        Figure::exactly(what("messages about anything else"), strays, 0),
        Figure::exactly(what("exit code of the stop"), found.code, 0),
    ]
}

fn row(table: &mut Table, trouble: &Trouble, found: &Found) {
    let range = |of: &[f64]| {
        let fastest = of.iter().copied().fold(f64::INFINITY, f64::min);
        format!("{fastest:.1} to {:.1} s", slowest(of.iter().copied()))
    };
    table.row(&[
        &trouble.name,
        &format!("{:.3} s", found.first),
        &range(&found.critical),
        &range(&found.others),
        &format!("{:.1} s", found.later),
        &found.undurable,
        &format!("{:.1} s", found.saved),
        &found.tally.again.len(),
    ]);
}

fn word(found: &outage::Found) -> &'static str {
    if found.elected { "dead API server, with a Lease" } else { "dead API server, without" }
}

fn dead(found: &outage::Found) -> Vec<Figure> {
    let what = |words: &str| format!("{}: {words}", word(found));
    let tally = &found.tally;
    let late = slowest(found.late.iter().copied());
    let mut figures = match found.elected {
        true => vec![
            Figure::at_most(what("its last line"), found.last, SILENT_SECONDS_MAX, "s"),
            Figure::exactly(
                what("`ApiServerUnreachable` at the plain receiver"),
                found.said(Ledger::Plain),
                1,
            ),
            Figure::exactly(what("at the keyed one"), found.said(Ledger::Keyed), 1),
            Figure::at_least(
                what("that came after"),
                found.alarms.iter().copied().fold(f64::INFINITY, f64::min),
                AWAY_SECONDS_MIN,
                "s",
            ),
        ],
        false => vec![
            Figure::told(what("lines while it was dead"), found.meanwhile),
            Figure::at_most(
                what("what was due meanwhile, told after"),
                late,
                UNDURABLE_CRITICAL_SECONDS + UNDURABLE_SLACK_SECONDS,
                "s",
            ),
        ],
    };
    figures.extend([
        Figure::exactly(what("faults missed"), tally.missed.len(), 0),
        Figure::exactly(what("told twice at the keyed receiver, folded"), tally.doubled(Ledger::Keyed), 0),
        Figure::exactly(what("raw repeats"), tally.again.len(), 0),
        Figure::exactly(
            what("ends not told, untrue or open"),
            tally.endless.len() + tally.untrue.len() + tally.open.len() + found.unsettled,
            0,
        ),
        Figure::exactly(what("messages about anything else"), tally.strays.len(), 0),
        Figure::exactly(what("exit code of the stop"), found.code, 0),
    ]);
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::Tally;

    fn found() -> Found {
        Found {
            first: 0.1,
            critical: vec![2.1, 2.4],
            others: vec![15.2, 15.3],
            later: 0.2,
            undurable: 9,
            counted: 9.0,
            raised: 2,
            resolved: 2,
            said: 1,
            named: true,
            saved: 3.0,
            code: 0,
            unsettled: 0,
            tally: Tally::default(),
        }
    }

    fn red(found: &Found) -> usize {
        refused(&TROUBLES[0], found).iter().filter(|figure| !figure.holds).count()
    }

    #[test]
    fn too_soon_too_late_uncounted_and_unsaid_are_red() {
        assert_eq!(red(&found()), 0);
        assert_eq!(red(&Found { critical: vec![0.1, 2.4], ..found() }), 1);
        assert_eq!(red(&Found { others: vec![15.2, f64::NAN], ..found() }), 1);
        assert_eq!(red(&Found { counted: 8.0, ..found() }), 1);
        assert_eq!(red(&Found { resolved: 1, ..found() }), 1);
        assert_eq!(red(&Found { said: 0, named: false, ..found() }), 2);
    }

    #[test]
    fn one_that_goes_on_without_its_lease_is_red() {
        let of = |elected, last, late| {
            let tally = Tally::default();
            let found = outage::Found {
                elected,
                last,
                meanwhile: 0,
                late: vec![late],
                alarms: vec![61.0],
                code: 0,
                unsettled: 0,
                tally,
            };
            dead(&found)
                .iter()
                .filter(|figure| !figure.holds)
                .map(|figure| figure.what.clone())
                .collect::<Vec<_>>()
        };
        // Nothing was said at either receiver.
        assert_eq!(of(true, 5.0, f64::NAN).len(), 2);
        assert_eq!(of(true, 40.0, f64::NAN).len(), 3);
        assert_eq!((of(false, 40.0, 2.5).len(), of(false, 40.0, 60.0).len()), (0, 1));
    }
}
