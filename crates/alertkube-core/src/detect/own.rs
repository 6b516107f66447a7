//! What can be wrong with alertkube itself. The replica finds these; here they only have their place in the catalogue.

use std::time::Duration;

use crate::detect::condition::{Condition, Edge, EffectOf};
use crate::severity::Severity;
use crate::watch::Kind;

const OWN: Condition = Condition { kind: "Alertkube", ..Condition::BASE };

/// What another program told of and this one cannot see: nobody finds it, it is only taken over and ended.
pub(crate) static INHERITED: Condition = Condition {
    reason: "InheritedIncident",
    doc: "The Go program had told of a problem of a kind that this build does not watch, and this build replaced it. It \
          is ended when the Go program, hearing no more of it, would have taken it for over. Look whether it still \
          stands: nothing here will tell.",
    ..OWN
};

/// Kinds of the Go program that this build may not watch, and that routes may name all the same.
const INHERITED_KINDS: [&str; 7] = [
    "PersistentVolumeClaim",
    "CronJob",
    "HorizontalPodAutoscaler",
    "ReplicaSet",
    "Service",
    "Derived",
    "External",
];

/// The kind of what is taken over, or our own for one that has no name here.
pub(crate) fn inherited_kind(kind: &str) -> &'static str {
    let watched = Kind::ALL.iter().map(|kind| kind.name);
    watched.chain(INHERITED_KINDS).find(|known| *known == kind).unwrap_or(OWN.kind)
}

/// The conditions about ourselves.
pub(super) static CONDITIONS: [Condition; 7] = [
    Condition {
        reason: "ApiServerUnreachable",
        severity: Severity::Critical,
        hold_for: Duration::from_secs(60),
        doc: "No kind can be watched because the API server does not answer. Nothing that happens in the cluster is \
              seen until it does; what stands keeps standing. Look at the control plane and at the network between \
              it and this pod.",
        ..OWN
    },
    Condition {
        reason: "WatchStale",
        hold_for: Duration::from_secs(120),
        effect_of: &[EffectOf { edge: Edge::Same, reasons: &["ApiServerUnreachable"] }],
        doc: "One kind of object cannot be read, or nothing was heard of it for two minutes. Problems of that kind \
              neither begin nor end until it is heard of again. Check the ClusterRole for `list` and `watch` on the \
              kind, then the API server's own health.",
        ..OWN
    },
    Condition {
        reason: "SinkFailing",
        hold_for: Duration::from_secs(60),
        hold_down: Duration::from_secs(60),
        doc: "A sink refuses notifications or does not answer. What it should have been told waits and is tried \
              again. Check its address, its credentials and the way out of the cluster.",
        ..OWN
    },
    Condition {
        reason: "AlertStateNotSaved",
        severity: Severity::Critical,
        hold_for: Duration::from_secs(15),
        hold_down: Duration::from_secs(30),
        doc: "The store refuses what alertkube writes down before and after it tells: a quota, a missing right, an \
              admission webhook, or a size. Notifications are sent all the same, later than usual, but a restart or a \
              takeover may repeat them, and may forget to end what was told. The text holds the store's own words.",
        ..OWN
    },
    Condition {
        reason: "ShardUncovered",
        severity: Severity::Critical,
        hold_for: Duration::from_secs(90),
        doc: "No process has served a shard for a minute and a half, so that nothing is told of the objects that belong \
              to it. The text names the shard and who served it last. Start the replica with that \
              `ALERTKUBE_SHARD_INDEX`, or give the remaining ones a smaller `ALERTKUBE_SHARD_TOTAL`; what stands is told \
              as soon as the shard is served.",
        ..OWN
    },
    Condition {
        reason: "ShardDoubled",
        hold_for: Duration::from_secs(60),
        doc: "Two processes without leader election have the same shard. The one that came later tells; the other was \
              fenced and stays silent until it ends. The text names both. Give each its own `ALERTKUBE_SHARD_INDEX`, or \
              stop the one that is too many.",
        ..OWN
    },
    Condition {
        reason: "ObjectQuarantined",
        hold_down: Duration::from_secs(120),
        doc: "alertkube failed on an object in a way that it should not, and looks at it no longer, so that every other \
              object is still told. What was known of the object stays as it was until it is deleted or alertkube is \
              started anew. The text names the object: please report it, with the log line of the failure.",
        ..OWN
    },
];
