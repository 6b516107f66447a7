//! Waiting reasons that are problems of their own: an image that cannot be used, a container that cannot be created or
//! started. Twins but for their names and waits.

use std::time::Duration;

use crate::detect::condition::{Condition, EffectOf, Finding, Near, Part, Row};
use crate::detect::limits::FAILURE_AGE_MAX;
use crate::detect::pod::containers::{ended, part, waits};
use crate::detect::pod::life::{finished, of_job};
use crate::detect::pod::{JOB_FAILED, NODE_DOWN, POD, same};
use crate::detect::status::open_until;
use crate::detect::words::{quote, reason_and_message};
use crate::time::{Now, Stamp};
use crate::watch::{Container, Pod};

const AT_ONCE: Duration = Duration::ZERO;
const MINUTE: Duration = Duration::from_secs(60);

/// A container that cannot start is restarted; between two tries it shows as a crash loop.
const LOOPING: &[EffectOf] = &[same(&["CrashLoopBackOff"]), NODE_DOWN, JOB_FAILED];

pub(super) static ROWS: [Row<Pod>; 6] = [
    twin(
        "InvalidImageName",
        AT_ONCE,
        "The image name of a container is not a valid reference. Nothing but a change of the pod's specification \
         helps: check for upper case letters, spaces and a template that was not filled in.",
        |pod, near| detect(pod, near, "InvalidImageName"),
    ),
    twin(
        "ErrImageNeverPull",
        AT_ONCE,
        "The image of a container is not on its node, and `imagePullPolicy: Never` forbids to pull it. Load the image \
         on every node that may run the pod, or allow to pull it.",
        |pod, near| detect(pod, near, "ErrImageNeverPull"),
    ),
    twin(
        "CreateContainerConfigError",
        MINUTE,
        "A container cannot be configured, most often because a Secret or ConfigMap, or a key of one, does not exist; \
         the text names it. Create what is missing; the container then starts by itself.",
        |pod, near| detect(pod, near, "CreateContainerConfigError"),
    ),
    explained(twin(
        "CreateContainerError",
        MINUTE,
        "The container runtime refuses to create a container; the text carries its answer. Common causes are a \
         command that is missing, a name that is still in use, and a mount that the image does not allow.",
        |pod, near| detect(pod, near, "CreateContainerError"),
    )),
    explained(twin(
        "RunContainerError",
        MINUTE,
        "A container was created but cannot be started; the text carries the runtime's answer, such as a command \
         that does not exist in the image or may not be executed.",
        |pod, near| detect(pod, near, "RunContainerError"),
    )),
    explained(twin(
        "StartError",
        MINUTE,
        "The first process of a container could not be started; the text names the command. Check `command` and \
         `args` against what is in the image, and the rights of the file.",
        |pod, near| detect(pod, near, "StartError"),
    )),
];

type Detect = fn(&Pod, &Near<'_>) -> Option<Finding>;

const fn twin(reason: &'static str, hold_for: Duration, doc: &'static str, detect: Detect) -> Row<Pod> {
    Row { condition: Condition { reason, hold_for, hold_down: MINUTE, doc, ..POD }, detect }
}

const fn explained(row: Row<Pod>) -> Row<Pod> {
    Row { condition: Condition { effect_of: LOOPING, ..row.condition }, detect: row.detect }
}

fn detect(pod: &Pod, near: &Near<'_>, reason: &str) -> Option<Finding> {
    let stuck = |container: &Container| -> Option<(Part, Option<Stamp>)> {
        let (message, since) = stuck(pod, container, reason, near.now)?;
        let text = match quote(message) {
            message if message.is_empty() => reason_and_message(reason, &container.image),
            message => message,
        };
        Some((part(container, text), since))
    };
    let (parts, since): (Vec<Part>, Vec<Option<Stamp>>) = pod.containers.iter().filter_map(stuck).unzip();
    let over = finished(pod).then(|| since.iter().flatten().max()).flatten();
    let until = over.map(|last| last.plus(FAILURE_AGE_MAX));
    Some(Finding::of_parts(parts)?.since(since.into_iter().flatten().min()).until(until))
}

/// What is said about a container that waits with that reason, or ended with it.
fn stuck<'a>(
    pod: &Pod,
    container: &'a Container,
    reason: &str,
    now: Now,
) -> Option<(&'a str, Option<Stamp>)> {
    if let Some((found, message)) = waits(container) {
        return (found == reason && !finished(pod)).then_some((message, None));
    }
    let end = ended(container).filter(|end| &*end.reason == reason)?;
    // What nothing will start again is told for a day, and of a Job by the Job.
    let fresh = end.finished.is_some_and(|at| open_until(at, FAILURE_AGE_MAX, now).is_some());
    (!finished(pod) || (fresh && !of_job(pod))).then_some((&*end.message, end.finished))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{
        Scene, ago, check, end, ended as in_end, ended_pod, owned_by, pending, waiting,
    };
    use crate::watch::Terminated;

    #[test]
    fn each_reason_finds_itself_and_says_what_is_missing() {
        for row in &ROWS {
            let reason = row.condition.reason;
            let init = Container { init: true, ..waiting("load", reason, "") };
            let pod = pending(vec![init, waiting("app", reason, "secret \"db\"\nnot found")]);
            let expected = format!(
                "{reason}: init container load: {reason}: registry.test/app:1; app: secret \"db\" not found"
            );
            check(&Scene::new(), pod.clone(), &[&expected]);
            check(&Scene::new(), ended_pod("Succeeded", "Never", pod.containers), &[]);
        }
    }

    #[test]
    fn a_start_error_is_found_where_it_ended_and_for_a_day_where_nothing_restarts_it() {
        let failed = Terminated { message: "exec /x: no such file".into(), ..end("StartError", 128, 100) };
        let restarting = pending(vec![in_end("app", failed.clone())]);
        check(&Scene::new(), restarting, &["StartError: app: exec /x: no such file"]);
        let over = ended_pod("Failed", "Never", vec![in_end("app", failed)]);
        let finding = Scene::new().find(over.clone(), "StartError").expect("it is fresh");
        assert_eq!((finding.since, finding.until), (Some(ago(100)), Some(ago(100 - 86_400))));
        check(&Scene::new().after(86_299), over.clone(), &["StartError", "ContainerFailed"]);
        check(&Scene::new().after(86_300), over.clone(), &[]);
        let of_job = Pod { meta: owned_by("Job"), ..over };
        assert_eq!(Scene::new().find(of_job, "StartError"), None);
    }
}
