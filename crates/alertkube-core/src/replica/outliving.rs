//! What outlives a replica: its memory, at a stop, at a start, and after a panic.

use std::sync::Arc;
use std::time::Duration;

use crate::agenda::Agenda;
use crate::fact::Fact;
use crate::replica::{Effect, Input, Replica, Task};
use crate::store::{Records, WriteId};
use crate::time::Now;
use crate::watch::Key;

impl Replica {
    pub(super) fn loaded(&mut self, now: Now, records: Option<Records>) {
        if let Some(records) = records {
            self.fact(Fact::Restored { alerts: records.len() });
            records.read(&mut self.tracker, &mut self.memory, &self.settings, now);
            self.memory.clamp(now.stamp());
            self.restored = true;
            self.take_postures(now);
            self.end_orphans(now);
            self.observe_quarantine(now);
            let known: Vec<_> = self.tracker.iter().map(|(fingerprint, _)| fingerprint).collect();
            self.all_changed(now, known);
        }
        self.gate.loaded();
        self.try_open(now);
    }

    pub(super) fn stop(&mut self, by: Duration) {
        let by = self.stopping.map_or(by, |before| before.min(by));
        self.stopping = Some(by);
        self.agenda.set(Task::Stop, by);
    }

    pub(super) fn try_stop(&mut self, now: Now) {
        let Some(by) = self.stopping else { return };
        if !self.flights.is_empty() && now.boot < by {
            return;
        }
        let write = WriteId(0);
        self.stored = Some(write);
        self.agenda = Agenda::new();
        let records = Box::new(self.records(now));
        self.effects.push_back(Effect::Store(write, self.seat, records));
    }

    /// The memory as it stands. What is on its way may have arrived.
    fn records(&self, now: Now) -> Records {
        Records::write(&self.tracker, &self.memory_in_doubt(), &self.settings, now)
    }

    /// The successor, in the same process, of a replica that panicked on an input: with its memory, and without the
    /// object that the input was about. Its watches begin anew.
    pub fn rebuilt(&self, now: Now, without: Option<Key>) -> Replica {
        let mut heir = Replica::new(Arc::clone(&self.settings), self.jitter, now);
        heir.look = self.look;
        heir.started = self.started;
        heir.next_attempt = self.next_attempt;
        heir.quarantine = self.quarantine.clone();
        if let Some(key) = without {
            heir.quarantine.insert(key, format!("a {}", key.kind));
        }
        heir.handle(now, Input::Loaded(self.seat, Some(self.records(now))));
        // What stood at a first run is still to be told as one.
        heir.restored = self.restored || (self.gate.open() && self.stock.due().is_none());
        if let Some(by) = self.stopping {
            heir.handle(now, Input::Stop { by });
        }
        heir
    }
}
