//! Flap damping: what fires often is held for longer before it is called over.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alert::Fingerprint;
use crate::limits::{FLAP_COUNT, FLAP_HOLD_DOWN_MAX, FLAP_MEMORY_MAX, FLAP_WINDOW};
use crate::time::Stamp;

/// When each fingerprint fired within the window. Stored: it outlives the alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flaps(BTreeMap<Fingerprint, Vec<Stamp>>);

impl Flaps {
    /// Notes a firing; true when it is one too many.
    pub(crate) fn fired(&mut self, fingerprint: Fingerprint, at: Stamp) -> bool {
        if self.0.len() >= FLAP_MEMORY_MAX && !self.0.contains_key(&fingerprint) {
            return false;
        }
        let times = self.0.entry(fingerprint).or_default();
        times.retain(|time| at.since(*time) < FLAP_WINDOW);
        times.push(at);
        times.len() >= FLAP_COUNT
    }

    /// The hold-down, doubled for each firing from the fourth on, up to an hour.
    pub(crate) fn stretch(&self, fingerprint: Fingerprint, now: Stamp, hold_down: Duration) -> Duration {
        let recent = self
            .0
            .get(&fingerprint)
            .map_or(0, |times| times.iter().filter(|time| now.since(**time) < FLAP_WINDOW).count());
        let doublings = u32::try_from((recent + 1).saturating_sub(FLAP_COUNT)).unwrap_or(0);
        let stretched = hold_down.saturating_mul(2_u32.saturating_pow(doublings));
        if doublings == 0 { hold_down } else { stretched.min(FLAP_HOLD_DOWN_MAX).max(hold_down) }
    }

    /// Forgets firings that count no longer; gives those of whom nothing is left.
    pub(crate) fn sweep(&mut self, now: Stamp) -> Vec<Fingerprint> {
        let mut empty = Vec::new();
        self.0.retain(|fingerprint, times| {
            // A stamp that lies ahead was taken before the wall clock was put back.
            times.retain(|time| *time <= now && now.since(*time) < FLAP_WINDOW);
            if times.is_empty() {
                empty.push(*fingerprint);
            }
            !times.is_empty()
        });
        empty
    }

    /// When it fired within the window.
    pub(crate) fn of(&self, fingerprint: Fingerprint) -> &[Stamp] {
        self.0.get(&fingerprint).map_or(&[], Vec::as_slice)
    }

    /// Takes what was stored, unless more is known already.
    pub(crate) fn restore(&mut self, fingerprint: Fingerprint, times: Vec<Stamp>) {
        if self.0.len() < FLAP_MEMORY_MAX && self.of(fingerprint).len() < times.len() {
            self.0.insert(fingerprint, times);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fingerprint, &[Stamp])> {
        self.0.iter().map(|(fingerprint, times)| (*fingerprint, times.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_firing_within_an_hour_flaps_and_doubles_the_hold_down() {
        let mut flaps = Flaps::default();
        let fingerprint = Fingerprint::of("Pod", "a", "b", "c");
        let hold = Duration::from_secs(60);
        for minute in 0..3 {
            assert!(!flaps.fired(fingerprint, Stamp::from_seconds(minute * 60)));
        }
        assert_eq!(flaps.stretch(fingerprint, Stamp::from_seconds(200), hold), hold);
        assert!(flaps.fired(fingerprint, Stamp::from_seconds(240)));
        assert_eq!(flaps.stretch(fingerprint, Stamp::from_seconds(241), hold), hold * 2);
        assert_eq!(flaps.stretch(fingerprint, Stamp::from_seconds(4000), hold), hold);
        flaps.sweep(Stamp::from_seconds(9000));
        assert_eq!(flaps.iter().count(), 0);
    }
}
