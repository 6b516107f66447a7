//! Every bound of the election, by name.

use std::time::Duration;

/// How long a Lease lasts unrenewed, as the reference has it.
pub(super) const DURATION: Duration = Duration::from_secs(30);

/// How long after the start of its last renewal a holder stops.
pub(super) const RENEW_DEADLINE: Duration = Duration::from_secs(20);

/// Between two renewals, and between two looks of a candidate that cannot watch.
pub(super) const RETRY: Duration = Duration::from_secs(5);

/// A retry period is lengthened by up to one part in so many, so that replicas do not ask in step.
pub(super) const JITTER_PART: u32 = 5;

/// A request of the holder that failed is repeated after a retry period divided by this, jitter of as much on top: of
/// the tries that fit before the renew deadline, as many as possible.
pub(super) const SOON_PART: u32 = 10;

/// A watched Lease that says nothing for so many retry periods is read: its holder renews it once in each.
pub(super) const SILENT_RETRIES: u32 = 2;

/// The absence of a Lease that was there must be confirmed at least once in so many retry periods, or it counts from
/// anew: in between, another may have created it, and that one may have vanished too.
pub(super) const ABSENT_RETRIES: u32 = 4;

/// Doublings of the wait before a watch that failed is tried again; the wait is at most a retry period.
pub(super) const WATCH_DOUBLINGS: u32 = 6;

/// Between two tries of a watch that is forbidden; until then the Lease is polled.
pub(super) const FORBIDDEN_WATCH_RETRY: Duration = Duration::from_secs(300);
