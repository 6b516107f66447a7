//! What goes into a replica and what comes out: two closed enums.

use std::sync::Arc;
use std::time::Duration;

use crate::fact::Fact;
use crate::notification::{AttemptId, Notification, SinkId, Verdict};
use crate::own::{LeaseNews, SeatId};
use crate::store::WriteId;
use crate::store::ledger::{Content, Part, PartWrite, StoreTrouble, Version};
use crate::watch::{KindId, Plan, WatchEvent};

/// Everything that can happen to a replica.
#[derive(Clone, Debug)]
pub enum Input {
    /// Time passed.
    Tick,
    /// The watch of a kind says something.
    Watch(KindId, WatchEvent),
    /// The election of a seat says something.
    Lease(SeatId, LeaseNews),
    /// Parts of a seat's stored state were read, or could not be; `None` where there was none.
    Read(SeatId, Vec<(Part, PartRead)>),
    /// What the Go program left behind was looked for: its stored snapshot, if there is one.
    Reference(SeatId, Result<Option<Vec<u8>>, StoreTrouble>),
    /// A write ended.
    Wrote(SeatId, WriteId, Result<Version, StoreTrouble>),
    /// An attempt to send ended.
    Replied(AttemptId, Verdict),
    /// What a sink is spoken to with, its address or credential, has changed: what it refused may be taken now.
    Renewed(SinkId),
    /// Settle what is in flight, commit, give the seat back and stop, by this boot instant at the latest.
    Stop {
        /// The boot instant.
        by: Duration,
    },
}

/// What came of reading one part.
pub type PartRead = Result<Option<(Content, Version)>, StoreTrouble>;

/// Everything that a replica asks of the world.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Follow these kinds from now on, and no others.
    Watch(WatchPlan),
    /// Read parts of a seat's stored state and answer with [`Input::Read`], in one piece.
    Read(SeatId, Vec<Part>),
    /// Look for the snapshot of the Go program, and answer with [`Input::Reference`].
    ReadReference(SeatId),
    /// Write a part of a seat's stored state and answer with [`Input::Wrote`].
    Write(SeatId, WriteId, PartWrite),
    /// Keep a part that cannot be read under another name, whatever is there, and answer with [`Input::Wrote`].
    SetAside(SeatId, WriteId, Part, Content),
    /// Give the Lease of a seat back: another took the seat without it.
    Resign(SeatId),
    /// Render and send within the given span, and answer with [`Input::Replied`].
    Send(AttemptId, SinkId, Box<Notification>, SendWithin),
    /// Log and count.
    Fact(Fact),
    /// The replica is done; nothing follows.
    Stopped,
}

/// When a send may happen, as boot instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendWithin {
    /// Nothing leaves at or after this: it is checked immediately before the first byte.
    pub begin: Duration,
    /// No answer is waited for beyond this.
    pub end: Duration,
    /// Whether the Lease must be held when the first byte leaves.
    pub leased: bool,
}

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchPlan {
    /// The kinds, causes before effects.
    pub kinds: Vec<KindId>,
    /// The one namespace; `None` for all.
    pub namespace: Option<String>,
    /// What the decoder keeps.
    pub plan: Arc<Plan>,
}

/// Why a replica wants to be called again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// There is more to do right now.
    More,
    /// The picture is believed complete, whether every kind was heard of or not.
    Gate,
    /// The digest of a first run.
    Digest,
    /// An object's condition ends or begins by time alone.
    Look,
    /// An alert changes its phase, or a message about it is due.
    Alert,
    /// A sink may be sent to.
    Sink,
    /// Old memory is swept out.
    Sweep,
    /// A kind becomes stale.
    Stale,
    /// The store has refused for so long that something is sent all the same.
    Unsaved,
    /// The snapshot of the Go program is asked for again.
    Reference,
    /// The ledger writes, or tries again.
    Ledger,
    /// Other seats are looked at.
    Layout,
    /// The limit for stopping.
    Stop,
}
