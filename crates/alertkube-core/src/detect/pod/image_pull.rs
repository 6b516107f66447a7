//! `ImagePullBackOff`: an image cannot be pulled. The kubelet alternates between this name and `ErrImagePull`; both are
//! one problem.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Part, Row};
use crate::detect::pod::POD;
use crate::detect::pod::containers::{part, waits};
use crate::detect::pod::life::finished;
use crate::detect::words::quote;
use crate::watch::{Container, Pod};

const BACK_OFF: &str = "ImagePullBackOff";
const ERROR: &str = "ErrImagePull";

pub(super) static ROWS: [Row<Pod>; 1] = [Row {
    condition: Condition {
        reason: BACK_OFF,
        hold_for: Duration::from_secs(30),
        hold_down: Duration::from_secs(60),
        doc: "The image of a container cannot be pulled; the text carries the registry's answer. The kubelet shows \
              the same problem as `ErrImagePull` while it tries and as `ImagePullBackOff` while it waits; both names \
              match. Check the name and tag of the image, the pull secret, and whether the node reaches the registry.",
        ..POD
    },
    detect,
}];

fn detect(pod: &Pod, _near: &Near<'_>) -> Option<Finding> {
    if finished(pod) {
        return None;
    }
    let pulling = |container: &Container| -> Option<(Part, bool)> {
        let (reason, message) = waits(container).filter(|(reason, _)| matches!(*reason, BACK_OFF | ERROR))?;
        Some((part(container, text(&container.image, message)), reason == BACK_OFF))
    };
    let (parts, waiting): (Vec<Part>, Vec<bool>) = pod.containers.iter().filter_map(pulling).unzip();
    let shown = (!waiting.contains(&true)).then_some(ERROR);
    Some(Finding { shown, ..Finding::of_parts(parts)? })
}

fn text(image: &str, message: &str) -> String {
    match quote(message) {
        message if message.is_empty() => format!("image {}", quote(image)),
        message if message.contains(image) => message,
        message => format!("image {}: {message}", quote(image)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, check, ended_pod, pending, running, waiting};

    #[test]
    fn both_names_are_one_problem_that_shows_the_current_one() {
        let refused = waiting("app", ERROR, "failed to pull registry.test/app:1: 401\nUnauthorized");
        let backed_off = waiting("app", BACK_OFF, "Back-off pulling image");
        check(
            &Scene::new(),
            pending(vec![refused]),
            &["ErrImagePull: app: failed to pull registry.test/app:1: 401 Unauthorized"],
        );
        check(
            &Scene::new(),
            pending(vec![backed_off.clone()]),
            &["ImagePullBackOff: app: image registry.test/app:1: Back-off pulling image"],
        );
        let finding = Scene::new().find(pending(vec![backed_off]), BACK_OFF).expect("it waits");
        assert_eq!((finding.since, finding.until), (None, None));
    }

    #[test]
    fn every_container_that_waits_for_its_image_is_named() {
        let init = Container { init: true, ..waiting("load", ERROR, "") };
        let pod = pending(vec![init, running("web", 9), waiting("app", BACK_OFF, "")]);
        check(
            &Scene::new(),
            pod,
            &["ImagePullBackOff: init container load: image registry.test/app:1; app: image"],
        );
    }

    #[test]
    fn a_long_answer_is_cut_and_a_pod_that_is_over_finds_nothing() {
        let long = pending(vec![waiting("app", BACK_OFF, &"no ".repeat(10_000))]);
        let finding = Scene::new().find(long, BACK_OFF).expect("it waits");
        assert!(finding.parts[0].text.ends_with('…') && finding.text.len() < 500);
        check(&Scene::new(), ended_pod("Succeeded", "Never", vec![waiting("app", BACK_OFF, "")]), &[]);
    }
}
