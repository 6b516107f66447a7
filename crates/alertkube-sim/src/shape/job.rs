//! The part of a workload that only Jobs have: how it ended.

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::condition;
use super::workload::WorkloadShape;
use crate::cluster::time;

/// How a Job stands.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Running,
    Failed { reason: String, at: Stamp },
    Complete { at: Stamp },
}

/// Pods that a Job may lose before it fails, the API's default.
const LOST_PODS_ALLOWED: i64 = 6;

pub(super) fn spec(job: &WorkloadShape) -> Value {
    json!({
        "completions": job.wanted, "parallelism": 1, "backoffLimit": LOST_PODS_ALLOWED, "completionMode": "NonIndexed",
        "suspend": false, "manualSelector": false, "podReplacementPolicy": "TerminatingOrFailed",
        "template": { "spec": {
            "restartPolicy": "Never", "containers": [{ "name": "app", "image": "registry.example/shop/app:1.4.2" }],
        }},
    })
}

pub(super) fn status(job: &WorkloadShape) -> Value {
    let mut status = json!({
        "startTime": job.created(), "uncountedTerminatedPods": {}, "terminating": 0, "ready": 0,
    });
    match &job.outcome {
        Outcome::Running => {
            status["active"] = 1.into();
            status["ready"] = 1.into();
        }
        Outcome::Failed { reason, at } => {
            let message = match reason.as_str() {
                "DeadlineExceeded" => "Job was active longer than specified deadline",
                _ => "Job has reached the specified backoff limit",
            };
            status["failed"] = (LOST_PODS_ALLOWED + 1).into();
            status["conditions"] = pair(("FailureTarget", "Failed"), *at, (reason, message));
        }
        Outcome::Complete { at } => {
            let why = ("CompletionsReached", "Reached expected number of succeeded pods");
            status["succeeded"] = job.wanted.into();
            status["completionTime"] = time(*at).into();
            status["conditions"] = pair(("SuccessCriteriaMet", "Complete"), *at, why);
        }
    }
    status
}

/// A Job says first that it will end so, then that it did.
fn pair(kinds: (&str, &str), at: Stamp, why: (&str, &str)) -> Value {
    let one = |kind: &str| {
        let mut condition = condition(kind, "True", at, why);
        condition["lastProbeTime"] = time(at).into();
        condition
    };
    json!([one(kinds.0), one(kinds.1)])
}
