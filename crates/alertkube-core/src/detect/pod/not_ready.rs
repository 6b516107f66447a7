//! `PodNotReady`: a pod runs but takes no traffic.

use std::time::Duration;

use crate::detect::condition::{Condition, Edge, EffectOf, Finding, Near, Row};
use crate::detect::pod::containers::{ended, failed, part, waits};
use crate::detect::pod::life::{deleting, ready, ready_since};
use crate::detect::pod::{JOB_FAILED, NODE_ANY, POD, SAME_ANY};
use crate::detect::status::named;
use crate::detect::words::{ending_and_why, lead_and_stated, reason_and_message};
use crate::time::Stamp;
use crate::watch::{Container, ContainerState, Pod};

const ROLLOUT_STUCK: EffectOf = EffectOf { edge: Edge::Owner, reasons: &["ProgressDeadlineExceeded"] };

pub(super) static ROWS: [Row<Pod>; 1] = [Row {
    condition: Condition {
        reason: "PodNotReady",
        hold_for: Duration::from_secs(300),
        hold_down: Duration::from_secs(120),
        effect_of: &[SAME_ANY, NODE_ANY, JOB_FAILED, ROLLOUT_STUCK],
        doc: "A pod has run for five minutes without being ready, so that no Service sends it traffic, and nothing \
              else is found wrong with it or its node. The text names the containers that are not ready, or the \
              readiness gate that is not met. Look at the readiness probe and at the log.",
        ..POD
    },
    detect,
}];

fn detect(pod: &Pod, _near: &Near<'_>) -> Option<Finding> {
    if &*pod.phase != "Running" || ready(pod) || deleting(pod) {
        return None;
    }
    let unready: Vec<&Container> = pod.containers.iter().filter(|container| lacks(container)).collect();
    let condition = named(&pod.conditions, "Ready");
    let completed = |container: &Container| !container.ready && !lacks(container) && !container.init;
    // A container that has ended well and is not restarted is never ready again: the pod does what it was made for.
    if unready.is_empty() && pod.containers.iter().any(completed) {
        return None;
    }
    let parts = unready.into_iter().map(|container| part(container, text(container))).collect();
    let whole = || match condition {
        Some(condition) => Finding::new(&lead_and_stated("not ready", condition)),
        None => Finding::new("not ready: no readiness was reported"),
    };
    Some(Finding::of_parts(parts).unwrap_or_else(whole).since(since(pod)))
}

/// Whether a container keeps its pod from being ready.
fn lacks(container: &Container) -> bool {
    !container.ready && ended(container).is_none_or(failed)
}

/// The pod has not been ready since its condition says so, but a first start is no fault: it counts from when the
/// pod came up.
fn since(pod: &Pod) -> Option<Stamp> {
    let regular = pod.containers.iter().filter(|container| !container.init);
    let first_runs =
        regular.filter(|container| container.restarts == 0).filter_map(|container| match container.state {
            ContainerState::Running { since } => since,
            ContainerState::Waiting { .. } | ContainerState::Terminated(_) | ContainerState::Unknown => None,
        });
    let up = first_runs.min();
    ready_since(pod).map(|since| up.map_or(since, |up| since.max(up)))
}

fn text(container: &Container) -> String {
    match (waits(container), ended(container)) {
        (Some((reason, message)), _) => format!("waits: {}", reason_and_message(reason, message)),
        (_, Some(end)) => ending_and_why(end),
        (None, None) => "runs, not ready".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        Scene, ago, check, end, ended as in_end, owned_by, pod, restarted, running, status, waiting,
    };
    use crate::watch::Meta;

    fn unready(name: &str, seconds: i64) -> Container {
        Container { ready: false, ..running(name, seconds) }
    }

    fn with(containers: Vec<Container>) -> Pod {
        Pod {
            conditions: vec![status("Ready", "False", "ContainersNotReady", ago(900))],
            containers,
            ..pod()
        }
    }

    #[test]
    fn the_containers_that_are_not_ready_are_named() {
        let proxy = Container { init: true, ..unready("proxy", 3000) };
        let pod = with(vec![proxy, running("web", 3000), waiting("app", "ContainerCreating", "")]);
        check(
            &Scene::new(),
            pod.clone(),
            &["PodNotReady: init container proxy: runs, not ready; app: waits: ContainerCreating"],
        );
        assert_eq!(Scene::new().find(pod, "PodNotReady").and_then(|finding| finding.since), Some(ago(900)));
    }

    #[test]
    fn a_first_start_counts_from_when_the_pod_came_up() {
        let since = |pod| Scene::new().find(pod, "PodNotReady").and_then(|finding| finding.since);
        assert_eq!(since(with(vec![unready("app", 20), unready("web", 10)])), Some(ago(20)));
        assert_eq!(since(with(vec![restarted(unready("app", 20), 1, end("Error", 1, 700))])), Some(ago(900)));
    }

    #[test]
    fn a_gate_that_is_not_met_or_no_condition_at_all_is_not_ready() {
        let gate = status("Ready", "False", "ReadinessGatesNotReady", ago(900));
        check(
            &Scene::new(),
            Pod { conditions: vec![gate], ..pod() },
            &["PodNotReady: not ready: ReadinessGatesNotReady: as it is"],
        );
        check(
            &Scene::new(),
            Pod { conditions: Vec::new(), ..pod() },
            &["PodNotReady: not ready: no readiness"],
        );
        let unknown = status("Ready", "Unknown", "NodeStatusUnknown", ago(900));
        check(&Scene::new(), Pod { conditions: vec![unknown], ..pod() }, &["PodNotReady"]);
    }

    #[test]
    fn what_is_pending_over_leaving_or_done_is_not_held_against_it() {
        let leaving = Meta { deleted: Some(ago(-60)), ..owned_by("ReplicaSet") };
        let deleted = Pod { meta: leaving, ..with(vec![unready("app", 900)]) };
        assert_eq!(Scene::new().find(deleted, "PodNotReady"), None);
        for phase in ["Pending", "Succeeded", "Failed", "Unknown"] {
            let other = Pod { phase: phase.into(), ..with(vec![unready("app", 900)]) };
            assert_eq!(Scene::new().find(other, "PodNotReady"), None, "{phase}");
        }
        let half_done = with(vec![running("app", 900), in_end("copy", end("Completed", 0, 800))]);
        check(&Scene::new(), half_done, &[]);
    }
}
