//! Many elections around one simulated Lease: whatever is lost, late, paused or killed, never do two of them believe
//! to hold it, and when all is calm one does.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::dice::Dice;
use super::*;
use crate::time::{Now, Stamp};

/// Rates of clocks of which the slowest runs at 70 % of the fastest.
const SKEWED: RangeInclusive<u64> = 840..=1200;
/// Rates that no renew deadline can protect: 30 s here may be 8 s there.
const BROKEN: RangeInclusive<u64> = 500..=2000;

/// Milliseconds of the world's own clock.
const FAULTS_END: u64 = 600_000;
const END: u64 = FAULTS_END + 150_000;

enum Event {
    Wake {
        life: u32,
    },
    /// A request reaches the server.
    Arrive {
        life: u32,
        id: u64,
        effect: LeaseEffect,
    },
    /// An answer reaches its asker, if that still waits for it.
    Answer {
        life: u32,
        id: u64,
        input: LeaseInput,
    },
    /// A word of a watch, if it is still open.
    Word {
        life: u32,
        watch: u64,
        input: LeaseInput,
    },
    Pause,
    Crash,
    Start,
    Release,
    Partition,
    Cut,
    Deafen,
    Delete,
    Touch,
}

#[derive(Default)]
struct Node {
    election: Option<Election>,
    /// Counts the processes of this pod.
    life: u32,
    /// Thousandths of the world's rate.
    rate: u64,
    offset: Duration,
    wall: i64,
    paused: u64,
    cut_off: u64,
    waits_for: Option<u64>,
    watch: Option<u64>,
    deaf: bool,
    /// When the last word of its watch arrives: words keep their order.
    words: u64,
    /// The world's time at which it ceases to believe that it holds the Lease.
    believes: u64,
}

struct World {
    dice: Dice,
    now: u64,
    next: u64,
    events: BTreeMap<(u64, u64), (usize, Event)>,
    nodes: Vec<Node>,
    lease: Option<LeaseRecord>,
    version: u64,
    /// What happened, for the assertion that it did.
    holds: u32,
    losses: u32,
    early: u32,
    overlap: Option<u64>,
}

impl Node {
    fn clock(&self, now: u64) -> Now {
        let local = Duration::from_micros(now * self.rate);
        let wall = Stamp::from_seconds(1_700_000_000 + self.wall).plus(local);
        Now { wall: wall.timestamp(), boot: self.offset + local }
    }

    /// The world's time at which its clock shows `boot`.
    fn world(&self, boot: Duration) -> u64 {
        let micros = u64::try_from(boot.saturating_sub(self.offset).as_micros()).unwrap_or(u64::MAX);
        micros.div_ceil(self.rate)
    }
}

impl World {
    fn new(seed: u64, rates: &RangeInclusive<u64>) -> World {
        let mut dice = Dice::new(seed);
        let mut nodes = Vec::new();
        for _ in 0..2 + dice.draw() % 3 {
            let rate = rates.start() + dice.draw() % (rates.end() - rates.start() + 1);
            nodes.push(Node {
                rate,
                offset: Duration::from_secs(dice.draw() % 1_000_000),
                wall: i64::try_from(dice.draw() % 7200).unwrap_or(0) - 3600,
                ..Node::default()
            });
        }
        let mut world = World {
            dice,
            now: 0,
            next: 0,
            events: BTreeMap::new(),
            nodes,
            lease: None,
            version: 1,
            holds: 0,
            losses: 0,
            early: 0,
            overlap: None,
        };
        world.plan();
        world
    }

    /// A world has either deaths or deletions: a process that never saw a Lease creates it at once. Deletions come one at
    /// a time: of two in a row, a candidate that was away may see one. (Then the fence of the seat's head holds.)
    fn plan(&mut self) {
        let deletes = self.dice.draw().is_multiple_of(3);
        for at in (60_000..FAULTS_END).step_by(120_000).filter(|_| deletes) {
            self.at(at, 0, Event::Delete);
        }
        for node in 0..self.nodes.len() {
            let at = self.below(2000);
            self.at(at, node, Event::Start);
            for _ in 0..10 {
                // All have seen the Lease by then.
                let at = 20_000 + self.below(FAULTS_END - 20_000);
                let event = match (self.dice.draw() % 8, deletes) {
                    (0, _) => Event::Pause,
                    (1, _) => Event::Partition,
                    (2, _) => Event::Cut,
                    (3, _) => Event::Deafen,
                    (4, _) => Event::Touch,
                    (_, true) => continue,
                    (5, false) => Event::Release,
                    (_, false) => Event::Crash,
                };
                self.at(at, node, event);
            }
        }
    }

    fn below(&mut self, most: u64) -> u64 {
        self.dice.draw() % most
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.now < FAULTS_END && self.dice.draw() % 100 < percent
    }

    fn at(&mut self, at: u64, node: usize, event: Event) {
        self.next += 1;
        self.events.insert((at, self.next), (node, event));
    }

    fn delay(&mut self) -> u64 {
        if self.chance(2) {
            return self.below(60_000);
        }
        if self.chance(10) { self.below(7000) } else { 1 + self.below(20) }
    }

    fn run(mut self) -> World {
        while let Some(((at, _), (node, event))) = self.events.pop_first() {
            if at > END || self.overlap.is_some() {
                break;
            }
            self.now = at;
            self.step(node, event);
        }
        self
    }

    fn step(&mut self, node: usize, event: Event) {
        let paused = self.nodes[node].paused;
        let local =
            matches!(event, Event::Wake { .. } | Event::Answer { .. } | Event::Word { .. } | Event::Release);
        if local && paused > self.now {
            return self.at(paused, node, event);
        }
        match event {
            Event::Wake { life } => self.input(node, life, LeaseInput::Tick),
            Event::Answer { life, id, input } if self.nodes[node].waits_for == Some(id) => {
                self.nodes[node].waits_for = None;
                self.input(node, life, input);
            }
            Event::Word { life, watch, input } if self.nodes[node].watch == Some(watch) => {
                if matches!(input, LeaseInput::WatchEnded(_)) {
                    self.nodes[node].watch = None;
                }
                self.input(node, life, input);
            }
            Event::Answer { .. } | Event::Word { .. } => {}
            Event::Arrive { life, id, effect } => self.arrive(node, life, id, effect),
            Event::Pause => self.nodes[node].paused = self.now + self.below(90_000),
            Event::Partition => self.nodes[node].cut_off = self.now + self.below(90_000),
            Event::Deafen => self.nodes[node].deaf = true,
            Event::Cut => self.say(node, LeaseInput::WatchEnded(LeaseTrouble::Unreachable("cut".into()))),
            Event::Start => self.start(node),
            Event::Crash => self.crash(node),
            Event::Release => self.input(node, self.nodes[node].life, LeaseInput::Release),
            Event::Delete => self.store(None),
            Event::Touch => {
                let touched = self.lease.clone().map(|mut lease| {
                    lease.annotations.insert("touched".into(), self.now.to_string());
                    lease
                });
                self.store(touched);
            }
        }
    }

    fn start(&mut self, node: usize) {
        let candidate = {
            let node = &mut self.nodes[node];
            node.life += 1;
            (node.waits_for, node.watch, node.words) = (None, None, 0);
            Candidate::new(format!("pod-{}_{:08x}", node.offset.as_secs(), node.life))
        };
        let candidate = Candidate { pod_uid: Some(format!("uid-{node}")), ..candidate };
        let clock = self.nodes[node].clock(self.now);
        self.nodes[node].election = Some(Election::new(candidate, self.dice.draw(), clock));
        self.follow(node);
    }

    fn crash(&mut self, node: usize) {
        if self.nodes[node].election.take().is_some() {
            (self.nodes[node].believes, self.nodes[node].paused) = (0, 0);
            let at = self.now + 1 + self.below(40_000);
            self.at(at, node, Event::Start);
        }
    }

    fn input(&mut self, node: usize, life: u32, input: LeaseInput) {
        let state = &mut self.nodes[node];
        if state.life != life {
            return;
        }
        let clock = state.clock(self.now);
        let Some(election) = &mut state.election else { return };
        election.handle(clock, input);
        self.follow(node);
    }

    /// Does what the election of a node asks, and looks who believes to hold the Lease.
    fn follow(&mut self, node: usize) {
        let life = self.nodes[node].life;
        let Some(mut election) = self.nodes[node].election.take() else { return };
        self.nodes[node].believes = election.until().map_or(0, |until| self.nodes[node].world(until));
        while let Some(effect) = election.poll() {
            match effect {
                LeaseEffect::News(news) => self.hear(&news),
                LeaseEffect::Watch => self.open(node),
                LeaseEffect::Unwatch => self.nodes[node].watch = None,
                effect => self.send(node, life, effect),
            }
        }
        if let Some(at) = election.deadline() {
            let at = self.nodes[node].world(at).max(self.now + 1);
            self.at(at, node, Event::Wake { life });
        }
        let over = election.is_over();
        self.nodes[node].election = Some(election);
        if over {
            self.crash(node);
        }
        if self.believers() > 1 {
            self.overlap = Some(self.now);
        }
    }

    fn believers(&self) -> usize {
        self.nodes.iter().filter(|node| self.now < node.believes).count()
    }

    fn hear(&mut self, news: &LeaseNews) {
        match news {
            LeaseNews::Held { early, .. } => {
                self.holds += 1;
                self.early += u32::from(*early);
            }
            LeaseNews::Lost { .. } => self.losses += 1,
            _ => {}
        }
    }

    /// A request leaves; five seconds later by its own clock, the node gives it up.
    fn send(&mut self, node: usize, life: u32, effect: LeaseEffect) {
        self.next += 1;
        let id = self.next;
        self.nodes[node].waits_for = Some(id);
        let given_up = self.now + 5_000_000 / self.nodes[node].rate;
        let input = answer(&effect, Err(LeaseTrouble::Unreachable("no answer".into())));
        self.at(given_up, node, Event::Answer { life, id, input });
        if !self.is_cut_off(node) && !self.chance(4) {
            let at = self.now + self.delay();
            self.at(at, node, Event::Arrive { life, id, effect });
        }
    }

    fn is_cut_off(&self, node: usize) -> bool {
        self.now < self.nodes[node].cut_off
    }

    /// The server carries a request out.
    fn arrive(&mut self, node: usize, life: u32, id: u64, effect: LeaseEffect) {
        let result = match (&effect, &self.lease) {
            (LeaseEffect::Read, lease) => Ok(lease.clone()),
            (LeaseEffect::Create(_), Some(_)) => Err(LeaseTrouble::Conflict),
            (LeaseEffect::Replace(_), None) => Err(LeaseTrouble::Gone),
            (LeaseEffect::Replace(new), Some(old)) if new.version != old.version => {
                Err(LeaseTrouble::Conflict)
            }
            (LeaseEffect::Create(new) | LeaseEffect::Replace(new), _) => {
                self.store(Some(new.clone()));
                Ok(self.lease.clone())
            }
            _ => return,
        };
        if !self.is_cut_off(node) && !self.chance(4) {
            let (at, input) = (self.now + self.delay(), answer(&effect, result));
            self.at(at, node, Event::Answer { life, id, input });
        }
    }

    fn store(&mut self, lease: Option<LeaseRecord>) {
        self.version += 1;
        self.lease = lease.map(|lease| LeaseRecord { version: self.version.to_string(), ..lease });
        for node in 0..self.nodes.len() {
            self.say(node, LeaseInput::Watched(self.lease.clone()));
        }
    }

    fn open(&mut self, node: usize) {
        self.next += 1;
        (self.nodes[node].watch, self.nodes[node].deaf) = (Some(self.next), false);
        if self.lease.is_some() {
            self.say(node, LeaseInput::Watched(self.lease.clone()));
        }
    }

    /// A word on the watch of a node, behind those that were said before.
    fn say(&mut self, node: usize, input: LeaseInput) {
        let (life, watch) = (self.nodes[node].life, self.nodes[node].watch);
        let at = (self.now + self.delay()).max(self.nodes[node].words);
        if let Some(watch) = watch.filter(|_| !self.nodes[node].deaf && !self.is_cut_off(node)) {
            self.nodes[node].words = at;
            self.at(at, node, Event::Word { life, watch, input });
        }
    }
}

fn answer(to: &LeaseEffect, result: Result<Option<LeaseRecord>, LeaseTrouble>) -> LeaseInput {
    match to {
        LeaseEffect::Read => LeaseInput::Read(result),
        _ => LeaseInput::Wrote(result.and_then(|lease| lease.ok_or(LeaseTrouble::Gone))),
    }
}

#[test]
fn never_do_two_believe_to_hold_the_lease_and_in_the_end_one_does() {
    let (mut holds, mut losses, mut early) = (0, 0, 0);
    for seed in 0..120 {
        let world = World::new(seed, &SKEWED).run();
        assert_eq!(world.overlap, None, "seed {seed}: two holders at that millisecond");
        assert_eq!(world.believers(), 1, "seed {seed}: holders at the end");
        holds += world.holds;
        losses += world.losses;
        early += world.early;
    }
    assert!(holds > 600 && losses > 200 && early > 20, "{holds} {losses} {early}");
}

#[test]
fn clocks_that_differ_too_much_are_found_out() {
    let overlaps = (0..40).filter(|seed| World::new(*seed, &BROKEN).run().overlap.is_some()).count();
    assert!(overlaps > 2, "this world can show two holders: {overlaps}");
}
