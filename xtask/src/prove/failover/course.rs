//! One lane of the proof: a pair that hands its seat over again and again while faults begin and end.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::limits::{LANES_SET_UP_MAX, TAKEN_OVER_SECONDS_MAX, WARM_UP_RATE};
use crate::cluster::Cluster;
use crate::line::Ground;
use crate::receiver::millis;
use crate::seats::{Illness, Pair, Plan, Sinks, Tally, code};
use crate::{limits, run};

/// How the holder of the seat ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Term,
    Kill,
}

impl Signal {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
        }
    }
}

/// What a lane is to do.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) warm: bool,
    /// Faults that stand from the beginning to the end.
    pub(super) standing: usize,
    /// The handovers, in this order.
    pub(super) signals: Vec<Signal>,
}

/// What one handover came to.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) signal: Signal,
    /// When the signal was sent, in milliseconds.
    pub(super) at: i64,
    /// Seconds from the signal to the new holder's first line about a fault that began after it.
    pub(super) takeover: f64,
    /// Seconds from the signal to the end of the old process.
    pub(super) ended: f64,
    pub(super) code: i32,
    /// Ends that did not come from the new holder.
    pub(super) ends_from_others: usize,
    /// Sinks that had not heard all when the round was over.
    pub(super) unsettled: usize,
}

/// What a lane came to.
pub(super) struct Outcome {
    pub(super) lane: Lane,
    pub(super) rounds: Vec<Round>,
    pub(super) tally: Tally,
    pub(super) knocks: usize,
    pub(super) both: usize,
    pub(super) faults: usize,
}

/// Faults that begin around each signal, a step apart: both sinks, and one only.
const SALVO: [Sinks; 20] = {
    let mut all = [Sinks::Both; 20];
    (all[2], all[8], all[14]) = (Sinks::Plain, Sinks::Plain, Sinks::Plain);
    (all[5], all[11], all[17]) = (Sinks::Keyed, Sinks::Keyed, Sinks::Keyed);
    all
};
const STEP: Duration = Duration::from_millis(12);
/// The end of a fault is told 2 s after it, so what is fixed so long before the signal is told after it.
const FIXED_BEFORE: Duration = Duration::from_millis(900);
/// Further faults after the signal, while nobody tells any.
const LATER: [Duration; 6] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(22),
];

/// Everybody starts when all are set up.
pub(super) struct Gate(AtomicUsize);

impl Gate {
    pub(super) fn new(lanes: usize) -> Gate {
        Gate(AtomicUsize::new(lanes))
    }

    fn wait(&self) -> Result<()> {
        run::until("that all lanes are set up", LANES_SET_UP_MAX, || {
            Ok((self.0.load(Ordering::SeqCst) == 0).then_some(()))
        })
    }
}

/// A lane that is not set up yet; one that fails lets the others go.
struct Ticket<'a>(&'a Gate);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs a lane from its beginning to its end.
pub(super) fn run(cluster: &Cluster, program: &Path, lane: Lane, gate: &Gate) -> Result<Outcome> {
    let ticket = Ticket(gate);
    let ground = Ground::new(cluster, &lane.name)?;
    let mut pair = Pair::new(&ground, &Plan { name: &lane.name, program, warm: lane.warm, leases: &[] })?;
    let rounds = lane.signals.len() + 1;
    for (sinks, count) in [(Sinks::Both, 14 + LATER.len()), (Sinks::Plain, 3), (Sinks::Keyed, 3)] {
        let standing = if sinks == Sinks::Both { lane.standing } else { 0 };
        pair.herd.grow(&ground.ghost(), sinks, standing + rounds * count)?;
    }
    pair.start_both()?;
    pair.herd.storm(&vec![(Sinks::Both, Illness::Quick); lane.standing], WARM_UP_RATE, 0)?;
    let mut ripe = pair.herd.storm(&SALVO.map(|sinks| (sinks, Illness::Quick)), WARM_UP_RATE, 0)?;
    pair.settle(limits::FAULT_TOLD_MAX)?;
    drop(ticket);
    gate.wait()?;
    let mut outcomes = Vec::new();
    for (number, signal) in (1..).zip(&lane.signals) {
        let round = handover(&mut pair, &mut ripe, *signal, number);
        outcomes.push(round.with_context(|| format!("round {number}, SIG{}", signal.word()))?);
    }
    pair.close()?;
    let (knocks, both) = pair.watchman.counts();
    let (tally, faults) = (pair.tally(), pair.herd.fates().len());
    Ok(Outcome { lane, rounds: outcomes, tally, knocks, both, faults })
}

fn handover(pair: &mut Pair<'_>, ripe: &mut Vec<usize>, signal: Signal, number: usize) -> Result<Round> {
    let old = pair.await_leader()?;
    let new = 1 - old;
    pair.await_standby(new)?;
    let mut pick = || pick(pair, ripe);
    let [before, during, after] = [pick(), pick(), pick()];
    pair.herd.heal(&before)?;
    thread::sleep(FIXED_BEFORE);
    let (at, mut begun) = salvo(pair, old, signal, number)?;
    pair.herd.heal(&during)?;
    let since = Instant::now();
    let mut later = LATER.iter().peekable();
    let told = pair.until("a takeover", TAKEN_OVER_SECONDS_MAX, |pair| {
        if later.next_if(|due| since.elapsed() >= **due).is_some() {
            begun.push(pair.herd.sicken(Sinks::Both, Illness::Quick, number)?.0);
        }
        let fresh = begun.iter().copied().filter(|fault| pair.herd.fates()[*fault].began >= at);
        Ok(pair.first_from(new, &fresh.collect::<Vec<_>>(), false))
    });
    pair.herd.heal(&after)?;
    let (status, ended) = pair.replicas[old].ended()?;
    let told = told.with_context(|| format!("the new holder said:\n{}", pair.said(new)))?;
    let birth = pair.birth()?;
    pair.start(old, &birth)?;
    let unsettled = pair.settle(limits::FAULT_TOLD_MAX)?;
    let fixed = [before, during, after].concat();
    let round = Round {
        signal,
        at,
        takeover: (told - at) as f64 / 1000.0,
        ended,
        code: code(status),
        ends_from_others: pair.ends_from_others(new, &fixed),
        unsettled,
    };
    ripe.extend(begun);
    Ok(round)
}

/// Faults that begin around the signal: when that was sent, and which they are.
fn salvo(pair: &mut Pair<'_>, old: usize, signal: Signal, number: usize) -> Result<(i64, Vec<usize>)> {
    let (mut at, mut begun, mut pending) = (millis(), Vec::new(), Vec::new());
    for (step, sinks) in SALVO.iter().enumerate() {
        if step == SALVO.len() / 2 {
            at = pair.replicas[old].signal(signal.word())?;
        }
        let (fault, patch) = pair.herd.sicken(*sinks, Illness::Quick, number)?;
        begun.push(fault);
        pending.push(patch);
        thread::sleep(STEP);
    }
    for patch in pending {
        patch.wait()?;
    }
    Ok((at, begun))
}

/// Two told faults that stand: one of both sinks and one of a single one.
fn pick(pair: &Pair<'_>, ripe: &mut Vec<usize>) -> Vec<usize> {
    let mut picked = Vec::new();
    for single in [false, true] {
        let of = |fault: &usize| (pair.herd.fates()[*fault].sinks != Sinks::Both) == single;
        if let Some(at) = ripe.iter().position(of) {
            picked.push(ripe.remove(at));
        }
    }
    picked
}
