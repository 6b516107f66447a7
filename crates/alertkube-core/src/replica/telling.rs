//! The telling half of the replica: per alert and sink, when something is due, never at ingest.

use std::collections::BTreeSet;

use crate::alert::{Alert, Face, Fingerprint, Phase};
use crate::decide::{Decision, decide};
use crate::fact::{About, Fact, Suppressed};
use crate::judge::{Held, Hold, Voice};
use crate::notification::{Action, SinkId};
use crate::own::OWN_KIND;
use crate::replica::tenure::Hold as SeatHold;
use crate::replica::{Replica, Task};
use crate::route::{around, route};
use crate::settle::{Job, Tenor};
use crate::severity::Severity;
use crate::time::Now;

impl Replica {
    /// Queues whatever is due of an alert now, and notes what it waits for and when to look again.
    pub(super) fn consider(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint) else { return };
        if !self.may_tell(alert) || self.stopping.is_some() {
            return self.note_causes(now, fingerprint, true, Vec::new());
        }
        let severity = self.relations(now).severity(alert);
        let routed = self.sinks_of(alert, severity);
        let mut reasons = BTreeSet::new();
        if routed.is_empty() && matches!(alert.phase, Phase::Firing) {
            reasons.insert(Suppressed::Unrouted);
        }
        let told = self.memory.sinks(fingerprint).map(|(sink, _)| sink);
        let sinks: BTreeSet<SinkId> = routed.iter().copied().chain(told).collect();
        let mut holds = Vec::new();
        for sink in sinks {
            match self.verdict(now, fingerprint, sink) {
                Verdict::Tell(action, _) => self.queue(fingerprint, sink, (action, severity)),
                Verdict::Forget => self.memory.forget(fingerprint, sink),
                Verdict::Held(held) => {
                    if let Some(until) = held.until {
                        self.agenda.set_earlier(Task::Alert(fingerprint), until.max(now.boot));
                    }
                    if let (Suppressed::Inhibited(_), Some(source)) = (&held.by, held.cause) {
                        holds.push((source, Hold::Inhibits));
                    }
                    reasons.insert(held.by);
                }
                Verdict::Wait(at) => self.agenda.set_earlier(Task::Alert(fingerprint), at),
                Verdict::Nothing => {}
            }
        }
        self.note_causes(now, fingerprint, !reasons.is_empty(), holds);
        self.note_held(fingerprint, severity, reasons.into_iter().next());
    }

    fn queue(&mut self, fingerprint: Fingerprint, sink: SinkId, (action, severity): (Action, Severity)) {
        let mut job = Job::one(fingerprint, Tenor::of(action));
        job.in_doubt = self.memory.get(fingerprint, sink).is_some_and(|told| told.doubt);
        self.lanes[sink.0].queue(severity, job);
    }

    /// Notes whose change lets an alert that is pending or held be told. Whatever keeps it back now, a cause that ends
    /// meanwhile makes it wait one `for` more.
    fn note_causes(
        &mut self,
        now: Now,
        fingerprint: Fingerprint,
        held: bool,
        mut holds: Vec<(Fingerprint, Hold)>,
    ) {
        let Some(alert) = self.tracker.get(fingerprint) else { return };
        let waits = held || matches!(alert.phase, Phase::Pending { .. });
        if waits && let Some(Voice { cause, root }) = self.court(now).voiced_cause(alert) {
            let hold = |of: Fingerprint| match self.tracker.get(of).is_some_and(Alert::stands) {
                true => (of, Hold::Explains),
                false => (of, Hold::MayExplain),
            };
            holds.extend([hold(cause), hold(root)]);
        }
        self.holders.set(fingerprint, &holds);
    }

    /// Says once, and again when it changes, why an alert that is due is not told.
    fn note_held(&mut self, fingerprint: Fingerprint, severity: Severity, by: Option<Suppressed>) {
        let before = self.held.get(&fingerprint);
        if before == by.as_ref() {
            return;
        }
        match by {
            None => {
                self.held.remove(&fingerprint);
            }
            Some(by) => {
                self.held.insert(fingerprint, by.clone());
                if let Some(alert) = self.tracker.get(fingerprint) {
                    let about = about(alert, severity);
                    self.fact(Fact::Held { about, by });
                }
            }
        }
    }

    /// Whether this process tells of an alert at all now: it holds the seat, and the picture is complete unless the
    /// alert is about ourselves. A former holder that lost sight of the API server still says that.
    fn may_tell(&self, alert: &Alert) -> bool {
        let own = alert.subject.kind == OWN_KIND;
        match self.tenure.hold {
            SeatHold::Holds => self.layouts.tells && (self.gate.open() || own),
            _ => own && alert.condition.reason == WITNESSED && self.may_witness(),
        }
    }

    /// Whether there is something that is told without holding the seat: that the API server went away from its holder,
    /// and that it is back.
    pub(super) fn may_witness(&self) -> bool {
        self.tenure.hold != SeatHold::Holds && (self.tenure.witness || self.memory.open(witnessed()))
    }

    pub(super) fn sinks_of(&self, alert: &Alert, severity: Severity) -> Vec<SinkId> {
        let sinks = route(&self.settings, &Face { alert, severity });
        if alert.condition.reason == "SinkFailing" && alert.subject.kind == OWN_KIND {
            return around(&self.settings, sinks, &alert.subject.name);
        }
        sinks.to_vec()
    }

    /// What is due of an alert at a sink now: route, group, judge, own and decide in one.
    pub(super) fn verdict(&self, now: Now, fingerprint: Fingerprint, sink: SinkId) -> Verdict {
        let Some(alert) = self.tracker.get(fingerprint) else { return Verdict::Nothing };
        let severity = self.relations(now).severity(alert);
        let told = self.memory.get(fingerprint, sink);
        let behavior = &self.settings.behavior;
        match decide(behavior, alert, severity, told, now.stamp()) {
            Decision::Tell(Action::Resolved) => Verdict::Tell(Action::Resolved, severity),
            Decision::Tell(action) => match self.held_back(now, fingerprint, alert) {
                Some(held) => Verdict::Held(held),
                None if self.sinks_of(alert, severity).contains(&sink) => Verdict::Tell(action, severity),
                None => Verdict::Nothing,
            },
            Decision::Drop => Verdict::Forget,
            Decision::Muted(at) => {
                Verdict::Held(Held { by: Suppressed::Muted, cause: None, until: Some(now.boot_at(at)) })
            }
            Decision::Wait(at) => Verdict::Wait(now.boot_at(at)),
            Decision::Nothing => Verdict::Nothing,
        }
    }

    fn held_back(&self, now: Now, fingerprint: Fingerprint, alert: &Alert) -> Option<Held> {
        if !self.owns(alert) {
            return Some(Held { by: Suppressed::Foreign, cause: None, until: None });
        }
        if self.stock.keeps(fingerprint) {
            return Some(Held { by: Suppressed::Startup, cause: None, until: self.stock.due() });
        }
        self.court(now).judge(alert).err()
    }
}

/// What the last holder of a Lease may say without it.
const WITNESSED: &str = "ApiServerUnreachable";

/// The alert that may be told without the seat.
pub(super) fn witnessed() -> Fingerprint {
    Fingerprint::of(OWN_KIND, "", "kube-apiserver", WITNESSED)
}

/// What is due of an alert at a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Tell(Action, Severity),
    /// The end of something that was never said aloud.
    Forget,
    Held(Held),
    Wait(std::time::Duration),
    Nothing,
}

/// Names an alert in a fact.
pub(super) fn about(alert: &Alert, severity: Severity) -> About {
    About {
        fingerprint: alert.fingerprint.to_string(),
        kind: alert.subject.kind,
        namespace: alert.subject.namespace.to_string(),
        name: alert.subject.name.to_string(),
        reason: alert.condition.reason,
        severity,
    }
}
