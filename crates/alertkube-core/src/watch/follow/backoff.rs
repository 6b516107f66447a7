//! Waiting between tries: exponential, with full jitter from the seed.

use std::time::Duration;

use crate::watch::limits::{BACKOFF_FIRST, BACKOFF_LEAST, BACKOFF_MOST};

/// Counts the tries since something last went well.
pub(super) struct Backoff {
    state: u64,
    tries: u32,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Backoff {
        Backoff { state: seed, tries: 0 }
    }

    /// Something went well: the next wait is a short one again.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    /// Tries since something last went well.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Counts a try, and says how long to wait before the next.
    pub(super) fn wait(&mut self) -> Duration {
        let most = BACKOFF_FIRST.saturating_mul(1 << self.tries.min(16)).min(BACKOFF_MOST);
        self.tries = self.tries.saturating_add(1);
        self.jitter(most).max(BACKOFF_LEAST)
    }

    /// A part of `most`, every part being as likely.
    pub(super) fn jitter(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.draw() % millis.saturating_add(1))
    }

    /// The next number of the SplitMix64 sequence.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_fall_back() {
        let mut backoff = Backoff::new(7);
        let waits: Vec<_> = (0..40).map(|_| backoff.wait()).collect();
        assert!(waits.iter().all(|wait| (BACKOFF_LEAST..=BACKOFF_MOST).contains(wait)));
        assert!(waits[0] <= BACKOFF_FIRST && waits[5..].iter().any(|wait| *wait > BACKOFF_MOST / 2));
        backoff.reset();
        assert!(backoff.wait() <= BACKOFF_FIRST);
    }

    #[test]
    fn the_same_seed_draws_the_same_waits() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..9).map(|_| backoff.wait()).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
