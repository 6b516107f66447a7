//! The elections: their own thread in each process, and the server's Leases.

use std::time::Duration;

use alertkube_core::{Input, LeaseEffect, LeaseInput, LeaseNews, LeaseTrouble, SeatId};

use super::clock::{At, SECOND};
use super::plan::Trap;
use super::world::{Event, World};

/// How long a request about the Lease may take.
const TRY: Duration = Duration::from_secs(5);
/// How long one who was fenced does not stand for the Lease.
const RESIGNED: Duration = Duration::from_secs(30);

impl World {
    /// The election of a process hears something, unless the process stands still.
    fn elect(&mut self, life: usize, input: LeaseInput) {
        if let Some(until) = self.asleep(life) {
            if let Some(candidacy) = &mut self.lives[life].candidacy {
                candidacy.mail.push_back(input);
                self.at(until, Event::Elect(life));
            }
            return;
        }
        let now = self.slots[self.lives[life].slot].clock.now(self.now);
        if let Some(candidacy) = &mut self.lives[life].candidacy {
            candidacy.election.handle(now, input);
            self.follow_election(life);
        }
    }

    /// It may be time for something.
    pub(super) fn elect_due(&mut self, life: usize) {
        if let Some(until) = self.asleep(life) {
            return self.at(until, Event::Elect(life));
        }
        let now = self.now;
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        let due = [candidacy.tick, candidacy.again].into_iter().flatten().any(|at| at <= now);
        if !due && candidacy.mail.is_empty() {
            return;
        }
        candidacy.tick = None;
        let waiting = std::mem::take(&mut candidacy.mail);
        // A thread that wakes looks at its clock first.
        self.elect(life, LeaseInput::Tick);
        for input in waiting {
            self.elect(life, input);
        }
        self.stand_again(life);
    }

    /// Does what the election asks.
    pub(super) fn follow_election(&mut self, life: usize) {
        while let Some(effect) =
            self.lives[life].candidacy.as_mut().and_then(|candidacy| candidacy.election.poll())
        {
            match effect {
                LeaseEffect::News(news) => self.news(life, news),
                LeaseEffect::Watch => self.watch_lease(life),
                LeaseEffect::Unwatch => {
                    if let Some(candidacy) = &mut self.lives[life].candidacy {
                        candidacy.watch = None;
                    }
                }
                request => {
                    let writes = !matches!(request, LeaseEffect::Read);
                    if writes && self.springs(life, Trap::BeforeLease) {
                        return;
                    }
                    self.ask_lease(life, request);
                }
            }
        }
        let slot = self.lives[life].slot;
        let Some(candidacy) = &self.lives[life].candidacy else { return };
        let deadline = candidacy.election.deadline();
        if candidacy.election.is_over() {
            return self.has_let_go(life);
        }
        let next = deadline.map(|at| self.slots[slot].clock.at(at).max(self.now + 1));
        if let Some(at) = next.filter(|at| candidacy.tick.is_none_or(|tick| tick > *at)) {
            if let Some(candidacy) = &mut self.lives[life].candidacy {
                candidacy.tick = Some(at);
            }
            self.at(at, Event::Elect(life));
        }
        self.oracle_leases(self.lives[life].slot);
    }

    fn news(&mut self, life: usize, news: LeaseNews) {
        if !matches!(news, LeaseNews::Renewed { .. }) {
            self.note(|| format!("{}: election: {news:?}", self.lives[life].name));
        }
        let seat = SeatId(self.slots[self.lives[life].slot].seat.seat);
        let wait = self.dice.below(2000);
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        candidacy.news = candidacy.news.max(self.now + wait);
        let at = candidacy.news;
        self.at(at, Event::Mail(life, Input::Lease(seat, news)));
    }

    fn ask_lease(&mut self, life: usize, effect: LeaseEffect) {
        let (id, left) = (self.number(), self.now + self.dice.below(300));
        let given_up = self.now + self.span(life, TRY);
        let trouble = Err(LeaseTrouble::Unreachable("no answer".to_owned()));
        let input = match effect {
            LeaseEffect::Read => LeaseInput::Read(trouble),
            _ => LeaseInput::Wrote(trouble.and(Err(LeaseTrouble::Unreachable("no answer".to_owned())))),
        };
        if let Some(candidacy) = &mut self.lives[life].candidacy {
            candidacy.waits = Some(id);
        }
        self.at(given_up, Event::LeaseAnswer { life, id, input });
        if self.is_cut(life) || self.fails(self.plan.lost) {
            return;
        }
        let late = self.fails(self.plan.late);
        let wait = if late { self.dice.below(60 * SECOND) } else { self.delay() };
        self.at(left + wait, Event::LeaseArrives { life, id, left, effect });
    }

    pub(super) fn lease_arrives(&mut self, (life, left): (usize, At), id: u64, effect: LeaseEffect) {
        if !self.lived(life, left) || self.now < self.away {
            return;
        }
        let seat = self.slots[self.lives[life].slot].seat.seat;
        let (input, changed) = self.server.lease(seat, &effect);
        if changed {
            self.spread_lease(seat);
            if self.is_alive(life) && self.springs(life, Trap::AfterLease) {
                return;
            }
        }
        if !self.is_cut(life) && !self.fails(self.plan.unanswered) {
            let at = self.now + self.delay();
            self.at(at, Event::LeaseAnswer { life, id, input });
        }
    }

    pub(super) fn lease_answer(&mut self, life: usize, id: u64, input: LeaseInput) {
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        if candidacy.waits == Some(id) {
            candidacy.waits = None;
            self.elect(life, input);
        }
    }

    fn watch_lease(&mut self, life: usize) {
        let (id, words) = (self.number(), self.now);
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        (candidacy.watch, candidacy.words) = (Some(id), words);
        let seat = self.slots[self.lives[life].slot].seat.seat;
        if self.is_cut(life) {
            let ended = LeaseInput::WatchEnded(LeaseTrouble::Unreachable("connection refused".to_owned()));
            return self.say_lease(life, ended);
        }
        if let Some(lease) = self.server.leases.get(&seat).cloned() {
            self.say_lease(life, LeaseInput::Watched(Some(lease)));
        }
    }

    /// Whoever watches the Lease of a seat sees it as it is now.
    pub(super) fn spread_lease(&mut self, seat: u32) {
        let lease = self.server.leases.get(&seat).cloned();
        for life in 0..self.lives.len() {
            let of_seat = self.slots[self.lives[life].slot].seat.seat == seat;
            if of_seat && self.is_alive(life) && !self.is_cut(life) {
                self.say_lease(life, LeaseInput::Watched(lease.clone()));
            }
        }
    }

    /// The watch of the Lease breaks.
    pub(super) fn cut_lease_watch(&mut self, life: usize) {
        self.say_lease(life, LeaseInput::WatchEnded(LeaseTrouble::Unreachable("cut".to_owned())));
    }

    fn say_lease(&mut self, life: usize, input: LeaseInput) {
        let at = self.now + self.delay();
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        let Some(watch) = candidacy.watch else { return };
        candidacy.words = candidacy.words.max(at);
        let at = candidacy.words;
        self.at(at, Event::LeaseWord { life, watch, input });
    }

    pub(super) fn lease_word(&mut self, life: usize, watch: u64, input: LeaseInput) {
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        if candidacy.watch != Some(watch) {
            return;
        }
        if matches!(input, LeaseInput::WatchEnded(_)) {
            candidacy.watch = None;
        }
        self.elect(life, input);
    }

    /// Another took the seat without the Lease: it is given back, and stood for again later.
    pub(super) fn resign(&mut self, life: usize) {
        self.note(|| format!("{} resigns", self.lives[life].name));
        if let Some(candidacy) = &mut self.lives[life].candidacy {
            candidacy.resigned = true;
            self.elect(life, LeaseInput::Release);
        }
    }

    /// The process ends: the Lease is given back for good.
    pub(super) fn release(&mut self, life: usize) {
        if let Some(candidacy) = &mut self.lives[life].candidacy {
            candidacy.resigned = false;
            self.elect(life, LeaseInput::Release);
        }
    }

    fn has_let_go(&mut self, life: usize) {
        let rest = self.span(life, RESIGNED);
        let now = self.now;
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        if !candidacy.resigned {
            return self.at(now, Event::Kill(life));
        }
        if candidacy.again.is_none() {
            candidacy.again = Some(now + rest);
            self.at(now + rest, Event::Elect(life));
        }
    }

    fn stand_again(&mut self, life: usize) {
        let now = self.slots[self.lives[life].slot].clock.now(self.now);
        let world = self.now;
        let Some(candidacy) = &mut self.lives[life].candidacy else { return };
        if candidacy.again.is_some_and(|at| at <= world) {
            candidacy.anew(now);
            self.follow_election(life);
        }
    }

    /// Looks who believes to hold the Lease of a slot's seat.
    fn oracle_leases(&mut self, slot: usize) {
        let seat = self.slots[slot].seat.seat;
        let believes = |life: &usize| {
            let state = &self.lives[*life];
            let slot = &self.slots[state.slot];
            let until = state.candidacy.as_ref().and_then(|candidacy| candidacy.election.until());
            slot.seat.seat == seat && until.is_some_and(|until| slot.clock.boot(self.now) < until)
        };
        let living = self.slots.iter().filter_map(|slot| slot.life);
        let believers = living.filter(believes).count();
        if believers > 1 {
            self.oracle.two_leases();
        }
    }
}
