//! Rows: what every object leaves behind once its view is gone, at most 48 bytes with its key.

use hashbrown::hash_map::Entry;

use crate::symbols::{Symbol, Symbols};
use crate::table::{Table, trim};
use crate::watch::kinds::KindId;
use crate::watch::view::{Key, Owner, Uid, View};

/// One object. Names are kept for owners alone: an alert carries its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    owner: [u64; 2],
    namespace: Symbol,
    node: Symbol,
    /// Name of the controller owner, for ReplicaSets: it continues the chain of their pods.
    owner_name: Symbol,
    owner_kind: OwnerKind,
    epoch: u8,
}

/// The owner kinds that continue a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OwnerKind {
    #[default]
    None,
    Deployment,
    Other,
}

impl Row {
    /// Says of an object what it says now; nearly always its names are those that it had.
    fn fill(&mut self, view: &View, epoch: u32, symbols: &mut Symbols) {
        let meta = view.meta();
        let owner = meta.owner.as_ref();
        let chained = view.kind() == KindId::ReplicaSet;
        self.owner = halves(owner.map_or(Uid::default(), |owner| owner.uid));
        symbols.exchange(&mut self.namespace, &meta.namespace);
        symbols.exchange(&mut self.node, if let View::Pod(pod) = view { &pod.node } else { "" });
        symbols.exchange(&mut self.owner_name, owner.filter(|_| chained).map_or("", |owner| &owner.name));
        self.owner_kind = match owner.map(|owner| &*owner.kind) {
            None => OwnerKind::None,
            Some("Deployment") => OwnerKind::Deployment,
            Some(_) => OwnerKind::Other,
        };
        self.epoch = epoch as u8;
    }
}

/// The rows of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    symbols: Symbols,
    kinds: [Table<[u64; 2], Row>; KIND_COUNT],
}

const KIND_COUNT: usize = KindId::Event as usize + 1;

impl Rows {
    /// Notes an object as it stands; true when its owner changed, which members of it must hear.
    pub(crate) fn note(&mut self, view: &View, epoch: u32) -> bool {
        let key = view.key();
        let (row, new) = match self.kinds[key.kind as usize].entry(halves(key.uid)) {
            Entry::Occupied(known) => (known.into_mut(), false),
            Entry::Vacant(place) => (place.insert(Row::default()), true),
        };
        let owner = row.owner;
        row.fill(view, epoch, &mut self.symbols);
        new || owner != row.owner
    }

    fn release(&mut self, row: Row) {
        for symbol in [row.namespace, row.node, row.owner_name] {
            self.symbols.release(symbol);
        }
    }

    pub(crate) fn remove(&mut self, key: Key) {
        if let Some(row) = self.kinds[key.kind as usize].remove(&halves(key.uid)) {
            self.release(row);
        }
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.kinds[key.kind as usize].contains_key(&halves(key.uid))
    }

    pub(crate) fn count(&self, kind: KindId) -> usize {
        self.kinds[kind as usize].len()
    }

    /// Drops the rows that a list of this epoch did not name.
    pub(crate) fn sweep(&mut self, kind: KindId, epoch: u32) {
        let table = &mut self.kinds[kind as usize];
        let symbols = &mut self.symbols;
        table.retain(|_, row| {
            let stays = row.epoch == epoch as u8;
            if !stays {
                for symbol in [row.namespace, row.node, row.owner_name] {
                    symbols.release(symbol);
                }
            }
            stays
        });
        trim(table);
    }

    /// Owners from the nearest to the top: a ReplicaSet's own owner follows when its row is known.
    pub(crate) fn chain(&self, owner: Option<&Owner>) -> Vec<Owner> {
        let Some(owner) = owner else { return Vec::new() };
        let mut chain = vec![owner.clone()];
        if &*owner.kind == "ReplicaSet"
            && let Some(row) = self.kinds[KindId::ReplicaSet as usize].get(&halves(owner.uid))
            && row.owner_kind == OwnerKind::Deployment
        {
            chain.push(Owner {
                kind: "Deployment".into(),
                name: self.symbols.text(row.owner_name).into(),
                uid: whole(row.owner),
            });
        }
        chain
    }
}

/// A uid in two words: a u128 would align the row to 16 bytes.
fn halves(uid: Uid) -> [u64; 2] {
    [uid.0 as u64, (uid.0 >> 64) as u64]
}

fn whole(halves: [u64; 2]) -> Uid {
    Uid(u128::from(halves[0]) | (u128::from(halves[1]) << 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::view::{Meta, Pod, Workload};

    fn replica_set(uid: u128, owner: Option<Owner>) -> View {
        let meta = Meta { uid: Uid(uid), name: "web-1".into(), owner, ..Meta::default() };
        View::Workload(KindId::ReplicaSet, Workload { meta, ..Workload::default() })
    }

    fn owner(kind: &str, name: &str, uid: u128) -> Owner {
        Owner { kind: kind.into(), name: name.into(), uid: Uid(uid) }
    }

    #[test]
    fn a_row_and_its_key_take_at_most_48_bytes() {
        assert!(size_of::<Row>() + size_of::<[u64; 2]>() <= 48, "{}", size_of::<Row>());
    }

    #[test]
    fn the_chain_of_a_pod_reaches_its_deployment_once_the_replica_set_is_known() {
        let mut rows = Rows::default();
        let near = owner("ReplicaSet", "web-1", 7);
        assert_eq!(rows.chain(Some(&near)).len(), 1);
        assert!(rows.note(&replica_set(7, Some(owner("Deployment", "web", 9))), 1));
        assert_eq!(rows.chain(Some(&near))[1], owner("Deployment", "web", 9));
        assert!(!rows.note(&replica_set(7, Some(owner("Deployment", "web", 9))), 1));
    }

    #[test]
    fn what_a_list_does_not_name_is_gone_after_it() {
        let mut rows = Rows::default();
        let pod = View::Pod(Pod { meta: Meta { uid: Uid(1), ..Meta::default() }, ..Pod::default() });
        rows.note(&pod, 1);
        rows.sweep(KindId::Pod, 2);
        assert!(!rows.has(pod.key()));
        assert_eq!(rows.count(KindId::Pod), 0);
    }
}
