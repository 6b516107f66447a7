//! `DeploymentUnavailable` and `ProgressDeadlineExceeded`: a Deployment lacks replicas, or its rollout is stuck.

use std::time::Duration;

use crate::detect::condition::{Condition, Edge, EffectOf, Finding, Near, Row};
use crate::detect::status::{named, standing};
use crate::detect::words::lead_and_stated;
use crate::detect::workload::{MEMBERS_ANY, observed, of_wanted};
use crate::severity::Severity;
use crate::watch::Workload;

/// Why a rollout may be stuck: any reason of a pod but that it is not ready, which says no more than the rollout does.
const POD_REASONS: &[&str] = &[
    "CrashLoopBackOff",
    "OOMKilled",
    "ContainerKilled",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "StartError",
    "ContainerFailed",
    "Unschedulable",
    "SchedulingGated",
    "ProbeFailing",
    "FailedMount",
    "PodSandboxFailed",
    "PodStuckTerminating",
];

const DEPLOYMENT: Condition =
    Condition { kind: "Deployment", hold_down: Duration::from_secs(60), ..Condition::BASE };

pub(super) static ROWS: [Row<Workload>; 2] = [
    Row {
        condition: Condition {
            reason: "DeploymentUnavailable",
            hold_for: Duration::from_secs(600),
            effect_of: &[
                EffectOf { edge: Edge::Same, reasons: &["ProgressDeadlineExceeded", "ReplicaFailure"] },
                MEMBERS_ANY,
            ],
            doc: "A Deployment has lacked available replicas for ten minutes, while no rollout is on its way. What is \
                  wrong with its pods is told instead where anything is found. If nothing is, see whether the pods \
                  exist at all: `kubectl describe` the newest ReplicaSet.",
            ..DEPLOYMENT
        },
        detect: unavailable,
    },
    Row {
        condition: Condition {
            reason: "ProgressDeadlineExceeded",
            severity: Severity::Critical,
            effect_of: &[
                EffectOf { edge: Edge::Same, reasons: &["ReplicaFailure"] },
                EffectOf { edge: Edge::Members, reasons: POD_REASONS },
            ],
            raises: true,
            doc: "A rollout has made no progress within `progressDeadlineSeconds`. Where a problem of its pods \
                  explains it, that problem becomes critical instead. Look at the newest ReplicaSet's pods, or go \
                  back with `kubectl rollout undo`.",
            ..DEPLOYMENT
        },
        detect: stuck,
    },
];

fn unavailable(deployment: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let lacks = deployment.unavailable > 0 && deployment.wanted > 0;
    if !lacks || !observed(deployment) || deployment.paused || rolling_out(deployment) {
        return None;
    }
    let available =
        named(&deployment.conditions, "Available").filter(|condition| &*condition.status == "False");
    let text = of_wanted(deployment.unavailable, deployment.wanted, "replicas unavailable");
    Some(Finding::new(&text).since(available.and_then(|condition| condition.since)))
}

/// Whether a rollout is on its way and within its deadline. A Deployment whose rollout was completed once stays at
/// `NewReplicaSetAvailable` until the next begins.
fn rolling_out(deployment: &Workload) -> bool {
    standing(&deployment.conditions, "Progressing")
        .is_some_and(|progressing| &*progressing.reason != "NewReplicaSetAvailable")
}

fn stuck(deployment: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let progressing = named(&deployment.conditions, "Progressing")?;
    let exceeded = &*progressing.status == "False" && &*progressing.reason == "ProgressDeadlineExceeded";
    if !exceeded || !observed(deployment) || deployment.paused {
        return None;
    }
    let updated = of_wanted(deployment.updated, deployment.wanted, "replicas updated");
    let lead = format!("{updated}, {} unavailable", deployment.unavailable);
    Some(Finding::new(&lead_and_stated(&lead, progressing)).since(progressing.since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::catalogue;
    use crate::detect::fixtures::{Scene, ago, check, meta, status, workload};
    use crate::watch::{KindId, Meta, StatusCondition};

    fn lacking(progressing: StatusCondition) -> Workload {
        let available = status("Available", "False", "MinimumReplicasUnavailable", ago(700));
        Workload { ready: 2, unavailable: 1, conditions: vec![available, progressing], ..workload() }
    }

    fn complete() -> StatusCondition {
        status("Progressing", "True", "NewReplicaSetAvailable", ago(9000))
    }

    fn check_deployment(deployment: Workload, expected: &[&str]) {
        check(&Scene::new(), (KindId::Deployment, deployment), expected);
    }

    #[test]
    fn replicas_that_are_lacking_after_a_rollout_are_found() {
        check_deployment(lacking(complete()), &["DeploymentUnavailable: 1 of 3 replicas unavailable"]);
        let since = |deployment| {
            Scene::new()
                .find((KindId::Deployment, deployment), "DeploymentUnavailable")
                .map(|found| found.since)
        };
        assert_eq!(since(lacking(complete())), Some(Some(ago(700))));
        let enough = vec![status("Available", "True", "MinimumReplicasAvailable", ago(700)), complete()];
        assert_eq!(since(Workload { conditions: enough, ..lacking(complete()) }), Some(None));
        let no_deadline = Workload { conditions: Vec::new(), ..lacking(complete()) };
        assert_eq!(since(no_deadline), Some(None));
    }

    #[test]
    fn a_rollout_a_pause_and_a_specification_not_seen_yet_find_nothing() {
        for reason in ["ReplicaSetUpdated", "NewReplicaSetCreated", "FoundNewReplicaSet", "DeploymentResumed"]
        {
            check_deployment(lacking(status("Progressing", "True", reason, ago(30))), &[]);
        }
        check_deployment(Workload { paused: true, ..lacking(complete()) }, &[]);
        check_deployment(
            Workload { meta: Meta { generation: 2, ..meta("web") }, ..lacking(complete()) },
            &[],
        );
        check_deployment(Workload { unavailable: 0, ..lacking(complete()) }, &[]);
    }

    #[test]
    fn a_rollout_past_its_deadline_is_found_with_its_message() {
        let late = status("Progressing", "False", "ProgressDeadlineExceeded", ago(5));
        let stuck = Workload { updated: 1, ..lacking(late) };
        let text = "1 of 3 replicas updated, 1 unavailable: ProgressDeadlineExceeded: as it is";
        check_deployment(
            stuck.clone(),
            &["DeploymentUnavailable", &format!("ProgressDeadlineExceeded: {text}")],
        );
        let found = Scene::new().find((KindId::Deployment, stuck.clone()), "ProgressDeadlineExceeded");
        assert_eq!(found.and_then(|found| found.since), Some(ago(5)));
        check_deployment(Workload { paused: true, ..stuck }, &[]);
        check_deployment(
            lacking(status("Progressing", "False", "ReplicaSetCreateError", ago(5))),
            &["DeploymentUnavailable"],
        );
    }

    #[test]
    fn every_lasting_reason_of_a_pod_but_not_ready_may_explain_a_stuck_rollout() {
        let of_pods = catalogue().filter(|condition| condition.kind == "Pod" && condition.event.is_none());
        let lasting: Vec<_> =
            of_pods.map(|condition| condition.reason).filter(|reason| *reason != "PodNotReady").collect();
        assert_eq!(lasting, POD_REASONS);
    }
}
