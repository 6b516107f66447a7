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
/// A backlog that a sink's rate drains within this is told one by one; a longer one is folded into digests.
pub(crate) const FOLD_BEYOND: Duration = Duration::from_secs(30);
/// A digest that left nothing behind is followed by another of its kind after this: 10,000 problems in a minute are
/// about seven messages, and none of them is more than this late.
pub(crate) const FOLD_SPACING: Duration = Duration::from_secs(10);
/// Critical problems that go one by one ahead of a backlog, between two digests: as many as a bucket holds by default.
pub(crate) const FOLD_SINGLES_MAX: usize = 5;
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
/// A hold-down or `for` longer than this is stored when the object does not tell since when.
pub(crate) const OWN_SINCE_STORED_FROM: Duration = Duration::from_secs(30);
/// A store that refuses holds back what is critical for this long.
pub(crate) const UNSAVED_CRITICAL_AFTER: Duration = Duration::from_secs(2);
/// A store that refuses holds back what is not critical for this long.
pub(crate) const UNSAVED_AFTER: Duration = Duration::from_secs(15);
/// A start whose state is refused tells without it after this long.
pub(crate) const OPEN_UNSAVED_AFTER: Duration = Duration::from_secs(15);
/// A start without a Lease whose state does not answer tells without it after this long.
pub(crate) const OPEN_UNHEARD_AFTER: Duration = Duration::from_secs(60);
/// How far a watch may be behind another replica's: what a new holder heard of its kind before a stored problem began, or
/// so shortly after, says nothing of that problem.
pub(crate) const WATCH_LAG_MAX: Duration = Duration::from_secs(10);
/// Tries to read the snapshot of the Go program, and the time between two.
pub(crate) const REFERENCE_TRIES: u32 = 10;
/// See [`REFERENCE_TRIES`].
pub(crate) const REFERENCE_RETRY: Duration = Duration::from_secs(2);
/// How long the last commit of a stop is waited for.
pub(crate) const CLOSE_WITHIN: Duration = Duration::from_secs(4);
/// A send begins within this of its commit being heard of...
pub(crate) const BEGIN_WITHIN: Duration = Duration::from_secs(1);
/// ...and within this of the commit being issued, which bounds how old the right to send may be.
pub(crate) const INTENT_AGE_MAX: Duration = Duration::from_secs(6);
/// When a keyed sink hears a doubtful end once more: after the time of a Lease.
pub(crate) const RESOLVE_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// For how long an end that a sink refuses is tried again.
pub(crate) const RESOLVE_TRIED_FOR: Duration = Duration::from_secs(86_400);
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

/// Slots of a ledger's ring of sealed journal; when all are taken the head's tail grows instead.
pub(crate) const LEDGER_SEGMENTS_MAX: u8 = 16;
/// Buckets of a ledger's folded state, a power of two; beyond it each one grows.
pub(crate) const LEDGER_BUCKETS_MAX: u8 = 32;
/// Raw bytes of the journal's tail in a head; beyond it the tail is sealed into a segment.
pub(crate) const LEDGER_TAIL_RAW_SEAL: usize = 256 * 1024;
/// Packed bytes of that tail; a head is written whole at every commit, so that 10 a second are 320 KiB.
pub(crate) const LEDGER_TAIL_PACKED_SEAL: usize = 32 * 1024;
/// Packed bytes of a tail that cannot be sealed; beyond it facts wait until it can. In base64 it is half of the
/// 1 MiB that an object may have.
pub(crate) const LEDGER_TAIL_PACKED_MAX: usize = 384 * 1024;
/// Raw bytes of one commit, a tenth of a second's share of 2000 notifications; what is beyond it goes into the next.
pub(crate) const LEDGER_COMMIT_BYTES: usize = 256 * 1024;
/// Subjects a second whose facts [`LEDGER_COMMIT_RATE`] is meant for: a storm of 10,000 alerts in a minute, each with
/// an intent and an outcome. What tells of more of them may take more bytes in proportion.
pub(crate) const LEDGER_COMMIT_SUBJECTS: u32 = 340;
/// Raw bytes that are packed thoroughly, which takes a few milliseconds; more is packed quickly.
pub(crate) const LEDGER_THOROUGH_BYTES_MAX: usize = 256 * 1024;
/// The same as for objects, where a commit is added to a file: raw bytes of one commit...
pub(crate) const LEDGER_FILE_COMMIT_BYTES: usize = 1024 * 1024;
/// ...of the tail, raw...
pub(crate) const LEDGER_FILE_TAIL_RAW_SEAL: usize = 16 * 1024 * 1024;
/// ...and packed, beyond which it is sealed...
pub(crate) const LEDGER_FILE_TAIL_PACKED_SEAL: usize = 1024 * 1024;
/// ...and beyond which facts wait.
pub(crate) const LEDGER_FILE_TAIL_PACKED_MAX: usize = 8 * 1024 * 1024;
/// Buckets in files: at least this far apart, so that packing them holds up no commit for long.
pub(crate) const LEDGER_FILE_BUCKET_SPACING: Duration = Duration::from_millis(50);
/// Bytes of one value; a longer one is not taken, and that is said.
pub(crate) const LEDGER_VALUE_MAX: usize = 64 * 1024;
/// Bytes of facts that wait for a commit; beyond it is said so, and they go on replacing each other by key.
pub(crate) const LEDGER_PENDING_BYTES: usize = 8 * 1024 * 1024;
/// Subjects of one bucket; beyond it, on average, their number doubles.
pub(crate) const LEDGER_BUCKET_SUBJECTS: usize = 4096;
/// Raw bytes of one bucket, about 300 KiB packed; beyond it, on average, their number doubles.
pub(crate) const LEDGER_BUCKET_BYTES: usize = 1024 * 1024;
/// Bytes that a body may unpack to, a dozen times the share of 150,000 alerts of 2 kB that one of 32 buckets has; a
/// larger one is unreadable.
pub(crate) const LEDGER_UNPACKED_MAX: usize = 128 * 1024 * 1024;
/// Segments of the ring at which the buckets are written.
pub(crate) const LEDGER_RING_HALF: usize = 8;
/// How long a fact waits for its bucket at most, once anything is sealed.
pub(crate) const LEDGER_CHECKPOINT_AFTER: Duration = Duration::from_secs(60);
/// The first wait after a refusal or a lost answer of the store; it doubles.
pub(crate) const LEDGER_RETRY_BASE: Duration = Duration::from_millis(500);
/// The longest such wait.
pub(crate) const LEDGER_RETRY_MAX: Duration = Duration::from_secs(10);
/// How long an elected head must stand unchanged, with the question in it whether its holder lives, before one without
/// election seals it: a Lease's time.
pub(crate) const LEDGER_ELECTED_WATCH: Duration = Duration::from_secs(30);
/// How often it is looked at meanwhile.
pub(crate) const LEDGER_ELECTED_POLL: Duration = Duration::from_secs(3);
/// How often an elected holder that commits nothing looks at its head, where whoever waits for the seat leaves a note:
/// thrice in the time that the head is watched for.
pub(crate) const LEDGER_ELECTED_LOOK: Duration = Duration::from_secs(10);
/// How often a head is looked at whose holder waits for the outcome of an attempt: it is sealed between two of them.
pub(crate) const LEDGER_SETTLE_POLL: Duration = Duration::from_millis(50);
/// How long it must stand unchanged to be sealed nevertheless: its holder is gone. Five commits apart.
pub(crate) const LEDGER_SETTLE_STILL: Duration = Duration::from_millis(500);
/// How long that is waited for at most. The holder tells meanwhile.
pub(crate) const LEDGER_SETTLE_MAX: Duration = Duration::from_secs(5);
/// How often a head that cannot be read is looked at again.
pub(crate) const LEDGER_UNREADABLE_POLL: Duration = Duration::from_secs(10);
/// Commits of the API server: at least this far apart, which leaves 2 of 12 writes a second for segments.
pub(crate) const LEDGER_COMMIT_SPACING: Duration = Duration::from_millis(100);
/// Bytes a second of heads and segments: 512 KiB in base64.
pub(crate) const LEDGER_COMMIT_RATE: u32 = 384 * 1024;
/// Segments: at least this far apart.
pub(crate) const LEDGER_SEGMENT_SPACING: Duration = Duration::from_millis(500);
/// Buckets: at least this far apart, which is 2 writes a second.
pub(crate) const LEDGER_BUCKET_SPACING: Duration = Duration::from_millis(500);
/// Bytes a second of buckets.
pub(crate) const LEDGER_BUCKET_RATE: u32 = 1024 * 1024;
/// Bytes of the Go program's snapshot once it is unpacked, which it stores in 900 KiB; a larger one is refused whole.
pub(crate) const REFERENCE_SNAPSHOT_BYTES_MAX: usize = 64 << 20;

/// A seat whose head has stood unchanged for this long is served by nobody: three beats.
pub(crate) const LAYOUT_DEAD_AFTER: Duration = Duration::from_secs(90);
/// How often a seat among several writes its head, with or without facts.
pub(crate) const LAYOUT_BEAT: Duration = Duration::from_secs(30);
/// How often a seat reads the head of seat 0, which says what is in force.
pub(crate) const LAYOUT_POLL: Duration = Duration::from_secs(5);
/// The same while it waits for others.
pub(crate) const LAYOUT_POLL_BUSY: Duration = Duration::from_secs(1);
/// One of so many of these readings is of every head.
pub(crate) const LAYOUT_ROUNDS: u64 = 3;
/// After so long without a reading, what stood unchanged meanwhile counts as changed: the others were cut off, too.
pub(crate) const LAYOUT_EARSHOT: Duration = Duration::from_secs(45);
/// A change of the layout that is not done by then is called off, since nobody tells anything meanwhile.
pub(crate) const LAYOUT_CHANGE_MAX: Duration = Duration::from_secs(90);
/// How long after a change that was called off the next one is asked for.
pub(crate) const LAYOUT_RETRY: Duration = Duration::from_secs(30);
/// How long a seat that knows no layout waits for seat 0 to say one.
pub(crate) const LAYOUT_WAIT_FIRST: Duration = Duration::from_secs(30);
/// Readings of another seat's facts before what is damaged in them is given up.
pub(crate) const LAYOUT_READ_TRIES: u32 = 5;
/// Steps that follow from one another in one call.
pub(crate) const LAYOUT_STEPS_MAX: usize = 8;
/// How often a process that was fenced says that it is still there.
pub(crate) const LAYOUT_NOTE: Duration = Duration::from_secs(60);
/// For how long that counts.
pub(crate) const LAYOUT_DOUBLED_FOR: Duration = Duration::from_secs(150);
