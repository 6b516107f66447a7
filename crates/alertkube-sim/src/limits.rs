//! Every bound of the simulated cluster, by name.

use std::time::Duration;

/// Changes that one resource remembers; a watch from before the oldest of them is answered 410.
pub(crate) const HISTORY_MAX: usize = 4096;

/// Lines that wait for a slow reader of a watch; one more closes the watch without a word.
pub(crate) const WATCH_BACKLOG_MAX: usize = 16_384;

/// Watches open at the same time; one more is answered 429.
pub(crate) const WATCHES_MAX: usize = 1024;

/// Lasting faults in force at the same time; one more pushes the oldest out.
pub(crate) const RULES_MAX: usize = 64;

/// Requests that are on their way after their senders gave them up; one more is lost.
pub(crate) const LATE_REQUESTS_MAX: usize = 64;

/// How often a watch that asked for bookmarks gets one.
pub(crate) const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// How long a watch lives that named no `timeoutSeconds`.
pub(crate) const WATCH_LIFETIME: Duration = Duration::from_secs(45 * 60);

/// Bytes of one request body, as a real API server limits them.
pub(crate) const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Bytes of a request body that the HTTP front reads before it breaks off: a client that sends somewhat too much
/// shall hear so.
pub(crate) const BODY_BYTES_READ_MAX: usize = 2 * BODY_BYTES_MAX;

/// Bytes of all values of one ConfigMap or Secret.
pub(crate) const DATA_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of an object's name: a DNS subdomain.
pub(crate) const NAME_BYTES_MAX: usize = 253;

/// Nesting of a merge patch; deeper is refused.
pub(crate) const PATCH_DEPTH_MAX: usize = 64;

/// Bytes of one scenario.
pub(crate) const SCENARIO_BYTES_MAX: usize = 1024 * 1024;

/// How long a scenario may last on its own clock.
pub(crate) const SCENARIO_LENGTH_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// Objects that one command makes.
pub(crate) const SCENARIO_COUNT_MAX: u32 = 1000;

/// Turns of a simulation at one instant; a replica that is due again and again without end is a finding.
pub(crate) const TURNS_MAX: usize = 20_000;

/// Facts that a transcript keeps; later ones are dropped.
pub(crate) const TRANSCRIPT_FACTS_MAX: usize = 200_000;

/// How long a slow sink takes for its answer.
pub(crate) const SLOW_ANSWER: Duration = Duration::from_secs(10);

/// How long a replica has for its end.
pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Events of one ordeal; a world that needs more never rests.
pub(crate) const ORDEAL_STEPS_MAX: u64 = 3_000_000;

/// Lines that the trace of an ordeal keeps: the last ones.
pub(crate) const ORDEAL_TRACE_MAX: usize = 20_000;

/// Views that a process of an ordeal keeps: of its ten objects twice as many as there are, since one that was deleted may
/// not be heard of.
pub(crate) const ORDEAL_KEPT_MAX: usize = 20;

/// Alerts of those that stand or may come to stand.
pub(crate) const ORDEAL_KNOWN_MAX: usize = 3 * ORDEAL_KEPT_MAX;

/// Messages about those that wait for one sink.
pub(crate) const ORDEAL_DEPTH_MAX: usize = ORDEAL_KNOWN_MAX;

/// Bytes of the stored state of a seat, at the pace of the API server: twice the changes that a head takes before they are
/// sealed, and some more.
pub(crate) const ORDEAL_STORED_MAX: usize = 80 * 1024;

/// The same at the pace of files.
pub(crate) const ORDEAL_FILES_MAX: usize = 2 * 1024 * 1024;
