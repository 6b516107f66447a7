//! What a kubelet writes of one container, and the conditions that follow from all of them.

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::condition;
use crate::cluster::time;

/// One container of a pod.
#[derive(Clone, Debug)]
pub(super) struct ContainerShape {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) memory_limit: Option<String>,
    pub(super) init: bool,
    pub(super) state: State,
    pub(super) last: Option<State>,
    pub(super) restarts: i64,
    pub(super) ready: bool,
}

/// A container's state, now or in its last run.
#[derive(Clone, Debug)]
pub(super) enum State {
    Running { since: Stamp },
    Waiting { reason: String, message: String },
    Terminated { reason: String, exit_code: i64, at: Stamp },
}

impl ContainerShape {
    pub(super) fn new(name: &str, since: Stamp) -> ContainerShape {
        ContainerShape {
            name: name.to_owned(),
            image: "registry.example/shop/app:1.4.2".to_owned(),
            memory_limit: None,
            init: false,
            state: State::Running { since },
            last: None,
            restarts: 0,
            ready: true,
        }
    }

    /// The container's part of `spec`.
    pub(super) fn spec(&self) -> Value {
        let resources = match &self.memory_limit {
            Some(limit) => json!({ "limits": { "memory": limit }, "requests": { "memory": limit } }),
            None => json!({}),
        };
        json!({
            "name": self.name, "image": self.image, "imagePullPolicy": "IfNotPresent", "resources": resources,
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        })
    }

    /// The container's part of `status`.
    pub(super) fn status(&self) -> Value {
        let ran = !matches!(self.state, State::Waiting { .. }) || self.last.is_some();
        let running = matches!(self.state, State::Running { .. });
        let mut status = json!({
            "name": self.name, "image": self.image, "imageID": "", "ready": self.is_ready(), "started": running,
            "restartCount": self.restarts, "state": self.state_json(&self.state), "lastState": {}, "resources": {},
        });
        if ran {
            status["imageID"] = format!("{}@sha256:{:064x}", self.image, 1).into();
            status["containerID"] = self.id(self.restarts).into();
        }
        if let Some(last) = &self.last {
            status["lastState"] = self.state_json(last);
        }
        status
    }

    /// Init containers are ready when they completed, others while they run.
    pub(super) fn is_ready(&self) -> bool {
        let stands = match &self.state {
            State::Running { .. } => !self.init,
            State::Terminated { exit_code, .. } => self.init && *exit_code == 0,
            State::Waiting { .. } => false,
        };
        stands && self.ready
    }

    fn id(&self, run: i64) -> String {
        format!("containerd://{run:064x}")
    }

    fn state_json(&self, state: &State) -> Value {
        match state {
            State::Running { since } => json!({ "running": { "startedAt": time(*since) } }),
            State::Waiting { reason, message } if message.is_empty() => {
                json!({ "waiting": { "reason": reason } })
            }
            State::Waiting { reason, message } => {
                json!({ "waiting": { "reason": reason, "message": message } })
            }
            State::Terminated { reason, exit_code, at } => json!({ "terminated": {
                "reason": reason, "exitCode": exit_code, "finishedAt": time(*at), "startedAt": time(*at),
                "containerID": self.id(self.restarts.max(1) - 1),
            }}),
        }
    }
}

/// The kubelet's back-off before the next start, in Go's notation: 10 s, doubled each time, at most 5 min.
pub(super) fn backoff(restarts: i64) -> String {
    let seconds = (10_i64 << (restarts.clamp(1, 10) - 1)).min(300);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

/// The five conditions of a pod that was scheduled.
pub(super) fn conditions(containers: &[ContainerShape], since: Stamp, unready_since: Stamp) -> Value {
    let names = |init: bool| -> Vec<&str> {
        let unready = containers.iter().filter(|c| c.init == init && !c.is_ready());
        unready.map(|c| c.name.as_str()).collect()
    };
    let (unready, uninitialized) = (names(false), names(true));
    let message = format!("containers with unready status: [{}]", unready.join(" "));
    let incomplete = format!("containers with incomplete status: [{}]", uninitialized.join(" "));
    let ready = |kind: &str| match unready.is_empty() && uninitialized.is_empty() {
        true => pod_condition(kind, "True", since, ("", "")),
        false => pod_condition(kind, "False", unready_since, ("ContainersNotReady", &message)),
    };
    let initialized = match uninitialized.is_empty() {
        true => pod_condition("Initialized", "True", since, ("", "")),
        false => pod_condition("Initialized", "False", since, ("ContainersNotInitialized", &incomplete)),
    };
    json!([
        pod_condition("PodReadyToStartContainers", "True", since, ("", "")),
        initialized,
        ready("Ready"),
        ready("ContainersReady"),
        pod_condition("PodScheduled", "True", since, ("", "")),
    ])
}

/// The one condition of a pod without a node.
pub(super) fn unscheduled(since: Stamp, message: &str) -> Value {
    pod_condition("PodScheduled", "False", since, ("Unschedulable", message))
}

/// The conditions of a pod that the kubelet evicted.
pub(super) fn disrupted(since: Stamp, at: Stamp, message: &str) -> Value {
    json!([
        pod_condition("DisruptionTarget", "True", at, ("TerminationByKubelet", message)),
        pod_condition("PodReadyToStartContainers", "False", at, ("", "")),
        pod_condition("Initialized", "True", since, ("", "")),
        pod_condition("Ready", "False", at, ("PodFailed", "")),
        pod_condition("ContainersReady", "False", at, ("PodFailed", "")),
        pod_condition("PodScheduled", "True", since, ("", "")),
    ])
}

fn pod_condition(kind: &str, status: &str, since: Stamp, why: (&str, &str)) -> Value {
    let mut condition = condition(kind, status, since, why);
    condition["lastProbeTime"] = Value::Null;
    condition["observedGeneration"] = 1.into();
    condition
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_five_minutes() {
        let texts: Vec<String> = [0, 1, 2, 4, 5, 6, 99].into_iter().map(backoff).collect();
        assert_eq!(texts, ["10s", "10s", "20s", "1m20s", "2m40s", "5m0s", "5m0s"]);
    }
}
