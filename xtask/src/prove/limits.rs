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
/// How long the generating server may take to listen.
pub(super) const BENCH_START_MAX: Duration = Duration::from_secs(20);
/// How long an answer on this machine may take.
pub(super) const BENCH_ANSWER_MAX: Duration = Duration::from_secs(20);

/// The cluster of the budget.
pub(super) const PODS: usize = 150_000;
/// See [`PODS`].
pub(super) const REPLICA_SETS: usize = 20_000;
/// See [`PODS`].
pub(super) const NODES: usize = 5_000;
/// Changes of pods that are measured on it.
pub(super) const EVENTS: usize = 100_000;

/// Pods of the cluster when the proof is made in small, for each time that is asked for, and changes of them.
pub(super) const BENCH_SMALL_PODS: usize = 10_000;
/// See [`BENCH_SMALL_PODS`].
pub(super) const BENCH_SMALL_EVENTS: usize = 50_000;

/// The budget: mebibytes resident at the peak,
pub(super) const PEAK_MIB_MAX: f64 = 64.0;
/// what they should come to,
pub(super) const PEAK_MIB_AIM: f64 = 40.0;
/// microseconds of CPU and
pub(super) const EVENT_MICROS_MAX: f64 = 20.0;
/// instructions for each event,
pub(super) const EVENT_INSTRUCTIONS_MAX: f64 = 200_000.0;
/// and seconds from the start to the first alert,
pub(super) const COLD_SECONDS_MAX: f64 = 5.0;
/// with so many pods.
pub(super) const COLD_PODS: usize = 10_000;

/// Pods and events of the runs under callgrind, and how long one may take.
pub(super) const COUNTED_PODS: usize = 200;
/// See [`COUNTED_PODS`].
pub(super) const COUNTED_EVENTS: usize = 2_000;
/// See [`COUNTED_PODS`].
pub(super) const COUNTED_MAX: Duration = Duration::from_secs(180);

/// How long our own course may take,
pub(super) const OURS_MAX: Duration = Duration::from_secs(180);
/// and the opponent's.
pub(super) const OPPONENT_MAX: Duration = Duration::from_secs(400);
/// Memory that must be free before the opponent is started.
pub(super) const OPPONENT_BYTES_FREE_MIN: u64 = 13 << 30;

/// A process is calm when it used no more CPU than this
pub(super) const CALM_CPU_SECONDS: f64 = 0.02;
/// within such a step;
pub(super) const CALM_STEP: Duration = Duration::from_secs(2);
/// longer than this it is not waited for.
pub(super) const CALM_MAX: Duration = Duration::from_secs(30);
/// How long a measured process may take to end in good order.
pub(super) const STOP_MAX: Duration = Duration::from_secs(60);

/// Seconds within which a problem is told, counted from when it was due.
pub(super) const TOLD_SECONDS_MAX: f64 = 2.0;
/// So many seconds it may seem to be told too early: the stamps of the API are cut to whole seconds.
pub(super) const TOLD_SECONDS_EARLY_MAX: f64 = 1.0;
/// How long faults stand with the default settings: the longest time of any of their effects is ten minutes.
pub(super) const DEFAULTS_STAND: Duration = Duration::from_secs(690);

/// How often the watches are cut in the proof `line-relist`.
pub(super) const CUTS: usize = 50;
/// How long an outage or a restart may delay what is told: the longest step of the watches' backoff, and the start of
/// an API server.
pub(super) const CAUGHT_UP_MAX: Duration = Duration::from_secs(120);

/// Faults that stand while a seat changes hands, with an owner each.
pub(super) const STORM: usize = 500;
/// Handovers of each kind to followers of each kind,
pub(super) const HANDOVERS: usize = 20;
/// by so many pairs of replicas at once.
pub(super) const LANES: usize = 2;
/// How long the slowest pair may take to be set up; the others wait for it.
pub(super) const LANES_SET_UP_MAX: Duration = Duration::from_secs(900);
/// Seconds that half of the graceful ones may take,
pub(super) const TERMED_MEDIAN_SECONDS_MAX: f64 = 2.0;
/// each of them,
pub(super) const TERMED_SECONDS_MAX: f64 = 15.0;
/// and each one after a crash: a Lease's 30 s and one retry.
pub(super) const KILLED_SECONDS_MAX: f64 = 35.0;
/// How long a takeover is waited for.
pub(super) const TAKEN_OVER_SECONDS_MAX: Duration = Duration::from_secs(75);
/// W: unsettled sends of a webhook, which a crash may repeat.
pub(super) const IN_DOUBT_MAX: f64 = 256.0;
/// Faults a second while a proof is set up.
pub(super) const WARM_UP_RATE: u32 = 100;
/// How much of each kind that is wrong is told in words.
pub(super) const NOTES_MAX: usize = 5;

/// How long the holder of a seat is cut off from the API server.
pub(super) const CUT_OFF: Duration = Duration::from_secs(90);

/// How long the holder of a seat is frozen.
pub(super) const FROZEN: Duration = Duration::from_secs(60);
/// Pairs of replicas of the proof `pause` at once.
pub(super) const PAUSE_LANES: usize = 5;
/// How long a point may take to be passed.
pub(super) const PASSED_SECONDS_MAX: Duration = Duration::from_secs(60);
/// How long an incident may stay open that a late send opened again: a Lease's 30 s and what sending takes.
pub(super) const REOPENED_MAX: Duration = Duration::from_secs(50);

/// Scenes of the proof `fence` at once.
pub(super) const FENCE_LANES: usize = 4;
/// Seconds within which a container that was restarted in place tells again,
pub(super) const RESTARTED_SECONDS_MAX: f64 = 5.0;
/// and within which any fault is told whatever is done to a seat: a Lease's 30 s, a retry, and a watch that opens.
pub(super) const STUCK_SECONDS_MAX: f64 = 45.0;
/// Looks, 0.1 s apart, at which the loser of a seat may still say that it leads, where only a commit can tell it.
pub(super) const OVERLAP_LOOKS_MAX: f64 = 30.0;

/// Takeovers of each course of the proof `seed-page`.
pub(super) const SEED_TAKEOVERS: usize = 10;
/// Pods that fail one after the other in a course.
pub(super) const SEED_PODS: usize = 1500;
/// Between two faults of the storm,
pub(super) const SEED_FAULT_EVERY: Duration = Duration::from_millis(700);
/// and faults at once before and after the deletion of a leader.
pub(super) const SEED_GUST: usize = 8;
/// The limits of the chart, and what the issue asks for.
pub(super) const MEMORY_LIMIT_MIB: f64 = 128.0;
/// See [`MEMORY_LIMIT_MIB`].
pub(super) const CPU_LIMIT: f64 = 0.2;

/// Pods of the proof `hardening`,
pub(super) const HARD_PODS: usize = 400;
/// how long they fail,
pub(super) const HARD_STORM: Duration = Duration::from_secs(120);
/// and between two of them.
pub(super) const HARD_FAULT_EVERY: Duration = Duration::from_millis(300);

/// Rolling updates of each course of the proof `rollout`,
pub(super) const ROLLOUTS: usize = 5;
/// pods that fail one after the other meanwhile,
pub(super) const ROLLOUT_PODS: usize = 400;
/// the time between two faults,
pub(super) const ROLLOUT_FAULT_EVERY: Duration = Duration::from_millis(700);
/// and how long a rollout may take until `helm --wait` returns: two pods, one after the other.
pub(super) const ROLLED_OUT_SECONDS_MAX: f64 = 120.0;

/// Pods of the proof `sharded-install`,
pub(super) const SHARDED_PODS: usize = 400;
/// how long they fail,
pub(super) const SHARDED_STORM: Duration = Duration::from_secs(80);
/// the time between two faults,
pub(super) const SHARDED_FAULT_EVERY: Duration = Duration::from_millis(400);
/// and how long all shards may take until they are led.
pub(super) const SHARDS_SEATED_MAX: Duration = Duration::from_secs(180);

/// How long all shards may take, after a rollout, until their new number is in force.
pub(super) const LAYOUT_MAX: Duration = Duration::from_secs(120);
/// Seconds for which nobody tells while that changes.
pub(super) const PAUSE_SECONDS_MAX: f64 = 30.0;
/// Faults that must end meanwhile, or nothing is shown about ends.
pub(super) const ENDED_MIN: f64 = 50.0;
/// How long what a shard left behind may take to be emptied.
pub(super) const EMPTIED_MAX: Duration = Duration::from_secs(60);

/// Requests of the proof `rbac` that are on their way at once.
pub(super) const ASKED_AT_ONCE: usize = 16;
/// How long the log may take to speak of a right that is missing: a Lease that was not given back lasts 35 s.
pub(super) const MISSED_RIGHT_SAID_MAX: Duration = Duration::from_secs(60);
/// How long the container is watched after that.
pub(super) const MISSED_RIGHT_WATCHED: Duration = Duration::from_secs(5);

/// Notifications a second with the memory in files,
pub(super) const DELIVERY_FILE_RATE_MIN: f64 = 5_000.0;
/// and milliseconds within which 99 of 100 arrive at 1,000 a second.
pub(super) const DELIVERY_FILE_P99_MILLIS_MAX: f64 = 20.0;
/// Notifications a second with the memory in objects,
pub(super) const DELIVERY_OBJECT_RATE_MIN: f64 = 1_000.0;
/// and milliseconds within which half of them arrive.
pub(super) const DELIVERY_OBJECT_P50_MILLIS_MAX: f64 = 100.0;
/// How much longer a stream may take than its rate says.
pub(super) const DELIVERY_ANSWER_MAX: Duration = Duration::from_secs(60);
/// When nothing came for so long, nothing comes any more.
pub(super) const DELIVERY_SILENCE_MAX: Duration = Duration::from_secs(15);

/// Seconds for which a refusing store holds back what is critical,
pub(super) const UNDURABLE_CRITICAL_SECONDS: f64 = 2.0;
/// and everything else.
pub(super) const UNDURABLE_SECONDS: f64 = 15.0;
/// How much longer it may take to be told: a try of the store, a look at the clock, and this machine.
pub(super) const UNDURABLE_SLACK_SECONDS: f64 = 3.0;
/// Refusals at once.
pub(super) const REFUSAL_LANES: usize = 3;
/// How long a store refuses.
pub(super) const REFUSAL_HOLDS: Duration = Duration::from_secs(22);
/// How long the state may take to be saved once it can be: the longest step of the ledger's back-off is 10 s.
pub(super) const SAVED_MAX: Duration = Duration::from_secs(30);
/// How long the end of `AlertStateNotSaved` may take: it holds down for 30 s.
pub(super) const UNSAVED_ENDS_MAX: Duration = Duration::from_secs(60);
/// How long the API server is dead.
pub(super) const DEAD: Duration = Duration::from_secs(90);
/// Seconds after which the holder of a Lease that cannot renew it must be silent: 20 s, a send under way, and rounding.
pub(super) const SILENT_SECONDS_MAX: f64 = 22.0;
/// Seconds before it says why, counted from the outage: its renewals fail only from the next one on.
pub(super) const AWAY_SECONDS_MIN: f64 = 60.0;

/// Alerts whose records are stored,
pub(super) const STATE_ALERTS: usize = 100_000;
/// put so many a second after the storm.
pub(super) const STATE_FILL_RATE: u32 = 600;
/// Alerts of the storm, the first of them,
pub(super) const STORM_ALERTS: usize = 10_000;
/// in a minute.
pub(super) const STORM_RATE: u32 = 167;
/// The budget: writes of head and journal a second,
pub(super) const STORM_WRITES_MAX: f64 = 12.0;
/// and mebibytes;
pub(super) const STORM_BYTES_MAX: f64 = 0.5;
/// checkpoints a second,
pub(super) const CHECKPOINT_WRITES_MAX: f64 = 2.0;
/// and mebibytes.
pub(super) const CHECKPOINT_BYTES_MAX: f64 = 1.0;
/// Slots of the ring of segments. A new life does not know what lies in one that is free: once each, a write meets it.
pub(super) const STATE_SEGMENTS: f64 = 16.0;
/// Kills amid writes.
pub(super) const STATE_KILLS: usize = 100;
/// How long an idle replica is watched,
pub(super) const IDLE: Duration = Duration::from_secs(90);
/// once nothing has happened for so long: a checkpoint follows what was told after a minute.
pub(super) const SETTLING: Duration = Duration::from_secs(70);
/// Writes of the Lease meanwhile: one in 5 s, less up to a second of jitter, and one at each end.
pub(super) const IDLE_LEASE_WRITES_MAX: f64 = 25.0;
/// Ordeals of the proof `simulate`,
pub(super) const ORDEALS: u64 = 10_000;
/// and for each round of one that is made in small;
pub(super) const ORDEALS_SMALL: u64 = 100;
/// and seconds that all of them may take.
pub(super) const ORDEALS_SECONDS_MAX: f64 = 3600.0;

/// Mutants that there are at least.
pub(super) const MUTANTS_MIN: f64 = 15.0;
/// Problems of the proof `storm`,
pub(super) const STORM_PODS: usize = 10_000;
/// within so many seconds,
pub(super) const STORM_SECONDS: u32 = 60;
/// of which one in so many is critical.
pub(super) const STORM_CRITICAL_EVERY: usize = 10;
/// Seconds after the last patch within which the healthy sink has heard of all.
pub(super) const STORM_HEALTHY_SECONDS_MAX: f64 = 10.0;
/// Messages of the limited sink beyond one a second: its bucket, and one that was rounded away.
pub(super) const STORM_LIMITED_BURST: f64 = 6.0;
/// A critical problem may take so long from the one receiver to the other: a commit and a token.
pub(super) const STORM_CRITICAL_GRACE_MILLIS: i64 = 2000;
/// How long the limited sink is waited for.
pub(super) const STORM_SETTLED_MAX: Duration = Duration::from_secs(180);
/// Seconds after which a sink that was dead for an hour has heard of all that stands: its breaker's 30 s, the longest
/// back-off, and the digests.
pub(super) const STORM_BACK_SECONDS_MAX: f64 = 120.0;

/// How long each step of a migration may take: the longest waits for a Lease that was given back, and for its hold-down.
pub(super) const MIGRATED_MAX: Duration = Duration::from_secs(90);
/// How long what must not come is waited for after a migration.
pub(super) const MIGRATION_QUIET: Duration = Duration::from_secs(20);
/// Between two looks at an old release whose pods are to end: each starts kubectl.
pub(super) const MIGRATION_LOOKED_AT_EVERY: Duration = Duration::from_millis(200);
