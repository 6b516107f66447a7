//! What happened, for logs and counters: one table in the shell turns a fact into both.

use crate::notification::{Action, Why};
use crate::own::SeatId;
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
        /// Number of problems in it.
        reports: usize,
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
    /// Something about the seat, its Lease or its stored state.
    Seat(SeatFact),
    /// A bound was reached; the word names it.
    Bound(&'static str),
}

/// What happened to a seat, to its Lease or to its stored state.
#[derive(Clone, Debug, PartialEq)]
pub enum SeatFact {
    /// This process serves a seat from now on.
    Held {
        /// The seat.
        seat: SeatId,
        /// The term of its stored state, if that is kept and could be read.
        term: Option<u64>,
        /// How many alerts the stored state held.
        alerts: usize,
        /// Whether there was no stored state.
        first: bool,
    },
    /// The seat is sealed, and nothing is told from it before it is known what its share is.
    Waits {
        /// The seat.
        seat: SeatId,
    },
    /// Nothing is told from the seat any more, because the number of seats is about to change.
    Silent {
        /// The seat.
        seat: SeatId,
        /// How many seats there are to be.
        total: u32,
    },
    /// A replica without a Lease, which told because it could not read the state, hears of an elected holder, and leaves the
    /// seat to it.
    Leaves {
        /// The seat.
        seat: SeatId,
        /// Who holds it.
        holder: String,
    },
    /// What this replica sees is older than the stored state of the seat that it takes: everything is listed anew first.
    Outdated {
        /// The seat.
        seat: SeatId,
    },
    /// Another number of seats is in force, or the same as before again: the seat's share is told from now on.
    Relaid {
        /// The seat.
        seat: SeatId,
        /// How many seats there are.
        total: u32,
        /// How many alerts its share has.
        alerts: usize,
        /// How long nothing was told from it.
        silent: std::time::Duration,
    },
    /// A change of the number of seats is called off.
    CalledOff {
        /// The seat.
        seat: SeatId,
    },
    /// The Lease of a seat is lost: this process follows.
    Lost {
        /// The seat.
        seat: SeatId,
        /// Why, in words.
        why: String,
    },
    /// Another process sealed the stored state of the seat: nothing that this one writes counts any more.
    Fenced {
        /// The seat.
        seat: SeatId,
        /// The other's term.
        term: u64,
        /// What the other calls itself.
        by: String,
    },
    /// The store refuses what is written; it is tried again.
    Refused {
        /// The store's words.
        why: String,
    },
    /// The store does not answer; it is tried again.
    Unheard {
        /// What went wrong.
        why: String,
    },
    /// The store takes what is written again.
    Saved,
    /// Stored state cannot be read, and is not overwritten.
    Unreadable {
        /// Which part, and why.
        why: String,
    },
    /// A part of the stored state could not be read; it was kept under another name, and the rest is used.
    SetAside {
        /// The part.
        part: String,
        /// Why it could not be read.
        why: String,
    },
    /// Stored state that another hand had changed or deleted was written anew.
    Mended {
        /// What was done.
        what: String,
    },
    /// The snapshot of the Go program was read.
    Migrated {
        /// Problems that it had told and that are ours from now on.
        alerts: usize,
        /// Those of them that this build cannot see, which end when the Go program would have ended them.
        unseen: usize,
        /// Messages that it had yet to deliver and that are told again.
        pending: usize,
        /// Silences that were set at run time and still hold: this build has none, so they are gone.
        silences: usize,
        /// Entries that cannot be read; an incident that was opened for one stays open.
        left_out: usize,
    },
    /// The snapshot of the Go program is there, or may be, and cannot be read.
    NotMigrated {
        /// Why.
        why: String,
    },
    /// Stored facts about conditions or sinks that are not known here, or that cannot be read.
    Strange(usize),
    /// A send began though the store did not take its intent.
    Undurable {
        /// The sink's name.
        sink: String,
    },
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
