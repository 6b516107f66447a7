//! The parts as objects in the cluster, over a client of their own: requests for state never wait behind a list.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use alertkube_api::{Persistence, PersistenceKind, Shard};
use alertkube_core::{Content, Part, PartWrite, SeatId, StoreTrouble, Version};
use anyhow::Context;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::client::Body;
use kube::{Client, Config};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::files;
use crate::store::answers::{Asked, is_absent, trouble};
use crate::store::limits::{ANSWER_BYTES_MAX, REQUEST_TIMEOUT};
use crate::store::names;
use crate::store::objects::{self, Object};

/// Where the kubelet tells a pod its namespace.
const ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Which objects are a seat's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    namespace: String,
    /// What the names of all seats have in common, and those of this seat.
    base: String,
    prefix: String,
    /// Where the Go program had its snapshot.
    reference: String,
    kind: PersistenceKind,
}

impl Place {
    /// The namespace is the configured one (or `POD_NAMESPACE`, which stands for it), else that of the service account
    /// of this pod, else that of the kubeconfig.
    pub(crate) fn new(persistence: &Persistence, shard: Shard, config: &Config) -> Place {
        Place::with_account(persistence, shard, config, Path::new(ACCOUNT_NAMESPACE))
    }

    fn with_account(persistence: &Persistence, shard: Shard, config: &Config, account: &Path) -> Place {
        let Persistence { name, namespace, kind } = persistence;
        // Outside of a pod there is no such file.
        let of_account = || files::read(account).ok().map(|text| text.trim().to_owned());
        let namespace = namespace.clone().or_else(of_account).filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let base = names::base(name, shard).to_owned();
        let (prefix, reference) = (names::prefix(&base, shard.index), names::reference(name, shard));
        Place { namespace, base, prefix, reference, kind: *kind }
    }

    /// The same place of another seat.
    fn of(&self, seat: SeatId) -> Place {
        Place { prefix: names::prefix(&self.base, seat.0), ..self.clone() }
    }

    /// Where the objects are.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the head.
    pub(crate) fn head(&self) -> String {
        names::part(&self.prefix, Part::Head)
    }
}

/// The parts of a seat as ConfigMaps or Secrets.
pub(crate) struct ClusterStore {
    client: Client,
    clock: Clock,
    place: Place,
    /// The metadata of each object as last seen: a replace gives back what others wrote there. Its names are those of
    /// the parts, so it is bounded.
    seen: Mutex<BTreeMap<String, ObjectMeta>>,
}

/// An answer with a status that is known to be one: its code, and its whole body.
type Answer = (StatusCode, Vec<u8>);

impl ClusterStore {
    /// A store with a client of its own; called on the runtime that will use it. Nothing is sent yet.
    pub(crate) fn new(mut config: Config, clock: Clock, place: Place) -> anyhow::Result<ClusterStore> {
        // What is repeated, and when, is decided by the ledger.
        config.default_retry = false;
        config.read_timeout = None;
        let client = Client::try_from(config).context("cannot make a client for the state")?;
        Ok(ClusterStore { client, clock, place, seen: Mutex::default() })
    }

    /// The store of another seat beside this one.
    pub(super) fn of(&self, seat: SeatId) -> ClusterStore {
        self.at(self.place.of(seat))
    }

    /// A store at another place, over the same client.
    pub(crate) fn at(&self, place: Place) -> ClusterStore {
        ClusterStore { client: self.client.clone(), clock: self.clock, place, seen: Mutex::default() }
    }

    pub(super) async fn read(&self, part: Part) -> Result<Option<(Content, Version)>, StoreTrouble> {
        let name = names::part(&self.place.prefix, part);
        let Some(Object { metadata, content }) = self.get(&name).await? else { return Ok(None) };
        let version = version(&metadata, || self.about(&name))?;
        self.remember(name, metadata);
        Ok(Some((content, version)))
    }

    pub(super) async fn write(&self, write: PartWrite) -> Result<Version, StoreTrouble> {
        let PartWrite { part, content, expect } = write;
        let name = names::part(&self.place.prefix, part);
        let known = match expect {
            None => None,
            Some(version) => Some(self.known(&name, &version).await?),
        };
        self.put(name, known, content).await
    }

    pub(super) async fn set_aside(&self, part: Part, content: Content) -> Result<(), StoreTrouble> {
        let name = names::lost(&self.place.prefix, part);
        let there = self.get(&name).await?.map(|object| object.metadata);
        self.put(name, there, content).await.map(drop)
    }

    pub(super) async fn reference(&self) -> Result<Option<Vec<u8>>, StoreTrouble> {
        // The Go program has ConfigMaps only.
        let kind = PersistenceKind::ConfigMap;
        let name = &self.place.reference;
        match self.fetch(kind, name).await? {
            Some(bytes) => objects::snapshot(&bytes).map_err(|error| self.unreadable(name, &error)),
            None => Ok(None),
        }
    }

    /// The metadata that an object had at a version; without it nothing may be replaced, since it says what to keep.
    async fn known(&self, name: &str, version: &Version) -> Result<ObjectMeta, StoreTrouble> {
        let is_meant = |metadata: &ObjectMeta| metadata.resource_version.as_ref() == Some(&version.0);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(metadata) = seen.filter(is_meant) {
            return Ok(metadata);
        }
        let there = self.get(name).await?.map(|object| object.metadata);
        there.filter(is_meant).ok_or(StoreTrouble::Conflict)
    }

    /// Replaces the object that was seen as this, or creates it.
    async fn put(
        &self,
        name: String,
        seen: Option<ObjectMeta>,
        content: Content,
    ) -> Result<Version, StoreTrouble> {
        let Place { namespace, kind, .. } = &self.place;
        let asked = if seen.is_some() { Asked::Replace } else { Asked::Create };
        let fresh =
            || ObjectMeta { name: Some(name.clone()), namespace: Some(namespace.clone()), ..<_>::default() };
        let body = objects::encode(*kind, seen.unwrap_or_else(fresh), content);
        let body = body.map_err(|error| self.unreadable(&name, &error))?;
        let (method, path) = match asked {
            Asked::Replace => (Method::PUT, format!("{}/{name}", self.path(*kind))),
            Asked::Create | Asked::Read => (Method::POST, self.path(*kind)),
        };
        let target = format!("{path}?fieldManager=alertkube");
        let (code, body) = self.ask(method, &target, body).await.map_err(|why| self.unknown(&name, &why))?;
        if !code.is_success() {
            return Err(trouble(asked, &self.about(&name), code.as_u16(), &body));
        }
        let metadata = objects::metadata(&body).map_err(|error| self.unreadable(&name, &error))?;
        let version = version(&metadata, || self.about(&name))?;
        self.remember(name, metadata);
        Ok(version)
    }

    async fn get(&self, name: &str) -> Result<Option<Object>, StoreTrouble> {
        let kind = self.place.kind;
        match self.fetch(kind, name).await? {
            Some(bytes) => {
                objects::decode(kind, &bytes).map(Some).map_err(|error| self.unreadable(name, &error))
            }
            None => Ok(None),
        }
    }

    /// The bytes of an object. Without a resourceVersion in the query the answer is what the storage has, not what a
    /// cache remembers.
    async fn fetch(&self, kind: PersistenceKind, name: &str) -> Result<Option<Vec<u8>>, StoreTrouble> {
        let target = format!("{}/{name}", self.path(kind));
        let answer = self.ask(Method::GET, &target, Vec::new()).await;
        let (code, body) = answer.map_err(|why| self.unknown(name, &why))?;
        match code.as_u16() {
            200 => Ok(Some(body)),
            code if is_absent(code, &body, name) => Ok(None),
            code => Err(trouble(Asked::Read, &self.about(name), code, &body)),
        }
    }

    async fn ask(&self, method: Method, target: &str, body: Vec<u8>) -> Result<Answer, String> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|error| error.to_string())?;
        let whole = async {
            let response = self.client.send(request).await.map_err(broken)?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
            Ok((head.status, body.to_bytes().to_vec()))
        };
        match timeout(self.clock.in_world(REQUEST_TIMEOUT), whole).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", REQUEST_TIMEOUT.as_secs())),
        }
    }

    fn path(&self, kind: PersistenceKind) -> String {
        format!("/api/v1/namespaces/{}/{}", self.place.namespace, objects::plural(kind))
    }

    fn remember(&self, name: String, metadata: ObjectMeta) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name, metadata);
    }

    /// The object in messages.
    fn about(&self, name: &str) -> String {
        format!("state object {}/{name}", self.place.namespace)
    }

    fn unknown(&self, name: &str, why: &str) -> StoreTrouble {
        StoreTrouble::Unknown(format!("{}: {why}", self.about(name)))
    }

    /// An answer of success that is not what was asked for: nobody knows who gave it.
    fn unreadable(&self, name: &str, error: &serde_json::Error) -> StoreTrouble {
        // Where, not what: the words of the parser repeat what they stumbled over.
        self.unknown(name, &format!("not readable at line {}, column {}", error.line(), error.column()))
    }
}

fn version(metadata: &ObjectMeta, about: impl Fn() -> String) -> Result<Version, StoreTrouble> {
    let version = metadata.resource_version.clone().filter(|version| !version.is_empty());
    version.map(Version).ok_or_else(|| StoreTrouble::Unknown(format!("{}: no resourceVersion", about())))
}

/// Why there is no answer. What an authentication plugin printed is left out: it may be a token.
fn broken(error: kube::Error) -> String {
    match error {
        kube::Error::Auth(_) => "no credentials for the API server could be had".to_owned(),
        error => format!("{:#}", anyhow::Error::from(error)),
    }
}

#[cfg(test)]
mod tests;
