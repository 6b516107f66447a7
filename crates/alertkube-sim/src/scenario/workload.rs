//! What `apply` can say of nodes and of workloads.

use std::time::Duration;

use alertkube_core::KindId;

use super::object::{Target, ago, number, shared};
use super::words::{Line, Word};

/// What one `apply` says of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeSaid {
    /// Everything that is wrong with it; nothing is a node that is ready.
    pub(crate) states: Vec<NodeState>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) ago: Duration,
}

/// One thing that is wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NodeState {
    NotReady,
    Unknown,
    Pressure(&'static str),
    NetworkUnavailable,
    Cordoned,
}

/// What one `apply` says of a workload.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkloadSaid {
    pub(crate) replicas: Option<i64>,
    pub(crate) unavailable: i64,
    pub(crate) misscheduled: i64,
    pub(crate) update: Update,
    pub(crate) deadline_exceeded: bool,
    pub(crate) replica_failure: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) ago: Duration,
}

/// How far the last change of a workload's template is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Update {
    #[default]
    Done,
    Rolling,
    /// A StatefulSet's rollout has come to its partition.
    Partitioned(i64),
    /// A StatefulSet or a DaemonSet replaces no pod before it is deleted.
    OnDelete,
}

/// How a Job ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    #[default]
    Running,
    Complete,
    Failed(String),
}

const STATES: &[(&str, NodeState)] = &[
    ("notready", NodeState::NotReady),
    ("unknown", NodeState::Unknown),
    ("memory-pressure", NodeState::Pressure("MemoryPressure")),
    ("disk-pressure", NodeState::Pressure("DiskPressure")),
    ("pid-pressure", NodeState::Pressure("PIDPressure")),
    ("network-unavailable", NodeState::NetworkUnavailable),
    ("cordoned", NodeState::Cordoned),
];

const WORKLOAD_WORDS: &[&str] = &[
    "replicas",
    "unavailable",
    "misscheduled",
    "rolling",
    "partition",
    "on-delete",
    "deadline-exceeded",
    "replica-failure",
    "failed",
    "complete",
    "label.KEY",
    "since",
    "count",
];

pub(super) fn read_node(line: &mut Line<'_>, target: &mut Target) -> NodeSaid {
    let mut said = NodeSaid::default();
    while let Some(word) = line.next() {
        let Some(word) = shared(line, target, word) else { continue };
        let state = STATES.iter().find(|(name, _)| word.key.is_none() && *name == word.value);
        match (word.key.as_deref(), state) {
            (None, Some((_, state))) => said.states.push(*state),
            (None, None) if word.value == "ready" => {}
            (Some("since"), _) => said.ago = ago(line, &word),
            (Some(key), _) if key.starts_with("label.") => said.labels.push(label(key, &word)),
            _ => {
                let names = STATES.iter().map(|(name, _)| *name);
                let known: Vec<&str> = names.chain(["ready", "label.KEY", "since", "count"]).collect();
                line.unknown(&word, "attribute of a node", &known);
            }
        }
    }
    said
}

pub(super) fn read_workload(line: &mut Line<'_>, target: &mut Target) -> WorkloadSaid {
    let mut said = WorkloadSaid::default();
    while let Some(word) = line.next() {
        let Some(word) = shared(line, target, word) else { continue };
        match (word.key.as_deref(), word.value.as_str()) {
            (Some("replicas"), _) => said.replicas = Some(number(line, &word)),
            (Some("unavailable"), _) => said.unavailable = number(line, &word),
            (Some("misscheduled"), _) => said.misscheduled = number(line, &word),
            (Some("replica-failure"), message) => said.replica_failure = Some(message.to_owned()),
            (Some("failed"), reason) if target.kind == KindId::Job => {
                said.outcome = Outcome::Failed(reason.to_owned());
            }
            (Some("since"), _) => said.ago = ago(line, &word),
            (Some(key), _) if key.starts_with("label.") => said.labels.push(label(key, &word)),
            (None, "rolling") => said.update = Update::Rolling,
            (Some("partition"), _) if target.kind == KindId::StatefulSet => {
                said.update = Update::Partitioned(number(line, &word));
            }
            (None, "on-delete") if matches!(target.kind, KindId::StatefulSet | KindId::DaemonSet) => {
                said.update = Update::OnDelete;
            }
            (None, "deadline-exceeded") => said.deadline_exceeded = true,
            (None, "failed") if target.kind == KindId::Job => {
                said.outcome = Outcome::Failed("BackoffLimitExceeded".to_owned());
            }
            (None, "complete") if target.kind == KindId::Job => said.outcome = Outcome::Complete,
            _ => line.unknown(&word, "attribute of a workload", WORKLOAD_WORDS),
        }
    }
    said
}

fn label(key: &str, word: &Word) -> (String, String) {
    (key.trim_start_matches("label.").to_owned(), word.value.clone())
}
