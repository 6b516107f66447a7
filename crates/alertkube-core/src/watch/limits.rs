//! Every bound of the watch stage, by name.

use std::time::Duration;

/// Containers of one pod that a view holds; further ones are passed over.
pub(crate) const CONTAINERS: usize = 1_000;

/// Status conditions that a view holds; further ones are passed over.
pub(crate) const CONDITIONS: usize = 200;

/// Bytes of one text in a view (messages are the long ones); the rest is cut off.
pub(crate) const TEXT_BYTES: usize = 16 * 1024;

/// Bytes of all labels, and of all kept annotations, of one object; further pairs are passed over.
pub(crate) const PAIRS_BYTES: usize = 256 * 1024;

/// Bytes that the first pair makes room for: most objects have as many of labels, and room that grows by halves is
/// copied each time.
pub(crate) const PAIRS_FIRST_BYTES: usize = 512;

/// Bytes of a server's message that a [`LostWhy`](crate::watch::LostWhy) quotes.
pub(crate) const QUOTE_BYTES: usize = 300;

/// Objects of one list page. A server may give less.
pub(crate) const PAGE_ITEMS: u32 = 500;

/// A page that was too large is asked for again with this much fewer objects, down to one.
pub(crate) const PAGE_SHRINK: u32 = 8;

/// How long a watch lasts before the server ends it; jitter comes on top. It is shorter than [`SILENCE`], so
/// that every watch that lives is heard of within it, whether or not the server sends bookmarks.
pub(crate) const WATCH_SECONDS: u64 = 90;

/// Seconds of jitter on [`WATCH_SECONDS`], so that the watches of all kinds do not end together.
pub(crate) const WATCH_JITTER_SECONDS: u64 = 20;

/// Without a line for so long, a watch is taken for half-dead.
pub(crate) const SILENCE: Duration = Duration::from_secs(120);

/// A watch that goes on after it was lost counts as heard once it stands for so long: a version that is too
/// old is refused by an event after the answer, not by the answer.
pub(crate) const SETTLE: Duration = Duration::from_millis(500);

/// Time for a whole list page; the server's own limit for one is a minute.
pub(crate) const PAGE_TIMEOUT: Duration = Duration::from_secs(70);

/// First and largest step of the backoff for a server that does not answer.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// See [`BACKOFF_FIRST`].
pub(crate) const BACKOFF_MOST: Duration = Duration::from_secs(30);

/// How often a kind that was readable and is forbidden now is tried with the short back-off.
pub(crate) const FORBIDDEN_SOON_TRIES: u32 = 5;

/// Between two tries of a kind that is forbidden or missing.
pub(crate) const REFUSED_RETRY: Duration = Duration::from_secs(30);

/// A server's wish to be left alone (`Retry-After`) is kept up to this long.
pub(crate) const RETRY_AFTER_MOST: Duration = Duration::from_secs(60);

/// Between two tries while a server is still catching up with our version.
pub(crate) const TOO_LARGE_RETRY: Duration = Duration::from_secs(1);

/// So many answers "too large resource version" in a row mean that the server went back: start from scratch.
pub(crate) const TOO_LARGE_TRIES: u32 = 20;

/// So many streaming lists in a row that end without being complete make the next one a paged list.
pub(crate) const STREAM_TRIES: u32 = 3;

/// The least step of the backoff, so that jitter never makes it nothing.
pub(crate) const BACKOFF_LEAST: Duration = Duration::from_millis(100);

/// So many watches in a row that end at once, without a word, and the kind counts as unreachable.
pub(crate) const BRIEF_TRIES: u32 = 4;

/// So many silences in a row and the version that we watch from is doubted: start from scratch.
pub(crate) const SILENT_TRIES: u32 = 2;

/// So many watches in a row that are answered and then refused by an event, and their version is given up.
pub(crate) const WATCH_TRIES: u32 = 5;
