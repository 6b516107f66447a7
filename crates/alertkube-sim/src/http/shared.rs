//! One cluster for many connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::cluster::Cluster;

/// A cluster that several tasks use; whoever waits for something in it is woken by each use.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cluster: Mutex<Cluster>,
    changed: watch::Sender<()>,
}

impl Shared {
    /// Shares a cluster.
    pub fn new(cluster: Cluster) -> Shared {
        Shared(Arc::new(Inner { cluster: Mutex::new(cluster), changed: watch::Sender::new(()) }))
    }

    /// Uses the cluster, and wakes the watches.
    pub fn with<T>(&self, operation: impl FnOnce(&mut Cluster) -> T) -> T {
        let result = operation(&mut self.lock());
        self.0.changed.send_replace(());
        result
    }

    /// Uses the cluster in a way that no watch needs to hear of.
    pub(crate) fn quietly<T>(&self, operation: impl FnOnce(&mut Cluster) -> T) -> T {
        operation(&mut self.lock())
    }

    /// Hears of every use by [`Shared::with`].
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// A test that failed while it used the cluster must not hide its reason behind a poisoned lock.
    fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.0.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
