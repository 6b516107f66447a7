//! Objects as a real API server writes them, cut to what the tests need.

use serde_json::{Value, json};

/// A uid of its own for each name.
pub(crate) fn uid(name: &str) -> String {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{:08x}-0000-4000-8000-{:012x}", hash >> 32, hash & 0xffff_ffff)
}

fn meta(namespace: &str, name: &str) -> Value {
    json!({"name": name, "namespace": namespace, "uid": uid(&format!("{namespace}/{name}")), "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"app": name}})
}

/// A healthy pod on node-a.
pub(crate) fn pod(name: &str) -> Value {
    json!({"metadata": meta("shop", name),
        "spec": {"nodeName": "node-a", "restartPolicy": "Always", "containers": [{"name": "app", "image": "shop/app:1"}]},
        "status": {"phase": "Running", "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:10Z"}],
            "containerStatuses": [{"name": "app", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}}]}})
}

/// A pod that crash loops and last crashed at `finished`.
pub(crate) fn crashing(name: &str, finished: &str) -> Value {
    let mut pod = pod(name);
    pod["status"]["containerStatuses"][0] = json!({"name": "app", "ready": false, "restartCount": 6,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": finished}}});
    not_ready(&mut pod, finished);
    pod
}

/// A pod whose Ready condition is False since then.
pub(crate) fn not_ready(pod: &mut Value, since: &str) {
    pod["status"]["conditions"][0] = json!({"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": since});
}

/// A node whose Ready condition has this status since then.
pub(crate) fn node(name: &str, ready: &str, since: &str) -> Value {
    let mut meta = meta("", name);
    meta["namespace"] = Value::Null;
    json!({"metadata": meta, "spec": {}, "status": {"conditions": [
        {"type": "Ready", "status": ready, "reason": "KubeletReady", "lastTransitionTime": since}]}})
}

/// A ReplicaSet of a Deployment.
pub(crate) fn replica_set(name: &str, deployment: &str) -> Value {
    let mut meta = meta("shop", name);
    meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment,
        "uid": uid(&format!("shop/{deployment}")), "controller": true}]);
    json!({"metadata": meta, "spec": {"replicas": 1}, "status": {"replicas": 1}})
}

/// Makes a ReplicaSet the owner of a pod.
pub(crate) fn owned(mut pod: Value, replica_set: &str) -> Value {
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": replica_set,
        "uid": uid(&format!("shop/{replica_set}")), "controller": true}]);
    pod
}

/// A Deployment of which one of two replicas has been unavailable since then, long after its rollout.
pub(crate) fn lacking(name: &str, since: &str) -> Value {
    json!({"metadata": meta("shop", name), "spec": {"replicas": 2},
        "status": {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1, "unavailableReplicas": 1,
            "conditions": [
                {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "lastTransitionTime": since},
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "lastTransitionTime": since}]}})
}

/// The same, its rollout past the deadline since then.
pub(crate) fn stuck(name: &str, since: &str) -> Value {
    let mut deployment = lacking(name, since);
    deployment["status"]["conditions"][1] = json!({"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "lastTransitionTime": since});
    deployment
}

/// A pod that was evicted then.
pub(crate) fn evicted(name: &str, at: &str) -> Value {
    let mut pod = pod(name);
    pod["status"] = json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory.",
        "startTime": at, "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": at}]});
    pod
}
