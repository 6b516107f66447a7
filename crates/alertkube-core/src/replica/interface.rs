//! What goes into a replica and what comes out: two closed enums.

use std::sync::Arc;
use std::time::Duration;

use crate::fact::Fact;
use crate::notification::{AttemptId, Notification, SinkId, Verdict};
use crate::own::SeatId;
use crate::store::{Records, WriteId};
use crate::watch::{KindId, Plan, WatchEvent};

/// Everything that can happen to a replica.
#[derive(Clone, Debug)]
pub enum Input {
    /// Time passed.
    Tick,
    /// The watch of a kind says something.
    Watch(KindId, WatchEvent),
    /// The stored memory of a seat was read; `None` where there was none. Nothing is told before.
    Loaded(SeatId, Option<Records>),
    /// A write ended; the text says why it failed.
    Stored(WriteId, Result<(), String>),
    /// An attempt to send ended.
    Replied(AttemptId, Verdict),
    /// Settle what is in flight, store the memory and stop, by this boot instant at the latest.
    Stop {
        /// The boot instant.
        by: Duration,
    },
}

/// Everything that a replica asks of the world.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Follow these kinds from now on.
    Watch(WatchPlan),
    /// Store the memory of a seat and answer with [`Input::Stored`].
    Store(WriteId, SeatId, Box<Records>),
    /// Render and send, starting before the given boot instant, and answer with [`Input::Replied`].
    Send(AttemptId, SinkId, Box<Notification>, Duration),
    /// Log and count.
    Fact(Fact),
    /// The replica is done; nothing follows.
    Stopped,
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
    /// The limit for stopping.
    Stop,
}
