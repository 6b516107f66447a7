//! Sending against receivers on this host: what the sink sees, and what becomes of each kind of trouble.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alertkube_api::CredentialFile;
use alertkube_sinks::{Guard, SinkSettings, Stdout, Webhook};
use axum::Router;
use axum::extract::Request as Asked;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::*;

/// A try's 10 s in 0.2 s, and the time to connect in 0.1 s.
const FAST: f64 = 50.0;

/// A send that may begin and be answered until then.
fn until(end: Duration) -> SendWithin {
    SendWithin { begin: end, end, leased: false }
}

const HOUR: Duration = Duration::from_secs(3600);

fn lookup(table: &'static [(&'static str, &'static str)]) -> Lookup {
    Arc::new(move |name| {
        Box::pin(async move {
            let found = table.iter().filter(|(known, _)| *known == name);
            let addresses: Vec<SocketAddr> =
                found.map(|(_, ip)| SocketAddr::new(ip.parse().expect("an address"), 0)).collect();
            if addresses.is_empty() { Err(std::io::Error::other("no such name")) } else { Ok(addresses) }
        })
    })
}

/// What a test varies: the guard, the names that resolve, the proxies, and how fast time runs.
struct Given {
    guard: Guard,
    names: &'static [(&'static str, &'static str)],
    proxies: Proxies,
    scale: f64,
}

impl Default for Given {
    fn default() -> Given {
        Given { guard: Guard::default(), names: &[], proxies: Proxies::default(), scale: 1.0 }
    }
}

fn sender(url: &str, given: Given) -> Sender {
    let Given { guard, names, proxies, scale } = given;
    let sink = Webhook { url: Some(SecretString::from(url)), guard, ..Webhook::default() };
    let outward = Outward { proxies, lookup: lookup(names), lines: Lines::new(std::io::sink()) };
    let telemetry = Arc::new(Telemetry::new("0.0.0", ["webhook"]));
    let held = HeldUntil::without_election();
    let sinks = vec![Slot::plain(SinkSettings::Webhook(sink))];
    Sender::new(sinks, Clock::scaled(scale), outward, (held, telemetry, mpsc::unbounded_channel().0))
}

async fn attempt(sender: &Sender) -> Verdict {
    let not_after = sender.road.clock.now().boot + HOUR;
    try_within(sender, until(not_after)).await
}

async fn try_within(sender: &Sender, within: SendWithin) -> Verdict {
    let known = CancellationToken::new();
    sender.attempt(SinkId(0), &Notification::example(), (within, &known)).await
}

/// A receiver with one answer for all, and what it was asked: method, target, and the number of the try.
struct Receiver {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    async fn answering<A: IntoResponse>(answer: impl Fn() -> A + Clone + Send + Sync + 'static) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&asked);
        let app = Router::new().fallback(move |request: Asked| async move {
            let number = request.headers().get("x-alertkube-attempt").and_then(|value| value.to_str().ok());
            let line = format!("{} {} {}", request.method(), request.uri(), number.unwrap_or("-"));
            book.lock().expect("the book").push(line);
            answer().into_response() as Response
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.expect("served") });
        Receiver { address, asked, _tasks: tasks }
    }

    /// A receiver that takes the request, writes these bytes, and does `then` with the connection.
    async fn raw<F: Future<Output = ()> + Send + 'static>(
        bytes: &'static [u8],
        then: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut head = [0; 64 * 1024];
                let _read = stream.read(&mut head).await;
                let _written = stream.write_all(bytes).await;
                then(stream).await;
            }
        });
        Receiver { address, asked: Arc::default(), _tasks: tasks }
    }

    fn url(&self) -> String {
        format!("http://{}/hook?key=secret", self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the book").clone()
    }
}

/// Keeps a connection open and says nothing more.
async fn hold(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

fn retry(why: Why, after: Option<u64>, in_doubt: bool) -> Verdict {
    Verdict::Retry { why, after: after.map(Duration::from_secs), in_doubt }
}

#[tokio::test]
async fn a_taken_message_is_done_and_timed() {
    let receiver = Receiver::answering(|| "thanks").await;
    let sender = sender(&receiver.url(), Given::default());
    assert_eq!(attempt(&sender).await, Verdict::Done);
    assert_eq!(receiver.asked(), ["POST /hook?key=secret 1"]);
    let text = sender.telemetry.text();
    assert!(text.contains(r#"alertkube_sink_send_seconds_count{sink="webhook",result="ok"} 1"#), "{text}");
    assert!(text.contains(r#"alertkube_delivery_seconds_count{sink="webhook"} 1"#), "{text}");
}

#[tokio::test]
async fn throttling_and_server_errors_are_tried_again_and_each_try_has_its_number() {
    let receiver =
        Receiver::answering(|| (axum::http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")])).await;
    let busy = sender(&receiver.url(), Given::default());
    assert_eq!(attempt(&busy).await, retry(Why::Throttled, Some(7), false));
    assert_eq!(attempt(&busy).await, retry(Why::Throttled, Some(7), false));
    assert_eq!(receiver.asked(), ["POST /hook?key=secret 1", "POST /hook?key=secret 2"]);
    let receiver = Receiver::answering(|| axum::http::StatusCode::INTERNAL_SERVER_ERROR).await;
    let broken = sender(&receiver.url(), Given::default());
    assert_eq!(attempt(&broken).await, retry(Why::ServerError, None, false));
    let text = broken.telemetry.text();
    assert!(text.contains(r#"alertkube_sink_send_seconds_count{sink="webhook",result="error"} 1"#), "{text}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Receiver::answering(|| "got you").await;
    let to = target.url();
    let receiver = Receiver::answering(move || axum::response::Redirect::temporary(&to)).await;
    let sender = sender(&receiver.url(), Given::default());
    assert_eq!(attempt(&sender).await, Verdict::Reject(Why::Refused));
    assert_eq!((receiver.asked().len(), target.asked().len()), (1, 0));
}

#[tokio::test]
async fn no_answer_in_time_is_in_doubt() {
    let receiver = Receiver::raw(b"", hold).await;
    let slow = sender(&receiver.url(), Given { scale: FAST, ..Given::default() });
    let clock = slow.road.clock;
    let begun = clock.now().boot;
    assert_eq!(attempt(&slow).await, retry(Why::Timeout, None, true));
    let took = clock.now().boot - begun;
    assert!(took >= TRY_TIMEOUT, "{took:?}");
    let hurried = sender(&receiver.url(), Given::default());
    let begun = hurried.road.clock.now().boot;
    let within = SendWithin { end: begun + Duration::from_millis(300), ..until(begun + HOUR) };
    assert_eq!(try_within(&hurried, within).await, retry(Why::Timeout, None, true));
    let took = hurried.road.clock.now().boot - begun;
    assert!(took < TRY_TIMEOUT, "no answer is waited for beyond the limit: {took:?}");
}

#[tokio::test]
async fn nothing_leaves_after_its_limit() {
    let receiver = Receiver::answering(|| "thanks").await;
    let sender = sender(&receiver.url(), Given::default());
    let late = sender.road.clock.now().boot;
    assert_eq!(try_within(&sender, until(late)).await, Verdict::Late);
    let unleased = SendWithin { leased: true, ..until(late + HOUR) };
    assert_eq!(try_within(&sender, unleased).await, Verdict::Done);
    let unknown = CancellationToken::new();
    unknown.cancel();
    let example = Notification::example();
    let verdict = sender.attempt(SinkId(0), &example, (until(late + HOUR), &unknown)).await;
    assert_eq!(verdict, Verdict::Late, "its replica panicked");
    let lost = Sender { held: HeldUntil::nothing(), ..sender };
    assert_eq!(try_within(&lost, unleased).await, Verdict::Late);
    assert_eq!(receiver.asked().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_in_doubt_and_after_the_status_it_is_not() {
    let cut = Receiver::raw(b"", |stream| async { drop(stream) }).await;
    assert_eq!(attempt(&sender(&cut.url(), Given::default())).await, retry(Why::Unreachable, None, true));
    let partial = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of";
    let partial = Receiver::raw(partial, |stream| async { drop(stream) }).await;
    assert_eq!(attempt(&sender(&partial.url(), Given::default())).await, Verdict::Done);
    let endless = b"HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nno more comes";
    let endless = Receiver::raw(endless, hold).await;
    let sender = sender(&endless.url(), Given { scale: FAST, ..Given::default() });
    assert_eq!(
        attempt(&sender).await,
        retry(Why::ServerError, None, false),
        "the status is not held back by its body"
    );
}

#[tokio::test]
async fn what_never_reached_the_sink_is_not_in_doubt() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let refused = sender(&format!("http://{closed}/"), Given::default());
    assert_eq!(attempt(&refused).await, retry(Why::Unreachable, None, false));
    let unknown = sender("http://hooks.example.test/", Given::default());
    assert_eq!(attempt(&unknown).await, retry(Why::Unreachable, None, false));
    let plain = Receiver::raw(b"HTTP/1.1 400 no TLS here\r\n\r\n", |stream| async { drop(stream) }).await;
    let tls = sender(&format!("https://{}/", plain.address), Given::default());
    assert_eq!(attempt(&tls).await, retry(Why::Unreachable, None, false));
}

#[tokio::test]
async fn forbidden_addresses_are_never_connected_to() {
    let receiver = Receiver::answering(|| "got you").await;
    let port = receiver.address.port();
    let strict = || Guard { strict: true, ..Guard::default() };
    let metadata: &[_] =
        &[("hooks.example.test", "169.254.169.254"), ("hooks.example.test", "fd00:ec2::254")];
    let own: &[_] = &[("hooks.example.test", "127.0.0.1")];
    for (url, guard, names) in [
        ("http://169.254.169.254/latest/meta-data/".to_owned(), Guard::default(), own),
        ("http://[fd00:ec2::254]/".to_owned(), Guard::default(), own),
        ("http://[::ffff:169.254.169.254]/".to_owned(), Guard::default(), own),
        ("http://hooks.example.test/".to_owned(), Guard::default(), metadata),
        (format!("http://hooks.example.test:{port}/"), strict(), own),
        (format!("http://127.0.0.1:{port}/"), strict(), own),
    ] {
        let sender = sender(&url, Given { guard, names, ..Given::default() });
        assert_eq!(attempt(&sender).await, Verdict::Reject(Why::Blocked), "{url}");
    }
    assert_eq!(receiver.asked(), [""; 0]);
}

#[tokio::test]
async fn of_several_addresses_only_an_admitted_one_is_used() {
    let receiver = Receiver::answering(|| "thanks").await;
    let names: &[_] = &[("hooks.example.test", "169.254.169.254"), ("hooks.example.test", "127.0.0.1")];
    let url = format!("http://hooks.example.test:{}/", receiver.address.port());
    let sender = sender(&url, Given { names, ..Given::default() });
    assert_eq!(attempt(&sender).await, Verdict::Done);
}

#[tokio::test]
async fn through_a_proxy_only_listed_hosts_are_reached() {
    let proxy = Receiver::answering(|| "thanks").await;
    let address = format!("http://proxy.example.test:{}", proxy.address.port());
    let proxies = Proxies::read(|name| match name {
        "HTTP_PROXY" => Some(address.as_str()),
        "NO_PROXY" => Some("direct.example.test"),
        _ => None,
    });
    let proxies = proxies.expect("proxies");
    let names: &[_] = &[("proxy.example.test", "127.0.0.1"), ("direct.example.test", "127.0.0.1")];
    let via = |url: &str| {
        let allowed_hosts = vec!["hooks.example.test".to_owned(), "direct.example.test".to_owned()];
        let guard = Guard { strict: true, proxied: true, allowed_hosts };
        sender(url, Given { guard, names, proxies: proxies.clone(), scale: 1.0 })
    };
    assert_eq!(attempt(&via("http://hooks.example.test/x")).await, Verdict::Done);
    assert_eq!(attempt(&via("http://other.example.test/x")).await, Verdict::Reject(Why::Blocked));
    // Without the proxy in between the addresses are ours to judge again.
    let direct = via(&format!("http://direct.example.test:{}/x", proxy.address.port()));
    assert_eq!(attempt(&direct).await, Verdict::Reject(Why::Blocked));
    assert_eq!(proxy.asked(), ["POST http://hooks.example.test/x 1"]);
    // A guard that knows of no proxy is not led through one.
    let past = sender("http://proxied.example.test/", Given { proxies, names, ..Given::default() });
    assert_eq!(attempt(&past).await, retry(Why::Unreachable, None, false));
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn a_sink_without_address_is_refused_by_name() {
    let sender = sender(" ", Given::default());
    assert_eq!(attempt(&sender).await, Verdict::Reject(Why::Unconfigured));
    let known = CancellationToken::new();
    let within = until(HOUR * 1_000_000);
    let verdict = sender.attempt(SinkId(9), &Notification::example(), (within, &known)).await;
    assert_eq!(verdict, Verdict::Reject(Why::Unconfigured));
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the page").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A pipe that nobody reads any more.
struct Cut;

impl Write for Cut {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A pipe that is full, for as long as the test holds the other end.
struct Full(std::sync::mpsc::Receiver<()>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _end = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn printer(writer: impl Write + Send + 'static, scale: f64) -> Sender {
    let outward = Outward { proxies: Proxies::default(), lookup: lookup(&[]), lines: Lines::new(writer) };
    let telemetry = Arc::new(Telemetry::new("0.0.0", ["webhook"]));
    Sender::new(
        vec![Slot::plain(SinkSettings::Stdout(Stdout { pretty: false, color: false }))],
        Clock::scaled(scale),
        outward,
        (HeldUntil::without_election(), telemetry, mpsc::unbounded_channel().0),
    )
}

#[tokio::test]
async fn lines_are_whole_whoever_writes_at_once() {
    let page = Page::default();
    let sender = Arc::new(printer(page.clone(), 1.0));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let sender = Arc::clone(&sender);
        tasks.spawn(async move { attempt(&sender).await });
    }
    assert_eq!(tasks.join_all().await, vec![Verdict::Done; 8]);
    let text = String::from_utf8(page.0.lock().expect("the page").clone()).expect("text");
    assert!(text.ends_with('\n'));
    let whole = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert_eq!(text.lines().filter(|line| whole(line)).count(), 8, "{text}");
}

#[tokio::test]
async fn a_reader_that_left_or_sleeps_is_told_from_one_that_reads() {
    assert_eq!(attempt(&printer(Cut, 1.0)).await, retry(Why::Unreachable, None, false));
    let (end, other_end) = std::sync::mpsc::channel();
    let sleeping = printer(Full(other_end), FAST);
    assert_eq!(attempt(&sleeping).await, retry(Why::Timeout, None, true));
    assert_eq!(
        attempt(&sleeping).await,
        retry(Why::Unreachable, None, false),
        "the next line waits for the first"
    );
    drop(end);
}

/// A Secret as the kubelet mounts it: a folder of the moment behind a link, and a link to each of its files.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn new(name: &str) -> Mounted {
        let root = std::env::temp_dir().join(format!("alertkube-mounted-{name}-{}", std::process::id()));
        let _never_there = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("a folder");
        std::os::unix::fs::symlink("..data/url", root.join("url")).expect("a link");
        Mounted(root)
    }

    /// Swaps the whole content, `None` for a Secret without the key.
    #[expect(clippy::disallowed_methods, reason = "what a kubelet does")]
    fn swap(&self, version: &str, url: Option<&str>) {
        let folder = self.0.join(version);
        std::fs::create_dir_all(&folder).expect("a folder");
        if let Some(url) = url {
            std::fs::write(folder.join("url"), format!("{url}\n")).expect("written");
        }
        std::os::unix::fs::symlink(version, self.0.join("..tmp")).expect("a link");
        std::fs::rename(self.0.join("..tmp"), self.0.join("..data")).expect("swapped");
    }

    /// A sender whose address stands in the file, and what it says of new ones.
    fn sender(&self) -> (Arc<Sender>, mpsc::UnboundedReceiver<SinkId>) {
        let file =
            CredentialFile { sink: SinkId(0), variable: "GENERIC_WEBHOOK_URL", path: self.0.join("url") };
        let slots = Slot::all(vec![SinkSettings::Webhook(Webhook::default())], &[file]);
        let outward =
            Outward { proxies: Proxies::default(), lookup: lookup(&[]), lines: Lines::new(std::io::sink()) };
        let telemetry = Arc::new(Telemetry::new("0.0.0", ["webhook"]));
        let (renewed, heard) = mpsc::unbounded_channel();
        let held = HeldUntil::without_election();
        (Arc::new(Sender::new(slots, Clock::scaled(FAST), outward, (held, telemetry, renewed))), heard)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_rotated_address_is_used_for_the_next_send() {
    let receiver = Receiver::answering(|| "thanks").await;
    let mounted = Mounted::new("rotated");
    let (sender, mut heard) = mounted.sender();
    assert_eq!(attempt(&sender).await, Verdict::Reject(Why::Unconfigured), "there is no file yet");
    for (version, path) in [("v1", "/old"), ("v2", "/new")] {
        mounted.swap(version, Some(&format!("http://{}{path}", receiver.address)));
        assert_eq!(attempt(&sender).await, Verdict::Done);
        assert_eq!(heard.try_recv(), Ok(SinkId(0)), "{version}");
    }
    assert_eq!(attempt(&sender).await, Verdict::Done);
    assert!(heard.try_recv().is_err(), "nothing changed");
    mounted.swap("v3", Some(&format!("http://{}/new", receiver.address)));
    assert_eq!(attempt(&sender).await, Verdict::Done);
    assert!(heard.try_recv().is_err(), "the same again is no news");
    let paths: Vec<String> = receiver.asked().iter().map(|line| line[..9].to_owned()).collect();
    assert_eq!(paths, ["POST /old", "POST /new", "POST /new", "POST /new"]);
}

#[tokio::test]
async fn a_file_that_is_gone_or_empty_is_a_failure_that_shows() {
    let receiver = Receiver::answering(|| "thanks").await;
    let url = format!("http://{}/x", receiver.address);
    let mounted = Mounted::new("gone");
    let (sender, mut heard) = mounted.sender();
    mounted.swap("v1", Some(&url));
    assert_eq!(attempt(&sender).await, Verdict::Done);
    heard.try_recv().expect("there is an address now");
    let long = "x".repeat(70_000);
    for (version, content) in [("v2", None), ("v3", Some(" ")), ("v4", Some(long.as_str()))] {
        mounted.swap(version, content);
        assert_eq!(attempt(&sender).await, Verdict::Reject(Why::Unconfigured), "{version}");
        assert!(heard.try_recv().is_err(), "{version}: nothing to try again with");
    }
    mounted.swap("v5", Some(&url));
    assert_eq!(attempt(&sender).await, Verdict::Done);
    heard.try_recv().expect("there is one again");
}

#[tokio::test]
async fn a_change_is_heard_of_while_nothing_is_sent() {
    let mounted = Mounted::new("quiet");
    let (sender, mut heard) = mounted.sender();
    mounted.swap("v1", Some("http://127.0.0.1:9/x"));
    let watching = Arc::clone(&sender).watch_credentials();
    let hearing = async {
        assert_eq!(heard.recv().await, Some(SinkId(0)));
        drop(heard);
    };
    // It ends when nobody hears of it.
    tokio::join!(watching, hearing);
}
