//! `StatefulSetReplicasUnavailable`: a StatefulSet lacks ready replicas.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Row};
use crate::detect::workload::{MEMBERS_ANY, observed, of_wanted};
use crate::watch::Workload;

pub(super) static ROWS: [Row<Workload>; 1] = [Row {
    condition: Condition {
        reason: "StatefulSetReplicasUnavailable",
        kind: "StatefulSet",
        hold_for: Duration::from_secs(600),
        hold_down: Duration::from_secs(60),
        effect_of: &[MEMBERS_ANY],
        doc: "A StatefulSet has lacked ready replicas for ten minutes, while no rollout is on its way; an update that \
              waits for its partition or, with `OnDelete`, for you is none. What is wrong with its pods is told \
              instead where anything is found. If nothing is, see whether the pods exist at all: the StatefulSet's \
              events say why one cannot be created.",
        ..Condition::BASE
    },
    detect,
}];

fn detect(set: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let lacks = set.wanted > 0 && set.ready < set.wanted && observed(set) && !rolling_out(set);
    lacks.then(|| Finding::new(&of_wanted(set.ready, set.wanted, "replicas ready")))
}

/// Whether the controller is replacing pods. That the revisions differ does not say so: they do for ever under
/// `OnDelete`, and as long as a partition keeps pods as they were. More older pods than it keeps are there only on the
/// way to it; and while one that is wanted does not exist at all, the controller replaces no other.
fn rolling_out(set: &Workload) -> bool {
    let replaces = !set.settled_revision && !set.on_delete;
    replaces && set.created - set.updated > set.partition && set.created >= set.wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, check, meta, workload};
    use crate::watch::{KindId, Meta};

    #[test]
    fn too_few_ready_replicas_are_found_unless_a_rollout_explains_them() {
        let check_set = |set, expected: &[&str]| check(&Scene::new(), (KindId::StatefulSet, set), expected);
        let lacking = || Workload { ready: 1, ..workload() };
        check_set(lacking(), &["StatefulSetReplicasUnavailable: 1 of 3 replicas ready"]);
        check_set(Workload { updated: 1, settled_revision: false, ..lacking() }, &[]);
        check_set(Workload { meta: Meta { generation: 2, ..meta("db") }, ..lacking() }, &[]);
        check_set(Workload { wanted: 0, ready: 1, ..workload() }, &[]);
        check_set(Workload { ready: 3, unavailable: 1, ..workload() }, &[]);
    }

    #[test]
    fn revisions_that_differ_for_long_are_no_rollout() {
        let check_set = |set, expected: &[&str]| check(&Scene::new(), (KindId::StatefulSet, set), expected);
        let found: &[&str] = &["StatefulSetReplicasUnavailable: 2 of 3 replicas ready"];
        let changed = || Workload { ready: 2, settled_revision: false, ..workload() };
        for updated in 0..=3 {
            check_set(Workload { updated, on_delete: true, ..changed() }, found);
        }
        check_set(Workload { updated: 0, partition: 2, ..changed() }, &[]);
        check_set(Workload { updated: 1, partition: 2, ..changed() }, found);
        check_set(Workload { updated: 0, partition: 3, ..changed() }, found);
        check_set(Workload { updated: 0, partition: 9, ..changed() }, found);
    }

    #[test]
    fn a_rollout_explains_neither_its_last_pod_nor_one_that_cannot_be_created() {
        let check_set = |set, expected: &[&str]| check(&Scene::new(), (KindId::StatefulSet, set), expected);
        let found: &[&str] = &["StatefulSetReplicasUnavailable: 2 of 3 replicas ready"];
        let rolling = || Workload { ready: 2, settled_revision: false, ..workload() };
        check_set(Workload { updated: 2, ..rolling() }, &[]);
        check_set(rolling(), found);
        check_set(Workload { created: 2, updated: 0, ..rolling() }, found);
        // One that terminates is there still, and is counted as no revision's.
        check_set(Workload { created: 3, updated: 2, settled_revision: true, ..rolling() }, found);
    }
}
