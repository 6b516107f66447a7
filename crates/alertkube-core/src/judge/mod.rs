//! Stage 7, judge: who holds an alert back at the moment of telling, by name. Resolves are never judged.

mod holders;
mod inhibit;

use std::time::Duration;

use crate::alert::{Alert, Face, Fingerprint};
use crate::fact::Suppressed;
use crate::limits::CAUSE_DEPTH_MAX;
use crate::relate::Relations;
use crate::route::route;
use crate::settings::Settings;
use crate::time::Stamp;

pub(crate) use holders::{Hold, Holders};
pub(crate) use inhibit::Inhibitors;

/// The annotation that silences an object until a time.
pub(crate) const SILENCE_ANNOTATION: &str = "alert-silence-until";

/// All that a judgement may look at.
#[derive(Clone, Copy)]
pub(crate) struct Court<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) relations: Relations<'a>,
    pub(crate) inhibitors: &'a Inhibitors,
    pub(crate) holders: &'a Holders,
}

/// An alert is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) by: Suppressed,
    /// Whose change lifts it.
    pub(crate) cause: Option<Fingerprint>,
    /// When time lifts it, on the boot clock.
    pub(crate) until: Option<Duration>,
}

/// Who explains an alert aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voice {
    /// What explains it.
    pub(crate) cause: Fingerprint,
    /// What is told: the cause itself or, where that is kept quiet, a cause of it.
    pub(crate) root: Fingerprint,
}

impl Court<'_> {
    /// Whether an alert that is due may be told now.
    pub(crate) fn judge(&self, alert: &Alert) -> Result<(), Held> {
        self.suppressed(alert)?;
        self.explained(alert)
    }

    /// Silences and inhibitions: what the user asked for.
    fn suppressed(&self, alert: &Alert) -> Result<(), Held> {
        if let Some(until) = self.silenced_until(alert) {
            return Err(Held {
                by: Suppressed::Silenced,
                cause: None,
                until: Some(self.relations.now.boot_at(until)),
            });
        }
        match self.inhibitors.source_of(self, alert) {
            Some((source, until)) => {
                Err(Held { by: Suppressed::Inhibited(source.to_string()), cause: Some(source), until })
            }
            None => Ok(()),
        }
    }

    fn silenced_until(&self, alert: &Alert) -> Option<Stamp> {
        let text = alert.subject.annotations.get(SILENCE_ANNOTATION)?;
        let until = Stamp::parse(text).filter(|_| self.settings.behavior.annotation_silences)?;
        (until > self.relations.now.stamp()).then_some(until)
    }

    /// An effect of something that is told, or about to be, is a line there; and it waits one `for` of its own after
    /// that ended.
    fn explained(&self, alert: &Alert) -> Result<(), Held> {
        if let Some(Voice { cause, root }) = self.voiced_cause(alert) {
            let until = |of| self.relations.tracker.get(of).and_then(|of| self.relations.pending_until(of));
            let until = [until(cause), until(root)].into_iter().flatten().min();
            return Err(Held { by: Suppressed::Explained(cause.to_string()), cause: Some(cause), until });
        }
        let Some(last) = alert.explained else { return Ok(()) };
        let until = last.plus(self.relations.rules.of(alert.condition).hold_for);
        if until <= self.relations.now.stamp() {
            return Ok(());
        }
        let until = self.relations.now.boot_at(until);
        Err(Held { by: Suppressed::Explained(String::new()), cause: None, until: Some(until) })
    }

    /// A cause that is not itself kept quiet by the user or routed nowhere: the one that the alert waits for already
    /// if it still stands, so that nothing is searched while nothing changes, else the best one. One that is only pending
    /// may come to nothing: it gives way to any that fires.
    pub(crate) fn voiced_cause(&self, alert: &Alert) -> Option<Voice> {
        let known = self.holders.causes_of(alert.fingerprint).find_map(|cause| {
            let cause = self.relations.tracker.get(cause)?;
            let is_cause = cause.stands() && self.relations.is_cause(alert, cause) && !self.quiet(cause);
            is_cause.then_some(Voice { cause: cause.fingerprint, root: cause.fingerprint })
        });
        known.or_else(|| self.voice_behind(alert, 0))
    }

    fn voice_behind(&self, alert: &Alert, depth: usize) -> Option<Voice> {
        if depth >= CAUSE_DEPTH_MAX {
            return None;
        }
        let causes = self.relations.causes(alert);
        causes.into_iter().find_map(|fingerprint| {
            let cause = self.relations.tracker.get(fingerprint)?;
            let root = match self.quiet(cause) {
                false => fingerprint,
                true => self.voice_behind(cause, depth + 1)?.root,
            };
            Some(Voice { cause: fingerprint, root })
        })
    }

    /// Whether the user keeps an alert from being told: silenced, inhibited or routed nowhere. It explains nothing.
    pub(crate) fn quiet(&self, alert: &Alert) -> bool {
        self.suppressed(alert).is_err() || self.unrouted(alert)
    }

    fn unrouted(&self, alert: &Alert) -> bool {
        let severity = self.relations.severity(alert);
        route(self.settings, &Face { alert, severity }).is_empty()
    }

    /// Whether an alert stands, or is pending within its time, so that it holds others back.
    fn holds_others(&self, alert: &Alert) -> Option<Option<Duration>> {
        match self.relations.pending_until(alert) {
            Some(until) => (until > self.relations.now.boot).then_some(Some(until)),
            None => alert.stands().then_some(None),
        }
    }
}
