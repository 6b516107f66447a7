//! Every bound of the proofs, by name.

use std::time::Duration;

/// Seconds within which the demo shows everything.
pub(super) const DEMO_SECONDS_MAX: f64 = 30.0;
/// After so many seconds a demo is ended.
pub(super) const DEMO_SECONDS_TIMEOUT: u32 = 60;

/// Cases of each property of the proof `incremental`.
pub(super) const INCREMENTAL_CASES_MIN: u32 = 10_000;

/// One pod of so many fails: 2 %.
pub(super) const FAILING_EVERY: usize = 50;
/// Pods of one ReplicaSet: 150,000 of 20,000, rounded up.
pub(super) const PODS_PER_REPLICA_SET: usize = 8;
/// Namespaces of the generated cluster.
pub(super) const NAMESPACES: usize = 300;
/// Bytes that the generating server holds back before it sends.
pub(super) const BENCH_BUFFER_BYTES: usize = 64 * 1024;
/// The generating server ends a watch after so long.
pub(super) const BENCH_WATCH_MAX: Duration = Duration::from_secs(280);
/// Between two bookmarks of a quiet watch.
pub(super) const BOOKMARK_EVERY: Duration = Duration::from_secs(20);
