//! The watch transport: every kind is listed, watched and decoded on the engine's own thread.
//!
//! What to ask and what an answer means is decided by [`Follow`]; here are only connections, lines and
//! waiting.

mod limits;
mod lines;
mod queue;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Ask, Follow, Kind, KindId, Skipped, WatchEvent, WatchPlan};
use kube::{Client, Config};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::clock::{Alarm, Clock};
use limits::QUEUE_STEPS;
use queue::Queue;
use wire::Wire;

/// Where the steps of all kinds go.
pub(crate) struct Outlet<T> {
    /// The engine's mailbox. When it is closed, watching ends.
    pub(crate) inbox: mpsc::Sender<T>,
    /// How a step is addressed to the engine.
    pub(crate) wrap: fn(KindId, WatchEvent) -> T,
    /// Is told of objects that could not be read.
    pub(crate) skipped: Arc<dyn Fn(KindId, Skipped) + Send + Sync>,
}

impl<T> Clone for Outlet<T> {
    fn clone(&self) -> Outlet<T> {
        Outlet { inbox: self.inbox.clone(), wrap: self.wrap, skipped: Arc::clone(&self.skipped) }
    }
}

/// Watches every kind of the plan until the outlet's inbox is closed.
///
/// It is called on the runtime of the engine, which is one thread: bytes or steps that crossed from one thread to
/// another would cost half as much again per event. The answer is an error if no client can be made of the
/// configuration.
pub(crate) fn follow<T: Send + 'static>(
    plan: &WatchPlan,
    seed: u64,
    clock: Clock,
    (outlet, tasks): (Outlet<T>, &TaskTracker),
    config: Config,
) -> kube::Result<()> {
    let client = client(config)?;
    for (kind, follow) in follows(plan, seed) {
        tracing::debug!(%kind, "watching");
        tasks.spawn(follow_kind(client.clone(), follow, clock, outlet.clone()));
    }
    Ok(())
}

/// A client that repeats nothing and times nothing out by itself: both are decided by [`Follow`].
fn client(mut config: Config) -> kube::Result<Client> {
    config.default_retry = false;
    config.read_timeout = None;
    Client::try_from(config)
}

/// The watches of a plan, each with a seed of its own.
fn follows(plan: &WatchPlan, seed: u64) -> impl Iterator<Item = (KindId, Follow)> {
    plan.kinds.iter().zip(1_u64..).map(move |(kind, nth)| {
        let seed = seed.rotate_left(u32::try_from(nth).unwrap_or(0)) ^ nth;
        (*kind, Follow::new(Kind::of(*kind), plan.namespace.clone(), Arc::clone(&plan.plan), seed))
    })
}

/// Follows one kind until the outlet's inbox is closed.
pub(crate) async fn follow_kind<T: Send>(
    client: Client,
    mut follow: Follow,
    clock: Clock,
    outlet: Outlet<T>,
) {
    let kind = follow.kind().id;
    let mut queue = Queue::default();
    let mut wire = None;
    let boot = || clock.boot();
    // Both outlive the turns of the loop: there is one for every event.
    let mut alarm = Alarm::new(clock);
    let mut closed = std::pin::pin!(outlet.inbox.closed());
    loop {
        let ask = follow.next(boot());
        while let Some(event) = follow.poll() {
            hand_over(kind, event, &mut queue, &outlet);
        }
        if let Some(skipped) = follow.take_skipped() {
            (outlet.skipped)(kind, skipped);
        }
        let until = match ask {
            Ask::Get(request) => {
                wire = Some(Wire::send(&client, &request));
                continue;
            }
            Ask::Read(until) => until,
            Ask::Sleep(until) => {
                wire = None;
                until
            }
        };
        tokio::select! {
            biased;
            () = &mut closed => return,
            permit = outlet.inbox.reserve(), if !queue.is_empty() => {
                let Ok(permit) = permit else { return };
                if let Some(event) = queue.pop() {
                    permit.send((outlet.wrap)(kind, event));
                }
                deliver(kind, &mut queue, &outlet);
            }
            () = read(wire.as_mut(), &mut follow, boot), if queue.len() < QUEUE_STEPS => {}
            () = alarm.rings_by(until) => {}
        }
    }
}

/// Gives a step to the engine at once if nothing waits before it and there is room, so that in quiet times the
/// queue costs nothing.
fn hand_over<T>(kind: KindId, event: WatchEvent, queue: &mut Queue, outlet: &Outlet<T>) {
    match queue.is_empty().then(|| outlet.inbox.try_reserve()) {
        Some(Ok(permit)) => permit.send((outlet.wrap)(kind, event)),
        _ => queue.push(event),
    }
}

/// Hands over what the engine takes without waiting.
fn deliver<T>(kind: KindId, queue: &mut Queue, outlet: &Outlet<T>) {
    while !queue.is_empty() {
        let Ok(permit) = outlet.inbox.try_reserve() else { return };
        if let Some(event) = queue.pop() {
            permit.send((outlet.wrap)(kind, event));
        }
    }
}

async fn read(wire: Option<&mut Wire>, follow: &mut Follow, boot: impl Fn() -> Duration) {
    match wire {
        Some(wire) => wire.step(follow, boot).await,
        None => futures::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
