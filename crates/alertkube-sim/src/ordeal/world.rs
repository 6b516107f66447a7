//! The world: one clock, one queue of events, and everything that moves on it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{
    AttemptId, Input, KindId, LeaseEffect, LeaseInput, Notification, Pace, Part, PartWrite, Refusal, SeatId,
    SendWithin, Settings, WatchEvent, WriteId,
};

use super::clock::{At, Clock, SECOND};
use super::dice::Dice;
use super::ground::Ground;
use super::life::{Life, Slot};
use super::oracle::Oracle;
use super::plan::{CALM, END, Mood, PROBE, Plan, SINKS};
use super::server::Server;
use super::settings;
use crate::limits::{ORDEAL_STEPS_MAX, ORDEAL_TRACE_MAX};

/// Something that happens at an instant.
pub(super) enum Event {
    Act(usize),
    Start(usize),
    Thaw { slot: usize, span: At, corrected: bool },
    EndTwin(usize),
    Replace { slot: usize, rest: At },
    Kill(usize),
    Probe,
    Look,
    Run(usize),
    Elect(usize),
    Mail(usize, Input),
    LeaseArrives { life: usize, id: u64, left: At, effect: LeaseEffect },
    LeaseAnswer { life: usize, id: u64, input: LeaseInput },
    LeaseWord { life: usize, watch: u64, input: LeaseInput },
    Asked { life: usize, left: At, answered: bool, ask: Ask },
    Connect { life: usize, kind: KindId, round: u64, line: u64 },
    Words { life: usize, kind: KindId, round: u64, line: u64, upto: usize },
    Silent { life: usize, kind: KindId, round: u64, line: u64 },
    Heard { life: usize, round: u64, kind: KindId, event: WatchEvent },
    FirstByte { life: usize, send: Box<Send> },
    Arrive(usize),
}

/// What the store is asked.
pub(super) enum Ask {
    Read(SeatId, Vec<Part>),
    Reference(SeatId),
    Write { seat: SeatId, id: WriteId, write: PartWrite, head: Option<u64> },
    SetAside { seat: SeatId, id: WriteId },
}

/// A message on its way to the first byte.
pub(super) struct Send {
    pub(super) attempt: AttemptId,
    pub(super) sink: usize,
    pub(super) said: Notification,
    pub(super) within: SendWithin,
    pub(super) undurable: bool,
}

/// Everything there is.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) kept: Vec<bool>,
    pub(super) dice: Dice,
    pub(super) now: At,
    sequence: u64,
    events: BTreeMap<(At, u64), Event>,
    pub(super) steps: u64,
    pub(super) slots: Vec<Slot>,
    /// How many shards everybody is to wish in the end.
    pub(super) shards: u32,
    pub(super) lives: Vec<Life>,
    pub(super) server: Server,
    pub(super) ground: Ground,
    pub(super) sinks: [(Mood, At); SINKS],
    pub(super) settings: Arc<Settings>,
    pub(super) refuses: (Option<Refusal>, At),
    pub(super) chokes: At,
    pub(super) away: At,
    pub(super) oracle: Oracle,
    trace: Option<RefCell<VecDeque<String>>>,
}

impl World {
    pub(super) fn new(plan: Plan, kept: Vec<bool>, traced: bool) -> World {
        let mut dice = plan.dice.clone();
        let mut slots = Vec::new();
        for (index, seat) in plan.seats.iter().enumerate() {
            let clock = Clock::drawn(&mut dice, plan.rates);
            slots.push(Slot::new(*seat, clock, format!("alertkube-{index}")));
        }
        let mut world = World {
            settings: Arc::new(settings::of(&plan)),
            kept,
            dice,
            now: 0,
            sequence: 0,
            events: BTreeMap::new(),
            steps: 0,
            shards: plan.seats.iter().map(|seat| seat.total).max().unwrap_or(1),
            slots,
            lives: Vec::new(),
            server: Server::default(),
            ground: Ground::new(),
            sinks: [(Mood::Up, 0); SINKS],
            refuses: (None, 0),
            chokes: 0,
            away: 0,
            oracle: Oracle::new(&plan),
            trace: traced.then(RefCell::default),
            plan,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for slot in 0..self.slots.len() {
            let at = self.dice.below(3 * SECOND);
            self.at(at, Event::Start(slot));
        }
        for index in 0..self.plan.acts.len() {
            if self.kept[index] {
                self.at(self.plan.acts[index].0, Event::Act(index));
            }
        }
        self.at(PROBE, Event::Probe);
        self.at(SECOND, Event::Look);
    }

    pub(super) fn pace(&self) -> Pace {
        if self.plan.api_pace { Pace::API } else { Pace::FILES }
    }

    /// Lets everything happen that happens before the end, or before something is found to be wrong.
    pub(super) fn run(&mut self) {
        while let Some(((at, _), event)) = self.events.pop_first() {
            if at > END || self.oracle.broken.is_some() {
                break;
            }
            self.now = at;
            self.steps += 1;
            if self.steps > ORDEAL_STEPS_MAX {
                self.oracle.breaks("bounded work", "there is always something to do");
            }
            self.happen(event);
        }
        self.now = self.now.max(END);
    }

    pub(super) fn at(&mut self, at: At, event: Event) {
        self.sequence += 1;
        self.events.insert((at.max(self.now), self.sequence), event);
    }

    pub(super) fn number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Act(index) => self.act(index),
            Event::Start(slot) => self.start(slot),
            Event::Thaw { slot, span, corrected } => {
                self.note(|| format!("slot {slot}: runs again"));
                self.slots[slot].clock.froze(span, corrected);
            }
            Event::EndTwin(slot) => self.end_twin(slot),
            Event::Replace { slot, rest } => self.replace(slot, rest),
            Event::Kill(life) => self.die(life),
            Event::Probe => {
                self.note(|| "the probe: a new pod crashes");
                self.ground.probe(self.now);
                self.publish(KindId::Pod);
            }
            Event::Look => self.look(),
            Event::Run(life) => self.run_engine(life),
            Event::Elect(life) => self.elect_due(life),
            Event::Mail(life, input) => self.mail(life, input),
            Event::LeaseArrives { life, id, left, effect } => self.lease_arrives((life, left), id, effect),
            Event::LeaseAnswer { life, id, input } => self.lease_answer(life, id, input),
            Event::LeaseWord { life, watch, input } => self.lease_word(life, watch, input),
            Event::Asked { life, left, answered, ask } => self.asked((life, left), answered, ask),
            Event::Connect { life, kind, round, line } => self.connect(life, kind, (round, line)),
            Event::Words { life, kind, round, line, upto } => self.words(life, kind, (round, line), upto),
            Event::Silent { life, kind, round, line } => self.silent(life, kind, (round, line)),
            Event::Heard { life, round, kind, event } => self.heard(life, round, kind, event),
            Event::FirstByte { life, send } => self.first_byte(life, send),
            Event::Arrive(message) => self.arrive(message),
        }
    }

    /// Writes down what happens, for those who look at a case.
    pub(super) fn note<T: Display>(&self, what: impl FnOnce() -> T) {
        if let Some(trace) = &self.trace {
            let mut trace = trace.borrow_mut();
            if trace.len() >= ORDEAL_TRACE_MAX {
                trace.pop_front();
            }
            trace.push_back(format!("{:>12.6} {}", self.now as f64 / SECOND as f64, what()));
        }
    }

    pub(super) fn trace(&mut self) -> Vec<String> {
        self.trace.take().into_iter().flat_map(RefCell::into_inner).collect()
    }

    /// The living process of a slot.
    pub(super) fn living(&self, slot: usize) -> Option<usize> {
        self.slots[slot].life
    }

    pub(super) fn is_alive(&self, life: usize) -> bool {
        self.lives[life].died.is_none()
    }

    /// Whether a process lived at least until then.
    pub(super) fn lived(&self, life: usize, until: At) -> bool {
        self.lives[life].died.is_none_or(|died| died >= until)
    }

    pub(super) fn asleep(&self, life: usize) -> Option<At> {
        Some(self.slots[self.lives[life].slot].asleep).filter(|until| *until > self.now)
    }

    pub(super) fn is_cut(&self, life: usize) -> bool {
        self.now < self.slots[self.lives[life].slot].cut_api || self.now < self.away
    }

    /// Whether something that fails so often in a thousand fails now. Once all is calm nothing does: what is judged then,
    /// at a probe and at the end, is not to hang on a few requests that were lost in a row.
    pub(super) fn fails(&mut self, of_thousand: u64) -> bool {
        self.now < CALM && self.dice.chance(of_thousand)
    }

    /// How long a packet takes.
    pub(super) fn delay(&mut self) -> At {
        if self.dice.chance(30) { self.dice.below(2 * SECOND) } else { self.dice.between(200, 15_000) }
    }

    /// A span of a process' own clock in the world.
    pub(super) fn span(&self, life: usize, span: Duration) -> At {
        self.slots[self.lives[life].slot].clock.span(span)
    }
}
