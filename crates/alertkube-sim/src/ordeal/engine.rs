//! The loop around each replica, as the shell has it: one input at a time, each of which costs time.

use alertkube_core::{
    Action, Answer, Effect, Fact, Input, Part, Question, SeatFact, Standing, Status, Verdict, WatchEvent,
};

use super::clock::At;
use super::plan::{CALM, Trap};
use super::server::Server;
use super::world::{Ask, Event, Send, World};

impl World {
    /// A process begins.
    pub(super) fn start(&mut self, slot: usize) {
        if self.slots[slot].life.is_some() || self.slots[slot].closed {
            return;
        }
        let number = self.lives.len();
        let (seed, pace) = (self.dice.draw(), self.pace());
        let life = self.slots[slot].begin((slot, number), (&self.settings, pace), seed, self.now);
        self.note(|| format!("{} starts (slot {slot}, {:?})", life.name, self.slots[slot].seat));
        self.slots[slot].life = Some(number);
        self.lives.push(life);
        self.drain(number);
        self.schedule(number);
        self.follow_election(number);
    }

    /// A process is gone, and with it all that it knew.
    pub(super) fn die(&mut self, life: usize) {
        if !self.is_alive(life) {
            return;
        }
        self.note(|| format!("{} is dead", self.lives[life].name));
        let slot = self.lives[life].slot;
        self.slots[slot].life = None;
        let gone = &mut self.lives[life];
        gone.died = Some(self.now);
        gone.mail.clear();
        gone.streams.clear();
        gone.candidacy = None;
        self.oracle.ended(life);
        if let Some(rest) = self.lives[life].stopping {
            // A rollout replaces the pod.
            self.slots[slot].pod += 1;
            self.at(self.now + rest, Event::Start(slot));
        }
    }

    /// Dies now; the next process begins later, in the same pod or in another.
    pub(super) fn crash(&mut self, life: usize, rest: At, in_place: bool) {
        if !self.is_alive(life) {
            return;
        }
        let slot = self.lives[life].slot;
        self.die(life);
        self.slots[slot].pod += u64::from(!in_place);
        self.at(self.now + rest, Event::Start(slot));
    }

    /// Something reaches the engine.
    pub(super) fn mail(&mut self, life: usize, input: Input) {
        if self.is_alive(life) {
            self.lives[life].mail.push_back(input);
            self.schedule(life);
        }
    }

    /// Sees to it that the engine runs when it has something to do.
    fn schedule(&mut self, life: usize) {
        if !self.is_alive(life) {
            return;
        }
        let slot = &self.slots[self.lives[life].slot];
        let state = &self.lives[life];
        let due = match state.mail.is_empty() {
            false => Some(self.now),
            true => state.replica.deadline().map(|(boot, _)| slot.clock.at(boot)),
        };
        let Some(at) = due.map(|at| at.max(state.free).max(slot.asleep).max(self.now)) else { return };
        if state.run_at.is_none_or(|run| run > at || run < self.now) {
            self.lives[life].run_at = Some(at);
            self.at(at, Event::Run(life));
        }
    }

    pub(super) fn run_engine(&mut self, life: usize) {
        if !self.is_alive(life) || self.lives[life].run_at != Some(self.now) {
            return;
        }
        self.lives[life].run_at = None;
        if self.asleep(life).is_none() && self.lives[life].free <= self.now {
            self.turn(life);
        }
        self.schedule(life);
    }

    fn turn(&mut self, life: usize) {
        let slot = self.lives[life].slot;
        let now = self.slots[slot].clock.now(self.now);
        let state = &mut self.lives[life];
        let input = match state.mail.pop_front() {
            Some(input) => input,
            None if state.replica.deadline().is_some_and(|(at, _)| at <= now.boot) => Input::Tick,
            None => return,
        };
        state.free = self.now + cost(&input) * self.plan.slowness;
        self.settles(life, &input);
        self.reads(life, &input);
        self.lives[life].replica.handle(now, input);
        self.drain(life);
    }

    /// An attempt ends as far as its sender knows.
    fn settles(&mut self, life: usize, input: &Input) {
        if let Input::Replied(attempt, verdict) = input
            && let Some(flown) = self.lives[life].flights.remove(attempt)
        {
            self.note(|| format!("{}: attempt {} ends: {verdict:?}", self.lives[life].name, attempt.0));
            let heads = self.lives[life].heads.issued();
            if let Some(message) = flown.message.filter(|_| flown.known && *verdict != Verdict::Late) {
                self.oracle.settled(message, verdict, heads);
            }
        }
    }

    /// Does what the replica asks.
    pub(super) fn drain(&mut self, life: usize) {
        while let Some(effect) = self.lives[life].replica.poll() {
            if !self.is_alive(life) {
                return;
            }
            match effect {
                Effect::Fact(fact) => self.fact(life, fact),
                Effect::Watch(plan) => self.watch(life, &plan.kinds),
                Effect::Read(seat, parts) => self.ask(life, Ask::Read(seat, parts)),
                Effect::ReadReference(seat) => self.ask(life, Ask::Reference(seat)),
                Effect::SetAside(seat, id, ..) => self.ask(life, Ask::SetAside { seat, id }),
                Effect::Write(seat, id, write) => {
                    // A question in another's head stores nothing of ours, and nor does what is written for a seat that
                    // nobody serves.
                    let here = seat.0 == self.slots[self.lives[life].slot].seat.seat;
                    let own = here
                        && write.part == Part::Head
                        && Server::holder(&write.content) == self.lives[life].name;
                    let head = own.then(|| self.lives[life].heads.issue(&write.content));
                    self.oracle.writes(
                        life,
                        (write.part, write.content.meta.len() + write.content.body.len()),
                        self.now,
                    );
                    if self.springs(life, Trap::BeforeWrite) {
                        return;
                    }
                    self.ask(life, Ask::Write { seat, id, write, head });
                }
                Effect::Resign(_) => self.resign(life),
                Effect::Send(attempt, sink, said, within) => {
                    let undurable = self.lives[life].undurable.take().is_some();
                    if self.springs(life, Trap::BeforeSend) {
                        return;
                    }
                    self.set_off(life, Send { attempt, sink: sink.0, said: *said, within, undurable });
                }
                Effect::Stopped => self.stopped(life),
            }
        }
    }

    /// Whether a process was to die in this effect: then it is dead. What was not sprung by then does nothing once all is
    /// calm.
    pub(super) fn springs(&mut self, life: usize, at: Trap) -> bool {
        let trap = self.lives[life].trap.filter(|(on, ..)| *on == at && self.now < CALM);
        let Some((_, rest, in_place)) = trap else {
            return false;
        };
        self.note(|| format!("{} dies: {at:?}", self.lives[life].name));
        self.crash(life, rest, in_place);
        true
    }

    fn fact(&mut self, life: usize, fact: Fact) {
        self.note(|| format!("{}: {fact:?}", self.lives[life].name));
        match fact {
            Fact::Sending { sink, action, delivery, reports, about } => {
                let heads = self.lives[life].heads.issued();
                self.lives[life].made.insert(delivery, heads);
                if action != Action::Resolved {
                    self.intends(life, &sink, (about.as_ref(), reports));
                }
            }
            Fact::Seat(SeatFact::Undurable { sink }) => {
                self.oracle.unsaved = true;
                self.lives[life].undurable = Some(sink);
            }
            Fact::Seat(SeatFact::Held { term, .. }) => {
                self.lives[life].holds += 1;
                self.lives[life].unsealed = term.is_none() && self.is_in_the_dark(life);
                if term.is_none() {
                    self.oracle.unsaved = true;
                    // By its Lease it is the holder; an earlier hold's term is not this one's.
                    if self.lives[life].candidacy.is_some() {
                        self.lives[life].term = None;
                    }
                }
            }
            Fact::Seat(SeatFact::Lost { .. } | SeatFact::Fenced { .. } | SeatFact::Leaves { .. }) => {
                self.lives[life].heads.end();
            }
            Fact::Seat(SeatFact::SetAside { .. }) => self.oracle.amnesia = true,
            _ => {}
        }
    }

    /// The replica has stopped: what is left of its process is the Lease.
    fn stopped(&mut self, life: usize) {
        self.note(|| format!("{} has stopped", self.lives[life].name));
        self.lives[life].stopped = true;
        if self.lives[life].candidacy.is_none() {
            return self.at(self.now, Event::Kill(life));
        }
        let within = self.span(life, std::time::Duration::from_secs(3));
        self.at(self.now + within, Event::Kill(life));
        self.release(life);
    }

    /// The replica panics and is rebuilt, as the shell does it: what it had yet to do is told again by its successor.
    pub(super) fn panic(&mut self, life: usize) {
        if self.asleep(life).is_some() || self.lives[life].stopped {
            return;
        }
        self.note(|| format!("{} panics and is rebuilt", self.lives[life].name));
        let now = self.slots[self.lives[life].slot].clock.now(self.now);
        let heir = self.lives[life].replica.rebuilt(now, None);
        self.lives[life].replica = heir;
        self.lives[life].holds += 1;
        self.lives[life].heads.end();
        // What is on its way still arrives, and the answer says nothing to an heir that did not ask.
        self.lives[life].flights.values_mut().for_each(|flown| flown.known = false);
        self.drain(life);
        self.schedule(life);
    }

    pub(super) fn status(&self, life: usize) -> Option<Status> {
        let state = &self.lives[life];
        match state.replica.ask(self.slots[state.slot].clock.now(self.now), &Question::Status) {
            Answer::Status(status) => Some(*status),
            Answer::Alerts(_) => None,
        }
    }

    pub(super) fn alerts(&self, life: usize) -> Vec<Standing> {
        let state = &self.lives[life];
        match state.replica.ask(self.slots[state.slot].clock.now(self.now), &Question::Alerts { after: None })
        {
            Answer::Alerts(alerts) => alerts,
            Answer::Status(_) => Vec::new(),
        }
    }
}

/// Microseconds that handling an input takes on a machine at leisure.
fn cost(input: &Input) -> At {
    match input {
        Input::Watch(_, WatchEvent::Seen(_)) => 25,
        Input::Read(_, parts) => 200 * parts.len() as u64,
        Input::Wrote(..) => 60,
        Input::Tick | Input::Watch(..) | Input::Lease(..) | Input::Reference(..) | Input::Replied(..) => 10,
        Input::Stop { .. } | Input::Renewed(_) => 10,
    }
}
