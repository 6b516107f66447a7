//! The telling half of the replica: per alert and sink, when something is due, never at ingest.

use std::collections::BTreeSet;

use crate::alert::{Alert, Face, Fingerprint, Phase};
use crate::decide::{Decision, Told, decide};
use crate::fact::{About, Fact, Suppressed};
use crate::judge::Held;
use crate::limits::{FIRST_RUN_RECENT, REFUSED_RETRY};
use crate::notification::{Action, SinkClass, SinkId};
use crate::own::seat_of;
use crate::replica::health::OWN_KIND;
use crate::replica::{Replica, Task};
use crate::route::{around, route};
use crate::settings::FirstRun;
use crate::settle::Job;
use crate::severity::Severity;
use crate::time::Now;

impl Replica {
    /// An alert changed, or its time came: lets it live on, and whatever hangs on it.
    pub(super) fn changed(&mut self, now: Now, fingerprint: Fingerprint) {
        self.agenda.cancel(&Task::Alert(fingerprint));
        let stood = self.tracker.get(fingerprint).is_some_and(|alert| alert.stands());
        self.step(now, fingerprint);
        self.refile(fingerprint);
        self.consider(now, fingerprint);
        let stands = self.tracker.get(fingerprint).is_some_and(|alert| alert.stands());
        self.wake(now, fingerprint, stands || stood);
        self.reap(now, fingerprint);
    }

    /// Lets the clock change the alert's phase, and says so.
    fn step(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint) else { return };
        let trust = self.picture.trust(alert.subject.watched, now.boot);
        let context = Self::context(&self.settings, &self.rules, now);
        if self.tracker.tick(context, fingerprint, trust)
            && let Some(alert) = self.tracker.get(fingerprint)
        {
            let about = about(alert, alert.severity);
            let fact = if alert.stands() { Fact::Fired(about) } else { Fact::Ended(about) };
            self.effects.push_back(super::Effect::Fact(fact));
        }
        // A phase that waits for its kind to be believed again is looked at when that is synced, not before.
        if let Some(at) = self.tracker.deadline(fingerprint).filter(|at| *at > now.boot) {
            self.agenda.set_earlier(Task::Alert(fingerprint), at);
        }
    }

    fn refile(&mut self, fingerprint: Fingerprint) {
        match self.tracker.get(fingerprint) {
            Some(alert) => {
                self.graph.file(fingerprint, &alert.subject);
                self.inhibitors.file(&self.settings, fingerprint, alert);
            }
            None => {
                self.graph.forget(fingerprint);
                self.inhibitors.forget(fingerprint);
                self.held.remove(&fingerprint);
            }
        }
    }

    /// Alerts that this one held back, and the one it lends its severity to, are considered anew.
    fn wake(&mut self, now: Now, fingerprint: Fingerprint, explained: bool) {
        let alert = self.tracker.get(fingerprint);
        let over = alert.is_none_or(|alert| alert.phase == Phase::Over);
        let lends = alert.is_some_and(|alert| alert.condition.raises);
        let mut woken = self.holders.remove(&fingerprint).unwrap_or_default();
        if over && explained {
            for effect in &woken {
                let by_us = matches!(self.held.get(effect), Some(Suppressed::Explained(_)));
                if let Some(alert) = self.tracker.get_mut(*effect).filter(|_| by_us) {
                    alert.explained = Some(now.stamp());
                }
            }
        }
        if lends && let Some(alert) = alert_of(&self.tracker, fingerprint) {
            woken.extend(self.graph.causes(&self.tracker, &self.rules, alert, now));
        }
        for effect in woken {
            self.consider(now, effect);
        }
    }

    /// Forgets an alert that is over and of which no sink waits to hear.
    fn reap(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint).filter(|alert| alert.phase == Phase::Over) else {
            return;
        };
        if let Some(span) = alert.condition.event {
            let until = alert.opened.plus(span.max(self.settings.behavior.event_ttl));
            if until > now.stamp() && !alert.deleted {
                self.agenda.set_earlier(Task::Alert(fingerprint), now.boot_at(until));
                return;
            }
            let told: Vec<SinkId> = self.memory.sinks(fingerprint).map(|(sink, _)| sink).collect();
            for sink in told {
                self.memory.forget(fingerprint, sink);
            }
        } else if self.memory.open(fingerprint) || self.in_flight(fingerprint) {
            return;
        }
        self.tracker.remove(fingerprint);
        self.refile(fingerprint);
        self.agenda.cancel(&Task::Alert(fingerprint));
    }

    /// Queues whatever is due of an alert now, and notes when to look again.
    pub(super) fn consider(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint) else { return };
        let own = alert.subject.kind == OWN_KIND;
        if !(self.gate.open() || own) || self.stopping.is_some() {
            return;
        }
        let severity = self.graph.severity(&self.tracker, &self.rules, alert, now);
        let routed = self.sinks_of(alert, severity);
        let pending = matches!(alert.phase, Phase::Pending { .. });
        if pending && let Some(cause) = self.court(now).voiced_cause(alert, 0) {
            self.holders.entry(cause).or_default().insert(fingerprint);
        }
        let mut reasons = BTreeSet::new();
        if routed.is_empty() && matches!(alert.phase, Phase::Firing) {
            reasons.insert(Suppressed::Unrouted);
        }
        let told = self.memory.sinks(fingerprint).map(|(sink, _)| sink);
        let sinks: BTreeSet<SinkId> = routed.iter().copied().chain(told).collect();
        for sink in sinks {
            match self.verdict(now, fingerprint, sink) {
                Verdict::Tell(..) => self.lanes[sink.0].queue(fingerprint, severity),
                Verdict::Forget => self.memory.forget(fingerprint, sink),
                Verdict::Held(held) => {
                    self.note_holder(now, fingerprint, &held);
                    reasons.insert(held.by);
                }
                Verdict::Wait(at) => self.agenda.set_earlier(Task::Alert(fingerprint), at),
                Verdict::Nothing => {}
            }
        }
        self.note_held(fingerprint, severity, reasons.into_iter().next());
    }

    fn note_holder(&mut self, now: Now, fingerprint: Fingerprint, held: &Held) {
        if let Some(cause) = held.cause {
            self.holders.entry(cause).or_default().insert(fingerprint);
        }
        if let Some(until) = held.until {
            self.agenda.set_earlier(Task::Alert(fingerprint), until.max(now.boot));
        }
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

    fn sinks_of(&self, alert: &Alert, severity: Severity) -> Vec<SinkId> {
        let sinks = route(&self.settings, &Face { alert, severity });
        if alert.condition.reason == "SinkFailing" && alert.subject.kind == OWN_KIND {
            return around(&self.settings, sinks, &alert.subject.name);
        }
        sinks.to_vec()
    }

    /// What is due of an alert at a sink now: route, group, judge, own and decide in one.
    pub(super) fn verdict(&self, now: Now, fingerprint: Fingerprint, sink: SinkId) -> Verdict {
        let Some(alert) = self.tracker.get(fingerprint) else { return Verdict::Nothing };
        let severity = self.graph.severity(&self.tracker, &self.rules, alert, now);
        let told = self.memory.get(fingerprint, sink);
        let behavior = &self.settings.behavior;
        match decide(behavior, alert, severity, told, now.stamp(), REFUSED_RETRY) {
            Decision::Tell(Action::Resolved) => Verdict::Tell(Action::Resolved, severity),
            Decision::Tell(action) => match self.held_back(now, fingerprint, alert, sink) {
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

    fn held_back(&self, now: Now, fingerprint: Fingerprint, alert: &Alert, sink: SinkId) -> Option<Held> {
        if seat_of(&alert.subject, SEATS) != self.seat {
            return Some(Held { by: Suppressed::Foreign, cause: None, until: None });
        }
        if self.stock.keeps(fingerprint, sink) {
            return Some(Held { by: Suppressed::Startup, cause: None, until: self.stock.due() });
        }
        self.court(now).judge(alert).err()
    }

    /// Opens the gate if it is time, and considers everything.
    pub(super) fn try_open(&mut self, now: Now) {
        if !self.gate.try_open(&self.picture, now.boot) {
            return;
        }
        self.agenda.cancel(&Task::Gate);
        let missing = self.picture.kinds().filter(|kind| !self.picture.ever(*kind)).collect();
        self.fact(Fact::GateOpened { missing });
        let known: BTreeSet<_> = self.tracker.iter().map(|(fingerprint, _)| fingerprint).collect();
        let digest = !self.restored && self.settings.behavior.first_run != FirstRun::All;
        if digest {
            let due = (self.started + self.settings.behavior.startup_grace).max(now.boot);
            self.stock.open(known.clone(), due);
            self.agenda.set(Task::Digest, due);
        }
        for fingerprint in known {
            self.changed(now, fingerprint);
        }
    }

    /// Makes the digests of a first run, or takes what stood as told.
    pub(super) fn make_digests(&mut self, now: Now) {
        let standing = self.stock.close();
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
        for fingerprint in standing {
            self.changed(now, fingerprint);
        }
    }

    fn queue_digests(&mut self, sink: SinkId, due: Vec<(Severity, Fingerprint)>) {
        let worst = due.iter().map(|(severity, _)| *severity).max().unwrap_or(Severity::Info);
        for members in self.stock.digest(sink, due) {
            self.lanes[sink.0].push(worst, Job::digest(members));
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
            let told = Told {
                episode: alert.opened,
                severity,
                at: now.stamp(),
                open: alert.condition.event.is_none(),
                doubt: false,
                silent: true,
                refused: None,
            };
            self.memory.set(fingerprint, sink, told);
        }
    }
}

/// One seat until sharding comes.
const SEATS: u32 = 1;

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
        fingerprint: alert.fingerprint().to_string(),
        kind: alert.subject.kind,
        namespace: alert.subject.namespace.to_string(),
        name: alert.subject.name.to_string(),
        reason: alert.condition.reason,
        severity,
    }
}

fn alert_of(tracker: &crate::track::Tracker, fingerprint: Fingerprint) -> Option<&Alert> {
    tracker.get(fingerprint)
}
