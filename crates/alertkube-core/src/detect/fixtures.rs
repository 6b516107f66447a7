//! Healthy objects to break, and the one `check` that the tests of all conditions call.

use std::time::Duration;

use crate::detect::condition::{Look, Near, Rules};
use crate::detect::hints::Hint;
use crate::detect::{catalogue, look};
use crate::settings::{ConditionRule, Settings};
use crate::time::{Now, Stamp};
use crate::watch::{
    Container, ContainerState, KindId, Meta, Node, Owner, Pod, StatusCondition, Terminated, Uid, View,
    Workload,
};

/// The instant around which the tests play.
pub(crate) const NOON: Stamp = Stamp::from_seconds(1_800_000_000);

pub(crate) fn ago(seconds: i64) -> Stamp {
    Stamp::from_millis(NOON.millis() - seconds * 1000)
}

pub(crate) fn now_after(seconds: i64) -> Now {
    Now { wall: ago(-seconds).timestamp(), boot: Duration::from_secs(1_000_000) }
}

/// Everything that a look depends on besides the object.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) now: Now,
    pub(crate) settings: Settings,
    pub(crate) hints: Vec<Hint>,
}

impl Scene {
    pub(crate) fn new() -> Scene {
        Scene { now: now_after(0), settings: Settings::with_sinks(Vec::new()), hints: Vec::new() }
    }

    /// So many seconds after noon.
    pub(crate) fn after(mut self, seconds: i64) -> Scene {
        self.now = now_after(seconds);
        self
    }

    /// With these Warning events.
    pub(crate) fn hints(mut self, hints: impl IntoIterator<Item = Hint>) -> Scene {
        self.hints.extend(hints);
        self
    }

    /// With one condition switched on or off.
    pub(crate) fn switched(mut self, reason: &str, on: bool) -> Scene {
        let rule = ConditionRule { enabled: Some(on), ..ConditionRule::default() };
        self.settings.conditions.insert(reason.to_owned(), rule);
        self
    }

    pub(crate) fn look(&self, view: &View) -> Look {
        let near = Near {
            now: self.now,
            behavior: &self.settings.behavior,
            node_problems: &self.settings.node_problems,
            hints: &self.hints,
        };
        look(view, &near, &Rules::new(&self.settings, catalogue()))
    }

    /// The one finding with that reason.
    pub(crate) fn find(&self, view: impl Into<View>, reason: &str) -> Option<crate::detect::Finding> {
        let found = self.look(&view.into()).findings.into_iter();
        found.filter(|(condition, _)| condition.reason == reason).map(|(_, finding)| finding).next()
    }
}

/// Holds what a look finds, in order, against `Reason` or `Reason: beginning of the text`.
#[track_caller]
pub(crate) fn check(scene: &Scene, view: impl Into<View>, expected: &[&str]) {
    let found: Vec<String> = scene
        .look(&view.into())
        .findings
        .into_iter()
        .map(|(condition, finding)| {
            assert!(
                finding.until.is_none_or(|until| until > scene.now.stamp()),
                "{} has ended",
                condition.reason
            );
            format!("{}: {}", finding.shown.unwrap_or(condition.reason), finding.text)
        })
        .collect();
    let as_expected = |(found, expected): (&String, &&str)| {
        found.strip_prefix(*expected).is_some_and(|rest| expected.contains(": ") || rest.starts_with(": "))
    };
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(as_expected),
        "found {found:#?} instead of {expected:#?}"
    );
}

pub(crate) fn meta(name: &str) -> Meta {
    Meta {
        uid: Uid(1),
        namespace: "shop".into(),
        name: name.into(),
        generation: 1,
        created: Some(ago(7200)),
        ..Meta::default()
    }
}

pub(crate) fn owned_by(kind: &str) -> Meta {
    Meta { owner: Some(Owner { kind: kind.into(), name: "owner".into(), uid: Uid(2) }), ..meta("member") }
}

pub(crate) fn status(name: &str, status: &str, reason: &str, since: Stamp) -> StatusCondition {
    StatusCondition {
        name: name.into(),
        status: status.into(),
        reason: reason.into(),
        message: "as it is".into(),
        since: Some(since),
    }
}

/// A pod that has run well for an hour.
pub(crate) fn pod() -> Pod {
    Pod {
        meta: owned_by("ReplicaSet"),
        node: "node-1".into(),
        restart_policy: "Always".into(),
        phase: "Running".into(),
        started: Some(ago(3600)),
        conditions: vec![
            status("PodScheduled", "True", "", ago(3600)),
            status("Ready", "True", "", ago(3590)),
        ],
        containers: vec![running("app", 3595)],
        ..Pod::default()
    }
}

/// A pod that has not come up since it was made a minute ago.
pub(crate) fn pending(containers: Vec<Container>) -> Pod {
    Pod {
        phase: "Pending".into(),
        started: Some(ago(60)),
        conditions: vec![status("Ready", "False", "ContainersNotReady", ago(60))],
        containers,
        ..pod()
    }
}

/// A pod that ended; nothing will be restarted.
pub(crate) fn ended_pod(phase: &str, policy: &str, containers: Vec<Container>) -> Pod {
    Pod {
        phase: phase.into(),
        restart_policy: policy.into(),
        conditions: vec![status("Ready", "False", "PodFailed", ago(3600))],
        containers,
        ..pod()
    }
}

pub(crate) fn running(name: &str, seconds: i64) -> Container {
    Container {
        name: name.into(),
        image: "registry.test/app:1".into(),
        ready: true,
        state: ContainerState::Running { since: Some(ago(seconds)) },
        ..Container::default()
    }
}

pub(crate) fn waiting(name: &str, reason: &str, message: &str) -> Container {
    let state = ContainerState::Waiting { reason: reason.into(), message: message.into() };
    Container { ready: false, state, ..running(name, 0) }
}

pub(crate) fn ended(name: &str, end: Terminated) -> Container {
    Container { ready: false, state: ContainerState::Terminated(end), ..running(name, 0) }
}

pub(crate) fn end(reason: &str, exit_code: i64, seconds: i64) -> Terminated {
    Terminated { reason: reason.into(), exit_code, finished: Some(ago(seconds)), ..Terminated::default() }
}

/// The same container after restarts, the last of which followed this end.
pub(crate) fn restarted(container: Container, restarts: i64, last: Terminated) -> Container {
    Container { restarts, last: Some(last), ..container }
}

/// A Warning event about the pod at hand.
pub(crate) fn hint(reason: &'static str, container: &str, count: i64, (first, last): (i64, i64)) -> Hint {
    Hint {
        event: Uid(u128::from(last.unsigned_abs())),
        reason,
        container: container.into(),
        message: format!("{reason} said this").into(),
        count,
        first: ago(first),
        last: ago(last),
    }
}

/// A node that is well.
pub(crate) fn node() -> Node {
    let well = |name: &str| status(name, "False", "KubeletIsWell", ago(7000));
    let mut conditions: Vec<_> =
        ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"].map(well).into();
    conditions.push(status("Ready", "True", "KubeletReady", ago(7000)));
    Node { meta: Meta { namespace: "".into(), ..meta("node-1") }, conditions, ..Node::default() }
}

/// A workload of three replicas, all of them well.
pub(crate) fn workload() -> Workload {
    Workload {
        meta: meta("web"),
        wanted: 3,
        ready: 3,
        created: 3,
        updated: 3,
        observed: 1,
        settled_revision: true,
        ..Workload::default()
    }
}

impl From<Pod> for View {
    fn from(pod: Pod) -> View {
        View::Pod(pod)
    }
}

impl From<Node> for View {
    fn from(node: Node) -> View {
        View::Node(node)
    }
}

impl From<(KindId, Workload)> for View {
    fn from((kind, workload): (KindId, Workload)) -> View {
        View::Workload(kind, workload)
    }
}
