//! Stage 4, relate: which alert explains which, over the object itself, its node and its owners.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::{Alert, Fingerprint, Phase, Subject};
use crate::detect::{Condition, Edge, Rules};
use crate::limits::CAUSE_PENDING_SLACK;
use crate::severity::Severity;
use crate::time::Now;
use crate::track::Tracker;
use crate::watch::Uid;

/// Alerts by the node they are on and by the objects that own theirs.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    by_node: BTreeMap<Box<str>, BTreeSet<Fingerprint>>,
    by_owner: BTreeMap<Uid, BTreeSet<Fingerprint>>,
    /// Under what each alert is filed: its subject may have changed since.
    filed: BTreeMap<Fingerprint, (Box<str>, Vec<Uid>)>,
}

impl Graph {
    /// Files an alert under its node and owners.
    pub(crate) fn file(&mut self, fingerprint: Fingerprint, subject: &Subject) {
        let owners: Vec<Uid> = subject.owners.iter().map(|owner| owner.uid).collect();
        if self
            .filed
            .get(&fingerprint)
            .is_some_and(|(node, before)| *node == subject.node && *before == owners)
        {
            return;
        }
        self.forget(fingerprint);
        self.by_node.entry(subject.node.clone()).or_default().insert(fingerprint);
        for owner in &owners {
            self.by_owner.entry(*owner).or_default().insert(fingerprint);
        }
        self.filed.insert(fingerprint, (subject.node.clone(), owners));
    }

    pub(crate) fn forget(&mut self, fingerprint: Fingerprint) {
        let Some((node, owners)) = self.filed.remove(&fingerprint) else { return };
        remove(&mut self.by_node, &node, fingerprint);
        for owner in owners {
            remove(&mut self.by_owner, &owner, fingerprint);
        }
    }

    /// Objects whose alerts count this object among their owners.
    pub(crate) fn members(&self, owner: Uid) -> impl Iterator<Item = Fingerprint> + '_ {
        self.by_owner.get(&owner).into_iter().flatten().copied()
    }

    fn on_node(&self, node: &str) -> impl Iterator<Item = Fingerprint> + '_ {
        self.by_node.get(node).filter(|_| !node.is_empty()).into_iter().flatten().copied()
    }

    /// Every alert that explains this one now, the best first: firing before pending, then the more severe.
    pub(crate) fn causes(
        &self,
        tracker: &Tracker,
        rules: &Rules,
        alert: &Alert,
        now: Now,
    ) -> Vec<Fingerprint> {
        let mut found = BTreeSet::new();
        for effect in alert.condition.effect_of {
            for candidate in self.reach(tracker, alert, effect.edge) {
                let Some(cause) = tracker.get(candidate) else { continue };
                let named = effect.reasons.contains(&cause.condition.reason);
                let any =
                    effect.reasons.is_empty() && outranks(cause.condition, alert.condition, effect.edge);
                if (named || any) && explains(rules, cause, now) {
                    let firing = matches!(cause.phase, Phase::Pending { .. });
                    found.insert((firing, std::cmp::Reverse(cause.severity), candidate));
                }
            }
        }
        found.into_iter().map(|(_, _, fingerprint)| fingerprint).collect()
    }

    fn reach(&self, tracker: &Tracker, alert: &Alert, edge: Edge) -> Vec<Fingerprint> {
        let own = alert.fingerprint();
        match edge {
            Edge::Same => tracker.of_object(alert.subject.id).filter(|other| *other != own).collect(),
            Edge::Node => self
                .on_node(&alert.subject.node)
                .filter(|other| tracker.get(*other).is_some_and(|other| other.subject.kind == "Node"))
                .collect(),
            Edge::Members => self.members(alert.subject.id).collect(),
            Edge::Owner => {
                alert.subject.owners.iter().flat_map(|owner| tracker.of_object(owner.uid)).collect()
            }
        }
    }

    /// Every alert that this one may explain: those on the other ends of the four edges.
    pub(crate) fn neighbours(&self, tracker: &Tracker, alert: &Alert) -> BTreeSet<Fingerprint> {
        let own = alert.fingerprint();
        let mut found: BTreeSet<_> = tracker.of_object(alert.subject.id).collect();
        found.extend(self.members(alert.subject.id));
        found.extend(alert.subject.owners.iter().flat_map(|owner| tracker.of_object(owner.uid)));
        if alert.subject.kind == "Node" {
            found.extend(self.on_node(&alert.subject.name));
        }
        found.remove(&own);
        found
    }

    /// The alerts that this one explains and that hold now, in the order of their fingerprints.
    pub(crate) fn effects(
        &self,
        tracker: &Tracker,
        rules: &Rules,
        alert: &Alert,
        now: Now,
    ) -> Vec<Fingerprint> {
        let own = alert.fingerprint();
        let explained = |other: &Alert| {
            !matches!(other.phase, Phase::Over | Phase::Resolving { .. })
                && self.causes(tracker, rules, other, now).contains(&own)
        };
        self.neighbours(tracker, alert)
            .into_iter()
            .filter(|other| tracker.get(*other).is_some_and(explained))
            .collect()
    }

    /// The alert's severity with what its effects lend it.
    pub(crate) fn severity(&self, tracker: &Tracker, rules: &Rules, alert: &Alert, now: Now) -> Severity {
        let own = alert.fingerprint();
        let lent = self.neighbours(tracker, alert).into_iter().filter_map(|other| {
            let other = tracker.get(other)?;
            let lends = other.condition.raises && other.stands();
            (lends && self.causes(tracker, rules, other, now).contains(&own)).then_some(other.severity)
        });
        lent.fold(alert.severity, Severity::max)
    }
}

/// Until when a pending cause holds its effects back; `None` for one that fires.
pub(crate) fn pending_until(rules: &Rules, cause: &Alert, now: Now) -> Option<Duration> {
    let wait = rules.of(cause.condition).hold_for + CAUSE_PENDING_SLACK;
    matches!(cause.phase, Phase::Pending { .. }).then(|| now.boot_at(cause.since.plus(wait)))
}

/// Whether an alert is in a state that explains others.
fn explains(rules: &Rules, cause: &Alert, now: Now) -> bool {
    cause.stands() || pending_until(rules, cause, now).is_some_and(|until| until > now.boot)
}

/// "Any other reason of the object" must not let two alerts explain each other: events explain nothing, and what is
/// itself an effect of anything explains events alone.
fn outranks(cause: &Condition, effect: &Condition, edge: Edge) -> bool {
    let rank = |condition: &Condition| {
        let of_any =
            condition.effect_of.iter().any(|effect| effect.edge == Edge::Same && effect.reasons.is_empty());
        match (condition.event, of_any) {
            (Some(_), _) => 0,
            (None, true) => 1,
            (None, false) => 2,
        }
    };
    edge != Edge::Same || rank(cause) > rank(effect)
}

fn remove<K: Ord>(index: &mut BTreeMap<K, BTreeSet<Fingerprint>>, key: &K, fingerprint: Fingerprint) {
    if let Some(set) = index.get_mut(key) {
        set.remove(&fingerprint);
        if set.is_empty() {
            index.remove(key);
        }
    }
}
