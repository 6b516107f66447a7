//! Taking over from the Go program: what it told is told, and its incidents are ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::{Alert, Fingerprint, Inherited, Phase, Subject};
use crate::decide::Told;
use crate::detect::{Finding, INHERITED};
use crate::fact::{Fact, SeatFact};
use crate::limits::{REFERENCE_RETRY, REFERENCE_TRIES};
use crate::notification::SinkId;
use crate::replica::{Effect, Replica, Task};
use crate::severity::Severity;
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
        let mut taken = Vec::new();
        for (fingerprint, known) in &snapshot.open {
            let alert = alert_of(*fingerprint, known, now);
            let sinks = self.sinks_of(&alert, alert.severity);
            let told = snapshot.told.get(fingerprint).copied().unwrap_or(known.starts);
            taken.extend(self.inherit(alert, &sinks, told.min(now.stamp())));
        }
        let pending = self.take_over_pending(now, &snapshot, &mut taken);
        self.keep_mutes(now, &snapshot, &taken);
        let out = snapshot.left_out;
        let is_unseen = |fingerprint: &&Fingerprint| {
            self.tracker.get(**fingerprint).is_some_and(|alert| alert.condition.reason == INHERITED.reason)
        };
        self.fact(Fact::Seat(SeatFact::Migrated {
            alerts: taken.len(),
            unseen: taken.iter().filter(is_unseen).count(),
            pending,
            silences: snapshot.silences,
            left_out: out.severities + out.unreadable,
        }));
        self.restored |= !taken.is_empty();
        self.take_postures(now, &taken);
        self.all_changed(now, taken);
    }

    /// Takes an alert over, and believes that these sinks were told of it then; `None` if another seat answers for it.
    fn inherit(&mut self, alert: Alert, sinks: &[SinkId], told: Stamp) -> Option<Fingerprint> {
        if !self.owns(&alert) {
            return None;
        }
        let (fingerprint, severity, episode) = (alert.fingerprint, alert.severity, alert.opened);
        self.tracker.restore(alert);
        for sink in sinks {
            let told = Told { at: told, open: true, ..Told::nothing(episode, severity) };
            self.memory.set(fingerprint, *sink, told);
        }
        Some(fingerprint)
    }

    /// What had been accepted and not seen delivered may have arrived or not: it is told once more.
    fn take_over_pending(
        &mut self,
        now: Now,
        snapshot: &ReferenceSnapshot,
        taken: &mut Vec<Fingerprint>,
    ) -> usize {
        let by_key: BTreeMap<&str, Fingerprint> =
            snapshot.open.iter().map(|(fingerprint, known)| (known.key.as_str(), *fingerprint)).collect();
        let mut count = 0;
        for message in &snapshot.pending {
            let open = by_key.get(message.alert.key.as_str()).copied();
            // What fired again after its end was accepted stands, and that is what counts.
            if message.resolved && open.is_some() {
                continue;
            }
            let fingerprint = open.unwrap_or(message.fingerprint);
            let mut alert = alert_of(fingerprint, &message.alert, now);
            let mut sinks: Vec<_> =
                message.sinks.iter().filter_map(|name| self.settings.sink_named(name)).collect();
            if message.sinks.is_empty() {
                sinks = self.sinks_of(&alert, alert.severity);
            }
            if message.resolved {
                (alert.phase, alert.ended) = (Phase::Over, Some(now.stamp()));
            }
            if open.is_none() {
                taken.extend(self.inherit(alert, &sinks, message.alert.starts));
            }
            for sink in sinks.iter().filter(|_| !message.resolved) {
                if let Some(told) = self.memory.get(fingerprint, *sink).copied() {
                    self.memory.set(fingerprint, *sink, Told { doubt: true, doubted: true, ..told });
                }
            }
            count += 1;
        }
        count
    }

    /// What was told lately and was over is muted for as long as it would have been, also if it stands again by now. Of
    /// such an alert only the fingerprint is known, so the mute holds for every sink. What was `taken` over was told.
    fn keep_mutes(&mut self, now: Now, snapshot: &ReferenceSnapshot, taken: &[Fingerprint]) {
        let mute = self.settings.behavior.mute;
        let taken: BTreeSet<_> = taken.iter().collect();
        for (fingerprint, at) in &snapshot.told {
            if taken.contains(fingerprint) || at.plus(mute) <= now.stamp() {
                continue;
            }
            for sink in (0..self.settings.sinks.len()).map(SinkId) {
                let told = Told { at: *at, ..Told::nothing(*at, Severity::Info) };
                self.memory.set(*fingerprint, sink, told);
            }
        }
    }
}

/// The alert as ours. The snapshot has no uid: until the object is seen the fingerprint stands in for it, and an object
/// that no list names is gone.
///
/// What this build cannot see stands for as long as the Go program, hearing no more of it, would have believed.
fn alert_of(fingerprint: Fingerprint, known: &ReferenceAlert, now: Now) -> Alert {
    let condition = known.condition;
    let unseen = condition.reason == INHERITED.reason;
    let lapses = known.lapses.unwrap_or_default().max(now.stamp());
    let subject = Subject {
        id: Uid(fingerprint.bits().into()),
        watched: Kind::ALL.iter().find(|kind| kind.name == condition.kind).map(|kind| kind.id),
        kind: known.kind,
        namespace: known.namespace.as_str().into(),
        name: known.name.as_str().into(),
        node: known.node.as_str().into(),
        owners: Vec::new(),
        labels: Packed::of(known.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
        annotations: Packed::default(),
    };
    let text = known.summary.clone();
    let key = Some(&known.key).filter(|key| **key != fingerprint.to_string());
    Alert {
        fingerprint,
        condition,
        subject: Arc::new(subject),
        finding: Finding { since: None, until: None, shown: None, text, parts: Vec::new() },
        severity: known.severity,
        since: known.starts,
        phase: if unseen { Phase::Resolving { until: now.boot_at(lapses) } } else { Phase::Firing },
        opened: known.starts,
        ended: unseen.then_some(lapses),
        deleted: false,
        flapping: false,
        explained: None,
        inherited: key.map(|key| Inherited { episode: known.starts, key: key.as_str().into() }),
    }
}
