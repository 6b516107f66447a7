//! One replica with its watches, as a process would hold them.

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Claim, Keep, Now, Pace, Replica, Settings, Station};

use super::lane::Lane;
use super::shelf::Shelf;
use crate::cluster::Cluster;

/// A replica that lives, died, or has yet to be started.
pub(super) struct Actor {
    pub(super) replica: Option<Replica>,
    pub(super) lanes: Vec<Lane>,
    /// What the last one left behind.
    pub(super) shelf: Shelf,
    /// Counts the processes; replies to an earlier one are lost.
    pub(super) process: u64,
    pub(super) stopping: bool,
}

impl Actor {
    pub(super) fn new() -> Actor {
        Actor { replica: None, lanes: Vec::new(), shelf: Shelf::default(), process: 0, stopping: false }
    }

    /// Starts a process, with what the one before has left unless it is to forget.
    pub(super) fn start(&mut self, settings: &Arc<Settings>, now: Now, forgetting: bool) {
        self.process += 1;
        self.stopping = false;
        if forgetting {
            self.shelf = Shelf::default();
        }
        let name = format!("simulated-{}", self.process);
        let claim =
            Claim { seat: 0, incarnation: name.clone(), holder: name.clone(), elected: false, wish: 1 };
        let keep = Some(Keep { claim, pace: Pace::FILES });
        let station = Station { keep, identity: name, ..Station::alone() };
        self.replica = Some(Replica::stationed(Arc::clone(settings), station, self.process, now));
    }

    /// The process is gone.
    pub(super) fn end(&mut self, cluster: &mut Cluster) {
        for lane in &mut self.lanes {
            lane.close(cluster);
        }
        self.lanes.clear();
        self.replica = None;
    }

    /// When it has something to do next.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let replica = self.replica.as_ref()?.deadline().map(|(at, _)| at);
        self.lanes.iter().map(Lane::wake).chain(replica).min()
    }
}
