//! The picture: which kinds can be believed, a row for every object, and the views of those that need another look.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alert::Subject;
use crate::limits::STALE_AFTER;
use crate::replica::KindStatus;
use crate::settings::Settings;
use crate::table::Table;
use crate::track::Trust;
use crate::watch::{Epoch, Key, Kind, KindId, LostWhy, Rows, Uid, View};

/// How the watch of one kind stands.
#[derive(Debug, Default)]
struct Watched {
    epoch: Epoch,
    /// A list from scratch is under way.
    listing: bool,
    /// It was synced at least once.
    ever: bool,
    lost: Option<(Duration, LostWhy)>,
    /// When anything was last heard of it.
    heard: Duration,
}

/// What the cluster looks like.
#[derive(Debug)]
pub(crate) struct Picture {
    kinds: BTreeMap<KindId, Watched>,
    rows: Rows,
    /// A table: nearly every event drops a view that was never kept.
    kept: Table<Key, Box<View>>,
}

impl Picture {
    pub(crate) fn new(settings: &Settings) -> Picture {
        let watched = Kind::ALL.iter().filter(|kind| kind.namespaced || settings.namespace.is_none());
        Picture {
            kinds: watched.map(|kind| (kind.id, Watched::default())).collect(),
            rows: Rows::default(),
            kept: Table::default(),
        }
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = KindId> + '_ {
        self.kinds.keys().copied()
    }

    pub(crate) fn began(&mut self, kind: KindId, epoch: Epoch) {
        if let Some(watched) = self.kinds.get_mut(&kind) {
            watched.epoch = epoch;
            watched.listing = true;
        }
    }

    pub(crate) fn hears(&mut self, kind: KindId, now: Duration) {
        if let Some(watched) = self.kinds.get_mut(&kind) {
            watched.heard = now;
        }
    }

    /// Notes an object; true when objects that it owns must be looked at again.
    pub(crate) fn seen(&mut self, view: &View) -> bool {
        let epoch = self.kinds.get(&view.kind()).map_or(0, |watched| watched.epoch.0);
        self.rows.note(view, epoch) && view.kind() == KindId::ReplicaSet
    }

    pub(crate) fn gone(&mut self, key: Key) {
        self.rows.remove(key);
        self.kept.remove(&key);
    }

    /// The kind is live again; gives the kept objects that its list did not name.
    pub(crate) fn synced(&mut self, kind: KindId) -> Vec<Key> {
        let Some(watched) = self.kinds.get_mut(&kind) else { return Vec::new() };
        watched.lost = None;
        watched.ever = true;
        if !std::mem::take(&mut watched.listing) || kind == KindId::Event {
            return Vec::new();
        }
        self.rows.sweep(kind, watched.epoch.0);
        let rows = &self.rows;
        let missing = self.kept.keys().filter(|key| key.kind == kind && !rows.has(**key));
        let mut missing: Vec<Key> = missing.copied().collect();
        missing.sort_unstable();
        for key in &missing {
            self.kept.remove(key);
        }
        missing
    }

    pub(crate) fn lost(&mut self, kind: KindId, why: LostWhy, now: Duration) {
        if let Some(watched) = self.kinds.get_mut(&kind) {
            let since = watched.lost.take().map_or(now, |(since, _)| since);
            watched.lost = Some((since, why));
        }
    }

    /// Whether nothing was ever heard of any kind.
    pub(crate) fn is_blank(&self) -> bool {
        self.kinds.values().all(|watched| !watched.ever && watched.lost.is_none() && !watched.listing)
    }

    /// Whether a kind is listed and watched right now.
    pub(crate) fn live(&self, kind: KindId) -> bool {
        self.kinds
            .get(&kind)
            .is_some_and(|watched| watched.ever && watched.lost.is_none() && !watched.listing)
    }

    pub(crate) fn has(&self, kind: KindId, id: Uid) -> bool {
        self.rows.has(Key { kind, uid: id })
    }

    /// How far alerts of a kind may change; what is about ourselves always may.
    pub(crate) fn trust(&self, kind: Option<KindId>, now: Duration) -> Trust {
        let Some(watched) = kind.and_then(|kind| self.kinds.get(&kind)) else { return Trust::Live };
        match &watched.lost {
            _ if !watched.ever => Trust::Stale,
            Some((since, _)) if now.saturating_sub(*since) >= STALE_AFTER => Trust::Stale,
            Some(_) => Trust::Lost,
            None if watched.listing => Trust::Lost,
            None => Trust::Live,
        }
    }

    /// How long ago anything was heard of a kind that is listed and watched right now.
    pub(crate) fn silent_for(&self, kind: KindId, now: Duration) -> Option<Duration> {
        let watched = self.kinds.get(&kind).filter(|_| self.live(kind))?;
        Some(now.saturating_sub(watched.heard))
    }

    /// Since when and why a kind is not heard of.
    pub(crate) fn lost_since(&self, kind: KindId) -> Option<&(Duration, LostWhy)> {
        self.kinds.get(&kind)?.lost.as_ref()
    }

    /// Whether the server does not answer for some kind.
    pub(crate) fn any_away(&self) -> bool {
        let why = |watched: &Watched| watched.lost.as_ref().map(|(_, why)| why.is_away());
        self.kinds.values().any(|watched| why(watched) == Some(true))
    }

    pub(crate) fn ever(&self, kind: KindId) -> bool {
        self.kinds.get(&kind).is_some_and(|watched| watched.ever)
    }

    /// Keeps the view of an object that needs another look, or drops it.
    pub(crate) fn keep(&mut self, view: View, keep: bool) {
        if keep {
            self.kept.insert(view.key(), Box::new(view));
        } else {
            self.kept.remove(&view.key());
        }
    }

    pub(crate) fn kept(&self, key: Key) -> Option<&View> {
        self.kept.get(&key).map(|view| &**view)
    }

    /// In no order.
    pub(crate) fn kept_keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.kept.keys().copied()
    }

    pub(crate) fn kept_count(&self) -> usize {
        self.kept.len()
    }

    /// What an alert about this object is about.
    pub(crate) fn subject(&self, view: &View) -> Subject {
        let meta = view.meta();
        Subject {
            id: meta.uid,
            watched: Some(view.kind()),
            kind: Kind::of(view.kind()).name,
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            node: match view {
                View::Pod(pod) => pod.node.clone(),
                View::Node(node) => node.meta.name.clone(),
                View::Workload(..) | View::Event(_) => "".into(),
            },
            owners: self.rows.chain(meta.owner.as_ref()),
            labels: meta.labels.clone(),
            annotations: meta.annotations.clone(),
        }
    }

    pub(crate) fn status(&self, kind: KindId) -> Option<KindStatus> {
        let watched = self.kinds.get(&kind)?;
        Some(KindStatus {
            kind,
            live: watched.ever && watched.lost.is_none(),
            lost: watched.lost.as_ref().map(|(_, why)| why.to_string()),
            objects: self.rows.count(kind),
        })
    }

    pub(crate) fn objects(&self, kind: KindId) -> usize {
        self.rows.count(kind)
    }
}
