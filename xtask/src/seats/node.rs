//! A node that no kubelet looks after, kept alive by us: its pods have the status that we give them.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;

use alertkube_core::Stamp;
use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::limits;
use crate::receiver::millis;

const NODES: &str = "/api/v1/nodes";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/// The node; it is no longer said to be alive once this is dropped.
pub(crate) struct Node {
    _alive: Sender<()>,
}

impl Node {
    /// Makes it, and says from then on that it is alive.
    pub(crate) fn make(api: &Arc<Api>, name: &str) -> Result<Node> {
        let made = api.create(NODES, &node(name)).wait().context("make a node")?;
        let status = json!({"status": status()});
        api.go(Method::PATCH, &format!("{NODES}/{name}/status"), Some(&status))
            .wait()
            .context("make it ready")?;
        api.create(LEASES, &lease(name, &made["metadata"]["uid"])).wait().context("make the node's Lease")?;
        let (alive, gone) = channel::<()>();
        let (api, path) = (Arc::clone(api), format!("{LEASES}/{name}"));
        thread::spawn(move || {
            while gone.recv_timeout(limits::NODE_BEAT) == Err(RecvTimeoutError::Timeout) {
                let beat = json!({"spec": {"renewTime": micros()}});
                // One that is lost is made good by the next.
                let _lost = api.patch(&path, &beat).wait();
            }
        });
        Ok(Node { _alive: alive })
    }
}

fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        // The scheduler looks elsewhere; pods come by their `nodeName`.
        "spec": {"taints": [{"key": "alertkube.test/ghost", "effect": "NoSchedule"}]},
    })
}

fn status() -> Value {
    let room = json!({"cpu": "1000", "memory": "1000Gi", "pods": "100000"});
    let now = now();
    let condition = |kind: &str, status: &str| {
        json!({
            "type": kind, "status": status, "reason": "AlertkubeTest", "message": "",
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    json!({"capacity": room, "allocatable": room, "conditions": [condition("Ready", "True")]})
}

fn lease(name: &str, uid: &Value) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        // It goes with its node.
        "metadata": {"name": name, "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}]},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micros()},
    })
}

/// A time as objects have it, in whole seconds.
pub(super) fn now() -> String {
    Stamp::from_millis(millis()).timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as Leases have it.
fn micros() -> String {
    Stamp::from_millis(millis()).timestamp().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_their_fields_want() {
        assert_eq!(now().len(), "2026-11-23T04:05:09Z".len());
        assert_eq!(micros().len(), "2026-11-23T04:05:09.000000Z".len());
    }
}
