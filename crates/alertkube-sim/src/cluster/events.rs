//! The two faces of Kubernetes Events: kept as core/v1, shown as events.k8s.io/v1 to whom asks there.

use serde_json::Value;

use super::resource::{EVENTS, NEW_EVENTS, Resource};

/// Field names in core/v1 and in events.k8s.io/v1.
const RENAMED: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("source", "deprecatedSource"),
    ("reportingComponent", "reportingController"),
];

/// An object as a request through `resource` wrote it, in the form in which it is kept.
pub(crate) fn to_stored(resource: &Resource, object: Value) -> Value {
    if *resource != NEW_EVENTS {
        return object;
    }
    rename(object, EVENTS, |(old, new)| (new, old))
}

/// A kept object in the form in which a request through `resource` sees it.
pub(crate) fn to_shown(resource: &Resource, object: Value) -> Value {
    if *resource != NEW_EVENTS {
        return object;
    }
    rename(object, NEW_EVENTS, |(old, new)| (old, new))
}

fn rename(
    mut object: Value,
    into: Resource,
    way: fn((&'static str, &'static str)) -> (&'static str, &'static str),
) -> Value {
    let Some(fields) = object.as_object_mut() else { return object };
    for (from, to) in RENAMED.iter().copied().map(way) {
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
    fields.insert("apiVersion".to_owned(), into.api_version().into());
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_of_the_new_group_reads_as_a_core_event_and_back() {
        let new = json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "type": "Warning", "reason": "Unhealthy",
            "regarding": { "name": "web-0" }, "note": "probe failed", "reportingController": "kubelet",
        });
        let kept = to_stored(&NEW_EVENTS, new.clone());
        assert_eq!(kept["involvedObject"]["name"], "web-0");
        assert_eq!(kept["message"], "probe failed");
        assert_eq!(kept["reportingComponent"], "kubelet");
        assert_eq!(kept["apiVersion"], "v1");
        assert_eq!(to_shown(&NEW_EVENTS, kept), new);
    }
}
