//! What the receivers wrote in the storm, held against its bounds.

use std::collections::BTreeMap;

use super::super::limits::{
    STORM_CRITICAL_GRACE_MILLIS, STORM_HEALTHY_SECONDS_MAX, STORM_LIMITED_BURST, STORM_SECONDS,
};
use super::super::verdict::{Figure, Table};
use super::course::Found;
use crate::seats::{Ledger, Line};

/// A message of the limited sink: when it came, when it was decided, and what it is about, in its order.
struct Message<'a> {
    at: i64,
    decided: i64,
    action: &'a str,
    about: Vec<&'a str>,
}

pub(super) fn of(found: &Found) -> Vec<Figure> {
    let mut figures = vec![
        Figure::told("problems", found.failed.len()),
        Figure::at_most(
            "seconds in which they began",
            seconds(found.ended - found.began),
            f64::from(STORM_SECONDS) * 1.1,
            "s",
        ),
    ];
    let healthy = firsts(found, Ledger::Keyed, false);
    let last = healthy.values().max().copied().unwrap_or(i64::MAX);
    figures.push(Figure::at_most(
        "healthy sink: complete after the last patch was answered",
        seconds(last.saturating_sub(found.ended)),
        STORM_HEALTHY_SECONDS_MAX,
        "s",
    ));
    for (ledger, word) in [(Ledger::Keyed, "healthy"), (Ledger::Plain, "limited")] {
        for (over, what) in [(false, "problems"), (true, "ends")] {
            let (none, more) = uneven(found, ledger, over);
            figures.push(Figure::exactly(format!("{word} sink: {what} in no message"), none, 0));
            figures.push(Figure::exactly(format!("{word} sink: {what} in more than one"), more, 0));
        }
    }
    let messages = messages(found);
    let told = firsts(found, Ledger::Plain, false);
    let last = told.values().max().copied().unwrap_or(i64::MAX);
    let (first, end) =
        (messages.first().map_or(0, |said| said.at), messages.last().map_or(0, |said| said.at));
    figures.extend([
        Figure::at_most(
            "limited sink: messages in all",
            messages.len() as f64,
            (seconds(end - first) + STORM_LIMITED_BURST).ceil(),
            "",
        ),
        Figure::told(
            "limited sink: the last problem, after the last patch",
            format!("{:.1} s", seconds(last - found.ended)),
        ),
        Figure::told(
            "limited sink: from the decision upon a message to its arrival, at most",
            format!(
                "{:.1} s",
                seconds(messages.iter().map(|said| said.at - said.decided).max().unwrap_or(0))
            ),
        ),
        Figure::told(
            "limited sink: a critical problem after the healthy sink had heard of it, at most",
            format!("{:.1} s", seconds(behind(found, &healthy, &told))),
        ),
        Figure::exactly("limited sink: messages that are not worst first", disordered(found, &messages), 0),
    ]);
    figures.extend(patience(found, &messages, &healthy));
    figures
}

/// Whether critical problems came first, of which the healthy sink had heard.
fn patience(found: &Found, messages: &[Message<'_>], known: &BTreeMap<&str, i64>) -> Vec<Figure> {
    let late = STORM_CRITICAL_GRACE_MILLIS;
    let figure = |what: &str, waits: fn(i64, Times, Times, i64) -> bool| {
        let count = waited(found, messages, known, |known, milder, own| waits(known, milder, own, late));
        Figure::exactly(format!("limited sink: critical ones {what}"), count, 0)
    };
    vec![
        figure("decided upon after something milder", |known, milder, own, _| {
            known < milder.decided && milder.decided < own.decided
        }),
        figure("overtaken on their way by something milder", |known, milder, own, _| {
            known < milder.decided && milder.at < own.at
        }),
        figure("known for long when something milder came", |known, milder, own, late| {
            known + late < milder.at && milder.at < own.at
        }),
    ]
}

/// The messages of the limited sink.
pub(super) fn table(found: &Found) -> Table {
    let head = ["action", "messages", "problems", "seconds after the first patch"];
    let mut table = Table::new("Messages at the limited sink", &head);
    let mut by: BTreeMap<&str, (usize, usize, i64, i64)> = BTreeMap::new();
    for Message { at, action, about, .. } in messages(found) {
        let entry = by.entry(action).or_insert((0, 0, at, at));
        *entry = (entry.0 + 1, entry.1 + about.len(), entry.2.min(at), entry.3.max(at));
    }
    for (action, (messages, problems, from, until)) in by {
        let [from, until] = [from, until].map(|at| seconds(at - found.began));
        table.row(&[&action, &messages, &problems, &format!("{from:.1} to {until:.1}")]);
    }
    table
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

fn of_sink(found: &Found, ledger: Ledger, over: bool) -> impl Iterator<Item = &Line> {
    found.lines.iter().filter(move |line| line.ledger == ledger && line.over == over)
}

/// When each problem, or its end, was first told.
fn firsts(found: &Found, ledger: Ledger, over: bool) -> BTreeMap<&str, i64> {
    let mut firsts = BTreeMap::new();
    for line in of_sink(found, ledger, over) {
        let at: &mut i64 = firsts.entry(line.fingerprint.as_str()).or_insert(line.at);
        *at = line.at.min(*at);
    }
    firsts
}

/// How many are in no message, and how many in more than one.
fn uneven(found: &Found, ledger: Ledger, over: bool) -> (usize, usize) {
    let mut count: BTreeMap<&str, usize> = found.failed.iter().map(|name| (name.as_str(), 0)).collect();
    for line in of_sink(found, ledger, over) {
        *count.entry(&line.fingerprint).or_default() += 1;
    }
    let that = |wrong: fn(usize) -> bool| count.values().filter(|count| wrong(**count)).count();
    (that(|count| count == 0), that(|count| count > 1))
}

fn messages(found: &Found) -> Vec<Message<'_>> {
    let mut messages: Vec<(&str, Message<'_>)> = Vec::new();
    for line in found.lines.iter().filter(|line| line.ledger == Ledger::Plain) {
        match messages.last_mut().filter(|(delivery, _)| *delivery == line.delivery) {
            Some((_, message)) => message.about.push(&line.fingerprint),
            None => {
                let (at, decided) = (line.at, line.decided);
                let message = Message { at, decided, action: &line.action, about: vec![&line.fingerprint] };
                messages.push((&line.delivery, message));
            }
        }
    }
    messages.into_iter().map(|(_, message)| message).collect()
}

/// How much later a critical problem came to the limited sink, at most.
fn behind(found: &Found, known: &BTreeMap<&str, i64>, told: &BTreeMap<&str, i64>) -> i64 {
    let both = |name: &String| Some(told.get(name.as_str())? - known.get(name.as_str())?);
    found.critical.iter().filter_map(both).max().unwrap_or(0)
}

/// When a message was decided, and when it came.
#[derive(Clone, Copy)]
struct Times {
    decided: i64,
    at: i64,
}

/// Critical problems that stood while something milder was told: `before` is given since when the healthy sink knew of it,
/// the times of the milder message, and those of its own.
fn waited(
    found: &Found,
    messages: &[Message<'_>],
    known: &BTreeMap<&str, i64>,
    before: impl Fn(i64, Times, Times) -> bool,
) -> usize {
    let mut own: BTreeMap<&str, Times> = BTreeMap::new();
    let mut milder = Vec::new();
    for said in messages.iter().filter(|said| said.at < found.healed) {
        let times = Times { decided: said.decided, at: said.at };
        for name in &said.about {
            let first = own.entry(name).or_insert(times);
            *first = Times { decided: first.decided.min(times.decided), at: first.at.min(times.at) };
        }
        if said.about.iter().any(|name| !found.critical.contains(*name)) {
            milder.push(times);
        }
    }
    let waits = |name: &&String| {
        let (Some(known), Some(own)) = (known.get(name.as_str()), own.get(name.as_str())) else {
            return true;
        };
        milder.iter().any(|milder| before(*known, *milder, *own))
    };
    found.critical.iter().filter(waits).count()
}

fn disordered(found: &Found, messages: &[Message<'_>]) -> usize {
    let milder = |name: &&str| !found.critical.contains(*name);
    messages.iter().filter(|said| !said.about.iter().map(milder).is_sorted()).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn line(ledger: Ledger, at: i64, delivery: &str, name: &str) -> Line {
        Line {
            at,
            decided: at - 500,
            from: String::new(),
            ledger,
            fingerprint: name.to_owned(),
            reason: String::new(),
            episode: String::new(),
            delivery: delivery.to_owned(),
            over: false,
            action: "digest_news".to_owned(),
        }
    }

    fn found(plain: &[(i64, &str, &str)]) -> Found {
        let names = ["c", "m"];
        let healthy = names.map(|name| line(Ledger::Keyed, 1000, name, name));
        let plain = plain.iter().map(|(at, delivery, name)| line(Ledger::Plain, *at, delivery, name));
        Found {
            failed: names.map(str::to_owned).into(),
            critical: BTreeSet::from(["c".to_owned()]),
            began: 0,
            ended: 1000,
            healed: 100_000,
            lines: healthy.into_iter().chain(plain).collect(),
        }
    }

    fn red(plain: &[(i64, &str, &str)]) -> Vec<String> {
        let figures =
            of(&found(plain)).into_iter().filter(|figure| !figure.holds && !figure.what.contains("ends"));
        figures.map(|figure| figure.what).collect()
    }

    #[test]
    fn what_is_missing_doubled_late_or_in_the_wrong_order_is_red() {
        assert!(red(&[(2000, "d", "c"), (2000, "d", "m")]).is_empty());
        assert_eq!(red(&[(2000, "d", "c")]), ["limited sink: problems in no message"]);
        let twice = [(2000, "d", "c"), (2000, "d", "m"), (3000, "e", "m")];
        assert_eq!(red(&twice), ["limited sink: problems in more than one"]);
        let all = ["decided upon after", "overtaken on their way by"];
        let mut all = all.map(|what| format!("limited sink: critical ones {what} something milder")).to_vec();
        all.push("limited sink: critical ones known for long when something milder came".to_owned());
        assert_eq!(red(&[(5000, "d", "m"), (6000, "e", "c")]), all);
        // Decided before anybody knew of the critical one.
        assert!(red(&[(1400, "d", "m"), (6000, "e", "c")]).is_empty());
        let mixed = [(2000, "d", "m"), (2000, "d", "c")];
        assert_eq!(red(&mixed), ["limited sink: messages that are not worst first"]);
    }
}
