//! The hold on a seat: from following, over the Lease and the stored state, to telling, and back.

use std::time::Duration;

use crate::alert::Fingerprint;
use crate::fact::{Fact, SeatFact};
use crate::limits::OPEN_UNSAVED_AFTER;
use crate::own::{LeaseNews, LostLease};
use crate::replica::station::Standby;
use crate::replica::telling::witnessed;
use crate::replica::{Effect, Replica, Task};
use crate::store::WriteId;
use crate::store::ledger::{Ledger, LedgerEffect, LedgerNews, Part};
use crate::time::Now;

/// Where this process stands with its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Somebody else serves the seat, or nobody.
    Follows,
    /// The seat is ours to take; its stored state is being read.
    Opens,
    /// This process tells.
    Holds,
    /// Another took the seat and there is no Lease by which it could come back: silent until the process ends.
    Fenced,
    /// Everything is settled; the last commit is on its way.
    Closes {
        /// When it is waited for no longer.
        by: Duration,
    },
    /// The end.
    Ended,
}

/// The hold on a seat and what belongs to it.
pub(crate) struct Tenure {
    pub(crate) hold: Hold,
    /// Until when the Lease lasts, if one decides.
    pub(crate) until: Option<Duration>,
    pub(crate) ledger: Option<Ledger>,
    /// Since when the hold is what it is.
    pub(crate) since: Duration,
    pub(crate) term: Option<u64>,
    /// Who serves the seat, as far as this process knows.
    pub(crate) holder: Option<String>,
    /// Since when the store refuses, and why.
    pub(crate) refused: Option<(Duration, String)>,
    /// Since when the store does not answer.
    pub(crate) unheard: Option<Duration>,
    /// Since when it is known that somebody else wrote the head, and not who.
    pub(crate) contested: Option<Duration>,
    /// Writes of earlier holds of this process have numbers up to this one: their answers say nothing to this hold.
    pub(crate) writes_before: u64,
    /// The number of the last write.
    pub(crate) last_write: u64,
    /// When the write of the head that is on its way, or was last, was issued.
    pub(crate) issued: Duration,
    /// Tries to read the snapshot of the Go program that are left, while it is awaited.
    pub(crate) reference: Option<u32>,
    /// The Lease was lost because the API server went away: this process alone says so, Lease or not.
    pub(crate) witness: bool,
}

impl std::fmt::Debug for Tenure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Tenure");
        shown
            .field("hold", &self.hold)
            .field("until", &self.until)
            .field("term", &self.term)
            .finish_non_exhaustive()
    }
}

impl Tenure {
    pub(crate) fn new(now: Duration) -> Tenure {
        Tenure {
            hold: Hold::Follows,
            until: None,
            ledger: None,
            since: now,
            term: None,
            holder: None,
            refused: None,
            unheard: None,
            contested: None,
            writes_before: 0,
            last_write: 0,
            issued: now,
            reference: None,
            witness: false,
        }
    }

    /// Begins where an earlier hold of this process ended.
    fn succeed(&mut self, before: &Tenure) {
        (self.writes_before, self.last_write) = (before.last_write, before.last_write);
    }

    /// The number of a ledger's write, in this process.
    fn number(&mut self, id: WriteId) -> WriteId {
        let id = WriteId(self.writes_before + id.0);
        self.last_write = self.last_write.max(id.0);
        id
    }

    /// The write of this hold's ledger that has this number; `None` if it is another hold's.
    pub(crate) fn own_write(&self, id: WriteId) -> Option<WriteId> {
        id.0.checked_sub(self.writes_before).filter(|own| *own > 0).map(WriteId)
    }

    /// Whether a send may begin now.
    pub(crate) fn may_send(&self, now: Duration) -> bool {
        self.hold == Hold::Holds && self.until.is_none_or(|until| now < until)
    }
}

/// Why a Lease was lost, for people.
fn words(why: &LostLease) -> String {
    match why {
        LostLease::Expired { because: Some(because) } => {
            format!("it could not be renewed in time: {because}")
        }
        LostLease::Expired { because: None } => "this process was paused for too long to renew it".to_owned(),
        LostLease::Taken { holder } if holder.is_empty() => "another holds it".to_owned(),
        LostLease::Taken { holder } => format!("{holder} holds it"),
        LostLease::Emptied => "another let go of it in our name".to_owned(),
    }
}

impl Replica {
    /// The first steps of a process: without an election it takes its seat at once.
    pub(super) fn begin(&mut self, now: Now) {
        if self.watches_when(Hold::Follows) {
            self.watch_all();
        }
        if self.station.election.is_none() {
            self.take_seat(now);
        }
    }

    /// Whether this process sees the cluster while it stands so with its seat: a follower that waits cold does not.
    fn watches_when(&self, hold: Hold) -> bool {
        self.station.election != Some(Standby::Cold) || hold != Hold::Follows
    }

    /// Begins where a replica of the same process ended that panicked.
    pub(super) fn take_over(&mut self, now: Now, before: &Replica) {
        self.tenure.succeed(&before.tenure);
        self.tenure.until = before.tenure.until;
        self.tenure.holder.clone_from(&before.tenure.holder);
        self.tenure.witness = before.tenure.witness;
        // The picture is lost with the predecessor: whoever watches begins anew.
        if self.watches_when(before.tenure.hold) {
            self.watch_all();
        }
        match before.tenure.hold {
            Hold::Opens | Hold::Holds => self.take_seat(now),
            Hold::Follows | Hold::Fenced | Hold::Closes { .. } | Hold::Ended => {
                self.tenure.hold = before.tenure.hold
            }
        }
    }

    pub(super) fn watch_all(&mut self) {
        let plan = self.watch_plan();
        self.effects.push_back(Effect::Watch(plan));
    }

    /// The seat is ours as far as the Lease goes: what is stored of it is read, and sealed against everybody else.
    fn take_seat(&mut self, now: Now) {
        self.set_hold(now, Hold::Opens);
        let jitter = self.next_jitter();
        let Some(mut keep) = self.station.keep.clone() else {
            self.set_hold(now, Hold::Holds);
            self.layouts.tells = true;
            self.fact(Fact::Seat(SeatFact::Held {
                seat: self.station.seat,
                term: None,
                alerts: 0,
                first: true,
            }));
            return self.open_gate(now);
        };
        // Every hold is another writer, also within one process.
        keep.claim.incarnation = format!("{}-{jitter:x}", keep.claim.incarnation);
        (keep.claim.seat, keep.claim.wish) = (self.station.seat.0, self.station.total);
        let mut ledger = Ledger::new(keep.claim, keep.pace, jitter);
        ledger.open(now);
        self.tenure.ledger = Some(ledger);
        self.agenda.set(Task::Unsaved, now.boot + OPEN_UNSAVED_AFTER);
        self.turn_ledger(now);
    }

    pub(super) fn set_hold(&mut self, now: Now, hold: Hold) {
        self.tenure.hold = hold;
        self.tenure.since = now.boot;
    }

    /// What the election says.
    pub(super) fn elected(&mut self, now: Now, news: LeaseNews) {
        match news {
            LeaseNews::Held { until, .. } => {
                self.tenure.until = Some(until);
                self.tenure.holder = Some(self.station.identity.clone());
                self.bear_witness(now, None);
                if self.tenure.hold == Hold::Follows {
                    if self.station.election == Some(Standby::Cold) {
                        self.watch_all();
                    }
                    self.take_seat(now);
                }
            }
            LeaseNews::Renewed { until } => self.tenure.until = Some(until),
            LeaseNews::Lost { why } => {
                let away = matches!(why, LostLease::Expired { because: Some(_) });
                let told = self.tenure.hold == Hold::Holds;
                self.fact(Fact::Seat(SeatFact::Lost { seat: self.station.seat, why: words(&why) }));
                self.step_down(now);
                if away && told {
                    self.tenure.witness = true;
                    self.bear_witness(now, Some(now.boot));
                }
            }
            LeaseNews::Follows { holder, .. } => {
                self.tenure.holder = Some(holder);
                self.bear_witness(now, None);
            }
            _ => {}
        }
    }

    /// Ends the hold: everything that belongs to it is forgotten, and the process follows like any other.
    pub(super) fn step_down(&mut self, now: Now) {
        if matches!(self.tenure.hold, Hold::Closes { .. } | Hold::Ended) {
            return;
        }
        let watched = self.tenure.hold != Hold::Follows || !self.picture.is_blank();
        let mut heir =
            Replica::blank(std::sync::Arc::clone(&self.settings), self.station.clone(), self.jitter, now);
        heir.look = self.look;
        heir.layouts.total = self.layouts.total;
        heir.next_attempt = self.next_attempt;
        heir.tenure.succeed(&self.tenure);
        heir.restored = self.restored;
        heir.quarantine = std::mem::take(&mut self.quarantine);
        heir.tenure.holder = self.tenure.holder.take();
        heir.effects = std::mem::take(&mut self.effects);
        heir.effects
            .retain(|effect| !matches!(effect, Effect::Send(..) | Effect::Write(..) | Effect::Read(..)));
        if let Some(by) = self.stopping {
            heir.stop(by);
        }
        let witnessed = self.hand_on_witness(&mut heir);
        *self = heir;
        self.all_changed(now, witnessed);
        match self.station.election {
            Some(Standby::Warm) => self.watch_all(),
            _ if watched => self.watch_nothing(),
            _ => {}
        }
    }

    /// What was said without the seat is ours to end until a ledger has it.
    fn hand_on_witness(&mut self, heir: &mut Replica) -> Option<Fingerprint> {
        let about = witnessed();
        let memory = self.memory_in_doubt();
        if self.is_durable() || !memory.open(about) {
            return None;
        }
        heir.tracker.restore(self.tracker.remove(about)?);
        for (sink, told) in memory.sinks(about) {
            heir.memory.set(about, sink, *told);
        }
        heir.tenure.witness = self.tenure.witness;
        Some(about)
    }

    fn watch_nothing(&mut self) {
        let plan = crate::replica::WatchPlan { kinds: Vec::new(), ..self.watch_plan() };
        self.effects.push_back(Effect::Watch(plan));
    }

    /// Lets the ledger work, and takes what it has to say.
    pub(super) fn turn_ledger(&mut self, now: Now) {
        let Some(ledger) = &mut self.tenure.ledger else { return };
        ledger.tick(now);
        while let Some(effect) = self.tenure.ledger.as_mut().and_then(Ledger::poll) {
            match effect {
                LedgerEffect::Read(parts) => self.effects.push_back(Effect::Read(self.station.seat, parts)),
                LedgerEffect::Write(id, write) => {
                    let id = self.tenure.number(id);
                    if write.part == Part::Head {
                        self.tenure.issued = now.boot;
                    }
                    self.effects.push_back(Effect::Write(self.station.seat, id, write));
                }
                LedgerEffect::SetAside(id, part, content) => {
                    let id = self.tenure.number(id);
                    self.effects.push_back(Effect::SetAside(self.station.seat, id, part, content));
                }
                LedgerEffect::News(news) => self.ledger_news(now, news),
            }
        }
        match self.tenure.ledger.as_ref().and_then(Ledger::deadline) {
            Some(at) => self.agenda.set(Task::Ledger, at.max(now.boot)),
            None => self.agenda.cancel(&Task::Ledger),
        }
    }

    fn ledger_news(&mut self, now: Now, news: LedgerNews) {
        match news {
            LedgerNews::Waiting { holder, .. } => self.leave_to(now, holder),
            LedgerNews::Opened { term, first, set_aside, .. } => self.opened(now, term, first, &set_aside),
            LedgerNews::Committed(seq) => {
                (self.tenure.unheard, self.tenure.contested) = (None, None);
                self.committed(now, seq);
            }
            LedgerNews::Fenced { term, by, released } => self.fenced(now, term, by, released),
            LedgerNews::Doubled { by } => self.hear_double(now, by),
            LedgerNews::Refused { part, why, text, .. } => {
                let words = format!("{part}: {}: {text}", why.label());
                self.fact(Fact::Seat(SeatFact::Refused { why: words.clone() }));
                // What is refused in the background delays no fact until the ring is full, and then the head is.
                if part == Part::Head {
                    self.tenure.refused.get_or_insert((now.boot, words));
                    self.watch_unsaved(now);
                }
            }
            LedgerNews::Unreachable { why } => {
                self.fact(Fact::Seat(SeatFact::Unheard { why }));
                self.tenure.unheard.get_or_insert(now.boot);
                self.watch_unsaved(now);
            }
            LedgerNews::Contested => {
                self.tenure.contested.get_or_insert(now.boot);
            }
            LedgerNews::Accepted { part } => {
                if part == Part::Head {
                    self.tenure.refused = None;
                }
                self.tenure.unheard = None;
                self.fact(Fact::Seat(SeatFact::Saved));
                self.observe_store(now);
            }
            LedgerNews::Unreadable { part, why } => {
                let why = format!("{}: {why}", part.suffix());
                self.fact(Fact::Seat(SeatFact::Unreadable { why: why.clone() }));
                self.tenure.refused.get_or_insert((now.boot, why));
                self.watch_unsaved(now);
            }
            LedgerNews::Overwritten { why } => self.fact(Fact::Seat(SeatFact::Mended { what: why })),
            LedgerNews::Bound { .. } => self.fact(Fact::Bound("facts that wait for a commit")),
            LedgerNews::TooLong { .. } => self.fact(Fact::Bound("bytes of a stored fact")),
            LedgerNews::Closed => self.end(),
        }
    }

    /// The store answers, and shows that an elected one lives: who has no Lease leaves the seat to it, also one that told
    /// already because nothing was heard.
    fn leave_to(&mut self, now: Now, holder: String) {
        (self.tenure.refused, self.tenure.unheard, self.tenure.contested) = (None, None, None);
        match self.tenure.hold {
            Hold::Holds => {
                let seat = self.station.seat;
                self.fact(Fact::Seat(SeatFact::Leaves { seat, holder: holder.clone() }));
                self.step_down(now);
                self.watch_all();
                self.take_seat(now);
            }
            _ => self.observe_store(now),
        }
        self.tenure.holder = Some(holder);
    }

    fn fenced(&mut self, now: Now, term: u64, by: String, released: bool) {
        self.fact(Fact::Seat(SeatFact::Fenced { seat: self.station.seat, term, by: by.clone() }));
        if matches!(self.tenure.hold, Hold::Closes { .. }) {
            return self.end();
        }
        self.step_down(now);
        self.tenure.holder = Some(by);
        match self.station.election {
            Some(_) => self.effects.push_back(Effect::Resign(self.station.seat)),
            // Nobody serves it: it was sealed because nothing was heard of this process.
            None if released => {
                self.watch_all();
                self.take_seat(now);
            }
            None => {
                self.set_hold(now, Hold::Fenced);
                self.agenda.set(Task::Layout, now.boot);
            }
        }
    }
}
