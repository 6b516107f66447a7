//! The faults in force, and what an injected fault does at once.

use std::time::Duration;

use alertkube_core::Stamp;

use super::Cluster;
use super::failure::Failure;
use super::fault::{Fault, Rules, Scope};
use super::store::Store;

/// Everything that is wrong at the moment.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    pub(crate) rules: Rules,
    refused_until: Option<Stamp>,
    cuts: Option<Cuts>,
    snapshot: Option<Store>,
}

#[derive(Clone, Copy, Debug)]
struct Cuts {
    left: u32,
    every: Duration,
    next: Stamp,
}

impl Weather {
    pub(crate) fn refuses(&self, now: Stamp) -> bool {
        self.refused_until.is_some_and(|until| now < until)
    }

    pub(crate) fn next_cut(&self) -> Option<Stamp> {
        self.cuts.map(|cuts| cuts.next)
    }

    /// Whether open watches are to be cut now; counts it.
    pub(crate) fn cut_is_due(&mut self, now: Stamp) -> bool {
        let Some(cuts) = self.cuts.filter(|cuts| cuts.next <= now) else { return false };
        let left = cuts.left - 1;
        self.cuts = (left > 0).then_some(Cuts { left, next: now.plus(cuts.every), ..cuts });
        true
    }

    /// Lasting faults end; the snapshot stays.
    pub(crate) fn clear(&mut self) {
        self.rules = Rules::default();
        self.refused_until = None;
        self.cuts = None;
    }
}

impl Cluster {
    /// Does what a fault does at once, or notes it for the requests to come.
    pub(super) fn turn(&mut self, now: Stamp, fault: Fault, scope: Scope) {
        let chosen = |resource: &super::Resource| scope.covers(resource);
        match fault {
            Fault::Expire => {
                let version = self.store.version();
                self.watches.fail(chosen, &Failure::expired(version.saturating_sub(1), version));
                self.store.compact();
            }
            Fault::Compact => self.store.compact(),
            Fault::ShortHistory { changes } => self.store.keep_history(changes),
            Fault::CutWatches { times, every_millis } => {
                let every = Duration::from_millis(every_millis);
                self.weather.cuts = (times > 0).then_some(Cuts { left: times, every, next: now });
                self.tick(now);
            }
            Fault::HalfDead => self.watches.deafen(chosen),
            Fault::SlowReader { lines } => self.watches.bear(lines),
            Fault::Snapshot => self.weather.snapshot = Some(self.store.clone()),
            Fault::Restore => self.restore(),
            Fault::Refuse { millis } => {
                self.weather.refused_until = Some(now.plus(Duration::from_millis(millis)));
                self.watches.cut(|_| true);
            }
            lasting => self.weather.rules.add(lasting, scope),
        }
    }

    fn restore(&mut self) {
        if let Some(snapshot) = self.weather.snapshot.clone() {
            self.store.restore(snapshot);
            self.watches.cut(|_| true);
        }
    }
}
