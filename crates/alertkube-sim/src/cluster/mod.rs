//! The simulated API server: pure, told the time, with neither thread nor socket.

mod check;
mod delete;
mod dispatch;
mod events;
mod failure;
mod fault;
mod list;
mod merge;
mod object;
mod request;
mod resource;
mod select;
mod store;
mod watch;
mod weather;
mod write;

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Kind, KindId, Stamp};
use serde_json::Value;

use self::object::Name;
use self::store::Store;
use self::watch::Watches;
use self::weather::Weather;

pub use self::fault::{Fault, Scope};
pub(crate) use self::object::time;
pub use self::request::{Request, Response, Verb};
pub(crate) use self::resource::Resource;
pub use self::watch::{WatchId, WatchStep};

/// What a request leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A whole answer.
    Answer(Response),
    /// 200 and a stream of lines: see [`Cluster::poll_watch`].
    Stream(WatchId),
    /// No connection came about.
    Refused,
    /// The connection broke before an answer; the request may have been carried out.
    Reset,
}

/// A Kubernetes API server with its etcd, without controllers: objects change only by requests and by `apply`.
#[derive(Debug)]
pub struct Cluster {
    store: Store,
    watches: Watches,
    weather: Weather,
}

/// Namespaces that every cluster has.
const FIRST_NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

impl Cluster {
    /// An empty cluster; the seed decides its uids and nothing else.
    pub fn new(seed: u64, now: Stamp) -> Cluster {
        let mut store = Store::new(seed);
        for namespace in FIRST_NAMESPACES {
            store.make_namespace(now, namespace);
        }
        let mut cluster = Cluster { store, watches: Watches::new(), weather: Weather::default() };
        cluster.publish();
        cluster
    }

    /// How long a request takes to arrive: wait so long, then call [`Cluster::request`]. Uses a latency fault up.
    pub fn latency(&mut self, request: &Request) -> Duration {
        match dispatch::call(request) {
            Some((call, _)) => self.weather.rules.latency(&call),
            None => Duration::ZERO,
        }
    }

    /// Carries a request out.
    pub fn request(&mut self, now: Stamp, request: &Request) -> Reply {
        self.tick(now);
        if self.refuses(now) {
            return Reply::Refused;
        }
        let reply = self.dispatch(now, request);
        self.publish();
        reply
    }

    /// What an open watch says next.
    pub fn poll_watch(&mut self, id: WatchId) -> WatchStep {
        self.watches.poll(id)
    }

    /// The reader of a watch went away.
    pub fn close_watch(&mut self, id: WatchId) {
        self.watches.close(id);
    }

    /// How many watches are open.
    pub fn open_watches(&self) -> usize {
        self.watches.count()
    }

    /// Does what is due: bookmarks, time-outs of watches, repeated cuts, requests that arrive late.
    pub fn tick(&mut self, now: Stamp) {
        if self.weather.cut_is_due(now) {
            self.watches.cut(|_| true);
        }
        while let Some(request) = self.weather.take_late(now) {
            self.carry_out_late(now, &request);
            self.publish();
        }
        self.watches.tick(now, self.store.version());
    }

    /// When [`Cluster::tick`] has something to do next.
    pub fn deadline(&self) -> Option<Stamp> {
        [self.watches.deadline(), self.weather.next_cut(), self.weather.next_late()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether no connection is accepted at the moment.
    pub fn refuses(&self, now: Stamp) -> bool {
        self.weather.refuses(now)
    }

    /// Writes an object with its status, as all controllers together would, and makes its namespace. An object
    /// that stands keeps its uid and creation time. The error is the answer that a client would get.
    pub fn apply(&mut self, now: Stamp, object: Value) -> Result<Arc<Value>, Response> {
        let written = self.store.apply(now, object).map_err(|failure| failure.response());
        self.publish();
        written
    }

    /// Takes an object away at once, as all controllers together would; says whether there was one.
    pub fn remove(&mut self, kind: KindId, namespace: &str, name: &str) -> bool {
        let row = Kind::of(kind);
        let Some(resource) = Resource::of_object(&row.api_version(), row.name) else { return false };
        let gone = self.store.remove(&resource, &Name::new(namespace, name)).is_some();
        self.publish();
        gone
    }

    /// Makes something go wrong.
    pub fn inject(&mut self, now: Stamp, fault: Fault, scope: Scope) {
        self.turn(now, fault, scope);
        self.publish();
    }

    /// Takes all lasting faults away; what happened stays.
    pub fn heal(&mut self) {
        self.weather.clear();
        self.watches.bear(usize::MAX);
        self.store.keep_history(usize::MAX);
    }

    /// The lasting faults in force, as JSON.
    pub fn faults(&self) -> Value {
        self.weather.rules.list()
    }

    fn publish(&mut self) {
        for (resource, change) in self.store.take_unpublished() {
            let rules = &self.weather.rules;
            self.watches
                .publish(&resource, &change, &|r, name, object| dispatch::shown(rules, r, name, object));
        }
    }
}

#[cfg(test)]
mod tests;
