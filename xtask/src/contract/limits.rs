//! Every bound of the contract suite, by name.

use std::time::Duration;

/// How long a server may take for one thing that a case waits for.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Lines of one stream that are written down.
pub(super) const EXCHANGE_LINES_MAX: usize = 12;
