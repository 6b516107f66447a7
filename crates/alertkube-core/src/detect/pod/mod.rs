//! What can be wrong with a pod, its init and sidecar containers included.

mod container_restart;
mod containers;
mod crash_loop;
mod finished;
mod hinted;
mod image_pull;
mod killed;
mod life;
mod not_ready;
mod scheduling;
mod terminating;
mod waiting;

use crate::detect::condition::{Condition, Edge, EffectOf, Look, Near, Row, Rules};
use crate::detect::findings;
use crate::watch::Pod;

/// A node that is down, or going down, explains all that is wrong with its pods.
const NODE_DOWN: EffectOf = EffectOf { edge: Edge::Node, reasons: &["NodeNotReady"] };
/// A node with any problem. A cordon is none: it is meant, and it harms no pod that runs.
const NODE_ANY: EffectOf = EffectOf {
    edge: Edge::Node,
    reasons: &[
        "NodeNotReady",
        "NodeMemoryPressure",
        "NodeDiskPressure",
        "NodePIDPressure",
        "NodeNetworkUnavailable",
        "NodeProblem",
    ],
};
/// A Job that failed explains what is wrong with its pods.
const JOB_FAILED: EffectOf = EffectOf { edge: Edge::Owner, reasons: &["JobFailed"] };
/// Whatever else is wrong with the pod is the better name.
const SAME_ANY: EffectOf = EffectOf { edge: Edge::Same, reasons: &[] };

const fn same(reasons: &'static [&'static str]) -> EffectOf {
    EffectOf { edge: Edge::Same, reasons }
}

/// What the conditions of pods have in common.
const POD: Condition = Condition { kind: "Pod", effect_of: &[NODE_DOWN, JOB_FAILED], ..Condition::BASE };

static FAMILIES: [&[Row<Pod>]; 10] = [
    &crash_loop::ROWS,
    &killed::ROWS,
    &container_restart::ROWS,
    &image_pull::ROWS,
    &waiting::ROWS,
    &finished::ROWS,
    &scheduling::ROWS,
    &not_ready::ROWS,
    &hinted::ROWS,
    &terminating::ROWS,
];

pub(super) fn rows() -> impl Iterator<Item = &'static Row<Pod>> {
    FAMILIES.iter().copied().flatten()
}

/// Runs every condition of pods, and says whether the pod is settled.
pub(super) fn look(pod: &Pod, near: &Near<'_>, rules: &Rules) -> Look {
    let findings = findings(rows(), pod, near, rules);
    let keep = !life::settled(pod, near.now);
    // A settled pod without a finding waits for nothing.
    let again = life::next_edge(pod, near).filter(|_| keep || !findings.is_empty());
    Look { findings, keep, again }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        Scene, ago, check, end, ended, ended_pod, owned_by, pending, pod, restarted, running, status, waiting,
    };
    use crate::watch::{Container, Meta};

    #[test]
    fn every_condition_is_explained_by_a_node_that_is_down_and_by_a_failed_job() {
        for row in rows() {
            let causes = row.condition.effect_of;
            let node = causes.iter().any(|cause| cause.edge == Edge::Node && explains(cause, "NodeNotReady"));
            assert!(node && causes.contains(&JOB_FAILED), "{}", row.condition.reason);
            assert_eq!(row.condition.kind, "Pod");
        }
    }

    fn explains(cause: &EffectOf, reason: &str) -> bool {
        cause.reasons.is_empty() || cause.reasons.contains(&reason)
    }

    #[test]
    fn a_healthy_pod_is_settled_and_finds_nothing() {
        let look = Scene::new().look(&pod().into());
        assert!(look.findings.is_empty() && !look.keep && look.again.is_none());
    }

    #[test]
    fn what_starts_as_it_should_finds_nothing_but_is_kept() {
        let init = Container { init: true, ..running("migrate", 5) };
        let starting = pending(vec![init, waiting("app", "PodInitializing", "")]);
        check(&Scene::new(), starting.clone(), &[]);
        check(&Scene::new(), pending(vec![waiting("app", "ContainerCreating", "")]), &[]);
        assert!(Scene::new().look(&starting.into()).keep);
    }

    #[test]
    fn what_a_drain_or_a_rollout_ends_finds_nothing_within_its_grace() {
        let leaving = Meta { deleted: Some(ago(-25)), ..owned_by("ReplicaSet") };
        let unready = vec![status("Ready", "False", "ContainersNotReady", ago(5))];
        let draining =
            |containers| Pod { meta: leaving.clone(), conditions: unready.clone(), containers, ..pod() };
        let stopped = restarted(ended("app", end("Error", 137, 3)), 4, end("Error", 1, 30));
        for pod in [draining(vec![running("app", 600)]), draining(vec![stopped])] {
            let look = Scene::new().look(&pod.into());
            let found: Vec<_> = look.findings.iter().map(|(condition, _)| condition.reason).collect();
            assert_eq!(found, ["PodStuckTerminating"]);
            assert_eq!(
                look.findings[0].1.since,
                Some(ago(-25)),
                "it begins to count when the grace has passed"
            );
        }
        let failed = ended_pod("Failed", "Always", vec![ended("app", end("Error", 143, 3))]);
        check(&Scene::new(), Pod { meta: leaving, ..failed }, &["PodStuckTerminating"]);
    }

    #[test]
    fn completed_pods_and_leftovers_find_nothing_and_are_settled() {
        let sidecar = Container { init: true, ..ended("proxy", end("Error", 137, 5)) };
        let done = vec![sidecar, ended("app", end("Completed", 0, 6))];
        let evicted = ended_pod("Failed", "Always", vec![ended("app", end("Error", 137, 3600))]);
        let jobs = ended_pod("Failed", "Never", vec![ended("app", end("Error", 1, 3600))]);
        for pod in [
            ended_pod("Succeeded", "Never", done),
            Pod { reason: "Evicted".into(), ..evicted },
            Pod { meta: owned_by("Job"), ..jobs },
            ended_pod("Failed", "Never", vec![ended("app", end("Error", 1, 86_400))]),
        ] {
            let look = Scene::new().look(&pod.into());
            assert!(look.findings.is_empty() && !look.keep && look.again.is_none(), "{look:?}");
        }
    }
}
