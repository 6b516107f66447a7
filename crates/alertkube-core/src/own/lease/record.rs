//! What stands in a Lease, and who wants it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::limits::{DURATION, RENEW_DEADLINE, RETRY};
use crate::time::Stamp;

/// Annotation: the uid of the pod in which the holder runs.
pub(super) const POD_UID: &str = "alertkube.io/pod-uid";
/// Annotation: the release to which the holder belongs.
pub(super) const RELEASE: &str = "alertkube.io/release";
/// Annotation: where the other replicas reach the holder.
pub(super) const ADDRESS: &str = "alertkube.io/address";

/// One who wants to hold a Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// `<name>_<8 hex digits per process>`: no two processes share one.
    pub identity: String,
    /// The uid of its pod. Without it, it never takes over early.
    pub pod_uid: Option<String>,
    /// The release it belongs to. Without it, no other release is foreign to it.
    pub release: Option<String>,
    /// Where the other replicas reach it.
    pub address: Option<String>,
    /// How long its hold lasts unrenewed; whole seconds are written.
    pub duration: Duration,
    /// How long after the start of its last renewal it stops; at most two thirds of `duration`.
    pub renew_deadline: Duration,
    /// Between two renewals.
    pub retry: Duration,
}

impl Candidate {
    /// A candidate with the reference's times: 30 s, 20 s, 5 s.
    pub fn new(identity: impl Into<String>) -> Candidate {
        Candidate {
            identity: identity.into(),
            pod_uid: None,
            release: None,
            address: None,
            duration: DURATION,
            renew_deadline: RENEW_DEADLINE,
            retry: RETRY,
        }
    }

    /// Whether the holder of a record ran in this very pod: same pod uid, same name, another process. Its container is
    /// dead, or this one would not run. The name must be the same because other programs change the holder of a
    /// Lease and leave the annotations of the one before.
    pub(super) fn succeeds(&self, record: &LeaseRecord) -> bool {
        let name = |identity: &str| identity.rsplit_once('_').map(|(name, _)| name.to_owned());
        self.pod_uid.is_some()
            && record.annotations.get(POD_UID) == self.pod_uid.as_ref()
            && name(&record.holder).is_some_and(|holder| Some(holder) == name(&self.identity))
            && record.holder != self.identity
    }

    /// The release of a record's holder, when it is another one than this candidate's.
    pub(super) fn foreign_release<'a>(&self, record: &'a LeaseRecord) -> Option<&'a str> {
        let (own, other) = (self.release.as_ref()?, record.release()?);
        (own != other).then_some(other)
    }
}

/// A Lease of `coordination.k8s.io/v1`: the fields that an election reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRecord {
    /// `spec.holderIdentity`; empty when nobody holds it.
    pub holder: String,
    /// `spec.leaseDurationSeconds`
    pub duration: Duration,
    /// `spec.acquireTime`, by the clock of the holder.
    pub acquired: Option<Stamp>,
    /// `spec.renewTime`, by the clock of the holder; only ever compared for equality.
    pub renewed: Option<Stamp>,
    /// `spec.leaseTransitions`
    pub transitions: i32,
    /// `metadata.annotations`
    pub annotations: BTreeMap<String, String>,
    /// `metadata.resourceVersion`; empty in what is to be created.
    pub version: String,
}

impl LeaseRecord {
    /// A Lease that does not exist yet.
    pub(super) fn of_nobody(duration: Duration) -> LeaseRecord {
        LeaseRecord {
            holder: String::new(),
            duration,
            acquired: None,
            renewed: None,
            transitions: 0,
            annotations: BTreeMap::new(),
            version: String::new(),
        }
    }

    /// The release that the holder named.
    pub fn release(&self) -> Option<&String> {
        self.annotations.get(RELEASE)
    }

    /// Where the holder said that it is reached.
    pub fn address(&self) -> Option<&String> {
        self.annotations.get(ADDRESS)
    }

    /// What makes a candidate the holder, or leaves it that, in place of this record.
    pub(super) fn taken(mut self, candidate: &Candidate, renewed: Stamp) -> LeaseRecord {
        if self.holder != candidate.identity {
            let is_new = self.version.is_empty();
            self.transitions = self.transitions.saturating_add(i32::from(!is_new));
            self.acquired = Some(renewed);
            self.holder.clone_from(&candidate.identity);
        }
        (self.duration, self.renewed) = (candidate.duration, Some(renewed));
        let pairs =
            [(POD_UID, &candidate.pod_uid), (RELEASE, &candidate.release), (ADDRESS, &candidate.address)];
        for (key, value) in pairs {
            match value {
                Some(value) => drop(self.annotations.insert(key.to_owned(), value.clone())),
                None => drop(self.annotations.remove(key)),
            }
        }
        self
    }

    /// What lets go of this record; the annotations say who held it last.
    pub(super) fn released(mut self, _: &Candidate, renewed: Stamp) -> LeaseRecord {
        self.holder.clear();
        self.renewed = Some(renewed);
        self
    }

    /// Whether nothing was renewed or taken between two sights: a foreign annotation must not prolong a hold.
    pub(super) fn is_same_hold(&self, other: &LeaseRecord) -> bool {
        let hold =
            |record: &LeaseRecord| (record.duration, record.acquired, record.renewed, record.transitions);
        self.holder == other.holder && hold(self) == hold(other)
    }

    /// Whether this is surely an older sight than `other`: versions are compared as numbers where they are numbers.
    pub(super) fn is_older_than(&self, other: &LeaseRecord) -> bool {
        match (self.version.parse::<u64>(), other.version.parse::<u64>()) {
            (Ok(own), Ok(other)) => own < other,
            _ => false,
        }
    }
}
