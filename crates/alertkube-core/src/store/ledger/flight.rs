//! The one commit that is on its way, and how much it may take.

use std::time::Duration;

use super::codec::{Facts, Point, crc};
use super::head::Head;
use super::part::Content;
use super::tail::Entry;
use crate::limits::LEDGER_COMMIT_SUBJECTS;
use crate::store::WriteId;

/// A commit on its way. It is sent again as it is until it is known to be applied, so that no two contents ever
/// carry the same number.
pub(super) struct Flight {
    pub(super) head: Head,
    pub(super) content: Content,
    pub(super) facts: Facts,
    /// The facts as they are in the tail.
    pub(super) entry: Option<Entry>,
    pub(super) through: Option<Point>,
    pub(super) names_segment: bool,
    pub(super) last: bool,
    /// Whatever was promised this number is in it, or was committed before.
    pub(super) keeps_promise: bool,
    pub(super) began: Duration,
    pub(super) step: Step,
    pub(super) tries: u32,
}

pub(super) enum Step {
    Writing(WriteId),
    /// The reading of the head with this number will tell.
    Asking(u64),
    /// From when until when, and what comes then.
    Resting(Duration, Duration, Then),
}

#[derive(Clone, Copy)]
pub(super) enum Then {
    Write,
    Ask,
}

/// How many times the bytes of a storm a commit may take: beyond a storm they grow with what is told.
pub(super) fn share(facts: &Facts, since: Duration) -> u32 {
    let mut subjects: Vec<u64> = facts.keys().map(|key| key.subject).collect();
    subjects.dedup();
    let millis = u32::try_from(since.as_millis()).unwrap_or(u32::MAX);
    let usual = LEDGER_COMMIT_SUBJECTS.saturating_mul(millis) / 1000;
    (u32::try_from(subjects.len()).unwrap_or(u32::MAX) / usual.max(1)).max(1)
}

/// A checksum of meta and body.
pub(super) fn checksum(content: &Content) -> u32 {
    crc(&[content.meta.as_bytes(), &crc(&content.body).to_le_bytes()].concat())
}
