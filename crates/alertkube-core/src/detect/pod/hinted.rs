//! `ProbeFailing`, `FailedMount` and `PodSandboxFailed`: what only the kubelet's Warning events say. They hold for
//! unsettled pods alone, whose views are kept, so that it does not matter whether pod or event is seen first.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Part, Row};
use crate::detect::hints::Hint;
use crate::detect::limits::HINT_AGE_MAX;
use crate::detect::pod::containers::{being_created, part, runs};
use crate::detect::pod::life::{deleting, finished, ready_since, settled};
use crate::detect::pod::{JOB_FAILED, NODE_ANY, POD};
use crate::detect::status::open_until;
use crate::time::Stamp;
use crate::watch::{Container, Pod};

pub(super) static ROWS: [Row<Pod>; 3] = [
    Row {
        condition: Condition {
            reason: "ProbeFailing",
            hold_for: Duration::from_secs(300),
            hold_down: Duration::from_secs(120),
            doc: "A probe of a running container has failed again and again for five minutes; the text carries the \
                  probe's last answer. Readiness probes take the pod out of its Services, liveness and startup \
                  probes restart the container. Check the probe's port, path and timeout, then the program.",
            ..POD
        },
        detect: probe_failing,
    },
    Row {
        condition: Condition {
            reason: "FailedMount",
            hold_for: Duration::from_secs(180),
            hold_down: Duration::from_secs(60),
            doc: "A pod cannot start because one of its volumes can be neither attached nor mounted; the text \
                  carries the kubelet's or the attach controller's answer. Look for a Secret or ConfigMap that does \
                  not exist, a volume that is still attached elsewhere, and the storage driver on the node.",
            ..POD
        },
        detect: |pod, near| stuck_in_creation(pod, near, &["FailedMount", "FailedAttachVolume"]),
    },
    Row {
        condition: Condition {
            reason: "PodSandboxFailed",
            hold_for: Duration::from_secs(180),
            hold_down: Duration::from_secs(60),
            effect_of: &[NODE_ANY, JOB_FAILED],
            doc: "The sandbox of a pod, its network above all, cannot be set up; the text carries the runtime's \
                  answer. Look at the network plugin on the node and at what addresses it has left.",
            ..POD
        },
        detect: |pod, near| stuck_in_creation(pod, near, &["FailedCreatePodSandBox"]),
    },
];

fn probe_failing(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    if !open_to_hints(pod, near) {
        return None;
    }
    let failing = |container: &Container| -> Option<(Part, Series<'_>)> {
        let names_it = |hint: &&Hint| hint.container == container.name || hint.container.is_empty();
        let hints = near.hints.iter().filter(|hint| hint.reason == "Unhealthy").filter(names_it);
        let series = Series::of(hints, near).filter(|_| runs(container))?;
        Some((part(container, series.message.to_owned()), series))
    };
    let (parts, series): (Vec<Part>, Vec<Series<'_>>) = pod.containers.iter().filter_map(failing).unzip();
    let first = series.iter().map(|series| series.first).min();
    // The same event goes on being counted for hours; what failed before the pod became what it is counts no more.
    let since = first.map(|first| ready_since(pod).map_or(first, |since| since.max(first)));
    let until = series.iter().map(|series| series.until).max();
    Some(Finding::of_parts(parts)?.since(since).until(until))
}

fn stuck_in_creation(pod: &Pod, near: &Near<'_>, reasons: &[&str]) -> Option<Finding> {
    if !open_to_hints(pod, near) || !being_created(pod) {
        return None;
    }
    let series = Series::of(near.hints.iter().filter(|hint| reasons.contains(&hint.reason)), near)?;
    Some(Finding::new(series.message).since(Some(series.first)).until(Some(series.until)))
}

fn open_to_hints(pod: &Pod, near: &Near<'_>) -> bool {
    !near.hints.is_empty() && !deleting(pod) && !finished(pod) && !settled(pod, near.now)
}

/// Events of one sort that repeat.
struct Series<'a> {
    first: Stamp,
    until: Stamp,
    message: &'a str,
}

impl<'a> Series<'a> {
    /// Two sightings within the window are a series, be they of one event or of several. It ends when so many of them
    /// have left the window that fewer than two remain.
    fn of(hints: impl Iterator<Item = &'a Hint>, near: &Near<'_>) -> Option<Series<'a>> {
        let mut recent: Vec<(Stamp, &Hint)> =
            hints.filter_map(|hint| Some((open_until(hint.last, HINT_AGE_MAX, near.now)?, hint))).collect();
        recent.sort_by_key(|(until, hint)| (std::cmp::Reverse(*until), hint.event));
        let mut count: i64 = 0;
        let enough = recent.iter().find(|(_, hint)| {
            count = count.saturating_add(hint.count);
            count >= 2
        });
        let (until, _) = *enough?;
        let first = recent.iter().map(|(_, hint)| hint.first).min()?;
        Some(Series { first, until, message: &recent.first()?.1.message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        Scene, ago, check, end, ended_pod, hint, owned_by, pending, pod, restarted, running, status, waiting,
    };
    use crate::watch::Meta;

    fn unready() -> Pod {
        let app = Container { ready: false, ..running("app", 3000) };
        let conditions = vec![status("Ready", "False", "ContainersNotReady", ago(500))];
        Pod { conditions, containers: vec![app, running("web", 3000)], ..pod() }
    }

    fn creating() -> Pod {
        pending(vec![waiting("app", "ContainerCreating", "")])
    }

    #[test]
    fn a_probe_that_fails_again_is_found_until_five_minutes_after_its_last_failure() {
        let failing = || Scene::new().hints([hint("Unhealthy", "app", 2, (200, 10))]);
        check(&failing(), unready(), &["PodNotReady", "ProbeFailing: app: Unhealthy said this"]);
        let finding = failing().find(unready(), "ProbeFailing").expect("it fails");
        assert_eq!((finding.since, finding.until), (Some(ago(200)), Some(ago(-290))));
        check(&failing().after(289), unready(), &["PodNotReady", "ProbeFailing"]);
        check(&failing().after(290), unready(), &["PodNotReady"]);
    }

    #[test]
    fn an_old_series_counts_from_when_the_pod_became_unready() {
        let scene = Scene::new().hints([hint("Unhealthy", "app", 900, (90_000, 10))]);
        assert_eq!(scene.find(unready(), "ProbeFailing").and_then(|finding| finding.since), Some(ago(500)));
    }

    #[test]
    fn one_failure_another_container_or_one_that_does_not_run_is_no_series() {
        let once = hint("Unhealthy", "app", 1, (10, 10));
        check(&Scene::new().hints([once.clone()]), unready(), &["PodNotReady"]);
        check(&Scene::new().hints([hint("Unhealthy", "gone", 9, (99, 10))]), unready(), &["PodNotReady"]);
        let down = Pod { containers: vec![waiting("app", "ContainerCreating", "")], ..unready() };
        let scene = Scene::new().hints([hint("Unhealthy", "app", 9, (99, 10))]);
        check(&scene, down, &["PodNotReady"]);
        let twice = Scene::new().hints([once, hint("Unhealthy", "app", 1, (100, 100))]);
        let finding = twice.find(unready(), "ProbeFailing").expect("two events are a series");
        assert_eq!((finding.since, finding.until), (Some(ago(100)), Some(ago(-200))));
    }

    #[test]
    fn events_about_settled_leaving_or_finished_pods_find_nothing() {
        let scene = || Scene::new().hints([hint("Unhealthy", "app", 9, (99, 10))]);
        check(&scene(), pod(), &[]);
        let restless =
            Pod { containers: vec![restarted(running("app", 599), 1, end("Error", 1, 599))], ..pod() };
        assert!(scene().find(restless.clone(), "ProbeFailing").is_some());
        assert!(scene().after(1).find(restless, "ProbeFailing").is_none());
        let leaving = Meta { deleted: Some(ago(-5)), ..owned_by("ReplicaSet") };
        assert_eq!(scene().find(Pod { meta: leaving, ..unready() }, "ProbeFailing"), None);
        check(&scene(), ended_pod("Succeeded", "Never", vec![running("app", 5)]), &[]);
    }

    #[test]
    fn mounts_and_sandboxes_that_fail_again_are_found_while_the_pod_is_being_created() {
        for (event, reason) in [
            ("FailedMount", "FailedMount"),
            ("FailedAttachVolume", "FailedMount"),
            ("FailedCreatePodSandBox", "PodSandboxFailed"),
        ] {
            let failing = || Scene::new().hints([hint(event, "", 2, (50, 20))]);
            check(&failing(), creating(), &[&format!("{reason}: {event} said this")]);
            let finding = failing().find(creating(), reason).expect("it fails");
            assert_eq!((finding.since, finding.until), (Some(ago(50)), Some(ago(-280))));
            check(&failing().after(280), creating(), &[]);
            check(&Scene::new().hints([hint(event, "", 1, (20, 20))]), creating(), &[]);
            check(&failing(), pending(vec![running("app", 5)]), &[]);
            check(
                &failing(),
                ended_pod("Failed", "Always", vec![waiting("app", "ContainerCreating", "")]),
                &[],
            );
        }
    }
}
