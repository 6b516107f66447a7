//! What follows when an alert changes: it lives on, and whatever hangs on it is considered anew, soon but not within the
//! same call, so that one event stays one small step.

use crate::alert::{Alert, Fingerprint, Phase};
use crate::decide::{Told, is_news};
use crate::fact::Fact;
use crate::judge::Hold;
use crate::limits::OVER_MAX;
use crate::notification::SinkId;
use crate::replica::telling::about;
use crate::replica::{Effect, Replica, Task};
use crate::severity::Severity;
use crate::time::Now;
use crate::watch::Key;

/// All of an alert that others depend on: while it stays the same, none of them is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posture {
    phase: Phase,
    severity: Severity,
    /// Kept from being told by the user, so that it explains nothing.
    quiet: bool,
}

impl Posture {
    fn stands(self) -> bool {
        matches!(self.phase, Phase::Firing | Phase::Resolving { .. })
    }
}

impl Replica {
    /// Several alerts changed at once: they are filed first, so that each is judged beside all others, and the end of
    /// each is known to those that waited for it before these ask again.
    pub(super) fn all_changed(&mut self, now: Now, fingerprints: impl IntoIterator<Item = Fingerprint>) {
        let fingerprints: Vec<_> = fingerprints.into_iter().collect();
        for fingerprint in &fingerprints {
            self.refile(now, *fingerprint);
        }
        for fingerprint in &fingerprints {
            self.turn(now, *fingerprint);
        }
        for fingerprint in fingerprints {
            self.changed(now, fingerprint);
        }
    }

    /// An alert changed, or its time came: lets it live on, and wakes whatever hangs on it.
    pub(super) fn changed(&mut self, now: Now, fingerprint: Fingerprint) {
        self.agenda.cancel(&Task::Alert(fingerprint));
        self.step(now, fingerprint);
        self.refile(now, fingerprint);
        self.turn(now, fingerprint);
        self.consider(now, fingerprint);
        self.reap(now, fingerprint);
    }

    /// Has an alert considered anew in this call or the next.
    pub(super) fn soon(&mut self, now: Now, fingerprint: Fingerprint) {
        self.agenda.set_earlier(Task::Alert(fingerprint), now.boot);
    }

    /// Lets the clock change the alert's phase.
    pub(super) fn step(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint) else { return };
        let trust = self.picture.trust(alert.subject.watched, now.boot);
        let context = Self::context(&self.settings, &self.rules, now);
        self.tracker.tick(context, fingerprint, trust);
        // A phase that waits for its kind to be believed again is looked at when that is synced, not before.
        if let Some(at) = self.tracker.deadline(fingerprint).filter(|at| *at > now.boot) {
            self.agenda.set_earlier(Task::Alert(fingerprint), at);
        }
    }

    fn refile(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint) else {
            self.graph.forget(fingerprint);
            self.inhibitors.forget(fingerprint);
            self.holders.set(fingerprint, &[]);
            self.held.remove(&fingerprint);
            return;
        };
        self.graph.file(alert);
        // A target that is told already holds others back until it is itself inhibited.
        for target in self.inhibitors.file(&self.settings, fingerprint, alert) {
            if self.holders.holds_any(target) {
                self.soon(now, target);
            }
        }
    }

    /// Says what became of an alert, and wakes those that depend on it, if anything that matters to them changed.
    fn turn(&mut self, now: Now, fingerprint: Fingerprint) {
        let after = self.tracker.get(fingerprint).map(|alert| Posture {
            phase: alert.phase,
            severity: alert.severity,
            quiet: alert.phase != Phase::Over && self.court(now).quiet(alert),
        });
        let before = match after {
            Some(after) => self.postures.insert(fingerprint, after),
            None => self.postures.remove(&fingerprint),
        };
        if before == after {
            return;
        }
        self.unwritten.insert(fingerprint);
        let stood = before.is_some_and(Posture::stands);
        if let Some(alert) = self.tracker.get(fingerprint).filter(|alert| alert.stands() != stood) {
            let about = about(alert, alert.severity);
            match alert.condition.event {
                _ if !stood => self.effects.push_back(Effect::Fact(Fact::Fired(about))),
                None => self.effects.push_back(Effect::Fact(Fact::Ended(about))),
                Some(_) => {}
            }
        }
        let over = after.is_none_or(|after| after.phase == Phase::Over);
        self.wake(now, fingerprint, over);
        if !stood && after.is_some_and(Posture::stands) && self.holders.any_waits_for_pending() {
            self.explain(now, fingerprint);
        }
    }

    /// An alert stands now: what waits for a cause that is only pending may be explained by it, and is its line when it
    /// ends.
    fn explain(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint) else { return };
        let mut effects = self.relations(now).effects(alert);
        effects.retain(|effect| self.holders.waits_for_pending(*effect));
        for effect in effects {
            self.soon(now, effect);
        }
    }

    /// Alerts that this one holds back, and those that it lends its severity to, are considered anew.
    fn wake(&mut self, now: Now, fingerprint: Fingerprint, over: bool) {
        for (effect, hold) in self.holders.waiting_for(fingerprint) {
            if over
                && hold == Hold::Explains
                && let Some(alert) = self.tracker.get_mut(effect)
            {
                alert.explained = Some(now.stamp());
                self.unwritten.insert(effect);
            }
            self.soon(now, effect);
        }
        if let Some(alert) = self.tracker.get(fingerprint).filter(|alert| alert.condition.raises) {
            for cause in self.relations(now).causes(alert) {
                self.soon(now, cause);
            }
        }
    }

    /// Takes the postures of a stored picture as they are: nothing of it is news.
    pub(super) fn take_postures(&mut self, now: Now, restored: &[Fingerprint]) {
        for fingerprint in restored {
            self.refile(now, *fingerprint);
        }
        for fingerprint in restored {
            let Some(alert) = self.tracker.get(*fingerprint) else { continue };
            let quiet = alert.phase != Phase::Over && self.court(now).quiet(alert);
            let posture = Posture { phase: alert.phase, severity: alert.severity, quiet };
            self.postures.entry(*fingerprint).or_insert(posture);
        }
    }

    /// Forgets an alert that is over and of which no sink waits to hear.
    fn reap(&mut self, now: Now, fingerprint: Fingerprint) {
        let Some(alert) = self.tracker.get(fingerprint).filter(|alert| alert.phase == Phase::Over) else {
            return;
        };
        if self.lanes.iter().any(|lane| lane.flies(fingerprint)) {
            return;
        }
        let behavior = &self.settings.behavior;
        if let Some(span) = alert.condition.event {
            // A deleted object's event may still be told for a while, but its heir is another object.
            let kept = if alert.deleted { behavior.event_ttl } else { span.max(behavior.event_ttl) };
            let until = alert.opened.plus(kept);
            if until > now.stamp() && (!alert.deleted || is_news(behavior, alert, now.stamp())) {
                self.agenda.set_earlier(Task::Alert(fingerprint), now.boot_at(until));
                return;
            }
            // What has happened again meanwhile is news from now on.
            if let Some(kind) = alert.subject.watched {
                self.agenda.set(Task::Look(Key { kind, uid: alert.subject.id }), now.boot);
            }
            self.forget_told(fingerprint);
        } else if self.memory.open(fingerprint) {
            return;
        }
        self.remove(now, fingerprint);
    }

    fn forget_told(&mut self, fingerprint: Fingerprint) {
        let told: Vec<SinkId> = self.memory.sinks(fingerprint).map(|(sink, _)| sink).collect();
        for sink in told {
            self.memory.forget(fingerprint, sink);
        }
    }

    /// What a sink refused to hear, and need not hear any more, is no dead letter. What it was told before still counts.
    fn bury_letters(&mut self, fingerprint: Fingerprint) {
        let moot = |told: &Told| told.refused.is_some() && !told.open;
        let all = self.memory.sinks(fingerprint).map(|(sink, told)| (sink, *told));
        let moot: Vec<_> = all.filter(|(_, told)| moot(told)).collect();
        for (sink, told) in moot {
            if told.is_unheard() {
                self.memory.forget(fingerprint, sink);
            } else {
                self.memory.set(fingerprint, sink, Told { refused: None, ..told });
            }
        }
    }

    fn remove(&mut self, now: Now, fingerprint: Fingerprint) {
        self.bury_letters(fingerprint);
        self.tracker.remove(fingerprint);
        self.unwritten.insert(fingerprint);
        self.refile(now, fingerprint);
        self.postures.remove(&fingerprint);
        self.agenda.cancel(&Task::Alert(fingerprint));
        for lane in &mut self.lanes {
            lane.forget(fingerprint);
        }
    }

    /// A sink that is down for ever must not make what is over pile up for ever: the oldest ends are given up.
    pub(super) fn give_up_oldest_ends(&mut self, now: Now) {
        let over = |alert: &Alert| alert.phase == Phase::Over && alert.condition.event.is_none();
        let mut ended: Vec<_> = self
            .tracker
            .iter()
            .filter(|(_, alert)| over(alert))
            .map(|(fp, alert)| (alert.ended, fp))
            .collect();
        let Some(excess) = ended.len().checked_sub(OVER_MAX).filter(|excess| *excess > 0) else { return };
        ended.sort();
        self.fact(Fact::Bound("alerts that are over"));
        for (_, fingerprint) in ended.into_iter().take(excess) {
            self.forget_told(fingerprint);
            self.remove(now, fingerprint);
        }
    }
}
