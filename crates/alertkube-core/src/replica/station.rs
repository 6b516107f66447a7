//! How a replica takes part: which share it serves, whether it needs a Lease for it, and where its memory goes.

use crate::own::SeatId;
use crate::store::ledger::{Claim, Pace};

/// The place of one process among its fellows. Set once, at the start.
#[derive(Clone, Debug)]
pub struct Station {
    /// The seat that this process serves, below `total`.
    pub seat: SeatId,
    /// How many seats there are (`ALERTKUBE_SHARD_TOTAL`); 1 without sharding.
    pub total: u32,
    /// Whether a Lease decides who serves the seat, and what those do who do not; `None` serves it without asking.
    pub election: Option<Standby>,
    /// Where the memory goes; `None` keeps it in the process only.
    pub keep: Option<Keep>,
    /// What this process calls itself in messages.
    pub identity: String,
}

/// What a follower does until it holds the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standby {
    /// It does not watch the cluster.
    Cold,
    /// It watches and detects, and tells nobody.
    Warm,
}

/// How the memory is kept.
#[derive(Clone, Debug)]
pub struct Keep {
    /// In whose name the ledger is written.
    pub claim: Claim,
    /// How often.
    pub pace: Pace,
}

impl Station {
    /// One process by itself, with no memory beyond its own life.
    pub fn alone() -> Station {
        Station { seat: SeatId::default(), total: 1, election: None, keep: None, identity: String::new() }
    }
}
