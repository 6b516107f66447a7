//! `ContainerRestart`: a container was restarted, and nothing better explains it.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Part, Row};
use crate::detect::pod::containers::part;
use crate::detect::pod::life::{deleting, finished};
use crate::detect::pod::{JOB_FAILED, NODE_DOWN, POD, SAME_ANY};
use crate::detect::status::open_until;
use crate::detect::words::{counted, ending};
use crate::time::Stamp;
use crate::watch::{Container, Pod};

pub(super) static ROWS: [Row<Pod>; 1] = [Row {
    condition: Condition {
        reason: "ContainerRestart",
        hold_for: Duration::from_secs(30),
        effect_of: &[SAME_ANY, NODE_DOWN, JOB_FAILED],
        event: Some(Duration::from_secs(3600)),
        doc: "A container was restarted, and half a minute later nothing stronger is wrong with its pod. It is told \
              at most once per pod and hour. `behavior.ignoreRestartCount` silences pods that restart all the time, \
              `behavior.ignoreRestartsWithExitCodeZero` those whose program ends well. Read the log of the previous \
              run (`kubectl logs --previous`).",
        ..POD
    },
    detect,
}];

fn detect(pod: &Pod, near: &Near<'_>) -> Option<Finding> {
    let total = pod.containers.iter().fold(0, |sum: i64, container| sum.saturating_add(container.restarts));
    if finished(pod) || deleting(pod) || total > near.behavior.ignore_restart_count {
        return None;
    }
    let recent = |container: &Container| -> Option<(Part, Stamp)> {
        let last = container.last.as_ref().filter(|_| container.restarts > 0)?;
        let ignored = near.behavior.ignore_restarts_with_exit_code_zero && last.exit_code == 0;
        open_until(last.finished?, near.behavior.event_ttl, near.now).filter(|_| !ignored)?;
        let text = format!("restarted after {}, {}", ending(last), counted(container.restarts, "restart"));
        Some((part(container, text), last.finished?))
    };
    let (parts, ends): (Vec<Part>, Vec<Stamp>) = pod.containers.iter().filter_map(recent).unzip();
    let since = ends.into_iter().max();
    let until = since.map(|since| since.plus(near.behavior.event_ttl));
    Some(Finding::of_parts(parts)?.since(since).until(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, end, ended_pod, owned_by, pod, restarted, running};
    use crate::watch::Meta;

    fn once() -> Pod {
        Pod { containers: vec![restarted(running("app", 99), 1, end("Error", 2, 100))], ..pod() }
    }

    #[test]
    fn a_restart_is_found_until_its_ttl_has_passed() {
        check(&Scene::new(), once(), &["ContainerRestart: app: restarted after exit 2, 1 restart"]);
        let finding = Scene::new().find(once(), "ContainerRestart").expect("it restarted");
        assert_eq!((finding.since, finding.until), (Some(ago(100)), Some(ago(-500))));
        let mut scene = Scene::new();
        scene.settings.behavior.event_ttl = Duration::from_secs(101);
        check(&scene, once(), &["ContainerRestart"]);
        scene.settings.behavior.event_ttl = Duration::from_secs(100);
        check(&scene, once(), &[]);
    }

    #[test]
    fn the_total_of_all_restarts_is_held_against_the_limit() {
        let containers = |restarts| {
            let init =
                Container { init: true, ..restarted(running("proxy", 4999), 10, end("Error", 2, 5000)) };
            vec![init, restarted(running("app", 99), restarts, end("Error", 2, 100))]
        };
        check(&Scene::new(), Pod { containers: containers(20), ..pod() }, &["ContainerRestart: app"]);
        check(&Scene::new(), Pod { containers: containers(21), ..pod() }, &[]);
    }

    #[test]
    fn exit_code_zero_counts_unless_the_settings_say_otherwise() {
        let well =
            Pod { containers: vec![restarted(running("app", 99), 1, end("Completed", 0, 100))], ..pod() };
        check(&Scene::new(), well.clone(), &["ContainerRestart"]);
        let mut scene = Scene::new();
        scene.settings.behavior.ignore_restarts_with_exit_code_zero = true;
        check(&scene, well, &[]);
    }

    #[test]
    fn a_pod_that_is_over_or_leaves_did_not_restart() {
        check(&Scene::new(), Pod { phase: "Succeeded".into(), ..once() }, &[]);
        let leaving = Meta { deleted: Some(ago(-60)), ..owned_by("ReplicaSet") };
        assert_eq!(Scene::new().find(Pod { meta: leaving, ..once() }, "ContainerRestart"), None);
        let failed = ended_pod("Failed", "OnFailure", once().containers);
        assert_eq!(Scene::new().find(failed, "ContainerRestart"), None);
    }
}
