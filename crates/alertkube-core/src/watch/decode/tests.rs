//! Whole objects of every kind, and what is left of them when parts are not as they should be.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::*;
use crate::time::Stamp;
use crate::watch::view::{ContainerState, Event, Node, Pod, Uid, Workload};

const POD: &str = include_str!("fixtures/pod.json");

fn plan() -> Plan {
    Plan { annotations: vec!["alertkube.io/owner".to_owned()] }
}

fn view(kind: KindId, object: &Value) -> Result<View, Unreadable> {
    decode(&plan(), kind, object.to_string().as_bytes())
}

fn pod(object: &Value) -> Pod {
    match view(KindId::Pod, object) {
        Ok(View::Pod(pod)) => pod,
        other => panic!("not a pod: {other:?}"),
    }
}

fn node(object: &Value) -> Node {
    match view(KindId::Node, object) {
        Ok(View::Node(node)) => node,
        other => panic!("not a node: {other:?}"),
    }
}

fn event(object: &Value) -> Event {
    match view(KindId::Event, object) {
        Ok(View::Event(event)) => event,
        other => panic!("not an event: {other:?}"),
    }
}

fn workload(kind: KindId, object: &Value) -> Workload {
    match view(kind, object) {
        Ok(View::Workload(found, workload)) if found == kind => workload,
        other => panic!("not a workload: {other:?}"),
    }
}

fn at(text: &str) -> Option<Stamp> {
    Some(Stamp::parse(text).expect("a time"))
}

fn whole_pod() -> Value {
    serde_json::from_str(POD).expect("the fixture is JSON")
}

#[test]
fn a_pod_keeps_its_metadata() {
    let meta = pod(&whole_pod()).meta;
    assert_eq!((&*meta.namespace, &*meta.name), ("shop", "web-7d9f8c6b54-x2x9k"));
    assert_eq!(meta.uid, Uid(0x0b7f_3a52_6c1e_4f4e_9d53_2a1f_6f0c_9e11));
    assert_eq!((&*meta.version, meta.generation), ("48213377", 3));
    assert_eq!((meta.created, meta.deleted), (at("2026-11-22T08:00:00Z"), None));
    let owner = meta.owner.expect("a controller");
    assert_eq!((&*owner.kind, &*owner.name), ("ReplicaSet", "web-7d9f8c6b54"));
    assert_eq!(meta.labels.iter().count(), 6);
    assert_eq!(meta.labels.get("team"), Some("storefront"));
    let kept: Vec<_> = meta.annotations.iter().collect();
    assert_eq!(kept, [("alertkube.io/owner", "storefront \"on call\"")]);
}

#[test]
fn a_pod_keeps_what_its_spec_and_status_say() {
    let pod = pod(&whole_pod());
    assert_eq!((&*pod.node, &*pod.restart_policy, &*pod.phase), ("node-17", "Always", "Running"));
    assert_eq!(pod.started, at("2026-11-22T08:00:00Z"));
    assert_eq!(pod.conditions.len(), 5);
    let ready = &pod.conditions[2];
    assert_eq!((&*ready.name, &*ready.status, &*ready.reason), ("Ready", "False", "ContainersNotReady"));
    assert_eq!(ready.since, at("2026-11-22T09:12:40Z"));
    let names: Vec<_> = pod.containers.iter().map(|c| (&*c.name, c.init, c.ready, c.restarts)).collect();
    assert_eq!(names, [("migrate", true, true, 0), ("app", false, false, 14), ("proxy", false, true, 0)]);
}

#[test]
fn a_container_keeps_its_states_and_its_spec() {
    let pod = pod(&whole_pod());
    let app = &pod.containers[1];
    assert_eq!((&*app.image, &*app.memory_limit), ("registry.example/shop/web:2.14.1", "256Mi"));
    let ContainerState::Waiting { reason, .. } = &app.state else { panic!("waits: {:?}", app.state) };
    assert_eq!(&**reason, "CrashLoopBackOff");
    let last = app.last.as_ref().expect("a run before");
    assert_eq!((&*last.reason, last.exit_code), ("OOMKilled", 137));
    assert_eq!(last.finished, at("2026-11-22T09:12:39Z"));
    assert_eq!(pod.containers[2].state, ContainerState::Running { since: at("2026-11-22T08:00:06Z") });
    assert!(
        matches!(&pod.containers[0].state, ContainerState::Terminated(run) if &*run.reason == "Completed")
    );
    assert_eq!(&*pod.containers[0].memory_limit, "");
}

#[test]
fn no_annotation_is_read_when_none_is_asked_for() {
    let view = decode(&Plan::default(), KindId::Pod, POD.as_bytes()).expect("readable");
    assert!(view.meta().annotations.is_empty());
}

#[test]
fn status_may_come_before_spec_and_metadata_last() {
    let whole = whole_pod();
    let text = format!(
        r#"{{"status":{},"spec":{},"metadata":{}}}"#,
        whole["status"], whole["spec"], whole["metadata"]
    );
    assert_eq!(decode(&plan(), KindId::Pod, text.as_bytes()), view(KindId::Pod, &whole));
}

#[test]
fn a_node_keeps_conditions_and_cordon() {
    let node = node(&json!({
        "metadata": {"name": "node-1", "uid": "e1b3a1a0-0000-4000-8000-000000000001"},
        "spec": {"unschedulable": true, "taints": [
            {"key": "other", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": "2026-11-22T08:00:00Z"}]},
        "status": {"images": [{"names": ["a", "b"], "sizeBytes": 5}], "conditions": [
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped",
             "lastHeartbeatTime": "2026-11-22T08:01:00Z", "lastTransitionTime": "2026-11-22T08:02:00Z"}]}
    }));
    assert!(node.cordoned);
    assert_eq!(node.cordoned_since, at("2026-11-22T08:00:00Z"));
    assert_eq!(
        (&*node.conditions[0].status, node.conditions[0].since),
        ("Unknown", at("2026-11-22T08:02:00Z"))
    );
}

#[test]
fn a_deployment_and_a_replica_set_want_one_replica_unless_they_say_otherwise() {
    let deployment = workload(
        KindId::Deployment,
        &json!({
            "metadata": {"name": "web", "generation": 7},
            "spec": {"replicas": 3, "paused": true, "template": {"spec": {"replicas": 9}}},
            "status": {"observedGeneration": 6, "replicas": 3, "updatedReplicas": 1, "readyReplicas": 2,
                "unavailableReplicas": 1, "conditions": [{"type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded", "lastTransitionTime": "2026-11-22T08:00:00Z"}]}
        }),
    );
    assert_eq!(
        (deployment.wanted, deployment.ready, deployment.updated, deployment.unavailable),
        (3, 2, 1, 1)
    );
    assert_eq!((deployment.meta.generation, deployment.observed, deployment.paused), (7, 6, true));
    assert_eq!(&*deployment.conditions[0].reason, "ProgressDeadlineExceeded");
    let replica_set = workload(KindId::ReplicaSet, &json!({"metadata": {"name": "web-1"}, "spec": {}}));
    assert_eq!((replica_set.wanted, replica_set.ready, replica_set.settled_revision), (1, 0, true));
}

#[test]
fn a_stateful_set_says_whether_it_rolls() {
    let rolling = json!({"metadata": {"name": "db"}, "spec": {"replicas": 0},
        "status": {"currentRevision": "db-1", "updateRevision": "db-2", "readyReplicas": 0}});
    let set = workload(KindId::StatefulSet, &rolling);
    assert_eq!((set.wanted, set.settled_revision, set.on_delete, set.partition), (0, false, false, 0));
    let settled = json!({"metadata": {"name": "db"},
        "status": {"currentRevision": "db-2", "updateRevision": "db-2"}});
    assert!(workload(KindId::StatefulSet, &settled).settled_revision);
    let partitioned = json!({"metadata": {"name": "db"},
        "spec": {"replicas": 5, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 3}}},
        "status": {"replicas": 4, "updatedReplicas": 1}});
    let set = workload(KindId::StatefulSet, &partitioned);
    assert_eq!((set.partition, set.created, set.updated, set.on_delete), (3, 4, 1, false));
}

#[test]
fn an_update_may_wait_for_pods_to_be_deleted() {
    let object = json!({"metadata": {"name": "a"}, "spec": {"updateStrategy": {"type": "OnDelete"}}});
    assert!(workload(KindId::StatefulSet, &object).on_delete);
    assert!(workload(KindId::DaemonSet, &object).on_delete);
    assert!(!workload(KindId::Deployment, &object).on_delete);
}

#[test]
fn a_daemon_set_counts_nodes() {
    let set = workload(
        KindId::DaemonSet,
        &json!({"metadata": {"name": "agent"}, "status": {"desiredNumberScheduled": 5, "numberReady": 3,
            "currentNumberScheduled": 5, "updatedNumberScheduled": 4, "numberUnavailable": 2, "numberMisscheduled": 1, "observedGeneration": 2}}),
    );
    assert_eq!((set.wanted, set.ready, set.updated, set.unavailable, set.misscheduled), (5, 3, 4, 2, 1));
    assert_eq!(set.created, 5);
    let fresh = workload(KindId::DaemonSet, &json!({"metadata": {"name": "agent"}, "status": {}}));
    assert_eq!(fresh.wanted, 0);
}

#[test]
fn a_job_keeps_its_run() {
    let job = workload(
        KindId::Job,
        &json!({"metadata": {"name": "backup"}, "spec": {"completions": 4, "suspend": true},
            "status": {"startTime": "2026-11-22T08:00:00Z", "completionTime": "2026-11-22T08:10:00Z", "failed": 2}}),
    );
    assert_eq!((job.wanted, job.failed, job.suspended), (4, 2, true));
    assert_eq!((job.started, job.finished), (at("2026-11-22T08:00:00Z"), at("2026-11-22T08:10:00Z")));
}

#[test]
fn an_event_of_the_older_writers() {
    let event = event(&json!({
        "metadata": {"name": "web.1", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1",
            "uid": "0b7f3a52-6c1e-4f4e-9d53-2a1f6f0c9e11", "fieldPath": "spec.containers{app}"},
        "reason": "Unhealthy", "message": "Readiness probe failed", "count": 4, "type": "Warning",
        "firstTimestamp": "2026-11-22T08:00:00Z", "lastTimestamp": "2026-11-22T08:05:00Z", "eventTime": null
    }));
    assert_eq!((&*event.about_kind, &*event.container, &*event.reason), ("Pod", "app", "Unhealthy"));
    assert_eq!(event.about, Uid(0x0b7f_3a52_6c1e_4f4e_9d53_2a1f_6f0c_9e11));
    assert_eq!(event.count, 4);
    assert_eq!((event.first, event.last), (at("2026-11-22T08:00:00Z"), at("2026-11-22T08:05:00Z")));
}

#[test]
fn an_event_of_the_newer_writers() {
    let mut object = json!({
        "metadata": {"name": "web.2", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "fieldPath": "spec.initContainers{init}"},
        "firstTimestamp": null, "lastTimestamp": null, "eventTime": "2026-11-22T08:00:00.250000Z",
        "series": {"count": 9, "lastObservedTime": "2026-11-22T08:05:00.5Z"}
    });
    let series = event(&object);
    assert_eq!((&*series.container, series.count), ("init", 9));
    assert_eq!((series.first, series.last), (at("2026-11-22T08:00:00.25Z"), at("2026-11-22T08:05:00.5Z")));
    object["series"] = Value::Null;
    object["involvedObject"]["fieldPath"] = json!("spec.somethingElse{x}");
    let single = event(&object);
    assert_eq!((&*single.container, single.count, single.last), ("", 1, single.first));
}

#[test]
fn a_uid_that_is_missing_or_odd_is_stood_in_for() {
    let key = |uid: Value| {
        let object = json!({"metadata": {"name": "n", "namespace": "ns", "uid": uid}});
        view(KindId::Pod, &object).expect("readable").key()
    };
    assert_eq!(key(Value::Null), key(json!(5)));
    assert_eq!(key(json!("")), key(Value::Null));
    assert_ne!(key(json!("odd")), key(json!("odder")));
}

#[test]
fn only_a_name_is_indispensable() {
    let empty = view(KindId::Pod, &json!({"metadata": {"name": "n"}, "spec": 1, "status": []}));
    assert_eq!(empty.expect("readable").meta().name, "n".into());
    let nameless =
        view(KindId::Pod, &json!({"metadata": {"uid": "u-1", "name": ["n"]}})).expect_err("no name");
    assert!(nameless.message.contains("u-1"), "{nameless}");
    assert!(view(KindId::Pod, &json!("text")).is_err());
    assert!(decode(&plan(), KindId::Pod, b"").is_err());
    assert!(decode(&plan(), KindId::Pod, &POD.as_bytes()[..POD.len() / 2]).is_err());
}

#[test]
fn texts_and_lists_are_bounded() {
    let mut object = whole_pod();
    object["status"]["message"] = "ü".repeat(100_000).into();
    object["status"]["conditions"] = vec![json!({"type": "T"}); 5_000].into();
    object["status"]["containerStatuses"] = vec![json!({"name": "c"}); 5_000].into();
    let pod = pod(&object);
    assert_eq!(pod.message.len(), crate::watch::limits::TEXT_BYTES);
    assert_eq!(pod.conditions.len(), crate::watch::limits::CONDITIONS);
    assert_eq!(pod.containers.len(), crate::watch::limits::CONTAINERS + 1);
}

/// Pointers (RFC 6901) to every value inside `value`.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(at, v)| (at.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let pointer = format!("{here}/{name}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn remove(whole: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match whole.pointer_mut(parent).expect("the parent") {
        Value::Object(map) => {
            map.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(list) => {
            list.remove(name.parse().expect("an index"));
        }
        _ => panic!("{parent} has no children"),
    }
}

/// Values that fit no field that `original` could stand in.
fn misfits(original: &Value) -> Vec<Value> {
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let all = [
        json!(null),
        json!(-3.5),
        json!("7"),
        json!(true),
        json!([]),
        json!([{"name": []}, null, [[]]]),
        json!({"odd": {"": [1, "}"]}}),
        deep,
        json!(1e300),
    ];
    let same = |value: &Value| std::mem::discriminant(value) == std::mem::discriminant(original);
    all.into_iter().filter(|value| !same(value)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_part_that_does_not_fit_is_as_if_it_were_not_there(place in any::<Index>(), choice in any::<Index>()) {
        let whole = whole_pod();
        let mut all = Vec::new();
        pointers(&whole, "", &mut all);
        let pointer = place.get(&all);
        let (mut broken, mut without) = (whole.clone(), whole.clone());
        let target = broken.pointer_mut(pointer).expect("a pointer of it");
        *target = choice.get(&misfits(target)).clone();
        remove(&mut without, pointer);
        let (broken, without) = (view(KindId::Pod, &broken), view(KindId::Pod, &without));
        prop_assert_eq!(broken, without, "{}", pointer);
    }

    #[test]
    fn any_bytes_are_survived(
        kind in select(Kind::ALL),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>()), 0..8),
        cut in any::<Index>(),
    ) {
        let mut bytes = POD.as_bytes().to_vec();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let end = cut.index(bytes.len() * 2).min(bytes.len());
        if let Ok(view) = decode(&plan(), kind.id, &bytes[..end]) {
            prop_assert!(!view.meta().name.is_empty());
        }
    }
}
