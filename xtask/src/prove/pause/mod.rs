//! Proof `pause`: the holder of the seat is frozen for a minute at chosen moments, and wakes.

mod course;
mod moments;

use anyhow::Result;

use self::course::{Outcome, Pause};
use self::moments::{MOMENTS, Moment};
use super::limits::{IN_DOUBT_MAX, NOTES_MAX, PAUSE_LANES};
use super::verdict::{Figure, Table, Verdict, slowest};
use super::{program, small};
use crate::cluster;
use crate::seats::{Ledger, side_by_side};

pub(super) const SHOWS: &str = "The holder of the seat is frozen for 60 s at 20 moments of a storm, between a commit and \
    the first byte of what it committed among them, and wakes after another took over: nothing is missed, nothing is \
    doubled at the keyed receiver, the plain one sees at most its window again, and no incident stays open.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let lanes: Vec<(String, Vec<Moment>)> = lanes();
    let outcomes = side_by_side(&lanes, |(name, moments)| course::run(&cluster, &program, name, moments));
    let mut verdict = Verdict::default();
    let mut done = Vec::new();
    for ((name, _), outcome) in lanes.iter().zip(outcomes) {
        let broken = match outcome {
            Ok(outcome) => {
                verdict.notes.extend(outcome.tally.notes(name, NOTES_MAX));
                let broken = outcome.broken.clone();
                done.push(outcome);
                broken
            }
            Err(error) => Some(format!("{error:#}")),
        };
        if let Some(why) = broken {
            verdict.figures.push(Figure::exactly(format!("lane {name} ran to its end"), false, true));
            verdict.notes.push(format!("Lane {name}: {why}"));
        }
    }
    let wanted = lanes.iter().map(|(_, moments)| moments.len()).sum();
    verdict.figures.extend(figures(&done, wanted));
    verdict.tables.push(table(&done));
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "At a point the program freezes itself (`ALERTKUBE_TEST_STOP_AT=POINT:N`), otherwise SIGSTOP does it; \
    SIGCONT wakes it. While it is frozen faults go on to begin, and half of what was told ends after the takeover, so that \
    what a frozen send opens again must be closed again. *late*: lines of the frozen one from its freeze on.";

/// Neighbours in the list fall to different lanes.
fn lanes() -> Vec<(String, Vec<Moment>)> {
    let lane = |lane: usize| {
        let moments = MOMENTS.into_iter().skip(lane).step_by(PAUSE_LANES);
        (format!("pause-{lane}"), moments.take(small().unwrap_or(MOMENTS.len())).collect())
    };
    (0..PAUSE_LANES).map(lane).collect()
}

fn pauses(of: &[Outcome]) -> impl Iterator<Item = (&Outcome, &Pause, i64)> {
    of.iter().flat_map(|outcome| {
        let ends = outcome.pauses.iter().skip(1).map(|pause| pause.at).chain([i64::MAX]);
        outcome.pauses.iter().zip(ends).map(move |(pause, end)| (outcome, pause, end))
    })
}

fn repeats(outcome: &Outcome, pause: &Pause, end: i64, ledger: Ledger) -> usize {
    outcome.tally.repeats(ledger, pause.at, end)
}

fn figures(done: &[Outcome], wanted: usize) -> Vec<Figure> {
    let sum = |count: fn(&Outcome) -> usize| -> usize { done.iter().map(count).sum() };
    let each = |bad: fn(&Pause) -> bool| pauses(done).filter(|(_, pause, _)| bad(pause)).count();
    let plain = pauses(done).map(|(outcome, pause, end)| repeats(outcome, pause, end, Ledger::Plain));
    let slowest = slowest(pauses(done).map(|(_, pause, _)| pause.takeover));
    vec![
        Figure::exactly("moments at which it was frozen and woke", pauses(done).count(), wanted),
        Figure::told("faults made", sum(|outcome| outcome.faults)),
        Figure::told("slowest takeover, from the freeze", format!("{slowest:.1} s")),
        Figure::exactly(
            "pauses after which nobody told what began in them",
            each(|pause| pause.takeover.is_nan()),
            0,
        ),
        Figure::exactly("faults missed", sum(|outcome| outcome.tally.missed.len()), 0),
        Figure::exactly(
            "told twice at the keyed receiver, folded",
            sum(|outcome| outcome.tally.doubled(Ledger::Keyed)),
            0,
        ),
        Figure::at_most(
            "raw repeats at the plain receiver, most in a pause",
            plain.max().unwrap_or(0) as f64,
            IN_DOUBT_MAX,
            "",
        ),
        Figure::exactly(
            "ends that a told sink did not hear of",
            sum(|outcome| outcome.tally.endless.len()),
            0,
        ),
        Figure::exactly("told to be over while standing", sum(|outcome| outcome.tally.untrue.len()), 0),
        Figure::exactly("told to a sink that it is not for", sum(|outcome| outcome.tally.astray.len()), 0),
        Figure::exactly("incidents open at the end", sum(|outcome| outcome.tally.open.len()), 0),
        Figure::exactly(
            "late writes of the seat's head that were taken",
            sum(|outcome| outcome.terms.late),
            0,
        ),
        Figure::told("looks at both `/readyz`", sum(|outcome| outcome.knocks)),
        Figure::exactly("looks at which two said 200", sum(|outcome| outcome.both), 0),
        Figure::exactly("pauses after which not the other alone led", each(|pause| !pause.in_order), 0),
        Figure::exactly(
            "ends of a process with another code than 0",
            pauses(done).map(|(_, pause, _)| pause.bad_ends).sum(),
            0,
        ),
        Figure::exactly("messages about anything else", sum(|outcome| outcome.tally.strays.len()), 0),
    ]
}

fn table(done: &[Outcome]) -> Table {
    let head = ["frozen", "for", "takeover", "late", "repeats plain", "repeats keyed, folded", "not settled"];
    let mut table = Table::new("Pauses", &head);
    for (outcome, pause, end) in pauses(done) {
        table.row(&[
            &pause.moment.word(),
            &format!("{:.1} s", (pause.woken - pause.at) as f64 / 1000.0),
            &format!("{:.1} s", pause.takeover),
            &pause.late,
            &repeats(outcome, pause, end, Ledger::Plain),
            &repeats(outcome, pause, end, Ledger::Keyed),
            &pause.unsettled,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::{Tally, Terms};

    fn outcome(takeover: f64) -> Outcome {
        let moment = MOMENTS[0];
        let pause =
            Pause { moment, at: 5, woken: 9, takeover, late: 1, in_order: true, unsettled: 0, bad_ends: 0 };
        let (tally, terms) = (Tally::default(), Terms::default());
        Outcome { pauses: vec![pause], tally, terms, knocks: 1, both: 0, faults: 1, broken: None }
    }

    fn red(outcome: Outcome) -> Vec<String> {
        let figures = figures(&[outcome], 1).into_iter();
        figures.filter(|figure| !figure.holds).map(|figure| figure.what).collect()
    }

    #[test]
    fn a_vacant_seat_and_an_open_incident_are_red() {
        assert!(red(outcome(33.0)).is_empty());
        assert_eq!(red(outcome(f64::NAN)), ["pauses after which nobody told what began in them"]);
        let mut open = outcome(33.0);
        open.tally.open.push((1, "a".to_owned()));
        assert_eq!(red(open), ["incidents open at the end"]);
    }

    #[test]
    fn every_moment_falls_to_one_lane() {
        let all: usize = lanes().iter().map(|(_, moments)| moments.len()).sum();
        assert_eq!(all, small().map_or(MOMENTS.len(), |rounds| rounds * PAUSE_LANES));
        let mut words: Vec<String> = MOMENTS.into_iter().map(Moment::word).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), MOMENTS.len());
    }
}
