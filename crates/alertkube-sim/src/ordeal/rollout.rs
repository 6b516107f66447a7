//! Another number of shards: how its pods are replaced, and one that has another in its environment than the others.

use super::clock::{At, Clock, SECOND};
use super::life::Slot;
use super::plan::{CALM, Seat};
use super::world::{Event, World};

impl World {
    /// Shards that are new begin, those that are no more end, and the pods of the others are replaced one after the other,
    /// the highest first.
    pub(super) fn roll_out(&mut self, total: u32, (apart, rest): (At, At)) {
        self.shards = total;
        self.oracle.recut = true;
        let election = self.plan.seats[0].election;
        let copies = self.plan.seats.iter().filter(|seat| seat.seat == 0).count();
        for slot in 0..self.slots.len() {
            if self.slots[slot].seat.seat >= total && !self.slots[slot].closed {
                self.slots[slot].closed = true;
                if let Some(life) = self.living(slot) {
                    self.ask_to_stop(life, 0);
                }
            }
        }
        let open: Vec<usize> = (0..self.slots.len()).filter(|slot| !self.slots[*slot].closed).collect();
        for seat in 0..total {
            if open.iter().any(|slot| self.slots[*slot].seat.seat == seat) {
                continue;
            }
            if election.is_none() {
                self.oracle.unelected(seat);
            }
            for _ in 0..copies {
                let clock = Clock::drawn(&mut self.dice, self.plan.rates);
                let name = format!("alertkube-{}", self.slots.len());
                self.slots.push(Slot::new(Seat { seat, total, election }, clock, name));
                let at = self.now + self.dice.below(3 * SECOND);
                self.at(at, Event::Start(self.slots.len() - 1));
            }
        }
        let mut order = open;
        order.sort_by_key(|slot| std::cmp::Reverse(self.slots[*slot].seat.seat));
        for (place, slot) in order.into_iter().enumerate() {
            self.at(self.now + apart * place as u64, Event::Replace { slot, rest });
        }
    }

    /// The next process of a slot has the number of shards that everybody is to have.
    pub(super) fn replace(&mut self, slot: usize, rest: At) {
        if self.slots[slot].closed || self.slots[slot].seat.total == self.shards {
            return;
        }
        self.slots[slot].seat.total = self.shards;
        if let Some(life) = self.living(slot) {
            self.ask_to_stop(life, rest);
        }
    }

    /// A pod begins again with a number of shards of its own, until it is replaced.
    pub(super) fn stray(&mut self, slot: usize, total: u32, span: At) {
        if self.slots[slot].closed || self.slots[slot].seat.total == total {
            return;
        }
        self.slots[slot].seat.total = total;
        self.oracle.recut = true;
        if let Some(life) = self.living(slot) {
            self.crash(life, SECOND, false);
        }
        self.at((self.now + span).min(CALM), Event::Replace { slot, rest: SECOND });
    }
}
