//! The real program with a Lease, and nothing to tell.

use std::path::Path;
use std::thread;

use anyhow::Result;

use crate::cluster::Cluster;
use crate::limits;
use crate::line::Ground;
use crate::prove::limits::{IDLE, SETTLING};
use crate::seats::{Chronicle, Illness, Pair, Plan, Sinks, Version};

/// What was written meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Idle {
    pub(super) heads: usize,
    pub(super) leases: usize,
}

/// Lets it tell of something that goes on to stand, and then watches what it writes.
pub(super) fn watch(cluster: &Cluster, program: &Path) -> Result<Idle> {
    let ground = Ground::new(cluster, "idle")?;
    let mut pair = Pair::new(&ground, &Plan { name: "idle", program, warm: false, leases: &[] })?;
    pair.herd.grow(&ground.ghost(), Sinks::Both, 3)?;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    pair.herd.storm(&[(Sinks::Both, Illness::Quick); 3], 10, 0)?;
    pair.settle(limits::FAULT_TOLD_MAX)?;
    thread::sleep(SETTLING);
    let mut chronicle = Chronicle::open(&ground, &[ground.namespace()])?;
    // What stands at first is no write.
    thread::sleep(SETTLING);
    let before = count(chronicle.versions()?);
    thread::sleep(IDLE);
    let after = count(chronicle.versions()?);
    Ok(Idle { heads: after.heads - before.heads, leases: after.leases - before.leases })
}

fn count(versions: &[Version]) -> Idle {
    let leases = versions.iter().filter(|version| matches!(version, Version::Lease { .. })).count();
    let heads = versions.iter().filter(|version| matches!(version, Version::Head { .. })).count();
    Idle { heads, leases }
}
