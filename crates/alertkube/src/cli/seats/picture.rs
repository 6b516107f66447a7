//! The seats as they were read.

use std::collections::BTreeMap;
use std::time::Duration;

use alertkube_api::PersistenceKind;
use alertkube_core::Stamp;
use serde::{Deserialize, Serialize};

use crate::lease::lease_name;

/// The one seat, or the shard of this index.
pub(super) type Index = Option<u32>;

/// Everything that was read.
pub(super) struct Picture {
    /// When, by this machine's clock.
    pub(super) at: Stamp,
    /// The namespace of the Leases.
    pub(super) leases_in: String,
    /// Where the state is, unless `persistence.enabled` is off.
    pub(super) state: Option<State>,
    pub(super) seats: BTreeMap<Index, Seat>,
    /// What could not be read.
    pub(super) unread: Vec<Finding>,
}

/// Where the state is.
pub(super) struct State {
    pub(super) namespace: String,
    /// What the names of its objects begin with.
    pub(super) name: String,
    pub(super) kind: PersistenceKind,
}

/// One seat.
pub(super) struct Seat {
    pub(super) lease: Found<LeaseRow>,
    pub(super) head: Found<Head>,
}

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    There(T),
    Absent,
    /// It may be there: it was not read, or makes no sense.
    Unread,
}

impl<T> Found<T> {
    pub(super) fn there(&self) -> Option<&T> {
        match self {
            Found::There(it) => Some(it),
            Found::Absent | Found::Unread => None,
        }
    }

    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Found::Unread)
    }
}

/// A Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeaseRow {
    /// Empty when it was given back.
    pub(super) holder: String,
    pub(super) acquired: Option<Stamp>,
    pub(super) renewed: Option<Stamp>,
    pub(super) duration: Duration,
    pub(super) transitions: i32,
    /// The annotation `alertkube.io/release`.
    pub(super) release: Option<String>,
}

impl LeaseRow {
    /// For how long it has been past its duration at an instant; a Lease that was given back is not.
    pub(super) fn expired_for(&self, at: Stamp) -> Option<Duration> {
        let end = self.renewed?.plus(self.duration);
        (!self.holder.is_empty() && at > end).then(|| at.since(end))
    }
}

/// What the meta of a head says, as core's ledger writes it (format 1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Head {
    /// Whose it is; heads of early builds do not say.
    #[serde(default)]
    pub(super) seat: Option<u32>,
    pub(super) term: u64,
    pub(super) holder: String,
    pub(super) elected: bool,
    pub(super) released: bool,
    pub(super) seq: u64,
    /// The number of shards that its writer was told.
    pub(super) wish: u32,
    /// By how many shards its facts are cut, and what that is about to be.
    #[serde(default)]
    pub(super) layout: Option<Layout>,
    #[serde(default)]
    pub(super) next: Option<Next>,
    /// When it was last written, by its writer's clock.
    pub(super) beat: Stamp,
    /// The name of the object.
    #[serde(skip)]
    pub(super) name: String,
}

/// A number of shards that was agreed upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Layout {
    pub(super) epoch: u64,
    pub(super) total: u32,
}

/// The next one, while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Next {
    pub(super) layout: Layout,
}

impl Head {
    /// The number of shards that it speaks of.
    pub(super) fn shards(&self) -> u32 {
        let layout = self.layout.map_or(1, |layout| layout.total);
        self.wish.max(layout)
    }

    /// By how many shards its facts are cut, and how many there should be, where these differ.
    pub(super) fn shards_words(&self) -> String {
        match (self.layout, self.next) {
            (Some(layout), Some(next)) => format!("{} -> {}", layout.total, next.layout.total),
            (Some(layout), None) if layout.total != self.wish => {
                format!("{}, {} wished", layout.total, self.wish)
            }
            _ => self.wish.to_string(),
        }
    }
}

/// Something that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) kind: FindingKind,
    /// The seats it is about.
    pub(super) seats: Vec<String>,
    pub(super) text: String,
}

/// The kinds of findings; their names are those of the JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum FindingKind {
    HoldersDiffer,
    LeaseExpired,
    LeaseFree,
    LeaseMissing,
    HeadStale,
    HeadReleased,
    ShardMissing,
    Rights,
    Unread,
    Unreadable,
}

/// The name of a seat: that of its Lease, also where it has none.
pub(super) fn seat_name(index: Index) -> String {
    lease_name(index)
}

/// The seat of a Lease of this name, if it is one of ours.
pub(super) fn seat_of(lease: &str) -> Option<Index> {
    let shard = || lease.rsplit_once('-').and_then(|(_, index)| index.parse().ok()).map(Some);
    let index = if lease == lease_name(None) { Some(None) } else { shard() };
    index.filter(|index| lease_name(*index) == lease)
}

/// A span in the largest unit of which there are at least two: `95s`, `12m`, `30h`, `4d`.
pub(super) fn age(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(length, _)| seconds >= 2 * length);
    let (length, name) = unit.unwrap_or((1, "s"));
    format!("{}{name}", seconds / length)
}
