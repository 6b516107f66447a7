//! Every bound of the core, with the arithmetic that chose it.

use std::time::Duration;

/// Firings within the window that make an alert flap.
pub(crate) const FLAP_COUNT: usize = 4;
/// The window in which firings are counted.
pub(crate) const FLAP_WINDOW: Duration = Duration::from_secs(3600);
/// The longest hold-down that flapping leads to.
pub(crate) const FLAP_HOLD_DOWN_MAX: Duration = Duration::from_secs(3600);
/// Fingerprints whose firings are remembered: 100,000 of about 80 bytes; beyond it new ones do not count as flapping.
pub(crate) const FLAP_MEMORY_MAX: usize = 100_000;

/// Nothing is told until every readable kind is synced, or this has passed.
pub(crate) const GATE_MAX: Duration = Duration::from_secs(10);
/// A kind that is lost for this long is stale: nothing of it begins.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(120);
/// An effect waits for a pending cause this much longer than the cause's own `for`.
pub(crate) const CAUSE_PENDING_SLACK: Duration = Duration::from_secs(10);
/// How far a chain of causes is followed; the catalogue has no chain longer than three.
pub(crate) const CAUSE_DEPTH_MAX: usize = 6;
/// Effects that are named in a message; the rest are counted.
pub(crate) const EFFECT_LINES_MAX: usize = 10;
/// Reports of one digest; a larger one is cut into several.
pub(crate) const DIGEST_REPORTS_MAX: usize = 2000;
/// A keyed sink opens incidents at a first run only for causes that began within this.
pub(crate) const FIRST_RUN_RECENT: Duration = Duration::from_secs(3600);

/// Agenda entries handled in one call; what is left is due at once.
pub(crate) const DUE_STEPS_MAX: usize = 1000;
/// Keys of objects whose conditions panicked.
pub(crate) const QUARANTINE_MAX: usize = 1000;
/// Objects in quarantine that the alert about them names; the rest are counted.
pub(crate) const QUARANTINE_NAMED_MAX: usize = 5;

/// The window of unsettled sends of a chat sink.
pub(crate) const CHAT_WINDOW: usize = 1;
/// The window of unsettled sends of a keyed sink.
pub(crate) const KEYED_WINDOW: usize = 64;
/// The window of unsettled sends of a webhook.
pub(crate) const WEBHOOK_WINDOW: usize = 256;
/// How long one send may take.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(15);
/// The first step of the back-off between attempts.
pub(crate) const RETRY_BASE: Duration = Duration::from_millis(500);
/// The longest back-off between attempts.
pub(crate) const RETRY_MAX: Duration = Duration::from_secs(60);
/// The longest delay that a sink may ask for.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Failures in a row that open a breaker.
pub(crate) const BREAKER_FAILURES: u32 = 5;
/// How long an open breaker waits before it tries once.
pub(crate) const BREAKER_COOL_DOWN: Duration = Duration::from_secs(30);
/// How long a refused notification waits before the same is tried again, the problem still standing.
pub(crate) const REFUSED_RETRY: Duration = Duration::from_secs(900);
/// Entries of one page of an answer.
pub(crate) const PAGE_MAX: usize = 500;
/// Alerts that are over and wait for a sink that is down: 50,000 of about 2 kB; beyond it the oldest ends are not told.
pub(crate) const OVER_MAX: usize = 50_000;
/// A step of the wall clock against the boot clock that counts as one: below it, it is slewing or rounding.
pub(crate) const CLOCK_STEP: Duration = Duration::from_secs(1);
/// How often old memory is swept out.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_secs(60);
