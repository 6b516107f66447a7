//! The builders' objects, as the cluster keeps them.

use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_sim::{Cluster, EventShape, NodeShape, PodShape, WorkloadShape};
use serde_json::{Value, json};

use crate::kit::START;

fn later(seconds: u64) -> Stamp {
    START.plus(Duration::from_secs(seconds))
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().expect("conditions");
    conditions.iter().find(|c| c["type"] == kind).expect("the condition")
}

#[test]
fn a_healthy_pod_has_every_condition_and_a_running_container() {
    let pod = PodShape::new("shop", "web-0", START).build();
    assert_eq!(pod["status"]["phase"], "Running");
    let kinds = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    for kind in kinds {
        assert_eq!(condition(&pod, kind)["status"], "True");
        assert_eq!(condition(&pod, kind)["lastTransitionTime"], pod["metadata"]["creationTimestamp"]);
    }
    let container = &pod["status"]["containerStatuses"][0];
    assert_eq!((&container["ready"], &container["started"]), (&json!(true), &json!(true)));
    assert!(container["state"]["running"]["startedAt"].is_string());
}

#[test]
fn a_crash_loop_shows_its_last_run() {
    let pod = PodShape::new("shop", "web-0", START).crash_loop(5, 2, later(60)).build();
    let container = &pod["status"]["containerStatuses"][0];
    assert_eq!(container["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(container["lastState"]["terminated"]["exitCode"], 2);
    assert_eq!(container["restartCount"], 5);
    assert_eq!(pod["status"]["phase"], "Running");
    assert_eq!(condition(&pod, "Ready")["reason"], "ContainersNotReady");
    assert_eq!(
        condition(&pod, "Ready")["lastTransitionTime"],
        container["lastState"]["terminated"]["finishedAt"]
    );
}

#[test]
fn an_oom_kill_is_exit_137() {
    for (pod, waiting) in [
        (PodShape::new("shop", "a", START).oom_killed(1, later(5)), Value::Null),
        (PodShape::new("shop", "a", START).oom_loop(4, later(5)), json!("CrashLoopBackOff")),
    ] {
        let pod = pod.memory_limit("128Mi").build();
        let container = &pod["status"]["containerStatuses"][0];
        assert_eq!(container["lastState"]["terminated"]["reason"], "OOMKilled");
        assert_eq!(container["lastState"]["terminated"]["exitCode"], 137);
        assert_eq!(container["state"]["waiting"]["reason"], waiting);
        assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"]["memory"], "128Mi");
    }
}

#[test]
fn an_image_that_cannot_be_pulled_keeps_its_pod_pending() {
    for reason in ["ErrImagePull", "ImagePullBackOff"] {
        let pod = PodShape::new("shop", "web-0", START)
            .image("registry.example/none:1")
            .image_pull(reason, "not found");
        let pod = pod.build();
        let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        assert_eq!(waiting["reason"], reason);
        assert!(waiting["message"].as_str().is_some_and(|text| text.ends_with("not found")), "{waiting}");
        assert_eq!(pod["status"]["phase"], "Pending");
    }
}

#[test]
fn a_pod_without_a_node_says_why() {
    let pod =
        PodShape::new("shop", "web-0", START).unschedulable("0/3 nodes are available: 3 Insufficient cpu.");
    let pod = pod.build();
    assert_eq!(condition(&pod, "PodScheduled")["reason"], "Unschedulable");
    assert_eq!(pod["spec"]["nodeName"], Value::Null);
    assert_eq!(pod["status"]["containerStatuses"], Value::Null);
}

#[test]
fn other_troubles_of_a_pod_have_their_marks() {
    let base = PodShape::new("shop", "web-0", START);
    let unready = base.clone().not_ready(later(9)).build();
    assert_eq!(condition(&unready, "Ready")["status"], "False");
    assert_eq!(unready["status"]["phase"], "Running");
    assert_eq!(unready["status"]["containerStatuses"][0]["ready"], false);
    let evicted = base.clone().evicted("The node was low on resource: memory.", later(9)).build();
    assert_eq!(
        (&evicted["status"]["phase"], &evicted["status"]["reason"]),
        (&json!("Failed"), &json!("Evicted"))
    );
    let leaving = base.clone().terminating(30, later(9)).build();
    assert_eq!(leaving["metadata"]["deletionGracePeriodSeconds"], 30);
    let failed = base.restart_policy("Never").finished(3, later(9)).build();
    assert_eq!(failed["status"]["phase"], "Failed");
    assert_eq!(failed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"], 3);
}

#[test]
fn a_stuck_init_container_leaves_the_pod_uninitialized() {
    let pod =
        PodShape::new("shop", "web-0", START).init_container("migrate").crash_loop(3, 1, later(9)).build();
    assert_eq!(pod["status"]["initContainerStatuses"][0]["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(condition(&pod, "Initialized")["status"], "False");
    assert_eq!(pod["status"]["containerStatuses"][0]["ready"], true);
}

#[test]
fn nodes_stand_as_their_conditions_say() {
    let node = NodeShape::new("node-a", START);
    assert_eq!(condition(&node.build(), "Ready")["status"], "True");
    let silent = node.clone().unknown(later(40)).build();
    for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
        assert_eq!(condition(&silent, kind)["reason"], "NodeStatusUnknown");
    }
    assert_eq!(silent["spec"]["taints"].as_array().map(Vec::len), Some(2));
    let down = node.clone().not_ready("container runtime is down", later(3)).build();
    assert_eq!(condition(&down, "Ready")["status"], "False");
    let pressed = node.clone().pressure("MemoryPressure", later(3)).build();
    assert_eq!(condition(&pressed, "MemoryPressure")["status"], "True");
    let cordoned = node.cordoned(later(3)).build();
    assert_eq!(cordoned["spec"]["unschedulable"], true);
    assert_eq!(cordoned["spec"]["taints"][0]["key"], "node.kubernetes.io/unschedulable");
    assert!(cordoned["spec"]["taints"][0]["timeAdded"].is_string());
}

#[test]
fn workloads_count_what_is_missing() {
    let web = WorkloadShape::deployment("shop", "web", 4, START).unavailable(2, later(5));
    let deployment = web.clone().build();
    assert_eq!(deployment["status"]["unavailableReplicas"], 2);
    assert_eq!(deployment["status"]["readyReplicas"], 2);
    assert_eq!(condition(&deployment, "Available")["status"], "False");
    let late = web.deadline_passed(later(600)).build();
    assert_eq!(condition(&late, "Progressing")["reason"], "ProgressDeadlineExceeded");
    let daemons = WorkloadShape::daemon_set("shop", "logs", 3, START).unavailable(1, later(5)).build();
    assert_eq!(
        (&daemons["status"]["numberReady"], &daemons["status"]["numberUnavailable"]),
        (&json!(2), &json!(1))
    );
    let db = WorkloadShape::stateful_set("shop", "db", 3, START).unavailable(3, later(5)).build();
    assert_eq!(db["status"]["readyReplicas"], Value::Null, "counts of zero are left out");
    assert_eq!(db["status"]["currentRevision"], db["status"]["updateRevision"]);
    let set =
        WorkloadShape::replica_set("shop", "web-1", 2, START).replica_failure("exceeded quota", later(5));
    assert_eq!(condition(&set.build(), "ReplicaFailure")["reason"], "FailedCreate");
}

#[test]
fn jobs_end_one_way_or_the_other() {
    let job = WorkloadShape::job("shop", "migrate", 1, START);
    assert_eq!(job.build()["status"]["active"], 1);
    let failed = job.clone().failed("BackoffLimitExceeded", later(60)).build();
    assert_eq!(condition(&failed, "Failed")["reason"], "BackoffLimitExceeded");
    let complete = job.complete(later(60)).build();
    assert_eq!(condition(&complete, "Complete")["status"], "True");
    assert!(complete["status"]["completionTime"].is_string());
}

#[test]
fn applied_objects_refer_to_each_other_and_keep_their_uid() {
    let mut cluster = Cluster::new(1, START);
    let mut apply = |object: Value| cluster.apply(START, object).expect("a legal object");
    let web = apply(WorkloadShape::deployment("shop", "web", 1, START).build());
    let set = apply(WorkloadShape::replica_set("shop", "web-1", 1, START).owner(&web).build());
    let pod = apply(PodShape::new("shop", "web-1-a", START).owner(&set).build());
    assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], set["metadata"]["uid"]);
    assert_eq!(pod["status"]["phase"], "Running", "apply writes the status as well");
    let grown = apply(WorkloadShape::deployment("shop", "web", 2, START).build());
    assert_eq!(grown["metadata"]["uid"], web["metadata"]["uid"]);
    assert_eq!(
        (&grown["metadata"]["generation"], &grown["status"]["observedGeneration"]),
        (&json!(2), &json!(2))
    );
    let event = EventShape::warning(&pod, "Unhealthy", "Readiness probe failed", later(5)).container("app");
    let event = apply(event.repeated(4, later(50)).build());
    assert_eq!(event["involvedObject"]["uid"], pod["metadata"]["uid"]);
    assert_eq!(event["involvedObject"]["fieldPath"], "spec.containers{app}");
    assert_eq!((&event["count"], &event["type"]), (&json!(4), &json!("Warning")));
    assert_eq!(event.get("status"), None);
}

#[test]
fn what_cannot_be_applied_is_refused() {
    let mut cluster = Cluster::new(1, START);
    for object in [
        json!({ "apiVersion": "v1", "kind": "Unicorn", "metadata": { "name": "a" } }),
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" } }),
        json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "a", "namespace": "shop" } }),
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "A b", "namespace": "shop" } }),
    ] {
        let refusal = cluster.apply(START, object.clone()).expect_err("not sound");
        assert!(matches!(refusal.code, 400 | 422), "{object}");
    }
}
