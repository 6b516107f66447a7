//! Attempts on their way: by their numbers, and by what they are about.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alert::Fingerprint;
use crate::decide::{InDigest, Memory, Told};
use crate::notification::{Action, AttemptId, Notification, SinkId};
use crate::settle::Job;
use crate::severity::Severity;
use crate::time::Stamp;

/// One attempt on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(super) sink: SinkId,
    pub(super) job: Job,
    pub(super) action: Action,
    /// What each member says, and at which severity.
    pub(super) members: Vec<Member>,
    /// When its intent was made.
    pub(super) begun: Duration,
    /// When it was decided that it leaves without its commit.
    pub(super) undurable: Option<Duration>,
    /// What is sent once the intent is committed.
    pub(super) ready: Option<Box<Notification>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) fingerprint: Fingerprint,
    pub(super) episode: Stamp,
    pub(super) severity: Severity,
    pub(super) action: Action,
    pub(super) event: bool,
    /// Whether the object was gone when it was sent: its heir starts afresh.
    pub(super) deleted: bool,
}

impl Flight {
    pub(super) fn delivery(&self) -> &str {
        self.job.said.as_ref().map_or("", |said| &said.delivery)
    }

    /// How bad the worst of it is.
    pub(super) fn severity(&self) -> Severity {
        self.members.iter().map(|member| member.severity).max().unwrap_or(Severity::Info)
    }

    /// What is written down of a member as the attempt begins.
    fn intent(&self, member: Member, before: Option<Told>) -> Option<Told> {
        // An event has no end that a doubt could spoil, but its beginning is an intent like any other.
        let event = member.event.then(|| Told {
            doubt: true,
            digest: self.digest(),
            ..Told::nothing(member.episode, member.severity)
        });
        event.or_else(|| self.doubted(member, before)).or(before)
    }

    /// What is known of a member whose attempt may have arrived: a beginning is repeated and ended in any case, an end
    /// is repeated and, should the problem return, followed by a new beginning. How often it was told stays as it was, so
    /// that its delivery id does too.
    fn doubted(&self, member: Member, before: Option<Told>) -> Option<Told> {
        let digest = self.digest();
        match (member.action, before) {
            _ if member.event => None,
            (Action::First | Action::Digest(_), _) => {
                let times = told_before(member, before);
                let blank = Told::nothing(member.episode, member.severity);
                Some(Told { times, open: true, doubt: true, doubted: true, digest, ..blank })
            }
            (Action::Resolved, Some(told)) => Some(Told { doubt: true, closing: true, digest, ..told }),
            // A late copy of it opens again what is closed, like one of the beginning.
            (Action::Raised | Action::Repeat, Some(told)) => Some(Told { doubted: true, digest, ..told }),
            (Action::Raised | Action::Repeat | Action::Resolved, None) => None,
        }
    }

    /// Writes down what its being on its way, or lost on the way, makes doubtful.
    pub(super) fn doubt(&self, memory: &mut Memory) {
        for member in &self.members {
            let before = memory.get(member.fingerprint, self.sink).copied();
            if let Some(told) = self.doubted(*member, before) {
                memory.set(member.fingerprint, self.sink, told);
            }
        }
    }

    fn digest(&self) -> Option<InDigest> {
        let digest = self.job.digest?;
        Some(InDigest { digest, delivery: Fingerprint::parse(self.delivery())? })
    }

    /// Until when it waits for a store that refuses.
    pub(super) fn patience(&self) -> (Duration, bool) {
        (self.begun, self.severity() == Severity::Critical)
    }
}

/// How often a sink was told already that a member's episode stands.
pub(super) fn told_before(member: Member, before: Option<Told>) -> u32 {
    before.filter(|told| told.episode == member.episode).map_or(0, |told| told.times)
}

/// All attempts on their way.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    attempts: BTreeMap<AttemptId, Flight>,
    /// Which attempt is about an alert at a sink, and as which of its members: a lane has one at a time.
    about: BTreeMap<(Fingerprint, SinkId), (AttemptId, usize)>,
}

impl Flights {
    pub(super) fn insert(&mut self, attempt: AttemptId, flight: Flight) {
        for (place, member) in flight.members.iter().enumerate() {
            self.about.insert((member.fingerprint, flight.sink), (attempt, place));
        }
        self.attempts.insert(attempt, flight);
    }

    pub(super) fn remove(&mut self, attempt: AttemptId) -> Option<Flight> {
        let flight = self.attempts.remove(&attempt)?;
        for member in &flight.members {
            self.about.remove(&(member.fingerprint, flight.sink));
        }
        Some(flight)
    }

    pub(super) fn get(&self, attempt: AttemptId) -> Option<&Flight> {
        self.attempts.get(&attempt)
    }

    pub(super) fn get_mut(&mut self, attempt: AttemptId) -> Option<&mut Flight> {
        self.attempts.get_mut(&attempt)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.attempts.values()
    }

    pub(super) fn len(&self) -> usize {
        self.attempts.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// The attempt that is about an alert at a sink, and what is written down of that before its outcome is known.
    pub(super) fn about(
        &self,
        (fingerprint, sink): (Fingerprint, SinkId),
        memory: &Memory,
    ) -> Option<(AttemptId, Option<Told>)> {
        let (attempt, place) = *self.about.get(&(fingerprint, sink))?;
        let flight = self.attempts.get(&attempt)?;
        Some((attempt, flight.intent(flight.members[place], memory.get(fingerprint, sink).copied())))
    }
}
