//! The watched cluster: its objects with their history, and what is truly wrong with them.

use std::collections::BTreeMap;

use alertkube_core::{Key, KindId, Plan as Decoding, Stamp, Uid, View, decode};
use serde_json::Value;

use super::clock::{At, stamp};
use super::plan::{Fate, PODS};
use crate::shape::{NodeShape, PodShape};

/// One change of one object; none: it was deleted.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) at: At,
    pub(super) key: Key,
    pub(super) view: Option<View>,
}

/// The objects of a cluster.
#[derive(Debug)]
pub(super) struct Ground {
    history: BTreeMap<KindId, Vec<Change>>,
    pods: [Pod; PODS],
    probe: Pod,
    /// Whether the second node is ready: its pods' problems are explained by it while it is not.
    pub(super) ready: bool,
    born: u64,
    decoding: Decoding,
}

/// One pod, by its name: several live after each other.
#[derive(Clone, Debug)]
pub(super) struct Pod {
    pub(super) name: &'static str,
    pub(super) fate: Fate,
    uid: u64,
    born: Stamp,
    /// How often something that is told began.
    pub(super) crashes: usize,
    /// When the last fate began.
    pub(super) since: At,
}

/// Whom the user keeps quiet.
pub(super) const INHIBITED: &str = "quiet-3";
pub(super) const SILENCED: &str = "mute-4";
/// Who runs on the second node.
pub(super) const SECOND_NODE: &str = "web-2";
/// Whose alerts go to one sink only.
pub(super) const NARROW: &str = "narrow-5";
/// Whose standing problem inhibits others, all the time.
pub(super) const SOURCE: &str = "source";
/// The fault by which the end is tested.
pub(super) const PROBED: &str = "probe";
pub(super) const NAMESPACE: &str = "shop";

const NAMES: [&str; PODS] = ["web-0", "web-1", SECOND_NODE, INHIBITED, SILENCED, NARROW];

/// The annotation by which an object is silenced.
const SILENCE: &str = "alert-silence-until";

impl Ground {
    /// Two nodes, and the pod that inhibits others.
    pub(super) fn new() -> Ground {
        let blank = |name| Pod { name, fate: Fate::Gone, uid: 0, born: stamp(0), crashes: 0, since: 0 };
        let mut ground = Ground {
            history: BTreeMap::new(),
            pods: NAMES.map(blank),
            probe: blank(PROBED),
            ready: true,
            born: 0,
            decoding: Decoding { annotations: vec![SILENCE.to_owned()] },
        };
        for name in ["node-a", "node-b"] {
            ground.node(0, name, true);
        }
        let source =
            PodShape::new(NAMESPACE, SOURCE, stamp(0)).label("app", SOURCE).crash_loop(9, 1, stamp(0));
        ground.put(0, KindId::Pod, source.build(), 999);
        ground
    }

    /// Everything that has happened to a kind, in order.
    pub(super) fn history(&self, kind: KindId) -> &[Change] {
        self.history.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// How many changes of a kind had happened by then.
    pub(super) fn count(&self, kind: KindId, by: At) -> usize {
        self.history(kind).partition_point(|change| change.at <= by)
    }

    /// The objects of a kind after so many changes.
    pub(super) fn objects(&self, kind: KindId, count: usize) -> Vec<View> {
        let mut objects = BTreeMap::new();
        for change in &self.history(kind)[..count] {
            match &change.view {
                Some(view) => drop(objects.insert(change.key, view.clone())),
                None => drop(objects.remove(&change.key)),
            }
        }
        objects.into_values().collect()
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().chain([&self.probe])
    }

    /// Something becomes of a pod; says whether that changed anything.
    pub(super) fn become_of(&mut self, at: At, index: usize, fate: Fate) -> bool {
        let pod = self.pods[index].clone();
        let Some(pod) = self.turn(at, pod, fate) else { return false };
        self.pods[index] = pod;
        true
    }

    /// The fault begins by which the end is tested.
    pub(super) fn probe(&mut self, at: At) {
        let probe = self.probe.clone();
        if let Some(probe) = self.turn(at, probe, Fate::Crashes) {
            self.probe = probe;
        }
    }

    fn turn(&mut self, at: At, mut pod: Pod, fate: Fate) -> Option<Pod> {
        // An evicted pod stays what it is until it is deleted.
        if pod.fate == fate || (pod.fate == Fate::Evicted && fate != Fate::Gone) {
            return None;
        }
        if pod.fate == Fate::Gone {
            self.born += 1;
            (pod.uid, pod.born) = (self.born, stamp(at));
        }
        pod.crashes += usize::from(fate == Fate::Crashes);
        (pod.fate, pod.since) = (fate, at);
        match fate {
            Fate::Gone => {
                let key = self.key_of(&pod);
                self.push(at, key, None);
            }
            _ => {
                let object = object(&pod, stamp(at));
                self.put(at, KindId::Pod, object, pod.uid);
            }
        }
        Some(pod)
    }

    /// The second node is ready, or not.
    pub(super) fn node_b(&mut self, at: At, ready: bool) {
        self.ready = ready;
        self.node(at, "node-b", ready);
    }

    fn node(&mut self, at: At, name: &str, ready: bool) {
        let shape = NodeShape::new(name, stamp(0));
        let shape = if ready { shape } else { shape.not_ready("container runtime is down", stamp(at)) };
        let uid = if name == "node-a" { 901 } else { 902 };
        self.put(at, KindId::Node, shape.build(), uid);
    }

    fn put(&mut self, at: At, kind: KindId, mut object: Value, uid: u64) {
        object["metadata"]["uid"] = uid_text(uid).into();
        object["metadata"]["resourceVersion"] = at.to_string().into();
        let view = decode(&self.decoding, kind, object.to_string().as_bytes());
        let view = view.expect("shapes are what an API server gives, and that is readable");
        self.push(at, view.key(), Some(view));
    }

    fn push(&mut self, at: At, key: Key, view: Option<View>) {
        self.history.entry(key.kind).or_default().push(Change { at, key, view });
    }

    fn key_of(&self, pod: &Pod) -> Key {
        let uid = uid_text(pod.uid).replace('-', "");
        let uid = Uid(u128::from_str_radix(&uid, 16).unwrap_or_default());
        Key { kind: KindId::Pod, uid }
    }
}

fn uid_text(uid: u64) -> String {
    format!("{uid:08x}-0000-4000-8000-000000000000")
}

fn object(pod: &Pod, now: Stamp) -> Value {
    let mut shape = PodShape::new(NAMESPACE, pod.name, pod.born);
    shape = match pod.name {
        SECOND_NODE => shape.node("node-b"),
        INHIBITED => shape.label("tier", "quiet"),
        SILENCED => shape.annotation(SILENCE, "2099-01-01T00:00:00Z"),
        NARROW => shape.label("team", "narrow"),
        _ => shape,
    };
    match pod.fate {
        Fate::Crashes => shape.crash_loop(6, 1, now),
        Fate::Unready => shape.not_ready(now),
        Fate::Evicted => shape.evicted("The node was low on resource: memory.", now),
        Fate::Well | Fate::Gone => shape,
    }
    .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_comes_back_is_another_one_and_its_deletion_names_the_right_one() {
        let mut ground = Ground::new();
        assert!(ground.become_of(1, 0, Fate::Crashes) && !ground.become_of(2, 0, Fate::Crashes));
        assert!(ground.become_of(3, 0, Fate::Gone));
        assert_eq!(ground.objects(KindId::Pod, ground.count(KindId::Pod, 3)).len(), 1, "the source is left");
        assert!(ground.become_of(4, 0, Fate::Well));
        let keys: Vec<_> = ground.history(KindId::Pod).iter().map(|change| change.key).collect();
        assert!(keys[1] == keys[2] && keys[2] != keys[3], "{keys:?}");
    }
}
