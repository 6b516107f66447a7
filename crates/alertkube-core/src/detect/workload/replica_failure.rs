//! `ReplicaFailure`: the pods of a Deployment, or of a ReplicaSet that nobody owns, cannot be created.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Row};
use crate::detect::status::standing;
use crate::detect::words::lead_and_stated;
use crate::watch::Workload;

pub(super) static OF_DEPLOYMENT: [Row<Workload>; 1] = [row("Deployment", detect)];

/// A ReplicaSet with an owner leaves it to the owner's own condition.
pub(super) static OF_REPLICA_SET: [Row<Workload>; 1] =
    [row("ReplicaSet", |set, near| if set.meta.owner.is_none() { detect(set, near) } else { None })];

type Detect = fn(&Workload, &Near<'_>) -> Option<Finding>;

const fn row(kind: &'static str, detect: Detect) -> Row<Workload> {
    let condition = Condition {
        reason: "ReplicaFailure",
        kind,
        hold_for: Duration::from_secs(60),
        hold_down: Duration::from_secs(60),
        doc: "The API server refuses to create the pods of a workload, because of a quota, an admission webhook or a \
              pod security level; the text carries its answer. No pod exists that could show the problem itself.",
        ..Condition::BASE
    };
    Row { condition, detect }
}

fn detect(workload: &Workload, _near: &Near<'_>) -> Option<Finding> {
    let failure = standing(&workload.conditions, "ReplicaFailure").filter(|_| workload.wanted > 0)?;
    Some(Finding::new(&lead_and_stated("pods cannot be created", failure)).since(failure.since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, owned_by, status, workload};
    use crate::watch::KindId;

    #[test]
    fn pods_that_cannot_be_created_are_found_where_nobody_above_says_so() {
        let refused = || Workload {
            conditions: vec![status("ReplicaFailure", "True", "FailedCreate", ago(9))],
            ..workload()
        };
        for kind in [KindId::Deployment, KindId::ReplicaSet] {
            check(
                &Scene::new(),
                (kind, refused()),
                &["ReplicaFailure: pods cannot be created: FailedCreate: as it is"],
            );
            let found = Scene::new().find((kind, refused()), "ReplicaFailure").expect("refused");
            assert_eq!(found.since, Some(ago(9)));
            let past = vec![status("ReplicaFailure", "False", "", ago(9))];
            check(&Scene::new(), (kind, Workload { conditions: past, ..refused() }), &[]);
        }
        let owned = Workload { meta: owned_by("Deployment"), ..refused() };
        check(&Scene::new(), (KindId::ReplicaSet, owned), &[]);
    }
}
