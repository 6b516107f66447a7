//! Taking over from the Go program: what it told is told, and its incidents are ended.

use std::sync::Arc;

use crate::alert::{Alert, Fingerprint, Phase, Subject};
use crate::decide::Told;
use crate::detect::{Finding, find_condition};
use crate::fact::{Fact, SeatFact};
use crate::limits::{REFERENCE_RETRY, REFERENCE_TRIES};
use crate::replica::{Effect, Replica, Task};
use crate::store::ledger::StoreTrouble;
use crate::store::reference::{ReferenceAlert, ReferenceSnapshot, read_reference};
use crate::time::{Now, Stamp};
use crate::watch::{Kind, Packed, Uid};

impl Replica {
    /// There was no state of ours: there may be one of the program that ran before.
    pub(super) fn await_reference(&mut self) {
        self.tenure.reference = Some(REFERENCE_TRIES);
        self.effects.push_back(Effect::ReadReference(self.station.seat));
    }

    /// The snapshot was read, or could not be.
    pub(super) fn reference(&mut self, now: Now, found: Result<Option<Vec<u8>>, StoreTrouble>) {
        let Some(left) = self.tenure.reference.take() else { return };
        match found.map(|found| found.map(|bytes| read_reference(&bytes, now.stamp()))) {
            Ok(None) => {}
            Ok(Some(Ok(snapshot))) => self.migrate(now, snapshot),
            Ok(Some(Err(why))) => self.fact(Fact::Seat(SeatFact::NotMigrated { why })),
            Err(StoreTrouble::Unknown(_) | StoreTrouble::Conflict) if left > 1 => {
                self.tenure.reference = Some(left - 1);
                self.agenda.set(Task::Reference, now.boot + REFERENCE_RETRY);
                return;
            }
            Err(trouble) => self.fact(Fact::Seat(SeatFact::NotMigrated { why: trouble.to_string() })),
        }
        self.open_gate(now);
    }

    fn migrate(&mut self, now: Now, snapshot: ReferenceSnapshot) {
        let out = snapshot.left_out;
        let left_out = out.kinds + out.reasons + out.severities + out.unreadable;
        let mut taken = Vec::new();
        for (fingerprint, known) in &snapshot.open {
            let told = snapshot.told.get(fingerprint).copied().unwrap_or(known.starts);
            if self.take_over_alert(now, *fingerprint, known, told) {
                taken.push(*fingerprint);
            }
        }
        self.fact(Fact::Seat(SeatFact::Migrated { alerts: taken.len(), left_out }));
        self.restored |= !taken.is_empty();
        self.take_postures(now, &taken);
        self.all_changed(now, taken);
    }

    /// Believes that every sink that the alert goes to now was told of it then.
    fn take_over_alert(
        &mut self,
        now: Now,
        fingerprint: Fingerprint,
        known: &ReferenceAlert,
        told: Stamp,
    ) -> bool {
        let Some(alert) = alert_of(fingerprint, known) else { return false };
        if !self.owns(&alert) {
            return false;
        }
        let severity = alert.severity;
        let sinks = self.sinks_of(&alert, severity);
        self.tracker.restore(alert);
        for sink in sinks {
            let told = Told {
                episode: known.starts,
                severity,
                at: told.min(now.stamp()),
                open: true,
                doubt: false,
                doubted: false,
                closing: false,
                again: None,
                silent: false,
                refused: None,
            };
            self.memory.set(fingerprint, sink, told);
        }
        true
    }
}

/// The alert as ours. The snapshot has no uid: until the object is seen the fingerprint stands in for it, and an object
/// that no list names is gone.
fn alert_of(fingerprint: Fingerprint, known: &ReferenceAlert) -> Option<Alert> {
    let condition = find_condition(known.kind, known.reason)?;
    let subject = Subject {
        id: Uid(fingerprint.bits().into()),
        watched: Kind::ALL.iter().find(|kind| kind.name == condition.kind).map(|kind| kind.id),
        kind: condition.kind,
        namespace: known.namespace.as_str().into(),
        name: known.name.as_str().into(),
        node: known.node.as_str().into(),
        owners: Vec::new(),
        labels: Packed::of(known.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
        annotations: Packed::default(),
    };
    let text = known.summary.clone();
    Some(Alert {
        fingerprint,
        condition,
        subject: Arc::new(subject),
        finding: Finding { since: None, until: None, shown: None, text, parts: Vec::new() },
        severity: known.severity,
        since: known.starts,
        phase: Phase::Firing,
        opened: known.starts,
        ended: None,
        deleted: false,
        flapping: false,
        explained: None,
    })
}
