//! A token bucket on the boot clock.

use std::time::Duration;

use crate::settings::Rate;

/// Tokens that refill with time; a send costs one.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Duration,
}

impl Bucket {
    pub(crate) fn new(rate: Rate, now: Duration) -> Bucket {
        Bucket { rate, tokens: f64::from(rate.burst.max(1)), at: now }
    }

    /// Goes on at another rate, with what has gathered.
    pub(crate) fn pace(&mut self, rate: Rate, now: Duration) {
        self.tokens = self.level(now).min(f64::from(rate.burst.max(1)));
        (self.rate, self.at) = (rate, now);
    }

    pub(crate) fn ready_at(&self, now: Duration) -> Duration {
        now + self.drains(1, now)
    }

    /// How long it takes until so many tokens can have been spent.
    pub(crate) fn drains(&self, tokens: usize, now: Duration) -> Duration {
        let missing = f64::from(u32::try_from(tokens).unwrap_or(u32::MAX)) - self.level(now);
        if missing <= EPSILON {
            return Duration::ZERO;
        }
        let millis = (missing / self.rate.per_second.max(RATE_MIN) * 1000.0).ceil();
        Duration::from_millis(millis as u64)
    }

    pub(crate) fn spend(&mut self, now: Duration) {
        self.tokens = (self.level(now) - 1.0).max(0.0);
        self.at = now;
    }

    fn level(&self, now: Duration) -> f64 {
        let refilled = now.saturating_sub(self.at).as_secs_f64() * self.rate.per_second.max(RATE_MIN);
        (self.tokens + refilled).min(f64::from(self.rate.burst.max(1)))
    }
}

/// Rounding of repeated refills must not cost a millisecond.
const EPSILON: f64 = 1e-9;
/// The settings refuse a rate of zero; this keeps the arithmetic finite all the same.
const RATE_MIN: f64 = 1e-6;
