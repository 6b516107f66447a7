//! What becomes of attempts: replies are judged, and what each sink knows now is written down.

use crate::alert::Fingerprint;
use crate::decide::{Memory, Told};
use crate::fact::Fact;
use crate::limits::{RESOLVE_AGAIN_AFTER, RESOLVE_TRIED_FOR};
use crate::notification::{Action, AttemptId, SinkClass, SinkId, Verdict as Reply, Why};
use crate::replica::Replica;
use crate::replica::sending::{Flight, Member};
use crate::settle::back_off;
use crate::severity::Severity;
use crate::time::{Now, Stamp};

impl Replica {
    pub(super) fn replied(&mut self, now: Now, attempt: AttemptId, reply: Reply) {
        let Some(flight) = self.flights.remove(attempt) else { return };
        self.lanes[flight.sink.0].landed(&flight.job);
        // What was laid down as an intent is laid down as what came of it.
        for member in &flight.members {
            self.memory.touch(member.fingerprint, flight.sink);
        }
        match reply {
            Reply::Late => return self.withdraw(now, flight),
            Reply::Done => self.delivered(now, &flight),
            Reply::Retry { why, after, in_doubt } => self.retry(now, &flight, (why, after), in_doubt),
            Reply::Reject(why) => self.refused(now, &flight, why),
        }
        self.all_changed(now, flight.members.iter().map(|member| member.fingerprint));
        self.observe_sinks(now);
    }

    fn delivered(&mut self, now: Now, flight: &Flight) {
        self.fact(Fact::Delivered {
            sink: self.settings.sink(flight.sink).name.clone(),
            action: flight.action,
            delivery: delivery(flight),
            attempts: flight.job.attempts,
        });
        if self.lanes[flight.sink.0].breaker.succeeded() {
            self.breaker_fact(flight.sink, false);
        }
        self.failing.remove(&flight.sink);
        self.stock.release(flight.sink, &flight.job.members);
        for member in &flight.members {
            self.remember(now, flight, *member);
        }
    }

    /// Writes down what a sink knows now.
    fn remember(&mut self, now: Now, flight: &Flight, member: Member) {
        let before = self.memory.get(member.fingerprint, flight.sink).copied();
        if member.action == Action::Resolved {
            match before.map(|told| self.ended(now, flight.sink, told)) {
                Some(told) if !member.deleted || told.again.is_some() => {
                    self.memory.set(member.fingerprint, flight.sink, told);
                }
                _ => self.memory.forget(member.fingerprint, flight.sink),
            }
            return;
        }
        let doubted = before.is_some_and(|told| told.open && told.doubted);
        let told = Told { at: now.stamp(), open: !member.event, doubted, ..blank(member) };
        self.memory.set(member.fingerprint, flight.sink, told);
    }

    /// What a sink knows that took the end. One that folds by a key hears it twice if a late copy of the beginning
    /// might open what is closed.
    fn ended(&self, now: Now, sink: SinkId, told: Told) -> Told {
        let late = told.doubted && told.again.is_none() && self.settings.sink(sink).class == SinkClass::Keyed;
        let again = late.then(|| now.stamp().plus(RESOLVE_AGAIN_AFTER));
        Told { open: false, doubt: false, doubted: late, closing: false, again, refused: None, ..told }
    }

    /// The memory with every attempt that is on its way counted as in doubt.
    pub(super) fn memory_in_doubt(&self) -> Memory {
        let mut memory = self.memory.clone();
        for flight in self.flights.values() {
            doubt(&mut memory, flight);
        }
        memory
    }

    fn retry(
        &mut self,
        now: Now,
        flight: &Flight,
        (why, after): (Why, Option<std::time::Duration>),
        in_doubt: bool,
    ) {
        if self.lanes[flight.sink.0].breaker.failed(now.boot) {
            self.breaker_fact(flight.sink, true);
            self.failing.insert(flight.sink, why);
        }
        if in_doubt {
            doubt(&mut self.memory, flight);
        }
        if flight.job.digest {
            self.stock.keep(flight.sink, &flight.job.members);
        }
        let jitter = self.next_jitter();
        let wait = back_off(flight.job.attempts, after, jitter);
        let sink = self.settings.sink(flight.sink).name.clone();
        self.fact(Fact::Retrying { sink, delivery: delivery(flight), why, seconds: wait.as_secs() });
        if after.is_some() {
            self.lanes[flight.sink.0].pause(now.boot + wait);
        }
        let severity = flight.members.iter().map(|member| member.severity).max().unwrap_or(Severity::Info);
        self.lanes[flight.sink.0].rest(severity, flight.job.clone(), now.boot + wait);
    }

    /// Trying the same again at once cannot help; what still stands is tried again much later.
    fn refused(&mut self, now: Now, flight: &Flight, why: Why) {
        let sink = self.settings.sink(flight.sink).name.clone();
        self.fact(Fact::DeadLetter { sink, delivery: delivery(flight), why });
        // The sink answered, if not as it should.
        if matches!(why, Why::Refused | Why::Unauthorized) && self.lanes[flight.sink.0].breaker.succeeded() {
            self.breaker_fact(flight.sink, false);
        }
        self.failing.insert(flight.sink, why);
        self.stock.release(flight.sink, &flight.job.members);
        for member in &flight.members {
            let before = self.memory.get(member.fingerprint, flight.sink).copied();
            if member.action == Action::Resolved {
                self.refused_end(now, flight.sink, *member, before);
                continue;
            }
            let told = Told { refused: Some(now.stamp()), ..before.unwrap_or(blank(*member)) };
            self.memory.set(member.fingerprint, flight.sink, told);
        }
    }

    /// An end that a sink does not take is tried again now and then, for a day.
    fn refused_end(&mut self, now: Now, sink: SinkId, member: Member, before: Option<Told>) {
        let ended = self.tracker.get(member.fingerprint).and_then(|alert| alert.ended);
        let worth = ended.is_some_and(|ended| now.stamp().since(ended) < RESOLVE_TRIED_FOR);
        match before.filter(|_| worth) {
            Some(told) => {
                let told = Told { refused: Some(now.stamp()), closing: true, ..told };
                self.memory.set(member.fingerprint, sink, told);
            }
            None => self.memory.forget(member.fingerprint, sink),
        }
    }

    /// A sink has another address or credential: what it refused is told again, what rests is tried now, and it counts
    /// as well until the next answer says otherwise.
    pub(super) fn renewed(&mut self, now: Now, sink: SinkId) {
        let Some(lane) = self.lanes.get_mut(sink.0) else { return };
        lane.rouse(now.boot);
        if lane.breaker.succeeded() {
            self.breaker_fact(sink, false);
        }
        self.failing.remove(&sink);
        let refused = |(fingerprint, of, told): (Fingerprint, SinkId, &Told)| {
            (of == sink && told.refused.is_some()).then_some((fingerprint, *told))
        };
        let refused: Vec<_> = self.memory.iter().filter_map(refused).collect();
        for (fingerprint, told) in &refused {
            let never_told = !told.open && !told.doubt && told.at == Stamp::default();
            if never_told {
                self.memory.forget(*fingerprint, sink);
            } else {
                self.memory.set(*fingerprint, sink, Told { refused: None, ..*told });
            }
        }
        self.all_changed(now, refused.into_iter().map(|(fingerprint, _)| fingerprint));
        self.observe_sinks(now);
    }

    fn breaker_fact(&mut self, sink: SinkId, open: bool) {
        let sink = self.settings.sink(sink).name.clone();
        self.fact(Fact::Breaker { sink, open });
    }
}

fn delivery(flight: &Flight) -> String {
    flight.job.said.as_ref().map(|said| said.delivery.clone()).unwrap_or_default()
}

/// What a sink knows that was told nothing.
pub(super) fn blank(member: Member) -> Told {
    Told {
        episode: member.episode,
        severity: member.severity,
        at: Stamp::default(),
        open: false,
        doubt: false,
        doubted: false,
        closing: false,
        again: None,
        silent: false,
        refused: None,
    }
}

/// An attempt may have arrived: a beginning is repeated and ended in any case, an end is repeated and, should the
/// problem return, followed by a new beginning. When it was told stays as it was, so that its delivery id does too.
pub(super) fn doubt(memory: &mut Memory, flight: &Flight) {
    for member in flight.members.iter().filter(|member| !member.event) {
        let before = memory.get(member.fingerprint, flight.sink).copied();
        if let Some(told) = doubted(*member, before) {
            memory.set(member.fingerprint, flight.sink, told);
        }
    }
}

/// What an attempt makes of what its sink knew before.
pub(super) fn doubted(member: Member, before: Option<Told>) -> Option<Told> {
    match (member.action, before) {
        // An event has no end that a doubt could spoil, but its beginning is in doubt like any other.
        _ if member.event => Some(Told { doubt: true, ..blank(member) }),
        (Action::First | Action::Digest(_), _) => {
            let at = before.map_or(Stamp::default(), |told| told.at);
            Some(Told { at, open: true, doubt: true, doubted: true, ..blank(member) })
        }
        (Action::Resolved, Some(told)) => Some(Told { doubt: true, closing: true, ..told }),
        // A late copy of it opens again what is closed, like one of the beginning.
        (Action::Raised | Action::Repeat, Some(told)) => Some(Told { doubted: true, ..told }),
        (Action::Raised | Action::Repeat | Action::Resolved, None) => None,
    }
}
