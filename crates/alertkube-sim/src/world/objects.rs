//! Nodes, workloads and events as a scenario has described them so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use alertkube_core::{KindId, Stamp};
use serde_json::Value;

use crate::scenario::{NodeSaid, NodeState, Outcome, Update, WorkloadSaid};
use crate::shape::{EventShape, NodeShape, WorkloadShape};

/// A node, with since when each thing is wrong with it.
#[derive(Clone, Debug, Default)]
pub(super) struct CastNode {
    born: Stamp,
    /// Since when nothing is wrong with it.
    well: Stamp,
    states: BTreeMap<NodeState, Stamp>,
    labels: Vec<(String, String)>,
}

/// A workload. What it is like is said anew by each command.
#[derive(Clone, Debug)]
pub(super) struct CastWorkload {
    kind: KindId,
    born: Stamp,
    replicas: i64,
    said: WorkloadSaid,
    since: Stamp,
    labels: Vec<(String, String)>,
}

/// A Warning event that was seen before.
#[derive(Clone, Debug)]
pub(super) struct CastEvent {
    first: Stamp,
    count: i64,
}

impl CastNode {
    pub(super) fn new(born: Stamp) -> CastNode {
        CastNode { born, well: born, ..CastNode::default() }
    }

    /// The node is as it says since `at`; what was wrong before and still is keeps its time.
    pub(super) fn take(&mut self, said: &NodeSaid, at: Stamp) {
        let since = |state: &NodeState| (*state, self.states.get(state).copied().unwrap_or(at));
        let states: BTreeMap<_, _> = said.states.iter().map(since).collect();
        if states.is_empty() && !self.states.is_empty() {
            self.well = at;
        }
        self.states = states;
        self.labels.extend(said.labels.iter().cloned());
    }

    pub(super) fn build(&self, name: &str) -> Value {
        let mut shape = NodeShape::new(name, self.well);
        for (key, value) in &self.labels {
            shape = shape.label(key, value);
        }
        for (state, at) in &self.states {
            shape = match state {
                NodeState::NotReady => shape.not_ready("container runtime is down", *at),
                NodeState::Unknown => shape.unknown(*at),
                NodeState::Pressure(kind) => shape.pressure(kind, *at),
                NodeState::Cordoned => shape.cordoned(*at),
                NodeState::NetworkUnavailable => shape.condition(
                    "NetworkUnavailable",
                    "True",
                    *at,
                    ("NoRouteCreated", "no route was created"),
                ),
            };
        }
        let mut object = shape.build();
        object["metadata"]["creationTimestamp"] = crate::cluster::time(self.born).into();
        object
    }
}

impl CastWorkload {
    pub(super) fn new(kind: KindId, born: Stamp) -> CastWorkload {
        let said = WorkloadSaid::default();
        CastWorkload { kind, born, replicas: 1, said, since: born, labels: Vec::new() }
    }

    pub(super) fn take(&mut self, said: &WorkloadSaid, at: Stamp) {
        let as_before = self.said.unavailable == said.unavailable && self.said.outcome == said.outcome;
        if !as_before || self.said.deadline_exceeded != said.deadline_exceeded {
            self.since = at;
        }
        self.replicas = said.replicas.unwrap_or(self.replicas);
        self.labels.extend(said.labels.iter().cloned());
        self.said = said.clone();
    }

    /// The workload; `owner` is its controller as the cluster returned it.
    pub(super) fn build(&self, namespace: &str, name: &str, owner: Option<&Value>) -> Value {
        let (count, born, at) = (self.replicas, self.born, self.since);
        let mut shape = match self.kind {
            KindId::ReplicaSet => WorkloadShape::replica_set(namespace, name, count, born),
            KindId::StatefulSet => WorkloadShape::stateful_set(namespace, name, count, born),
            KindId::DaemonSet => WorkloadShape::daemon_set(namespace, name, count, born),
            KindId::Job => WorkloadShape::job(namespace, name, count, born),
            _ => WorkloadShape::deployment(namespace, name, count, born),
        };
        for (key, value) in &self.labels {
            shape = shape.label(key, value);
        }
        shape = owner.into_iter().fold(shape, WorkloadShape::owner);
        if self.said.unavailable > 0 {
            shape = shape.unavailable(self.said.unavailable, at);
        }
        shape = match self.said.update {
            Update::Done => shape,
            Update::Rolling => shape.rolling(),
            Update::Partitioned(kept) => shape.partitioned(kept),
            Update::OnDelete => shape.on_delete(),
        };
        if self.said.deadline_exceeded {
            shape = shape.deadline_passed(at);
        }
        if let Some(message) = &self.said.replica_failure {
            shape = shape.replica_failure(message, at);
        }
        shape = shape.misscheduled(self.said.misscheduled);
        match &self.said.outcome {
            Outcome::Running => shape.build(),
            Outcome::Complete => shape.complete(at).build(),
            Outcome::Failed(reason) => shape.failed(reason, at).build(),
        }
    }
}

impl CastEvent {
    pub(super) fn new(first: Stamp) -> CastEvent {
        CastEvent { first, count: 0 }
    }

    /// The event about `object`, seen `more` times more, last at `at`.
    pub(super) fn build(&mut self, object: &Arc<Value>, event: Seen<'_>, at: Stamp) -> Value {
        self.count += event.more;
        let shape =
            EventShape::warning(object, event.reason, event.message, self.first).repeated(self.count, at);
        match event.container {
            Some(container) => shape.container(container).build(),
            None => shape.build(),
        }
    }
}

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) container: Option<&'a str>,
    pub(super) more: i64,
}
