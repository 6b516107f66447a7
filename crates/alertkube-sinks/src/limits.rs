//! Every bound of this crate. A text that is cut says how many bytes are missing, a list says how many entries.

use std::time::Duration;

/// Bytes of a webhook body that no notification exceeds, whatever the cluster holds: what common proxies let pass.
/// It follows from the bounds below, and the contract suite holds each sink to it.
pub(crate) const BODY_MAX: usize = 1024 * 1024;

/// Bytes of an event that PagerDuty takes (its manual: 512 KB). A larger one is told without its lists.
pub(crate) const PAGERDUTY_BODY_MAX: usize = 512_000;

/// Characters of a summary that PagerDuty takes; cutting at as many bytes keeps within it.
pub(crate) const PAGERDUTY_SUMMARY_MAX: usize = 1024;

/// Characters of a key that PagerDuty takes. A longer one cannot be cut without meeting another, so it is not sent.
pub(crate) const PAGERDUTY_KEY_MAX: usize = 255;

/// Bytes of a header block: Slack takes as many characters.
pub(crate) const SLACK_HEADER_MAX: usize = 150;

/// Bytes of a block's text, of which Slack takes 3000 characters.
pub(crate) const SLACK_TEXT_MAX: usize = 2900;

/// Bytes of the cause within such a text, and of the command below it.
pub(crate) const SLACK_CAUSE_MAX: usize = 1900;

/// Bytes of a command to paste: two names and what stands around them.
pub(crate) const SLACK_LOOK_MAX: usize = 900;

/// Bytes of one field, of which Slack takes 2000 characters.
pub(crate) const SLACK_FIELD_MAX: usize = 640;

/// Bytes of one section below a message, the figure of the Go program.
pub(crate) const SLACK_SECTION_MAX: usize = 2800;

/// Bytes of all of them together, likewise.
pub(crate) const SLACK_BODY_MAX: usize = 7500;

/// Bytes of the reason in a line of a digest, whose lines together then keep within the same.
pub(crate) const SLACK_ROW_REASON_MAX: usize = 100;

/// Bytes of the object in such a line.
pub(crate) const SLACK_ROW_OBJECT_MAX: usize = 240;

/// Characters of a channel's name that the annotation may give.
pub(crate) const SLACK_CHANNEL_MAX: usize = 80;

/// Bytes of the alerts of a digest, in either format; further ones are told by fingerprint only.
pub(crate) const DIGEST_ALERTS_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a digest's list of fingerprints: 37,000 of our own.
pub(crate) const DIGEST_FINGERPRINTS_BYTES_MAX: usize = 704 * 1024;

/// Entries of a digest that may be too long for what is left of its bounds before it is closed.
pub(crate) const DIGEST_MISSES_MAX: usize = 16;

/// Members that the reference's `Grouped Resources` names.
pub(crate) const GROUPED_MAX: usize = 50;

/// Members that the reference's summary sentence names.
pub(crate) const SUMMARY_MEMBERS_MAX: usize = 10;

/// Lines of a digest on a terminal: it must fit on one screen.
pub(crate) const DIGEST_LINES_MAX: usize = 20;

/// Lines of failing parts, and of effects, on a terminal.
pub(crate) const PRETTY_LINES_MAX: usize = 8;

/// Bytes of one text on a terminal.
pub(crate) const PRETTY_TEXT_MAX: usize = 600;

/// Bytes of a terminal message; only names made of nothing but escapes come near.
pub(crate) const PRETTY_MAX: usize = 256 * 1024;

/// Bytes of a name or a label key: Kubernetes allows 253, and 317 with a prefix.
pub(crate) const NAME_MAX: usize = 317;

/// Bytes of the cause.
pub(crate) const TEXT_MAX: usize = 2048;

/// Bytes of a part's text, or of an effect.
pub(crate) const LINE_MAX: usize = 512;

/// Bytes of a label's value: Kubernetes allows 63.
pub(crate) const LABEL_MAX: usize = 128;

/// Bytes of an annotation's value; a runbook link has at most as many.
pub(crate) const ANNOTATION_MAX: usize = 2048;

/// Owners, parts and effects of one alert, each.
pub(crate) const ENTRIES_MAX: usize = 32;

/// Labels of one alert; nodes of clouds have about 40.
pub(crate) const LABELS_MAX: usize = 64;

/// Annotations of one alert; only those that settings name are there.
pub(crate) const ANNOTATIONS_MAX: usize = 16;

/// Bytes of a reply's body that are worth reading.
pub(crate) const REPLY_BODY_MAX: usize = 4096;

/// The longest wait that a sink may ask for.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Bytes of a URL.
pub(crate) const URL_MAX: usize = 8192;
