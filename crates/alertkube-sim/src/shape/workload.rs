//! Deployments, ReplicaSets, StatefulSets and DaemonSets with the status that their controllers write.

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::{MetaShape, condition, counts, job};
use crate::cluster::time;

/// A workload. It starts with everything it wants.
#[derive(Clone, Debug)]
pub struct WorkloadShape {
    pub(super) meta: MetaShape,
    kind: Kind,
    pub(super) since: Stamp,
    pub(super) wanted: i64,
    missing: i64,
    missing_since: Stamp,
    misscheduled: i64,
    update: Update,
    deadline_passed: Option<Stamp>,
    create_failed: Option<(String, Stamp)>,
    pub(super) outcome: job::Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
}

/// How far the last change of the pods' template is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Update {
    Done,
    /// The controller replaces pods.
    Rolling,
    /// It has replaced all but so many.
    Partitioned(i64),
    /// It replaces none before somebody deletes them.
    OnDelete,
}

impl WorkloadShape {
    /// A Deployment with so many replicas, all available.
    pub fn deployment(namespace: &str, name: &str, replicas: i64, since: Stamp) -> WorkloadShape {
        WorkloadShape::new(Kind::Deployment, MetaShape::new(namespace, name, since), replicas, since)
    }

    /// A ReplicaSet with so many replicas, all ready.
    pub fn replica_set(namespace: &str, name: &str, replicas: i64, since: Stamp) -> WorkloadShape {
        WorkloadShape::new(Kind::ReplicaSet, MetaShape::new(namespace, name, since), replicas, since)
    }

    /// A StatefulSet with so many replicas, all ready.
    pub fn stateful_set(namespace: &str, name: &str, replicas: i64, since: Stamp) -> WorkloadShape {
        WorkloadShape::new(Kind::StatefulSet, MetaShape::new(namespace, name, since), replicas, since)
    }

    /// A DaemonSet wanted on so many nodes, ready on all.
    pub fn daemon_set(namespace: &str, name: &str, nodes: i64, since: Stamp) -> WorkloadShape {
        WorkloadShape::new(Kind::DaemonSet, MetaShape::new(namespace, name, since), nodes, since)
    }

    /// A Job with so many completions, running.
    pub fn job(namespace: &str, name: &str, completions: i64, since: Stamp) -> WorkloadShape {
        WorkloadShape::new(Kind::Job, MetaShape::new(namespace, name, since), completions, since)
    }

    fn new(kind: Kind, meta: MetaShape, wanted: i64, since: Stamp) -> WorkloadShape {
        WorkloadShape {
            meta,
            kind,
            since,
            wanted,
            missing: 0,
            missing_since: since,
            misscheduled: 0,
            update: Update::Done,
            deadline_passed: None,
            create_failed: None,
            outcome: job::Outcome::Running,
        }
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> WorkloadShape {
        self.meta.label(key, value);
        self
    }

    /// Names the controller, as the cluster returned it.
    #[must_use]
    pub fn owner(mut self, owner: &Value) -> WorkloadShape {
        self.meta.owner(owner);
        self
    }

    /// So many of the wanted are not available since `at`.
    #[must_use]
    pub fn unavailable(mut self, count: i64, at: Stamp) -> WorkloadShape {
        self.missing = count.clamp(0, self.wanted);
        self.missing_since = at;
        self
    }

    /// A rollout is in progress.
    #[must_use]
    pub fn rolling(mut self) -> WorkloadShape {
        self.update = Update::Rolling;
        self
    }

    /// A StatefulSet's rollout has come to its partition: so many keep the revision that they have.
    #[must_use]
    pub fn partitioned(mut self, kept: i64) -> WorkloadShape {
        self.update = Update::Partitioned(kept);
        self
    }

    /// The template of a StatefulSet or a DaemonSet was changed, and no pod is replaced until it is deleted.
    #[must_use]
    pub fn on_delete(mut self) -> WorkloadShape {
        self.update = Update::OnDelete;
        self
    }

    /// A Deployment's rollout passed its deadline at `at`.
    #[must_use]
    pub fn deadline_passed(mut self, at: Stamp) -> WorkloadShape {
        self.deadline_passed = Some(at);
        self
    }

    /// Pods cannot be created since `at`: quota or admission.
    #[must_use]
    pub fn replica_failure(mut self, message: &str, at: Stamp) -> WorkloadShape {
        self.create_failed = Some((message.to_owned(), at));
        self
    }

    /// A DaemonSet runs on so many nodes where it should not.
    #[must_use]
    pub fn misscheduled(mut self, count: i64) -> WorkloadShape {
        self.misscheduled = count;
        self
    }

    /// A Job failed at `at`, such as for `BackoffLimitExceeded`.
    #[must_use]
    pub fn failed(mut self, reason: &str, at: Stamp) -> WorkloadShape {
        self.outcome = job::Outcome::Failed { reason: reason.to_owned(), at };
        self
    }

    /// A Job completed at `at`.
    #[must_use]
    pub fn complete(mut self, at: Stamp) -> WorkloadShape {
        self.outcome = job::Outcome::Complete { at };
        self
    }

    /// The object.
    pub fn build(&self) -> Value {
        let (api_version, kind, spec, status) = match self.kind {
            Kind::Deployment => ("apps/v1", "Deployment", self.deployment_spec(), self.deployment_status()),
            Kind::ReplicaSet => ("apps/v1", "ReplicaSet", self.scaled_spec(), self.replica_set_status()),
            Kind::StatefulSet => {
                ("apps/v1", "StatefulSet", self.stateful_set_spec(), self.stateful_set_status())
            }
            Kind::DaemonSet => ("apps/v1", "DaemonSet", self.daemon_set_spec(), self.daemon_set_status()),
            Kind::Job => ("batch/v1", "Job", job::spec(self), job::status(self)),
        };
        json!({
            "apiVersion": api_version, "kind": kind, "metadata": self.meta.0, "spec": spec, "status": status,
        })
    }

    fn ready(&self) -> i64 {
        self.wanted - self.missing
    }

    /// What a controller in the middle of a rollout has updated: the missing ones are the new ones.
    fn updated(&self) -> i64 {
        match self.update {
            Update::Done => self.wanted,
            Update::Rolling => self.missing,
            Update::Partitioned(kept) => (self.wanted - kept).max(0),
            Update::OnDelete => 0,
        }
    }

    fn spec(&self) -> Value {
        let app = json!({ "app": self.meta.text("name") });
        json!({
            "selector": { "matchLabels": app },
            "template": {
                "metadata": { "labels": app },
                "spec": { "containers": [{ "name": "app", "image": "registry.example/shop/app:1.4.2" }] },
            },
        })
    }

    fn scaled_spec(&self) -> Value {
        let mut spec = self.spec();
        spec["replicas"] = self.wanted.into();
        spec
    }

    fn deployment_spec(&self) -> Value {
        let mut spec = self.scaled_spec();
        spec["progressDeadlineSeconds"] = 600.into();
        spec["revisionHistoryLimit"] = 10.into();
        spec["strategy"] = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } });
        spec
    }

    fn stateful_set_spec(&self) -> Value {
        let mut spec = self.scaled_spec();
        spec["serviceName"] = self.meta.text("name").into();
        spec["updateStrategy"] = match self.update {
            Update::OnDelete => json!({ "type": "OnDelete" }),
            Update::Partitioned(kept) => {
                json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": kept } })
            }
            _ => json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } }),
        };
        spec
    }

    fn daemon_set_spec(&self) -> Value {
        let mut spec = self.spec();
        spec["updateStrategy"] = match self.update {
            Update::OnDelete => json!({ "type": "OnDelete" }),
            _ => json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 1 } }),
        };
        spec
    }

    fn deployment_status(&self) -> Value {
        let mut status = counts(&[
            ("observedGeneration", 1),
            ("replicas", self.wanted),
            ("updatedReplicas", self.updated()),
            ("readyReplicas", self.ready()),
            ("availableReplicas", self.ready()),
            ("unavailableReplicas", self.missing),
        ]);
        let mut conditions = vec![self.available(), self.progressing()];
        conditions.extend(self.create_failure());
        for condition in &mut conditions {
            condition["lastUpdateTime"] = condition["lastTransitionTime"].clone();
        }
        status["conditions"] = conditions.into();
        status
    }

    /// Available as long as no more than a quarter is missing, rounded down as the default strategy does.
    fn available(&self) -> Value {
        if self.missing <= self.wanted / 4 {
            let why = ("MinimumReplicasAvailable", "Deployment has minimum availability.");
            return condition("Available", "True", self.since, why);
        }
        let why = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
        condition("Available", "False", self.missing_since, why)
    }

    fn progressing(&self) -> Value {
        let set = format!("ReplicaSet \"{}-5d4f8c7b9d\"", self.meta.text("name"));
        if let Some(at) = self.deadline_passed {
            let message = format!("{set} has timed out progressing.");
            return condition("Progressing", "False", at, ("ProgressDeadlineExceeded", &message));
        }
        let (reason, message) = match self.update == Update::Rolling {
            true => ("ReplicaSetUpdated", format!("{set} is progressing.")),
            false => ("NewReplicaSetAvailable", format!("{set} has successfully progressed.")),
        };
        condition("Progressing", "True", self.since, (reason, &message))
    }

    fn create_failure(&self) -> Option<Value> {
        let (message, at) = self.create_failed.as_ref()?;
        Some(condition("ReplicaFailure", "True", *at, ("FailedCreate", message)))
    }

    fn replica_set_status(&self) -> Value {
        let mut status = counts(&[
            ("observedGeneration", 1),
            ("fullyLabeledReplicas", self.wanted),
            ("readyReplicas", self.ready()),
            ("availableReplicas", self.ready()),
        ]);
        status["replicas"] = self.wanted.into();
        if let Some(failure) = self.create_failure() {
            status["conditions"] = json!([failure]);
        }
        status
    }

    fn stateful_set_status(&self) -> Value {
        let name = self.meta.text("name");
        let current = format!("{name}-7c9d8f6b5");
        let done = self.update == Update::Done;
        let update = if done { current.clone() } else { format!("{name}-84b6f9c7d") };
        let mut status = counts(&[
            ("observedGeneration", 1),
            ("readyReplicas", self.ready()),
            ("currentReplicas", if done { self.wanted } else { self.wanted - self.updated() }),
            ("updatedReplicas", self.updated()),
        ]);
        for (field, count) in
            [("replicas", self.wanted), ("availableReplicas", self.ready()), ("collisionCount", 0)]
        {
            status[field] = count.into();
        }
        status["currentRevision"] = current.into();
        status["updateRevision"] = update.into();
        status
    }

    fn daemon_set_status(&self) -> Value {
        let mut status = counts(&[
            ("observedGeneration", 1),
            ("updatedNumberScheduled", self.updated()),
            ("numberAvailable", self.ready()),
            ("numberUnavailable", self.missing),
        ]);
        for (field, count) in [
            ("desiredNumberScheduled", self.wanted),
            ("currentNumberScheduled", self.wanted),
            ("numberMisscheduled", self.misscheduled),
            ("numberReady", self.ready()),
        ] {
            status[field] = count.into();
        }
        status
    }

    /// The time of creation as the API writes it.
    pub(super) fn created(&self) -> String {
        time(self.since)
    }
}
