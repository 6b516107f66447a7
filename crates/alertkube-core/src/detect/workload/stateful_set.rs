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
        doc: "A StatefulSet has lacked ready replicas for ten minutes, while no rollout is on its way. What is wrong \
              with its pods is told instead where anything is found. If nothing is, see whether the pods exist at \
              all: the StatefulSet's events say why one cannot be created.",
        ..Condition::BASE
    },
    detect,
}];

fn detect(set: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let lacks = set.wanted > 0 && set.ready < set.wanted && observed(set) && set.settled_revision;
    lacks.then(|| Finding::new(&of_wanted(set.ready, set.wanted, "replicas ready")))
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
        check_set(Workload { settled_revision: false, ..lacking() }, &[]);
        check_set(Workload { meta: Meta { generation: 2, ..meta("db") }, ..lacking() }, &[]);
        check_set(Workload { wanted: 0, ready: 1, ..workload() }, &[]);
        check_set(Workload { ready: 3, unavailable: 1, ..workload() }, &[]);
    }
}
