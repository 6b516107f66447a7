//! Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs: one shape, differently named.

use crate::watch::decode::Unreadable;
use crate::watch::decode::json::Reader;
use crate::watch::decode::metadata::Draft;
use crate::watch::decode::status::conditions;
use crate::watch::decode::word::{stamp, text};
use crate::watch::kinds::KindId;
use crate::watch::view::{Plan, Workload};

/// Reads a workload of one of the five kinds.
pub(super) fn read(plan: &Plan, kind: KindId, reader: &mut Reader<'_>) -> Result<Workload, Unreadable> {
    let mut draft = Draft::default();
    // Without a number, a DaemonSet wants nothing yet and every other kind wants one.
    let wanted = if kind == KindId::DaemonSet { 0 } else { 1 };
    let mut workload = Workload { wanted, ..Workload::default() };
    let mut revisions = (Box::default(), Box::default());
    reader.fields(|reader, key| match key {
        b"metadata" => draft.read(plan, reader),
        b"spec" => {
            reader.fields(|reader, key| spec(&mut workload, kind, reader, key));
        }
        b"status" => {
            reader.fields(|reader, key| match key {
                b"currentRevision" => revisions.0 = text(reader),
                b"updateRevision" => revisions.1 = text(reader),
                _ => status(&mut workload, kind, reader, key),
            });
        }
        _ => {}
    });
    workload.settled_revision = kind != KindId::StatefulSet || revisions.0 == revisions.1;
    workload.meta = draft.finish(kind)?;
    Ok(workload)
}

fn spec(workload: &mut Workload, kind: KindId, reader: &mut Reader<'_>, key: &[u8]) {
    match (key, kind) {
        (b"replicas", KindId::Deployment | KindId::ReplicaSet | KindId::StatefulSet)
        | (b"completions", KindId::Job) => set(&mut workload.wanted, reader),
        (b"updateStrategy", KindId::StatefulSet | KindId::DaemonSet) => {
            reader.fields(|reader, key| update_strategy(workload, reader, key));
        }
        (b"paused", KindId::Deployment) => workload.paused = reader.boolean().unwrap_or_default(),
        (b"suspend", KindId::Job) => workload.suspended = reader.boolean().unwrap_or_default(),
        _ => {}
    }
}

fn update_strategy(workload: &mut Workload, reader: &mut Reader<'_>, key: &[u8]) {
    match key {
        b"type" => workload.on_delete = reader.text().is_some_and(|kind| kind == "OnDelete"),
        b"rollingUpdate" => {
            reader.fields(|reader, key| {
                if key == b"partition" {
                    set(&mut workload.partition, reader);
                }
            });
        }
        _ => {}
    }
}

fn status(workload: &mut Workload, kind: KindId, reader: &mut Reader<'_>, key: &[u8]) {
    match (key, kind) {
        (b"desiredNumberScheduled", KindId::DaemonSet) => set(&mut workload.wanted, reader),
        (b"readyReplicas" | b"numberReady", _) => set(&mut workload.ready, reader),
        (b"replicas" | b"currentNumberScheduled", _) => set(&mut workload.created, reader),
        (b"updatedReplicas" | b"updatedNumberScheduled", _) => set(&mut workload.updated, reader),
        (b"unavailableReplicas" | b"numberUnavailable", _) => set(&mut workload.unavailable, reader),
        (b"numberMisscheduled", _) => set(&mut workload.misscheduled, reader),
        (b"observedGeneration", _) => set(&mut workload.observed, reader),
        (b"failed", KindId::Job) => set(&mut workload.failed, reader),
        (b"startTime", KindId::Job) => workload.started = stamp(reader),
        (b"completionTime", KindId::Job) => workload.finished = stamp(reader),
        (b"conditions", _) => workload.conditions = conditions(reader),
        _ => {}
    }
}

/// Takes a number; what is none leaves the default standing.
fn set(field: &mut i64, reader: &mut Reader<'_>) {
    if let Some(number) = reader.integer() {
        *field = number;
    }
}
