//! What the receivers' lines say, held against what was done to the pods: nothing else is counted.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Ledger, Line};

/// The reason of the one message that a replica may send without its Lease.
const UNREACHABLE: &str = "ApiServerUnreachable";

/// The sinks that a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sinks {
    Both,
    Plain,
    Keyed,
}

impl Sinks {
    /// Whether this receiver is to hear of it.
    pub(crate) fn has(self, ledger: Ledger) -> bool {
        match self {
            Sinks::Both => true,
            Sinks::Plain => ledger == Ledger::Plain,
            Sinks::Keyed => ledger == Ledger::Keyed,
        }
    }

    /// The word for a single one, as a label has it.
    pub(crate) const fn only(self) -> Option<&'static str> {
        match self {
            Sinks::Both => None,
            Sinks::Plain => Some("plain"),
            Sinks::Keyed => Some("keyed"),
        }
    }
}

/// What was done to one pod. It fails once in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) name: String,
    pub(crate) fingerprint: String,
    pub(crate) sinks: Sinks,
    /// Just before the API server was told, in milliseconds.
    pub(crate) began: i64,
    /// The same of its end.
    pub(crate) fixed: Option<i64>,
    /// In which round it began.
    pub(crate) round: usize,
}

/// A line that says again what its receiver was told before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) at: i64,
    pub(crate) ledger: Ledger,
    /// Whether a receiver that folds by key, episode and action would show it.
    pub(crate) shows: bool,
    pub(crate) what: String,
}

/// What is wrong, each with its round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Stood, and a sink was not told.
    pub(crate) missed: Vec<(usize, String)>,
    /// Ended, and a sink that was told was not told so.
    pub(crate) endless: Vec<(usize, String)>,
    /// Told to be over while it stood.
    pub(crate) untrue: Vec<(usize, String)>,
    /// Told to a sink that it is not for.
    pub(crate) astray: Vec<(usize, String)>,
    /// Ended, and the last that the keyed receiver heard is that it stands.
    pub(crate) open: Vec<(usize, String)>,
    /// Said again.
    pub(crate) again: Vec<Again>,
    /// Lines about anything else.
    pub(crate) strays: Vec<Line>,
    /// Lines that say that the API server is out of reach, or no more.
    pub(crate) unreachable: Vec<Line>,
}

impl Tally {
    /// Holds the lines against what was done.
    pub(crate) fn of(fates: &[Fate], lines: &[Line]) -> Tally {
        let mut tally = Tally::default();
        let mut by_key: BTreeMap<(&str, Ledger), Vec<&Line>> = BTreeMap::new();
        let known: BTreeSet<&str> = fates.iter().map(|fate| fate.fingerprint.as_str()).collect();
        for line in lines {
            match line {
                line if known.contains(line.fingerprint.as_str()) => {
                    by_key.entry((&line.fingerprint, line.ledger)).or_default().push(line);
                }
                line if line.reason == UNREACHABLE => tally.unreachable.push(line.clone()),
                line => tally.strays.push(line.clone()),
            }
        }
        for fate in fates {
            for ledger in [Ledger::Plain, Ledger::Keyed] {
                let mut told = by_key.remove(&(fate.fingerprint.as_str(), ledger)).unwrap_or_default();
                told.sort_by_key(|line| line.at);
                tally.judge(fate, ledger, &told);
            }
        }
        tally
    }

    /// Lines that show again at the receiver that folds.
    pub(crate) fn doubled(&self, ledger: Ledger) -> usize {
        self.again.iter().filter(|again| again.ledger == ledger && again.shows).count()
    }

    /// Raw lines that say again what was said, within the time.
    pub(crate) fn repeats(&self, ledger: Ledger, from: i64, until: i64) -> usize {
        let within = |again: &&Again| again.ledger == ledger && (from..until).contains(&again.at);
        self.again.iter().filter(within).count()
    }

    /// Some of what is wrong, in words.
    pub(crate) fn notes(&self, of: &str, most: usize) -> Vec<String> {
        let kinds = [
            ("missed", &self.missed),
            ("its end was not told", &self.endless),
            ("told to be over and was not", &self.untrue),
            ("told to the wrong sink", &self.astray),
            ("left open", &self.open),
        ];
        let wrong = kinds.into_iter().flat_map(|(what, all)| {
            all.iter().take(most).map(move |(round, name)| format!("{of}, round {round}: {name}: {what}"))
        });
        let again = self.again.iter().filter(|again| again.shows);
        let again =
            again.take(most).map(|again| format!("{of}: told again at {:?}: {}", again.ledger, again.what));
        let strays =
            self.strays.iter().take(most).map(|line| format!("{of}: nobody asked for this: {line:?}"));
        wrong.chain(again).chain(strays).collect()
    }

    fn judge(&mut self, fate: &Fate, ledger: Ledger, told: &[&Line]) {
        let named = || (fate.round, format!("{} at {ledger:?}", fate.name));
        if !fate.sinks.has(ledger) {
            self.astray.extend((!told.is_empty()).then(named));
            return;
        }
        let [stands, ends] = [false, true].map(|over| told.iter().filter(|line| line.over == over).count());
        self.missed.extend((stands == 0).then(named));
        self.endless.extend((stands > 0 && ends == 0 && fate.fixed.is_some()).then(named));
        self.untrue.extend((ends > 0 && fate.fixed.is_none()).then(named));
        let open = ledger == Ledger::Keyed && ends > 0 && told.last().is_some_and(|line| !line.over);
        self.open.extend(open.then(named));
        let (mut said, mut folded) = ([false; 2], BTreeSet::new());
        for line in told {
            let first_of_key = folded.insert((line.episode.as_str(), line.over));
            let first = !std::mem::replace(&mut said[usize::from(line.over)], true);
            if !first {
                // The keyed receiver folds what has key, episode and action of a line before; the other folds nothing.
                let shows = ledger == Ledger::Plain || first_of_key;
                let what =
                    format!("{} {} from {}, episode {}", fate.name, line.action, line.from, line.episode);
                self.again.push(Again { at: line.at, ledger, shows, what });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(name: &str, sinks: Sinks, fixed: Option<i64>) -> Fate {
        Fate { name: name.to_owned(), fingerprint: name.to_owned(), sinks, began: 1, fixed, round: 3 }
    }

    fn line(at: i64, ledger: Ledger, name: &str, over: bool) -> Line {
        Line {
            at,
            decided: at,
            from: "x".to_owned(),
            ledger,
            fingerprint: name.to_owned(),
            reason: String::new(),
            episode: "1".to_owned(),
            delivery: String::new(),
            over,
            action: String::new(),
        }
    }

    use Ledger::{Keyed, Plain};

    #[test]
    fn once_at_each_sink_and_over_once_is_nothing_wrong() {
        let fates = [fate("a", Sinks::Both, Some(9)), fate("b", Sinks::Plain, None)];
        let lines = [
            line(2, Plain, "a", false),
            line(2, Keyed, "a", false),
            line(3, Plain, "b", false),
            line(10, Plain, "a", true),
            line(10, Keyed, "a", true),
        ];
        assert_eq!(Tally::of(&fates, &lines), Tally::default());
    }

    #[test]
    fn each_wrong_is_counted_as_what_it_is() {
        let silent = Tally::of(&[fate("a", Sinks::Both, Some(9))], &[]);
        assert_eq!((silent.missed.len(), silent.endless.len()), (2, 0));
        let told = [line(2, Plain, "a", false), line(3, Plain, "a", true), line(2, Keyed, "a", false)];
        let standing = Tally::of(&[fate("a", Sinks::Plain, None)], &told);
        assert_eq!((standing.untrue.len(), standing.astray.len(), standing.missed.len()), (1, 1, 0));
        let endless = Tally::of(&[fate("a", Sinks::Both, Some(9))], &told);
        assert_eq!(endless.endless, [(3, "a at Keyed".to_owned())]);
        let other = Line { reason: UNREACHABLE.to_owned(), ..line(5, Plain, "c", false) };
        let strange = Tally::of(&[], &[other, line(5, Plain, "d", false)]);
        assert_eq!((strange.unreachable.len(), strange.strays.len()), (1, 1));
        assert_eq!(strange.notes("x", 5).len(), 1);
    }

    #[test]
    fn the_keyed_receiver_folds_and_the_plain_one_does_not() {
        let both = |ledger| [line(2, ledger, "a", false), line(7, ledger, "a", false)];
        let fates = [fate("a", Sinks::Both, None)];
        let all = [both(Plain), both(Keyed)].concat();
        let tally = Tally::of(&fates, &all);
        assert_eq!((tally.doubled(Plain), tally.doubled(Keyed)), (1, 0));
        assert_eq!((tally.repeats(Keyed, 7, 8), tally.repeats(Keyed, 0, 7)), (1, 0));
        let mut other = all;
        other[3].episode = "2".to_owned();
        assert_eq!(Tally::of(&fates, &other).doubled(Keyed), 1);
    }

    #[test]
    fn what_comes_late_and_opens_again_stays_open_until_it_is_closed_again() {
        let fates = [fate("a", Sinks::Keyed, Some(3))];
        let mut lines =
            vec![line(2, Keyed, "a", false), line(5, Keyed, "a", true), line(9, Keyed, "a", false)];
        assert_eq!(Tally::of(&fates, &lines).open.len(), 1);
        lines.push(line(40, Keyed, "a", true));
        let tally = Tally::of(&fates, &lines);
        assert_eq!((tally.open.len(), tally.doubled(Keyed)), (0, 0));
    }
}
