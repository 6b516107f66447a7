//! The machine: what is known of the Lease, whose it is, and what is asked next.

use std::collections::VecDeque;
use std::time::Duration;

use super::dice::Dice;
use super::limits::{FORBIDDEN_WATCH_RETRY, JITTER_PART, SILENT_RETRIES, SOON_PART};
use super::news::{LeaseNews, LostLease, Told};
use super::record::{Candidate, LeaseRecord};
use super::watching::Watching;
use crate::time::{Now, Stamp};

/// What reaches an election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseInput {
    /// Time has passed.
    Tick,
    /// The answer to [`LeaseEffect::Read`]; none: there is no such Lease.
    Read(Result<Option<LeaseRecord>, LeaseTrouble>),
    /// The answer to [`LeaseEffect::Create`] or [`LeaseEffect::Replace`]: what stands now.
    Wrote(Result<LeaseRecord, LeaseTrouble>),
    /// The watch saw the Lease; none: it was deleted.
    Watched(Option<LeaseRecord>),
    /// The watch ended.
    WatchEnded(LeaseTrouble),
    /// Let go of the Lease, and ask for nothing any more.
    Release,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseTrouble {
    /// 409: somebody else wrote first, or created it.
    Conflict,
    /// 404 of a write.
    Gone,
    /// 403, with the server's words.
    Forbidden(String),
    /// No answer, or 5xx: a write may have been applied or not, or may be yet.
    Unreachable(String),
    /// Anything else; a write was not applied.
    Other(String),
}

/// What the shell has to do. One of read, create and replace is in flight at a time, and each is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseEffect {
    /// GET, without a resourceVersion.
    Read,
    /// POST
    Create(LeaseRecord),
    /// PUT of this record, with its version.
    Replace(LeaseRecord),
    /// Watch the Lease as it stands and changes; a watch that is still open is dropped.
    Watch,
    /// Drop the watch.
    Unwatch,
    /// Tell this.
    News(LeaseNews),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Candidate,
    /// Until this boot instant.
    Holder {
        until: Duration,
    },
    /// It was asked to let go.
    Leaving,
    /// It has let go.
    Gone,
}

/// The last sight of the Lease.
pub(super) struct Sighting {
    pub(super) record: Option<LeaseRecord>,
    /// The boot instant at which it was first seen as it is.
    pub(super) changed: Duration,
    /// How long the absence of the Lease has to last before it may be created.
    pub(super) vacancy: Duration,
}

/// The request in flight, or a write of which it is not known whether it was applied.
#[derive(Clone, Copy)]
pub(super) struct Flight {
    pub(super) started: Duration,
    pub(super) verb: &'static str,
    /// What the write put into `renewTime`: by it we know our own write again.
    pub(super) renewed: Option<Stamp>,
    pub(super) early: bool,
}

/// The election of one candidate to one Lease.
///
/// Its driver repeats: [`handle`](Election::handle) an input (a tick at the [`deadline`](Election::deadline)), drain
/// [`poll`](Election::poll), and publish [`until`](Election::until) before anything else is done.
pub struct Election {
    pub(super) candidate: Candidate,
    pub(super) dice: Dice,
    pub(super) role: Role,
    pub(super) seen: Option<Sighting>,
    /// Who held it at our first sight from an earlier container of our own pod. Later holders of that kind are alive:
    /// two containers of one pod must not take the Lease from each other again and again.
    pub(super) predecessor: Option<String>,
    /// When the server last said how the Lease stands.
    pub(super) heard: Option<Duration>,
    pub(super) flight: Option<Flight>,
    pub(super) doubt: Option<Flight>,
    /// Whether our sight of it is known to be wrong.
    pub(super) blind: bool,
    /// No read, and no write, before this.
    pub(super) read_after: Duration,
    pub(super) write_after: Duration,
    /// The next renewal of a holder, or the next look of a candidate.
    pub(super) routine: Duration,
    /// The last `renewTime` we wrote; the next one is later whatever the calendar does.
    pub(super) renewed: Stamp,
    /// The last trouble since something went well.
    pub(super) trouble: Option<String>,
    pub(super) watching: Watching,
    pub(super) told: Told,
    pub(super) effects: VecDeque<LeaseEffect>,
}

impl Election {
    /// A candidate who has seen nothing yet, and looks at once.
    pub fn new(candidate: Candidate, seed: u64, now: Now) -> Election {
        let mut election = Election {
            candidate,
            dice: Dice::new(seed),
            role: Role::Candidate,
            seen: None,
            predecessor: None,
            heard: None,
            flight: None,
            doubt: None,
            blind: false,
            read_after: now.boot,
            write_after: now.boot,
            routine: now.boot,
            renewed: Stamp::default(),
            trouble: None,
            watching: Watching::default(),
            told: Told::default(),
            effects: VecDeque::new(),
        };
        election.proceed(now);
        election
    }

    /// Takes an input. Before anything else, a deadline that has passed ends the hold: after a pause of this process,
    /// what arrived meanwhile is heard by one who holds nothing.
    pub fn handle(&mut self, now: Now, input: LeaseInput) {
        self.expire(now.boot);
        match input {
            LeaseInput::Tick => {}
            LeaseInput::Read(answer) => self.read(now.boot, answer),
            LeaseInput::Wrote(answer) => self.wrote(now.boot, answer),
            LeaseInput::Watched(found) => self.watched(now.boot, found),
            LeaseInput::WatchEnded(trouble) => self.watch_ended(now.boot, trouble),
            LeaseInput::Release => self.leave(now.boot),
        }
        self.proceed(now);
    }

    /// The boot instant of the next tick; none when nothing but an answer can lead on.
    pub fn deadline(&self) -> Option<Duration> {
        let watch = self.watching.next().filter(|_| self.wants_watch());
        [self.until(), watch, self.next_step().map(|(at, _)| at)].into_iter().flatten().min()
    }

    /// What to do next; drain it after every input.
    pub fn poll(&mut self) -> Option<LeaseEffect> {
        self.effects.pop_front()
    }

    /// The boot instant until which the Lease is ours: nothing may be sent at or after it.
    pub fn until(&self) -> Option<Duration> {
        match self.role {
            Role::Holder { until } => Some(until),
            _ => None,
        }
    }

    /// The boot instant at which the server last said how the Lease stands.
    pub fn heard(&self) -> Option<Duration> {
        self.heard
    }

    /// The Lease as it was last seen.
    pub fn record(&self) -> Option<&LeaseRecord> {
        self.seen.as_ref().and_then(|seen| seen.record.as_ref())
    }

    /// Whether it has let go, and nothing more will come.
    pub fn is_over(&self) -> bool {
        self.role == Role::Gone
    }

    pub(super) fn tell(&mut self, news: LeaseNews) {
        self.effects.push_back(LeaseEffect::News(news));
    }

    /// Takes note of how the Lease stands; says whether that is a change.
    pub(super) fn sight(&mut self, now: Duration, found: Option<LeaseRecord>) -> bool {
        let unconfirmed = self.is_absence_unconfirmed(now);
        self.heard = Some(now);
        if self.seen.is_none() {
            let dead = found.as_ref().filter(|record| self.candidate.succeeds(record));
            self.predecessor = dead.map(|record| record.holder.clone());
        }
        let before = self.seen.as_ref().map(|seen| (seen.record.as_ref(), seen.vacancy));
        let (unchanged, vacancy) = match (before, &found) {
            (None, _) => (false, Duration::ZERO),
            (Some((Some(before), _)), Some(found)) => (before.is_same_hold(found), Duration::ZERO),
            (Some((Some(before), _)), None) => (false, before.duration.max(self.candidate.duration)),
            (Some((None, vacancy)), None) => (!unconfirmed, vacancy),
            (Some((None, _)), Some(_)) => (false, Duration::ZERO),
        };
        match &mut self.seen {
            Some(seen) if unchanged => seen.record = found,
            seen => *seen = Some(Sighting { record: found, changed: now, vacancy }),
        }
        !unchanged
    }

    pub(super) fn lose(&mut self, now: Duration, why: LostLease) {
        self.role = Role::Candidate;
        self.routine = now;
        self.tell(LeaseNews::Lost { why });
    }

    fn expire(&mut self, now: Duration) {
        if self.until().is_some_and(|until| now >= until) {
            let because = self.trouble.clone();
            self.lose(now, LostLease::Expired { because });
        }
    }

    /// A retry period, lengthened a little.
    pub(super) fn retry(&mut self) -> Duration {
        self.candidate.retry + self.dice.part(self.candidate.retry / JITTER_PART)
    }

    /// How long until what failed is tried again.
    pub(super) fn soon(&mut self) -> Duration {
        let part = self.candidate.retry / SOON_PART;
        part + self.dice.part(part)
    }

    /// How long the routine of this role rests: a watched Lease that is renewed needs no look.
    pub(super) fn rest(&mut self) -> Duration {
        let retry = self.retry();
        match self.role {
            Role::Candidate if self.watching.is_open() => retry * SILENT_RETRIES,
            _ => retry,
        }
    }

    fn leave(&mut self, now: Duration) {
        if matches!(self.role, Role::Candidate | Role::Holder { .. }) {
            self.role = Role::Leaving;
            (self.read_after, self.write_after) = (now, now);
        }
    }

    pub(super) fn go(&mut self) {
        self.role = Role::Gone;
        self.tell(LeaseNews::Released);
    }

    /// After a watch that ended: when the next one may come.
    pub(super) fn watch_rests(&mut self, now: Duration, forbidden: bool) {
        let most = self.candidate.retry;
        let soon = self.soon();
        match forbidden {
            true => self.watching.ended(now, FORBIDDEN_WATCH_RETRY, FORBIDDEN_WATCH_RETRY),
            false => self.watching.ended(now, soon, most),
        }
    }
}
