//! The beginning: the gate opens, and what already stood is told in one message.

use std::time::Duration;

use crate::alert::Fingerprint;
use crate::decide::Told;
use crate::fact::Fact;
use crate::group::digests;
use crate::limits::FIRST_RUN_RECENT;
use crate::notification::{Action, Digest, SinkClass, SinkId};
use crate::replica::telling::Verdict;
use crate::replica::{Replica, Task};
use crate::settings::FirstRun;
use crate::settle::Job;
use crate::severity::Severity;
use crate::time::Now;

impl Replica {
    /// Opens the gate if it is time, and considers everything.
    pub(super) fn try_open(&mut self, now: Now) {
        if !self.gate.try_open(&self.picture, now.boot) {
            return;
        }
        self.agenda.cancel(&Task::Gate);
        let missing = self.picture.kinds().filter(|kind| !self.picture.ever(*kind)).collect();
        self.fact(Fact::GateOpened { missing });
        self.take_up_digests(now);
        let known: Vec<_> = self.tracker.iter().map(|(fingerprint, _)| fingerprint).collect();
        let grace = self.started + self.settings.behavior.startup_grace;
        self.stock_up(now, known.iter().copied(), grace);
        self.all_changed(now, known);
    }

    /// What stands of a part of the cluster that is seen for the first time, and by a first run, is left to a digest.
    pub(super) fn stock_up(
        &mut self,
        now: Now,
        standing: impl IntoIterator<Item = Fingerprint>,
        grace: Duration,
    ) {
        if !self.restored && self.settings.behavior.first_run != FirstRun::All {
            let due = self.stock.open(standing, grace.max(now.boot));
            self.agenda.set(Task::Digest, due);
        }
    }

    /// Makes the digests of a first run, or takes what stood as told.
    pub(super) fn make_digests(&mut self, now: Now) {
        let standing = self.stock.close();
        for fingerprint in &standing {
            self.tracker.presume(*fingerprint, now);
            self.step(now, *fingerprint);
        }
        let sinks = (0..self.settings.sinks.len()).map(SinkId);
        for sink in sinks {
            let due = standing.iter().filter_map(|fp| match self.verdict(now, *fp, sink) {
                Verdict::Tell(Action::First, severity) => Some((severity, *fp)),
                _ => None,
            });
            let due: Vec<_> = due.collect();
            match (self.settings.behavior.first_run, self.settings.sink(sink).class) {
                (FirstRun::Silent, _) => self.take_as_told(now, sink, due),
                (_, SinkClass::Keyed) => self.open_recent(now, sink, due),
                _ if due.len() > 1 => self.queue_digests(sink, due),
                _ => {}
            }
        }
        // Whoever comes after us is no first run, also where nothing stood: what begins in between is news.
        if let Some(ledger) = &mut self.tenure.ledger {
            ledger.beat();
        }
        self.all_changed(now, standing);
    }

    fn queue_digests(&mut self, sink: SinkId, due: Vec<(Severity, Fingerprint)>) {
        let worst = due.iter().map(|(severity, _)| *severity).max().unwrap_or(Severity::Info);
        for members in digests(due) {
            self.lanes[sink.0].push(worst, Job::digest(members, Digest::Standing));
        }
    }

    /// A keyed sink opens incidents only for what is critical and recent; the rest is taken as told.
    fn open_recent(&mut self, now: Now, sink: SinkId, due: Vec<(Severity, Fingerprint)>) {
        let (_, old): (Vec<_>, Vec<_>) = due.into_iter().partition(|(severity, fingerprint)| {
            let since = self.tracker.get(*fingerprint).map(|alert| now.stamp().since(alert.since));
            *severity == Severity::Critical && since.is_some_and(|since| since < FIRST_RUN_RECENT)
        });
        self.take_as_told(now, sink, old);
    }

    fn take_as_told(&mut self, now: Now, sink: SinkId, alerts: Vec<(Severity, Fingerprint)>) {
        for (severity, fingerprint) in alerts {
            let Some(alert) = self.tracker.get(fingerprint) else { continue };
            let open = alert.condition.event.is_none();
            let told = Told { at: now.stamp(), open, silent: true, ..Told::nothing(alert.opened, severity) };
            self.memory.set(fingerprint, sink, told);
        }
    }
}
