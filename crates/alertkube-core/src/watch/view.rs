//! Views: the fields of an object that conditions read, and nothing else. A view lives for one call.

use crate::time::Stamp;
use crate::watch::kinds::KindId;
use crate::watch::vocabulary::Word;

/// An object's uid; a text that is not a UUID is hashed into the same 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u128);

/// What names an object within the process: its kind and its uid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The watched kind.
    pub kind: KindId,
    /// The object's uid.
    pub uid: Uid,
}

/// A sorted-as-received list of string pairs in one allocation: labels, or the annotations that settings name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packed(pub(crate) Box<str>);

/// The controller owner of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// `kind` of the owner reference.
    pub kind: Word,
    /// `name` of the owner reference.
    pub name: Box<str>,
    /// `uid` of the owner reference.
    pub uid: Uid,
}

/// The part of `metadata` that every kind needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// uid
    pub uid: Uid,
    /// namespace, empty for cluster-scoped objects
    pub namespace: Box<str>,
    /// name
    pub name: Box<str>,
    /// resourceVersion, opaque
    pub version: Box<str>,
    /// generation
    pub generation: i64,
    /// creationTimestamp
    pub created: Option<Stamp>,
    /// deletionTimestamp: when the grace period ends
    pub deleted: Option<Stamp>,
    /// the owner reference with `controller: true`
    pub owner: Option<Owner>,
    /// all labels
    pub labels: Packed,
    /// the annotations that the plan names
    pub annotations: Packed,
}

/// One entry of `status.conditions`, of any kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusCondition {
    /// type
    pub name: Word,
    /// status: `True`, `False` or `Unknown`
    pub status: Word,
    /// reason
    pub reason: Box<str>,
    /// message
    pub message: Box<str>,
    /// lastTransitionTime
    pub since: Option<Stamp>,
}

/// A finished run of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminated {
    /// reason, such as `OOMKilled`, `Error` or `Completed`
    pub reason: Box<str>,
    /// message
    pub message: Box<str>,
    /// exitCode
    pub exit_code: i64,
    /// signal
    pub signal: i64,
    /// finishedAt
    pub finished: Option<Stamp>,
}

/// The current state of a container.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ContainerState {
    /// No state was reported yet.
    #[default]
    Unknown,
    /// waiting
    Waiting {
        /// reason, such as `CrashLoopBackOff`
        reason: Box<str>,
        /// message
        message: Box<str>,
    },
    /// running
    Running {
        /// startedAt
        since: Option<Stamp>,
    },
    /// terminated
    Terminated(Terminated),
}

/// The status of one container, with what its spec says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// name
    pub name: Box<str>,
    /// whether it stands in `initContainerStatuses`
    pub init: bool,
    /// image, as the spec names it
    pub image: Box<str>,
    /// memory limit, as the spec names it; empty when there is none
    pub memory_limit: Box<str>,
    /// ready
    pub ready: bool,
    /// restartCount
    pub restarts: i64,
    /// state
    pub state: ContainerState,
    /// lastState.terminated
    pub last: Option<Terminated>,
}

/// A Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// metadata
    pub meta: Meta,
    /// spec.nodeName
    pub node: Box<str>,
    /// spec.restartPolicy
    pub restart_policy: Word,
    /// status.phase
    pub phase: Word,
    /// status.reason
    pub reason: Box<str>,
    /// status.message
    pub message: Box<str>,
    /// status.startTime
    pub started: Option<Stamp>,
    /// status.conditions
    pub conditions: Vec<StatusCondition>,
    /// init containers first (sidecars among them), then the others
    pub containers: Vec<Container>,
}

/// A Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// metadata
    pub meta: Meta,
    /// spec.unschedulable
    pub cordoned: bool,
    /// timeAdded of the taint `node.kubernetes.io/unschedulable`
    pub cordoned_since: Option<Stamp>,
    /// status.conditions
    pub conditions: Vec<StatusCondition>,
}

/// Deployment, ReplicaSet, StatefulSet, DaemonSet and Job: the counts of their status, where a kind has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// metadata
    pub meta: Meta,
    /// spec.replicas (1 when absent), desiredNumberScheduled, or completions
    pub wanted: i64,
    /// status.readyReplicas, numberReady
    pub ready: i64,
    /// status.replicas, currentNumberScheduled: pods that exist, of whatever revision
    pub created: i64,
    /// status.updatedReplicas, updatedNumberScheduled
    pub updated: i64,
    /// status.unavailableReplicas, numberUnavailable
    pub unavailable: i64,
    /// status.numberMisscheduled
    pub misscheduled: i64,
    /// status.observedGeneration
    pub observed: i64,
    /// spec.paused
    pub paused: bool,
    /// spec.suspend
    pub suspended: bool,
    /// whether a StatefulSet's currentRevision equals its updateRevision; true for other kinds
    pub settled_revision: bool,
    /// spec.updateStrategy.rollingUpdate.partition of a StatefulSet: so many of its pods keep the revision they have
    pub partition: i64,
    /// whether spec.updateStrategy.type is `OnDelete`: nothing replaces a pod of an older revision until it is deleted
    pub on_delete: bool,
    /// status.startTime of a Job
    pub started: Option<Stamp>,
    /// status.completionTime of a Job
    pub finished: Option<Stamp>,
    /// status.failed of a Job
    pub failed: i64,
    /// status.conditions
    pub conditions: Vec<StatusCondition>,
}

/// A Kubernetes Event of type Warning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// metadata
    pub meta: Meta,
    /// involvedObject.kind
    pub about_kind: Word,
    /// involvedObject.uid
    pub about: Uid,
    /// the container named by involvedObject.fieldPath, empty if none
    pub container: Box<str>,
    /// reason
    pub reason: Box<str>,
    /// message
    pub message: Box<str>,
    /// count or series.count, at least 1
    pub count: i64,
    /// firstTimestamp, or eventTime
    pub first: Option<Stamp>,
    /// lastTimestamp, series.lastObservedTime, or eventTime
    pub last: Option<Stamp>,
}

/// An object as it stands, seen through the fields that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Pod
    Pod(Pod),
    /// Node
    Node(Node),
    /// Deployment, ReplicaSet, StatefulSet, DaemonSet or Job
    Workload(KindId, Workload),
    /// Event
    Event(Event),
}

/// What the decoder keeps beyond the fixed fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Annotation keys to keep; all others are dropped before their values are decoded.
    pub annotations: Vec<String>,
}

impl View {
    /// The watched kind.
    pub fn kind(&self) -> KindId {
        match self {
            View::Pod(_) => KindId::Pod,
            View::Node(_) => KindId::Node,
            View::Workload(kind, _) => *kind,
            View::Event(_) => KindId::Event,
        }
    }

    /// The metadata.
    pub fn meta(&self) -> &Meta {
        match self {
            View::Pod(pod) => &pod.meta,
            View::Node(node) => &node.meta,
            View::Workload(_, workload) => &workload.meta,
            View::Event(event) => &event.meta,
        }
    }

    /// Kind and uid.
    pub fn key(&self) -> Key {
        Key { kind: self.kind(), uid: self.meta().uid }
    }
}

impl Packed {
    /// Packs pairs; a key or value with the separator inside loses it.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Packed {
        let mut text = String::new();
        for (key, value) in pairs {
            Packed::push(&mut text, key, value);
        }
        Packed(text.into_boxed_str())
    }

    pub(crate) fn push(text: &mut String, key: &str, value: &str) {
        for part in [key, value] {
            if part.contains(SEPARATOR) {
                text.extend(part.chars().filter(|c| *c != SEPARATOR));
            } else {
                text.push_str(part);
            }
            text.push(SEPARATOR);
        }
    }

    /// The pairs, in the order in which the object listed them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut parts = self.0.split_terminator(SEPARATOR);
        std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// No label and no annotation key may hold it; an annotation value that does loses it.
const SEPARATOR: char = '\u{1f}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_survive_packing_and_a_separator_cannot_forge_one() {
        let packed = Packed::of([("app", "web"), ("team", ""), ("note", "a\u{1f}severity\u{1f}info")]);
        assert_eq!(packed.get("app"), Some("web"));
        assert_eq!(packed.get("team"), Some(""));
        assert_eq!(packed.get("severity"), None);
        assert_eq!(packed.iter().count(), 3);
    }
}
