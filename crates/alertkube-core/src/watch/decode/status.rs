//! `status.conditions`, which most kinds have.

use crate::watch::decode::json::Reader;
use crate::watch::decode::word::{stamp, text};
use crate::watch::limits::CONDITIONS;
use crate::watch::view::StatusCondition;

/// Reads a list of status conditions; an entry without a type says nothing and is passed over.
pub(super) fn conditions(reader: &mut Reader<'_>) -> Vec<StatusCondition> {
    let mut list = Vec::new();
    reader.items(|reader| {
        let mut condition = StatusCondition::default();
        reader.fields(|reader, key| match key {
            b"type" => condition.name = text(reader),
            b"status" => condition.status = text(reader),
            b"reason" => condition.reason = text(reader),
            b"message" => condition.message = text(reader),
            b"lastTransitionTime" => condition.since = stamp(reader),
            _ => {}
        });
        if !condition.name.is_empty() && list.len() < CONDITIONS {
            list.push(condition);
        }
    });
    list
}
