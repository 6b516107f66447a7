//! The lines below the line: which notification goes to which sink, and when.

use std::time::Duration;

use alertkube_core::{Action, Digest, Severity};

use super::clock;
use super::words::{Line, Word};

/// A notification that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The line as it was written.
    pub(crate) text: String,
    pub(crate) at: Duration,
    pub(crate) sink: String,
    pub(crate) action: Action,
    pub(crate) told: Told,
    pub(crate) severity: Option<Severity>,
    /// The parts that it names, such as failing containers.
    pub(crate) names: Option<Vec<String>>,
    /// How many lines of effects it has.
    pub(crate) effects: Option<usize>,
    /// Texts that stand in what the sink is sent.
    pub(crate) says: Vec<String>,
}

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    One { reason: String, object: String },
    Digest { reports: usize },
}

const ACTIONS: &[(&str, Action)] = &[
    ("first", Action::First),
    ("raised", Action::Raised),
    ("repeat", Action::Repeat),
    ("resolved", Action::Resolved),
    ("digest", Action::Digest(Digest::Standing)),
    ("digest_news", Action::Digest(Digest::News)),
    ("digest_repeat", Action::Digest(Digest::Repeats)),
    ("digest_resolved", Action::Digest(Digest::Ends)),
];

const WORDS: &[&str] = &["severity", "names", "effects", "says"];

/// Reads one line; none when it makes no sense, which is then noted.
pub(super) fn read(text: &str, mut line: Line<'_>) -> Option<Expected> {
    let word = line.word("a time")?;
    let Some(at) = clock::read(&word.value) else {
        line.unread(&word, "MM:SS or HH:MM:SS");
        return None;
    };
    let sink = line.word("the name of a sink")?.value;
    let word = line.word("what is told")?;
    let Some((_, action)) = ACTIONS.iter().find(|(name, _)| *name == word.value) else {
        line.unknown(&word, "action", &ACTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        return None;
    };
    let told = told(&mut line, *action)?;
    let text = text.trim().to_owned();
    let mut expected = Expected {
        text,
        at,
        sink,
        action: *action,
        told,
        severity: None,
        names: None,
        effects: None,
        says: Vec::new(),
    };
    while let Some(word) = line.next() {
        attribute(&mut line, &mut expected, &word);
    }
    Some(expected)
}

fn told(line: &mut Line<'_>, action: Action) -> Option<Told> {
    if matches!(action, Action::Digest(_)) {
        let word = line.word("how many problems the digest lists")?;
        let reports = word.value.parse().ok();
        if reports.is_none() {
            line.unread(&word, "a number");
        }
        return reports.map(|reports| Told::Digest { reports });
    }
    let reason = line.word("a reason")?.value;
    let object = line.word("an object")?.value;
    Some(Told::One { reason, object })
}

fn attribute(line: &mut Line<'_>, expected: &mut Expected, word: &Word) {
    match word.key.as_deref() {
        Some("severity") => match Severity::parse(&word.value) {
            Some(severity) => expected.severity = Some(severity),
            None => line.unread(word, "critical, warning or info"),
        },
        Some("names") => expected.names = Some(word.value.split(',').map(str::to_owned).collect()),
        Some("effects") => match word.value.parse() {
            Ok(effects) => expected.effects = Some(effects),
            Err(_) => line.unread(word, "a number"),
        },
        Some("says") => expected.says.push(word.value.clone()),
        _ => line.unknown(word, "attribute of a notification", WORDS),
    }
}
