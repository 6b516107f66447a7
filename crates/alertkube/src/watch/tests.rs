//! The transport against a server on loopback whose answers are written out.

use std::collections::VecDeque;
use std::sync::Mutex;

use alertkube_core::Plan;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::ACCEPT_ENCODING;
use axum::response::Response;
use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

/// Far more than any of it takes.
const PATIENCE: Duration = Duration::from_secs(30);

type Chunks = mpsc::UnboundedReceiver<Bytes>;

/// Answers requests in the order in which it was told to; later ones get no answer.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, Chunks)>>,
    requests: Mutex<Vec<(String, String)>>,
}

impl Script {
    /// The next answer; its body is what is sent into the channel, until that is dropped.
    fn answer(&self, status: u16) -> mpsc::UnboundedSender<Bytes> {
        let (sender, chunks) = mpsc::unbounded_channel();
        self.answers.lock().expect("unpoisoned").push_back((status, chunks));
        sender
    }

    fn whole(&self, status: u16, body: &str) {
        say(&self.answer(status), body);
    }

    fn requests(&self) -> Vec<(String, String)> {
        self.requests.lock().expect("unpoisoned").clone()
    }
}

async fn serve(State(script): State<Arc<Script>>, request: Request) -> Response {
    let encoding = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let noted = (request.uri().to_string(), encoding.unwrap_or_default().to_owned());
    script.requests.lock().expect("unpoisoned").push(noted);
    let answer = script.answers.lock().expect("unpoisoned").pop_front();
    let Some((status, chunks)) = answer else { return std::future::pending().await };
    let body = futures::stream::unfold(chunks, async |mut chunks| {
        let chunk = chunks.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), chunks))
    });
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = status.try_into().expect("a status");
    response
}

/// A script, the watch of pods that runs into it, and what it says.
struct Bench {
    script: Arc<Script>,
    heard: mpsc::Receiver<(KindId, WatchEvent)>,
    skipped: Arc<Mutex<u64>>,
    tasks: JoinSet<()>,
}

impl Bench {
    async fn new(script: Script, inbox: usize) -> Bench {
        let script = Arc::new(script);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(serve).with_state(Arc::clone(&script));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let config = Config::new(format!("http://{address}").parse().expect("an address"));
        let client = client(config).expect("a client");
        let (inbox, heard) = mpsc::channel(inbox);
        let skipped = Arc::new(Mutex::new(0));
        let count = Arc::clone(&skipped);
        let outlet = Outlet {
            inbox,
            wrap: |kind, event| (kind, event),
            skipped: Arc::new(move |_, skipped| *count.lock().expect("unpoisoned") += skipped.count),
        };
        let follow = Follow::new(Kind::of(KindId::Pod), None, Arc::new(Plan::default()), 7);
        tasks.spawn(follow_kind(client, follow, Clock::real(), outlet));
        Bench { script, heard, skipped, tasks }
    }

    async fn next(&mut self) -> String {
        let next = timeout(PATIENCE, self.heard.recv()).await.expect("something is said in time");
        match next.expect("the watch goes on").1 {
            WatchEvent::Began(_) => "began".to_owned(),
            WatchEvent::Seen(view) => format!("{}@{}", view.meta().name, view.meta().version),
            WatchEvent::Gone(_) => "gone".to_owned(),
            WatchEvent::Synced(_) => "synced".to_owned(),
            WatchEvent::Lost(why) => format!("lost {}", why.label()),
        }
    }

    async fn expect(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(&self.next().await, expected);
        }
    }
}

fn say(chunks: &mpsc::UnboundedSender<Bytes>, text: &str) {
    chunks.send(Bytes::copy_from_slice(text.as_bytes())).expect("the answer is wanted");
}

fn modified(name: &str, version: u32) -> String {
    format!(
        r#"{{"type":"MODIFIED","object":{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}}}"#
    ) + "\n"
}

const END: &str = r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"10","annotations":{"k8s.io/initial-events-end":"true"}}}}
"#;
const PAGE: &str =
    r#"{"metadata":{"resourceVersion":"10"},"items":[{"metadata":{"name":"a","resourceVersion":"4"}},{}]}"#;

#[tokio::test]
async fn a_stream_is_followed_however_it_is_cut_and_taken_up_when_it_ends() {
    let script = Script::default();
    let (first, second) = (script.answer(200), script.answer(200));
    let mut bench = Bench::new(script, 8).await;
    let text = modified("a", 3) + &modified("b", 4) + END + &modified("a", 11);
    for piece in text.as_bytes().chunks(50) {
        first.send(Bytes::copy_from_slice(piece)).expect("wanted");
    }
    bench.expect(&["began", "a@3", "b@4", "synced", "a@11"]).await;
    drop(first);
    say(&second, &modified("b", 12));
    bench.expect(&["b@12"]).await;
    let requests = bench.script.requests();
    assert!(
        requests[0].0.starts_with("/api/v1/pods?watch=true") && requests[0].0.contains("sendInitialEvents")
    );
    assert!(requests[1].0.ends_with("resourceVersion=11"), "{requests:?}");
    assert!(requests.iter().all(|(_, encoding)| encoding == "identity"), "{requests:?}");
}

#[tokio::test]
async fn a_server_without_streaming_lists_is_listed_and_what_it_cannot_name_is_counted() {
    let script = Script::default();
    script.whole(422, r#"{"kind":"Status","code":422}"#);
    script.whole(200, PAGE);
    let watch = script.answer(200);
    let mut bench = Bench::new(script, 8).await;
    bench.expect(&["began", "a@4", "synced"]).await;
    say(&watch, &modified("a", 11));
    bench.expect(&["a@11"]).await;
    assert_eq!(*bench.skipped.lock().expect("unpoisoned"), 1);
}

#[tokio::test]
async fn a_broken_connection_is_taken_up_from_where_it_stopped() {
    let script = Script::default();
    let first = script.answer(200);
    script.whole(503, "not now");
    let third = script.answer(200);
    let mut bench = Bench::new(script, 8).await;
    say(&first, END);
    bench.expect(&["began", "synced"]).await;
    say(&first, &modified("a", 11));
    bench.expect(&["a@11"]).await;
    drop(first);
    bench.expect(&["lost unreachable", "synced"]).await;
    say(&third, &modified("a", 12));
    bench.expect(&["a@12"]).await;
}

#[tokio::test]
async fn a_busy_engine_does_not_stop_the_reading_and_hears_the_newest() {
    let script = Script::default();
    let stream = script.answer(200);
    let mut bench = Bench::new(script, 1).await;
    say(&stream, END);
    for version in 11..=5_000 {
        say(&stream, &modified("a", version));
    }
    say(&stream, &modified("b", 5_001));
    drop(stream);
    // Its next request shows that all of it was read while nobody took anything.
    timeout(PATIENCE, async {
        while bench.script.requests().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("reading goes on");
    assert!(bench.script.requests()[1].0.ends_with("resourceVersion=5001"));
    bench.expect(&["began", "synced"]).await;
    let first = bench.next().await;
    if first != "a@5000" {
        // One had already been handed over when the engine fell behind.
        bench.expect(&["a@5000"]).await;
    }
    bench.expect(&["b@5001"]).await;
}

#[tokio::test]
async fn a_closed_inbox_ends_the_watch() {
    let script = Script::default();
    let _stream = script.answer(200);
    let Bench { heard, mut tasks, .. } = Bench::new(script, 1).await;
    drop(heard);
    let ended = timeout(PATIENCE, tasks.join_next()).await.expect("ends in time");
    assert!(matches!(ended, Some(Ok(()))));
}

#[tokio::test]
async fn every_kind_of_the_plan_is_watched_until_the_inbox_is_closed() {
    let kinds = vec![KindId::Node, KindId::Pod];
    let plan = WatchPlan { kinds, namespace: None, plan: Arc::default() };
    let (inbox, mut heard) = mpsc::channel(4);
    let outlet = Outlet { inbox, wrap: |kind, event| (kind, event), skipped: Arc::new(|_, _| {}) };
    let nobody = Config::new("http://127.0.0.1:1".parse().expect("an address"));
    let tasks = TaskTracker::new();
    follow(&plan, 1, Clock::real(), (outlet, &tasks), nobody).expect("a client");
    let mut lost = Vec::new();
    for _ in 0..2 {
        lost.extend(timeout(PATIENCE, heard.recv()).await.expect("says so in time"));
    }
    lost.sort_by_key(|(kind, _)| *kind);
    assert!(matches!(&lost[..], [(KindId::Node, WatchEvent::Lost(_)), (KindId::Pod, WatchEvent::Lost(_))]));
    drop(heard);
    tasks.close();
    timeout(PATIENCE, tasks.wait()).await.expect("ends with its inbox");
}

#[test]
fn every_kind_has_a_seed_of_its_own() {
    let kinds = Kind::ALL.iter().map(|kind| kind.id).collect();
    let plan = WatchPlan { kinds, namespace: None, plan: Arc::default() };
    let asked: Vec<_> = follows(&plan, 1)
        .map(|(_, mut follow)| match follow.next(Duration::ZERO) {
            Ask::Get(request) => request.path_and_query,
            other => panic!("asks at once: {other:?}"),
        })
        .collect();
    let mut seconds: Vec<_> = asked.iter().filter_map(|path| path.split("timeoutSeconds=").nth(1)).collect();
    seconds.sort_unstable();
    seconds.dedup();
    assert!(seconds.len() > 3, "{asked:?}");
}
