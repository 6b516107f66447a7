//! What becomes of attempts: replies are judged, and what each sink knows now is written down.

use crate::decide::{Memory, Refused, Told};
use crate::fact::Fact;
use crate::limits::{RESOLVE_AGAIN_AFTER, RESOLVE_TRIED_FOR};
use crate::notification::{Action, AttemptId, SinkClass, SinkId, Verdict as Reply, Why};
use crate::replica::Replica;
use crate::replica::flights::{Flight, Member, told_before};
use crate::settle::back_off;
use crate::time::Now;

impl Replica {
    pub(super) fn replied(&mut self, now: Now, attempt: AttemptId, reply: Reply) {
        let Some(flight) = self.flights.remove(attempt) else { return };
        self.lanes[flight.sink.0].landed(flight.severity(), &flight.job);
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
            delivery: flight.delivery().to_owned(),
            attempts: flight.job.attempts,
            reports: flight.members.len(),
        });
        if self.lanes[flight.sink.0].breaker.succeeded() {
            self.breaker_fact(flight.sink, false);
        }
        let failed = self.failing.remove(&flight.sink);
        for member in &flight.members {
            self.remember(now, flight, *member);
        }
        if failed.is_some_and(Why::is_of_sink) {
            // What it refused for a reason of its own it may take now.
            self.forgive(now, flight.sink, Why::is_of_sink);
        }
    }

    /// What a sink refused for such a reason is tried again now.
    fn forgive(&mut self, now: Now, sink: SinkId, which: impl Fn(Why) -> bool) {
        for fingerprint in self.memory.forgive(sink, which) {
            self.soon(now, fingerprint);
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
        let told = Told {
            at: now.stamp(),
            times: told_before(member, before).saturating_add(1),
            open: !member.event,
            doubted,
            ..Told::nothing(member.episode, member.severity)
        };
        self.memory.set(member.fingerprint, flight.sink, told);
    }

    /// What a sink knows that took the end. One that folds by a key hears it twice if a late copy of the beginning
    /// might open what is closed.
    fn ended(&self, now: Now, sink: SinkId, told: Told) -> Told {
        let late = told.doubted && told.again.is_none() && self.settings.sink(sink).class == SinkClass::Keyed;
        let again = late.then(|| now.stamp().plus(RESOLVE_AGAIN_AFTER));
        Told {
            open: false,
            doubt: false,
            doubted: late,
            closing: false,
            again,
            refused: None,
            digest: None,
            ..told
        }
    }

    /// The memory with every attempt that is on its way counted as in doubt.
    pub(super) fn memory_in_doubt(&self) -> Memory {
        let mut memory = self.memory.clone();
        // What waits for its commit has not left.
        for flight in self.flights.iter().filter(|flight| flight.ready.is_none()) {
            flight.doubt(&mut memory);
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
            flight.doubt(&mut self.memory);
        }
        let jitter = self.next_jitter();
        let wait = back_off(flight.job.attempts, after, jitter);
        let sink = self.settings.sink(flight.sink).name.clone();
        self.fact(Fact::Retrying {
            sink,
            delivery: flight.delivery().to_owned(),
            why,
            seconds: wait.as_secs(),
        });
        if after.is_some() {
            self.lanes[flight.sink.0].pause(now.boot + wait);
        }
        let mut job = flight.job.clone();
        job.in_doubt |= in_doubt;
        self.lanes[flight.sink.0].rest(flight.severity(), job, now.boot + wait);
    }

    /// Trying the same again at once cannot help; what still stands is tried again much later.
    fn refused(&mut self, now: Now, flight: &Flight, why: Why) {
        let sink = self.settings.sink(flight.sink).name.clone();
        self.fact(Fact::DeadLetter { sink, delivery: flight.delivery().to_owned(), why });
        // The sink answered, if not as it should.
        if matches!(why, Why::Refused | Why::Unauthorized) && self.lanes[flight.sink.0].breaker.succeeded() {
            self.breaker_fact(flight.sink, false);
        }
        // What it refuses for the message's sake is a dead letter, and no more than that.
        if why.is_of_sink() {
            self.failing.insert(flight.sink, why);
        }
        for member in &flight.members {
            let before = self.memory.get(member.fingerprint, flight.sink).copied();
            if member.action == Action::Resolved {
                self.refused_end(now, flight.sink, (*member, why), before);
                continue;
            }
            let before = before.unwrap_or(Told::nothing(member.episode, member.severity));
            let refused = Some(Refused { at: now.stamp(), why, holds: true });
            let told = Told { refused, digest: None, ..before };
            self.memory.set(member.fingerprint, flight.sink, told);
        }
    }

    /// An end that a sink does not take is tried again now and then, for a day.
    fn refused_end(&mut self, now: Now, sink: SinkId, (member, why): (Member, Why), before: Option<Told>) {
        let ended = self.tracker.get(member.fingerprint).and_then(|alert| alert.ended);
        let worth = ended.is_some_and(|ended| now.stamp().since(ended) < RESOLVE_TRIED_FOR);
        match before.filter(|_| worth) {
            Some(told) => {
                let refused = Some(Refused { at: now.stamp(), why, holds: true });
                let told = Told { refused, closing: true, digest: None, ..told };
                self.memory.set(member.fingerprint, sink, told);
            }
            None => {
                self.fact(Fact::Bound("hours for which a refused end is tried again"));
                self.memory.forget(member.fingerprint, sink);
            }
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
        self.forgive(now, sink, |_| true);
        self.observe_sinks(now);
    }

    fn breaker_fact(&mut self, sink: SinkId, open: bool) {
        let sink = self.settings.sink(sink).name.clone();
        self.fact(Fact::Breaker { sink, open });
    }
}
