//! Pods in the states that real kubelets and schedulers report.

use std::time::Duration;

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::MetaShape;
use super::status::{self, ContainerShape, State};
use crate::cluster::time;

/// A pod. It starts healthy, with one container called `app`; what is said of a container is said of the one
/// added last.
#[derive(Clone, Debug)]
pub struct PodShape {
    meta: MetaShape,
    since: Stamp,
    node: String,
    restart_policy: &'static str,
    containers: Vec<ContainerShape>,
    trouble: Trouble,
}

/// What is wrong with the pod as a whole.
#[derive(Clone, Debug)]
enum Trouble {
    None,
    Unschedulable { message: String },
    NotReady { at: Stamp },
    Evicted { message: String, at: Stamp },
    Finished { phase: &'static str, at: Stamp },
}

impl PodShape {
    /// A healthy pod, running since `since` on the node `node-a`.
    pub fn new(namespace: &str, name: &str, since: Stamp) -> PodShape {
        PodShape {
            meta: MetaShape::new(namespace, name, since),
            since,
            node: "node-a".to_owned(),
            restart_policy: "Always",
            containers: vec![ContainerShape::new("app", since)],
            trouble: Trouble::None,
        }
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> PodShape {
        self.meta.label(key, value);
        self
    }

    /// Sets an annotation.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> PodShape {
        self.meta.annotation(key, value);
        self
    }

    /// Names the controller, as the cluster returned it.
    #[must_use]
    pub fn owner(mut self, owner: &Value) -> PodShape {
        self.meta.owner(owner);
        self
    }

    /// Names the node.
    #[must_use]
    pub fn node(mut self, node: &str) -> PodShape {
        node.clone_into(&mut self.node);
        self
    }

    /// `Always`, `OnFailure` or `Never`.
    #[must_use]
    pub fn restart_policy(mut self, policy: &'static str) -> PodShape {
        self.restart_policy = policy;
        self
    }

    /// Adds a healthy container.
    #[must_use]
    pub fn container(mut self, name: &str) -> PodShape {
        self.containers.push(ContainerShape::new(name, self.since));
        self
    }

    /// Adds an init container that completed.
    #[must_use]
    pub fn init_container(mut self, name: &str) -> PodShape {
        let mut container = ContainerShape::new(name, self.since);
        container.init = true;
        container.state = State::Terminated { reason: "Completed".to_owned(), exit_code: 0, at: self.since };
        self.containers.push(container);
        self
    }

    /// Names the container.
    #[must_use]
    pub fn named(self, name: &str) -> PodShape {
        self.change(|container| name.clone_into(&mut container.name))
    }

    /// Names the container's image.
    #[must_use]
    pub fn image(self, image: &str) -> PodShape {
        self.change(|container| image.clone_into(&mut container.image))
    }

    /// Sets the container's memory limit, such as `128Mi`.
    #[must_use]
    pub fn memory_limit(self, limit: &str) -> PodShape {
        self.change(|container| container.memory_limit = Some(limit.to_owned()))
    }

    /// The container runs and restarted so many times; its last run ended at `at` with exit code 1.
    #[must_use]
    pub fn restarted(self, restarts: i64, at: Stamp) -> PodShape {
        self.ended_before("Error", 1, (restarts, at)).change(|c| c.state = State::Running { since: at })
    }

    /// The container waits for a reason such as `CreateContainerConfigError`.
    #[must_use]
    pub fn waiting(self, reason: &str, message: &str) -> PodShape {
        let state = State::Waiting { reason: reason.to_owned(), message: message.to_owned() };
        self.change(|container| container.state = state)
    }

    /// The container waits in `CrashLoopBackOff` after its last run ended at `at` with this exit code.
    #[must_use]
    pub fn crash_loop(self, restarts: i64, exit_code: i64, at: Stamp) -> PodShape {
        let backoff = status::backoff(restarts);
        let pod = format!("{}_{}", self.meta.text("name"), self.meta.text("namespace"));
        let container = self.containers.last().map_or("app", |container| &container.name);
        let message = format!("back-off {backoff} restarting failed container={container} pod={pod}");
        self.ended_before("Error", exit_code, (restarts, at)).waiting("CrashLoopBackOff", &message)
    }

    /// The container's last run was ended by the kernel at `at` for its memory; it runs again.
    #[must_use]
    pub fn oom_killed(self, restarts: i64, at: Stamp) -> PodShape {
        self.ended_before("OOMKilled", 137, (restarts, at)).change(|c| c.state = State::Running { since: at })
    }

    /// The container is in `CrashLoopBackOff` because the kernel ends it for its memory, last at `at`.
    #[must_use]
    pub fn oom_loop(self, restarts: i64, at: Stamp) -> PodShape {
        self.crash_loop(restarts, 137, at).ended_before("OOMKilled", 137, (restarts, at))
    }

    /// The container's last run ended at `at`; what it does now is said next.
    #[must_use]
    pub fn ended(self, reason: &str, exit_code: i64, (restarts, at): (i64, Stamp)) -> PodShape {
        self.ended_before(reason, exit_code, (restarts, at))
    }

    /// The container runs since `since`.
    #[must_use]
    pub fn running(self, since: Stamp) -> PodShape {
        self.change(|container| container.state = State::Running { since })
    }

    /// The image cannot be pulled: `ErrImagePull` with the registry's words, or `ImagePullBackOff` that quotes them.
    #[must_use]
    pub fn image_pull(self, reason: &str, registry_says: &str) -> PodShape {
        let image = self.containers.last().map_or(String::new(), |container| container.image.clone());
        let pull = format!("failed to pull and unpack image {image:?}: {registry_says}");
        let message = match reason {
            "ImagePullBackOff" => format!("Back-off pulling image {image:?}: ErrImagePull: {pull}"),
            _ => pull,
        };
        self.waiting(reason, &message)
    }

    /// The scheduler finds no node.
    #[must_use]
    pub fn unschedulable(mut self, message: &str) -> PodShape {
        self.trouble = Trouble::Unschedulable { message: message.to_owned() };
        self
    }

    /// All containers run, and one is not ready since `at`: a readiness probe fails.
    #[must_use]
    pub fn not_ready(mut self, at: Stamp) -> PodShape {
        self.trouble = Trouble::NotReady { at };
        self.change(|container| container.ready = false)
    }

    /// The kubelet evicted the pod at `at`.
    #[must_use]
    pub fn evicted(mut self, message: &str, at: Stamp) -> PodShape {
        self.trouble = Trouble::Evicted { message: message.to_owned(), at };
        self
    }

    /// The container ended at `at` and is not started again: the pod succeeded or failed by its exit code.
    #[must_use]
    pub fn finished(mut self, exit_code: i64, at: Stamp) -> PodShape {
        let (phase, reason) = if exit_code == 0 { ("Succeeded", "Completed") } else { ("Failed", "Error") };
        self.trouble = Trouble::Finished { phase, at };
        let state = State::Terminated { reason: reason.to_owned(), exit_code, at };
        self.change(|container| container.state = state)
    }

    /// Deletion was asked at `at`, with a grace period.
    #[must_use]
    pub fn terminating(mut self, grace_seconds: u64, at: Stamp) -> PodShape {
        let end = at.plus(Duration::from_secs(grace_seconds));
        self.meta.0["deletionTimestamp"] = time(end).into();
        self.meta.0["deletionGracePeriodSeconds"] = grace_seconds.into();
        self
    }

    /// The object.
    pub fn build(&self) -> Value {
        let mut object = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": self.meta.0 });
        object["spec"] = self.spec();
        object["status"] = self.status();
        object
    }

    fn change(mut self, change: impl FnOnce(&mut ContainerShape)) -> PodShape {
        if let Some(container) = self.containers.last_mut() {
            change(container);
        }
        self
    }

    fn ended_before(self, reason: &str, exit_code: i64, (restarts, at): (i64, Stamp)) -> PodShape {
        self.change(|container| {
            container.restarts = restarts;
            container.last = Some(State::Terminated { reason: reason.to_owned(), exit_code, at });
        })
    }

    fn is_scheduled(&self) -> bool {
        !matches!(self.trouble, Trouble::Unschedulable { .. })
    }

    fn spec(&self) -> Value {
        let of = |init: bool| -> Vec<Value> {
            self.containers.iter().filter(|c| c.init == init).map(ContainerShape::spec).collect()
        };
        let mut spec = json!({
            "containers": of(false), "restartPolicy": self.restart_policy, "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst", "serviceAccountName": "default", "serviceAccount": "default",
            "securityContext": {}, "schedulerName": "default-scheduler", "priority": 0,
            "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority",
            "tolerations": [
                { "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
                  "tolerationSeconds": 300 },
                { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                  "tolerationSeconds": 300 },
            ],
        });
        if self.containers.iter().any(|container| container.init) {
            spec["initContainers"] = of(true).into();
        }
        if self.is_scheduled() {
            spec["nodeName"] = self.node.as_str().into();
        }
        spec
    }

    fn status(&self) -> Value {
        let qos =
            if self.containers.iter().any(|c| c.memory_limit.is_some()) { "Burstable" } else { "BestEffort" };
        let mut status = json!({ "qosClass": qos, "observedGeneration": 1 });
        match &self.trouble {
            Trouble::Unschedulable { message } => {
                status["phase"] = "Pending".into();
                status["conditions"] = json!([status::unscheduled(self.since, message)]);
                return status;
            }
            Trouble::Evicted { message, at } => {
                status["phase"] = "Failed".into();
                status["reason"] = "Evicted".into();
                status["message"] = message.as_str().into();
                status["startTime"] = time(self.since).into();
                status["conditions"] = status::disrupted(self.since, *at, message);
                return status;
            }
            Trouble::None | Trouble::NotReady { .. } | Trouble::Finished { .. } => {}
        }
        status["phase"] = self.phase().into();
        status["conditions"] = status::conditions(&self.containers, self.since, self.unready_since());
        status["startTime"] = time(self.since).into();
        status["hostIP"] = "10.88.0.1".into();
        status["hostIPs"] = json!([{ "ip": "10.88.0.1" }]);
        status["podIP"] = "10.88.0.17".into();
        status["podIPs"] = json!([{ "ip": "10.88.0.17" }]);
        for (field, init) in [("containerStatuses", false), ("initContainerStatuses", true)] {
            let list: Vec<Value> =
                self.containers.iter().filter(|c| c.init == init).map(ContainerShape::status).collect();
            if !list.is_empty() {
                status[field] = list.into();
            }
        }
        status
    }

    /// A pod is Pending until each container was started once.
    fn phase(&self) -> &'static str {
        let never_ran = |c: &ContainerShape| matches!(c.state, State::Waiting { .. }) && c.last.is_none();
        match &self.trouble {
            Trouble::Finished { phase, .. } => phase,
            _ if self.containers.iter().any(never_ran) => "Pending",
            _ => "Running",
        }
    }

    fn unready_since(&self) -> Stamp {
        let ended = |state: &State| match state {
            State::Terminated { at, .. } => Some(*at),
            State::Running { .. } | State::Waiting { .. } => None,
        };
        match &self.trouble {
            Trouble::NotReady { at } | Trouble::Finished { at, .. } => *at,
            _ => self
                .containers
                .iter()
                .filter_map(|c| c.last.as_ref().and_then(ended))
                .max()
                .unwrap_or(self.since),
        }
    }
}
