//! The sink `pagerduty`: what its settings lower to, and who is told what by a replica that has them.

use std::sync::Arc;
use std::time::Duration;

use alertkube_api::Loaded;
use alertkube_core::{
    Effect, Epoch, Input, Kind, KindId, Now, Plan, Replica, Severity, SinkClass, Stamp, Verdict, WatchEvent,
    decode,
};
use alertkube_sinks::{PagerDuty, SinkSettings};
use secrecy::ExposeSecret;

use crate::given::Given;

const ROUTED: &str = "routing: [{sinks: [pagerduty, stdout]}]\n";

fn given() -> Given {
    Given::nothing().var("PAGERDUTY_ROUTING_KEY", "k3y")
}

fn sink(loaded: &Loaded) -> PagerDuty {
    let found = loaded.sinks.iter().find_map(|sink| match sink {
        SinkSettings::PagerDuty(sink) => Some(sink.clone()),
        _ => None,
    });
    found.expect("the sink")
}

fn url(yaml: &str) -> String {
    let url = sink(&given().load(&format!("{ROUTED}{yaml}"))).url;
    url.expect("an address").expose_secret().to_owned()
}

/// The severities that pagerduty takes, mildest first.
fn taken(yaml: &str) -> Vec<Severity> {
    let settings = given().load(&format!("{ROUTED}{yaml}")).settings;
    let id = settings.sink_named("pagerduty").expect("the sink");
    [Severity::Info, Severity::Warning, Severity::Critical]
        .into_iter()
        .filter(|severity| settings.takes(id, *severity))
        .collect()
}

#[test]
fn where_routes_lead_elsewhere_it_is_not_there() {
    let loaded = given().load("routing: [{sinks: [stdout]}]\nsinks: {pagerduty: {severities: [info]}}");
    assert_eq!((loaded.settings.sinks.len(), loaded.settings.severities.len()), (1, 0));
    assert!(loaded.warnings.is_empty());
}

#[test]
fn a_route_makes_it_a_keyed_sink_that_takes_what_is_critical() {
    let loaded = given().load(ROUTED);
    let id = loaded.settings.sink_named("pagerduty").expect("the sink");
    let plan = loaded.settings.sink(id);
    assert_eq!((plan.class, plan.rate.per_second, plan.rate.burst), (SinkClass::Keyed, 1.0, 5));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(taken(""), [Severity::Critical]);
    assert_eq!(
        taken("sinks: {pagerduty: {severities: [warning, info]}}"),
        [Severity::Info, Severity::Warning]
    );
    let stdout = loaded.settings.sink_named("stdout").expect("the sink");
    assert!(loaded.settings.takes(stdout, Severity::Info));
}

#[test]
fn the_region_says_where_to_unless_an_address_does() {
    assert_eq!(url(""), "https://events.pagerduty.com/v2/enqueue");
    assert_eq!(url("sinks: {pagerduty: {region: eu}}"), "https://events.eu.pagerduty.com/v2/enqueue");
    assert_eq!(url("sinks: {pagerduty: {region: eu, url: 'http://127.0.0.1:1/x'}}"), "http://127.0.0.1:1/x");
}

#[test]
fn the_key_comes_from_its_variable_or_its_file_and_never_shows() {
    let file = Given::nothing().var("PAGERDUTY_ROUTING_KEY_FILE", "/run/k").file("/run/k", "k3y\n");
    for given in [given(), file] {
        let loaded = given.load(ROUTED);
        let key = sink(&loaded).routing_key.expect("a key");
        assert_eq!(key.expose_secret(), "k3y");
        assert!(!format!("{loaded:?}").contains("k3y"));
    }
}

#[test]
fn what_cannot_work_is_a_warning_and_what_is_wrong_a_problem() {
    let warnings = |given: &Given, yaml: &str| -> Vec<String> {
        given.load(yaml).warnings.iter().map(ToString::to_string).collect()
    };
    let keyless = warnings(&Given::nothing(), ROUTED);
    assert!(keyless.len() == 1 && keyless[0].starts_with("PAGERDUTY_ROUTING_KEY: not set"), "{keyless:?}");
    let proxied = warnings(&given().var("HTTPS_PROXY", "http://proxy:3128"), ROUTED);
    assert!(proxied.len() == 1 && proxied[0].contains("allowedHosts"), "{proxied:?}");
    let link_local = format!("{ROUTED}sinks: {{pagerduty: {{url: 'http://169.254.169.254/x'}}}}");
    assert_eq!(warnings(&given(), &link_local).len(), 1);
    let unmet = "routing: [{match: {severity: warning}, sinks: [stdout, pagerduty]}]";
    let told = warnings(&given(), unmet);
    assert!(told.len() == 1 && told[0].contains("leaves out warning"), "{told:?}");
    let met = format!("{unmet}\nsinks: {{pagerduty: {{severities: [warning]}}}}");
    assert!(warnings(&given(), &met).is_empty());
    for wrong in
        ["severities: []", "severities: [fatal]", "severities: critical", "region: mars", "url: here"]
    {
        let problems = given().problems(&format!("{ROUTED}sinks: {{pagerduty: {{{wrong}}}}}"));
        let name = wrong.split(':').next().expect("a name");
        assert!(
            problems.len() == 1 && problems[0].contains(&format!("sinks.pagerduty.{name}")),
            "{problems:?}"
        );
    }
}

#[test]
fn a_warning_is_told_elsewhere_and_what_was_told_here_ends_here() {
    let mut cluster = Cluster::new(&format!(
        "{ROUTED}conditions: {{NodeCordon: {{for: 1s}}, NodeNotReady: {{for: 1s, holdDown: 1s}}}}"
    ));
    cluster.see(r#"{"unschedulable": true}"#, "True");
    cluster.seconds(300);
    assert_eq!(cluster.told, ["stdout first NodeCordon"]);
    cluster.see(r#"{"unschedulable": true}"#, "False");
    cluster.seconds(60);
    cluster.see(r#"{"unschedulable": true}"#, "True");
    cluster.seconds(300);
    cluster.told.sort();
    let expected = [
        "pagerduty first NodeNotReady",
        "pagerduty resolved NodeNotReady",
        "stdout first NodeCordon",
        "stdout first NodeNotReady",
        "stdout resolved NodeNotReady",
    ];
    assert_eq!(cluster.told, expected);
}

/// One node, and every sink takes what it is told.
struct Cluster {
    replica: Replica,
    names: Vec<String>,
    boot: Duration,
    told: Vec<String>,
}

impl Cluster {
    fn new(yaml: &str) -> Cluster {
        let settings = Arc::new(given().load(yaml).settings);
        let names = settings.sinks.iter().map(|sink| sink.name.clone()).collect();
        let boot = Duration::ZERO;
        let replica = Replica::new(settings, 7, now(boot));
        let mut cluster = Cluster { replica, names, boot, told: Vec::new() };
        for kind in Kind::ALL {
            cluster.input(Input::Watch(kind.id, WatchEvent::Began(Epoch(1))));
            cluster.input(Input::Watch(kind.id, WatchEvent::Synced(Epoch(1))));
        }
        cluster.seconds(1);
        cluster
    }

    fn see(&mut self, spec: &str, ready: &str) {
        let since = now(self.boot).stamp().timestamp();
        let node = format!(
            r#"{{"apiVersion": "v1", "kind": "Node", "metadata": {{"name": "n1", "uid": "11111111-2222-3333-4444-555555555555"}},
            "spec": {spec}, "status": {{"conditions": [{{"type": "Ready", "status": "{ready}", "lastTransitionTime": "{since}"}}]}}}}"#
        );
        let view = decode(&Plan::default(), KindId::Node, node.as_bytes()).expect("a readable node");
        self.input(Input::Watch(KindId::Node, WatchEvent::Seen(Box::new(view))));
    }

    fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.boot += Duration::from_secs(1);
            self.input(Input::Tick);
        }
    }

    fn input(&mut self, input: Input) {
        self.replica.handle(now(self.boot), input);
        while let Some(effect) = self.replica.poll() {
            let Effect::Send(attempt, sink, notification, _) = effect else { continue };
            let reason = &notification.reports.first().expect("a report").reason;
            self.told.push(format!("{} {} {reason}", self.names[sink.0], notification.action.as_str()));
            self.replica.handle(now(self.boot), Input::Replied(attempt, Verdict::Done));
        }
    }
}

fn now(boot: Duration) -> Now {
    Now { wall: Stamp::from_seconds(1_790_000_000).plus(boot).timestamp(), boot }
}
