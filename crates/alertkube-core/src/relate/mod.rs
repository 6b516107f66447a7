//! Stage 4, relate: which alert explains which, over the object itself, its node and its owners.

mod index;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::{Alert, Fingerprint, Phase, Subject};
use crate::detect::{Condition, Edge, Rules};
use crate::limits::CAUSE_PENDING_SLACK;
use crate::severity::Severity;
use crate::time::Now;
use crate::track::Tracker;
use crate::watch::Uid;

use index::{Index, NODE, Place};

/// Alerts by where they stand in the cluster.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    all: Index,
    /// Those that are about a node itself: a pod's causes are looked for here, not among all that is on its node.
    nodes: Index,
    /// Those that lend their severity: few, and asked for at every turn.
    raisers: Index,
    /// Under what each alert is filed: its subject may have changed since.
    filed: BTreeMap<Fingerprint, Place>,
}

impl Graph {
    /// Files an alert under its object, its node and its owners.
    pub(crate) fn file(&mut self, alert: &Alert) {
        let place = Place::of(alert);
        if self.filed.get(&alert.fingerprint) == Some(&place) {
            return;
        }
        self.forget(alert.fingerprint);
        for index in self.indexes(&place) {
            index.insert(alert.fingerprint, &place);
        }
        self.filed.insert(alert.fingerprint, place);
    }

    pub(crate) fn forget(&mut self, fingerprint: Fingerprint) {
        let Some(place) = self.filed.remove(&fingerprint) else { return };
        for index in self.indexes(&place) {
            index.remove(fingerprint, &place);
        }
    }

    fn indexes(&mut self, place: &Place) -> impl Iterator<Item = &mut Index> {
        let nodes = Some(&mut self.nodes).filter(|_| place.is_node);
        let raisers = Some(&mut self.raisers).filter(|_| place.raises);
        [Some(&mut self.all), nodes, raisers].into_iter().flatten()
    }

    /// Objects whose alerts count this object among their owners.
    pub(crate) fn members(&self, owner: Uid) -> impl Iterator<Item = Fingerprint> + '_ {
        self.all.by_owner.get(&owner).into_iter().flatten().copied()
    }

    fn reach(&self, alert: &Alert, edge: Edge) -> Vec<Fingerprint> {
        let subject = &alert.subject;
        match edge {
            Edge::Same => self.all.of_object(subject.id).collect(),
            Edge::Node => self.nodes.on_node(&subject.node).collect(),
            Edge::Members => self.members(subject.id).collect(),
            Edge::Owner => subject.owners.iter().flat_map(|owner| self.all.of_object(owner.uid)).collect(),
        }
    }
}

/// The graph with what its answers depend on.
#[derive(Clone, Copy)]
pub(crate) struct Relations<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) tracker: &'a Tracker,
    pub(crate) rules: &'a Rules,
    pub(crate) now: Now,
}

impl Relations<'_> {
    /// Every alert that explains this one now, the best first: firing before pending, then the more severe.
    pub(crate) fn causes(&self, alert: &Alert) -> Vec<Fingerprint> {
        let mut found = BTreeSet::new();
        let edges: BTreeSet<Edge> = alert.condition.effect_of.iter().map(|effect| effect.edge).collect();
        for candidate in edges.into_iter().flat_map(|edge| self.graph.reach(alert, edge)) {
            let Some(cause) = self.tracker.get(candidate) else { continue };
            if self.is_cause(alert, cause) {
                let pending = matches!(cause.phase, Phase::Pending { .. });
                found.insert((pending, Reverse(cause.severity), candidate));
            }
        }
        found.into_iter().map(|(_, _, fingerprint)| fingerprint).collect()
    }

    /// Whether the one explains the other now.
    pub(crate) fn is_cause(&self, effect: &Alert, cause: &Alert) -> bool {
        visits::count();
        effect.fingerprint != cause.fingerprint && may_explain(cause, effect) && self.explains(cause)
    }

    /// Whether an alert is in a state that explains others.
    fn explains(&self, cause: &Alert) -> bool {
        cause.stands() || self.pending_until(cause).is_some_and(|until| until > self.now.boot)
    }

    /// Until when a pending cause holds its effects back; `None` for one that fires.
    pub(crate) fn pending_until(&self, cause: &Alert) -> Option<Duration> {
        let wait = self.rules.of(cause.condition).hold_for + CAUSE_PENDING_SLACK;
        matches!(cause.phase, Phase::Pending { .. }).then(|| self.now.boot_at(cause.since.plus(wait)))
    }

    /// The alerts that this one explains and that hold now, in the order of their fingerprints.
    pub(crate) fn effects(&self, alert: &Alert) -> Vec<Fingerprint> {
        let explained = |other: &Alert| {
            !matches!(other.phase, Phase::Over | Phase::Resolving { .. }) && self.is_cause(other, alert)
        };
        let around = self.graph.all.around(&alert.subject);
        around.into_iter().filter(|other| self.tracker.get(*other).is_some_and(explained)).collect()
    }

    /// The alert's severity with what its effects lend it.
    pub(crate) fn severity(&self, alert: &Alert) -> Severity {
        let lent = self.graph.raisers.around(&alert.subject).into_iter().filter_map(|other| {
            let other = self.tracker.get(other)?;
            (other.stands() && self.is_cause(other, alert)).then_some(other.severity)
        });
        lent.fold(alert.severity, Severity::max)
    }
}

/// Whether the catalogue and the places of the two make the one a cause of the other, whatever their phases.
fn may_explain(cause: &Alert, effect: &Alert) -> bool {
    effect.condition.effect_of.iter().any(|of| {
        let named = of.reasons.contains(&cause.condition.reason);
        let any = of.reasons.is_empty() && outranks(cause.condition, effect.condition, of.edge);
        (named || any) && linked(of.edge, &cause.subject, &effect.subject)
    })
}

fn linked(edge: Edge, cause: &Subject, effect: &Subject) -> bool {
    match edge {
        Edge::Same => cause.id == effect.id,
        Edge::Node => cause.kind == NODE && !effect.node.is_empty() && cause.name == effect.node,
        Edge::Members => cause.owners.iter().any(|owner| owner.uid == effect.id),
        Edge::Owner => effect.owners.iter().any(|owner| owner.uid == cause.id),
    }
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

/// How many candidates were looked at, for tests that hold the work against a bound.
#[cfg(test)]
pub(crate) mod visits {
    use std::cell::Cell;

    thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });

    pub(crate) fn count() {
        COUNT.set(COUNT.get() + 1);
    }

    /// The count since it was last taken.
    pub(crate) fn take() -> u64 {
        COUNT.replace(0)
    }
}
#[cfg(not(test))]
pub(crate) mod visits {
    pub(crate) fn count() {}
}
