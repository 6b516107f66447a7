//! `CrashLoopBackOff`: a container keeps ending soon after it started, and the kubelet waits ever longer between its
//! runs.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Row};
use crate::detect::limits::{BACK_OFF_MAX, NEWS_AGE_MAX};
use crate::detect::pod::containers::{ended, ends, failed, part, waits};
use crate::detect::pod::life::{back_off, deleting, finished};
use crate::detect::pod::{JOB_FAILED, NODE_DOWN, POD, same};
use crate::detect::status::open_until;
use crate::detect::words::{counted, ending_and_why};
use crate::severity::Severity;
use crate::time::{Now, Stamp};
use crate::watch::{Container, ContainerState, Pod, Terminated};

pub(super) static ROWS: [Row<Pod>; 1] = [Row {
    condition: Condition {
        reason: "CrashLoopBackOff",
        since_moves: true,
        severity: Severity::Critical,
        hold_down: Duration::from_secs(600),
        effect_of: &[same(&["OOMKilled"]), NODE_DOWN, JOB_FAILED],
        doc: "A container keeps crashing: the kubelet makes it wait before it starts it again, or it runs between two \
              crashes of such a loop. The text names the exit code or signal of the last run. It is over when the \
              container has run for ten minutes beyond its back-off. Read the log of the previous run \
              (`kubectl logs --previous`) and look at what changed last: image, configuration, a dependency.",
        ..POD
    },
    detect,
}];

/// The kubelet starts a container again at once after the first crash, and waits ten seconds or more in a loop; the
/// stamps of both ends are cut to whole seconds.
const LOOP_GAP: Duration = Duration::from_secs(9);
/// The longest back-off, and as long again to pull the image and to start; after a longer gap something else, such as
/// the node, was down.
const LOOP_GAP_LONGEST: Duration = BACK_OFF_MAX.saturating_mul(2);
/// The kubelet forgets the loop when a container has run for ten minutes; crashes of one loop are never further apart.
const LOOP_PERIOD: Duration = Duration::from_secs(NEWS_AGE_MAX.as_secs() + BACK_OFF_MAX.as_secs());

fn detect(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    if finished(pod) {
        return None;
    }
    let looping = |container| Some((container, state(pod, container, near.now)?));
    let failing: Vec<(&Container, State)> = pod.containers.iter().filter_map(looping).collect();
    let since =
        failing.iter().filter_map(|(container, _)| ends(container).next()?.finished).min().or(pod.started);
    let back_offs: Option<Vec<Stamp>> = failing.iter().map(|(_, state)| state.until()).collect();
    let parts = failing.iter().map(|(container, _)| part(container, text(container))).collect();
    let until = back_offs.and_then(|ends| ends.into_iter().max());
    Some(Finding::of_parts(parts)?.since(since).until(until))
}

fn text(container: &Container) -> String {
    let restarts = counted(container.restarts, "restart");
    match ends(container).next() {
        Some(end) => format!("{}, {restarts}", ending_and_why(end)),
        None => restarts,
    }
}

/// Where in its loop a container is.
enum State {
    Down,
    UpUntil(Stamp),
}

impl State {
    fn until(&self) -> Option<Stamp> {
        match self {
            State::Down => None,
            State::UpUntil(until) => Some(*until),
        }
    }
}

fn state(pod: &Pod, container: &Container, now: Now) -> Option<State> {
    if waits(container).is_some_and(|(reason, _)| reason == "CrashLoopBackOff") {
        return Some(State::Down);
    }
    let last = container.last.as_ref().filter(|last| failed(last));
    // A pod that is being deleted takes its containers down itself.
    if container.restarts < 2 || deleting(pod) {
        return None;
    }
    if let Some(end) = ended(container) {
        return (failed(end) && last.is_none_or(|last| close(last, end))).then_some(State::Down);
    }
    let ContainerState::Running { since: Some(since) } = container.state else { return None };
    let in_loop = last.is_some_and(|last| ended_itself(last) && backed_off(last, since));
    open_until(since, back_off(container), now).filter(|_| in_loop).map(State::UpUntil)
}

/// Whether the kubelet waited before it started the container again.
fn backed_off(last: &Terminated, up: Stamp) -> bool {
    last.finished.is_none_or(|down| (LOOP_GAP..=LOOP_GAP_LONGEST).contains(&up.since(down)))
}

/// Whether a run ended by itself; of one that was lost with its node nobody knows how it would have ended.
fn ended_itself(end: &Terminated) -> bool {
    !matches!(&*end.reason, "Unknown" | "ContainerStatusUnknown")
}

/// Whether two crashes are of one loop; a container that crashes once a week is not in any.
fn close(last: &Terminated, end: &Terminated) -> bool {
    last.finished.zip(end.finished).is_none_or(|(last, end)| end.since(last) <= LOOP_PERIOD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        NOON, Scene, ago, check, end, ended as in_end, ended_pod, owned_by, pending, pod, restarted, running,
        waiting,
    };
    use crate::watch::Meta;

    fn looping(name: &str, restarts: i64, last: Terminated) -> Container {
        restarted(
            waiting(name, "CrashLoopBackOff", "back-off 2m40s restarting failed container"),
            restarts,
            last,
        )
    }

    fn with(containers: impl Into<Vec<Container>>) -> Pod {
        Pod { containers: containers.into(), ..pod() }
    }

    fn find(pod: Pod) -> Option<Finding> {
        Scene::new().find(pod, "CrashLoopBackOff")
    }

    #[test]
    fn every_looping_container_is_named_with_how_it_ended() {
        let init = Container { init: true, ..looping("migrate", 4, end("Error", 137, 3000)) };
        let pod = with([init, running("app", 60), looping("proxy", 1, end("Error", 3, 2000))]);
        check(
            &Scene::new(),
            pod.clone(),
            &[
                "CrashLoopBackOff: init container migrate: SIGKILL (exit 137), 4 restarts; proxy: exit 3, 1 restart",
            ],
        );
        let finding = find(pod).expect("it loops");
        assert_eq!((finding.since, finding.until), (Some(ago(3000)), None));
        let names: Vec<_> = finding.parts.iter().map(|part| &*part.name).collect();
        assert_eq!(names, ["init container migrate", "proxy"]);
    }

    #[test]
    fn a_command_that_ends_well_or_cannot_start_loops_too() {
        let start = Terminated { message: "exec: no such file".into(), ..end("StartError", 128, 5000) };
        check(
            &Scene::new(),
            with([looping("app", 2, start)]),
            &["CrashLoopBackOff: app: StartError (exit 128): exec: no such file, 2 restarts"],
        );
        let ended = end("Completed", 0, 5000);
        check(
            &Scene::new(),
            with([looping("app", 2, ended)]),
            &["CrashLoopBackOff: app: exit 0, 2 restarts"],
        );
        let unknown = Container { last: None, ..looping("app", 2, Terminated::default()) };
        let finding = find(pending(vec![unknown])).expect("it loops");
        assert_eq!((finding.since, &*finding.text), (Some(ago(60)), "app: 2 restarts"));
    }

    #[test]
    fn between_two_crashes_it_holds_until_the_back_off_has_passed() {
        let up = with([restarted(running("app", 30), 3, end("Error", 1, 50))]);
        assert_eq!(
            find(up.clone()).and_then(|finding| finding.until),
            Some(NOON.plus(Duration::from_secs(10)))
        );
        assert!(Scene::new().after(9).find(up.clone(), "CrashLoopBackOff").is_some());
        assert!(Scene::new().after(10).find(up, "CrashLoopBackOff").is_none());
    }

    #[test]
    fn a_crash_that_is_not_of_a_loop_finds_nothing() {
        let at_once = restarted(running("app", 4), 9, end("Error", 1, 5));
        let well = restarted(running("app", 4), 9, end("Completed", 0, 20));
        let first = restarted(running("app", 4), 1, end("Error", 1, 20));
        let weekly = restarted(in_end("app", end("Error", 1, 1)), 9, end("Error", 1, 600_000));
        let rebooted = restarted(running("app", 4), 9, end("Unknown", 255, 60));
        let away = restarted(running("app", 4), 9, end("Error", 1, 605));
        for container in [at_once, well, first, weekly, rebooted, away] {
            assert_eq!(find(with([container])), None);
        }
    }

    #[test]
    fn a_container_that_just_crashed_again_is_in_the_loop_unless_its_pod_leaves() {
        let down = with([restarted(in_end("app", end("Error", 1, 1)), 2, end("Error", 1, 60))]);
        assert_eq!(find(down.clone()).and_then(|finding| finding.since), Some(ago(1)));
        let leaving = Meta { deleted: Some(ago(0)), ..owned_by("ReplicaSet") };
        assert_eq!(find(Pod { meta: leaving, ..down }), None);
        let over = vec![looping("app", 6, end("Error", 1, 5000))];
        assert_eq!(find(ended_pod("Failed", "OnFailure", over)), None);
    }
}
