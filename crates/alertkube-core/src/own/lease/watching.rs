//! The watch of a Lease: only candidates have one.

use std::time::Duration;

use super::limits::WATCH_DOUBLINGS;

/// Whether a watch is open, and when the next one may be.
#[derive(Default)]
pub(super) struct Watching {
    open: bool,
    /// While none is open: the boot instant of the next.
    at: Duration,
    /// Watches that ended without a word since one spoke.
    tries: u32,
}

/// What is to be done about the watch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Open,
    Close,
}

impl Watching {
    /// What to do now, if one is wanted or not.
    pub(super) fn turn(&mut self, wanted: bool, now: Duration) -> Option<Turn> {
        match (self.open, wanted) {
            (false, true) if self.at <= now => {
                self.open = true;
                Some(Turn::Open)
            }
            (true, false) => {
                *self = Watching::default();
                Some(Turn::Close)
            }
            _ => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The instant of the next, when none is open.
    pub(super) fn next(&self) -> Option<Duration> {
        (!self.open).then_some(self.at)
    }

    /// It said something.
    pub(super) fn spoke(&mut self) {
        self.tries = 0;
    }

    /// It ended; the next comes after `soon`, doubled for each that ended without a word, `most` at most.
    pub(super) fn ended(&mut self, now: Duration, soon: Duration, most: Duration) {
        let wait = soon.saturating_mul(1 << self.tries.min(WATCH_DOUBLINGS)).min(most);
        *self = Watching { open: false, at: now + wait, tries: self.tries.saturating_add(1) };
    }

    /// It missed something: another one is opened at once.
    pub(super) fn renew(&mut self) {
        (self.open, self.at) = (false, Duration::ZERO);
    }
}
