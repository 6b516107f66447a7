//! Inhibition on level: a target is held while a source stands that agrees with it on the rule's fields.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::{Alert, Face, Fingerprint, Phase};
use crate::judge::Court;
use crate::relate::visits;
use crate::settings::{Inhibition, Settings};
use alertkube_lang::Subject;

/// What the two sides must agree on: a rule of the settings, and the values of its `equal` fields.
type Key = (usize, Vec<String>);

/// Which sides of a rule an alert matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Source,
    Target,
    /// Two alerts that each match both sides do not inhibit each other.
    Both,
}

/// The alerts that match a rule and agree on its fields, by side.
type Group = BTreeMap<Side, BTreeSet<Fingerprint>>;

/// Every alert that is not over, under the rules that it matches.
#[derive(Debug, Default)]
pub(crate) struct Inhibitors {
    groups: BTreeMap<Key, Group>,
    filed: BTreeMap<Fingerprint, Vec<(Key, Side)>>,
}

impl Inhibitors {
    /// Files an alert under the rules that it matches; gives the targets for which it is the first source.
    pub(crate) fn file(
        &mut self,
        settings: &Settings,
        fingerprint: Fingerprint,
        alert: &Alert,
    ) -> Vec<Fingerprint> {
        if settings.inhibitions.is_empty() {
            return Vec::new();
        }
        let rules = settings.inhibitions.iter().enumerate().filter(|_| alert.phase != Phase::Over);
        let places: Vec<(Key, Side)> = rules
            .filter_map(|(index, rule)| Some(((index, values(rule, alert)), side(rule, alert)?)))
            .collect();
        if self.filed.get(&fingerprint).map_or(&[][..], Vec::as_slice) == places {
            return Vec::new();
        }
        self.forget(fingerprint);
        let mut onsets = Vec::new();
        for (key, side) in &places {
            let group = self.groups.entry(key.clone()).or_default();
            let set = group.entry(*side).or_default();
            set.insert(fingerprint);
            if set.len() == 1 && *side != Side::Target {
                onsets.extend(members(group, Side::Target).chain(members(group, Side::Both)));
            }
        }
        if !places.is_empty() {
            self.filed.insert(fingerprint, places);
        }
        onsets.retain(|target| *target != fingerprint);
        onsets
    }

    pub(crate) fn forget(&mut self, fingerprint: Fingerprint) {
        for (key, side) in self.filed.remove(&fingerprint).unwrap_or_default() {
            let Some(group) = self.groups.get_mut(&key) else { continue };
            if let Some(set) = group.get_mut(&side) {
                set.remove(&fingerprint);
                if set.is_empty() {
                    group.remove(&side);
                }
            }
            if group.is_empty() {
                self.groups.remove(&key);
            }
        }
    }

    /// A source that holds this alert, and until when at most if it is only pending.
    pub(crate) fn source_of(
        &self,
        court: &Court<'_>,
        target: &Alert,
    ) -> Option<(Fingerprint, Option<Duration>)> {
        let rules = court.settings.inhibitions.iter().enumerate();
        rules.into_iter().find_map(|(index, rule)| {
            let sides: &[Side] = match side(rule, target)? {
                Side::Target => &[Side::Source, Side::Both],
                Side::Both => &[Side::Source],
                Side::Source => return None,
            };
            let group = self.groups.get(&(index, values(rule, target)))?;
            sides.iter().flat_map(|side| members(group, *side)).find_map(|source| {
                visits::count();
                let until = court.holds_others(court.relations.tracker.get(source)?)?;
                Some((source, until))
            })
        })
    }
}

fn members(group: &Group, side: Side) -> impl Iterator<Item = Fingerprint> + '_ {
    group.get(&side).into_iter().flatten().copied()
}

fn side(rule: &Inhibition, alert: &Alert) -> Option<Side> {
    let face = Face { alert, severity: alert.severity };
    match (rule.source.matches(&face), rule.target.matches(&face)) {
        (true, true) => Some(Side::Both),
        (true, false) => Some(Side::Source),
        (false, true) => Some(Side::Target),
        (false, false) => None,
    }
}

fn values(rule: &Inhibition, alert: &Alert) -> Vec<String> {
    let face = Face { alert, severity: alert.severity };
    let value = |key: &String| face.field(key).or_else(|| face.label(key)).unwrap_or_default().to_owned();
    rule.equal.iter().map(value).collect()
}
