//! Proof `fence`: whatever is done to a seat's objects and processes, never two send, and the seat is never stuck.

mod scenes;
mod stage;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use self::scenes::SCENES;
use self::stage::{Found, Scene, play};
use super::limits::{FENCE_LANES, IN_DOUBT_MAX, NOTES_MAX, OVERLAP_LOOKS_MAX, STUCK_SECONDS_MAX};
use super::verdict::{Figure, Table, Verdict};
use super::{program, small};
use crate::cluster::{self, Cluster};
use crate::seats::{Ledger, side_by_side};

pub(super) const SHOWS: &str = "The Lease is deleted under the leader, its namespace changed; two processes have one \
    POD_NAME; a container is restarted in place, and tells again within 5 s; the head is edited and deleted; an unelected \
    old and an elected new replica run together: never do two send, and never is the seat stuck.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let mut verdict = Verdict::default();
    let mut found = Vec::new();
    for (scene, outcome) in all(&cluster, &program) {
        match outcome {
            Ok(outcome) => {
                verdict.figures.extend(figures(scene, &outcome));
                verdict.notes.extend(outcome.tally.notes(scene.name, NOTES_MAX));
                found.push((scene, outcome));
            }
            Err(error) => {
                verdict.figures.push(Figure::exactly(format!("{}: ran to its end", scene.name), false, true));
                verdict.notes.push(format!("{}: {error:#}", scene.name));
            }
        }
    }
    verdict.tables.push(table(&found));
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "In every scene a fault begins each 0.4 s and every fourth ends one, so that who sends is seen by the \
    address of the sender. *changes of sender* beyond the times that the seat changed hands, by the history of its head, \
    would be two that send at once. Where two hold a Lease, or need none, the one that lost the seat learns it at its next \
    commit, and its `/readyz` with it; looks are 0.1 s apart. Where the state itself is broken or lost, what is told again is shown and not bounded.";

/// All scenes, some at once; each lane takes the next one that is left.
fn all(cluster: &Cluster, program: &Path) -> Vec<(&'static Scene, Result<Found>)> {
    let scenes = &SCENES[..small().unwrap_or(SCENES.len()).min(SCENES.len())];
    let next = AtomicUsize::new(0);
    let lanes: Vec<String> = (0..FENCE_LANES).map(|lane| format!("fence-{lane}")).collect();
    let mut done: Vec<_> = side_by_side(&lanes, |lane| {
        let mut done = Vec::new();
        while let Some((at, scene)) =
            Some(next.fetch_add(1, Ordering::SeqCst)).and_then(|at| Some((at, scenes.get(at)?)))
        {
            done.push((at, scene, play(cluster, program, lane, scene)));
        }
        done
    })
    .into_iter()
    .flatten()
    .collect();
    done.sort_by_key(|(at, _, _)| *at);
    done.into_iter().map(|(_, scene, found)| (scene, found)).collect()
}

fn figures(scene: &Scene, found: &Found) -> Vec<Figure> {
    let what = |words: &str| format!("{}: {words}", scene.name);
    let tally = &found.tally;
    let beyond = found.switches.saturating_sub(found.terms.changes);
    let both = if scene.overlaps { OVERLAP_LOOKS_MAX } else { 0.0 };
    let mut figures = vec![
        Figure::exactly(what("changes of sender without a change of the seat"), beyond, 0),
        Figure::at_most(what("looks at which two said 200"), found.both as f64, both, ""),
        Figure::exactly(what("one leads at the end"), found.one_leads, true),
        Figure::at_most(what("longest time until a fault was told"), found.longest, STUCK_SECONDS_MAX, "s"),
        Figure::exactly(what("faults missed"), tally.missed.len(), 0),
    ];
    if scene.whole {
        figures.extend([
            Figure::exactly(
                what("told twice at the keyed receiver, folded"),
                tally.doubled(Ledger::Keyed),
                0,
            ),
            // Whoever takes a seat that was not given back repeats what it finds in doubt.
            Figure::at_most(
                what("raw repeats at the plain receiver"),
                tally.doubled(Ledger::Plain) as f64,
                IN_DOUBT_MAX * found.terms.changes as f64,
                "",
            ),
            Figure::exactly(what("ends not told, untrue or open"), ends(found), 0),
            Figure::exactly(what("late writes of the head that were taken"), found.terms.late, 0),
        ]);
    }
    if let Some(most) = scene.restart_max {
        let slowest = found.measured.iter().copied().fold(f64::NAN, f64::max);
        figures.push(Figure::at_most(what("from SIGKILL to its next line, slowest"), slowest, most, "s"));
    }
    figures
}

fn ends(found: &Found) -> usize {
    found.tally.endless.len() + found.tally.untrue.len() + found.tally.open.len() + found.unsettled
}

fn table(found: &[(&Scene, Found)]) -> Table {
    let head = [
        "scene",
        "faults",
        "seat changed hands",
        "changes of sender",
        "longest wait",
        "again plain",
        "again keyed",
    ];
    let mut table = Table::new("Scenes", &head);
    for (scene, found) in found {
        let again = |ledger| found.tally.repeats(ledger, 0, i64::MAX);
        let longest = format!("{:.1} s", found.longest);
        let (plain, keyed) = (again(Ledger::Plain), again(Ledger::Keyed));
        table.row(&[
            &scene.name,
            &found.faults,
            &found.terms.changes,
            &found.switches,
            &longest,
            &plain,
            &keyed,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::{Tally, Terms};

    fn found() -> Found {
        Found {
            tally: Tally::default(),
            terms: Terms { highest: 2, changes: 1, late: 0 },
            both: 0,
            switches: 1,
            longest: 3.0,
            one_leads: true,
            unsettled: 0,
            faults: 9,
            measured: vec![2.0, 4.9],
        }
    }

    fn red(scene: &Scene, found: &Found) -> usize {
        figures(scene, found).iter().filter(|figure| !figure.holds).count()
    }

    #[test]
    fn two_senders_a_stuck_seat_and_a_slow_restart_are_red() {
        let restart = SCENES.iter().find(|scene| scene.restart_max.is_some()).unwrap();
        assert_eq!(red(restart, &found()), 0);
        assert_eq!(red(restart, &Found { switches: 3, ..found() }), 1);
        assert_eq!(red(restart, &Found { one_leads: false, longest: f64::NAN, ..found() }), 2);
        assert_eq!(red(restart, &Found { measured: vec![5.1], ..found() }), 1);
        assert_eq!(red(restart, &Found { measured: Vec::new(), ..found() }), 1);
    }
}
