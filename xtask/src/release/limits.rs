//! Every bound of releases under proof, by name.

use std::time::Duration;

/// Between two looks of the storm at its pods and receivers.
pub(super) const STORM_STEP: Duration = Duration::from_millis(50);
/// How long a fault stands at least, once it began.
pub(super) const FAULT_STANDS: Duration = Duration::from_secs(4);
/// How long all that was done may take to be told, once the storm is over.
pub(super) const STORM_SETTLED_MAX: Duration = Duration::from_secs(150);
/// How long a release may take until its pods run and one of them leads.
pub(super) const SEATED_MAX: Duration = Duration::from_secs(180);
/// Between two looks at the pods of a release: each starts kubectl.
pub(super) const PODS_LOOKED_AT_EVERY: Duration = Duration::from_millis(500);
