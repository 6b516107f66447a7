//! Every bound of the watch transport, by name.

/// Bytes of one line of a stream; a longer one is thrown away and counted. The largest object that a store
/// takes by default is 1.5 MiB, and some are configured for more.
pub(crate) const LINE_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of one list page; a longer one is thrown away, and a smaller page is asked for.
pub(crate) const PAGE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of the body of a refusal; what comes after them is not read.
pub(crate) const REFUSAL_BYTES: usize = 64 * 1024;

/// Bytes that a line buffer keeps for the next line.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;

/// Steps of one kind that wait for the engine. At this bound we stop reading that kind until it has caught
/// up.
pub(crate) const QUEUE_STEPS: usize = 8_192;
