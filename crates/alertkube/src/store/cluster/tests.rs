//! The store against the simulated cluster, and against servers whose answers are written out.

use std::net::SocketAddr;
use std::sync::Arc;

use alertkube_core::Refusal;
use alertkube_sim::{Cluster, Fault, Request as Asking, Scope, Shared, serve};
use axum::Router;
use axum::extract::Request as Asked;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

fn place(kind: PersistenceKind) -> Place {
    let name = || "state".to_owned();
    Place { namespace: "ops".to_owned(), base: name(), prefix: name(), reference: name(), kind }
}

fn config(address: SocketAddr) -> Config {
    Config::new(format!("http://{address}").parse().expect("an address"))
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// A simulated cluster, and a store in it.
struct Bench {
    cluster: Shared,
    store: ClusterStore,
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Bench {
    async fn new(kind: PersistenceKind) -> Bench {
        let clock = Clock::real();
        let mut simulated = Cluster::new(3, clock.now().stamp());
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "ops" } });
        simulated.apply(clock.now().stamp(), namespace).expect("a sound object");
        let cluster = Shared::new(simulated);
        let (listener, address) = listener().await;
        let (served, mut tasks) = (cluster.clone(), JoinSet::new());
        tasks.spawn(async move { serve(served, listener, Arc::new(clock)).await.expect("served") });
        let store = ClusterStore::new(config(address), clock, place(kind)).expect("a client");
        Bench { cluster, store, address, _tasks: tasks }
    }

    /// Another process with the same objects.
    fn another(&self) -> ClusterStore {
        let place = self.store.place.clone();
        ClusterStore::new(config(self.address), Clock::real(), place).expect("a client")
    }

    fn ask(&self, request: &Asking) -> Value {
        let now = Clock::real().now().stamp();
        match self.cluster.with(|cluster| cluster.request(now, request)) {
            alertkube_sim::Reply::Answer(answer) => answer.value(),
            _ => panic!("no answer"),
        }
    }

    fn object(&self, plural: &str, name: &str) -> Value {
        self.ask(&Asking::get(&format!("/api/v1/namespaces/ops/{plural}/{name}")))
    }

    fn patch(&self, name: &str, patch: &Value) {
        let answer =
            self.ask(&Asking::merge_patch(&format!("/api/v1/namespaces/ops/configmaps/{name}"), patch));
        assert_eq!(answer["kind"], "ConfigMap", "{answer}");
    }

    fn inject(&self, fault: Fault, scope: Scope) {
        let now = Clock::real().now().stamp();
        self.cluster.with(|cluster| cluster.inject(now, fault, scope));
    }
}

fn content(meta: &str) -> Content {
    Content { meta: meta.to_owned(), body: (0..=255).collect() }
}

fn write(part: Part, meta: &str, expect: Option<&Version>) -> PartWrite {
    PartWrite { part, content: content(meta), expect: expect.cloned() }
}

#[tokio::test]
async fn parts_come_back_byte_for_byte_as_either_kind() {
    for kind in [PersistenceKind::ConfigMap, PersistenceKind::Secret] {
        let Bench { store, .. } = &Bench::new(kind).await;
        assert_eq!(store.read(Part::Head).await, Ok(None));
        let first = store.write(write(Part::Head, "{\"seq\":1}", None)).await.expect("created");
        assert_eq!(store.read(Part::Head).await, Ok(Some((content("{\"seq\":1}"), first.clone()))));
        let second = store.write(write(Part::Head, "{\"seq\":2}", Some(&first))).await.expect("replaced");
        assert_ne!(first, second);
        assert_eq!(store.read(Part::Head).await, Ok(Some((content("{\"seq\":2}"), second))));
        assert_eq!(store.read(Part::Bucket(0)).await, Ok(None));
    }
}

#[tokio::test]
async fn objects_have_the_form_that_the_documents_promise() {
    let maps = Bench::new(PersistenceKind::ConfigMap).await;
    maps.store.write(write(Part::Segment(3), "{}", None)).await.expect("created");
    let object = maps.object("configmaps", "state-j03");
    let labels =
        json!({ "app.kubernetes.io/managed-by": "alertkube", "app.kubernetes.io/name": "alertkube" });
    assert_eq!((&object["metadata"]["labels"], &object["data"]), (&labels, &json!({ "meta": "{}" })));
    assert!(
        object["binaryData"]["body"].as_str().is_some_and(|body| body.starts_with("AAECAwQF")),
        "{object}"
    );
    let secrets = Bench::new(PersistenceKind::Secret).await;
    secrets.store.write(write(Part::Head, "{}", None)).await.expect("created");
    let object = secrets.object("secrets", "state-head");
    assert_eq!((&object["type"], &object["data"]["meta"]), (&json!("Opaque"), &json!("e30=")));
    assert!(object["data"]["body"].as_str().is_some_and(|body| body.starts_with("AAECAwQF")), "{object}");
    assert_eq!(object["metadata"]["labels"], labels);
}

#[tokio::test]
async fn who_comes_second_has_a_conflict() {
    let bench = Bench::new(PersistenceKind::ConfigMap).await;
    let (one, other) = (&bench.store, bench.another());
    let first = one.write(write(Part::Head, "one", None)).await.expect("created");
    assert_eq!(other.write(write(Part::Head, "other", None)).await, Err(StoreTrouble::Conflict));
    let (_, seen) = other.read(Part::Head).await.expect("read").expect("there");
    assert_eq!(seen, first);
    let sealed = other.write(write(Part::Head, "other", Some(&seen))).await.expect("replaced");
    assert_eq!(one.write(write(Part::Head, "late", Some(&first))).await, Err(StoreTrouble::Conflict));
    assert_eq!(one.read(Part::Head).await, Ok(Some((content("other"), sealed.clone()))));
    // Deleted since, and never seen by this process: neither may come back by a replace.
    bench.ask(&Asking::delete("/api/v1/namespaces/ops/configmaps/state-head"));
    assert_eq!(one.write(write(Part::Head, "late", Some(&sealed))).await, Err(StoreTrouble::Conflict));
    assert_eq!(
        bench.another().write(write(Part::Head, "late", Some(&sealed))).await,
        Err(StoreTrouble::Conflict)
    );
    assert_eq!(one.read(Part::Head).await, Ok(None));
}

#[tokio::test]
async fn what_others_wrote_on_an_object_stays_there() {
    let bench = Bench::new(PersistenceKind::ConfigMap).await;
    bench.store.write(write(Part::Head, "a", None)).await.expect("created");
    let owners =
        json!([{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "alertkube", "uid": "u-1" }]);
    bench.patch(
        "state-head",
        &json!({ "metadata": {
            "labels": { "team": "ops", "app.kubernetes.io/name": "other" },
            "annotations": { "example.com/keep": "yes" },
            "ownerReferences": owners,
        } }),
    );
    let (_, version) = bench.store.read(Part::Head).await.expect("read").expect("there");
    let next = bench.store.write(write(Part::Head, "b", Some(&version))).await.expect("replaced");
    // A process that has seen the version but not the object, as after a write that it heard of otherwise.
    let another = bench.another();
    another.write(write(Part::Head, "c", Some(&next))).await.expect("replaced");
    let object = bench.object("configmaps", "state-head");
    let labels = json!({
        "app.kubernetes.io/managed-by": "alertkube", "app.kubernetes.io/name": "alertkube", "team": "ops",
    });
    let metadata = &object["metadata"];
    assert_eq!((&metadata["labels"], &metadata["ownerReferences"]), (&labels, &owners));
    assert_eq!(metadata["annotations"], json!({ "example.com/keep": "yes" }));
    assert_eq!(object["data"], json!({ "meta": "c" }));
}

#[tokio::test]
async fn content_that_was_taken_out_is_empty_and_not_absent() {
    let bench = Bench::new(PersistenceKind::ConfigMap).await;
    bench.store.write(write(Part::Head, "a", None)).await.expect("created");
    bench.patch("state-head", &json!({ "data": null, "binaryData": null }));
    let (read, _) = bench.store.read(Part::Head).await.expect("read").expect("there");
    assert!(read.is_empty());
}

#[tokio::test]
async fn lost_content_has_an_object_of_its_own_and_the_latest_stays() {
    let bench = Bench::new(PersistenceKind::ConfigMap).await;
    for meta in ["a", "b"] {
        bench.store.set_aside(Part::Bucket(7), content(meta)).await.expect("kept");
        assert_eq!(bench.object("configmaps", "state-lost-b07")["data"], json!({ "meta": meta }));
    }
    assert_eq!(bench.store.read(Part::Bucket(7)).await, Ok(None));
}

#[tokio::test]
async fn the_snapshot_of_the_go_program_is_read_and_never_written() {
    for kind in [PersistenceKind::ConfigMap, PersistenceKind::Secret] {
        let bench = Bench::new(kind).await;
        assert_eq!(bench.store.reference().await, Ok(None));
        let mut object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "state", "namespace": "ops" },
            "data": { "snapshot.json": "{}" },
        });
        bench.ask(&Asking::post("/api/v1/namespaces/ops/configmaps", &object));
        assert_eq!(bench.store.reference().await, Ok(Some(b"{}".to_vec())));
        object["binaryData"] = json!({ "snapshot.json.gz": "H4sA" });
        bench.ask(&Asking::put("/api/v1/namespaces/ops/configmaps/state", &object));
        let version = bench.object("configmaps", "state")["metadata"]["resourceVersion"].clone();
        assert_eq!(bench.store.reference().await, Ok(Some(vec![0x1f, 0x8b, 0])));
        bench.store.write(write(Part::Head, "a", None)).await.expect("created");
        assert_eq!(bench.object("configmaps", "state")["metadata"]["resourceVersion"], version);
        bench.patch("state", &json!({ "data": null, "binaryData": { "snapshot.json.gz": null } }));
        assert_eq!(bench.store.reference().await, Ok(None));
    }
}

#[tokio::test]
async fn a_lost_reply_is_unknown_and_the_next_read_shows_what_became_of_it() {
    let bench = Bench::new(PersistenceKind::ConfigMap).await;
    let writes = || Scope::all().resource("configmaps").writes().times(1);
    for (part, applied) in [(Part::Head, true), (Part::Segment(0), false)] {
        bench.inject(Fault::Reset { applied }, writes());
        let lost = bench.store.write(write(part, "a", None)).await;
        assert!(matches!(&lost, Err(StoreTrouble::Unknown(text)) if text.contains("ops/state-")), "{lost:?}");
        let read = bench.store.read(part).await.expect("read");
        assert_eq!(read.map(|(content, _)| content), applied.then(|| content("a")));
    }
}

#[tokio::test]
async fn faults_of_the_server_are_told_apart() {
    let bench = Bench::new(PersistenceKind::ConfigMap).await;
    let scope = || Scope::all().resource("configmaps").times(1);
    bench.inject(Fault::Forbidden, scope());
    let refused = bench.store.read(Part::Head).await;
    assert!(matches!(refused, Err(StoreTrouble::Refused { why: Refusal::Forbidden, .. })), "{refused:?}");
    for fault in [
        Fault::Unauthorized,
        Fault::ServerError,
        Fault::TooManyRequests { retry_after_seconds: 1, plain: false },
        Fault::TooManyRequests { retry_after_seconds: 1, plain: true },
    ] {
        bench.inject(fault, scope());
        let unknown = bench.store.write(write(Part::Head, "a", None)).await;
        assert!(matches!(unknown, Err(StoreTrouble::Unknown(_))), "{unknown:?}");
    }
    // The path is not served: no empty store.
    bench.inject(Fault::Missing, scope());
    let missing = bench.store.read(Part::Head).await;
    assert!(matches!(missing, Err(StoreTrouble::Refused { why: Refusal::Other, .. })), "{missing:?}");
    let body = vec![0; 1 << 20];
    let large =
        PartWrite { part: Part::Head, content: Content { meta: "{}".to_owned(), body }, expect: None };
    let refused = bench.store.write(large).await;
    assert!(matches!(refused, Err(StoreTrouble::Refused { why: Refusal::TooLarge, .. })), "{refused:?}");
}

/// A store whose server gives one answer to everything.
async fn answering<A: IntoResponse>(
    clock: Clock,
    answer: impl Fn() -> A + Clone + Send + Sync + 'static,
) -> (ClusterStore, Arc<Mutex<Vec<String>>>, JoinSet<()>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let book = Arc::clone(&asked);
    let router = Router::new().fallback(move |request: Asked| async move {
        book.lock().expect("the book").push(format!("{} {}", request.method(), request.uri()));
        answer().into_response() as Response
    });
    let (listener, address) = listener().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.expect("served") });
    let place = place(PersistenceKind::ConfigMap);
    (ClusterStore::new(config(address), clock, place).expect("a client"), asked, tasks)
}

#[tokio::test]
async fn each_request_is_sent_once_and_reads_name_no_version() {
    let (store, asked, _tasks) =
        answering(Clock::real(), || axum::http::StatusCode::SERVICE_UNAVAILABLE).await;
    let unknown = store.read(Part::Head).await;
    assert_eq!(unknown, Err(StoreTrouble::Unknown("state object ops/state-head: 503".to_owned())));
    assert!(store.write(write(Part::Segment(15), "", None)).await.is_err());
    let path = "/api/v1/namespaces/ops/configmaps";
    let expected = [format!("GET {path}/state-head"), format!("POST {path}?fieldManager=alertkube")];
    assert_eq!(*asked.lock().expect("the book"), expected);
}

#[tokio::test]
async fn an_answer_of_success_that_is_no_state_object_is_unknown() {
    for page in ["<html>sign in, token=hunter2</html>", r#"{"kind":"ConfigMap","metadata":{}}"#, "{}"] {
        let (store, _, _tasks) = answering(Clock::real(), move || page).await;
        for trouble in
            [store.read(Part::Head).await.err(), store.write(write(Part::Head, "", None)).await.err()]
        {
            let Some(StoreTrouble::Unknown(text)) = trouble else { panic!("{page}: {trouble:?}") };
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    let (store, _, _tasks) = answering(Clock::real(), || vec![b' '; ANSWER_BYTES_MAX + 1]).await;
    let endless = store.read(Part::Head).await;
    assert!(matches!(&endless, Err(StoreTrouble::Unknown(text)) if text.contains("limit")), "{endless:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_leaves_it_unknown() {
    let (listener, address) = listener().await;
    // Connections are made by the kernel; nobody takes them.
    let fast = Clock::scaled(50.0);
    let store = ClusterStore::new(config(address), fast, place(PersistenceKind::Secret)).expect("a client");
    let slow = store.write(write(Part::Head, "", None)).await;
    let expected = "state object ops/state-head: no answer within 5 s";
    assert_eq!(slow, Err(StoreTrouble::Unknown(expected.to_owned())));
    drop(listener);
    let gone = store.read(Part::Head).await;
    assert!(matches!(&gone, Err(StoreTrouble::Unknown(text)) if text.contains("ops/state-head")), "{gone:?}");
}

#[test]
fn the_namespace_is_the_configured_one_else_the_pods_else_the_kubeconfigs() {
    let folder = std::env::temp_dir().join(format!("alertkube-account-{}", std::process::id()));
    let account = folder.join("namespace");
    let aside = files::write_aside(&account, "of-pod\n").expect("written");
    files::put_in_place(&aside, &account).expect("in place");
    let mut config = config("127.0.0.1:1".parse().expect("an address"));
    config.default_namespace = "of-kubeconfig".to_owned();
    let kind = PersistenceKind::ConfigMap;
    let persistence = |namespace: Option<&str>| Persistence {
        name: "state".to_owned(),
        namespace: namespace.map(str::to_owned),
        kind,
    };
    let shard = Shard { index: 1, total: 2 };
    let of =
        |namespace, account: &Path| Place::with_account(&persistence(namespace), shard, &config, account);
    let place = |namespace: &str| {
        let (base, prefix) = ("state".to_owned(), "state-1".to_owned());
        Place { namespace: namespace.to_owned(), base, reference: prefix.clone(), prefix, kind }
    };
    assert_eq!(of(Some("configured"), &account), place("configured"));
    assert_eq!(of(None, &account), place("of-pod"));
    assert_eq!(of(None, &folder.join("nothing")), place("of-kubeconfig"));
    std::fs::remove_dir_all(folder).expect("removed");
}
