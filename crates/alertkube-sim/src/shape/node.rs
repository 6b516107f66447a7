//! Nodes: ready, not ready, silent, under pressure, cordoned.

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::{MetaShape, condition};
use crate::cluster::time;

/// A node. It starts ready.
#[derive(Clone, Debug)]
pub struct NodeShape {
    meta: MetaShape,
    conditions: Vec<(&'static str, Standing)>,
    taints: Vec<Value>,
    cordoned: bool,
    heartbeat: Stamp,
}

/// One condition as it stands.
#[derive(Clone, Debug)]
struct Standing {
    status: &'static str,
    reason: String,
    message: String,
    since: Stamp,
}

const HEALTHY: &[(&str, &str, &str, &str)] = &[
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

impl NodeShape {
    /// A node that is ready since `since`.
    pub fn new(name: &str, since: Stamp) -> NodeShape {
        let mut meta = MetaShape::new("", name, since);
        for (key, value) in
            [("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux"), ("kubernetes.io/arch", "amd64")]
        {
            meta.label(key, value);
        }
        let standing = |&(kind, status, reason, message): &(&'static str, &'static str, &str, &str)| {
            (kind, Standing { status, reason: reason.to_owned(), message: message.to_owned(), since })
        };
        let conditions = HEALTHY.iter().map(standing).collect();
        NodeShape { meta, conditions, taints: Vec::new(), cordoned: false, heartbeat: since }
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> NodeShape {
        self.meta.label(key, value);
        self
    }

    /// When the kubelet last wrote.
    #[must_use]
    pub fn heartbeat(mut self, at: Stamp) -> NodeShape {
        self.heartbeat = at;
        self
    }

    /// The kubelet itself says since `at` that it is not ready, such as "container runtime is down".
    #[must_use]
    pub fn not_ready(self, message: &str, at: Stamp) -> NodeShape {
        self.set("Ready", "False", at, ("KubeletNotReady", message)).tainted("not-ready", at)
    }

    /// The kubelet is silent: the node controller turned every condition Unknown at `at`.
    #[must_use]
    pub fn unknown(self, at: Stamp) -> NodeShape {
        let why = ("NodeStatusUnknown", "Kubelet stopped posting node status.");
        let silent = HEALTHY.iter().fold(self, |node, (kind, ..)| node.set(kind, "Unknown", at, why));
        silent.tainted("unreachable", at)
    }

    /// `MemoryPressure`, `DiskPressure` or `PIDPressure` since `at`.
    #[must_use]
    pub fn pressure(self, kind: &'static str, at: Stamp) -> NodeShape {
        let (reason, message, taint) = match kind {
            "MemoryPressure" => {
                ("KubeletHasInsufficientMemory", "insufficient memory available", "memory-pressure")
            }
            "DiskPressure" => ("KubeletHasDiskPressure", "disk pressure", "disk-pressure"),
            _ => ("KubeletHasInsufficientPID", "insufficient PID available", "pid-pressure"),
        };
        let message = format!("kubelet has {message}");
        self.set(kind, "True", at, (reason, &message)).taint(taint, "NoSchedule", at)
    }

    /// Any other condition, such as `NetworkUnavailable` or one of a problem detector.
    #[must_use]
    pub fn condition(
        self,
        kind: &'static str,
        status: &'static str,
        at: Stamp,
        why: (&str, &str),
    ) -> NodeShape {
        self.set(kind, status, at, why)
    }

    /// Cordoned at `at`.
    #[must_use]
    pub fn cordoned(mut self, at: Stamp) -> NodeShape {
        self.cordoned = true;
        self.taint("unschedulable", "NoSchedule", at)
    }

    /// The object.
    pub fn build(&self) -> Value {
        let mut spec = json!({ "podCIDR": "10.88.0.0/24", "podCIDRs": ["10.88.0.0/24"] });
        if self.cordoned {
            spec["unschedulable"] = true.into();
        }
        if !self.taints.is_empty() {
            spec["taints"] = self.taints.clone().into();
        }
        let conditions = self.conditions.iter().map(|(kind, standing)| {
            let why = (standing.reason.as_str(), standing.message.as_str());
            let mut condition = condition(kind, standing.status, standing.since, why);
            condition["lastHeartbeatTime"] = time(self.heartbeat).into();
            condition
        });
        let room =
            json!({ "cpu": "4", "memory": "16374496Ki", "pods": "110", "ephemeral-storage": "51474912Ki" });
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": self.meta.0, "spec": spec,
            "status": {
                "conditions": conditions.collect::<Vec<_>>(), "capacity": room, "allocatable": room,
                "addresses": [
                    { "type": "InternalIP", "address": "10.88.0.1" },
                    { "type": "Hostname", "address": self.meta.text("name") },
                ],
                "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
                "nodeInfo": { "kubeletVersion": "v1.36.0-sim", "operatingSystem": "linux", "architecture": "amd64" },
            },
        })
    }

    fn set(mut self, kind: &'static str, status: &'static str, since: Stamp, why: (&str, &str)) -> NodeShape {
        let standing = Standing { status, reason: why.0.to_owned(), message: why.1.to_owned(), since };
        match self.conditions.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, old)) => *old = standing,
            None => self.conditions.push((kind, standing)),
        }
        self
    }

    fn tainted(self, key: &str, at: Stamp) -> NodeShape {
        self.taint(key, "NoSchedule", at).taint(key, "NoExecute", at)
    }

    fn taint(mut self, key: &str, effect: &str, at: Stamp) -> NodeShape {
        let key = format!("node.kubernetes.io/{key}");
        self.taints.push(json!({ "key": key, "effect": effect, "timeAdded": time(at) }));
        self
    }
}
