//! Every bound of this crate, by name.

/// A configuration file larger than this is refused unread.
pub(crate) const MAX_CONFIG_BYTES: usize = 1 << 20;
/// Values in a file, those that aliases repeat included.
pub(crate) const MAX_NODES: usize = 50_000;
/// Bytes of text in a file, those that aliases repeat included.
pub(crate) const MAX_EXPANDED_BYTES: usize = 4 << 20;
/// Levels of nesting; the deepest setting needs seven.
pub(crate) const MAX_DEPTH: usize = 24;
/// Problems that are listed; of more only the count is told.
pub(crate) const MAX_PROBLEMS: usize = 100;
/// Problems that are looked into; further ones are only counted, so that a file of nonsense costs little.
pub(crate) const MAX_GATHERED: usize = 1000;
/// Items of one list; each may hold patterns that are compiled.
pub(crate) const MAX_ITEMS: usize = 1000;
/// Characters of a bad value that are repeated in a problem.
pub(crate) const MAX_QUOTED_CHARS: usize = 60;
/// So many names are listed when none is near; more would hide the problem.
pub(crate) const MAX_LISTED: usize = 12;
/// Whole numbers below this are exact as floats.
pub(crate) const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// Bytes of `persistence.configMapName`; the names of state objects add their endings and stay below the API's 253.
pub(crate) const MAX_STATE_NAME_BYTES: usize = 220;
/// Bytes of the name of a namespace, as the API has it.
pub(crate) const MAX_NAMESPACE_BYTES: usize = 63;
/// Shards: state objects of the first 16 are named by the chart; a rate is divided by their number.
pub(crate) const MAX_SHARDS: u32 = 256;
