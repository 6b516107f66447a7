//! A breaker per sink: after failures in a row it waits, then lets one attempt through.

use std::time::Duration;

use crate::limits::{BREAKER_COOL_DOWN, BREAKER_FAILURES};

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open_until: Option<Duration>,
}

impl Breaker {
    pub(crate) fn closed(&self) -> bool {
        self.open_until.is_none()
    }

    /// When the next attempt may begin. That there is one probe at a time is the window's part.
    pub(crate) fn allows_at(&self, now: Duration) -> Duration {
        self.open_until.map_or(now, |until| until.max(now))
    }

    /// The sink answered; true when that closed the breaker.
    pub(crate) fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.open_until.take().is_some()
    }

    /// The sink failed; true when that opened the breaker.
    pub(crate) fn failed(&mut self, now: Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures < BREAKER_FAILURES {
            return false;
        }
        self.open_until.replace(now + BREAKER_COOL_DOWN).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_open_it_and_the_next_answer_decides() {
        let mut breaker = Breaker::default();
        let opened: Vec<bool> = (0..5).map(|_| breaker.failed(Duration::ZERO)).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        let allows_at = |breaker: &Breaker, at| breaker.allows_at(Duration::from_secs(at)).as_secs();
        assert_eq!((allows_at(&breaker, 29), allows_at(&breaker, 31)), (30, 31));
        assert!(!breaker.failed(Duration::from_secs(31)));
        assert_eq!(allows_at(&breaker, 40), 61);
        assert!(breaker.succeeded());
        assert!(breaker.closed() && allows_at(&breaker, 0) == 0);
    }
}
