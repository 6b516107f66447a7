//! Alerts by the places they are filed under: their object, their node, their owners.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, Fingerprint, Subject};
use crate::watch::Uid;

/// The kind whose objects others run on.
pub(super) const NODE: &str = "Node";

/// Under what an alert is filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    object: Uid,
    node: Box<str>,
    owners: Vec<Uid>,
    pub(super) is_node: bool,
    pub(super) raises: bool,
}

impl Place {
    pub(super) fn of(alert: &Alert) -> Place {
        let subject = &alert.subject;
        Place {
            object: subject.id,
            node: subject.node.clone(),
            owners: subject.owners.iter().map(|owner| owner.uid).collect(),
            is_node: subject.kind == NODE,
            raises: alert.condition.raises,
        }
    }
}

/// Alerts by place.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_object: BTreeMap<Uid, BTreeSet<Fingerprint>>,
    by_node: BTreeMap<Box<str>, BTreeSet<Fingerprint>>,
    pub(super) by_owner: BTreeMap<Uid, BTreeSet<Fingerprint>>,
}

impl Index {
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, place: &Place) {
        self.by_object.entry(place.object).or_default().insert(fingerprint);
        if !place.node.is_empty() {
            self.by_node.entry(place.node.clone()).or_default().insert(fingerprint);
        }
        for owner in &place.owners {
            self.by_owner.entry(*owner).or_default().insert(fingerprint);
        }
    }

    pub(super) fn remove(&mut self, fingerprint: Fingerprint, place: &Place) {
        take_out(&mut self.by_object, &place.object, fingerprint);
        take_out(&mut self.by_node, &place.node, fingerprint);
        for owner in &place.owners {
            take_out(&mut self.by_owner, owner, fingerprint);
        }
    }

    pub(super) fn of_object(&self, id: Uid) -> impl Iterator<Item = Fingerprint> + '_ {
        self.by_object.get(&id).into_iter().flatten().copied()
    }

    pub(super) fn on_node(&self, node: &str) -> impl Iterator<Item = Fingerprint> + '_ {
        self.by_node.get(node).into_iter().flatten().copied()
    }

    /// Every alert on the other end of one of the four edges of this subject.
    pub(super) fn around(&self, subject: &Subject) -> BTreeSet<Fingerprint> {
        let mut found: BTreeSet<_> = self.of_object(subject.id).collect();
        found.extend(self.by_owner.get(&subject.id).into_iter().flatten().copied());
        found.extend(subject.owners.iter().flat_map(|owner| self.of_object(owner.uid)));
        if subject.kind == NODE {
            found.extend(self.on_node(&subject.name));
        }
        found
    }
}

fn take_out<K: Ord + ?Sized, Q>(
    index: &mut BTreeMap<Q, BTreeSet<Fingerprint>>,
    key: &K,
    fingerprint: Fingerprint,
) where
    Q: Ord + std::borrow::Borrow<K>,
{
    if let Some(set) = index.get_mut(key) {
        set.remove(&fingerprint);
        if set.is_empty() {
            index.remove(key);
        }
    }
}
