//! `ContainerFailed`, `PodFailed` and `Evicted`: something ended, and nothing will start it again.

use std::time::Duration;

use crate::detect::condition::{Condition, Edge, EffectOf, Finding, Near, Part, Row};
use crate::detect::limits::{FAILURE_AGE_MAX, NEWS_AGE_MAX};
use crate::detect::pod::containers::{ended, failed, part};
use crate::detect::pod::life::{deleting, ended_by_cluster, of_job, over_since};
use crate::detect::pod::{JOB_FAILED, NODE_DOWN, POD, same};
use crate::detect::status::open_until;
use crate::detect::words::{ending_and_why, reason_and_message};
use crate::time::Stamp;
use crate::watch::{Container, Pod, Terminated};

/// The kubelet starts a container of `restartPolicy: OnFailure` again; one that has been down for so long has failed.
const RESTART_GRACE: Duration = Duration::from_secs(60);

const NODE_TROUBLE: EffectOf = EffectOf {
    edge: Edge::Node,
    reasons: &["NodeNotReady", "NodeMemoryPressure", "NodeDiskPressure", "NodePIDPressure"],
};

pub(super) static ROWS: [Row<Pod>; 3] = [
    Row {
        condition: Condition {
            reason: "ContainerFailed",
            effect_of: &[same(&["OOMKilled", "StartError"]), NODE_DOWN, JOB_FAILED],
            doc: "A container failed in a pod whose `restartPolicy` is Never or OnFailure, and that no Job looks \
                  after; the text names how it ended. It is over when the pod is deleted, and forgotten a day after \
                  the failure. Read the pod's log, then run it again.",
            ..POD
        },
        detect: container_failed,
    },
    Row {
        condition: Condition {
            reason: "PodFailed",
            effect_of: &[same(&["ContainerFailed", "OOMKilled"]), NODE_DOWN, JOB_FAILED],
            event: Some(NEWS_AGE_MAX),
            doc: "A pod that no Job looks after went to phase Failed within the last ten minutes, for another reason \
                  than an eviction or the failure of a container: its deadline passed, its node shut down, or the \
                  node refused to admit it. The text names the reason.",
            ..POD
        },
        detect: pod_failed,
    },
    Row {
        condition: Condition {
            reason: "Evicted",
            effect_of: &[NODE_TROUBLE, JOB_FAILED],
            event: Some(NEWS_AGE_MAX),
            doc: "The kubelet evicted a pod within the last ten minutes because its node, or the pod's own limit on \
                  storage, ran out; the text says of what. Older ones are leftovers and are not told. Look at the \
                  pressure on the node and at the pod's requests.",
            ..POD
        },
        detect: evicted,
    },
];

fn container_failed(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    let restarted = match &*pod.restart_policy {
        "OnFailure" => &*pod.phase != "Failed",
        "Never" => false,
        _ => return None,
    };
    if of_job(pod) || ended_by_cluster(pod) || &*pod.phase == "Succeeded" {
        return None;
    }
    let lasting = |(_, end): &(&Container, &Terminated)| {
        end.finished.is_none_or(|at| open_until(at, FAILURE_AGE_MAX, near.now).is_some())
    };
    let failures: Vec<_> = failures(pod).into_iter().filter(lasting).collect();
    let stamps = || failures.iter().filter_map(|(_, end)| end.finished);
    let grace = if restarted { RESTART_GRACE } else { Duration::ZERO };
    let since = stamps().min().map(|since| since.plus(grace));
    let until = stamps().max().map(|last| last.plus(FAILURE_AGE_MAX));
    let parts: Vec<Part> =
        failures.iter().map(|(container, end)| part(container, ending_and_why(end))).collect();
    Some(Finding::of_parts(parts)?.since(since).until(until))
}

/// The containers that failed. Init containers count only where no other failed and the pod did: one that precedes
/// the others stops them from starting, and a sidecar is taken down when they end.
fn failures(pod: &Pod) -> Vec<(&Container, &Terminated)> {
    let failed_ones = |init: bool| {
        let all = pod.containers.iter().filter(move |container| container.init == init);
        all.filter_map(|container| Some((container, ended(container).filter(|end| failed(end))?)))
    };
    let regular: Vec<_> = failed_ones(false).collect();
    if regular.is_empty() && &*pod.phase == "Failed" { failed_ones(true).collect() } else { regular }
}

fn pod_failed(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    if &*pod.reason == "Evicted" || of_job(pod) || deleting(pod) {
        return None;
    }
    let reason = if pod.reason.is_empty() { "phase Failed" } else { &*pod.reason };
    failed_lately(pod, near, &reason_and_message(reason, &pod.message))
}

fn evicted(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    if &*pod.reason != "Evicted" {
        return None;
    }
    failed_lately(pod, near, if pod.message.is_empty() { "no message" } else { &pod.message })
}

fn failed_lately(pod: &Pod, near: &Near<'_>, text: &str) -> Option<Finding> {
    let over: Stamp = over_since(pod).filter(|_| &*pod.phase == "Failed")?;
    let until = open_until(over, NEWS_AGE_MAX, near.now)?;
    let failed_ones = failures(pod);
    let parts = failed_ones.iter().map(|(container, end)| part(container, ending_and_why(end))).collect();
    let parts = Finding::of_parts(parts).map(|finding| finding.parts).unwrap_or_default();
    Some(Finding { parts, ..Finding::new(text) }.since(Some(over)).until(Some(until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        Scene, ago, check, end, ended as in_end, ended_pod, owned_by, pod, running, status, waiting,
    };
    use crate::watch::Meta;

    fn failed_pod(policy: &str, seconds: i64) -> Pod {
        ended_pod(
            "Failed",
            policy,
            vec![in_end("app", end("Error", 3, seconds)), in_end("web", end("Completed", 0, 5))],
        )
    }

    #[test]
    fn a_container_that_nothing_restarts_has_failed_for_a_day() {
        let pod = failed_pod("Never", 100);
        check(&Scene::new(), pod.clone(), &["ContainerFailed: app: exit 3", "PodFailed: phase Failed"]);
        let finding = Scene::new().find(pod.clone(), "ContainerFailed").expect("it failed");
        assert_eq!((finding.since, finding.until), (Some(ago(100)), Some(ago(100 - 86_400))));
        check(&Scene::new().after(86_299), pod.clone(), &["ContainerFailed"]);
        check(&Scene::new().after(86_300), pod, &[]);
    }

    #[test]
    fn with_others_still_running_it_has_failed_too() {
        let running = Pod {
            restart_policy: "Never".into(),
            containers: vec![running("web", 900), in_end("app", end("Error", 137, 700))],
            ..pod()
        };
        check(&Scene::new(), running, &["ContainerFailed: app: SIGKILL (exit 137)"]);
    }

    #[test]
    fn what_is_restarted_on_failure_gets_a_minute() {
        let down =
            Pod { restart_policy: "OnFailure".into(), containers: failed_pod("", 1).containers, ..pod() };
        let finding = Scene::new().find(down, "ContainerFailed").expect("it is down");
        assert_eq!(finding.since, Some(ago(-59)));
        let over = Scene::new().find(failed_pod("OnFailure", 1), "ContainerFailed").expect("it is over");
        assert_eq!(over.since, Some(ago(1)));
    }

    #[test]
    fn an_init_container_counts_where_it_stopped_the_others() {
        let init = |code| Container { init: true, ..in_end("init", end("Error", code, 50)) };
        let stopped = ended_pod("Failed", "Never", vec![init(7), waiting("app", "PodInitializing", "")]);
        check(&Scene::new(), stopped, &["ContainerFailed: init container init: exit 7", "PodFailed"]);
        let sidecar = ended_pod("Failed", "Never", vec![init(143), in_end("app", end("Error", 1, 60))]);
        let finding = Scene::new().find(sidecar, "ContainerFailed").expect("app failed");
        assert_eq!(finding.text, "app: exit 1");
    }

    #[test]
    fn who_else_looks_after_it_keeps_it_quiet() {
        let always = Pod { restart_policy: "Always".into(), ..failed_pod("Never", 100) };
        let of_job = Pod { meta: owned_by("Job"), ..failed_pod("Never", 100) };
        let succeeded = Pod { phase: "Succeeded".into(), ..failed_pod("Never", 100) };
        let leaving = Meta { deleted: Some(ago(-60)), ..owned_by("ReplicaSet") };
        for pod in [always, of_job, succeeded, Pod { meta: leaving, ..failed_pod("Never", 100) }] {
            assert_eq!(Scene::new().find(pod, "ContainerFailed"), None);
        }
    }

    #[test]
    fn a_pod_that_failed_lately_is_found_with_its_reason() {
        let pod = Pod {
            reason: "DeadlineExceeded".into(),
            message: "Pod was active\ntoo long".into(),
            conditions: vec![status("Ready", "False", "PodFailed", ago(100))],
            ..ended_pod("Failed", "Never", vec![in_end("init", end("Completed", 0, 4000))])
        };
        check(&Scene::new(), pod.clone(), &["PodFailed: DeadlineExceeded: Pod was active too long"]);
        check(&Scene::new().after(499), pod.clone(), &["PodFailed"]);
        check(&Scene::new().after(500), pod.clone(), &[]);
        check(&Scene::new(), Pod { meta: owned_by("Job"), ..pod }, &[]);
    }

    #[test]
    fn an_eviction_is_news_for_ten_minutes_also_without_containers() {
        let bare = |seconds| Pod {
            reason: "Evicted".into(),
            message: "The node was low on resource: memory.".into(),
            started: Some(ago(seconds)),
            conditions: Vec::new(),
            ..ended_pod("Failed", "Always", Vec::new())
        };
        check(&Scene::new(), bare(599), &["Evicted: The node was low on resource: memory."]);
        check(&Scene::new(), bare(600), &[]);
        let marked = Pod { conditions: vec![status("DisruptionTarget", "True", "", ago(10))], ..bare(9000) };
        let finding = Scene::new().find(marked, "Evicted").expect("it was evicted just now");
        assert_eq!((finding.since, finding.until), (Some(ago(10)), Some(ago(-590))));
    }
}
