//! What an election has to tell.

use std::collections::BTreeSet;
use std::time::Duration;

use super::record::{Candidate, LeaseRecord};

/// News of an election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseNews {
    /// The Lease is ours: a new term begins.
    Held {
        /// The boot instant at which sending must stop unless it is renewed.
        until: Duration,
        /// Whether it was taken from a dead container of this very pod, before it ran out.
        early: bool,
    },
    /// It is still ours.
    Renewed {
        /// The boot instant at which sending must stop.
        until: Duration,
    },
    /// It is ours no more: sending stops now.
    Lost {
        /// Why.
        why: LostLease,
    },
    /// Somebody else holds it.
    Follows {
        /// Its identity.
        holder: String,
        /// The release that it named.
        release: Option<String>,
        /// The boot instant at which it was first seen to hold.
        since: Duration,
    },
    /// The holder belongs to another release: two releases share a Lease namespace, and only one of them works.
    Foreign {
        /// Its identity.
        holder: String,
        /// Its release.
        release: String,
    },
    /// A right is missing. Said once for each verb, until the verb is allowed.
    Forbidden {
        /// `get`, `create`, `update` or `watch`. Without `watch` the Lease is polled; the others are needed.
        verb: &'static str,
        /// What the server said.
        why: String,
    },
    /// We asked for nothing of it any more, and it is not ours. The last news.
    Released,
}

/// Why a Lease was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LostLease {
    /// The renew deadline passed without a renewal.
    Expired {
        /// What went wrong last, unless it was a pause of this process.
        because: Option<String>,
    },
    /// Somebody else holds it; the identity is empty when that is not known yet.
    Taken {
        /// Who.
        holder: String,
    },
    /// Somebody else let go of it in our name.
    Emptied,
}

/// What was told already.
#[derive(Default)]
pub(super) struct Told {
    holder: Option<String>,
    forbidden: BTreeSet<&'static str>,
}

impl Told {
    /// What is new for a follower that sees a record, which stands since `since`.
    pub(super) fn follow(
        &mut self,
        candidate: &Candidate,
        record: &LeaseRecord,
        since: Duration,
    ) -> Vec<LeaseNews> {
        if record.holder.is_empty() || record.holder == candidate.identity {
            self.holder = None;
            return Vec::new();
        }
        if self.holder.as_ref() == Some(&record.holder) {
            return Vec::new();
        }
        let holder = record.holder.clone();
        self.holder = Some(holder.clone());
        let foreign = candidate.foreign_release(record).map(str::to_owned);
        let foreign = foreign.map(|release| LeaseNews::Foreign { holder: holder.clone(), release });
        let follows = LeaseNews::Follows { holder, release: record.release().cloned(), since };
        [follows].into_iter().chain(foreign).collect()
    }

    /// Nobody is followed any more.
    pub(super) fn leads(&mut self) {
        self.holder = None;
    }

    /// A verb was refused; the news of it, the first time.
    pub(super) fn refuse(&mut self, verb: &'static str, why: String) -> Option<LeaseNews> {
        self.forbidden.insert(verb).then_some(LeaseNews::Forbidden { verb, why })
    }

    /// A verb was allowed.
    pub(super) fn allow(&mut self, verb: &'static str) {
        self.forbidden.remove(verb);
    }
}
