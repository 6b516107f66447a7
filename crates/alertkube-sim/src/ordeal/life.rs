//! Machines, and the processes that live on them one after the other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use alertkube_core::{
    AttemptId, Candidate, Claim, Election, Input, Keep, KindId, LeaseInput, Now, Pace, Replica, SeatId,
    Settings, Station,
};

use super::clock::{At, Clock};
use super::heads::Heads;
use super::plan::{Seat, Trap};

/// A place with clocks and a line to the outside, where one process lives at a time.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) seat: Seat,
    pub(super) clock: Clock,
    /// The process that lives there.
    pub(super) life: Option<usize>,
    /// What its pod is called.
    pub(super) name: String,
    /// Counts its pods: another one has another uid.
    pub(super) pod: u64,
    /// Nothing runs before then.
    pub(super) asleep: At,
    pub(super) cut_api: At,
    pub(super) cut_sinks: At,
    pub(super) forbidden: At,
    /// How far lists and watches lag behind, and until when.
    pub(super) lag: (At, At),
    /// Nobody starts here again.
    pub(super) closed: bool,
}

/// A process.
pub(super) struct Life {
    pub(super) slot: usize,
    pub(super) name: String,
    pub(super) died: Option<At>,
    pub(super) replica: Replica,
    /// What has reached the engine and waits for it.
    pub(super) mail: VecDeque<Input>,
    /// Until when the engine is busy with what it took last.
    pub(super) free: At,
    pub(super) run_at: Option<At>,
    pub(super) candidacy: Option<Candidacy>,
    pub(super) streams: BTreeMap<KindId, Stream>,
    /// Counts the plans of watches.
    pub(super) round: u64,
    pub(super) flights: BTreeMap<AttemptId, Flown>,
    pub(super) heads: Heads,
    /// For each delivery, how many heads had been issued when its last attempt was made.
    pub(super) made: BTreeMap<String, u64>,
    /// It was said that the next message goes to this sink without its commit.
    pub(super) undurable: Option<String>,
    /// The term of the last head of its that was applied.
    pub(super) term: Option<u64>,
    /// It opened the seat without the store, and has not read since that an elected one lives.
    pub(super) unsealed: bool,
    /// When it last had an answer of the store.
    pub(super) heard: At,
    /// When the elected holder had written the head that it last read of one, without a Lease of its own.
    pub(super) shown: Option<At>,
    /// How often it has begun to hold the seat.
    pub(super) holds: u64,
    pub(super) trap: Option<(Trap, At, bool)>,
    /// It was asked to stop, and how long after its end the next begins.
    pub(super) stopping: Option<At>,
    pub(super) stopped: bool,
}

/// An attempt that is not settled: where to, and the message if its first byte has left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flown {
    pub(super) sink: usize,
    pub(super) message: Option<usize>,
    /// Its teller has not panicked since: otherwise what has not begun never does, and no answer says anything.
    pub(super) known: bool,
}

/// One who stands for a Lease.
pub(super) struct Candidacy {
    pub(super) candidate: Candidate,
    pub(super) seed: u64,
    pub(super) election: Election,
    pub(super) waits: Option<u64>,
    pub(super) watch: Option<u64>,
    /// When the last word of its watch arrives: words keep their order; and its last news.
    pub(super) words: At,
    pub(super) news: At,
    pub(super) mail: VecDeque<LeaseInput>,
    /// It was asked to resign, and when it stands again.
    pub(super) resigned: bool,
    pub(super) again: Option<At>,
    /// When it is called next.
    pub(super) tick: Option<At>,
}

/// The watch of one kind.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) epoch: u32,
    /// Changes that it has told of.
    pub(super) cursor: usize,
    /// When its last word arrives.
    pub(super) words: At,
    /// Counts its connections; none is open while it is odd.
    pub(super) line: u64,
    pub(super) open: bool,
    pub(super) deaf: bool,
    /// It goes on from where it stopped.
    pub(super) resumes: bool,
    pub(super) said_lost: bool,
    pub(super) tries: u32,
}

impl Stream {
    pub(super) fn new() -> Stream {
        Stream {
            epoch: 0,
            cursor: 0,
            words: 0,
            line: 0,
            open: false,
            deaf: false,
            resumes: false,
            said_lost: false,
            tries: 0,
        }
    }
}

impl Slot {
    pub(super) fn new(seat: Seat, clock: Clock, name: String) -> Slot {
        Slot {
            seat,
            clock,
            life: None,
            name,
            pod: 0,
            asleep: 0,
            cut_api: 0,
            cut_sinks: 0,
            forbidden: 0,
            lag: (0, 0),
            closed: false,
        }
    }

    /// The process number `number` begins here now.
    pub(super) fn begin(
        &self,
        (slot, number): (usize, usize),
        (settings, pace): (&Arc<Settings>, Pace),
        seed: u64,
        at: At,
    ) -> Life {
        let now = self.clock.now(at);
        let name = format!("{}_{number:08x}", self.name);
        let Seat { seat, total, election } = self.seat;
        let elected = election.is_some();
        let (incarnation, holder) = (name.clone(), name.clone());
        let claim = Claim { seat, incarnation, holder, elected, wish: total };
        let keep = Some(Keep { claim, pace });
        let station = Station { seat: SeatId(seat), total, election, keep, identity: name.clone() };
        let candidacy = election.map(|_| {
            let mut candidate = Candidate::new(name.as_str());
            candidate.pod_uid = Some(format!("{}-{}", self.name, self.pod));
            Candidacy::new(candidate, seed, now)
        });
        Life {
            slot,
            name,
            died: None,
            replica: Replica::stationed(Arc::clone(settings), station, seed, now),
            mail: VecDeque::new(),
            free: at,
            run_at: None,
            candidacy,
            streams: BTreeMap::new(),
            round: 0,
            flights: BTreeMap::new(),
            heads: Heads::default(),
            made: BTreeMap::new(),
            undurable: None,
            term: None,
            unsealed: false,
            heard: 0,
            shown: None,
            holds: 0,
            trap: None,
            stopping: None,
            stopped: false,
        }
    }
}

impl Candidacy {
    fn new(candidate: Candidate, seed: u64, now: Now) -> Candidacy {
        Candidacy {
            election: Election::new(candidate.clone(), seed, now),
            candidate,
            seed,
            waits: None,
            watch: None,
            words: 0,
            news: 0,
            mail: VecDeque::new(),
            resigned: false,
            again: None,
            tick: None,
        }
    }

    /// Stands for the Lease again, as one who has seen nothing yet.
    pub(super) fn anew(&mut self, now: Now) {
        self.seed = self.seed.rotate_left(7) ^ 1;
        *self = Candidacy { news: self.news, ..Candidacy::new(self.candidate.clone(), self.seed, now) };
    }
}
