//! Every bound of `alertkube seats`, by name.

use std::time::Duration;

/// Shards whose objects are asked for by name when nothing says how many there are: those that the chart's Role names.
pub(super) const SHARDS_ASKED: u32 = 16;

/// Shards that are asked for when a head wishes for more, which is the most that a configuration takes.
pub(super) const SHARDS_MAX: u32 = 256;

/// Leases in one page of the list.
pub(super) const LEASES_A_PAGE: u32 = 500;

/// Pages of Leases that are read; what is on further ones counts as not there.
pub(super) const PAGES_MAX: usize = 40;

/// How long the API server may be silent in an answer; beyond it the read has failed.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a server's words that are repeated; the rest is cut off.
pub(super) const WORDS_BYTES_MAX: usize = 300;

/// A replica without a Lease writes its head every 30 s; a head that is as old as this belongs to none that lives.
pub(super) const BEAT_MAX: Duration = Duration::from_secs(90);

/// Columns of the text. The longest names in a table are cut in the middle to fit.
pub(super) const COLUMNS_MAX: usize = 120;

/// Columns that a name in a table keeps.
pub(super) const NAME_COLUMNS_MIN: usize = 8;
