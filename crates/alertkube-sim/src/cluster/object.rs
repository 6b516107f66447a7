//! Reading and writing the few fields of an object that the API server itself cares for.

use alertkube_core::Stamp;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Namespace and name: what names an object within its resource, in the order in which lists show them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// Empty for cluster-scoped objects.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Name {
    pub(crate) fn new(namespace: &str, name: &str) -> Name {
        Name { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// A text field of the metadata, empty when it is absent or no text.
pub(crate) fn meta<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or("")
}

/// Sets a field of the metadata, which is created when it is absent; null removes the field.
pub(crate) fn set_meta(object: &mut Value, field: &str, value: Value) {
    let Some(fields) = object.as_object_mut() else { return };
    let metadata = fields.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    match (metadata.as_object_mut(), value) {
        (Some(metadata), Value::Null) => drop(metadata.remove(field)),
        (Some(metadata), value) => drop(metadata.insert(field.to_owned(), value)),
        (None, _) => {}
    }
}

/// Moves a top-level field from one object to another; absent there is absent here.
pub(crate) fn carry(from: &Value, to: &mut Value, field: &str) {
    let Some(fields) = to.as_object_mut() else { return };
    match from.get(field) {
        Some(value) => drop(fields.insert(field.to_owned(), value.clone())),
        None => drop(fields.remove(field)),
    }
}

/// A `metav1.Time`: whole seconds, UTC; beyond the calendar is its end.
pub(crate) fn time(at: Stamp) -> String {
    Timestamp::from_second(at.millis().div_euclid(1000)).unwrap_or_else(|_| at.timestamp()).to_string()
}

/// Whether finalizers keep an object that was deleted.
pub(crate) fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty())
}

/// Deterministic uids: a seed and a counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uids {
    seed: u64,
    next: u64,
}

impl Uids {
    pub(crate) fn new(seed: u64) -> Uids {
        Uids { seed, next: 0 }
    }

    /// The text of a version 4 UUID that this cluster has not given before.
    pub(crate) fn mint(&mut self) -> String {
        self.next += 1;
        let high = mix(self.seed ^ self.next.rotate_left(32));
        let low = mix(high ^ self.next);
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 50),
            low & 0xffff_ffff_ffff
        )
    }

    /// Goes on from the later of two counters, so that a restored cluster repeats no uid.
    pub(crate) fn no_earlier_than(&mut self, other: Uids) {
        self.next = self.next.max(other.next);
    }
}

/// The finalizer of the splitmix generator: spreads a counter over all bits.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn uids_are_uuids_that_differ_and_repeat_with_the_seed() {
        let mut uids = Uids::new(7);
        let first: Vec<String> = (0..100).map(|_| uids.mint()).collect();
        let mut again = Uids::new(7);
        assert!(first.iter().all(|uid| *uid == again.mint()));
        let mut sorted = first.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), first.len());
        for uid in &first {
            let lengths: Vec<usize> = uid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uid}");
            assert!(uid.chars().all(|c| c == '-' || c.is_ascii_hexdigit()), "{uid}");
        }
    }

    #[test]
    fn metadata_is_created_when_it_is_absent() {
        let mut object = json!({});
        set_meta(&mut object, "uid", "a".into());
        assert_eq!(meta(&object, "uid"), "a");
        set_meta(&mut object, "uid", Value::Null);
        assert_eq!(object, json!({ "metadata": {} }));
    }

    #[test]
    fn times_have_whole_seconds() {
        let at = Stamp::parse("2026-11-23T04:05:08.900Z").expect("a time");
        assert_eq!(time(at), "2026-11-23T04:05:08Z");
    }
}
