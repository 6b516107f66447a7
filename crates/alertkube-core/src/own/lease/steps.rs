//! What is asked next, and when.

use std::time::Duration;

use super::election::{Election, Flight, LeaseEffect, Role, Sighting};
use super::limits::ABSENT_RETRIES;
use super::record::{Candidate, LeaseRecord};
use super::watching::Turn;
use crate::time::{Now, Stamp};

/// One thing to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Read,
    Write,
    LetGo,
}

impl Election {
    /// The boot instant at which a sight of the Lease makes it free to take.
    fn free_at(&self, seen: &Sighting) -> Duration {
        match &seen.record {
            None => seen.changed + seen.vacancy,
            Some(record) if self.is_free(record) => seen.changed,
            Some(record) => seen.changed + record.duration.max(self.candidate.duration),
        }
    }

    /// Whether a Lease that vanished was not looked for so long that another may have come and gone.
    pub(super) fn is_absence_unconfirmed(&self, now: Duration) -> bool {
        let vanished =
            self.seen.as_ref().is_some_and(|seen| seen.record.is_none() && !seen.vacancy.is_zero());
        let most = self.candidate.retry * ABSENT_RETRIES;
        vanished && self.role == Role::Candidate && self.heard.is_some_and(|heard| now > heard + most)
    }

    /// Whether nobody else can be holding it.
    fn is_free(&self, record: &LeaseRecord) -> bool {
        record.holder.is_empty() || record.holder == self.candidate.identity || self.inherits(record)
    }

    fn inherits(&self, record: &LeaseRecord) -> bool {
        self.predecessor.as_ref() == Some(&record.holder)
    }

    pub(super) fn is_ours(&self) -> bool {
        self.record().is_some_and(|record| record.holder == self.candidate.identity)
    }

    /// What is to be asked next, and when. A read comes before a write that would be blind.
    pub(super) fn next_step(&self) -> Option<(Duration, Step)> {
        if self.flight.is_some() || self.role == Role::Gone {
            return None;
        }
        let read = Some((self.read_after, Step::Read));
        if self.role == Role::Leaving {
            let blind = self.doubt.is_some() || (self.blind && self.is_ours());
            return if blind { read } else { Some((self.write_after, Step::LetGo)) };
        }
        let Some(seen) = self.seen.as_ref().filter(|_| !self.blind && self.doubt.is_none()) else {
            return read;
        };
        if let Role::Holder { .. } = self.role {
            return Some((self.routine.max(self.write_after), Step::Write));
        }
        let write = (self.free_at(seen).max(self.write_after), Step::Write);
        let look = (self.routine.max(self.read_after), Step::Read);
        Some(if write.0 <= look.0 { write } else { look })
    }

    /// A candidate watches, once it has looked; none is opened while it is about to become the holder.
    pub(super) fn wants_watch(&self) -> bool {
        let writes = self.flight.is_some_and(|flight| flight.renewed.is_some());
        self.role == Role::Candidate && self.seen.is_some() && (self.watching.is_open() || !writes)
    }

    pub(super) fn proceed(&mut self, now: Now) {
        match self.next_step().filter(|(at, _)| *at <= now.boot) {
            Some((_, Step::Read)) => self.look(now.boot),
            Some((_, Step::Write)) if self.is_absence_unconfirmed(now.boot) => self.look(now.boot),
            Some((_, Step::Write)) => self.write(now, LeaseRecord::taken),
            Some((_, Step::LetGo)) if self.is_ours() => self.write(now, LeaseRecord::released),
            Some((_, Step::LetGo)) => self.go(),
            None => {}
        }
        match self.watching.turn(self.wants_watch(), now.boot) {
            Some(Turn::Open) => self.effects.push_back(LeaseEffect::Watch),
            Some(Turn::Close) => self.effects.push_back(LeaseEffect::Unwatch),
            None => {}
        }
    }

    fn look(&mut self, now: Duration) {
        self.flight = Some(Flight { started: now, verb: "get", renewed: None, early: false });
        self.effects.push_back(LeaseEffect::Read);
    }

    fn write(&mut self, now: Now, change: fn(LeaseRecord, &Candidate, Stamp) -> LeaseRecord) {
        self.renewed = now.stamp().max(self.renewed.plus(Duration::from_millis(1)));
        let before = self.record();
        let early = before.is_some_and(|record| self.inherits(record));
        let exists = before.is_some();
        let before = before.cloned().unwrap_or_else(|| LeaseRecord::of_nobody(self.candidate.duration));
        let record = change(before, &self.candidate, self.renewed);
        let verb = if exists { "update" } else { "create" };
        self.flight = Some(Flight { started: now.boot, verb, renewed: Some(self.renewed), early });
        self.effects.push_back(match exists {
            true => LeaseEffect::Replace(record),
            false => LeaseEffect::Create(record),
        });
    }
}
