//! Every bound of the store, by name.

use std::time::Duration;

/// How long one request for a state object may take, its answer included. Beyond it nobody knows what became of it.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of an answer that are taken; a state object has at most 1 MiB, in base64 a third more. A longer answer is no
/// answer.
pub(super) const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Characters of a server's own words that are repeated; the rest is cut off.
pub(super) const WORDS_MAX: usize = 300;

/// Bytes of a state file that are taken; a longer one is none of ours and is set aside.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Bytes up to which the file of the head is added to; then it is written anew, with its last version only.
pub(super) const FILE_GROWS_MAX: u64 = 16 << 20;

/// Shards whose objects the chart's Role names, and that a removal goes through.
pub(super) const SHARDS_NAMED: u32 = 16;
