//! What the replica has been told of a kind, and what it has yet to take.

use std::collections::VecDeque;

use crate::watch::decode::Unreadable;
use crate::watch::event::{Epoch, LostWhy, WatchEvent};

/// Objects and lines that were passed over because they cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub count: u64,
    /// What was wrong with the last of them.
    pub last: String,
}

/// The outlet of a watch.
#[derive(Default)]
pub(super) struct Told {
    events: VecDeque<WatchEvent>,
    skipped: Skipped,
    epoch: Epoch,
    lost: bool,
    label: &'static str,
}

impl Told {
    pub(super) fn poll(&mut self) -> Option<WatchEvent> {
        self.events.pop_front()
    }

    pub(super) fn take_skipped(&mut self) -> Option<Skipped> {
        (self.skipped.count > 0).then(|| std::mem::take(&mut self.skipped))
    }

    pub(super) fn say(&mut self, event: WatchEvent) {
        self.events.push_back(event);
    }

    /// A list from scratch brings its first object.
    pub(super) fn began(&mut self) {
        self.epoch = Epoch(self.epoch.0.wrapping_add(1));
        self.say(WatchEvent::Began(self.epoch));
    }

    /// The picture is whole, or whole again.
    pub(super) fn synced(&mut self) {
        self.lost = false;
        self.say(WatchEvent::Synced(self.epoch));
    }

    /// Nothing is heard; said once for each reason.
    pub(super) fn lost(&mut self, why: LostWhy) {
        if !self.lost || self.label != why.label() {
            self.label = why.label();
            self.lost = true;
            self.say(WatchEvent::Lost(why));
        }
    }

    /// Whether the kind was readable at any time.
    pub(super) fn ever(&self) -> bool {
        self.epoch != Epoch::default()
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    pub(super) fn skip(&mut self, why: Unreadable) {
        self.skipped.count += 1;
        self.skipped.last = why.message;
    }
}
