//! `OOMKilled` and `ContainerKilled`: a container ended because it was killed, a short while ago.

use crate::detect::condition::{Condition, Finding, Near, Part, Row};
use crate::detect::limits::NEWS_AGE_MAX;
use crate::detect::pod::containers::{ended, ends, part};
use crate::detect::pod::life::{ended_by_cluster, finished};
use crate::detect::pod::{JOB_FAILED, NODE_DOWN, POD, same};
use crate::detect::status::open_until;
use crate::detect::words::{counted, ending, quote};
use crate::severity::Severity;
use crate::time::{Now, Stamp};
use crate::watch::{Container, Pod, Terminated};

pub(super) static ROWS: [Row<Pod>; 2] = [
    Row {
        condition: Condition {
            reason: "OOMKilled",
            severity: Severity::Critical,
            doc: "The kernel killed a container less than ten minutes ago because it used more memory than its limit, \
                  which the text names, or because the node had none left. Raise the limit, or find what the \
                  program holds on to.",
            ..POD
        },
        detect: out_of_memory,
    },
    Row {
        condition: Condition {
            reason: "ContainerKilled",
            effect_of: &[same(&["CrashLoopBackOff", "OOMKilled", "ContainerFailed"]), NODE_DOWN, JOB_FAILED],
            doc: "A container was killed by SIGKILL less than ten minutes ago, neither for memory nor because its pod \
                  is being deleted. Most often it failed its liveness probe and did not stop within its grace period, \
                  or a process on the node killed it: look at the pod's events.",
            ..POD
        },
        detect: killed,
    },
];

fn out_of_memory(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    if &*pod.phase == "Succeeded" {
        return None;
    }
    found(
        pod,
        near.now,
        |_, end| &*end.reason == "OOMKilled",
        |container, end| {
            let limit = match quote(&container.memory_limit) {
                limit if limit.is_empty() => "no memory limit".to_owned(),
                limit => format!("memory limit {limit}"),
            };
            format!("{}, {limit}, {}", ending(end), counted(container.restarts, "restart"))
        },
    )
}

fn killed(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    if ended_by_cluster(pod) || &*pod.phase == "Succeeded" {
        return None;
    }
    // When its last regular container ends, the kubelet takes the sidecars of a pod down.
    let over = finished(pod)
        || pod.containers.iter().filter(|other| !other.init).all(|other| ended(other).is_some());
    let by_signal = |container: &Container, end: &Terminated| {
        let killed = end.signal == 9 || end.exit_code == 137;
        killed && &*end.reason != "OOMKilled" && !(over && container.init)
    };
    found(pod, near.now, by_signal, |container, end| {
        format!("{}, {}", ending(end), counted(container.restarts, "restart"))
    })
}

/// A finding over all containers whose current or last end is recent and of that sort.
fn found(
    pod: &Pod,
    now: Now,
    sort: impl Fn(&Container, &Terminated) -> bool,
    text: impl Fn(&Container, &Terminated) -> String,
) -> Option<Finding> {
    let recent = |container: &'_ Container| -> Option<(Part, Stamp)> {
        let news =
            |end: &&Terminated| end.finished.is_some_and(|at| open_until(at, NEWS_AGE_MAX, now).is_some());
        let end = ends(container).find(|end| sort(container, end) && news(end))?;
        Some((part(container, text(container, end)), end.finished?))
    };
    let (parts, stamps): (Vec<Part>, Vec<Stamp>) = pod.containers.iter().filter_map(recent).unzip();
    let until = stamps.iter().max().map(|last| last.plus(NEWS_AGE_MAX));
    Some(Finding::of_parts(parts)?.since(stamps.into_iter().min()).until(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        Scene, ago, check, end, ended as in_end, ended_pod, owned_by, pod, restarted, running, status,
        waiting,
    };
    use crate::watch::Meta;

    fn quiet() -> Scene {
        Scene::new().switched("ContainerRestart", false)
    }

    fn with(containers: impl Into<Vec<Container>>) -> Pod {
        Pod { containers: containers.into(), ..pod() }
    }

    #[test]
    fn an_oom_kill_stands_for_ten_minutes_and_names_the_limit() {
        let limited = Container { memory_limit: "64Mi".into(), ..running("app", 90) };
        let pod = with([restarted(limited, 1, end("OOMKilled", 137, 100))]);
        check(&quiet(), pod.clone(), &["OOMKilled: app: OOMKilled (exit 137), memory limit 64Mi, 1 restart"]);
        let finding = quiet().find(pod.clone(), "OOMKilled").expect("it was killed");
        assert_eq!((finding.since, finding.until), (Some(ago(100)), Some(ago(-500))));
        check(&quiet().after(499), pod.clone(), &["OOMKilled"]);
        check(&quiet().after(500), pod, &[]);
    }

    #[test]
    fn an_oom_kill_is_found_in_the_current_end_and_of_every_container() {
        let init = Container { init: true, ..in_end("load", end("OOMKilled", 137, 10)) };
        let pod =
            with([init, restarted(running("app", 3), 2, end("OOMKilled", 137, 5)), running("web", 900)]);
        let scene = quiet();
        let finding = scene.find(pod, "OOMKilled").expect("two were killed");
        assert_eq!(finding.parts.len(), 2);
        assert_eq!((finding.since, finding.until), (Some(ago(10)), Some(ago(-595))));
        assert!(
            finding
                .text
                .starts_with("init container load: OOMKilled (exit 137), no memory limit, 0 restarts;")
        );
        let retried = Container {
            init: true,
            ..restarted(in_end("load", end("Completed", 0, 5)), 1, end("OOMKilled", 137, 60))
        };
        check(
            &scene,
            ended_pod("Succeeded", "OnFailure", vec![retried, in_end("app", end("Completed", 0, 1))]),
            &[],
        );
    }

    #[test]
    fn an_oom_kill_in_a_loop_finds_both() {
        let looping = restarted(waiting("app", "CrashLoopBackOff", ""), 5, end("OOMKilled", 137, 30));
        check(&quiet(), with([looping]), &["CrashLoopBackOff: app: OOMKilled (exit 137), 5", "OOMKilled"]);
    }

    #[test]
    fn a_kill_by_signal_or_exit_code_stands_for_ten_minutes() {
        let by_code = with([restarted(running("app", 90), 1, end("Error", 137, 100))]);
        check(&quiet(), by_code.clone(), &["ContainerKilled: app: SIGKILL (exit 137), 1 restart"]);
        check(&quiet().after(499), by_code.clone(), &["ContainerKilled"]);
        check(&quiet().after(500), by_code, &[]);
        let by_signal = Terminated { signal: 9, ..end("Error", 0, 100) };
        check(&quiet(), with([restarted(running("app", 90), 1, by_signal)]), &["ContainerKilled"]);
        check(&quiet(), with([restarted(running("app", 90), 1, end("Error", 143, 100))]), &[]);
    }

    #[test]
    fn what_the_cluster_ends_was_not_killed() {
        let killed = || vec![restarted(in_end("app", end("Error", 137, 10)), 1, end("Error", 137, 100))];
        let leaving = Meta { deleted: Some(ago(-60)), ..owned_by("ReplicaSet") };
        assert_eq!(quiet().find(Pod { meta: leaving, ..with(killed()) }, "ContainerKilled"), None);
        let marked =
            vec![status("Ready", "True", "", ago(900)), status("DisruptionTarget", "True", "", ago(20))];
        assert_eq!(quiet().find(Pod { conditions: marked, ..with(killed()) }, "ContainerKilled"), None);
        let shutdown = Pod { reason: "NodeShutdown".into(), ..ended_pod("Failed", "Always", killed()) };
        assert_eq!(quiet().find(shutdown, "ContainerKilled"), None);
        let sidecar = Container { init: true, ..in_end("proxy", end("Error", 137, 1)) };
        let done = vec![sidecar.clone(), in_end("app", end("Completed", 0, 5))];
        assert_eq!(quiet().find(with(done), "ContainerKilled"), None);
        assert!(quiet().find(with([sidecar, running("app", 50)]), "ContainerKilled").is_some());
    }
}
