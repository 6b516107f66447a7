//! Every bound of the detect stage, by name.

use std::time::Duration;

/// Objects whose Warning events are remembered: 10,000 of about 1 kB; beyond it the one that expires first goes.
pub(crate) const HINT_SUBJECTS_MAX: usize = 10_000;
/// Warning events remembered for one object; beyond it the one that was seen least lately goes.
pub(crate) const HINTS_PER_SUBJECT_MAX: usize = 8;
/// Characters of an event's message that are remembered.
pub(crate) const HINT_MESSAGE_MAX: usize = 400;
/// For how long an event counts after it was last seen.
pub(crate) const HINT_AGE_MAX: Duration = Duration::from_secs(300);

/// Characters of a text that the cluster wrote: a message, a reason, an image.
pub(crate) const QUOTE_MAX: usize = 400;
/// Characters of the text of a finding.
pub(crate) const TEXT_MAX: usize = 1000;
/// Parts of one finding; beyond it the last part counts the rest.
pub(crate) const PARTS_MAX: usize = 32;
/// Parts that the text of a finding names; the rest are counted.
pub(crate) const NAMED_PARTS_MAX: usize = 3;

/// For how long the end of a container or of a pod is news.
pub(crate) const NEWS_AGE_MAX: Duration = Duration::from_secs(600);
/// For how long a failed Job, or a failed container that nothing restarts, is told.
pub(crate) const FAILURE_AGE_MAX: Duration = Duration::from_secs(86_400);
/// The longest back-off of the kubelet between two runs of a container.
pub(crate) const BACK_OFF_MAX: Duration = Duration::from_secs(300);
