//! Kubernetes Events, as the kubelet and the controllers write them in core/v1.

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::MetaShape;
use crate::cluster::time;

/// A Warning event about an object that the cluster has.
#[derive(Clone, Debug)]
pub struct EventShape {
    meta: MetaShape,
    about: Value,
    container: Option<String>,
    reason: String,
    message: String,
    first: Stamp,
    last: Stamp,
    count: i64,
}

impl EventShape {
    /// A Warning about `object`, seen once at `at`. The same object, reason and time give the same name.
    pub fn warning(object: &Value, reason: &str, message: &str, at: Stamp) -> EventShape {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or("");
        let namespace = if text("namespace").is_empty() { "default" } else { text("namespace") };
        let suffix = reason
            .bytes()
            .fold(at.millis().unsigned_abs(), |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let name = format!("{}.{suffix:016x}", text("name"));
        let about = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "name": text("name"),
            "namespace": object["metadata"]["namespace"], "uid": text("uid"),
            "resourceVersion": text("resourceVersion"),
        });
        EventShape {
            meta: MetaShape::new(namespace, &name, at),
            about,
            container: None,
            reason: reason.to_owned(),
            message: message.to_owned(),
            first: at,
            last: at,
            count: 1,
        }
    }

    /// The event is about one container.
    #[must_use]
    pub fn container(mut self, name: &str) -> EventShape {
        self.container = Some(name.to_owned());
        self
    }

    /// The event was seen so many times, last at `last`.
    #[must_use]
    pub fn repeated(mut self, count: i64, last: Stamp) -> EventShape {
        self.count = count;
        self.last = last;
        self
    }

    /// The object.
    pub fn build(&self) -> Value {
        let mut about = self.about.clone();
        if let Some(container) = &self.container {
            about["fieldPath"] = format!("spec.containers{{{container}}}").into();
        }
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": self.meta.0, "involvedObject": about,
            "type": "Warning", "reason": self.reason, "message": self.message, "count": self.count,
            "firstTimestamp": time(self.first), "lastTimestamp": time(self.last), "eventTime": null,
            "source": { "component": "kubelet", "host": "node-a" },
            "reportingComponent": "kubelet", "reportingInstance": "node-a",
        })
    }
}
