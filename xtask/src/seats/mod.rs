//! The ground for proofs about replicas that share a seat: two real programs, each in a network of its own and with a
//! service account's rights, pods that fail when we say so, and two receivers whose lines are all that counts.

mod api;
mod audience;
mod chronicle;
mod config;
mod flock;
mod herd;
mod limits;
mod lines;
mod node;
mod pair;
mod patience;
mod replica;
mod tally;
mod watchman;

pub(crate) use api::Api;
pub(crate) use audience::Audience;
pub(crate) use chronicle::{Chronicle, LEASE, Terms, Version, head, holder, taken_from};
pub(crate) use config::{STATE, configuration, state_account, with_state, without_state};
pub(crate) use flock::{Flock, inhibition};
pub(crate) use herd::{Herd, Illness};
pub(crate) use lines::{Ledger, Line};
pub(crate) use node::Node;
pub(crate) use pair::{Pair, Plan};
pub(crate) use replica::{Birth, code};
pub(crate) use tally::{Fate, Sinks, Tally};
pub(crate) use watchman::answered;

/// Runs all of them at once, each on a thread of its own; what they came to, in their order.
pub(crate) fn side_by_side<T: Sync, R: Send>(of: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = of.iter().map(|one| scope.spawn(move || work(one))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, R>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(join).collect()
    })
}
