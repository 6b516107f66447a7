//! What happened, for logs and counters: one table in the shell turns a fact into both.

use crate::notification::{Action, Why};
use crate::severity::Severity;
use crate::watch::{KindId, LostWhy};

/// Something that happened inside the core.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A kind is listed and watched.
    KindLive {
        /// The kind.
        kind: KindId,
        /// How many objects of it there are.
        objects: usize,
    },
    /// A kind is not heard of.
    KindLost {
        /// The kind.
        kind: KindId,
        /// Why.
        why: LostWhy,
        /// Whether all other kinds are heard of: the rest of an outage is not said again.
        first: bool,
    },
    /// Telling began: every readable kind is synced, or the limit has passed.
    GateOpened {
        /// Kinds that are not synced.
        missing: Vec<KindId>,
    },
    /// An alert began to fire.
    Fired(About),
    /// An alert is over.
    Ended(About),
    /// An alert that is due is not told, for this reason.
    Held {
        /// The alert.
        about: About,
        /// Why it is held.
        by: Suppressed,
    },
    /// A send began.
    Sending {
        /// The sink's name.
        sink: String,
        /// What it says.
        action: Action,
        /// The delivery id.
        delivery: String,
        /// Number of problems in it.
        reports: usize,
        /// The first problem in it.
        about: Option<About>,
    },
    /// A sink took a notification.
    Delivered {
        /// The sink's name.
        sink: String,
        /// What it said.
        action: Action,
        /// The delivery id.
        delivery: String,
        /// How many attempts it took.
        attempts: u32,
    },
    /// An attempt failed and will be repeated.
    Retrying {
        /// The sink's name.
        sink: String,
        /// The delivery id.
        delivery: String,
        /// Why it failed.
        why: Why,
        /// Seconds until the next attempt.
        seconds: u64,
    },
    /// A sink refused a notification for good.
    DeadLetter {
        /// The sink's name.
        sink: String,
        /// The delivery id.
        delivery: String,
        /// Why it was refused.
        why: Why,
    },
    /// A sink's breaker opened or closed.
    Breaker {
        /// The sink's name.
        sink: String,
        /// Whether it is open now.
        open: bool,
    },
    /// An object's condition panicked; the object is no longer looked at.
    Quarantined {
        /// Kind of the object.
        kind: KindId,
        /// Namespace of the object.
        namespace: String,
        /// Name of the object.
        name: String,
    },
    /// A stored picture was read.
    Restored {
        /// How many alerts it held.
        alerts: usize,
    },
    /// A bound was reached; the word names it.
    Bound(&'static str),
}

/// Names an alert in a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct About {
    /// 16 hex digits.
    pub fingerprint: String,
    /// Kind of the object.
    pub kind: &'static str,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// The reason.
    pub reason: &'static str,
    /// Its severity.
    pub severity: Severity,
}

/// Who holds an alert back: a closed set, and the metric label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suppressed {
    /// The picture is not complete yet, or the digest of a first run will tell it.
    Startup,
    /// The annotation `alert-silence-until` of the object.
    Silenced,
    /// A standing source of an inhibition; its fingerprint.
    Inhibited(String),
    /// It is a line in the message of this alert.
    Explained(String),
    /// It fired again soon after its last message.
    Muted,
    /// No seat of ours owns it.
    Foreign,
    /// It goes to no sink.
    Unrouted,
}

impl Suppressed {
    /// A closed word for logs and metric labels.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Suppressed::Startup => "startup",
            Suppressed::Silenced => "silenced",
            Suppressed::Inhibited(_) => "inhibited",
            Suppressed::Explained(_) => "explained",
            Suppressed::Muted => "muted",
            Suppressed::Foreign => "foreign_shard",
            Suppressed::Unrouted => "unrouted",
        }
    }
}
