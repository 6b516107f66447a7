//! What will be done to a world, all of it chosen by its seed before it begins: who is there, and every act with its
//! instant. An act has a number, by which a case can be cut down to those acts that it needs.

use alertkube_core::{Refusal, Standby};

use super::clock::{At, SECOND};
use super::dice::Dice;

/// When the last act is over: from then on everything works.
pub(super) const CALM: At = 700 * SECOND;
/// When a fault begins that must be told soon.
pub(super) const PROBE: At = CALM + 400 * SECOND;
/// When the world ends: flapping stretches a hold-down to an hour at most.
pub(super) const END: At = CALM + 5400 * SECOND;

/// Who serves the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topology {
    /// One replica without election.
    Alone,
    /// Two that are elected to one seat.
    Pair(Standby),
    /// Three of them, of which one is warm.
    Three,
    /// Three shards of one replica each.
    Shards,
    /// Three shards of two each.
    ShardPairs,
    /// One without election, and one that is elected, as in an upgrade that switches election on.
    Upgrade,
}

pub(super) const TOPOLOGIES: [Topology; 7] = [
    Topology::Alone,
    Topology::Pair(Standby::Cold),
    Topology::Pair(Standby::Warm),
    Topology::Three,
    Topology::Shards,
    Topology::ShardPairs,
    Topology::Upgrade,
];

/// A place for processes, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) seat: u32,
    pub(super) total: u32,
    pub(super) election: Option<Standby>,
}

impl Topology {
    pub(super) fn seats(self) -> Vec<Seat> {
        let seat = |seat, total, election| Seat { seat, total, election };
        let cold = Some(Standby::Cold);
        match self {
            Topology::Alone => vec![seat(0, 1, None)],
            Topology::Pair(standby) => vec![seat(0, 1, Some(standby)); 2],
            Topology::Three => vec![seat(0, 1, cold), seat(0, 1, cold), seat(0, 1, Some(Standby::Warm))],
            Topology::Shards => (0..3).map(|index| seat(index, 3, None)).collect(),
            Topology::ShardPairs => (0..6).map(|index| seat(index % 3, 3, cold)).collect(),
            Topology::Upgrade => vec![seat(0, 1, None), seat(0, 1, cold)],
        }
    }
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its container crashes again and again.
    Crashes,
    /// It is not ready.
    Unready,
    /// It is evicted, which is an event.
    Evicted,
    /// All is well.
    Well,
    /// It is deleted.
    Gone,
}

/// How a sink behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It takes everything.
    Up,
    /// Nobody accepts a connection.
    Down,
    /// It takes everything and answers so many seconds later.
    Slow(u64),
    /// It takes everything, and the connection breaks before the answer.
    Swallows,
    /// The connection breaks, and nothing was taken.
    Drops,
    /// 429
    Throttles,
    /// 503
    Fails,
    /// 400
    Rejects,
    /// A request arrives up to so many seconds after its sender gave it up.
    Late(u64),
}

/// How a machine stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stillness {
    /// The process is stopped, or the machine suspended: its clocks go on.
    Paused,
    /// The virtual machine is stopped: its clocks stop too.
    Frozen,
    /// The same, and afterwards its calendar is set right.
    Corrected,
}

/// One thing that is done to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Something becomes of a pod.
    Pod(usize, Fate),
    /// The second node is ready, or not.
    Node(bool),
    /// A process dies; the next begins so much later, in the same pod or in another.
    Crash { slot: usize, rest: At, in_place: bool },
    /// A process dies in the middle of the next effect of a kind.
    Trap { slot: usize, on: Trap, rest: At, in_place: bool },
    /// A process is asked to stop; the next begins so much later.
    Stop { slot: usize, rest: At },
    /// A machine stands still.
    Still { slot: usize, span: At, how: Stillness },
    /// A machine's calendar steps by so many seconds.
    Step { slot: usize, seconds: i64 },
    /// A machine is cut off from the API server.
    CutApi { slot: usize, span: At },
    /// A machine is cut off from the sinks.
    CutSinks { slot: usize, span: At },
    /// A sink changes.
    Sink { sink: usize, mood: Mood, span: At },
    /// The API server refuses every write of stored state.
    Refuse { why: Refusal, span: At },
    /// The API server answers every write of stored state with 429 or 503.
    Choke { span: At },
    /// The API server is away for everybody.
    Away { span: At },
    /// Watches of a machine go half-dead.
    Deafen { slot: usize },
    /// Watches of a machine are cut; the next list is a new one when its version is too old.
    CutWatches { slot: usize, expired: bool },
    /// One kind may not be read for a while.
    Forbid { slot: usize, span: At },
    /// Lists and watches of a machine come from a server that lags behind.
    Lag { slot: usize, lag: At, span: At },
    /// The Lease of a seat is deleted.
    DeleteLease { seat: u32 },
    /// Somebody lets go of the Lease in the holder's name.
    EmptyLease { seat: u32 },
    /// Somebody edits the head of a seat by hand.
    EditHead { seat: u32 },
    /// Somebody deletes the head of a seat.
    DeleteHead { seat: u32 },
    /// The stored state of a seat goes back to what it was so much earlier.
    Restore { seat: u32, back: At },
    /// A second process with the name of a slot's pod starts beside it for a while.
    Twin { slot: usize, span: At },
    /// A replica panics and is rebuilt by its process.
    Panic { slot: usize },
    /// Another number of shards is rolled out: pods are replaced so far apart, the highest first.
    Rollout { total: u32, apart: At, rest: At },
    /// A pod begins again, and for a while its environment has another number of shards than the others'.
    Stray { slot: usize, total: u32, span: At },
}

/// In which effect a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trap {
    /// A write of stored state never leaves.
    BeforeWrite,
    /// A write is carried out, and its answer is never heard.
    AfterWrite,
    /// A message never leaves.
    BeforeSend,
    /// A message leaves, and its answer is never heard.
    AfterSend,
    /// A renewal of the Lease, or its taking, never leaves.
    BeforeLease,
    /// The Lease is written, and nobody hears of it.
    AfterLease,
}

const TRAPS: [Trap; 6] = [
    Trap::BeforeWrite,
    Trap::AfterWrite,
    Trap::BeforeSend,
    Trap::AfterSend,
    Trap::BeforeLease,
    Trap::AfterLease,
];

/// Everything that a seed says.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seats: Vec<Seat>,
    pub(super) acts: Vec<(At, Act)>,
    /// Requests in a thousand that are lost, whose answer is lost, and that are late.
    pub(super) lost: u64,
    pub(super) unanswered: u64,
    pub(super) late: u64,
    /// Microseconds that handling one event takes are multiplied by this.
    pub(super) slowness: u64,
    /// Rates of clocks are drawn from here.
    pub(super) rates: (u64, u64),
    /// Whether stored state is written at the pace of the API server.
    pub(super) api_pace: bool,
    /// Whether a first run tells one by one.
    pub(super) first_run_all: bool,
    pub(super) repeats: bool,
    /// Sends a second of each sink.
    pub(super) rate: u32,
    /// What else is drawn while the world runs.
    pub(super) dice: Dice,
}

/// Pods that things happen to.
pub(super) const PODS: usize = 6;
/// Sinks of each class.
pub(super) const SINKS: usize = 3;

impl Plan {
    pub(super) fn new(seed: u64) -> Plan {
        let mut dice = Dice::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
        let at = usize::try_from(seed % TOPOLOGIES.len() as u64).unwrap_or(0);
        let topology = TOPOLOGIES[at];
        let seats = topology.seats();
        let mut plan = Plan {
            acts: Vec::new(),
            lost: dice.one_of(&[0, 0, 10, 40]),
            unanswered: dice.one_of(&[0, 0, 10, 40]),
            late: dice.one_of(&[0, 0, 5, 20]),
            slowness: dice.one_of(&[1, 1, 10, 400]),
            rates: dice.one_of(&[(1000, 1001), (990, 1011), (840, 1201)]),
            api_pace: dice.chance(700),
            first_run_all: dice.chance(700),
            repeats: dice.chance(300),
            rate: dice.one_of(&[1000, 1000, 1000, 1]),
            seats,
            dice: dice.fork(),
        };
        plan.acts = plan.draw(&mut dice);
        if plan.may_be_cut_anew() && dice.chance(500) {
            let totals = plan.totals(&mut dice);
            plan.acts.extend(totals);
        }
        plan.acts.sort_by_key(|(at, _)| *at);
        plan
    }

    fn draw(&self, dice: &mut Dice) -> Vec<(At, Act)> {
        let mut acts = Vec::new();
        for _ in 0..dice.between(8, 40) {
            acts.push((dice.between(2 * SECOND, CALM), self.object(dice)));
        }
        // Few kinds of trouble at a time go deeper than a little of each.
        let kinds: Vec<u64> = (0..dice.between(1, 5)).map(|_| dice.below(KINDS)).collect();
        for _ in 0..dice.between(1, 14) {
            let kind = dice.one_of(&kinds);
            let at = dice.between(15 * SECOND, CALM - 120 * SECOND);
            acts.push((at, self.trouble(dice, kind)));
        }
        acts
    }

    /// Whether the number of shards may change. An elected pair that becomes a shard has another Lease from there on.
    fn may_be_cut_anew(&self) -> bool {
        self.seats.iter().all(|seat| seat.total > 1 || seat.election.is_none())
    }

    /// Other numbers of shards than those that the world began with.
    fn totals(&self, dice: &mut Dice) -> Vec<(At, Act)> {
        let mut acts = Vec::new();
        for _ in 0..dice.between(1, 4) {
            let at = dice.between(15 * SECOND, CALM - 200 * SECOND);
            let act = if dice.chance(700) {
                let least = if self.seats[0].election.is_none() { 1 } else { 2 };
                let total = u32::try_from(dice.between(least, 6)).unwrap_or(2);
                let apart = dice.between(SECOND, 40 * SECOND);
                Act::Rollout { total, apart, rest: dice.one_of(&[SECOND / 2, 2 * SECOND, 20 * SECOND]) }
            } else {
                let slot = usize::try_from(dice.below(self.seats.len() as u64)).unwrap_or(0);
                // A number that leaves no room for its index ends a process before it begins.
                let total = dice.between(u64::from(self.seats[slot].seat) + 1, 6);
                let total = u32::try_from(total).unwrap_or(u32::MAX);
                Act::Stray { slot, total, span: dice.between(SECOND, 110 * SECOND) }
            };
            acts.push((at, act));
        }
        acts
    }

    fn object(&self, dice: &mut Dice) -> Act {
        let pod = usize::try_from(dice.below(PODS as u64)).unwrap_or(0);
        match dice.below(12) {
            0..5 => Act::Pod(pod, Fate::Crashes),
            5..7 => Act::Pod(pod, Fate::Well),
            7 => Act::Pod(pod, Fate::Unready),
            8 => Act::Pod(pod, Fate::Evicted),
            9..11 => Act::Pod(pod, Fate::Gone),
            _ => Act::Node(dice.chance(500)),
        }
    }

    fn trouble(&self, dice: &mut Dice, kind: u64) -> Act {
        let slot = usize::try_from(dice.below(self.seats.len() as u64)).unwrap_or(0);
        let seat = self.seats[slot].seat;
        let sink = usize::try_from(dice.below(SINKS as u64)).unwrap_or(0);
        let rest = dice.one_of(&[SECOND / 2, 2 * SECOND, 20 * SECOND, 60 * SECOND]);
        let span = dice.between(SECOND, 110 * SECOND);
        let in_place = dice.chance(500);
        match kind {
            0 => Act::Crash { slot, rest, in_place },
            1 => Act::Trap { slot, on: dice.one_of(&TRAPS), rest, in_place },
            2 => Act::Stop { slot, rest },
            3 => Act::Still { slot, span, how: Stillness::Paused },
            4 => Act::Still { slot, span, how: dice.one_of(&[Stillness::Frozen, Stillness::Corrected]) },
            5 => Act::Step { slot, seconds: dice.one_of(&[-300, -20, -2, 2, 20, 300]) },
            6 => Act::CutApi { slot, span },
            7 => Act::CutSinks { slot, span },
            8 | 9 => Act::Sink { sink, mood: mood(dice), span },
            10 => Act::Refuse { why: refusal(dice), span },
            11 => Act::Choke { span },
            12 => Act::Away { span },
            13 => Act::Deafen { slot },
            14 => Act::CutWatches { slot, expired: dice.chance(500) },
            15 => Act::Forbid { slot, span },
            16 => Act::Lag { slot, lag: dice.between(SECOND, 8 * SECOND), span },
            17 => Act::DeleteLease { seat },
            18 => Act::EmptyLease { seat },
            19 => Act::EditHead { seat },
            20 => Act::DeleteHead { seat },
            21 => Act::Restore { seat, back: dice.between(SECOND, 60 * SECOND) },
            22 => Act::Twin { slot, span },
            _ => Act::Panic { slot },
        }
    }
}

/// Kinds of trouble.
const KINDS: u64 = 24;

fn mood(dice: &mut Dice) -> Mood {
    let seconds = dice.between(1, 18);
    dice.one_of(&[
        Mood::Down,
        Mood::Slow(seconds),
        Mood::Swallows,
        Mood::Drops,
        Mood::Throttles,
        Mood::Fails,
        Mood::Rejects,
        Mood::Late(seconds),
    ])
}

fn refusal(dice: &mut Dice) -> Refusal {
    dice.one_of(&[Refusal::Quota, Refusal::Forbidden, Refusal::TooLarge, Refusal::Admission])
}
