//! The place of this process among its fellows, from flags, environment and settings.

use alertkube_api::Shard;
use alertkube_core::{Candidate, Claim, Keep, Now, Pace, SeatId, Standby, Station};
use alertkube_lang::fnv32a;

use crate::env::Environment;
use crate::lease::lease_name;

/// What leader election needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Electing {
    /// The namespace of the Lease.
    pub(crate) namespace: String,
    /// What followers do.
    pub(crate) standby: Standby,
}

/// One process among others.
#[derive(Clone, Debug)]
pub(crate) struct Seating {
    pub(crate) shard: Shard,
    pub(crate) electing: Option<Electing>,
    /// `<name>_<8 hex digits>`: no two processes share one.
    pub(crate) identity: String,
    /// The uid of the pod, by which a container that is started anew is known (`POD_UID`).
    pub(crate) pod_uid: Option<String>,
    /// The release this process belongs to (`ALERTKUBE_RELEASE`).
    pub(crate) release: Option<String>,
}

impl Seating {
    /// A process that shares nothing with any other.
    pub(crate) fn alone() -> Seating {
        Seating {
            shard: Shard::WHOLE,
            electing: None,
            identity: "alertkube".to_owned(),
            pod_uid: None,
            release: None,
        }
    }

    /// The seating of this process: `name` is what `--leader-election-id` says.
    pub(crate) fn new(
        shard: Shard,
        electing: Option<Electing>,
        name: Option<&str>,
        environment: &Environment,
        now: Now,
    ) -> Seating {
        let text = |variable: &str| environment.get(variable).filter(|text| !text.is_empty());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let name = name.filter(|name| !name.is_empty()).or_else(|| text("POD_NAME")).unwrap_or(&host);
        Seating {
            shard,
            electing,
            identity: format!("{name}_{:08x}", nonce(name, now)),
            pod_uid: text("POD_UID").map(str::to_owned),
            release: text("ALERTKUBE_RELEASE").map(str::to_owned),
        }
    }

    /// The name of the Lease.
    pub(crate) fn lease(&self) -> String {
        lease_name((self.shard.total > 1).then_some(self.shard.index))
    }

    /// Who stands for the Lease.
    pub(crate) fn candidate(&self) -> Candidate {
        let mut candidate = Candidate::new(self.identity.as_str());
        candidate.pod_uid.clone_from(&self.pod_uid);
        candidate.release.clone_from(&self.release);
        candidate
    }

    /// The place, for a replica that keeps its memory at this pace, or not at all.
    pub(crate) fn station(&self, pace: Option<Pace>) -> Station {
        let lease = self.electing.as_ref();
        let claim = Claim {
            seat: self.shard.index,
            incarnation: self.identity.clone(),
            holder: self.identity.clone(),
            elected: lease.is_some(),
            wish: self.shard.total,
        };
        Station {
            seat: SeatId(self.shard.index),
            total: self.shard.total,
            election: self.electing.as_ref().map(|electing| electing.standby),
            keep: pace.map(|pace| Keep { claim, pace }),
            identity: self.identity.clone(),
        }
    }
}

/// Differs from process to process, also between two that bear one name in one millisecond.
fn nonce(name: &str, now: Now) -> u32 {
    let process = std::process::id();
    let stack = std::ptr::from_ref(&process) as usize;
    let text = format!("{name} {process} {stack:x} {} {:?}", now.wall.as_nanosecond(), now.boot);
    fnv32a(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_name_comes_from_the_flag_the_pod_or_the_host_and_no_two_processes_share_it() {
        let pod = Environment::of([("POD_NAME", "alertkube-0"), ("POD_UID", "u-1")]);
        let seating = |name, environment: &Environment| {
            Seating::new(Shard { index: 2, total: 3 }, None, name, environment, Clock::real().now())
        };
        let by_pod = seating(None, &pod);
        assert!(by_pod.identity.starts_with("alertkube-0_"), "{}", by_pod.identity);
        assert_eq!((by_pod.lease().as_str(), by_pod.pod_uid.as_deref()), ("alertkube-shard-2", Some("u-1")));
        assert!(seating(Some("me"), &pod).identity.starts_with("me_"));
        assert!(seating(None, &Environment::default()).identity.len() > 9);
        assert_ne!(seating(None, &pod).identity, by_pod.identity);
    }
}
