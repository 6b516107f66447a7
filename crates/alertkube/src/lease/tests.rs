//! Elections against the simulated API server, on a clock that runs fast.

use alertkube_sim::{Cluster, Fault, Reply, Request, Scope, Shared};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

/// Far more than any of it takes.
const PATIENCE: Duration = Duration::from_secs(60);

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/alertkube";
const EVENTS: &str = "/api/v1/namespaces/default/events";

struct Bench {
    shared: Shared,
    clock: Clock,
    config: kube::Config,
    _server: JoinSet<()>,
}

/// One who runs, and what it says.
struct Runner {
    handle: Handle,
    news: mpsc::UnboundedReceiver<LeaseNews>,
}

impl Bench {
    /// A cluster whose clock runs so many times as fast as the world's.
    async fn new(speed: f64) -> Bench {
        let clock = Clock::scaled(speed);
        let shared = Shared::new(Cluster::new(1, clock.now().stamp()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut server = JoinSet::new();
        let cluster = shared.clone();
        server.spawn(async move {
            alertkube_sim::serve(cluster, listener, Arc::new(clock)).await.expect("serves");
        });
        let config = kube::Config::new(format!("http://{address}").parse().expect("a URL"));
        Bench { shared, clock, config, _server: server }
    }

    fn enter(&self, identity: &str) -> Runner {
        let (said, news) = mpsc::unbounded_channel();
        let entry = Entry {
            candidate: Candidate { release: Some("main".into()), ..Candidate::new(identity) },
            namespace: "default".into(),
            name: lease_name(None),
            config: self.config.clone(),
            clock: self.clock,
            seed: identity.len() as u64,
        };
        let tell = move |news| said.send(news).expect("somebody listens");
        Runner { handle: start(entry, tell).expect("an election"), news }
    }

    fn inject(&self, fault: Fault, scope: Scope) {
        let now = self.clock.now().stamp();
        self.shared.with(|cluster| cluster.inject(now, fault, scope));
    }

    fn ask(&self, request: &Request) -> Value {
        let now = self.clock.now().stamp();
        match self.shared.with(|cluster| cluster.request(now, request)) {
            Reply::Answer(response) => response.value(),
            other => panic!("{other:?}"),
        }
    }

    fn lease(&self) -> Value {
        self.ask(&Request::get(LEASE))
    }

    /// Waits until something holds.
    async fn until(&self, holds: impl Fn(&Bench) -> bool) {
        let waiting = async {
            while !holds(self) {
                self.clock.sleep_until(self.clock.now().boot + Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("it comes to hold in time");
    }
}

impl Runner {
    /// The next news of a kind; others before it are passed over.
    async fn next(&mut self, wanted: impl Fn(&LeaseNews) -> bool) -> LeaseNews {
        let waiting = async {
            loop {
                let news = self.news.recv().await.expect("the election goes on");
                if wanted(&news) {
                    return news;
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("the news come in time")
    }

    async fn holds(&mut self) {
        self.next(|news| matches!(news, LeaseNews::Held { .. })).await;
    }

    fn allows(&self) -> bool {
        self.handle.held().allows(self.handle.clock.now().boot)
    }
}

fn leases() -> Scope {
    Scope::all().resource("leases")
}

#[test]
fn leases_are_named_after_their_shard() {
    assert_eq!(lease_name(None), "alertkube");
    assert_eq!(lease_name(Some(3)), "alertkube-shard-3");
}

#[test]
fn what_is_held_runs_out() {
    let (held, at) = (HeldUntil::nothing(), Duration::from_secs);
    assert!(!held.allows(Duration::ZERO));
    held.publish(Some(at(20)));
    assert_eq!((held.allows(at(19)), held.left(at(15))), (true, at(5)));
    assert!(!held.allows(at(20)) && held.left(at(30)).is_zero());
    assert!(HeldUntil::without_election().allows(at(1_000_000)));
}

#[tokio::test]
async fn the_first_takes_the_lease_and_renews_it() {
    let bench = Bench::new(10.0).await;
    let mut runner = bench.enter("a_00000001");
    assert!(!runner.allows(), "nothing is held before it is");
    runner.holds().await;
    assert!(runner.allows() && runner.handle.heard().is_some());
    let first = bench.lease();
    assert_eq!(first["spec"]["holderIdentity"], "a_00000001");
    assert_eq!(
        (&first["spec"]["leaseDurationSeconds"], &first["spec"]["leaseTransitions"]),
        (&json!(30), &json!(0))
    );
    assert_eq!(first["metadata"]["annotations"]["alertkube.io/release"], "main");
    // Somebody labels it; the renewals that follow leave that alone.
    let labels = json!({ "metadata": { "labels": { "team": "sre" } } });
    bench.ask(&Request::merge_patch(LEASE, &labels));
    let renewed = |bench: &Bench| bench.lease()["spec"]["renewTime"] != first["spec"]["renewTime"];
    bench.until(renewed).await;
    assert_eq!(bench.lease()["metadata"]["labels"]["team"], "sre");
    assert_eq!(bench.lease()["spec"]["acquireTime"], first["spec"]["acquireTime"]);
}

#[tokio::test]
async fn a_released_lease_is_taken_at_once() {
    let bench = Bench::new(5.0).await;
    let mut first = bench.enter("a_00000001");
    first.holds().await;
    let mut second = bench.enter("b_00000001");
    let follows = second.next(|news| matches!(news, LeaseNews::Follows { .. })).await;
    assert!(matches!(follows, LeaseNews::Follows { holder, .. } if holder == "a_00000001"));
    bench.until(|bench| bench.shared.with(|cluster| cluster.open_watches()) > 0).await;
    let start = bench.clock.now().boot;
    assert!(first.handle.release(Duration::from_secs(20)).await, "released in time");
    assert!(!first.allows());
    second.holds().await;
    let took = bench.clock.now().boot - start;
    assert!(took < Duration::from_secs(10), "a Lease that is waited for takes 30 s, this took {took:?}");
    assert_eq!(bench.lease()["spec"]["leaseTransitions"], 1);
    first.next(|news| *news == LeaseNews::Released).await;
}

#[tokio::test]
async fn a_holder_that_dies_is_replaced_when_its_lease_runs_out() {
    let bench = Bench::new(20.0).await;
    bench.inject(Fault::Forbidden, leases().watches());
    let mut first = bench.enter("a_00000001");
    first.holds().await;
    let mut second = bench.enter("b_00000001");
    let forbidden = second.next(|news| matches!(news, LeaseNews::Forbidden { .. })).await;
    assert!(matches!(forbidden, LeaseNews::Forbidden { verb: "watch", .. }));
    let until = first.handle.held();
    drop(first.handle);
    second.holds().await;
    assert!(!until.allows(bench.clock.now().boot));
    assert_eq!(bench.lease()["spec"]["holderIdentity"], "b_00000001");
}

#[tokio::test]
async fn a_reply_that_is_lost_is_made_up_for() {
    let bench = Bench::new(10.0).await;
    bench.inject(Fault::Reset { applied: true }, leases().writes().times(1));
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    assert_eq!(bench.lease()["spec"]["leaseTransitions"], 0);
    assert_eq!(bench.lease()["spec"]["acquireTime"], bench.lease()["spec"]["renewTime"]);
}

#[tokio::test]
async fn a_renewal_that_arrives_late_changes_nothing() {
    let bench = Bench::new(20.0).await;
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    bench.inject(Fault::Late { millis: 12_000 }, leases().writes().times(1));
    bench.until(|bench| bench.shared.with(|cluster| cluster.faults()) == json!([])).await;
    for _ in 0..4 {
        let news = runner.next(|_| true).await;
        assert!(matches!(news, LeaseNews::Renewed { .. }), "{news:?}");
    }
    assert_eq!(bench.lease()["spec"]["leaseTransitions"], 0);
}

#[tokio::test]
async fn a_request_that_hangs_is_given_up_and_made_again() {
    let bench = Bench::new(20.0).await;
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    bench.inject(Fault::Latency { millis: 10_000_000 }, leases().writes().times(1));
    bench.until(|bench| bench.shared.with(|cluster| cluster.faults()) == json!([])).await;
    let given = bench.lease()["spec"]["renewTime"].clone();
    bench.until(|bench| bench.lease()["spec"]["renewTime"] != given).await;
    assert_eq!(bench.lease()["spec"]["holderIdentity"], "a_00000001");
}

#[tokio::test]
async fn a_holder_without_a_server_goes_silent_and_comes_back() {
    let bench = Bench::new(20.0).await;
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    bench.inject(Fault::Refuse { millis: 60_000 }, Scope::all());
    let lost = runner.next(|news| matches!(news, LeaseNews::Lost { .. })).await;
    let LeaseNews::Lost { why: alertkube_core::LostLease::Expired { because: Some(_) } } = lost else {
        panic!("{lost:?}")
    };
    assert!(!runner.allows());
    runner.holds().await;
    assert!(runner.allows());
}

#[tokio::test]
async fn a_release_that_cannot_be_written_is_given_up_in_time() {
    let bench = Bench::new(20.0).await;
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    bench.inject(Fault::ServerError, Scope::all());
    assert!(!runner.handle.release(Duration::from_secs(4)).await);
    assert!(!runner.allows());
}

/// The reasons of the Events that stand.
fn reasons(bench: &Bench) -> Vec<String> {
    let list = bench.ask(&Request::get(EVENTS));
    let events = list["items"].as_array().expect("a list").iter();
    events.map(|event| event["reason"].as_str().expect("a reason").to_owned()).collect()
}

#[tokio::test]
async fn who_leads_is_told_in_kubernetes_events() {
    let bench = Bench::new(10.0).await;
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    bench.until(|bench| reasons(bench) == ["BecameLeader"]).await;
    let event = bench.ask(&Request::get(EVENTS))["items"][0].clone();
    assert_eq!(event["involvedObject"]["name"], "alertkube");
    assert_eq!(event["involvedObject"]["uid"], bench.lease()["metadata"]["uid"]);
    assert_eq!(event["message"], "a_00000001 became leader");
    assert!(event["eventTime"].is_string(), "{event}");
    runner.handle.announce(Reason::Fenced, "another replica sealed term 4".into());
    bench.until(|bench| reasons(bench).contains(&"Fenced".to_owned())).await;
}

#[tokio::test]
async fn without_the_new_group_events_are_written_to_the_old_one() {
    let bench = Bench::new(10.0).await;
    bench.inject(Fault::Forbidden, Scope::all().resource("events.events.k8s.io"));
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    bench.until(|bench| reasons(bench) == ["BecameLeader"]).await;
    let event = bench.ask(&Request::get(EVENTS))["items"][0].clone();
    assert_eq!((&event["count"], &event["source"]["component"]), (&json!(1), &json!("alertkube")));
    assert!(runner.allows());
}

#[tokio::test]
async fn without_any_right_to_events_the_lease_is_renewed_all_the_same() {
    let bench = Bench::new(20.0).await;
    bench.inject(Fault::Forbidden, Scope::all().resource("events").writes());
    bench.inject(Fault::Forbidden, Scope::all().resource("events.events.k8s.io").writes());
    let mut runner = bench.enter("a_00000001");
    runner.holds().await;
    runner.handle.announce(Reason::Fenced, "nobody will read this".into());
    for _ in 0..3 {
        runner.next(|news| matches!(news, LeaseNews::Renewed { .. })).await;
    }
    assert_eq!(reasons(&bench), Vec::<String>::new());
}
