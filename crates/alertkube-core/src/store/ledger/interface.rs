//! What a ledger is told, what it asks of the store, and what it has to say.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::part::{Content, Part, PartWrite, Refusal};
use crate::limits::{
    LEDGER_BUCKET_BYTES, LEDGER_BUCKET_RATE, LEDGER_BUCKET_SPACING, LEDGER_BUCKET_SUBJECTS,
    LEDGER_COMMIT_BYTES, LEDGER_COMMIT_RATE, LEDGER_COMMIT_SPACING, LEDGER_FILE_BUCKET_SPACING,
    LEDGER_FILE_COMMIT_BYTES, LEDGER_FILE_TAIL_PACKED_MAX, LEDGER_FILE_TAIL_PACKED_SEAL,
    LEDGER_FILE_TAIL_RAW_SEAL, LEDGER_SEGMENT_SPACING, LEDGER_TAIL_PACKED_MAX, LEDGER_TAIL_PACKED_SEAL,
    LEDGER_TAIL_RAW_SEAL,
};
use crate::store::WriteId;

/// The name of one fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryKey {
    /// A fingerprint. It decides the bucket, so its bits must be spread evenly; facts of one subject that are put
    /// together are committed together.
    pub subject: u64,
    /// Which fact of the subject: `a`, `t/webhook`.
    pub what: Box<str>,
}

impl EntryKey {
    /// The fact `what` of a subject.
    pub fn new(subject: u64, what: &str) -> EntryKey {
        EntryKey { subject, what: what.into() }
    }
}

/// The number of a commit. It only rises, also from term to term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// Into how many seats the subjects are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Counts the changes.
    pub epoch: u64,
    /// How many seats there are.
    pub total: u32,
}

/// What a head records of the layout. The head of seat 0 says which one is in force; any other says which one its own
/// facts are cut by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accord {
    /// The layout of the facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) layout: Option<Layout>,
    /// The change that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Next>,
    /// In the head of seat 0: seats below this number, and not below the total, may still hold what is not theirs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) retired: u32,
}

impl Accord {
    /// The same without the change that is under way, in the head of seat 0: what was in force is in force anew. Whoever
    /// took part in the change hears of it so, and nothing that was done for it counts for the next one.
    pub(crate) fn called_off(self) -> Accord {
        let total = self.layout.map_or(1, |layout| layout.total);
        let layout = self.next.map(|next| Layout { epoch: next.layout.epoch, total });
        Accord { layout: layout.or(self.layout), next: None, ..self }
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A change of the layout, and how far a seat has come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Next {
    /// What is to be in force.
    pub(crate) layout: Layout,
    /// What the seat has done for it.
    pub(crate) step: Step,
}

/// How far a seat has come with a change of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// Seat 0 asks for it.
    Asked,
    /// The seat tells nothing, and its facts stay as they are.
    Frozen,
    /// It has stored its share of what every seat knows.
    Loaded,
}

/// Who wants the seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which seat it is: a head of another one is left alone.
    pub seat: u32,
    /// Never used before, by this process or another: a new one for every [`super::Ledger`].
    pub incarnation: String,
    /// The identity of the replica, for people and for the Lease.
    pub holder: String,
    /// Whether the replica holds the seat's Lease now: then it seals whatever it finds.
    pub elected: bool,
    /// The number of seats that the replica's settings wish for.
    pub wish: u32,
}

/// How fast, and in which portions, a store may be written. Rates are in bytes a second of meta and body, 0 for no
/// bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From the start of one commit to the start of the next.
    pub spacing: Duration,
    /// The rate of heads and segments.
    pub rate: u32,
    /// From the start of one segment to the start of the next.
    pub segment_spacing: Duration,
    /// From the start of one bucket to the start of the next.
    pub bucket_spacing: Duration,
    /// The rate of buckets.
    pub bucket_rate: u32,
    /// The portions.
    pub sizes: Sizes,
}

/// In which portions a store is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Raw bytes of one commit; what is more goes into the next.
    pub commit: usize,
    /// Raw bytes of the head's tail beyond which it is sealed.
    pub tail_raw: usize,
    /// Packed bytes of the head's tail beyond which it is sealed.
    pub tail_packed: usize,
    /// Packed bytes of a tail that cannot be sealed, beyond which facts wait.
    pub tail_max: usize,
    /// Subjects of a bucket beyond which, on average, their number doubles.
    pub bucket_subjects: usize,
    /// Raw bytes of a bucket beyond which, on average, their number doubles.
    pub bucket_bytes: usize,
}

impl Sizes {
    /// What fits into objects of 1 MiB.
    pub const OBJECTS: Sizes = Sizes {
        commit: LEDGER_COMMIT_BYTES,
        tail_raw: LEDGER_TAIL_RAW_SEAL,
        tail_packed: LEDGER_TAIL_PACKED_SEAL,
        tail_max: LEDGER_TAIL_PACKED_MAX,
        bucket_subjects: LEDGER_BUCKET_SUBJECTS,
        bucket_bytes: LEDGER_BUCKET_BYTES,
    };
    /// What is added to files that may be long.
    pub const FILES: Sizes = Sizes {
        commit: LEDGER_FILE_COMMIT_BYTES,
        tail_raw: LEDGER_FILE_TAIL_RAW_SEAL,
        tail_packed: LEDGER_FILE_TAIL_PACKED_SEAL,
        tail_max: LEDGER_FILE_TAIL_PACKED_MAX,
        ..Sizes::OBJECTS
    };
}

impl Pace {
    /// For the API server: at most 12 commits and segments, and 2 buckets a second.
    pub const API: Pace = Pace {
        spacing: LEDGER_COMMIT_SPACING,
        rate: LEDGER_COMMIT_RATE,
        segment_spacing: LEDGER_SEGMENT_SPACING,
        bucket_spacing: LEDGER_BUCKET_SPACING,
        bucket_rate: LEDGER_BUCKET_RATE,
        sizes: Sizes::OBJECTS,
    };
    /// For files: as fast as it comes, but for buckets, between which commits have their turn.
    pub const FILES: Pace = Pace {
        spacing: Duration::ZERO,
        rate: 0,
        segment_spacing: Duration::ZERO,
        bucket_spacing: LEDGER_FILE_BUCKET_SPACING,
        bucket_rate: 0,
        sizes: Sizes::FILES,
    };

    /// How long `bytes` take at `rate`.
    pub(super) fn time_of(bytes: usize, rate: u32) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if rate == 0 { Duration::ZERO } else { Duration::from_secs(bytes.into()) / rate }
    }
}

/// What the shell does for a ledger. Every effect but news has exactly one answer.
#[derive(Clone, Debug, PartialEq)]
pub enum LedgerEffect {
    /// Read these parts as they are now (a GET without resourceVersion), and answer by [`super::Ledger::read`].
    Read(Vec<Part>),
    /// Write a part, and answer by [`super::Ledger::wrote`].
    Write(WriteId, PartWrite),
    /// Keep an unreadable part under the name `-lost-<suffix>`, whatever is there, and answer by
    /// [`super::Ledger::wrote`]; the version is not looked at. Only then is the part itself written again.
    SetAside(WriteId, Part, Content),
    /// Nothing to be done.
    News(LedgerNews),
}

/// What a ledger has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerNews {
    /// An elected holder's head is watched until then, or until it is released. Said once, and
    /// again after anything else was said of that head: it does answer, and is another's.
    Waiting {
        /// Whose head it is.
        holder: String,
        /// The boot instant at which it is sealed if it has not changed.
        until: Duration,
    },
    /// The seat is sealed, and everything that was committed is read.
    Opened {
        /// Our term.
        term: u64,
        /// How many entries there are; [`super::Ledger::iter`] has them.
        entries: usize,
        /// Nothing was ever committed: a first start, also one after a first start that came to nothing.
        first: bool,
        /// Parts that are missing or could not be read, and why; what the others hold is used.
        set_aside: Vec<(Part, String)>,
    },
    /// Every put that was promised this number, or a lower one, is committed.
    Committed(Seq),
    /// Somebody else holds the seat: nothing will be written any more. Final.
    Fenced {
        /// The term that stands in the head.
        term: u64,
        /// Its holder.
        by: String,
        /// Whether it has given the seat back at once.
        released: bool,
    },
    /// Another process that serves this seat has been fenced, and is still there.
    Doubled {
        /// What it calls itself.
        by: String,
    },
    /// The store refuses to take a part; it is tried again for ever. Said once until it is accepted.
    Refused {
        /// Which part; facts are held up when it is the head.
        part: Part,
        /// Of which kind the refusal is.
        why: Refusal,
        /// The store's words.
        text: String,
        /// The boot instant of the first refusal.
        since: Duration,
    },
    /// A part that was refused has been written.
    Accepted {
        /// Which part.
        part: Part,
    },
    /// A read or a write had no answer, or a broken one; it is tried again for ever. Said once until one has.
    Unreachable {
        /// What came instead.
        why: String,
    },
    /// The head is not as it was left: somebody else wrote it, and who is not known before it is read. Ends with
    /// [`LedgerNews::Committed`] or [`LedgerNews::Fenced`].
    Contested,
    /// A head that cannot be read, or that a later release wrote, is left alone; it is looked at again.
    Unreadable {
        /// Which part.
        part: Part,
        /// What is wrong with it.
        why: String,
    },
    /// The head was changed or deleted by somebody who is no replica, or is older than what we know, and has been
    /// written over with what we hold.
    Overwritten {
        /// What was found.
        why: String,
    },
    /// More facts than the bound wait for a commit.
    Bound {
        /// How many bytes.
        bytes: usize,
    },
    /// A value is too long and was not taken.
    TooLong {
        /// Whose.
        key: EntryKey,
        /// How long it is.
        bytes: usize,
    },
    /// The last commit is done, after [`super::Ledger::close`]. Final.
    Closed,
}
