//! Until when the Lease is ours, for those who are about to send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The boot instant until which sending is allowed. It is read immediately before the first byte of each send.
#[derive(Clone, Debug)]
pub(crate) struct HeldUntil(Arc<AtomicU64>);

impl HeldUntil {
    /// Nothing is held yet.
    pub(crate) fn nothing() -> HeldUntil {
        HeldUntil(Arc::new(AtomicU64::new(0)))
    }

    /// There is no election, and thus no end.
    pub(crate) fn without_election() -> HeldUntil {
        HeldUntil(Arc::new(AtomicU64::new(u64::MAX)))
    }

    /// Whether a send may start at the boot instant `now`.
    pub(crate) fn allows(&self, now: Duration) -> bool {
        !self.left(now).is_zero()
    }

    /// What is left at the boot instant `now`: no send may take longer.
    pub(crate) fn left(&self, now: Duration) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst)).saturating_sub(now)
    }

    /// Sets the instant; none: nothing is held.
    pub(super) fn publish(&self, until: Option<Duration>) {
        self.0.store(until.map_or(0, nanos), Ordering::SeqCst);
    }
}

/// Nanoseconds of a boot instant; the clock would have to run for five centuries to be clamped.
pub(super) fn nanos(boot: Duration) -> u64 {
    u64::try_from(boot.as_nanos()).unwrap_or(u64::MAX)
}
