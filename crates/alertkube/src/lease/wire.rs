//! The connections of an election: one for its reads and writes, another for its watch.

use std::future::Future;

use alertkube_core::{LeaseEffect, LeaseInput, LeaseTrouble};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, Config};

use super::limits::{TRY_TIMEOUT, WATCH_SECONDS};
use super::object;
use crate::clock::Clock;

/// The answer to a request.
pub(super) struct Answer {
    pub(super) input: LeaseInput,
    /// The Lease as it stands now; none when it was not said.
    pub(super) lease: Option<Lease>,
    /// Whether the connection is to be given up.
    pub(super) stuck: bool,
}

/// A word of the watch.
pub(super) enum Word {
    Stands(Box<Lease>),
    Deleted,
    Ended(LeaseTrouble),
}

pub(super) type Flight = BoxFuture<'static, Answer>;
pub(super) type Words = BoxStream<'static, kube::Result<WatchEvent<Lease>>>;

/// The way to one Lease.
pub(super) struct Wire {
    config: Config,
    /// For reads and writes: nothing else may stand before them.
    first: Client,
    /// For the watch and for Events.
    second: Client,
    clock: Clock,
    namespace: String,
    name: String,
}

impl Wire {
    /// Connects when something is asked; what is repeated, and when, is decided by the election.
    pub(super) fn new(
        mut config: Config,
        clock: Clock,
        (namespace, name): (&str, &str),
    ) -> kube::Result<Wire> {
        config.default_retry = false;
        config.read_timeout = None;
        config.connect_timeout = Some(clock.in_world(TRY_TIMEOUT));
        config.write_timeout = config.connect_timeout;
        let (first, second) = (Client::try_from(config.clone())?, Client::try_from(config.clone())?);
        Ok(Wire { config, first, second, clock, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The next request goes over another connection.
    pub(super) fn reconnect(&mut self) {
        match Client::try_from(self.config.clone()) {
            Ok(client) => self.first = client,
            Err(error) => tracing::warn!("the connection for the Lease cannot be renewed: {error}"),
        }
    }

    /// The client for what may wait.
    pub(super) fn second(&self) -> Client {
        self.second.clone()
    }

    /// Namespace and name.
    pub(super) fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }

    /// Sends what an effect asks for; `last` is the Lease as it was seen last. Other effects send nothing.
    pub(super) fn send(&self, effect: &LeaseEffect, last: Option<&Lease>) -> Option<Flight> {
        let api: Api<Lease> = Api::namespaced(self.first.clone(), &self.namespace);
        let (clock, name) = (self.clock, self.name.clone());
        let how = PostParams::default();
        match effect {
            LeaseEffect::Read => {
                Some(Box::pin(async move { Answer::read(tried(clock, api.get_opt(&name)).await) }))
            }
            LeaseEffect::Create(record) => {
                let lease = object::lease(record, last, self.place());
                Some(Box::pin(async move { Answer::wrote(tried(clock, api.create(&how, &lease)).await) }))
            }
            LeaseEffect::Replace(record) => {
                let lease = object::lease(record, last, self.place());
                Some(Box::pin(
                    async move { Answer::wrote(tried(clock, api.replace(&name, &how, &lease)).await) },
                ))
            }
            LeaseEffect::Watch | LeaseEffect::Unwatch | LeaseEffect::News(_) => None,
        }
    }

    /// Opens a watch, which begins with the Lease as it stands.
    pub(super) fn watch(&self) -> Words {
        let api: Api<Lease> = Api::namespaced(self.second.clone(), &self.namespace);
        let only = format!("metadata.name={}", self.name);
        let how = WatchParams::default().fields(&only).timeout(WATCH_SECONDS).disable_bookmarks();
        stream::once(async move { api.watch(&how, "").await }).try_flatten().boxed()
    }
}

/// The next word of a watch; without one, never.
pub(super) async fn word(words: Option<&mut Words>) -> Word {
    let Some(words) = words else { return std::future::pending().await };
    loop {
        return match words.next().await {
            Some(Ok(WatchEvent::Added(lease) | WatchEvent::Modified(lease))) => Word::Stands(Box::new(lease)),
            Some(Ok(WatchEvent::Deleted(_))) => Word::Deleted,
            Some(Ok(WatchEvent::Bookmark(_))) => continue,
            Some(Ok(WatchEvent::Error(status))) => Word::Ended(object::refusal(&status)),
            Some(Err(error)) => Word::Ended(object::trouble(error)),
            None => Word::Ended(LeaseTrouble::Unreachable("the server closed the watch".to_owned())),
        };
    }
}

/// The answer in flight; without one, never.
pub(super) async fn landed(flight: Option<&mut Flight>) -> Answer {
    match flight {
        Some(flight) => flight.await,
        None => std::future::pending().await,
    }
}

/// What came of a try, and whether nothing came in time.
type Tried<T> = (Result<T, LeaseTrouble>, bool);

/// One try, given up after [`TRY_TIMEOUT`].
pub(super) async fn tried<T>(clock: Clock, request: impl Future<Output = kube::Result<T>>) -> Tried<T> {
    let end = clock.now().boot + TRY_TIMEOUT;
    tokio::select! {
        biased;
        answer = request => (answer.map_err(object::trouble), false),
        () = clock.sleep_until(end) => {
            let why = format!("no answer within {} s", TRY_TIMEOUT.as_secs());
            (Err(LeaseTrouble::Unreachable(why)), true)
        }
    }
}

impl Answer {
    fn read((answer, stuck): Tried<Option<Lease>>) -> Answer {
        let input = LeaseInput::Read(
            answer
                .as_ref()
                .map_or_else(|trouble| Err(trouble.clone()), |lease| Ok(lease.as_ref().map(object::record))),
        );
        Answer { input, lease: answer.ok().flatten(), stuck }
    }

    fn wrote((answer, stuck): Tried<Lease>) -> Answer {
        let record = answer.as_ref().map(object::record).map_err(LeaseTrouble::clone);
        Answer { input: LeaseInput::Wrote(record), lease: answer.ok(), stuck }
    }
}
