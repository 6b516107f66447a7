//! Proof `migrate`: the Go program's snapshot lies in the cluster, and our program takes its place, by itself and by
//! the charts.

mod alone;
mod chart;
mod scene;
mod stand_in;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::image_program;
use super::verdict::{Figure, Table, Verdict};
use crate::cluster;
use crate::image;
use crate::seats::{Ledger, Line, side_by_side};
use chart::Way;
use scene::{Form, Scene};

pub(super) const SHOWS: &str = "A snapshot as the Go program writes it, compressed and in its older plain form, then our \
    program with the same routes, by itself and by our chart: as an upgrade of the Go program's release, of one replica and \
    of an elected pair, and as a new install. What was open ends under the key that it was opened with, once at each sink \
    of today's routes; what stands is not told again, also not after a restart; mutes hold; what was on its way is told; \
    the old snapshot is untouched.";

const NOTE: &str = "The snapshot is written by this proof in the Go program's format; no Go program runs. Its chart has a \
    stand-in: a release of the same name, values and objects whose pods do nothing. The last snapshot is written while \
    such a pod ends, as the Go program does. *muted*: was told a minute before the snapshot, was over in it, and fails \
    again when our program starts; so does *soon*, whose mute is over 30 s after the snapshot. *mild*: a warning, which is for the webhook alone.";

/// What a sink was told of an incident: that it began, or that it is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Message {
    ledger: Ledger,
    over: bool,
    key: String,
}

/// How often each was told.
type Messages = BTreeMap<Message, usize>;

/// What one migration came to.
struct Found {
    what: String,
    /// What each key is about.
    about: BTreeMap<String, String>,
    heard: Messages,
    expected: Messages,
    /// Lines before anything changed that say that what stands, stands.
    early: usize,
    /// Lines of what was muted before its mute was over.
    hasty: usize,
    untouched: bool,
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = image_program()?;
    let cluster = cluster::up()?;
    image::load(&cluster, &program)?;
    let mut verdict = Verdict::default();
    let mut table = Table::new(
        "What the receivers heard",
        &["course", "sink", "of", "about", "key", "lines", "expected"],
    );
    let forms = [Form::Gzip, Form::Plain];
    let alone = side_by_side(&forms, |form| alone::migrate(&cluster, &program, *form));
    let named = forms.iter().map(|form| format!("{form:?}")).zip(alone);
    let by_chart = side_by_side(&Way::ALL, |way| chart::migrate(&cluster, *way));
    let named = named.chain(Way::ALL.iter().map(|way| way.word().to_owned()).zip(by_chart));
    for (what, found) in named {
        match found {
            Ok(found) => {
                verdict.figures.extend(figures(&found));
                rows(&found, &mut table);
            }
            Err(error) => {
                verdict.figures.push(Figure::exactly(format!("{what}: ran to its end"), false, true));
                verdict.notes.push(format!("{what}: {error:#}"));
            }
        }
    }
    verdict.tables.push(table);
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

/// Conditions of the Go program with short times, and none of those that it does not have.
fn quick_conditions() -> Value {
    let quick = json!({"severity": "critical", "for": "0s", "holdDown": "2s"});
    let off = json!({"enabled": false});
    json!({"CrashLoopBackOff": quick, "ImagePullBackOff": quick, "PodNotReady": off, "ContainerRestart": off})
}

/// Counts lines.
fn heard<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Messages {
    let mut heard = Messages::new();
    for line in lines {
        let message = Message { ledger: line.ledger, over: line.over, key: line.fingerprint.clone() };
        *heard.entry(message).or_insert(0) += 1;
    }
    heard
}

/// How many lines tell of `soon` before that moment.
fn hasty(lines: &[Line], scene: &Scene<'_>, unmuted: i64) -> usize {
    let key = scene.crashes("soon");
    lines.iter().filter(|line| line.fingerprint == key && line.at < unmuted).count()
}

fn figures(found: &Found) -> Vec<Figure> {
    let what = |words: &str| format!("{}: {words}", found.what);
    let count = |of: &Messages, message: &Message| of.get(message).copied().unwrap_or(0);
    let missed = found.expected.iter().filter(|(of, wanted)| count(&found.heard, of) < **wanted);
    let more = found.heard.iter().filter(|(of, lines)| **lines > count(&found.expected, of));
    vec![
        Figure::told(what("messages that were due"), found.expected.values().sum::<usize>()),
        Figure::exactly(what("of these not heard"), missed.count(), 0),
        Figure::exactly(what("heard twice, or not due"), more.count(), 0),
        Figure::exactly(what("told again though it was told before"), found.early, 0),
        Figure::exactly(what("told before its mute was over"), found.hasty, 0),
        Figure::exactly(what("the old snapshot is untouched"), found.untouched, true),
    ]
}

fn rows(found: &Found, table: &mut Table) {
    let mut all: Vec<_> = found.expected.keys().chain(found.heard.keys()).collect();
    all.sort_unstable();
    all.dedup();
    for of in all {
        let count = |lines: &Messages| lines.get(of).copied().unwrap_or(0);
        let about = found.about.get(&of.key).map_or("", String::as_str);
        let sink = match of.ledger {
            Ledger::Plain => "webhook",
            Ledger::Keyed => "pagerduty",
        };
        let word = if of.over { "its end" } else { "that it stands" };
        table.row(&[
            &found.what,
            &sink,
            &word,
            &about,
            &of.key,
            &count(&found.heard),
            &count(&found.expected),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: usize) -> Messages {
        Messages::from([(Message { ledger: Ledger::Keyed, over: true, key: "k".to_owned() }, lines)])
    }

    fn found() -> Found {
        Found {
            what: "x".to_owned(),
            about: BTreeMap::new(),
            heard: told(1),
            expected: told(1),
            early: 0,
            hasty: 0,
            untouched: true,
        }
    }

    #[test]
    fn every_fault_of_a_migration_breaks_a_figure() {
        assert!(figures(&found()).iter().all(|figure| figure.holds));
        for wrong in [
            Found { heard: Messages::new(), ..found() },
            Found { heard: told(2), ..found() },
            Found { expected: Messages::new(), ..found() },
            Found { early: 1, ..found() },
            Found { hasty: 1, ..found() },
            Found { untouched: false, ..found() },
        ] {
            assert_eq!(figures(&wrong).iter().filter(|figure| !figure.holds).count(), 1);
        }
    }
}
