//! The faults that are made on a real cluster: the object that has it, when the API shows it, and how it is fixed.

use alertkube_core::catalogue;
use anyhow::Result;
use serde_json::{Value, json};

use super::ground::Ground;
use super::seen::{Picture, stamp};
use crate::cluster::IMAGE;

/// One fault. [`FAULTS`] has them all.
pub(crate) struct Fault {
    /// The reason under which it is told.
    pub(crate) reason: &'static str,
    /// Another name that the message may show for it.
    pub(crate) also: &'static str,
    /// The kind of the object that is told.
    pub(crate) kind: &'static str,
    /// The name of the object; of a node it is [`Ground::ghost`].
    pub(crate) name: &'static str,
    make: fn(&Fault) -> Value,
    /// Whether the API shows it; if so since when by the object's own stamps, where it has them.
    shows: fn(&Picture, &str) -> Option<Option<i64>>,
    fix: Fix,
}

/// How a fault ends.
enum Fix {
    Delete,
    /// By kubectl in the namespace.
    Kubectl(&'static [&'static str]),
    /// By an object that was missing.
    Apply(fn() -> Value),
    /// By a condition in the status of the object's pod.
    Gate,
}

/// The readiness gate that nobody sets.
const GATE: &str = "alertkube.test/never";

/// Every fault under test.
pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        make: |fault| pod(fault.name, &json!({"command": ["sh", "-c", "sleep 1; exit 3"]}), &json!({})),
        shows: |picture, name| {
            let status = container(picture.get("Pod", name));
            let down = status["restartCount"].as_i64() >= Some(2)
                && status["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0);
            (status["state"]["waiting"]["reason"] == "CrashLoopBackOff" || down).then_some(None)
        },
        ..row("CrashLoopBackOff", "Pod", "crashes")
    },
    Fault {
        make: |fault| {
            let limits = json!({"limits": {"memory": "20Mi"}});
            let command = json!(["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]);
            pod(fault.name, &json!({"command": command, "resources": limits}), &json!({}))
        },
        shows: |picture, name| {
            let status = container(picture.get("Pod", name));
            let killed =
                ["state", "lastState"].iter().any(|at| status[*at]["terminated"]["reason"] == "OOMKilled");
            killed.then_some(None)
        },
        ..row("OOMKilled", "Pod", "devours")
    },
    Fault {
        also: "ErrImagePull",
        make: |fault| {
            let image = json!({"image": "registry.test/nothing:1", "imagePullPolicy": "IfNotPresent"});
            pod(fault.name, &image, &json!({}))
        },
        shows: |picture, name| waits(picture, name, &["ErrImagePull", "ImagePullBackOff"]),
        fix: Fix::Kubectl(&["set", "image", "pod/imageless", "main=alertkube.test/busybox:1"]),
        ..row("ImagePullBackOff", "Pod", "imageless")
    },
    Fault {
        make: |fault| {
            let key = json!({"secretKeyRef": {"name": "later-env", "key": "k"}});
            pod(fault.name, &json!({"env": [{"name": "K", "valueFrom": key}]}), &json!({}))
        },
        shows: |picture, name| waits(picture, name, &["CreateContainerConfigError"]),
        fix: Fix::Apply(|| secret("later-env")),
        ..row("CreateContainerConfigError", "Pod", "unconfigured")
    },
    Fault {
        make: |fault| {
            let volume = json!([{"name": "v", "secret": {"secretName": "later-mount"}}]);
            let mount = json!([{"name": "v", "mountPath": "/v"}]);
            pod(fault.name, &json!({"volumeMounts": mount}), &json!({"volumes": volume}))
        },
        shows: |picture, name| {
            let (count, first) = picture.warnings("FailedMount", name);
            let creating = waits(picture, name, &["ContainerCreating"]).is_some();
            (count >= 2 && creating).then_some(first)
        },
        fix: Fix::Apply(|| secret("later-mount")),
        ..row("FailedMount", "Pod", "unmounted")
    },
    Fault {
        make: |fault| {
            pod(fault.name, &json!({}), &json!({"nodeSelector": {"alertkube.test/nowhere": "true"}}))
        },
        shows: |picture, name| {
            let scheduled = condition(picture.get("Pod", name), "PodScheduled");
            let holds = scheduled["status"] == "False" && scheduled["reason"] == "Unschedulable";
            holds.then(|| stamp(&scheduled["lastTransitionTime"]))
        },
        ..row("Unschedulable", "Pod", "homeless")
    },
    Fault {
        make: |fault| {
            let probe = json!({"exec": {"command": ["test", "-e", "/tmp/well"]}, "periodSeconds": 5});
            pod(fault.name, &json!({"readinessProbe": probe}), &json!({}))
        },
        shows: |picture, name| {
            let running = container(picture.get("Pod", name))["state"]["running"].is_object();
            let (count, first) = picture.warnings("Unhealthy", name);
            (running && count >= 2).then_some(first)
        },
        fix: Fix::Kubectl(&["exec", "unwell", "--", "touch", "/tmp/well"]),
        ..row("ProbeFailing", "Pod", "unwell")
    },
    Fault {
        make: |fault| {
            let inner = pod(fault.name, &json!({"command": ["false"]}), &json!({"restartPolicy": "Never"}));
            let metadata = json!({"name": fault.name});
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
                "spec": {"backoffLimit": 0, "template": {"spec": inner["spec"]}},
            })
        },
        shows: |picture, name| {
            let failed = condition(picture.get("Job", name), "Failed");
            (failed["status"] == "True").then(|| stamp(&failed["lastTransitionTime"]))
        },
        ..row("JobFailed", "Job", "fails")
    },
    Fault {
        make: |fault| {
            let gates = json!({"readinessGates": [{"conditionType": GATE}]});
            let inner = pod(fault.name, &json!({}), &gates);
            let labels = json!({"app": fault.name});
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": fault.name},
                "spec": {
                    "replicas": 1, "progressDeadlineSeconds": 12, "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": inner["spec"]},
                },
            })
        },
        shows: |picture, name| {
            let progress = condition(picture.get("Deployment", name), "Progressing");
            let stuck = progress["status"] == "False" && progress["reason"] == "ProgressDeadlineExceeded";
            stuck.then(|| stamp(&progress["lastTransitionTime"]))
        },
        fix: Fix::Gate,
        ..row("ProgressDeadlineExceeded", "Deployment", "stuck")
    },
    Fault {
        make: |fault| {
            // Its kubelet reported once, and then never again.
            let condition = |kind: &str, status: &str, reason: &str| json!({"type": kind, "status": status, "reason": reason});
            let conditions = [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID"),
                condition("Ready", "True", "KubeletReady"),
            ];
            let metadata = json!({"name": fault.name});
            json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"conditions": conditions}})
        },
        shows: |picture, name| {
            let ready = condition(picture.get("Node", name), "Ready");
            let down = ready["status"].as_str().is_some_and(|status| status != "True");
            down.then(|| stamp(&ready["lastTransitionTime"]))
        },
        ..row("NodeNotReady", "Node", "")
    },
];

const fn row(reason: &'static str, kind: &'static str, name: &'static str) -> Fault {
    Fault { reason, also: "", kind, name, make: |_| Value::Null, shows: |_, _| None, fix: Fix::Delete }
}

impl Fault {
    /// The name of its object in this run.
    pub(crate) fn name(&self, ground: &Ground<'_>) -> String {
        if self.name.is_empty() { ground.ghost() } else { self.name.to_owned() }
    }

    /// The object that has it.
    pub(crate) fn object(&self, ground: &Ground<'_>) -> Value {
        let mut object = (self.make)(self);
        object["metadata"]["name"] = self.name(ground).into();
        if self.kind != "Node" {
            object["metadata"]["namespace"] = ground.namespace().into();
        }
        object
    }

    /// Whether the API shows it, and since when by the object's own stamps.
    pub(crate) fn shows(&self, ground: &Ground<'_>, picture: &Picture) -> Option<Option<i64>> {
        (self.shows)(picture, &self.name(ground))
    }

    /// Ends it.
    pub(crate) fn fix(&self, ground: &Ground<'_>, picture: &Picture) -> Result<()> {
        match self.fix {
            Fix::Delete => {
                let name = self.name(ground);
                ground.kubectl(&["delete", self.kind, &name, "--wait=false", "--grace-period=1"])
            }
            Fix::Kubectl(words) => ground.kubectl(words),
            Fix::Apply(object) => {
                let mut object = object();
                object["metadata"]["namespace"] = ground.namespace().into();
                return ground.apply(&[object]);
            }
            Fix::Gate => {
                let pod = picture.beginning("Pod", &format!("{}-", self.name));
                let name = pod["metadata"]["name"].as_str().unwrap_or_default();
                let patch = json!({"status": {"conditions": [{"type": GATE, "status": "True"}]}}).to_string();
                ground.kubectl(&["patch", "pod", name, "--subresource=status", "--patch", &patch])
            }
        }
        .map(drop)
    }

    /// How it is ended, in a word.
    pub(crate) fn ending(&self) -> &'static str {
        if matches!(self.fix, Fix::Delete) { "deletion" } else { "fix" }
    }

    /// How long it must stand by default before it is told, in milliseconds.
    pub(crate) fn hold_for(&self) -> i64 {
        let condition =
            catalogue().find(|condition| condition.reason == self.reason && condition.kind == self.kind);
        let hold_for = condition.expect("a test looks each reason up").hold_for;
        i64::try_from(hold_for.as_millis()).unwrap_or(i64::MAX)
    }
}

fn pod(name: &str, container: &Value, spec: &Value) -> Value {
    let mut main = json!({
        "name": "main", "image": IMAGE, "imagePullPolicy": "Never", "command": ["sleep", "2147483647"],
    });
    merge(&mut main, container);
    let mut all = json!({"terminationGracePeriodSeconds": 1, "containers": [main]});
    merge(&mut all, spec);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": all})
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

fn secret(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"k": "v"}})
}

fn container(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]
}

fn waits(picture: &Picture, name: &str, reasons: &[&str]) -> Option<Option<i64>> {
    let waiting = &container(picture.get("Pod", name))["state"]["waiting"]["reason"];
    reasons.iter().any(|reason| waiting == reason).then_some(None)
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let mut all = object["status"]["conditions"].as_array().into_iter().flatten();
    all.find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_a_condition_with_an_object_of_its_own() {
        let mut names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAULTS.len());
        for fault in FAULTS {
            assert!(fault.hold_for() >= 0, "{}", fault.reason);
            assert_eq!((fault.make)(fault)["kind"], fault.kind);
            assert_eq!((fault.shows)(&Picture::default(), "x"), None, "{} on an empty cluster", fault.reason);
        }
    }
}
