//! What the handovers came to, held against their bounds.

use super::super::limits::{
    HANDOVERS, IN_DOUBT_MAX, KILLED_SECONDS_MAX, TERMED_MEDIAN_SECONDS_MAX, TERMED_SECONDS_MAX,
};
use super::super::small;
use super::super::verdict::{Figure, Table};
use super::course::{Outcome, Round, Signal};
use crate::seats::Ledger;

/// A round with its lane, its number and the time at which the next one begins.
fn rounds<'a>(of: &[&'a Outcome], signal: Signal) -> Vec<(&'a Outcome, usize, &'a Round, i64)> {
    let each = |outcome: &&'a Outcome| {
        let outcome = *outcome;
        let ends = outcome.rounds.iter().skip(1).map(|round| round.at).chain([i64::MAX]);
        outcome
            .rounds
            .iter()
            .zip(ends)
            .zip(1..)
            .map(move |((round, end), number)| (outcome, number, round, end))
    };
    of.iter().flat_map(each).filter(|(_, _, round, _)| round.signal == signal).collect()
}

/// How the handovers of one kind went.
pub(super) fn handed_over(of: &[&Outcome], warm: bool, signal: Signal) -> Vec<Figure> {
    let rounds = rounds(of, signal);
    let follower = if warm { "warm" } else { "cold" };
    let what = |words: &str| format!("SIG{}, {follower}: {words}", signal.word());
    let mut takeovers: Vec<f64> = rounds.iter().map(|(_, _, round, _)| round.takeover).collect();
    takeovers.sort_by(f64::total_cmp);
    let slowest = takeovers.last().copied().unwrap_or(f64::NAN);
    let median = takeovers.get(takeovers.len() / 2).copied().unwrap_or(f64::NAN);
    let missed = |(outcome, number, _, _): &(&Outcome, usize, &Round, i64)| {
        outcome.tally.missed.iter().filter(|(round, _)| round == number).count()
    };
    let missed: usize = rounds.iter().map(missed).sum();
    let repeats = |ledger| {
        rounds.iter().map(move |(outcome, _, round, end)| outcome.tally.repeats(ledger, round.at, *end))
    };
    let most = repeats(Ledger::Plain).max().unwrap_or(0);
    let others: usize = rounds.iter().map(|(_, _, round, _)| round.ends_from_others).sum();
    let wanted = small().unwrap_or(HANDOVERS);
    let mut figures = vec![
        Figure::exactly(what("handovers"), rounds.len(), wanted),
        Figure::exactly(what("faults missed"), missed, 0),
        Figure::exactly(what("ends told by another than the new holder"), others, 0),
    ];
    if signal == Signal::Term {
        let codes = rounds.iter().filter(|(_, _, round, _)| round.code != 0).count();
        figures.extend([
            Figure::exactly(
                what("raw repeats at the plain receiver"),
                repeats(Ledger::Plain).sum::<usize>(),
                0,
            ),
            Figure::at_most(what("takeover, median"), median, TERMED_MEDIAN_SECONDS_MAX, "s"),
            Figure::at_most(what("takeover, slowest"), slowest, TERMED_SECONDS_MAX, "s"),
            Figure::exactly(what("ends of the process with another code than 0"), codes, 0),
        ]);
    } else {
        figures.extend([
            Figure::at_most(
                what("raw repeats at the plain receiver, most in a takeover"),
                most as f64,
                IN_DOUBT_MAX,
                "",
            ),
            Figure::told(
                what("raw repeats at the plain receiver, in all"),
                repeats(Ledger::Plain).sum::<usize>(),
            ),
            Figure::told(what("takeover, median"), format!("{median:.2} s")),
            Figure::at_most(what("takeover, slowest"), slowest, KILLED_SECONDS_MAX, "s"),
        ]);
    }
    figures
}

/// What holds over all handovers to one kind of followers.
pub(super) fn in_all(of: &[&Outcome], warm: bool) -> Vec<Figure> {
    let follower = if warm { "warm" } else { "cold" };
    let what = |words: &str| format!("{follower}: {words}");
    let sum = |count: fn(&Outcome) -> usize| -> usize { of.iter().map(|outcome| count(outcome)).sum() };
    vec![
        Figure::told(what("faults made"), sum(|outcome| outcome.faults)),
        Figure::told(what("looks at both `/readyz`"), sum(|outcome| outcome.knocks)),
        Figure::exactly(what("looks at which two said 200"), sum(|outcome| outcome.both), 0),
        Figure::exactly(what("faults missed in all"), sum(|outcome| outcome.tally.missed.len()), 0),
        Figure::exactly(
            what("told twice at the keyed receiver, folded"),
            sum(|outcome| outcome.tally.doubled(Ledger::Keyed)),
            0,
        ),
        Figure::exactly(
            what("ends that a told sink did not hear of"),
            sum(|outcome| outcome.tally.endless.len()),
            0,
        ),
        Figure::exactly(what("told to be over while standing"), sum(|outcome| outcome.tally.untrue.len()), 0),
        Figure::exactly(
            what("told to a sink that it is not for"),
            sum(|outcome| outcome.tally.astray.len()),
            0,
        ),
        Figure::exactly(what("incidents open at the end"), sum(|outcome| outcome.tally.open.len()), 0),
        Figure::exactly(what("messages about anything else"), sum(|outcome| outcome.tally.strays.len()), 0),
    ]
}

/// Each handover.
pub(super) fn table(done: &[Outcome]) -> Table {
    let head = [
        "follower",
        "lane",
        "round",
        "signal",
        "takeover",
        "old one ended after",
        "repeats plain",
        "repeats keyed, folded",
        "not settled",
    ];
    let mut table = Table::new("Handovers", &head);
    for outcome in done {
        let ends = outcome.rounds.iter().skip(1).map(|round| round.at).chain([i64::MAX]);
        for ((round, end), number) in outcome.rounds.iter().zip(ends).zip(1..) {
            let repeats = |ledger| outcome.tally.repeats(ledger, round.at, end);
            table.row(&[
                &if outcome.lane.warm { "warm" } else { "cold" },
                &outcome.lane.name,
                &number,
                &round.signal.word(),
                &format!("{:.2} s", round.takeover),
                &format!("{:.2} s", round.ended),
                &repeats(Ledger::Plain),
                &repeats(Ledger::Keyed),
                &round.unsettled,
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::course::Lane;
    use super::*;
    use crate::seats::Tally;

    fn outcome(takeovers: &[(Signal, f64)]) -> Outcome {
        let round = |(number, (signal, takeover)): (usize, &(Signal, f64))| Round {
            signal: *signal,
            at: i64::try_from(number).unwrap() * 1000,
            takeover: *takeover,
            ended: 0.5,
            code: 0,
            ends_from_others: 0,
            unsettled: 0,
        };
        let lane = Lane { name: "x".to_owned(), warm: false, standing: 0, signals: Vec::new() };
        let rounds = takeovers.iter().enumerate().map(round).collect();
        Outcome { lane, rounds, tally: Tally::default(), knocks: 1, both: 0, faults: 1 }
    }

    fn red(outcome: &Outcome, signal: Signal) -> Vec<String> {
        let figures = handed_over(&[outcome], false, signal).into_iter().chain(in_all(&[outcome], false));
        figures.filter(|figure| !figure.holds).map(|figure| figure.what).collect()
    }

    #[test]
    fn slow_few_or_doubled_handovers_are_red() {
        let good = outcome(&vec![(Signal::Term, 1.0); HANDOVERS]);
        assert!(red(&good, Signal::Term).is_empty(), "{:?}", red(&good, Signal::Term));
        let slow = outcome(&vec![(Signal::Term, 2.5); HANDOVERS]);
        assert_eq!(red(&slow, Signal::Term), ["SIGTERM, cold: takeover, median"]);
        let few = outcome(&[(Signal::Kill, 30.0)]);
        assert_eq!(red(&few, Signal::Kill), ["SIGKILL, cold: handovers"]);
        let mut missed = outcome(&vec![(Signal::Kill, 30.0); HANDOVERS]);
        missed.tally.missed.push((3, "a".to_owned()));
        assert_eq!(
            red(&missed, Signal::Kill),
            ["SIGKILL, cold: faults missed", "cold: faults missed in all"]
        );
    }
}
