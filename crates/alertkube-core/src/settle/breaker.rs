//! A breaker per sink: after failures in a row it waits, then lets one attempt through.

use std::time::Duration;

use crate::limits::{BREAKER_COOL_DOWN, BREAKER_FAILURES};

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open_until: Option<Duration>,
    probing: bool,
}

impl Breaker {
    pub(crate) fn closed(&self) -> bool {
        self.open_until.is_none()
    }

    pub(crate) fn allows(&self, now: Duration) -> bool {
        self.open_until.is_none_or(|until| until <= now && !self.probing)
    }

    pub(crate) fn allows_at(&self, now: Duration) -> Duration {
        self.open_until.map_or(now, |until| until.max(now))
    }

    /// A send begins; while open it is the one probe.
    pub(crate) fn probe(&mut self) {
        self.probing = self.open_until.is_some();
    }

    /// The sink answered; true when that closed the breaker.
    pub(crate) fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.probing = false;
        self.open_until.take().is_some()
    }

    /// The sink failed; true when that opened the breaker.
    pub(crate) fn failed(&mut self, now: Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.probing = false;
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
    fn five_failures_open_it_and_one_probe_decides() {
        let mut breaker = Breaker::default();
        let opened: Vec<bool> = (0..5).map(|_| breaker.failed(Duration::ZERO)).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        assert!(!breaker.allows(Duration::from_secs(29)));
        assert!(breaker.allows(Duration::from_secs(30)));
        breaker.probe();
        assert!(!breaker.allows(Duration::from_secs(31)));
        assert!(!breaker.failed(Duration::from_secs(31)));
        assert!(!breaker.allows(Duration::from_secs(60)) && breaker.allows(Duration::from_secs(61)));
        assert!(breaker.succeeded());
        assert!(breaker.allows(Duration::ZERO) && breaker.closed());
    }
}
