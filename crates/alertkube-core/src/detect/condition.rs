//! What a condition is, what it finds, and what it may look at.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::detect::limits::{PARTS_MAX, TEXT_MAX};
use crate::detect::words::{one_line, parts_in_one};
use crate::settings::{Behavior, Settings};
use crate::severity::Severity;
use crate::time::{Now, Stamp};

/// A row of the catalogue of what can be wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Condition {
    /// The reason that names it, part of the fingerprint.
    pub reason: &'static str,
    /// Kind of the object it is about, as alerts name it.
    pub kind: &'static str,
    /// Severity unless the settings say otherwise.
    pub severity: Severity,
    /// How long it must hold before it fires, counted from the object's own time stamps where it has them.
    pub hold_for: Duration,
    /// How long it must be gone before it is over.
    pub hold_down: Duration,
    /// What explains it: while one of these stands, it is a line in that one's message.
    pub effect_of: &'static [EffectOf],
    /// Whether it is on without a word in the settings.
    pub enabled: bool,
    /// An event fires once, is never open and has no resolve; at most one per object within this span.
    pub event: Option<Duration>,
    /// Whether it lends its severity to the problem that explains it.
    pub raises: bool,
    /// Whether the time stamp of its `since` moves while it holds, as that of each crash does: the earliest counts.
    pub since_moves: bool,
    /// The manual page: when it holds and what to do, in plain words.
    pub doc: &'static str,
}

impl Condition {
    /// What most conditions have in common: a warning at once, on, and never an event.
    pub(crate) const BASE: Condition = Condition {
        reason: "",
        kind: "",
        severity: Severity::Warning,
        hold_for: Duration::ZERO,
        hold_down: Duration::ZERO,
        effect_of: &[],
        enabled: true,
        event: None,
        raises: false,
        since_moves: false,
        doc: "",
    };
}

/// One way in which a condition can be explained by another.
#[derive(Debug, PartialEq, Eq)]
pub struct EffectOf {
    /// Where to look for the cause.
    pub edge: Edge,
    /// Reasons that count as a cause there; empty for any other than the condition itself.
    pub reasons: &'static [&'static str],
}

/// From an object to where its cause may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// The object itself.
    Same,
    /// The node it runs on.
    Node,
    /// Objects that it owns, directly or through others.
    Members,
    /// Objects that own it.
    Owner,
}

/// A condition holds for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Since when, by the object's own time stamps; it may lie ahead. `None`: since it was first seen.
    pub(crate) since: Option<Stamp>,
    /// When it stops holding by itself, with nothing changed.
    pub(crate) until: Option<Stamp>,
    /// Another name of the reason that fits better right now.
    pub(crate) shown: Option<&'static str>,
    /// The cause in plain words, one line, without the object's name.
    pub(crate) text: String,
    /// Failing containers and the like.
    pub(crate) parts: Vec<Part>,
}

/// A failing container, or another part of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// What names it.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) text: String,
}

impl Finding {
    /// A finding that says no more than a text.
    pub(crate) fn new(text: &str) -> Finding {
        Finding { since: None, until: None, shown: None, text: one_line(text, TEXT_MAX), parts: Vec::new() }
    }

    /// A finding about parts of an object; none without parts.
    pub(crate) fn of_parts(mut parts: Vec<Part>) -> Option<Finding> {
        let text = (!parts.is_empty()).then(|| parts_in_one(&parts))?;
        let more = (parts.len() + 1).saturating_sub(PARTS_MAX);
        if more > 1 {
            parts.truncate(PARTS_MAX - 1);
            parts.push(Part { name: format!("{more} more"), text: "likewise".to_owned() });
        }
        Some(Finding { parts, ..Finding::new(&text) })
    }

    /// The same, since then.
    #[must_use]
    pub(crate) fn since(self, since: Option<Stamp>) -> Finding {
        Finding { since, ..self }
    }

    /// The same, until then.
    #[must_use]
    pub(crate) fn until(self, until: Option<Stamp>) -> Finding {
        Finding { until, ..self }
    }
}

/// All that is wrong with one object.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// What holds, in the order of the catalogue.
    pub(crate) findings: Vec<(&'static Condition, Finding)>,
    /// Whether the object is unsettled: its view is kept even without a finding.
    pub(crate) keep: bool,
    /// When to look again though nothing changed (findings' own `until` apart).
    pub(crate) again: Option<Stamp>,
}

/// What a condition may look at besides the object.
pub(crate) struct Near<'a> {
    /// Now.
    pub(crate) now: Now,
    /// `behavior.*`
    pub(crate) behavior: &'a Behavior,
    /// Node condition types that count as a problem.
    pub(crate) node_problems: &'a [String],
    /// Recent Warning events about this object.
    pub(crate) hints: &'a [super::hints::Hint],
}

/// A condition of one kind of view.
pub(crate) struct Row<V: 'static> {
    /// Its row in the catalogue.
    pub(crate) condition: Condition,
    /// Whether it holds, and how.
    pub(crate) detect: fn(&V, &Near<'_>) -> Option<Finding>,
}

/// A condition as the settings leave it.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) enabled: bool,
    pub(crate) severity: Severity,
    pub(crate) hold_for: Duration,
    pub(crate) hold_down: Duration,
}

/// Every condition as the settings leave it, by reason and kind.
#[derive(Clone, Debug)]
pub(crate) struct Rules(BTreeMap<(&'static str, &'static str), Rule>);

impl Rules {
    pub(crate) fn new(settings: &Settings, catalogue: impl Iterator<Item = &'static Condition>) -> Rules {
        Rules(
            catalogue
                .map(|condition| ((condition.reason, condition.kind), Rule::new(condition, settings)))
                .collect(),
        )
    }

    pub(crate) fn of(&self, condition: &Condition) -> &Rule {
        self.0.get(&(condition.reason, condition.kind)).expect("every condition of the catalogue has a rule")
    }
}

impl Rule {
    fn new(condition: &Condition, settings: &Settings) -> Rule {
        let wish = settings.conditions.get(condition.reason).cloned().unwrap_or_default();
        Rule {
            enabled: wish.enabled.unwrap_or(condition.enabled),
            severity: wish.severity.unwrap_or(condition.severity),
            hold_for: wish.hold_for.unwrap_or(condition.hold_for),
            hold_down: wish.hold_down.unwrap_or(condition.hold_down),
        }
    }
}
