//! The generated cluster: every object is made from a template and its number, so that none is ever held.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::prove::limits::{FAILING_EVERY, NAMESPACES, PODS_PER_REPLICA_SET};

/// The kinds that there are objects of; every other collection is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Pod,
    ReplicaSet,
    Node,
}

impl Sort {
    /// By the last word of the collection's path.
    pub(super) fn of(plural: &str) -> Option<Sort> {
        match plural {
            "pods" => Some(Sort::Pod),
            "replicasets" => Some(Sort::ReplicaSet),
            "nodes" => Some(Sort::Node),
            _ => None,
        }
    }
}

/// How many objects there are.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(in crate::prove) struct Size {
    /// Pods, of about 10 kB each; one of fifty crash loops after an OOM kill.
    #[arg(long)]
    pub(in crate::prove) pods: usize,
    /// ReplicaSets, whose pods they are.
    #[arg(long, default_value_t = 0)]
    pub(in crate::prove) replica_sets: usize,
    /// Nodes, all ready.
    #[arg(long, default_value_t = 0)]
    pub(in crate::prove) nodes: usize,
}

/// Makes the objects.
pub(super) struct Crowd {
    size: Size,
    healthy: Template,
    failing: Template,
    unnamed: Template,
    replica_set: Template,
    node: Template,
}

impl Crowd {
    pub(super) fn new(size: Size) -> Crowd {
        let pod = |status: &str| {
            let mut pod = parsed(include_str!("templates/pod.json"));
            pod["status"] = parsed(status);
            Template::of(&pod)
        };
        Crowd {
            size,
            healthy: pod(include_str!("templates/status_healthy.json")),
            failing: pod(include_str!("templates/status_failing.json")),
            unnamed: pod(include_str!("templates/status_unnamed.json")),
            replica_set: Template::of(&parsed(include_str!("templates/replica_set.json"))),
            node: Template::of(&parsed(include_str!("templates/node.json"))),
        }
    }

    /// How many objects of a kind there are at first.
    pub(super) fn count(&self, sort: Sort) -> usize {
        match sort {
            Sort::Pod => self.size.pods,
            Sort::ReplicaSet => self.size.replica_sets,
            Sort::Node => self.size.nodes,
        }
    }

    /// Appends the object with this number, in this version.
    pub(super) fn write(&self, sort: Sort, number: usize, version: u64, into: &mut Vec<u8>) {
        match sort {
            Sort::Pod if number % FAILING_EVERY == FAILING_EVERY / 2 => {
                self.fill(&self.failing, number, version, into)
            }
            Sort::Pod => self.fill(&self.healthy, number, version, into),
            Sort::ReplicaSet => self.fill(&self.replica_set, number * PODS_PER_REPLICA_SET, version, into),
            Sort::Node => self.fill(&self.node, number, version, into),
        }
    }

    /// Appends a pod of which one thing is to be told, and at once: its image has no valid name.
    pub(super) fn write_unnamed(&self, number: usize, version: u64, into: &mut Vec<u8>) {
        self.fill(&self.unnamed, number, version, into);
    }

    /// Fills the slots. `number` is a pod's number, or that of the first pod of a ReplicaSet.
    fn fill(&self, template: &Template, number: usize, version: u64, into: &mut Vec<u8>) {
        let random = mixed(number as u64);
        let set = number / PODS_PER_REPLICA_SET;
        let (hash, app) = (mixed(set as u64 + (1 << 40)) >> 24, format!("app-{:05}", set / 3));
        let node = random as usize % self.size.nodes.max(1);
        for part in &template.parts {
            let done = match part {
                Part::Text(text) => into.write_all(text.as_bytes()),
                Part::Slot(Slot::App) => into.write_all(app.as_bytes()),
                Part::Slot(Slot::Hash) => write!(into, "{hash:010x}"),
                Part::Slot(Slot::Set) => write!(into, "{app}-{hash:010x}"),
                Part::Slot(Slot::SetUid) => uid(into, (1 << 41) + set as u64),
                Part::Slot(Slot::Name) => write!(into, "{app}-{hash:010x}-{number:07x}"),
                Part::Slot(Slot::Tail) => write!(into, "{number:07x}"),
                Part::Slot(Slot::Uid) => uid(into, number as u64),
                Part::Slot(Slot::Namespace) => write!(into, "team-{:03}", set % NAMESPACES),
                Part::Slot(Slot::Version) => write!(into, "{version}"),
                Part::Slot(Slot::Node) if template.names_itself => write!(into, "node-{number:05}"),
                Part::Slot(Slot::Node) => write!(into, "node-{node:05}"),
                Part::Slot(Slot::HostIp) => write!(into, "10.0.{}.{}", node / 250, node % 250 + 1),
                Part::Slot(Slot::Ip) => {
                    write!(into, "10.{}.{}.{}", 64 + number / 65_536, number / 256 % 256, number % 256)
                }
                Part::Slot(Slot::Created) => {
                    write!(
                        into,
                        "2026-02-{:02}T{:02}:{:02}:{:02}Z",
                        random % 28 + 1,
                        random % 24,
                        random % 59,
                        random % 57
                    )
                }
            };
            done.expect("a Vec takes everything");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    App,
    Hash,
    Set,
    SetUid,
    Name,
    Tail,
    Uid,
    Namespace,
    Version,
    Node,
    HostIp,
    Ip,
    Created,
}

/// The words of the templates for the slots; one that begins another comes after it.
const SLOTS: [(&str, Slot); 13] = [
    ("$app", Slot::App),
    ("$hash", Slot::Hash),
    ("$rsuid", Slot::SetUid),
    ("$rs", Slot::Set),
    ("$rv", Slot::Version),
    ("$name", Slot::Name),
    ("$tail", Slot::Tail),
    ("$uid", Slot::Uid),
    ("$ns", Slot::Namespace),
    ("$node", Slot::Node),
    ("$hostip", Slot::HostIp),
    ("$ip", Slot::Ip),
    ("$created", Slot::Created),
];

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
}

struct Template {
    parts: Vec<Part>,
    /// Nodes are named by their own number, all else by that of the node it is on.
    names_itself: bool,
}

impl Template {
    fn of(object: &Value) -> Template {
        let text = object.to_string();
        let mut pieces = text.split('$');
        let mut parts = vec![Part::Text(pieces.next().unwrap_or_default().to_owned())];
        for piece in pieces {
            let piece = format!("${piece}");
            let slot = SLOTS.iter().find_map(|(word, slot)| Some((piece.strip_prefix(word)?, *slot)));
            let (rest, slot) = slot.expect("a test holds that every slot is known");
            parts.push(Part::Slot(slot));
            parts.push(Part::Text(rest.to_owned()));
        }
        Template { parts, names_itself: object["kind"] == json!("Node") }
    }
}

fn parsed(template: &str) -> Value {
    serde_json::from_str(template).expect("a test holds that the templates are JSON")
}

fn uid(into: &mut Vec<u8>, number: u64) -> std::io::Result<()> {
    let (one, two) = (mixed(number), mixed(number + (1 << 42)));
    let (middle, last) = (one >> 16 & 0xffff, two & 0xffff_ffff_ffff);
    write!(into, "{:08x}-{middle:04x}-4{:03x}-8{:03x}-{last:012x}", one >> 32, one & 0xfff, two >> 52)
}

/// Splits the numbers apart (splitmix64).
pub(super) fn mixed(number: u64) -> u64 {
    let one = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let two = (one ^ (one >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let three = (two ^ (two >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    three ^ (three >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static CROWD: LazyLock<Crowd> =
        LazyLock::new(|| Crowd::new(Size { pods: 1_000, replica_sets: 100, nodes: 50 }));

    fn object(sort: Sort, number: usize) -> (Value, usize) {
        let mut bytes = Vec::new();
        CROWD.write(sort, number, 7, &mut bytes);
        (serde_json::from_slice(&bytes).expect("JSON"), bytes.len())
    }

    #[test]
    fn pods_are_of_the_size_that_the_budget_speaks_of() {
        let sizes = (0..1_000).map(|number| object(Sort::Pod, number).1);
        let mean = sizes.sum::<usize>() / 1_000;
        assert!((9_500..10_500).contains(&mean), "{mean}");
    }

    #[test]
    fn two_of_a_hundred_pods_fail() {
        let failing = |number: &usize| object(Sort::Pod, *number).0.to_string().contains("CrashLoopBackOff");
        assert_eq!((0..1_000).filter(failing).count(), 20);
    }

    #[test]
    fn a_pod_belongs_to_a_replica_set_that_there_is() {
        let (pod, _) = object(Sort::Pod, 123);
        let (set, _) = object(Sort::ReplicaSet, 123 / PODS_PER_REPLICA_SET);
        assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], set["metadata"]["uid"]);
        assert_eq!(pod["metadata"]["ownerReferences"][0]["name"], set["metadata"]["name"]);
        assert_eq!(pod["metadata"]["namespace"], set["metadata"]["namespace"]);
        assert_eq!(pod["metadata"]["resourceVersion"], "7");
        assert_eq!(object(Sort::Node, 49).0["metadata"]["name"], "node-00049");
    }

    #[test]
    fn no_two_objects_share_a_uid() {
        let ids = |sort| (0..1_000).map(move |number| object(sort, number).0["metadata"]["uid"].to_string());
        let mut all: Vec<String> = ids(Sort::Pod)
            .chain((0..130).map(|set| object(Sort::ReplicaSet, set).0["metadata"]["uid"].to_string()))
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1_130);
    }
}
