//! Reading `status.conditions` and windows of time, for any kind.

use std::time::Duration;

use crate::time::{Now, Stamp};
use crate::watch::StatusCondition;

/// The condition of that type.
pub(super) fn named<'a>(conditions: &'a [StatusCondition], name: &str) -> Option<&'a StatusCondition> {
    conditions.iter().find(|condition| &*condition.name == name)
}

/// The condition of that type, if it is True.
pub(super) fn standing<'a>(conditions: &'a [StatusCondition], name: &str) -> Option<&'a StatusCondition> {
    named(conditions, name).filter(|condition| &*condition.status == "True")
}

/// The end of the window that `start` opens, if it still lies ahead.
pub(super) fn open_until(start: Stamp, span: Duration, now: Now) -> Option<Stamp> {
    Some(start.plus(span)).filter(|end| now.stamp() < *end)
}
