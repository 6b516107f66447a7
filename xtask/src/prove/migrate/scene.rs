//! What the Go program left: pods that it had told of, and its snapshot of them.

use std::collections::BTreeMap;
use std::fs;

use alertkube_core::{Fingerprint, Stamp};
use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Message, Messages};
use crate::cluster::IMAGE;
use crate::line::Ground;
use crate::receiver::millis;
use crate::run;
use crate::seats::{Api, Ledger};

/// A fingerprint of the Go program's first version, and one that an Alertmanager gave.
const OLDER: &str = "0123456789ab";
pub(super) const RECEIVED: &str = "am-9f86d081884c7d65";

/// Every pod that this proof names, and what may be told of one.
const PODS: [&str; 10] =
    ["stands", "ends", "gone", "pulled", "sent", "over", "mild", "muted", "soon", "news"];
/// The Go program's mute, and what is left of it for `soon`, in seconds.
const MUTE: i64 = 600;
const LEFT: i64 = 30;
const REASONS: [&str; 5] =
    ["CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "PodNotReady", "ContainerRestart"];

/// How the snapshot is stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Gzip,
    Plain,
}

/// The pods of one migration, and where the snapshot of them lies.
pub(super) struct Scene<'a> {
    pub(super) api: &'a Api,
    /// Where the pods are,
    pub(super) pods: &'a Ground<'a>,
    /// and where the program is.
    pub(super) home: &'a Ground<'a>,
    /// The name of the Go program's object.
    pub(super) state: String,
    pub(super) form: Form,
}

impl Scene<'_> {
    pub(super) fn key(&self, pod: &str, reason: &str) -> String {
        Fingerprint::of("Pod", self.pods.namespace(), pod, reason).to_string()
    }

    pub(super) fn crashes(&self, pod: &str) -> String {
        self.key(pod, "CrashLoopBackOff")
    }

    /// The pods as they are when our program starts; `gone` is not among them.
    pub(super) fn populate(&self) -> Result<()> {
        let ill = |pod| matches!(pod, "stands" | "sent" | "muted" | "soon");
        ["stands", "sent", "ends", "pulled", "muted", "soon", "mild"]
            .iter()
            .try_for_each(|pod| self.make(pod, ill(*pod)))
    }

    /// A pod that is bound to the node of the ground; its status is ours to write.
    pub(super) fn make(&self, pod: &str, ill: bool) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/pods", self.pods.namespace());
        let object = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod},
            "spec": {
                "nodeName": self.pods.ghost(), "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": false, "enableServiceLinks": false,
                "containers": [{"name": "main", "image": IMAGE, "imagePullPolicy": "Never"}],
            },
        });
        self.api.create(&path, &object).wait()?;
        self.set(pod, ill)
    }

    pub(super) fn set(&self, pod: &str, ill: bool) -> Result<()> {
        let state = if ill {
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "made by a proof"}})
        } else {
            json!({"running": {"startedAt": time(0)}})
        };
        let word = if ill { "False" } else { "True" };
        let conditions: Vec<Value> = ["Ready", "ContainersReady", "PodScheduled"]
            .iter()
            .map(|kind| {
                let status = if *kind == "PodScheduled" { "True" } else { word };
                json!({"type": kind, "status": status, "lastTransitionTime": time(0)})
            })
            .collect();
        let status = json!({"status": {
            "phase": "Running", "conditions": conditions,
            "containerStatuses": [{
                "name": "main", "image": IMAGE, "imageID": "", "ready": !ill, "restartCount": 3, "state": state,
            }],
        }});
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/status", self.pods.namespace());
        self.api.patch(&path, &status).wait().map(drop)
    }

    /// A problem as the Go program stores it.
    fn stored(&self, pod: &str, change: &Value) -> Value {
        let mut stored = json!({
            "Fingerprint": self.crashes(pod), "Kind": "Pod",
            "Namespace": self.pods.namespace(), "Name": pod, "NodeName": self.pods.ghost(),
            "Severity": "critical", "Reason": "CrashLoopBackOff",
            "Summary": format!("container main of {pod} is in CrashLoopBackOff"), "Cluster": "test",
            "Details": null, "Labels": {"container": "main"}, "Annotations": {}, "StartsAt": time(-3600),
            "EndsAt": time(600), "Resolved": false, "Event": false, "Correlation": null,
        });
        if let (Some(fields), Some(changes)) = (stored.as_object_mut(), change.as_object()) {
            fields.extend(changes.clone());
        }
        stored
    }

    /// What the Go program knows at its last save.
    fn last(&self) -> Value {
        let pulled = |reason: &str| {
            self.stored(
                "pulled",
                &json!({"Reason": reason, "Fingerprint": self.key("pulled", reason), "Severity": "critical"}),
            )
        };
        let received = json!({"Kind": "External", "Reason": "HighLatency", "Name": "api", "NodeName": "",
            "Fingerprint": RECEIVED, "EndsAt": time(15)});
        let over = self.stored("over", &json!({"Resolved": true}));
        let sent = self.stored("sent", &json!({}));
        json!({
            "version": 1, "savedAt": time(-1),
            "active": [
                self.stored("stands", &json!({})), self.stored("ends", &json!({"Fingerprint": OLDER})),
                self.stored("gone", &json!({})), pulled("ErrImagePull"), pulled("ImagePullBackOff"),
                self.stored("api", &received), sent,
                self.stored("mild", &json!({"Severity": "warning"})),
            ],
            "lastSent": {
                self.crashes("stands"): time(-60), OLDER: time(-60),
                self.crashes("muted"): time(-60), self.crashes("soon"): time(LEFT - MUTE), RECEIVED: time(-60),
            },
            "runtimeSilences": [{"id": "0123456789ab", "matchers": {"namespace": "elsewhere"}, "until": time(900),
                "comment": "", "createdBy": "shared-token", "createdAt": time(-900)}],
            "pending": [
                {"id": 7, "alert": sent, "route": ["pagerduty", "webhook"]},
                {"id": 8, "alert": over, "route": ["pagerduty", "webhook"]},
            ],
            "escalated": {self.crashes("stands"): ["0a1b2c3d"]},
        })
    }

    /// What it had saved half a minute before: of these pods nothing.
    pub(super) fn save_earlier(&self) -> Result<()> {
        self.save(&json!({
            "version": 1, "savedAt": time(-30), "active": [], "lastSent": {}, "runtimeSilences": null,
            "pending": null, "escalated": {},
        }))
    }

    /// Stores what it knows at its last save, and returns when the mute of `soon` is over.
    pub(super) fn save_last(&self) -> Result<i64> {
        let over = (millis() / 1000 + LEFT) * 1000;
        self.save(&self.last())?;
        Ok(over)
    }

    /// Stores a snapshot as the Go program does: the program itself, and no chart, makes the object and writes it anew.
    fn save(&self, snapshot: &Value) -> Result<()> {
        let file = self.home.folder().join("snapshot.json");
        fs::write(&file, snapshot.to_string()).context("write the snapshot")?;
        let file = match self.form {
            Form::Plain => file,
            Form::Gzip => {
                run::output(&mut run::command(
                    "gzip",
                    &["--force", "--no-name", &file.display().to_string()],
                ))?;
                file.with_extension("json.gz")
            }
        };
        let from = format!("--from-file={}", file.display());
        let words = ["create", "configmap", &self.state, &from, "--dry-run=client", "--output=json"];
        let mut object: Value = serde_json::from_str(&self.home.kubectl(&words)?).context("a ConfigMap")?;
        object["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "alertkube"});
        let all = format!("/api/v1/namespaces/{}/configmaps", self.home.namespace());
        let path = format!("{all}/{}", self.state);
        if self.api.go(http::Method::PUT, &path, Some(&object)).wait().is_err() {
            self.api.create(&all, &object).wait()?;
        }
        Ok(())
    }

    /// The object as the API server has it, in every field: any write would change its version.
    pub(super) fn object(&self) -> Result<Value> {
        self.api.get(&format!("/api/v1/namespaces/{}/configmaps/{}", self.home.namespace(), self.state))
    }

    /// What the keys are about that this proof knows.
    pub(super) fn about(&self) -> BTreeMap<String, String> {
        let of = |pod: &str| REASONS.map(|reason| (self.key(pod, reason), format!("{pod}: {reason}")));
        let own = [(OLDER, "ends: CrashLoopBackOff"), (RECEIVED, "received")];
        let own = own.map(|(key, what)| (key.to_owned(), what.to_owned()));
        PODS.iter().flat_map(|pod| of(pod)).chain(own).collect()
    }

    /// What a sink is to hear: critical problems are for both.
    pub(super) fn expected(&self, ledger: Ledger) -> Messages {
        let mut ends = vec![
            self.crashes("stands"),
            OLDER.to_owned(),
            self.crashes("gone"),
            self.key("pulled", "ErrImagePull"),
            self.key("pulled", "ImagePullBackOff"),
            RECEIVED.to_owned(),
            self.crashes("sent"),
            self.crashes("over"),
        ];
        if ledger == Ledger::Plain {
            ends.push(self.crashes("mild"));
        }
        let begins = ["sent", "news", "soon"].map(|pod| self.crashes(pod)).to_vec();
        let due = |over: bool, keys: Vec<String>| {
            keys.into_iter().map(move |key| (Message { ledger, over, key }, 1))
        };
        due(true, ends).chain(due(false, begins)).collect()
    }
}

/// So many seconds from now, as the API writes it.
fn time(seconds: i64) -> String {
    Stamp::from_seconds(millis() / 1000 + seconds).timestamp().to_string()
}
