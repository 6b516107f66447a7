//! The end of a process: what flies is settled, the rest is committed, and the seat is given back.

use std::time::Duration;

use crate::agenda::Agenda;
use crate::limits::CLOSE_WITHIN;
use crate::replica::tenure::Hold;
use crate::replica::{Effect, Replica, Task};
use crate::time::Now;

impl Replica {
    /// Everything is settled: the last commit, and the seat is given back.
    pub(super) fn close(&mut self, now: Now) {
        match (self.tenure.hold, &mut self.tenure.ledger) {
            (Hold::Holds, Some(ledger)) => {
                ledger.close(now, true);
                self.set_hold(now, Hold::Closes { by: now.boot + CLOSE_WITHIN });
                self.agenda = Agenda::new();
                self.agenda.set(Task::Stop, now.boot + CLOSE_WITHIN);
                self.turn_ledger(now);
            }
            _ => self.end(),
        }
    }

    pub(super) fn end(&mut self) {
        if self.tenure.hold == Hold::Ended {
            return;
        }
        self.tenure.hold = Hold::Ended;
        self.tenure.ledger = None;
        self.agenda = Agenda::new();
        self.effects.push_back(Effect::Stopped);
    }

    pub(super) fn try_stop(&mut self, now: Now) {
        match (self.tenure.hold, self.stopping) {
            (Hold::Ended, _) | (_, None) => {}
            (Hold::Closes { by }, _) if now.boot >= by => self.end(),
            (Hold::Closes { .. }, _) => {}
            (_, Some(by)) if self.flights.is_empty() || now.boot >= by => self.close(now),
            _ => {}
        }
    }

    pub(super) fn stop(&mut self, by: Duration) {
        let by = self.stopping.map_or(by, |before| before.min(by));
        self.stopping = Some(by);
        self.agenda.set(Task::Stop, by);
        // What is about to leave waits for its commit, and a successor for all of it.
        if let Some(ledger) = &mut self.tenure.ledger {
            ledger.hurry();
        }
    }
}
