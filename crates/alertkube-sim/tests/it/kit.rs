//! One cluster, reached in either way: every case runs on the pure cluster and over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_sim::{Clock, Cluster, Fault, Reply, Request, Scope, Shared, Verb, WatchId, WatchStep, serve};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::wire::{Answer, Connection};

/// When every test begins.
pub(crate) const START: Stamp = Stamp::from_seconds(1_795_400_000);

/// A cluster and the way to it.
pub(crate) enum Side {
    Pure { cluster: Box<Cluster>, now: Stamp },
    Http { shared: Shared, address: SocketAddr, clock: Arc<HandClock>, _server: JoinSet<()> },
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Got {
    Answer { code: u16, retry_after: Option<String>, body: Vec<u8> },
    Stream(Stream),
    Gone,
}

/// An open watch.
pub(crate) enum Stream {
    Pure(WatchId),
    Http(Connection),
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stream")
    }
}

/// What a watch said.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Line(Value),
    Ended,
    Cut,
}

/// A clock that a test moves.
pub(crate) struct HandClock {
    time: watch::Sender<Stamp>,
    asleep: watch::Sender<usize>,
}

impl HandClock {
    fn new() -> HandClock {
        HandClock { time: watch::Sender::new(START), asleep: watch::Sender::new(0) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.time.send_modify(|now| *now = now.plus(by));
    }

    pub(crate) async fn until_somebody_sleeps(&self) {
        self.asleep.subscribe().wait_for(|count| *count > 0).await.expect("the clock stands");
    }
}

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        *self.time.borrow()
    }

    fn sleep_until(&self, at: Stamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut time = self.time.subscribe();
            self.asleep.send_modify(|count| *count += 1);
            time.wait_for(|now| *now >= at).await.expect("the clock outlives its sleepers");
        })
    }
}

impl Side {
    /// A fresh cluster for each way, with the namespace `shop`.
    pub(crate) async fn both() -> [Side; 2] {
        let mut sides = [Side::pure(), Side::http().await];
        for side in &mut sides {
            side.ok(&Request::post("/api/v1/namespaces", &json!({ "metadata": { "name": "shop" } }))).await;
        }
        sides
    }

    fn pure() -> Side {
        Side::Pure { cluster: Box::new(Cluster::new(7, START)), now: START }
    }

    async fn http() -> Side {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let shared = Shared::new(Cluster::new(7, START));
        let clock = Arc::new(HandClock::new());
        let mut server = JoinSet::new();
        let (cluster, time) = (shared.clone(), Arc::clone(&clock));
        server.spawn(async move { serve(cluster, listener, time).await.expect("the listener stands") });
        Side::Http { shared, address, clock, _server: server }
    }

    /// Looks into the cluster itself.
    pub(crate) fn cluster<T>(&mut self, look: impl FnOnce(&mut Cluster) -> T) -> T {
        match self {
            Side::Pure { cluster, .. } => look(cluster),
            Side::Http { shared, .. } => shared.with(look),
        }
    }

    pub(crate) async fn inject(&mut self, fault: Fault, scope: Scope) {
        match self {
            Side::Pure { cluster, now } => cluster.inject(*now, fault, scope),
            Side::Http { address, .. } => {
                let request = Request::post("/sim/faults", &json!({ "fault": fault, "scope": scope }));
                let answer = exchange(*address, &request).await.expect("the admin page answers");
                assert_eq!(answer.code, 204);
            }
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        match self {
            Side::Pure { cluster, now } => {
                *now = now.plus(by);
                cluster.tick(*now);
            }
            Side::Http { clock, .. } => clock.advance(by),
        }
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Got {
        match self {
            Side::Pure { cluster, now } => {
                *now = now.plus(cluster.latency(request));
                match cluster.request(*now, request) {
                    Reply::Answer(r) => Got::Answer {
                        code: r.code,
                        retry_after: r.retry_after.map(|seconds| seconds.to_string()),
                        body: r.body,
                    },
                    Reply::Stream(id) => Got::Stream(Stream::Pure(id)),
                    Reply::Refused | Reply::Reset => Got::Gone,
                }
            }
            Side::Http { address, .. } => {
                let Ok(answer) = exchange(*address, request).await else { return Got::Gone };
                if answer.is_stream() {
                    return Got::Stream(Stream::Http(answer.into_connection()));
                }
                let (code, retry_after) = (answer.code, answer.header("retry-after").map(str::to_owned));
                let (body, _) = answer.body().await.expect("a whole body");
                Got::Answer { code, retry_after, body }
            }
        }
    }

    /// A request that succeeds.
    pub(crate) async fn ok(&mut self, request: &Request) -> Value {
        let (code, body) = self.answer(request).await;
        assert!((200..300).contains(&code), "{code} {body}");
        body
    }

    /// A request that is answered as a whole.
    pub(crate) async fn answer(&mut self, request: &Request) -> (u16, Value) {
        match self.send(request).await {
            Got::Answer { code, body, .. } => (code, serde_json::from_slice(&body).unwrap_or(Value::Null)),
            got => panic!("{} {}: {got:?}", request.verb.as_str(), request.path),
        }
    }

    pub(crate) async fn watch(&mut self, target: &str) -> Stream {
        match self.send(&Request::get(target)).await {
            Got::Stream(stream) => stream,
            got => panic!("{target}: {got:?}"),
        }
    }

    /// What a watch says next; on the pure cluster that must be there already.
    pub(crate) async fn next(&mut self, stream: &mut Stream) -> Said {
        let line = |bytes: &[u8]| {
            assert!(bytes.ends_with(b"\n"), "a line ends with a newline");
            Said::Line(serde_json::from_slice(bytes).expect("a line is JSON"))
        };
        match stream {
            Stream::Pure(id) => match self.cluster(|cluster| cluster.poll_watch(*id)) {
                WatchStep::Line(bytes) => line(&bytes),
                WatchStep::Ended => Said::Ended,
                WatchStep::Cut => Said::Cut,
                WatchStep::Idle => panic!("the watch says nothing"),
            },
            Stream::Http(connection) => match patient(connection.chunk()).await {
                Ok(Some(bytes)) => line(&bytes),
                Ok(None) => Said::Ended,
                Err(_) => Said::Cut,
            },
        }
    }

    /// Type, name and resourceVersion of the next line.
    pub(crate) async fn event(&mut self, stream: &mut Stream) -> (String, String) {
        match self.next(stream).await {
            Said::Line(line) => (text(&line["type"]), text(&line["object"]["metadata"]["name"])),
            said => panic!("{said:?}"),
        }
    }

    /// The object of the next line, which must be of a type.
    pub(crate) async fn object(&mut self, stream: &mut Stream, kind: &str) -> Value {
        match self.next(stream).await {
            Said::Line(mut line) if line["type"] == kind => line["object"].take(),
            said => panic!("not {kind}: {said:?}"),
        }
    }

    /// Asserts that a watch has nothing to say.
    pub(crate) fn is_quiet(&mut self, stream: &Stream) -> bool {
        match stream {
            Stream::Pure(id) => self.cluster(|cluster| cluster.poll_watch(*id)) == WatchStep::Idle,
            Stream::Http(connection) => connection.is_quiet(),
        }
    }

    /// Creates ConfigMaps in `shop`.
    pub(crate) async fn config_maps(&mut self, names: &[&str]) {
        for name in names {
            self.ok(&Request::post(MAPS, &json!({ "metadata": { "name": name } }))).await;
        }
    }

    /// Writes a ConfigMap of `shop` anew.
    pub(crate) async fn touch(&mut self, name: &str, value: &str) -> Value {
        let object = json!({ "metadata": { "name": name }, "data": { "v": value } });
        self.ok(&Request::put(&format!("{MAPS}/{name}"), &object)).await
    }

    /// The resourceVersion of a list of now.
    pub(crate) async fn version(&mut self) -> u64 {
        version(&self.ok(&Request::get(MAPS)).await)
    }
}

/// The collection that most tests use.
pub(crate) const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

async fn exchange(address: SocketAddr, request: &Request) -> std::io::Result<Answer> {
    patient(async { Connection::open(address).await?.send(request).await }).await
}

/// A test that waits in vain fails instead of hanging.
async fn patient<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("an answer within 20 s")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

/// The resourceVersion of an object or list.
pub(crate) fn version(object: &Value) -> u64 {
    text(&object["metadata"]["resourceVersion"]).parse().expect("a resourceVersion")
}

/// The names in a list.
pub(crate) fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list has items");
    items.iter().map(|item| text(&item["metadata"]["name"])).collect()
}

/// A delete with options.
pub(crate) fn delete(target: &str, options: &Value) -> Request {
    Request::new(Verb::Delete, target).with_body("application/json", options)
}
