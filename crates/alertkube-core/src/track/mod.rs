//! Stage 3, track: findings become alerts that live: pending, firing, resolving, over.

mod flap;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, Face, Fingerprint, Phase, Subject};
use crate::detect::{Condition, Finding, Rules};
use crate::settings::Settings;
use crate::severity::Severity;
use crate::table::Table;
use crate::time::{Now, Stamp};
use crate::watch::Uid;

pub(crate) use flap::Flaps;

/// What tracking needs to know besides the findings.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) settings: &'a Settings,
    pub(crate) rules: &'a Rules,
}

/// How much of a kind can be believed right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The picture is live.
    Live,
    /// The watch is lost: nothing ends.
    Lost,
    /// It has been lost for long: nothing begins either.
    Stale,
}

/// Every alert that is not forgotten.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    alerts: BTreeMap<Fingerprint, Alert>,
    /// A table: nearly every event asks it about an object that has none.
    by_object: Table<Uid, BTreeSet<Fingerprint>>,
    flaps: Flaps,
}

impl Tracker {
    pub(crate) fn get(&self, fingerprint: Fingerprint) -> Option<&Alert> {
        self.alerts.get(&fingerprint)
    }

    pub(crate) fn get_mut(&mut self, fingerprint: Fingerprint) -> Option<&mut Alert> {
        self.alerts.get_mut(&fingerprint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fingerprint, &Alert)> {
        self.alerts.iter().map(|(fingerprint, alert)| (*fingerprint, alert))
    }

    /// The alerts of one object.
    pub(crate) fn of_object(&self, id: Uid) -> impl Iterator<Item = Fingerprint> + '_ {
        self.by_object.get(&id).into_iter().flatten().copied()
    }

    pub(crate) fn flaps(&self) -> &Flaps {
        &self.flaps
    }

    /// Takes what holds for one object now; gives the alerts that it touched.
    pub(crate) fn observe(
        &mut self,
        context: Context<'_>,
        subject: &Arc<Subject>,
        findings: Vec<(&'static Condition, Finding)>,
    ) -> BTreeSet<Fingerprint> {
        let mut touched: BTreeSet<_> = self.of_object(subject.id).collect();
        let mut holding = BTreeSet::new();
        for (condition, finding) in findings {
            let fingerprint =
                Fingerprint::of(subject.kind, &subject.namespace, &subject.name, condition.reason);
            holding.insert(fingerprint);
            self.hold(context, fingerprint, subject, (condition, finding));
        }
        for fingerprint in touched.difference(&holding) {
            self.cease(context, *fingerprint, subject);
        }
        touched.append(&mut holding);
        touched
    }

    fn hold(
        &mut self,
        context: Context<'_>,
        fingerprint: Fingerprint,
        subject: &Arc<Subject>,
        (condition, finding): (&'static Condition, Finding),
    ) {
        let now = context.now.stamp();
        let alert = self
            .alerts
            .entry(fingerprint)
            .or_insert_with(|| newborn(context, fingerprint, subject, (condition, finding.clone())));
        move_index(&mut self.by_object, fingerprint, alert.subject.id, subject.id);
        let rule = context.rules.of(condition);
        alert.subject = Arc::clone(subject);
        match alert.phase {
            Phase::Pending { .. } => {
                let since = match finding.since {
                    Some(at) if finding.since != alert.finding.since => at.min(now),
                    _ => alert.since.min(now),
                };
                alert.since = if condition.since_moves { since.min(alert.since) } else { since };
                alert.phase = Phase::Pending { due: context.now.boot_at(alert.since.plus(rule.hold_for)) };
            }
            // The heir of a deleted object's name is news, even of an event.
            Phase::Over if condition.event.is_none() || alert.deleted => {
                alert.since = begun(&finding, now);
                alert.deleted = false;
                alert.phase = Phase::Pending { due: context.now.boot_at(alert.since.plus(rule.hold_for)) };
            }
            Phase::Resolving { .. } => alert.phase = Phase::Firing,
            Phase::Firing | Phase::Over => {}
        }
        alert.finding = finding;
        alert.severity = severity(context, alert, rule.severity);
    }

    fn cease(&mut self, context: Context<'_>, fingerprint: Fingerprint, subject: &Arc<Subject>) {
        let Some(alert) = self.alerts.get_mut(&fingerprint) else { return };
        alert.subject = Arc::clone(subject);
        match alert.phase {
            Phase::Pending { .. } => self.abandon(fingerprint),
            Phase::Firing if alert.condition.event.is_some() => alert.phase = Phase::Over,
            Phase::Firing => {
                let hold_down = context.rules.of(alert.condition).hold_down;
                let hold_down = self.flaps.stretch(fingerprint, context.now.stamp(), hold_down);
                alert.ended = Some(context.now.stamp());
                alert.phase = Phase::Resolving { until: context.now.boot + hold_down };
            }
            Phase::Resolving { .. } | Phase::Over => {}
        }
    }

    /// A pending alert that ceases was nothing, unless an earlier life of it has still to be told over.
    fn abandon(&mut self, fingerprint: Fingerprint) {
        let Some(alert) = self.alerts.get_mut(&fingerprint) else { return };
        if alert.ended.is_some() {
            alert.phase = Phase::Over;
        } else {
            self.remove(fingerprint);
        }
    }

    /// The object was deleted: its alerts are over at once. Gives the alerts that it touched.
    pub(crate) fn gone(&mut self, id: Uid, now: Now) -> BTreeSet<Fingerprint> {
        let touched: BTreeSet<_> = self.of_object(id).collect();
        for fingerprint in &touched {
            let Some(alert) = self.alerts.get_mut(fingerprint) else { continue };
            alert.deleted = true;
            match alert.phase {
                Phase::Pending { .. } => self.abandon(*fingerprint),
                Phase::Firing | Phase::Resolving { .. } => {
                    alert.ended =
                        Some(alert.ended.filter(|_| alert.phase != Phase::Firing).unwrap_or(now.stamp()));
                    alert.phase = Phase::Over;
                }
                Phase::Over => {}
            }
        }
        touched
    }

    /// Lets time pass for one alert; true when its phase changed.
    pub(crate) fn tick(&mut self, context: Context<'_>, fingerprint: Fingerprint, trust: Trust) -> bool {
        let Some(alert) = self.alerts.get_mut(&fingerprint) else { return false };
        match alert.phase {
            Phase::Pending { due } if due <= context.now.boot && trust != Trust::Stale => {
                alert.opened = context.now.stamp().max(alert.opened.plus(Duration::from_millis(1)));
                alert.ended = None;
                alert.phase = Phase::Firing;
                alert.flapping = self.flaps.fired(fingerprint, alert.opened);
                true
            }
            Phase::Resolving { until } if until <= context.now.boot && trust == Trust::Live => {
                alert.phase = Phase::Over;
                true
            }
            Phase::Pending { .. } | Phase::Resolving { .. } | Phase::Firing | Phase::Over => false,
        }
    }

    /// What stood when a first run began and has no time stamp of its own counts as having stood for long enough.
    pub(crate) fn presume(&mut self, fingerprint: Fingerprint, now: Now) {
        if let Some(alert) = self.alerts.get_mut(&fingerprint)
            && matches!(alert.phase, Phase::Pending { .. })
            && alert.finding.since.is_none()
        {
            alert.phase = Phase::Pending { due: now.boot };
        }
    }

    /// When the clock alone changes this alert.
    pub(crate) fn deadline(&self, fingerprint: Fingerprint) -> Option<Duration> {
        match self.alerts.get(&fingerprint)?.phase {
            Phase::Pending { due } => Some(due),
            Phase::Resolving { until } => Some(until),
            Phase::Firing | Phase::Over => None,
        }
    }

    pub(crate) fn remove(&mut self, fingerprint: Fingerprint) -> Option<Alert> {
        let alert = self.alerts.remove(&fingerprint)?;
        if let Some(set) = self.by_object.get_mut(&alert.subject.id) {
            set.remove(&fingerprint);
            if set.is_empty() {
                self.by_object.remove(&alert.subject.id);
            }
        }
        Some(alert)
    }

    /// Takes an alert out of a stored picture; what is alive already wins.
    pub(crate) fn restore(&mut self, alert: Alert) {
        if let Entry::Vacant(free) = self.alerts.entry(alert.fingerprint) {
            self.by_object.entry(alert.subject.id).or_default().insert(alert.fingerprint);
            free.insert(alert);
        }
    }

    /// The wall clock stepped by `step` milliseconds: what was measured on it is measured anew.
    pub(crate) fn retime(&mut self, context: Context<'_>, step: i64) {
        let now = context.now.stamp();
        for alert in self.alerts.values_mut() {
            alert.explained = alert.explained.map(|at| at.min(now));
            if !matches!(alert.phase, Phase::Pending { .. }) {
                continue;
            }
            alert.since = match alert.finding.since {
                Some(at) => at.min(now),
                None => Stamp::from_millis(alert.since.millis().saturating_add(step)),
            };
            let hold_for = context.rules.of(alert.condition).hold_for;
            alert.phase = Phase::Pending { due: context.now.boot_at(alert.since.plus(hold_for)) };
        }
    }

    /// Takes firings out of a stored picture.
    pub(crate) fn restore_flaps(&mut self, fingerprint: Fingerprint, times: Vec<Stamp>) {
        self.flaps.restore(fingerprint, times);
    }

    /// Forgets flaps that count no longer; gives those of whom nothing is left.
    pub(crate) fn sweep(&mut self, now: Stamp) -> Vec<Fingerprint> {
        self.flaps.sweep(now)
    }
}

fn newborn(
    context: Context<'_>,
    fingerprint: Fingerprint,
    subject: &Arc<Subject>,
    (condition, finding): (&'static Condition, Finding),
) -> Alert {
    let since = begun(&finding, context.now.stamp());
    Alert {
        fingerprint,
        condition,
        subject: Arc::clone(subject),
        severity: context.rules.of(condition).severity,
        since,
        phase: Phase::Pending { due: context.now.boot },
        opened: Stamp::default(),
        ended: None,
        deleted: false,
        flapping: false,
        explained: None,
        inherited: None,
        finding,
    }
}

/// Since when a finding holds. A stamp of the object's that lies ahead of us says that our calendar is behind: it holds
/// already, and to wait until our calendar gets there would be to tell late by that much.
fn begun(finding: &Finding, now: Stamp) -> Stamp {
    finding.since.map_or(now, |at| at.min(now))
}

fn severity(context: Context<'_>, alert: &Alert, default: Severity) -> Severity {
    let face = Face { alert, severity: default };
    let wish = context.settings.overrides.iter().find(|wish| wish.matcher.matches(&face));
    wish.map_or(default, |wish| wish.severity)
}

fn move_index(index: &mut Table<Uid, BTreeSet<Fingerprint>>, fingerprint: Fingerprint, from: Uid, to: Uid) {
    if from != to
        && let Some(set) = index.get_mut(&from)
    {
        set.remove(&fingerprint);
        if set.is_empty() {
            index.remove(&from);
        }
    }
    index.entry(to).or_default().insert(fingerprint);
}
