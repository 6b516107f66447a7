//! What came of a scenario: every notification that a sink took, and what should never have happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alertkube_core::{Action, Digest, Fact, Notification, Report, SinkClass};

use super::compare;
use crate::limits::TRANSCRIPT_FACTS_MAX;
use crate::scenario::{Scenario, written};

/// Everything that was sent, in order.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    sends: Vec<Sent>,
    facts: Vec<(Duration, Fact)>,
    violations: Vec<String>,
    /// Problems that each sink was told of and not yet told the end of.
    open: BTreeMap<String, BTreeSet<String>>,
}

/// A notification that a sink took.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Duration,
    pub(super) sink: String,
    pub(super) class: SinkClass,
    pub(super) notification: Notification,
    pub(super) text: String,
}

impl Transcript {
    /// One line for each notification, in the form of a scenario's expectations.
    pub fn render(&self) -> String {
        self.sends.iter().map(|sent| format!("{}\n", sent.line())).collect()
    }

    /// What each sink was sent, as it was worded: time, sink and text.
    pub fn texts(&self) -> impl Iterator<Item = (Duration, &str, &str)> {
        self.sends.iter().map(|sent| (sent.at, sent.sink.as_str(), sent.text.as_str()))
    }

    /// What happened inside, and when.
    pub fn facts(&self) -> impl Iterator<Item = (Duration, &Fact)> {
        self.facts.iter().map(|(at, fact)| (*at, fact))
    }

    /// What should never happen whatever a scenario says, and what was said of `quiet` and was not kept.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Compares with what the scenario expects. The error shows every line that differs, and every violation.
    pub fn check(&self, scenario: &Scenario) -> Result<(), String> {
        let differences = scenario.expected().map(|expected| compare::differences(&self.sends, expected));
        let mut wrong: Vec<String> = differences.flatten().into_iter().collect();
        wrong.extend(self.violations.iter().map(|violation| format!("violated: {violation}\n")));
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n{}", scenario.title(), wrong.concat())) }
    }

    /// The scenario with what was sent below its line; lines that were met stay as they were written.
    pub fn rewrite(&self, scenario: &Scenario) -> String {
        let below = compare::rewritten(&self.sends, scenario.expected().unwrap_or_default());
        format!("{}----\n{below}", scenario.above())
    }

    pub(super) fn fact(&mut self, at: Duration, fact: Fact) {
        if self.facts.len() < TRANSCRIPT_FACTS_MAX {
            self.facts.push((at, fact));
        }
    }

    pub(super) fn violated(&mut self, at: Duration, what: &str) {
        self.violations.push(format!("{} {what}", written(at)));
    }

    pub(super) fn count(&self) -> usize {
        self.sends.len()
    }

    /// Lines of what was sent from the given one on.
    pub(super) fn lines_from(&self, first: usize) -> Vec<String> {
        self.sends[first..].iter().map(Sent::line).collect()
    }

    /// A new replica knows nothing of what was told: it may tell it again.
    pub(super) fn forget(&mut self) {
        self.open.clear();
    }

    /// Takes a notification down, and checks that it opens and closes what it may.
    pub(super) fn sent(&mut self, sent: Sent) {
        let open = self.open.entry(sent.sink.clone()).or_default();
        let mut wrong = Vec::new();
        for report in &sent.notification.reports {
            let known = open.contains(&report.fingerprint);
            match sent.notification.action {
                Action::First | Action::Digest(Digest::Standing) if known => {
                    wrong.push("told twice without an end between");
                }
                action if action.ends() && !known => wrong.push("the end of what was not told"),
                Action::Raised | Action::Repeat | Action::Digest(Digest::Repeats) if !known => {
                    wrong.push("told again without having been told");
                }
                _ => {}
            }
            match sent.notification.action {
                action if action.ends() => drop(open.remove(&report.fingerprint)),
                _ if report.event => {}
                _ => drop(open.insert(report.fingerprint.clone())),
            }
        }
        for what in wrong {
            self.violated(sent.at, &format!("{what}: {}", sent.line()));
        }
        self.sends.push(sent);
    }
}

impl Sent {
    /// The notification in the form of an expectation.
    pub(super) fn line(&self) -> String {
        let Notification { action, reports, .. } = &self.notification;
        let head = format!("{} {} {}", written(self.at), self.sink, action.as_str());
        match (action, reports.first()) {
            (Action::First | Action::Raised, Some(report)) => {
                format!("{head} {} {} severity={}", report.reason, object(report), report.severity)
            }
            (Action::Repeat | Action::Resolved, Some(report)) => {
                format!("{head} {} {}", report.reason, object(report))
            }
            _ => format!("{head} {}", reports.len()),
        }
    }

    /// What else an expectation may ask for.
    pub(super) fn details(&self) -> String {
        let Some(report) = self.notification.reports.first() else { return String::new() };
        let names: Vec<&str> = report.parts.iter().map(|part| part.name.as_str()).collect();
        format!("  (names={} effects={}: {})", names.join(","), report.effects.len(), report.text)
    }
}

/// `NAMESPACE/NAME`, or the name alone.
pub(super) fn object(report: &Report) -> String {
    match report.namespace.as_str() {
        "" => report.name.clone(),
        namespace => format!("{namespace}/{}", report.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(action: Action, event: bool) -> Sent {
        let mut notification = Notification { action, ..Notification::example() };
        notification.reports[0].event = event;
        let (sink, class) = ("stdout".to_owned(), SinkClass::Chat);
        Sent { at: Duration::ZERO, sink, class, notification, text: String::new() }
    }

    fn violations(actions: &[(Action, bool)]) -> usize {
        let mut transcript = Transcript::default();
        actions.iter().for_each(|(action, event)| transcript.sent(told(*action, *event)));
        transcript.violations().len()
    }

    #[test]
    fn an_end_follows_a_beginning_and_neither_comes_twice() {
        use Action::{First, Raised, Repeat, Resolved};
        let [standing, ends] = [Digest::Standing, Digest::Ends].map(Action::Digest);
        let of = |actions: &[Action]| violations(&actions.iter().map(|a| (*a, false)).collect::<Vec<_>>());
        assert_eq!(of(&[First, Repeat, Raised, Resolved, First, Resolved]), 0);
        assert_eq!(of(&[standing, Resolved, First, ends]), 0);
        assert_eq!(
            [of(&[First, First]), of(&[standing, First]), of(&[First, Resolved, Resolved])],
            [1, 1, 1]
        );
        assert_eq!([of(&[Resolved]), of(&[Repeat]), of(&[Raised]), of(&[ends])], [1, 1, 1, 1]);
        assert_eq!(violations(&[(First, true), (First, true)]), 0);
        assert_eq!(violations(&[(First, true), (Resolved, true)]), 1);
    }
}
