//! What is told while the store does not take it: late, counted, and said.

use std::time::Duration;

use crate::detect::Finding;
use crate::fact::{Fact, SeatFact};
use crate::limits::{OPEN_UNHEARD_AFTER, OPEN_UNSAVED_AFTER, UNSAVED_AFTER, UNSAVED_CRITICAL_AFTER};
use crate::replica::layout::coverage::shard_name;
use crate::replica::tenure::Hold;
use crate::replica::{Replica, Task};
use crate::time::Now;

impl Replica {
    /// The store began to refuse, or goes on refusing.
    pub(super) fn watch_unsaved(&mut self, now: Now) {
        self.agenda.set_earlier(Task::Unsaved, now.boot + UNSAVED_CRITICAL_AFTER);
        self.observe_store(now);
    }

    /// Tells without a commit what has waited for one for too long, as long as the seat itself is safe. Who stops leaves
    /// it to its successor, which could not know that it was told: an uninstallation takes the rights before it ends the
    /// pods.
    pub(super) fn unsaved(&mut self, now: Now) {
        if self.stopping.is_some() {
            return;
        }
        if self.tenure.hold == Hold::Opens {
            return self.open_unsaved(now);
        }
        let Some(since) = self.gives_up_saving_since() else { return };
        // Once a refusal has lasted, whatever comes after leaves at once. A store that does not answer is asked first, each
        // time: who hears of no successor may have one.
        let first = if self.tenure.refused.is_some() { Duration::ZERO } else { UNSAVED_CRITICAL_AFTER };
        let due = |(begun, critical): (Duration, bool)| {
            (begun + first).max(since + if critical { UNSAVED_CRITICAL_AFTER } else { UNSAVED_AFTER })
        };
        let (mut late, mut next) = (Vec::new(), None);
        for (attempt, patience) in self.waiting() {
            let at = due(patience);
            if at <= now.boot {
                late.push(attempt);
            } else {
                next = Some(next.map_or(at, |next: Duration| next.min(at)));
            }
        }
        for attempt in late {
            self.launch_undurably(now, attempt);
        }
        let next = next.unwrap_or(now.boot + UNSAVED_CRITICAL_AFTER);
        self.agenda.set(Task::Unsaved, next);
    }

    /// Since when nothing can be saved though nobody else may have the seat. A holder of a Lease that does not hear the
    /// store waits: it may not hear of its successor either. Without a Lease, whoever knows that another wrote the head is
    /// where a start is that hears nothing.
    fn gives_up_saving_since(&self) -> Option<Duration> {
        let refused = self.tenure.refused.as_ref().map(|(since, _)| *since);
        let unheard = self.tenure.unheard.filter(|_| self.station.election.is_none());
        let contested = self.tenure.contested.map(|at| at + OPEN_UNHEARD_AFTER);
        let unheard = unheard.map(|since| contested.map_or(since, |until| since.max(until)));
        refused.into_iter().chain(unheard).min()
    }

    /// A start whose state cannot be read does not stay silent for ever.
    fn open_unsaved(&mut self, now: Now) {
        let after = match (&self.tenure.refused, self.tenure.unheard, self.station.election) {
            (Some((since, _)), _, _) => *since + OPEN_UNSAVED_AFTER,
            (None, Some(since), None) => since + OPEN_UNHEARD_AFTER,
            _ => {
                self.agenda.set(Task::Unsaved, now.boot + UNSAVED_AFTER);
                return;
            }
        };
        if now.boot < after {
            self.agenda.set(Task::Unsaved, after);
            return;
        }
        self.set_hold(now, Hold::Holds);
        self.layouts.tells = true;
        self.fact(Fact::Seat(SeatFact::Held { seat: self.station.seat, term: None, alerts: 0, first: true }));
        self.observe_store(now);
        self.open_gate(now);
    }

    /// Looks at how the store is.
    pub(super) fn observe_store(&mut self, now: Now) {
        let finding = self.tenure.refused.as_ref().map(|(_, why)| Finding {
            since: None,
            until: None,
            shown: None,
            text: format!("what was told cannot be stored, so a restart may repeat it: {why}"),
            parts: Vec::new(),
        });
        // What it was called in another layout is over.
        let shard = shard_name(self.station.seat.0);
        let (name, other) = match self.layouts.total > 1 {
            true => (&*shard, "state"),
            false => ("state", &*shard),
        };
        self.observe_own(now, "AlertStateNotSaved", other, None);
        self.observe_own(now, "AlertStateNotSaved", name, finding);
    }

    /// The API server went away from the holder of the Lease, or is back.
    pub(super) fn bear_witness(&mut self, now: Now, since: Option<Duration>) {
        if since.is_none() && !std::mem::take(&mut self.tenure.witness) {
            return;
        }
        let identity = &self.station.identity;
        let finding = since.map(|since| {
            let text = format!(
                "the API server does not answer the replica {identity}, which has stopped telling; another may have \
                 taken over"
            );
            super::health::own_finding(now, since, text)
        });
        self.observe_own(now, "ApiServerUnreachable", "kube-apiserver", finding);
    }
}
