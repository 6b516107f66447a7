//! Objects as real clusters write them: builders for scenarios, the demo and tests.

mod event;
mod job;
mod node;
mod pod;
mod status;
mod workload;

use alertkube_core::Stamp;
use serde_json::{Value, json};

use crate::cluster::time;

pub use self::event::EventShape;
pub use self::node::NodeShape;
pub use self::pod::PodShape;
pub use self::workload::WorkloadShape;

/// The metadata that every builder shares.
#[derive(Clone, Debug)]
struct MetaShape(Value);

impl MetaShape {
    fn new(namespace: &str, name: &str, since: Stamp) -> MetaShape {
        let mut metadata = json!({ "name": name, "creationTimestamp": time(since) });
        if !namespace.is_empty() {
            metadata["namespace"] = namespace.into();
        }
        MetaShape(metadata)
    }

    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or("")
    }

    fn label(&mut self, key: &str, value: &str) {
        self.0["labels"][key] = value.into();
    }

    fn annotation(&mut self, key: &str, value: &str) {
        self.0["annotations"][key] = value.into();
    }

    /// Refers to an object that the cluster has: it carries the uid.
    fn owner(&mut self, owner: &Value) {
        self.0["ownerReferences"] = json!([{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]);
    }
}

/// An entry of `status.conditions` with the members that every kind has.
fn condition(kind: &str, status: &str, since: Stamp, why: (&str, &str)) -> Value {
    let mut condition = json!({ "type": kind, "status": status, "lastTransitionTime": time(since) });
    for (field, text) in [("reason", why.0), ("message", why.1)] {
        if !text.is_empty() {
            condition[field] = text.into();
        }
    }
    condition
}

/// Leaves out counts of zero, as the API's `omitempty` does.
fn counts(pairs: &[(&str, i64)]) -> Value {
    let mut status = json!({});
    for (field, count) in pairs.iter().filter(|(_, count)| *count != 0) {
        status[*field] = (*count).into();
    }
    status
}
