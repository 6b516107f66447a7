//! The faults in force, and what an injected fault does at once.

use std::time::Duration;

use alertkube_core::Stamp;

use super::Cluster;
use super::failure::Failure;
use super::fault::{Fault, Rules, Scope};
use super::request::Request;
use super::store::Store;
use crate::limits::LATE_REQUESTS_MAX;

/// Everything that is wrong at the moment.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    pub(crate) rules: Rules,
    refused_until: Option<Stamp>,
    cuts: Option<Cuts>,
    snapshot: Option<Store>,
    /// Requests that were given up by whoever sent them and are still on their way.
    late: Vec<(Stamp, Request)>,
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

    /// A request is to be carried out later; beyond the bound it is lost instead.
    pub(crate) fn delay(&mut self, until: Stamp, request: &Request) {
        if self.late.len() < LATE_REQUESTS_MAX {
            self.late.push((until, request.clone()));
        }
    }

    /// The oldest of the late requests that arrive by now.
    pub(crate) fn take_late(&mut self, now: Stamp) -> Option<Request> {
        let first = (0..self.late.len()).min_by_key(|at| self.late[*at].0)?;
        (self.late[first].0 <= now).then(|| self.late.remove(first).1)
    }

    /// When the next late request arrives.
    pub(crate) fn next_late(&self) -> Option<Stamp> {
        self.late.iter().map(|(at, _)| *at).min()
    }

    /// Lasting faults end; the snapshot and what is on its way stay.
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
