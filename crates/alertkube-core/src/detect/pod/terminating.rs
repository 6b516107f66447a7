//! `PodStuckTerminating`: a pod was deleted, its grace period is over, and it is still there.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Row};
use crate::detect::limits::{NAMED_PARTS_MAX, QUOTE_MAX};
use crate::detect::pod::POD;
use crate::detect::pod::containers::runs;
use crate::detect::words::one_line;
use crate::watch::Pod;

pub(super) static ROWS: [Row<Pod>; 1] = [Row {
    condition: Condition {
        reason: "PodStuckTerminating",
        hold_for: Duration::from_secs(300),
        doc: "A pod was deleted, and five minutes after its grace period it still exists. The text names the \
              containers that still run; if none does, a finalizer or a volume that cannot be unmounted holds it. \
              Look at `metadata.finalizers` and at the kubelet of its node before you force the deletion.",
        ..POD
    },
    detect,
}];

fn detect(pod: &Pod, _near: &Near<'_>) -> Option<Finding> {
    // Kubernetes writes the end of the grace period into `deletionTimestamp`; until then the finding lies ahead.
    let since = pod.meta.deleted?;
    let alive: Vec<&str> =
        pod.containers.iter().filter(|container| runs(container)).map(|container| &*container.name).collect();
    let more = match alive.len().saturating_sub(NAMED_PARTS_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = alive.iter().take(NAMED_PARTS_MAX).copied().collect::<Vec<_>>().join(", ");
    let text = match alive.is_empty() {
        true => "still there after its grace period, though no container runs".to_owned(),
        false => format!("still running after its grace period: {}{more}", one_line(&named, QUOTE_MAX)),
    };
    Some(Finding::new(&text).since(Some(since)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, end, ended, ended_pod, owned_by, pod, running};
    use crate::watch::Meta;

    fn leaving(pod: Pod, seconds: i64) -> Pod {
        Pod { meta: Meta { deleted: Some(ago(seconds)), ..owned_by("StatefulSet") }, ..pod }
    }

    #[test]
    fn it_counts_from_the_end_of_the_grace_period() {
        let five = ["a", "b", "c", "d", "e"].map(|name| running(name, 900));
        let pod = leaving(Pod { containers: five.into(), ..pod() }, -30);
        check(
            &Scene::new(),
            pod.clone(),
            &["PodStuckTerminating: still running after its grace period: a, b, c and 2 more"],
        );
        let finding = Scene::new().find(pod, "PodStuckTerminating").expect("it leaves");
        assert_eq!((finding.since, finding.until), (Some(ago(-30)), None));
    }

    #[test]
    fn a_pod_that_is_over_can_be_stuck_too_and_one_that_is_not_deleted_cannot() {
        let over = ended_pod("Succeeded", "Never", vec![ended("app", end("Completed", 0, 900))]);
        check(
            &Scene::new(),
            leaving(over.clone(), 800),
            &["PodStuckTerminating: still there after its grace period, though"],
        );
        check(&Scene::new(), over, &[]);
    }
}
