//! `Unschedulable` and `SchedulingGated`: no node for a pod.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Row};
use crate::detect::pod::POD;
use crate::detect::pod::life::{deleting, finished};
use crate::detect::status::named;
use crate::detect::words::reason_and_message;
use crate::severity::Severity;
use crate::watch::Pod;

pub(super) static ROWS: [Row<Pod>; 2] = [
    Row {
        condition: Condition {
            reason: "Unschedulable",
            hold_for: Duration::from_secs(300),
            hold_down: Duration::from_secs(60),
            doc: "The scheduler has found no node for a pod for five minutes; the text carries its reasons, node by \
                  node. Compare the pod's requests, node selector, affinity and tolerations with what the nodes \
                  have, or add nodes.",
            ..POD
        },
        detect: |pod, _| unscheduled(pod, "Unschedulable", "no node fits"),
    },
    Row {
        condition: Condition {
            reason: "SchedulingGated",
            severity: Severity::Info,
            hold_for: Duration::from_secs(3600),
            enabled: false,
            doc: "A pod has waited for an hour because somebody put a scheduling gate on it and has not taken it \
                  away. Off unless `conditions.SchedulingGated.enabled` is true: gates are usually meant.",
            ..POD
        },
        detect: |pod, _| unscheduled(pod, "SchedulingGated", "a scheduling gate is closed"),
    },
];

fn unscheduled(pod: &Pod, reason: &str, lead: &str) -> Option<Finding> {
    let scheduled = named(&pod.conditions, "PodScheduled")?;
    let holds =
        &*scheduled.status == "False" && &*scheduled.reason == reason && !finished(pod) && !deleting(pod);
    let text = reason_and_message(lead, &scheduled.message);
    holds.then(|| Finding::new(&text).since(scheduled.since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, ended_pod, owned_by, pod, status};
    use crate::watch::Meta;

    fn unplaced(reason: &str) -> Pod {
        let conditions = vec![status("PodScheduled", "False", reason, ago(100))];
        Pod { phase: "Pending".into(), node: "".into(), conditions, containers: Vec::new(), ..pod() }
    }

    #[test]
    fn a_pod_without_a_node_tells_the_schedulers_reason() {
        check(&Scene::new(), unplaced("Unschedulable"), &["Unschedulable: no node fits: as it is"]);
        let finding = Scene::new().find(unplaced("Unschedulable"), "Unschedulable").expect("no node");
        assert_eq!((finding.since, finding.until), (Some(ago(100)), None));
    }

    #[test]
    fn gates_are_off_until_switched_on() {
        check(&Scene::new(), unplaced("SchedulingGated"), &[]);
        let scene = Scene::new().switched("SchedulingGated", true);
        check(
            &scene,
            unplaced("SchedulingGated"),
            &["SchedulingGated: a scheduling gate is closed: as it is"],
        );
    }

    #[test]
    fn what_is_placed_deleted_or_over_finds_nothing() {
        check(&Scene::new(), unplaced("SchedulerError"), &[]);
        let leaving = Meta { deleted: Some(ago(-5)), ..owned_by("ReplicaSet") };
        let deleted = Pod { meta: leaving, ..unplaced("Unschedulable") };
        assert_eq!(Scene::new().find(deleted, "Unschedulable"), None);
        let over = Pod {
            conditions: unplaced("Unschedulable").conditions,
            ..ended_pod("Succeeded", "Never", Vec::new())
        };
        check(&Scene::new(), over, &[]);
    }
}
