//! Leader election against the API server: a thread, a runtime and connections of its own, so that nothing the rest
//! of the program does can hold a renewal up.
//!
//! What to ask and what an answer means is decided by the core's [`alertkube_core::Election`].

mod drive;
mod held;
mod limits;
mod notice;
mod object;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alertkube_core::{Candidate, LeaseNews};
use anyhow::Context;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use drive::{Drive, Order};
use limits::ORDERS_MAX;
use notice::Notices;
use wire::Wire;

pub(crate) use held::HeldUntil;
pub(crate) use notice::Reason;

/// The name of the Lease: of the one seat, or of a shard's.
pub(crate) fn lease_name(shard: Option<u32>) -> String {
    match shard {
        Some(index) => format!("alertkube-shard-{index}"),
        None => "alertkube".to_owned(),
    }
}

/// What an election is about.
pub(crate) struct Entry {
    pub(crate) candidate: Candidate,
    /// Where the Lease is.
    pub(crate) namespace: String,
    /// See [`lease_name`].
    pub(crate) name: String,
    /// How to reach the cluster.
    pub(crate) config: kube::Config,
    pub(crate) clock: Clock,
    /// Differs from process to process.
    pub(crate) seed: u64,
}

/// How the thread of an election ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Running,
    Released,
    GivenUp,
}

/// A running election. When all handles are gone, it ends as if it had been killed: the Lease runs out.
#[derive(Clone)]
pub(crate) struct Handle {
    orders: mpsc::Sender<Order>,
    ended: watch::Receiver<Ended>,
    held: HeldUntil,
    heard: Arc<AtomicU64>,
    clock: Clock,
}

/// Starts an election. `tell` is called on its thread and must not wait; what it is told is already in force:
/// [`HeldUntil`] is published first.
pub(crate) fn start(entry: Entry, tell: impl FnMut(LeaseNews) + Send + 'static) -> anyhow::Result<Handle> {
    let Entry { candidate, namespace, name, config, clock, seed } = entry;
    let (orders, given) = mpsc::channel(ORDERS_MAX);
    let (end, ended) = watch::channel(Ended::Running);
    let (held, heard) = (HeldUntil::nothing(), Arc::new(AtomicU64::new(0)));
    let handle = Handle { orders, ended, held: held.clone(), heard: Arc::clone(&heard), clock };
    let place = (namespace.as_str(), name.as_str());
    let notices = Notices::new(clock, place, &candidate.identity);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let wire = {
        // A client binds itself to the runtime in which it is made.
        let _inside = runtime.enter();
        Wire::new(config, clock, place)
    };
    let wire = match wire {
        Ok(wire) => wire,
        Err(error) => {
            // A runtime must not be dropped where others run.
            runtime.shutdown_background();
            return Err(error).context("no client for the Lease can be made of the configuration");
        }
    };
    let drive = Drive::new((candidate, seed), (clock, wire, notices), (held, heard), tell);
    let run = move || {
        let released = runtime.block_on(drive.run(given));
        runtime.shutdown_background();
        end.send_replace(if released { Ended::Released } else { Ended::GivenUp });
    };
    std::thread::Builder::new().name("lease".to_owned()).spawn(run).context("cannot start a thread")?;
    Ok(handle)
}

impl Handle {
    /// Until when sending is allowed.
    pub(crate) fn held(&self) -> HeldUntil {
        self.held.clone()
    }

    /// Whether the Lease is ours at this instant, whoever has heard of it.
    pub(crate) fn is_held(&self) -> bool {
        self.held.allows(self.clock.boot())
    }

    /// The boot instant at which the API server last said how the Lease stands.
    pub(crate) fn heard(&self) -> Option<Duration> {
        let nanos = self.heard.load(Ordering::SeqCst);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    /// Has a Kubernetes Event about the Lease written, if it can be; waits for nothing.
    pub(crate) fn announce(&self, reason: Reason, note: String) {
        if self.orders.try_send(Order::Announce(reason, note)).is_err() {
            tracing::debug!(?reason, "a Kubernetes Event was dropped");
        }
    }

    /// Gives the Lease back and stands for it again after a while: another took the seat without it. Waits for nothing.
    pub(crate) fn resign(&self) {
        if self.orders.try_send(Order::Resign).is_err() {
            tracing::warn!("the Lease cannot be given back now; it runs out by itself");
        }
    }

    /// Lets go of the Lease and ends the election; says whether it is surely let go of within `within`. From the call
    /// on, nothing is held. Otherwise it runs out by itself.
    pub(crate) async fn release(&self, within: Duration) -> bool {
        let by = self.clock.now().boot + within;
        let mut ended = self.ended.clone();
        let released = async {
            // An election that has ended takes no orders, and its end is known.
            let _over = self.orders.send(Order::Release { by }).await;
            ended.wait_for(|ended| *ended != Ended::Running).await.is_ok_and(|end| *end == Ended::Released)
        };
        tokio::select! {
            biased;
            released = released => released,
            () = self.clock.sleep_until(by) => false,
        }
    }
}

#[cfg(test)]
impl Handle {
    /// Of an election that says nothing any more, and to which the Lease is held until then.
    pub(crate) fn mute(clock: Clock, until: Duration) -> Handle {
        let (held, heard) = (HeldUntil::nothing(), Arc::default());
        held.publish(Some(until));
        let (orders, ended) = (mpsc::channel(ORDERS_MAX).0, watch::channel(Ended::GivenUp).1);
        Handle { orders, ended, held, heard, clock }
    }
}

#[cfg(test)]
mod tests;
