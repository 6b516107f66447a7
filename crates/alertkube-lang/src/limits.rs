//! Every bound of this crate, by name.

use std::time::Duration;

/// Longest text of a duration: all units with full precision take half of it.
pub(crate) const MAX_DURATION_BYTES: usize = 64;

/// Longest duration: ten years of 365 days. A longer one is a slip of the unit.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Digits after the point that are read; one more could not move a nanosecond, even of a week.
pub(crate) const MAX_FRACTION_DIGITS: usize = 18;

/// Longest pattern, enough for a list of fifty names.
pub(crate) const MAX_PATTERN_BYTES: usize = 1024;

/// Most memory of one compiled pattern, and of the cache that it fills while it matches.
pub(crate) const MAX_PATTERN_MEMORY: usize = 128 * 1024;

/// Deepest nesting of groups in a pattern.
pub(crate) const MAX_PATTERN_NESTING: u32 = 32;

/// Longest filter list in one text.
pub(crate) const MAX_FILTER_BYTES: usize = 16 * 1024;

/// Most items of one filter list.
pub(crate) const MAX_FILTER_ITEMS: usize = 512;

/// Most items of one filter list that are regular expressions: each costs memory of its own.
pub(crate) const MAX_FILTER_PATTERNS: usize = 64;

/// Most entries of one matcher.
pub(crate) const MAX_MATCHER_ENTRIES: usize = 64;

/// Longest value that a matcher compares exactly. Labels of Kubernetes end at 63, those of others do not.
pub(crate) const MAX_EXACT_BYTES: usize = 1024;

/// Longest name part of a label key, as Kubernetes has it.
pub(crate) const MAX_LABEL_NAME_BYTES: usize = 63;

/// Longest prefix of a label key, as Kubernetes has it.
pub(crate) const MAX_LABEL_PREFIX_BYTES: usize = 253;

/// Longest word that is compared for nearness; nobody means another word by a longer one.
pub(crate) const MAX_NEAREST_CHARS: usize = 64;

/// Most edits after which a label key still looks like a misspelt field.
pub(crate) const MAX_MISSPELT_EDITS: usize = 2;

/// Most characters of a user's text that a problem repeats.
pub(crate) const MAX_QUOTED_CHARS: usize = 80;
