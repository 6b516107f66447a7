//! Every bound of `alertkube forget`, by name.

use std::time::Duration;

/// Shards whose Leases are looked for.
pub(super) const LEASES_NAMED: u32 = 16;

/// How long the API server may be silent in an answer; beyond it the removal has failed.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long pods may take to end: what the chart gives them, and as much again.
pub(super) const PODS_GONE_MAX: Duration = Duration::from_secs(120);

/// Between two looks at them.
pub(super) const PODS_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
