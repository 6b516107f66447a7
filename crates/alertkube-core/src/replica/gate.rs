//! The gate: nothing of the cluster is told until the picture is complete, or believed to be.

use std::time::Duration;

use crate::limits::GATE_MAX;
use crate::replica::picture::Picture;
use crate::watch::{KindId, LostWhy};

/// Whether telling has begun.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    open: bool,
    loaded: bool,
    /// When the first kind was synced.
    first_sync: Option<Duration>,
}

impl Gate {
    pub(crate) fn open(&self) -> bool {
        self.open
    }

    pub(crate) fn loaded(&mut self) {
        self.loaded = true;
    }

    /// Everything is listed anew, and waited for.
    pub(crate) fn wait_again(&mut self) {
        self.first_sync = None;
    }

    /// A kind was synced; gives when to open at the latest.
    pub(crate) fn synced(&mut self, now: Duration) -> Duration {
        *self.first_sync.get_or_insert(now) + GATE_MAX
    }

    /// Opens if it is time; true at the moment of opening.
    pub(crate) fn try_open(&mut self, picture: &Picture, now: Duration) -> bool {
        let late = self.first_sync.is_some_and(|first| now >= first + GATE_MAX);
        let complete = self.first_sync.is_some() && picture.kinds().all(|kind| heard_of(picture, kind));
        if self.open || !self.loaded || !(late || complete) {
            return false;
        }
        self.open = true;
        true
    }
}

/// A kind that may not be read, or does not exist, is not waited for.
fn heard_of(picture: &Picture, kind: KindId) -> bool {
    let unreadable =
        matches!(picture.lost_since(kind), Some((_, LostWhy::Forbidden(_) | LostWhy::Missing(_))));
    unreadable || picture.ever(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::watch::Epoch;

    #[test]
    fn a_picture_that_is_listed_anew_is_waited_for_and_opens_a_gate_that_is_loaded() {
        let mut picture = Picture::new(&Settings::with_sinks(Vec::new()));
        let mut gate = Gate::default();
        gate.loaded();
        let second = Duration::from_secs(1);
        let latest = gate.synced(second);
        gate.wait_again();
        assert!(!gate.try_open(&picture, latest), "what was synced is not what is listed now");
        for kind in picture.kinds().collect::<Vec<_>>() {
            picture.began(kind, Epoch(1));
            picture.synced(kind);
            gate.synced(latest + second);
        }
        assert!(gate.try_open(&picture, latest + second));
    }
}
