//! JSON merge patch (RFC 7386).

use serde_json::{Map, Value};

use crate::limits::PATCH_DEPTH_MAX;

/// Applies a patch in place: null removes, objects merge, everything else replaces. False when the patch nests
/// too deep to be applied; the target is then not to be used.
pub(crate) fn merge(target: &mut Value, patch: Value) -> bool {
    merge_at(target, patch, PATCH_DEPTH_MAX)
}

fn merge_at(target: &mut Value, patch: Value, depth: usize) -> bool {
    let Value::Object(patch) = patch else {
        *target = patch;
        return true;
    };
    if depth == 0 {
        return false;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(fields) = target.as_object_mut() else { return false };
    patch.into_iter().all(|(key, value)| match value {
        Value::Null => {
            fields.remove(&key);
            true
        }
        value => merge_at(fields.entry(key).or_insert(Value::Null), value, depth - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_removes_objects_merge_and_lists_are_replaced() {
        let mut target = json!({ "a": { "b": 1, "c": 2 }, "list": [1, 2], "text": "x" });
        let patch =
            json!({ "a": { "b": null, "d": { "e": null, "f": 3 } }, "list": [9], "text": { "y": 1 } });
        assert!(merge(&mut target, patch));
        assert_eq!(target, json!({ "a": { "c": 2, "d": { "f": 3 } }, "list": [9], "text": { "y": 1 } }));
    }

    #[test]
    fn a_patch_that_nests_without_end_is_refused() {
        let deep = (0..=PATCH_DEPTH_MAX).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert!(!merge(&mut json!({}), deep));
    }
}
