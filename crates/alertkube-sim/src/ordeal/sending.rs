//! Messages: from the commit of their intent over the first byte to the sink, and the answer back.

use std::time::Duration;

use alertkube_core::{Input, Verdict, Why};

use super::clock::{At, SECOND};
use super::life::Flown;
use super::message::Sender;
use super::plan::{Mood, Trap};
use super::world::{Event, Send, World};

/// How long one try at a sink may take.
const TRY: Duration = Duration::from_secs(10);

/// Who heard of the store this long ago cannot know what is in it: half of a replica's patience before it tells without.
const DEAF_AFTER: At = SECOND;

/// What becomes of a request: when it arrives, and what its sender hears when.
struct Course {
    arrives: Option<At>,
    answer: Option<(At, Verdict)>,
}

impl World {
    /// A replica sends: the connection is made, and the gate is asked when it takes the body.
    pub(super) fn set_off(&mut self, life: usize, send: Send) {
        let slow = self.dice.chance(20);
        let wait = if slow { self.dice.below(4 * SECOND) } else { self.dice.between(50, 5000) };
        self.lives[life].flights.insert(send.attempt, Flown { sink: send.sink, message: None, known: true });
        // A teller that panicked is as good as dead: what it had on its way is not its heir's.
        let flights = self.lives[life].flights.values().filter(|flown| flown.sink == send.sink);
        let unsettled = flights.filter(|flown| flown.known).count();
        self.oracle.window(send.sink, unsettled);
        self.at(self.now + wait, Event::FirstByte { life, send: Box::new(send) });
    }

    pub(super) fn first_byte(&mut self, life: usize, send: Box<Send>) {
        if !self.is_alive(life) {
            return;
        }
        if let Some(until) = self.asleep(life) {
            return self.at(until, Event::FirstByte { life, send });
        }
        let slot = &self.slots[self.lives[life].slot];
        let boot = slot.clock.boot(self.now);
        let held = self.lives[life].candidacy.as_ref().and_then(|candidacy| candidacy.election.until());
        let leased = !send.within.leased || held.is_some_and(|until| boot < until);
        let known = self.lives[life].flights.get(&send.attempt).is_some_and(|flown| flown.known);
        if boot >= send.within.begin || !leased || !known {
            self.note(|| format!("{}: attempt {} is late", self.lives[life].name, send.attempt.0));
            return self.at(self.now, Event::Mail(life, Input::Replied(send.attempt, Verdict::Late)));
        }
        let message = self.depart(life, &send);
        let until = slot_until(&self.slots[self.lives[life].slot].clock, boot, send.within.end);
        let course = self.course(life, send.sink, until);
        if let Some(at) = course.arrives {
            self.at(at, Event::Arrive(message));
        }
        if self.springs(life, Trap::AfterSend) {
            return;
        }
        if let Some((at, verdict)) = course.answer {
            self.at(at, Event::Mail(life, Input::Replied(send.attempt, verdict)));
        }
    }

    /// A message leaves its process.
    fn depart(&mut self, life: usize, send: &Send) -> usize {
        let state = &self.lives[life];
        let seat = self.slots[state.slot].seat;
        // What it goes by is not what it wishes.
        let total = self.status(life).map_or(seat.total, |status| status.seat.total);
        let made = state.made.get(&send.said.delivery).copied().unwrap_or(0);
        let sender = Sender {
            life,
            seat: (seat.seat, total),
            elected: seat.election.is_some(),
            term: state.term,
            hold: state.holds,
            committed: state.heads.saved(made),
            undurable: send.undurable,
            unsealed: state.unsealed,
            deaf: seat.election.is_none() && state.heard + DEAF_AFTER < self.now,
            in_force: self.server.term(seat.seat),
        };
        self.note(|| {
            let reports = send.said.reports.iter();
            let about: Vec<_> = reports.map(|r| format!("{} {} {}", r.reason, r.name, r.episode)).collect();
            let (action, delivery) = (send.said.action.as_str(), &send.said.delivery);
            format!("{} sends to {}: {action} {delivery} {about:?}", self.lives[life].name, send.sink)
        });
        let saved = |life: usize, heads: u64| self.lives[life].heads.saved(heads);
        let message = self.oracle.departs(self.now, sender, (send.sink, &send.said), &saved);
        if let Some(flight) = self.lives[life].flights.get_mut(&send.attempt) {
            flight.message = Some(message);
        }
        message
    }

    fn course(&mut self, life: usize, sink: usize, until: At) -> Course {
        let (mood, lasts) = self.sinks[sink];
        let mood = if self.now < lasts { mood } else { Mood::Up };
        let there = self.now + self.delay();
        let back = there + self.delay();
        let retry = |why, after, in_doubt| Verdict::Retry { why, after, in_doubt };
        let broken = retry(Why::Unreachable, None, true);
        let cut = self.now < self.slots[self.lives[life].slot].cut_sinks;
        let (arrives, answer) = match mood {
            _ if cut && self.dice.chance(300) => (None, Some((back, broken))),
            _ if cut => (None, Some((back, retry(Why::Unreachable, None, false)))),
            Mood::Up => (Some(there), Some((back, Verdict::Done))),
            Mood::Down => (None, Some((back, retry(Why::Unreachable, None, false)))),
            Mood::Slow(seconds) => (Some(there), Some((back + seconds * SECOND, Verdict::Done))),
            Mood::Swallows => (Some(there), Some((back, broken))),
            Mood::Drops => (None, Some((back, broken))),
            Mood::Throttles => {
                let after = Some(Duration::from_secs(self.dice.between(1, 20)));
                (None, Some((back, retry(Why::Throttled, after, false))))
            }
            Mood::Fails => (None, Some((back, retry(Why::ServerError, None, false)))),
            Mood::Rejects => (None, Some((back, Verdict::Reject(Why::Refused)))),
            // Late enough to surprise, and not so late that no second word about the end could be later.
            Mood::Late(seconds) => (Some(until + self.dice.below(seconds.min(12) * SECOND)), None),
        };
        let in_time = answer.filter(|(at, _)| *at < until);
        Course { arrives, answer: Some(in_time.unwrap_or((until, retry(Why::Timeout, None, true)))) }
    }

    /// A message reaches its sink, which takes it.
    pub(super) fn arrive(&mut self, message: usize) {
        self.note(|| format!("message {message} arrives"));
        self.oracle.arrives(self.now, message);
    }
}

/// Until when an answer is waited for, on the world's clock.
fn slot_until(clock: &super::clock::Clock, boot: Duration, end: Duration) -> At {
    clock.at((boot + TRY).min(end))
}
