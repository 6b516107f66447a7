//! The simulation: one clock, one queue, and everything that moves on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alertkube_api::Loaded;
use alertkube_core::{AttemptId, Effect, Input, Now, Settings, Stamp, Verdict};
use alertkube_lang::Problem;
use alertkube_sinks::SinkSettings;

use super::actor::Actor;
use super::director::Director;
use super::lane::Lane;
use super::receiver::Receiver;
use super::transcript::{Sent, Transcript};
use crate::cluster::Cluster;
use crate::limits::{STOP_WITHIN, TURNS_MAX};
use crate::scenario::{Command, Scenario, Step, written};

/// Runs a scenario to its end on a clock that jumps: hours pass in milliseconds, and always in the same way.
///
/// The replica, its watches and the wording of the sinks are the real ones; the cluster, the sinks' answers and the
/// time are made up.
pub struct Simulation {
    start: Stamp,
    elapsed: Duration,
    cluster: Cluster,
    director: Director,
    settings: Arc<Settings>,
    receivers: Vec<Receiver>,
    actors: Vec<Actor>,
    replies: BTreeMap<(Duration, u64), Reply>,
    sequence: u64,
    transcript: Transcript,
}

/// An answer that is under way.
struct Reply {
    actor: usize,
    process: u64,
    attempt: AttemptId,
    verdict: Verdict,
}

/// When every scenario begins: a Monday morning.
const START: Stamp = Stamp::from_seconds(1_795_420_800);

impl Simulation {
    /// Runs a scenario with the configuration of its `config:` block. Sinks for people are worded for people.
    pub fn run(scenario: &Scenario) -> Result<Transcript, Vec<Problem>> {
        let mut loaded = scenario.load()?;
        for sink in &mut loaded.sinks {
            if let SinkSettings::Stdout(stdout) = sink {
                stdout.pretty = true;
            }
        }
        Ok(Simulation::run_with(scenario, loaded))
    }

    /// Runs a scenario with another configuration than its own.
    pub fn run_with(scenario: &Scenario, loaded: Loaded) -> Transcript {
        let mut simulation = Simulation::new(scenario, loaded);
        if !starts_late(scenario) {
            simulation.start(false);
        }
        while let Some(step) = simulation.director.take() {
            simulation.run_until(step.at);
            simulation.step(&step);
        }
        simulation.run_until(scenario.length());
        for refused in simulation.director.refused() {
            simulation.transcript.violated(simulation.elapsed, refused);
        }
        simulation.transcript
    }

    fn new(scenario: &Scenario, loaded: Loaded) -> Simulation {
        Simulation {
            start: START,
            elapsed: Duration::ZERO,
            cluster: Cluster::new(1, START),
            director: Director::new(scenario, START),
            settings: Arc::new(loaded.settings),
            receivers: loaded.sinks.into_iter().map(Receiver::new).collect(),
            actors: vec![Actor::new()],
            replies: BTreeMap::new(),
            sequence: 0,
            transcript: Transcript::default(),
        }
    }

    fn now(&self) -> Now {
        Now { wall: self.start.plus(self.elapsed).timestamp(), boot: self.elapsed }
    }

    fn step(&mut self, step: &Step) {
        match &step.command {
            Command::Sink { name, answer } => {
                let known = self.receivers.iter_mut().find(|receiver| receiver.name() == name);
                match known {
                    Some(receiver) => receiver.set(*answer),
                    None => {
                        let what = format!("line {}: no route leads to a sink `{name}`", step.line);
                        self.transcript.violated(self.elapsed, &what);
                    }
                }
            }
            Command::Stop => self.stop(),
            Command::Start { forgetting } => self.start(*forgetting),
            Command::Quiet(span) => self.quiet(step, *span),
            _ => {
                let now = self.now().stamp();
                self.director.perform(now, step, &mut self.cluster);
            }
        }
        self.settle();
    }

    fn start(&mut self, forgetting: bool) {
        let now = self.now();
        if forgetting {
            self.transcript.forget();
        }
        for place in 0..self.actors.len() {
            if self.actors[place].replica.is_none() {
                self.actors[place].start(&self.settings, now, forgetting);
                self.drain(place);
            }
        }
        self.settle();
    }

    fn stop(&mut self) {
        let by = self.elapsed + STOP_WITHIN;
        for place in 0..self.actors.len() {
            self.actors[place].stopping = true;
            self.input(place, Input::Stop { by });
        }
        let living = |simulation: &Simulation| simulation.actors.iter().any(|actor| actor.replica.is_some());
        while living(self)
            && let Some(at) = self.deadline().filter(|at| *at <= by)
        {
            self.elapsed = self.elapsed.max(at);
            self.settle();
        }
        if living(self) {
            self.transcript.violated(self.elapsed, "a replica did not stop in time");
        }
    }

    fn quiet(&mut self, step: &Step, span: Duration) {
        let before = self.transcript.count();
        self.run_until(step.at + span);
        for line in self.transcript.lines_from(before) {
            let until = written(step.at + span);
            self.transcript
                .violated(self.elapsed, &format!("line {}: not quiet until {until}: {line}", step.line));
        }
    }

    /// Lets everything happen until then, and nothing that is due later.
    fn run_until(&mut self, end: Duration) {
        self.settle();
        while let Some(at) = self.deadline().filter(|at| *at <= end) {
            self.elapsed = self.elapsed.max(at);
            if !self.settle() {
                return;
            }
        }
        self.elapsed = self.elapsed.max(end);
        self.settle();
    }

    fn deadline(&self) -> Option<Duration> {
        let cluster = self.cluster.deadline().map(|at| at.since(self.start));
        let reply = self.replies.keys().next().map(|(at, _)| *at);
        self.actors.iter().filter_map(Actor::deadline).chain(cluster).chain(reply).min()
    }

    /// Does what is due now until nothing is; false when that has no end.
    fn settle(&mut self) -> bool {
        for _ in 0..TURNS_MAX {
            if !self.turn() {
                return true;
            }
        }
        self.transcript.violated(self.elapsed, "due again and again without an end");
        false
    }

    /// One round over everything that may move; false when nothing did.
    fn turn(&mut self) -> bool {
        let mut moved = false;
        self.cluster.tick(self.now().stamp());
        while let Some(entry) = self.replies.first_entry().filter(|entry| entry.key().0 <= self.elapsed) {
            let Reply { actor, process, attempt, verdict } = entry.remove();
            if self.actors[actor].process == process {
                self.input(actor, Input::Replied(attempt, verdict));
            }
            moved = true;
        }
        for actor in 0..self.actors.len() {
            moved |= self.watch(actor);
            let due = self.actors[actor].replica.as_ref().and_then(|replica| replica.deadline());
            if due.is_some_and(|(at, _)| at <= self.elapsed) {
                self.input(actor, Input::Tick);
                moved = true;
            }
        }
        moved
    }

    /// Tells a replica what its watches say.
    fn watch(&mut self, actor: usize) -> bool {
        let mut moved = false;
        for lane in 0..self.actors[actor].lanes.len() {
            let now = self.now();
            let Some(lane) = self.actors[actor].lanes.get_mut(lane) else { break };
            let kind = lane.kind();
            for event in lane.step(now, &mut self.cluster) {
                self.input(actor, Input::Watch(kind, event));
                moved = true;
            }
        }
        moved
    }

    fn input(&mut self, actor: usize, input: Input) {
        let now = self.now();
        if let Some(replica) = &mut self.actors[actor].replica {
            replica.handle(now, input);
            self.drain(actor);
        }
    }

    fn drain(&mut self, actor: usize) {
        while let Some(effect) = self.actors[actor].replica.as_mut().and_then(|replica| replica.poll()) {
            match effect {
                Effect::Watch(plan) => {
                    let seed = self.actors[actor].process;
                    self.actors[actor].lanes = Lane::of(&plan, seed);
                }
                Effect::Read(seat, parts) => {
                    let shelf = &self.actors[actor].shelf;
                    let read = parts.into_iter().map(|part| (part, shelf.read(part))).collect();
                    self.input(actor, Input::Read(seat, read));
                }
                Effect::Write(seat, id, write) => {
                    let result = self.actors[actor].shelf.write(write);
                    self.input(actor, Input::Wrote(seat, id, result));
                }
                Effect::ReadReference(seat) => self.input(actor, Input::Reference(seat, Ok(None))),
                Effect::SetAside(..) => {
                    self.transcript.violated(self.elapsed, "stored state cannot be read back");
                }
                Effect::Resign(_) => {}
                Effect::Send(attempt, sink, notification, _) => {
                    self.send(actor, attempt, (sink.0, *notification))
                }
                Effect::Fact(fact) => self.transcript.fact(self.elapsed, fact),
                Effect::Stopped => self.actors[actor].end(&mut self.cluster),
            }
        }
    }

    fn send(
        &mut self,
        actor: usize,
        attempt: AttemptId,
        (sink, notification): (usize, alertkube_core::Notification),
    ) {
        let now = self.now();
        let receiver = &mut self.receivers[sink];
        let outcome = receiver.take(&notification, now.stamp());
        let (name, class) = (receiver.name().to_owned(), receiver.class());
        if self.actors[actor].stopping {
            self.transcript.violated(self.elapsed, &format!("a send to {name} after the stop"));
        }
        if outcome.taken {
            let sent = Sent { at: self.elapsed, sink: name, class, notification, text: outcome.text };
            self.transcript.sent(sent);
        }
        self.sequence += 1;
        let reply = Reply { actor, process: self.actors[actor].process, attempt, verdict: outcome.verdict };
        self.replies.insert((self.elapsed + outcome.delay, self.sequence), reply);
    }
}

/// Whether the first word about a replica is that it starts: it comes into a cluster that is already there.
fn starts_late(scenario: &Scenario) -> bool {
    let word = scenario.steps().iter().find_map(|step| match step.command {
        Command::Start { .. } => Some(true),
        Command::Stop => Some(false),
        _ => None,
    });
    word == Some(true)
}
