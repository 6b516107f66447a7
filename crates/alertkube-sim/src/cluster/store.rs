//! The objects, their resourceVersions and a bounded memory of what changed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::object::{Name, Uids, set_meta};
use super::resource::Resource;
use crate::limits::HISTORY_MAX;

/// What one write did to one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The resourceVersion of the write.
    pub(crate) version: u64,
    pub(crate) name: Name,
    /// The object before, none when it was created.
    pub(crate) before: Option<Arc<Value>>,
    /// The object after, or for a deletion as it last stood, with the version of the deletion.
    pub(crate) object: Arc<Value>,
    pub(crate) deleted: bool,
}

/// All objects of one resource.
pub(crate) type Objects = BTreeMap<Name, Arc<Value>>;

#[derive(Clone, Debug, Default)]
struct Shelf {
    objects: Objects,
    changes: VecDeque<Change>,
    /// Every change after this version is still known.
    floor: u64,
}

/// All objects of the cluster under one counter of versions, like etcd.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    shelves: BTreeMap<Resource, Shelf>,
    version: u64,
    uids: Uids,
    /// Written and not yet handed to the watches.
    unpublished: Vec<(Resource, Change)>,
    history_max: usize,
}

impl Store {
    pub(crate) fn new(seed: u64) -> Store {
        Store {
            shelves: BTreeMap::new(),
            version: 1,
            uids: Uids::new(seed),
            unpublished: Vec::new(),
            history_max: HISTORY_MAX,
        }
    }

    /// The version of the last write.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn mint_uid(&mut self) -> String {
        self.uids.mint()
    }

    pub(crate) fn get(&self, resource: &Resource, name: &Name) -> Option<Arc<Value>> {
        self.shelves.get(&resource.stored())?.objects.get(name).cloned()
    }

    /// All objects as they stand.
    pub(crate) fn objects(&self, resource: &Resource) -> Objects {
        self.shelves.get(&resource.stored()).map(|shelf| shelf.objects.clone()).unwrap_or_default()
    }

    /// All objects as they stood at a version; none when that is forgotten.
    pub(crate) fn objects_at(&self, resource: &Resource, version: u64) -> Option<Objects> {
        let Some(shelf) = self.shelves.get(&resource.stored()) else { return Some(Objects::new()) };
        if version < shelf.floor {
            return None;
        }
        let mut objects = shelf.objects.clone();
        for change in shelf.changes.iter().rev().take_while(|change| change.version > version) {
            match &change.before {
                Some(before) => objects.insert(change.name.clone(), Arc::clone(before)),
                None => objects.remove(&change.name),
            };
        }
        Some(objects)
    }

    /// The version from which on changes are known.
    pub(crate) fn floor(&self, resource: &Resource) -> u64 {
        self.shelves.get(&resource.stored()).map_or(0, |shelf| shelf.floor)
    }

    /// The changes after a version, oldest first.
    pub(crate) fn changes_after(&self, resource: &Resource, version: u64) -> impl Iterator<Item = &Change> {
        let shelf = self.shelves.get(&resource.stored());
        shelf.into_iter().flat_map(|shelf| &shelf.changes).filter(move |change| change.version > version)
    }

    /// Writes an object under the next version and returns it as written.
    pub(crate) fn put(&mut self, resource: &Resource, name: Name, mut object: Value) -> Arc<Value> {
        self.version += 1;
        set_meta(&mut object, "resourceVersion", self.version.to_string().into());
        let object = Arc::new(object);
        let shelf = self.shelves.entry(resource.stored()).or_default();
        let before = shelf.objects.insert(name.clone(), Arc::clone(&object));
        let written = Arc::clone(&object);
        self.record(resource, Change { version: self.version, name, before, object, deleted: false });
        written
    }

    /// Removes an object under the next version and returns it as it last stood.
    pub(crate) fn remove(&mut self, resource: &Resource, name: &Name) -> Option<Arc<Value>> {
        let before = self.shelves.get_mut(&resource.stored())?.objects.remove(name)?;
        self.version += 1;
        let mut last = Value::clone(&before);
        set_meta(&mut last, "resourceVersion", self.version.to_string().into());
        let object = Arc::new(last);
        let change = Change {
            version: self.version,
            name: name.clone(),
            before: Some(before),
            object: Arc::clone(&object),
            deleted: true,
        };
        self.record(resource, change);
        Some(object)
    }

    fn record(&mut self, resource: &Resource, change: Change) {
        let shelf = self.shelves.entry(resource.stored()).or_default();
        shelf.changes.push_back(change.clone());
        while shelf.changes.len() > self.history_max {
            shelf.floor = shelf.changes.pop_front().map_or(shelf.floor, |oldest| oldest.version);
        }
        self.unpublished.push((resource.stored(), change));
    }

    /// What was written since the last call, for the watches.
    pub(crate) fn take_unpublished(&mut self) -> Vec<(Resource, Change)> {
        std::mem::take(&mut self.unpublished)
    }

    /// Remembers at most so many changes of each resource from now on.
    pub(crate) fn keep_history(&mut self, changes_max: usize) {
        self.history_max = changes_max.min(HISTORY_MAX);
    }

    /// Forgets all changes up to now, like a compaction.
    pub(crate) fn compact(&mut self) {
        for resource in Resource::all() {
            let shelf = self.shelves.entry(resource.stored()).or_default();
            shelf.changes.clear();
            shelf.floor = self.version;
        }
    }

    /// Goes back to an older copy of itself, like etcd restored from a backup: versions fall, history is gone.
    pub(crate) fn restore(&mut self, mut backup: Store) {
        backup.uids.no_earlier_than(self.uids);
        backup.unpublished.clear();
        backup.compact();
        *self = backup;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::resource::PODS;
    use serde_json::json;

    fn put(store: &mut Store, name: &str, value: i64) -> u64 {
        store.put(&PODS, Name::new("shop", name), json!({ "v": value }));
        store.version()
    }

    #[test]
    fn the_past_can_be_read_until_it_is_forgotten() {
        let mut store = Store::new(1);
        put(&mut store, "a", 1);
        let then = put(&mut store, "b", 1);
        put(&mut store, "a", 2);
        put(&mut store, "c", 1);
        store.remove(&PODS, &Name::new("shop", "b"));
        let past = store.objects_at(&PODS, then).expect("known");
        assert_eq!(past.keys().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(past[&Name::new("shop", "a")]["v"], 1);
        store.compact();
        assert!(store.objects_at(&PODS, then).is_none());
        assert!(store.objects_at(&PODS, store.version()).is_some());
    }

    #[test]
    fn history_is_bounded() {
        let mut store = Store::new(1);
        store.keep_history(3);
        for value in 0..10 {
            put(&mut store, "a", value);
        }
        let floor = store.floor(&PODS);
        assert_eq!(store.changes_after(&PODS, 0).count(), 3);
        assert_eq!(floor + 3, store.version());
    }

    #[test]
    fn a_restore_takes_versions_back_and_repeats_no_uid() {
        let mut store = Store::new(1);
        put(&mut store, "a", 1);
        let (backup, version) = (store.clone(), store.version());
        let given = store.mint_uid();
        put(&mut store, "a", 2);
        store.restore(backup);
        assert_eq!(store.version(), version);
        assert_ne!(store.mint_uid(), given);
    }
}
