//! What the simulator's builders emit, held against what real objects were seen to have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use alertkube_core::Stamp;
use alertkube_sim::{NodeShape, PodShape, WorkloadShape};
use serde_json::Value;

const T: Stamp = Stamp::from_seconds(1_795_400_000);

/// Fields and reasons that no recorded object has: a kind, the beginning of the word, and why it is right all the same.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "Node",
        ".conditions[MemoryPressure].reason=KubeletHasInsufficientMemory",
        "needs a node without memory",
    ),
    ("Node", ".conditions[Ready].reason=KubeletNotReady", "needs a node whose container runtime is down"),
    ("Pod", ".conditions[DisruptionTarget]", EVICTION),
    ("Pod", ".message", EVICTION),
    ("Pod", ".reason", EVICTION),
];

const EVICTION: &str = "needs an eviction by the kubelet, so a node without memory or disk space";

/// Every state that the builders know.
fn emitted() -> Vec<Value> {
    let pod = || PodShape::new("shop", "web-0", T);
    let pods = [
        pod(),
        pod().restarted(3, T),
        pod().waiting("CreateContainerConfigError", "secret \"db\" not found"),
        pod().waiting("ContainerCreating", ""),
        pod().crash_loop(3, 1, T),
        pod().oom_killed(1, T),
        pod().oom_loop(4, T),
        pod().image_pull("ErrImagePull", "not found"),
        pod().image_pull("ImagePullBackOff", "not found"),
        pod().unschedulable("0/1 nodes are available"),
        pod().not_ready(T),
        pod().evicted("The node was low on resource: memory.", T),
        pod().restart_policy("Never").finished(0, T),
        pod().restart_policy("Never").finished(1, T),
        pod().terminating(30, T),
        pod().init_container("migrate"),
        pod().init_container("migrate").crash_loop(3, 1, T),
    ];
    let node = || NodeShape::new("node-b", T);
    let nodes = [
        node(),
        node().not_ready("container runtime is down", T),
        node().unknown(T),
        node().pressure("MemoryPressure", T),
        node().cordoned(T),
    ];
    let deployment = || WorkloadShape::deployment("shop", "web", 2, T);
    let job = || WorkloadShape::job("shop", "migrate", 1, T);
    let workloads = [
        deployment(),
        deployment().unavailable(1, T),
        deployment().unavailable(1, T).rolling(),
        deployment().unavailable(1, T).deadline_passed(T),
        WorkloadShape::replica_set("shop", "web-1", 2, T),
        WorkloadShape::stateful_set("shop", "db", 2, T),
        WorkloadShape::stateful_set("shop", "db", 2, T).partitioned(1),
        WorkloadShape::daemon_set("shop", "logs", 2, T),
        job(),
        job().failed("BackoffLimitExceeded", T),
        job().complete(T),
    ];
    let pods = pods.iter().map(PodShape::build);
    let nodes = nodes.iter().map(NodeShape::build);
    pods.chain(nodes).chain(workloads.iter().map(WorkloadShape::build)).collect()
}

/// All status fields and reasons of real objects, by kind.
fn recorded() -> BTreeMap<String, BTreeSet<String>> {
    let folder = super::folder().expect("a checkout").join("shapes");
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(&folder).expect("fixtures/real/shapes") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a record");
        let record: Value = serde_json::from_str(&text).expect("JSON");
        for object in record["objects"].as_array().expect("objects") {
            let words = seen.entry(kind(object)).or_default();
            note(&object["status"], "", words);
        }
    }
    seen
}

fn kind(object: &Value) -> String {
    object["kind"].as_str().unwrap_or_default().to_owned()
}

/// Each field as its path, each reason with its value; conditions are told apart by their type.
fn note(value: &Value, path: &str, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                note(value, &format!("{path}.{key}"), words);
                if let (true, Some(text)) = (key == "reason" || key == "phase", value.as_str()) {
                    words.insert(format!("{path}.{key}={text}"));
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let kind = item["type"].as_str().filter(|_| path == ".conditions").unwrap_or("");
                note(item, &format!("{path}[{kind}]"), words);
            }
        }
        _ => {
            words.insert(path.to_owned());
        }
    }
}

#[test]
fn builders_emit_only_what_real_objects_have() {
    let recorded = recorded();
    let mut odd = BTreeSet::new();
    for object in emitted() {
        let (kind, mut words) = (kind(&object), BTreeSet::new());
        note(&object["status"], "", &mut words);
        let seen = recorded.get(&kind).unwrap_or_else(|| panic!("no {kind} is recorded"));
        let unknown = words.difference(seen).filter(|word| !allowed(&kind, word));
        odd.extend(unknown.map(|word| format!("{kind}{word}")));
    }
    assert!(odd.is_empty(), "not in fixtures/real/shapes, and without a reason here:\n{odd:#?}");
}

#[test]
fn every_exception_is_needed_and_says_why() {
    let mut words: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for object in emitted() {
        note(&object["status"], "", words.entry(kind(&object)).or_default());
    }
    for (kind, beginning, why) in ALLOWED {
        let used = words.get(*kind).is_some_and(|words| words.iter().any(|word| word.starts_with(beginning)));
        assert!(used && !why.is_empty(), "{kind}{beginning}");
    }
}

fn allowed(kind: &str, word: &str) -> bool {
    ALLOWED.iter().any(|(of, beginning, _)| *of == kind && word.starts_with(beginning))
}
