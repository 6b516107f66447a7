//! Inhibition on level: a target is held while a source stands that agrees with it on the rule's fields.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::alert::{Alert, Face, Fingerprint};
use crate::judge::Court;
use crate::settings::{Inhibition, Settings};
use alertkube_lang::Subject;

/// For each inhibition of the settings, the alerts that match its source side.
#[derive(Debug, Default)]
pub(crate) struct Inhibitors(Vec<BTreeSet<Fingerprint>>);

impl Inhibitors {
    pub(crate) fn new(settings: &Settings) -> Inhibitors {
        Inhibitors(vec![BTreeSet::new(); settings.inhibitions.len()])
    }

    /// Files an alert under the rules whose source it matches.
    pub(crate) fn file(&mut self, settings: &Settings, fingerprint: Fingerprint, alert: &Alert) {
        for (sources, rule) in self.0.iter_mut().zip(&settings.inhibitions) {
            if rule.source.matches(&face(alert)) {
                sources.insert(fingerprint);
            } else {
                sources.remove(&fingerprint);
            }
        }
    }

    pub(crate) fn forget(&mut self, fingerprint: Fingerprint) {
        for sources in &mut self.0 {
            sources.remove(&fingerprint);
        }
    }

    /// A source that holds this alert, and until when at most if it is only pending.
    pub(crate) fn source_of(
        &self,
        court: &Court<'_>,
        target: &Alert,
    ) -> Option<(Fingerprint, Option<Duration>)> {
        let own = target.fingerprint();
        let rules = self.0.iter().zip(&court.settings.inhibitions);
        let matching = rules.filter(|(_, rule)| rule.target.matches(&face(target)));
        matching.into_iter().find_map(|(sources, rule)| {
            sources.iter().filter(|source| **source != own).find_map(|fingerprint| {
                let source = court.tracker.get(*fingerprint)?;
                let until = court.holds_others(source)?;
                holds(rule, source, target).then_some((*fingerprint, until))
            })
        })
    }
}

/// Two alerts that each match both sides do not inhibit each other.
fn holds(rule: &Inhibition, source: &Alert, target: &Alert) -> bool {
    let mutual = rule.target.matches(&face(source)) && rule.source.matches(&face(target));
    !mutual && rule.equal.iter().all(|key| value(source, key) == value(target, key))
}

fn value(alert: &Alert, key: &str) -> String {
    let face = face(alert);
    face.field(key).or_else(|| face.label(key)).unwrap_or_default().to_owned()
}

fn face(alert: &Alert) -> Face<'_> {
    Face { alert, severity: alert.severity }
}
