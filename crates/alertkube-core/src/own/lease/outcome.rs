//! What the answers of the server mean to an election.

use std::time::Duration;

use super::election::{Election, Flight, LeaseTrouble, Role};
use super::news::{LeaseNews, LostLease};
use super::record::LeaseRecord;

impl Election {
    /// The answer to a read.
    pub(super) fn read(&mut self, now: Duration, answer: Result<Option<LeaseRecord>, LeaseTrouble>) {
        if self.flight.take_if(|flight| flight.renewed.is_none()).is_none() {
            return;
        }
        let found = match answer {
            Ok(found) => found,
            Err(trouble) => return self.unread(now, trouble),
        };
        self.told.allow("get");
        self.blind = false;
        match (self.doubt.take(), found) {
            (Some(doubt), Some(record)) if self.is_written(doubt, &record) => self.won(now, doubt, record),
            (_, found) => {
                let missed = self.sight(now, found);
                if missed && self.watching.is_open() {
                    self.watching.renew();
                }
                self.judge(now);
            }
        }
    }

    /// A read that failed is repeated: at once by a holder, whose time runs.
    fn unread(&mut self, now: Duration, trouble: LeaseTrouble) {
        self.note("get", trouble);
        self.blind = true;
        self.read_after = now + self.pause();
    }

    /// The answer to a write.
    pub(super) fn wrote(&mut self, now: Duration, answer: Result<LeaseRecord, LeaseTrouble>) {
        let Some(flight) = self.flight.take_if(|flight| flight.renewed.is_some()) else { return };
        let trouble = match answer {
            Ok(record) => {
                self.told.allow(flight.verb);
                return self.stands(now, flight, record);
            }
            Err(trouble) => trouble,
        };
        match &trouble {
            LeaseTrouble::Conflict => {
                self.blind = true;
                (self.read_after, self.write_after) = (now, now + self.soon());
                if flight.verb == "create" && self.until().is_some() {
                    self.lose(now, LostLease::Taken { holder: String::new() });
                }
            }
            LeaseTrouble::Gone => {
                let pause = self.pause();
                self.write_after = if flight.verb == "create" { now + pause } else { now };
                self.sight(now, None);
                self.judge(now);
            }
            LeaseTrouble::Unreachable(_) => {
                self.doubt = Some(flight);
                self.read_after = now;
            }
            LeaseTrouble::Forbidden(_) | LeaseTrouble::Other(_) => self.write_after = now + self.pause(),
        }
        self.note(flight.verb, trouble);
    }

    /// A write was answered with what stands now.
    fn stands(&mut self, now: Duration, flight: Flight, record: LeaseRecord) {
        if self.is_written(flight, &record) {
            return self.won(now, flight, record);
        }
        self.sight(now, Some(record));
        self.judge(now);
    }

    /// Whether a record is what a flight wrote.
    fn is_written(&self, flight: Flight, record: &LeaseRecord) -> bool {
        record.holder == self.candidate.identity && record.renewed == flight.renewed
    }

    /// A write of ours made us the holder, for a renew deadline from its start: others count from no earlier instant.
    fn won(&mut self, now: Duration, flight: Flight, record: LeaseRecord) {
        self.sight(now, Some(record));
        self.trouble = None;
        let until = flight.started + self.candidate.renew_deadline;
        let news = match self.role {
            Role::Leaving | Role::Gone => return,
            // It took too long to be of use; the Lease names us, so the next write comes at once.
            _ if until <= now => return,
            Role::Candidate => LeaseNews::Held { until, early: flight.early },
            Role::Holder { .. } => LeaseNews::Renewed { until },
        };
        self.role = Role::Holder { until };
        self.routine = flight.started + self.retry();
        self.told.leads();
        self.tell(news);
    }

    /// What the last sight of the Lease means.
    fn judge(&mut self, now: Duration) {
        match self.role {
            Role::Holder { .. } => self.judge_hold(now),
            Role::Candidate => {
                self.routine = now + self.rest();
                if let Some((record, changed)) =
                    self.seen.as_ref().and_then(|seen| Some((seen.record.as_ref()?, seen.changed)))
                {
                    for news in self.told.follow(&self.candidate, record, changed) {
                        self.tell(news);
                    }
                }
            }
            Role::Leaving | Role::Gone => {}
        }
    }

    /// A holder that sees the Lease absent or unchanged writes at once; absent, by a create, which fails if somebody
    /// else was faster.
    fn judge_hold(&mut self, now: Duration) {
        let why = match self.record() {
            Some(record) if record.holder.is_empty() => LostLease::Emptied,
            Some(record) if record.holder != self.candidate.identity => {
                LostLease::Taken { holder: record.holder.clone() }
            }
            _ => {
                self.routine = now;
                return;
            }
        };
        self.lose(now, why);
        self.judge(now);
    }

    /// The watch saw the Lease. A holder learns more from its own writes, and the sights of a lagging server are old.
    pub(super) fn watched(&mut self, now: Duration, found: Option<LeaseRecord>) {
        if self.role != Role::Candidate || !self.watching.is_open() {
            return;
        }
        self.told.allow("watch");
        self.watching.spoke();
        let old = |found: &LeaseRecord| self.record().is_some_and(|known| found.is_older_than(known));
        if !found.as_ref().is_some_and(old) {
            self.sight(now, found);
            self.judge(now);
        }
    }

    /// The watch ended; until the next one the Lease is polled.
    pub(super) fn watch_ended(&mut self, now: Duration, trouble: LeaseTrouble) {
        if !self.watching.is_open() {
            return;
        }
        self.watch_rests(now, matches!(trouble, LeaseTrouble::Forbidden(_)));
        self.routine = self.routine.min(now + self.retry());
        if let LeaseTrouble::Forbidden(_) = trouble {
            self.note("watch", trouble);
        }
    }

    /// How long what failed rests: a holder's time runs, a candidate's does not.
    fn pause(&mut self) -> Duration {
        match self.role {
            Role::Candidate => self.retry(),
            _ => self.soon(),
        }
    }

    /// Remembers a trouble, and tells of a missing right.
    fn note(&mut self, verb: &'static str, trouble: LeaseTrouble) {
        self.trouble = Some(match &trouble {
            LeaseTrouble::Conflict => "somebody else wrote to the Lease".to_owned(),
            LeaseTrouble::Gone => "there is no such Lease or namespace".to_owned(),
            LeaseTrouble::Forbidden(why) | LeaseTrouble::Unreachable(why) | LeaseTrouble::Other(why) => {
                format!("{verb}: {why}")
            }
        });
        if let LeaseTrouble::Forbidden(why) = trouble
            && let Some(news) = self.told.refuse(verb, why)
        {
            self.tell(news);
        }
    }
}
