//! `status.conditions`, which most kinds have.

use crate::watch::decode::json::Reader;
use crate::watch::decode::named::named;
use crate::watch::decode::word::{stamp, text, word};
use crate::watch::limits::CONDITIONS;
use crate::watch::view::StatusCondition;

/// Reads a list of status conditions, which are named by their type.
pub(super) fn conditions(reader: &mut Reader<'_>) -> Vec<StatusCondition> {
    let read = |reader: &mut Reader<'_>| {
        let mut condition = StatusCondition::default();
        reader.fields(|reader, key| match key {
            b"type" => condition.name = word(reader),
            b"status" => condition.status = word(reader),
            b"reason" => condition.reason = text(reader),
            b"message" => condition.message = text(reader),
            b"lastTransitionTime" => condition.since = stamp(reader),
            _ => {}
        });
        condition
    };
    named(reader, CONDITIONS, read, |condition| &condition.name)
}
