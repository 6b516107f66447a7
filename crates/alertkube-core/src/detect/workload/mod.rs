//! What can be wrong with a workload: Deployment, ReplicaSet, StatefulSet, DaemonSet and Job.

mod daemon_set;
mod deployment;
mod job;
mod replica_failure;
mod stateful_set;

use crate::detect::condition::{Condition, Edge, EffectOf, Finding, Near, Row, Rules};
use crate::detect::findings;
use crate::watch::{KindId, Workload};

/// What is wrong with its pods explains what a workload lacks.
const MEMBERS_ANY: EffectOf = EffectOf { edge: Edge::Members, reasons: &[] };

static FAMILIES: [(KindId, &[Row<Workload>]); 6] = [
    (KindId::Deployment, &deployment::ROWS),
    (KindId::Deployment, &replica_failure::OF_DEPLOYMENT),
    (KindId::ReplicaSet, &replica_failure::OF_REPLICA_SET),
    (KindId::StatefulSet, &stateful_set::ROWS),
    (KindId::DaemonSet, &daemon_set::ROWS),
    (KindId::Job, &job::ROWS),
];

pub(super) fn rows() -> impl Iterator<Item = &'static Row<Workload>> {
    FAMILIES.iter().flat_map(|(_, rows)| *rows)
}

/// Runs every condition of that kind; a workload that is being deleted is nobody's problem.
pub(super) fn look(
    kind: KindId,
    workload: &Workload,
    near: &Near<'_>,
    rules: &Rules,
) -> Vec<(&'static Condition, Finding)> {
    if workload.meta.deleted.is_some() {
        return Vec::new();
    }
    let families = FAMILIES.iter().filter(|(of, _)| *of == kind);
    findings(families.flat_map(|(_, rows)| *rows), workload, near, rules)
}

/// Whether the controller has seen the specification as it is now; before that its counts are those of an older one.
fn observed(workload: &Workload) -> bool {
    workload.observed >= workload.meta.generation
}

fn of_wanted(count: i64, wanted: i64, what: &str) -> String {
    format!("{count} of {wanted} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, meta, status, workload};
    use crate::watch::{Kind, Meta};

    const KINDS: [KindId; 5] =
        [KindId::Deployment, KindId::ReplicaSet, KindId::StatefulSet, KindId::DaemonSet, KindId::Job];

    /// A workload that lacks everything, however one looks at it.
    fn broken() -> Workload {
        let conditions = ["ReplicaFailure", "Failed"].map(|name| status(name, "True", "Why", ago(100)));
        Workload { ready: 0, unavailable: 3, misscheduled: 1, conditions: conditions.into(), ..workload() }
    }

    #[test]
    fn rows_are_of_the_kind_under_which_they_run() {
        for (kind, row) in FAMILIES.iter().flat_map(|(kind, rows)| rows.iter().map(move |row| (kind, row))) {
            assert_eq!(row.condition.kind, Kind::of(*kind).name);
        }
    }

    #[test]
    fn healthy_deleted_and_unwanted_workloads_find_nothing() {
        for kind in KINDS {
            let look = Scene::new().look(&(kind, workload()).into());
            assert!(look.findings.is_empty() && !look.keep && look.again.is_none());
            assert!(!Scene::new().look(&(kind, broken()).into()).findings.is_empty(), "{kind}");
            let deleted = Meta { deleted: Some(ago(1)), ..meta("web") };
            check(&Scene::new(), (kind, Workload { meta: deleted, ..broken() }), &[]);
            let unwanted = Workload { wanted: 0, misscheduled: 0, conditions: Vec::new(), ..broken() };
            check(&Scene::new(), (kind, unwanted), &[]);
        }
    }
}
