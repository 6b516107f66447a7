//! The replica: one machine that drives every stage. It is told the time and what happened, and answers with effects.

mod ask;
mod first_run;
mod flights;
mod gate;
mod health;
mod interface;
mod layout;
mod looking;
mod migrating;
mod outliving;
mod picture;
mod quarantine;
mod sending;
mod settling;
mod station;
mod stopping;
mod telling;
mod tenure;
mod unsaved;
mod waking;

#[cfg(test)]
mod trials;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::agenda::Agenda;
use crate::alert::Fingerprint;
use crate::decide::Memory;
use crate::detect::{Hints, INHERITED, Look, Near, Rules, catalogue, look};
use crate::fact::{Fact, Suppressed};
use crate::group::FirstRunStock;
use crate::judge::{Court, Holders, Inhibitors, SILENCE_ANNOTATION};
use crate::limits::{CLOCK_STEP, DUE_STEPS_MAX, SWEEP_EVERY};
use crate::notification::{AttemptId, SinkId, Why};
use crate::relate::{Graph, Relations};
use crate::settings::Settings;
use crate::settle::Lane;
use crate::store::ledger::Seq;
use crate::time::Now;
use crate::track::{Context, Tracker};
use crate::watch::{Key, KindId, Plan, View};

pub use ask::{Answer, Holding, KindStatus, Question, SeatStatus, SinkStatus, Standing, Status};
pub use interface::{Due, Effect, Input, PartRead, SendWithin, WatchPlan};
pub use station::{Keep, Standby, Station};

use flights::Flights;
use gate::Gate;
use layout::Layouts;
use picture::Picture;
use quarantine::Quarantine;
use tenure::{Hold as SeatHold, Tenure};
use waking::Posture;

/// Every deadline of the replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Task {
    Gate,
    Digest,
    Look(Key),
    Alert(Fingerprint),
    Sink(SinkId),
    Stale(KindId),
    Sweep,
    Unsaved,
    Reference,
    Ledger,
    Layout,
    Stop,
}

impl Task {
    fn due(&self) -> Due {
        match self {
            Task::Gate => Due::Gate,
            Task::Digest => Due::Digest,
            Task::Look(_) => Due::Look,
            Task::Alert(_) => Due::Alert,
            Task::Sink(_) => Due::Sink,
            Task::Stale(_) => Due::Stale,
            Task::Sweep => Due::Sweep,
            Task::Unsaved => Due::Unsaved,
            Task::Reference => Due::Reference,
            Task::Ledger => Due::Ledger,
            Task::Layout => Due::Layout,
            Task::Stop => Due::Stop,
        }
    }
}

/// One replica of alertkube, without any I/O.
///
/// Feed it with [`Replica::handle`], drain [`Replica::poll`] until `None`, and call it again with [`Input::Tick`] no
/// later than [`Replica::deadline`]. The same inputs at the same times give the same effects.
#[derive(Debug)]
pub struct Replica {
    settings: Arc<Settings>,
    rules: Rules,
    jitter: u64,
    station: Station,
    tenure: Tenure,
    layouts: Layouts,
    started: Duration,
    /// Milliseconds by which the wall clock is ahead of the boot clock, as last seen.
    offset: i64,
    restored: bool,
    /// Runs the conditions of an object; tests put others in their place.
    look: fn(&View, &Near<'_>, &Rules) -> Look,
    picture: Picture,
    hints: Hints,
    quarantine: Quarantine,
    tracker: Tracker,
    graph: Graph,
    inhibitors: Inhibitors,
    holders: Holders,
    /// What others knew of each alert when they last looked at it.
    postures: BTreeMap<Fingerprint, Posture>,
    /// Why each alert that is due is not told.
    held: BTreeMap<Fingerprint, Suppressed>,
    gate: Gate,
    stock: FirstRunStock,
    memory: Memory,
    lanes: Vec<Lane>,
    flights: Flights,
    /// Attempts whose intent has yet to be laid down, and those whose intent waits for its commit.
    fresh: Vec<(AttemptId, Seq)>,
    awaiting: BTreeSet<(Seq, AttemptId)>,
    /// Alerts that changed since they were last laid down.
    unwritten: BTreeSet<Fingerprint>,
    failing: BTreeMap<SinkId, Why>,
    /// Whether no kind can be read because the API server does not answer, and since when it answers again.
    away: bool,
    answers_since: Duration,
    next_attempt: u64,
    stopping: Option<Duration>,
    agenda: Agenda<Task>,
    effects: VecDeque<Effect>,
}

impl Replica {
    /// A replica by itself, without election or store, that has seen nothing yet. `seed` feeds the jitter of back-offs
    /// and nothing else.
    pub fn new(settings: Arc<Settings>, seed: u64, now: Now) -> Replica {
        Replica::stationed(settings, Station::alone(), seed, now)
    }

    /// A replica in its place among others, that has seen nothing yet.
    pub fn stationed(settings: Arc<Settings>, station: Station, seed: u64, now: Now) -> Replica {
        let mut replica = Replica::blank(settings, station, seed, now);
        replica.begin(now);
        replica
    }

    /// Neither watching nor telling.
    fn blank(settings: Arc<Settings>, station: Station, seed: u64, now: Now) -> Replica {
        let picture = Picture::new(&settings);
        let total = station.total;
        let mut replica = Replica {
            rules: Rules::new(&settings, catalogue().chain([&INHERITED])),
            jitter: seed,
            layouts: Layouts::new(&station, now.boot),
            station,
            tenure: Tenure::new(now.boot),
            started: now.boot,
            offset: offset(now),
            restored: false,
            look,
            hints: Hints::default(),
            quarantine: Quarantine::default(),
            tracker: Tracker::default(),
            graph: Graph::default(),
            inhibitors: Inhibitors::default(),
            holders: Holders::default(),
            postures: BTreeMap::new(),
            held: BTreeMap::new(),
            gate: Gate::default(),
            stock: FirstRunStock::default(),
            memory: Memory::default(),
            lanes: settings.sinks.iter().map(|plan| Lane::new(plan, total, now.boot)).collect(),
            flights: Flights::default(),
            fresh: Vec::new(),
            awaiting: BTreeSet::new(),
            unwritten: BTreeSet::new(),
            failing: BTreeMap::new(),
            away: false,
            answers_since: Duration::ZERO,
            next_attempt: 0,
            stopping: None,
            agenda: Agenda::new(),
            effects: VecDeque::new(),
            picture,
            settings,
        };
        replica.agenda.set(Task::Sweep, now.boot + SWEEP_EVERY);
        replica
    }

    fn watch_plan(&self) -> WatchPlan {
        let mut annotations = self.settings.annotations.clone();
        annotations.extend([SILENCE_ANNOTATION, RUNBOOK_ANNOTATION, CHANNEL_ANNOTATION].map(str::to_owned));
        annotations.sort();
        annotations.dedup();
        WatchPlan {
            kinds: self.picture.kinds().collect(),
            namespace: self.settings.namespace.clone(),
            plan: Arc::new(Plan { annotations }),
        }
    }

    /// Takes one input. Total: any input at any time is legal. Bounded: what is left over is due at once.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.tenure.hold == SeatHold::Ended {
            return;
        }
        self.note_clock(now);
        match input {
            Input::Read(seat, parts) => match &mut self.tenure.ledger {
                Some(ledger) if seat == self.station.seat => ledger.read(now, parts),
                _ => self.read_other(now, seat, parts),
            },
            Input::Wrote(seat, write, result) if seat == self.station.seat => {
                if let Some(own) = self.tenure.own_write(write)
                    && let Some(ledger) = &mut self.tenure.ledger
                {
                    ledger.wrote(now, own, result);
                }
            }
            Input::Reference(seat, found) if seat == self.station.seat => self.reference(now, found),
            Input::Lease(seat, news) if seat == self.station.seat => self.elected(now, news),
            Input::Wrote(seat, ..) => self.wrote_other(now, seat),
            Input::Tick | Input::Lease(..) | Input::Reference(..) => {}
            Input::Watch(kind, event) => self.watched(now, kind, event),
            Input::Replied(attempt, verdict) => self.replied(now, attempt, verdict),
            Input::Renewed(sink) => self.renewed(now, sink),
            Input::Stop { by } => self.stop(by),
        }
        self.turn_ledger(now);
        self.run_due(now);
        self.pump(now);
        self.lay_down(now);
        self.turn_layout(now);
        self.turn_ledger(now);
        self.try_stop(now);
    }

    /// When to call again at the latest, on the boot clock, and why.
    pub fn deadline(&self) -> Option<(Duration, Due)> {
        if !self.effects.is_empty() {
            return Some((Duration::ZERO, Due::More));
        }
        self.agenda.next().map(|(at, task)| (at, task.due()))
    }

    /// The next effect; `None` when all are drained.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn run_due(&mut self, now: Now) {
        for _ in 0..DUE_STEPS_MAX {
            let Some(task) = self.agenda.pop_due(now.boot) else { return };
            match task {
                Task::Gate => self.try_open(now),
                Task::Digest => self.make_digests(now),
                Task::Look(key) => self.look_again(now, key),
                Task::Alert(fingerprint) => self.changed(now, fingerprint),
                Task::Stale(_) => self.observe_health(now),
                Task::Sweep => self.sweep(now),
                Task::Unsaved => self.unsaved(now),
                Task::Reference => self.effects.push_back(Effect::ReadReference(self.station.seat)),
                Task::Sink(_) | Task::Ledger | Task::Layout | Task::Stop => {}
            }
        }
    }

    /// Deadlines that follow from wall instants are set anew when the wall clock steps.
    fn note_clock(&mut self, now: Now) {
        let step = offset(now).saturating_sub(self.offset);
        if step.unsigned_abs() < CLOCK_STEP.as_millis() as u64 {
            return;
        }
        self.offset = offset(now);
        self.memory.clamp(now.stamp());
        self.tracker.retime(Self::context(&self.settings, &self.rules, now), step);
        let known: Vec<_> = self.tracker.iter().map(|(fingerprint, _)| fingerprint).collect();
        for fingerprint in known {
            self.soon(now, fingerprint);
        }
        for key in self.picture.kept_keys() {
            self.agenda.set(Task::Look(key), now.boot);
        }
        self.observe_health(now);
    }

    fn sweep(&mut self, now: Now) {
        let unflapped = self.tracker.sweep(now.stamp());
        self.unwritten.extend(unflapped);
        self.hints.sweep(now);
        let mute = self.settings.behavior.mute;
        // What was ended before the state could be read is held against it.
        let reads = self.station.keep.is_none() || self.is_durable();
        let stale: Vec<_> = self
            .memory
            .iter()
            .filter(|(fp, _, told)| {
                let fresh =
                    told.refused.map_or(told.at, |refused| refused.at).max(told.at).plus(mute) > now.stamp();
                reads && !told.open && !fresh && self.tracker.get(*fp).is_none()
            })
            .map(|(fingerprint, sink, _)| (fingerprint, sink))
            .collect();
        for (fingerprint, sink) in stale {
            self.memory.forget(fingerprint, sink);
        }
        self.give_up_oldest_ends(now);
        // What a sink refused may be over.
        self.observe_sinks(now);
        self.agenda.set(Task::Sweep, now.boot + SWEEP_EVERY);
    }

    fn court(&self, now: Now) -> Court<'_> {
        Court {
            settings: &self.settings,
            relations: self.relations(now),
            inhibitors: &self.inhibitors,
            holders: &self.holders,
        }
    }

    fn relations(&self, now: Now) -> Relations<'_> {
        Relations { graph: &self.graph, tracker: &self.tracker, rules: &self.rules, now }
    }

    fn context<'a>(settings: &'a Settings, rules: &'a Rules, now: Now) -> Context<'a> {
        Context { now, settings, rules }
    }

    fn fact(&mut self, fact: Fact) {
        self.effects.push_back(Effect::Fact(fact));
    }

    /// The next number of a fixed sequence (SplitMix64): spreads back-offs, and nothing else.
    fn next_jitter(&mut self) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.jitter ^ (self.jitter >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

fn offset(now: Now) -> i64 {
    now.stamp().millis().saturating_sub(i64::try_from(now.boot.as_millis()).unwrap_or(i64::MAX))
}

/// The annotation that links to what to do; sinks show it.
const RUNBOOK_ANNOTATION: &str = "runbook-url";
/// The annotation that names the channel of an object's alerts; the sink slack obeys it.
const CHANNEL_ANNOTATION: &str = "alert-slack-channel";
