//! Properties of all conditions of pods: what is found changes only when the look said that it may, and what is not
//! kept never needed to be.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::detect::condition::{Finding, Look};
use crate::detect::fixtures::{self, Scene, ago, hint, now_after, owned_by, pod, status};
use crate::time::Stamp;
use crate::watch::{Container, ContainerState, Meta, Pod, Terminated, View};

const HORIZON: i64 = 200_000;

fn stamp() -> impl Strategy<Value = Option<Stamp>> {
    let seconds = prop_oneof![4 => -30_i64..1200, 1 => 0_i64..100_000];
    option::weighted(0.9, seconds.prop_map(ago))
}

fn end() -> impl Strategy<Value = Terminated> {
    let reasons = select(vec!["Error", "OOMKilled", "Completed", "StartError", "Unknown"]);
    (reasons, select(vec![0_i64, 1, 137, 143]), stamp()).prop_map(|(reason, exit_code, finished)| {
        Terminated { reason: reason.into(), exit_code, finished, ..Terminated::default() }
    })
}

fn state() -> impl Strategy<Value = ContainerState> {
    let reasons = select(vec![
        "CrashLoopBackOff",
        "ErrImagePull",
        "ContainerCreating",
        "StartError",
        "RunContainerError",
    ]);
    prop_oneof![
        stamp().prop_map(|since| ContainerState::Running { since }),
        end().prop_map(ContainerState::Terminated),
        reasons.prop_map(|reason| ContainerState::Waiting { reason: reason.into(), message: "".into() }),
        Just(ContainerState::Unknown),
    ]
}

fn container() -> impl Strategy<Value = Container> {
    (select(vec!["app", "web"]), any::<(bool, bool)>(), 0_i64..12, state(), option::of(end())).prop_map(
        |(name, (init, ready), restarts, state, last)| Container {
            name: name.into(),
            init,
            ready,
            restarts,
            state,
            last,
            ..Container::default()
        },
    )
}

/// A container between two crashes.
fn restarted() -> impl Strategy<Value = Container> {
    (select(vec!["app", "web"]), 2_i64..5, 0_i64..60, 0_i64..60).prop_map(|(name, restarts, up, gap)| {
        let last = Terminated { exit_code: 1, finished: Some(ago(up + gap)), ..Terminated::default() };
        fixtures::restarted(fixtures::running(name, up), restarts, last)
    })
}

/// A pod of which nothing is known but that it is being created, or that it is well.
fn plain_pod() -> impl Strategy<Value = Pod> {
    let creating = fixtures::pending(vec![fixtures::waiting("app", "ContainerCreating", "")]);
    select(vec![creating, pod(), Pod { conditions: Vec::new(), ..pod() }])
}

fn wild_pod() -> impl Strategy<Value = Pod> {
    let phase = select(vec!["Pending", "Running", "Running", "Running", "Succeeded", "Failed"]);
    let policy = select(vec!["Always", "OnFailure", "Never"]);
    let reason = select(vec!["", "", "Evicted", "DeadlineExceeded"]);
    let ready = (select(vec!["True", "False"]), stamp());
    let deleted = option::weighted(0.1, -60_i64..600);
    let owner = select(vec!["ReplicaSet", "Job"]);
    (phase, policy, reason, ready, deleted, owner, vec(prop_oneof![container(), restarted()], 0..4)).prop_map(
        |(phase, policy, reason, (ready, since), deleted, owner, containers)| Pod {
            meta: Meta { deleted: deleted.map(ago), ..owned_by(owner) },
            restart_policy: policy.into(),
            phase: phase.into(),
            reason: reason.into(),
            conditions: vec![status("Ready", ready, "", since.unwrap_or(ago(50)))],
            containers,
            ..pod()
        },
    )
}

fn any_pod() -> impl Strategy<Value = Pod> {
    prop_oneof![4 => wild_pod(), 1 => plain_pod()]
}

fn scene() -> impl Strategy<Value = Scene> {
    let reason = select(vec!["Unhealthy", "FailedMount", "FailedCreatePodSandBox"]);
    let one = (select(vec!["app", "web", ""]), 1_i64..4, 0_i64..400, 0_i64..100);
    (reason, vec(one, 0..4)).prop_map(|(reason, hints)| {
        let hint = |(name, count, last, span)| hint(reason, name, count, (last + span, last));
        Scene::new().hints(hints.into_iter().map(hint))
    })
}

fn at(mut scene: Scene, after: i64, view: &View) -> Look {
    scene.now = now_after(after);
    scene.look(view)
}

fn found(look: &Look) -> Vec<(&'static str, Finding)> {
    look.findings.iter().map(|(condition, finding)| (condition.reason, finding.clone())).collect()
}

proptest! {
    #[test]
    fn nothing_changes_before_the_look_said_so(
        pod in any_pod(),
        scene in scene(),
        from in prop_oneof![Just(0), 0..1000_i64],
        later in prop_oneof![1..2000_i64, 1..HORIZON],
    ) {
        let view = View::Pod(pod);
        let look = at(scene.clone(), from, &view);
        let edges = look.findings.iter().filter_map(|(_, finding)| finding.until).chain(look.again);
        let next = edges.min();
        let first = now_after(from).stamp();
        prop_assert!(next.is_none_or(|next| next > first));
        // Whatever changed too early shows a second before the next edge at the latest.
        let ahead = |next: Stamp| (next.millis() - first.millis()) / 1000 - 1;
        let last = from + next.map_or(HORIZON, ahead);
        for then in [last, last.min(from + later)].into_iter().filter(|then| *then > from) {
            prop_assert_eq!(found(&look), found(&at(scene.clone(), then, &view)));
        }
    }

    #[test]
    fn a_view_that_is_not_kept_finds_nothing_whatever_events_come(
        pod in any_pod(),
        scene in scene(),
        from in prop_oneof![Just(0), 0..1000_i64],
        later in prop_oneof![3 => 0..300_i64, 1 => 0..HORIZON],
    ) {
        let view = View::Pod(pod);
        let look = at(Scene::new(), from, &view);
        if look.findings.is_empty() && !look.keep && look.again.is_none() {
            prop_assert_eq!(found(&at(scene, from + later, &view)), vec![]);
        }
    }
}
