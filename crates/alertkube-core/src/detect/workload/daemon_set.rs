//! `DaemonSetUnavailable` and `DaemonSetMisscheduled`: a DaemonSet lacks pods, or has them where it should not.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Row};
use crate::detect::words::counted;
use crate::detect::workload::{MEMBERS_ANY, observed, of_wanted};
use crate::watch::Workload;

const DAEMON_SET: Condition = Condition { kind: "DaemonSet", ..Condition::BASE };

pub(super) static ROWS: [Row<Workload>; 2] = [
    Row {
        condition: Condition {
            reason: "DaemonSetUnavailable",
            hold_for: Duration::from_secs(600),
            hold_down: Duration::from_secs(60),
            effect_of: &[MEMBERS_ANY],
            doc: "A DaemonSet has lacked ready pods on some nodes for ten minutes, while no rollout is on its \
                  way; an update that waits for you, with `OnDelete`, is none. What is wrong with its pods or their \
                  nodes is told instead where anything is found.",
            ..DAEMON_SET
        },
        detect: unavailable,
    },
    Row {
        condition: Condition {
            reason: "DaemonSetMisscheduled",
            hold_for: Duration::from_secs(900),
            hold_down: Duration::from_secs(120),
            doc: "Pods of a DaemonSet run on nodes on which they should not, because labels or taints of the nodes \
                  changed. Delete those pods, or correct the DaemonSet's node selector and tolerations.",
            ..DAEMON_SET
        },
        detect: misscheduled,
    },
];

fn unavailable(set: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let lacks = set.wanted > 0 && set.ready < set.wanted && observed(set) && !rolling_out(set);
    lacks.then(|| Finding::new(&of_wanted(set.ready, set.wanted, "pods ready")))
}

/// Whether the controller is replacing pods: older ones are there, and it does not wait for somebody to delete them. A
/// pod that does not exist is no older one.
fn rolling_out(set: &Workload) -> bool {
    !set.on_delete && set.updated < set.created
}

fn misscheduled(set: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let text = || format!("{} on nodes that do not match", counted(set.misscheduled, "pod"));
    (set.misscheduled > 0 && observed(set)).then(|| Finding::new(&text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, check, meta, workload};
    use crate::watch::{KindId, Meta};

    fn check_set(set: Workload, expected: &[&str]) {
        check(&Scene::new(), (KindId::DaemonSet, set), expected);
    }

    #[test]
    fn too_few_ready_pods_are_found_unless_a_rollout_explains_them() {
        let lacking = || Workload { ready: 1, unavailable: 2, ..workload() };
        check_set(lacking(), &["DaemonSetUnavailable: 1 of 3 pods ready"]);
        check_set(Workload { updated: 2, ..lacking() }, &[]);
        check_set(Workload { meta: Meta { generation: 2, ..meta("agent") }, ..lacking() }, &[]);
        check_set(Workload { updated: 2, on_delete: true, ..lacking() }, &["DaemonSetUnavailable: 1 of 3"]);
        check_set(
            Workload { created: 2, updated: 2, ready: 2, ..workload() },
            &["DaemonSetUnavailable: 2 of 3"],
        );
        check_set(Workload { created: 2, updated: 1, ready: 2, ..workload() }, &[]);
        check_set(Workload { wanted: 0, ready: 0, ..lacking() }, &[]);
        check_set(Workload { unavailable: 1, ..workload() }, &[]);
    }

    #[test]
    fn pods_where_they_should_not_be_are_counted() {
        check_set(
            Workload { misscheduled: 1, ..workload() },
            &["DaemonSetMisscheduled: 1 pod on nodes that do not match"],
        );
        check_set(
            Workload { misscheduled: 2, wanted: 0, ready: 0, ..workload() },
            &["DaemonSetMisscheduled: 2 pods"],
        );
        check_set(
            Workload { misscheduled: 2, meta: Meta { generation: 2, ..meta("agent") }, ..workload() },
            &[],
        );
    }
}
