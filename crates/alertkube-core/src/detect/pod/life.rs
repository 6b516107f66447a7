//! Where a pod stands in its life, and when time alone moves it on.

use std::time::Duration;

use crate::detect::condition::Near;
use crate::detect::limits::{BACK_OFF_MAX, FAILURE_AGE_MAX, HINT_AGE_MAX, NEWS_AGE_MAX};
use crate::detect::pod::containers::ends;
use crate::detect::status::{named, open_until, standing};
use crate::time::{Now, Stamp};
use crate::watch::{Container, ContainerState, Pod};

/// The back-off of the kubelet after the first crash of a loop.
const FIRST_BACK_OFF: Duration = Duration::from_secs(10);

/// Whether a pod needs no more attention than its next change. The view of any other is kept, so that an event about
/// it can be judged; therefore conditions that read events hold for unsettled pods only.
pub(super) fn settled(pod: &Pod, now: Now) -> bool {
    if deleting(pod) {
        return false;
    }
    let restless = |at| open_until(at, NEWS_AGE_MAX, now).is_some();
    finished(pod) || (&*pod.phase != "Pending" && ready(pod) && !finishes(pod).any(restless))
}

/// The next instant at which time alone may change what is found: the end of one of the windows that conditions look
/// through, for any one container or event.
pub(super) fn next_edge(pod: &Pod, near: &Near<'_>) -> Option<Stamp> {
    let news = finishes(pod).flat_map(|at| [at.plus(NEWS_AGE_MAX), at.plus(near.behavior.event_ttl)]);
    let containers = pod.containers.iter().filter_map(|container| match &container.state {
        ContainerState::Running { since } if container.restarts > 1 => {
            Some((*since)?.plus(back_off(container)))
        }
        ContainerState::Terminated(end) => Some(end.finished?.plus(FAILURE_AGE_MAX)),
        ContainerState::Running { .. } | ContainerState::Waiting { .. } | ContainerState::Unknown => None,
    });
    let hints = near.hints.iter().map(|hint| hint.last.plus(HINT_AGE_MAX));
    news.chain(containers).chain(hints).filter(|at| *at > near.now.stamp()).min()
}

/// How long the kubelet waits before it starts this container again: ten seconds, doubled with each crash.
pub(super) fn back_off(container: &Container) -> Duration {
    let doublings = u32::try_from(container.restarts.clamp(1, 10) - 1).unwrap_or(0);
    (FIRST_BACK_OFF * 2_u32.pow(doublings)).min(BACK_OFF_MAX)
}

pub(super) fn deleting(pod: &Pod) -> bool {
    pod.meta.deleted.is_some()
}

/// Whether the pod is over: nothing in it will run again.
pub(super) fn finished(pod: &Pod) -> bool {
    matches!(&*pod.phase, "Succeeded" | "Failed")
}

/// Whether the cluster itself ends this pod: it was deleted, is about to be, or failed for a reason of its own such as
/// an eviction. How its containers end then says nothing about them.
pub(super) fn ended_by_cluster(pod: &Pod) -> bool {
    let failed_whole = &*pod.phase == "Failed" && !pod.reason.is_empty();
    deleting(pod) || failed_whole || standing(&pod.conditions, "DisruptionTarget").is_some()
}

pub(super) fn ready(pod: &Pod) -> bool {
    standing(&pod.conditions, "Ready").is_some()
}

/// When the pod became ready, or ceased to be.
pub(super) fn ready_since(pod: &Pod) -> Option<Stamp> {
    named(&pod.conditions, "Ready")?.since
}

pub(super) fn of_job(pod: &Pod) -> bool {
    pod.meta.owner.as_ref().is_some_and(|owner| &*owner.kind == "Job")
}

/// When a finished pod ended, as near as its stamps tell: nothing in its status changed later.
pub(super) fn over_since(pod: &Pod) -> Option<Stamp> {
    let changes = pod.conditions.iter().filter_map(|condition| condition.since);
    finishes(pod).chain(changes).chain(pod.started).max().or(pod.meta.created)
}

fn finishes(pod: &Pod) -> impl Iterator<Item = Stamp> + '_ {
    pod.containers.iter().flat_map(ends).filter_map(|end| end.finished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        NOON, Scene, ago, end, ended, ended_pod, hint, now_after, owned_by, pending, pod, restarted, running,
        waiting,
    };
    use crate::watch::Meta;

    #[test]
    fn a_pod_is_settled_ten_minutes_after_its_last_restart() {
        let pod = Pod { containers: vec![restarted(running("app", 99), 1, end("Error", 1, 100))], ..pod() };
        assert!(!settled(&pod, now_after(499)));
        assert!(settled(&pod, now_after(500)));
        let look = Scene::new().look(&pod.clone().into());
        assert_eq!(look.again, Some(NOON.plus(Duration::from_secs(500))));
        let after = Scene::new().after(500).look(&pod.into());
        assert!(after.findings.is_empty() && !after.keep && after.again.is_none());
    }

    #[test]
    fn what_starts_is_unready_or_leaves_is_unsettled() {
        let now = now_after(0);
        assert!(!settled(&pending(vec![waiting("app", "ContainerCreating", "")]), now));
        assert!(!settled(&Pod { conditions: Vec::new(), ..pod() }, now));
        assert!(!settled(&Pod { meta: Meta { deleted: Some(ago(1)), ..owned_by("Job") }, ..pod() }, now));
        assert!(settled(&ended_pod("Failed", "Never", vec![ended("app", end("Error", 1, 1))]), now));
    }

    #[test]
    fn the_end_of_each_window_is_an_edge() {
        let pod = Pod { containers: vec![restarted(running("app", 20), 3, end("Error", 1, 50))], ..pod() };
        let scene = Scene::new().hints([hint("Unhealthy", "app", 1, (290, 285))]);
        let edges = [0, 15, 20, 70].map(|after| {
            let mut scene = Scene::new().hints(scene.hints.clone()).after(after);
            scene.settings.behavior.event_ttl = Duration::from_secs(120);
            scene.look(&pod.clone().into()).again.map(|at| at.since(NOON).as_secs())
        });
        assert_eq!(edges, [Some(15), Some(20), Some(70), Some(550)]);
    }

    #[test]
    fn the_back_off_doubles_up_to_five_minutes() {
        let after = |restarts| back_off(&Container { restarts, ..Container::default() }).as_secs();
        assert_eq!([1, 2, 3, 5, 6, i64::MAX].map(after), [10, 20, 40, 160, 300, 300]);
        assert_eq!([0, -1, i64::MIN].map(after), [10, 10, 10]);
    }
}
