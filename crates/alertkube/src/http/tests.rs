//! The server as a scraper and a kubelet see it.

use alertkube_core::{Holding, KindId, KindStatus, SeatId, SeatStatus};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::limits::{HTTP_CONNECTIONS_MAX, HTTP_HEAD_BYTES_MAX};

struct Site {
    address: SocketAddr,
    status: watch::Sender<Option<Status>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

async fn site() -> Site {
    site_by(Clock::real()).await
}

async fn site_by(clock: Clock) -> Site {
    site_with(clock, None, None).await
}

async fn site_with(clock: Clock, lease: Option<Handle>, note: Option<String>) -> Site {
    let (status, seen) = watch::channel(None);
    let listener = bind("127.0.0.1:0").await.expect("a port");
    let address = port(&listener).expect("a port");
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let telemetry = Arc::new(Telemetry::new("0.0.0", ["stdout"]));
    let served = Served { telemetry, status: seen, lease, note };
    tasks.spawn(serve_by(clock, listener, served, tasks.clone(), stop.clone()));
    Site { address, status, tasks, stop }
}

impl Site {
    async fn ask(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }
}

fn seat(hold: Holding) -> SeatStatus {
    SeatStatus {
        seat: SeatId(0),
        total: 1,
        wish: 1,
        elected: hold == Holding::Follows,
        hold,
        term: None,
        holder: Some("alertkube-1_0badcafe".to_owned()),
        since: Duration::ZERO,
        kept: true,
        unsaved: None,
        in_doubt: 0,
        uncovered: Vec::new(),
        doubled: None,
    }
}

fn status(telling: bool) -> Status {
    let kind =
        |kind, live, lost: Option<&str>| KindStatus { kind, live, lost: lost.map(str::to_owned), objects: 0 };
    let kinds = vec![
        kind(KindId::Node, true, None),
        kind(KindId::Job, false, Some("forbidden: jobs")),
        kind(KindId::Pod, false, None),
        kind(KindId::Event, false, None),
    ];
    Status { telling, kinds, active: 0, pending: 0, kept: 0, sinks: Vec::new(), seat: seat(Holding::Holds) }
}

#[tokio::test]
async fn every_answer_about_the_process_says_what_should_be_known_of_it() {
    let site = site_with(Clock::real(), None, Some("alerts go nowhere".to_owned())).await;
    for path in ["/healthz", "/readyz"] {
        let answer = site.ask(&format!("GET {path}")).await;
        assert!(answer.ends_with("\n- alerts go nowhere\n"), "{answer}");
    }
    let metrics = site.ask("GET /metrics").await;
    assert!(!metrics.contains("alerts go nowhere"), "{metrics}");
}

#[tokio::test]
async fn metrics_are_plain_text_and_head_gets_no_body() {
    let site = site().await;
    let answer = site.ask("GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("\nalertkube_build_info{version="), "{answer}");
    let answer = site.ask("HEAD /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn readiness_says_what_is_missing() {
    let site = site().await;
    let answer = site.ask("GET /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("the engine is starting"), "{answer}");
    site.status.send(Some(status(false))).expect("heard");
    let answer = site.ask("GET /readyz").await;
    let why = "1 of 4 kinds are watched\n- Job: forbidden: jobs\n- Pod, Event: not listed yet\n";
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with(why), "{answer}");
    site.status.send(Some(status(true))).expect("heard");
    let answer = site.ask("HEAD /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    site.status.send(Some(Status { seat: seat(Holding::Follows), ..status(false) })).expect("heard");
    let answer = site.ask("GET /readyz").await;
    let standby = "not ready: standby; the leader is alertkube-1_0badcafe\n";
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with(standby), "{answer}");
}

#[tokio::test]
async fn who_holds_a_lease_that_has_run_out_is_not_ready_whatever_its_engine_still_says() {
    let clock = Clock::real();
    let holds = Status { seat: SeatStatus { elected: true, ..seat(Holding::Holds) }, ..status(true) };
    let now = clock.boot();
    for (until, code) in [(now + Duration::from_secs(3600), "200"), (now, "503")] {
        let site = site_with(clock, Some(Handle::mute(clock, until)), None).await;
        site.status.send(Some(holds.clone())).expect("heard");
        for path in ["/readyz", "/readyz?standby=ok"] {
            let answer = site.ask(&format!("GET {path}")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{path}: {answer}");
        }
    }
}

#[test]
fn a_standby_is_ready_to_take_over_while_it_hears_of_the_lease() {
    let follows = Status { seat: seat(Holding::Follows), ..status(false) };
    let check = |status: &Status, silence: Option<u64>| {
        answers::standby(Some(status), silence.map(Duration::from_secs)).is_ok()
    };
    assert!(check(&follows, Some(29)) && !check(&follows, Some(30)) && !check(&follows, None));
    let fenced = Status { seat: seat(Holding::Fenced), ..status(false) };
    assert!(!check(&fenced, Some(1)));
    assert!(check(&status(true), None) && !check(&status(false), Some(1)));
}

#[tokio::test]
async fn other_paths_and_methods_get_an_error_in_json() {
    let site = site().await;
    let answer = site.ask("GET /api/v1/alerts").await;
    assert!(
        answer.starts_with("HTTP/1.1 404 ") && answer.contains("\r\n\r\n{\"error\":\"no such path"),
        "{answer}"
    );
    for path in ["/metrics", "/healthz", "/readyz"] {
        let answer = site.ask(&format!("POST {path}")).await;
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("{\"error\":\"only GET"), "{answer}");
    }
}

#[tokio::test]
async fn a_living_engine_is_healthy_and_a_silent_one_is_not() {
    let site = site().await;
    let answer = site.ask("GET /healthz").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok: the engine was heard 0 s ago\n"),
        "{answer}"
    );
    assert!(answers::health(Duration::from_secs(119)).is_ok());
    let stuck = answers::health(Duration::from_secs(120)).expect_err("stuck");
    assert_eq!(stuck, "stuck: the engine has not been heard for 120 s");
}

#[tokio::test]
async fn beats_are_heard_until_the_engine_is_gone() {
    let clock = Clock::scaled(1000.0);
    let (_beat, heard) = watch::channel(clock.now().boot);
    clock.sleep_until(clock.now().boot + Duration::from_secs(121)).await;
    assert!(answers::health(silence(&heard, clock)).is_err());
    let site = site().await;
    drop(site.status);
    site.stop.cancel();
    site.tasks.close();
    site.tasks.wait().await;
    assert!(site.tasks.is_empty(), "an engine that is gone does not keep the server from its other work");
}

#[tokio::test]
async fn stopping_lets_go_of_idle_connections_and_of_the_port() {
    let site = site().await;
    let mut idle = TcpStream::connect(site.address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("written");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    site.stop.cancel();
    site.tasks.close();
    site.tasks.wait().await;
    assert!(TcpStream::connect(site.address).await.is_err());
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_clear_error() {
    let taken = bind("127.0.0.1:0").await.expect("a port");
    let address = port(&taken).expect("a port").to_string();
    let error = bind(&address).await.expect_err("taken");
    assert!(format!("{error:#}").starts_with(&format!("cannot listen on {address}: ")), "{error:#}");
    let error = bind("nonsense").await.expect_err("no address");
    assert!(format!("{error:#}").starts_with("cannot listen on nonsense: "), "{error:#}");
}

#[tokio::test]
async fn a_port_without_a_host_is_one_of_both_kinds_of_addresses() {
    let listener = bind(":0").await.expect("a port");
    assert_eq!(rustix::net::sockopt::ipv6_v6only(&listener), Ok(false));
    let port = port(&listener).expect("a port").port();
    for host in ["127.0.0.1", "::1"] {
        assert!(TcpStream::connect((host, port)).await.is_ok(), "{host}");
    }
}

#[tokio::test]
async fn who_never_ends_a_request_is_cut_off_and_makes_room() {
    let site = site_by(Clock::scaled(50.0)).await;
    let mut idle = Vec::new();
    for _ in 0..HTTP_CONNECTIONS_MAX {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost:").await.expect("written");
        idle.push(stream);
    }
    let answer = site.ask("GET /healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let mut rest = Vec::new();
    // Closed or reset: both end it.
    let _ended = idle[0].read_to_end(&mut rest).await;
    assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let site = site().await;
    let answer = site.ask(&format!("GET /{}", "x".repeat(4 * HTTP_HEAD_BYTES_MAX))).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}
