//! Our own way to the API server, as its administrator: many requests at once from one thread in the cluster's network.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, bail};
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::limits;
use crate::cluster::Cluster;

/// The way; the thread ends with it.
pub(crate) struct Api {
    client: Client,
    handle: Handle,
    _open: oneshot::Sender<()>,
}

/// A request that is on its way.
pub(crate) struct Pending<T = Value>(mpsc::Receiver<Result<T>>);

impl Api {
    /// Opens it for the administrator.
    pub(crate) fn reach(cluster: &Cluster) -> Result<Api> {
        Api::reach_as(cluster, &cluster.kubeconfig())
    }

    /// Opens it for whom that kubeconfig names.
    pub(crate) fn reach_as(cluster: &Cluster, kubeconfig: &Path) -> Result<Api> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).context("read the kubeconfig")?;
        let (sender, reached) = mpsc::channel();
        let (open, closed) = oneshot::channel::<()>();
        let serve = move || -> Result<()> {
            let runtime = Builder::new_current_thread().enable_all().build().context("start a runtime")?;
            runtime.block_on(async {
                let dialled = dial(kubeconfig).await.map(|client| (client, Handle::current()));
                // Who does not wait for the answer any more has dropped the other end as well.
                let _gone = sender.send(dialled);
                let _dropped = closed.await;
            });
            Ok(())
        };
        // Threads stay in the network in which they were started.
        cluster.inside(|| thread::spawn(serve))?;
        let (client, handle) = reached.recv().context("the way to the API server did not open")??;
        Ok(Api { client, handle, _open: open })
    }

    /// Sends a request; anything but 2xx is an error.
    pub(crate) fn go(&self, method: Method, path: &str, body: Option<&Value>) -> Pending {
        self.send(method, path, body, value)
    }

    /// Sends a request; what comes is the number of its status, whatever that is.
    pub(crate) fn code(&self, method: Method, path: &str, body: Option<&Value>) -> Pending {
        self.send(method, path, body, |(status, _)| Ok(Value::from(status)))
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>, judge: Judge) -> Pending {
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let text = body.map(Value::to_string).unwrap_or_default();
        let what = format!("{method} {path}");
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request.body(Body::from(text.into_bytes()));
        let client = self.client.clone();
        self.spawn(async move {
            let answered = answer(&client, request.context("build a request")?).await;
            judge(answered.with_context(|| what.clone())?).with_context(|| what)
        })
    }

    /// Sends a request as somebody else made it; whatever comes back is an answer.
    pub(crate) fn relay(&self, method: Method, path: &str, body: Vec<u8>) -> Pending<(u16, Vec<u8>)> {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let (request, client) = (request.body(Body::from(body)), self.client.clone());
        self.spawn(async move { answer(&client, request.context("build a request")?).await })
    }

    fn spawn<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Pending<T> {
        let (sender, receiver) = mpsc::channel();
        self.handle.spawn(async move {
            let answered = tokio::time::timeout(limits::ANSWER_MAX, work).await;
            // Nobody may wait for it.
            let _gone = sender.send(answered.context("no answer in time").and_then(|answer| answer));
        });
        Pending(receiver)
    }

    /// The object at a path.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        self.go(Method::GET, path, None).wait().with_context(|| format!("get {path}"))
    }

    /// Creates an object.
    pub(crate) fn create(&self, path: &str, object: &Value) -> Pending {
        self.go(Method::POST, path, Some(object))
    }

    /// Merges a patch into an object.
    pub(crate) fn patch(&self, path: &str, patch: &Value) -> Pending {
        self.go(Method::PATCH, path, Some(patch))
    }

    /// Deletes an object.
    pub(crate) fn delete(&self, path: &str) -> Result<()> {
        self.go(Method::DELETE, path, None).wait().map(drop).with_context(|| format!("delete {path}"))
    }

    /// Does many things, some of them at once, and waits for all.
    pub(crate) fn all<T>(
        &self,
        of: impl IntoIterator<Item = T>,
        go: impl Fn(&Api, T) -> Pending,
    ) -> Result<()> {
        let mut of = of.into_iter().peekable();
        while of.peek().is_some() {
            let some: Vec<Pending> = of.by_ref().take(limits::AT_ONCE_MAX).map(|one| go(self, one)).collect();
            some.into_iter().try_for_each(|pending| pending.wait().map(drop))?;
        }
        Ok(())
    }
}

impl<T> Pending<T> {
    /// Waits for its end.
    pub(crate) fn wait(self) -> Result<T> {
        self.0.recv().context("the way to the API server is closed")?
    }
}

async fn dial(kubeconfig: Kubeconfig) -> Result<Client> {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let mut config = config.context("the kubeconfig is not usable")?;
    config.proxy_url = None;
    Client::try_from(config).context("make a client")
}

/// What an answer comes to: by its status and its body.
type Judge = fn((u16, Vec<u8>)) -> Result<Value>;

async fn answer(client: &Client, request: Request<Body>) -> Result<(u16, Vec<u8>)> {
    let response = client.send(request).await?;
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok((status, bytes.to_vec()))
}

/// The object of an answer; anything but 2xx is an error.
fn value((status, bytes): (u16, Vec<u8>)) -> Result<Value> {
    if !(200..300).contains(&status) {
        bail!("{status} {}", String::from_utf8_lossy(&bytes));
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}
