//! Taking over from the Go program: its snapshot, written by hand as it writes one, and what follows.

use alertkube_core::{Action, Fingerprint, KindId, SeatFact, SeatId, Severity, Stamp};
use serde_json::{Value, json};

use crate::house::{House, settings, unelected};
use crate::objects::{crashing, pod};

/// A problem as the Go program stores it.
fn incident(house: &House, name: &str, change: &Value) -> Value {
    let mut incident = json!({
        "Fingerprint": "", "Kind": "Pod", "Namespace": "shop", "Name": name, "NodeName": "node-a",
        "Severity": "critical", "Reason": "CrashLoopBackOff", "Summary": "it crashes", "Cluster": "",
        "Details": null, "Labels": {"container": "app"}, "Annotations": {}, "StartsAt": house.time(3600),
        "EndsAt": "0001-01-01T00:00:00Z", "Resolved": false, "Event": false, "Correlation": null,
    });
    let fields = incident.as_object_mut().expect("an object");
    fields.extend(change.as_object().expect("an object").clone());
    incident
}

fn leave(house: &mut House, snapshot: &Value) {
    house.shelves.entry(SeatId::default()).or_default().reference = Some(snapshot.to_string().into_bytes());
}

/// What a sink was told, with the key that it knows the problem by.
fn told(house: &House, sink: &str) -> Vec<String> {
    let heard = house.heard.iter().filter(|heard| heard.sink == sink);
    let mut told: Vec<String> = heard
        .map(|heard| {
            let report = &heard.said.reports[0];
            let key = report.key.as_deref().unwrap_or("-");
            format!("{} {} {} {key}", heard.said.action.as_str(), report.reason, report.name)
        })
        .collect();
    told.sort();
    told
}

#[test]
fn an_incident_ends_under_the_key_that_it_was_opened_with_even_after_a_restart() {
    let mut house = House::new(settings());
    let old = incident(&house, "old", &json!({"Fingerprint": "0123456789ab"}));
    let new = incident(&house, "new", &json!({}));
    leave(&mut house, &json!({"version": 1, "active": [old, new]}));
    for name in ["old", "new"] {
        house.put(KindId::Pod, crashing(name, &house.time(3600)));
    }
    house.join(unelected());
    house.seconds(60);
    assert!(house.heard.is_empty(), "{:?}", told(&house, "keyed"));
    house.stop(0);
    house.crash(0);
    house.join(unelected());
    house.seconds(60);
    assert!(house.heard.is_empty(), "{:?}", told(&house, "keyed"));
    for name in ["old", "new"] {
        house.put(KindId::Pod, pod(name));
    }
    house.seconds(2000);
    let ends = ["resolved CrashLoopBackOff new -", "resolved CrashLoopBackOff old 0123456789ab"];
    assert_eq!(told(&house, "keyed"), ends);
    house.heard.clear();
    house.put(KindId::Pod, crashing("old", &house.time(0)));
    house.seconds(600);
    assert_eq!(told(&house, "keyed"), ["first CrashLoopBackOff old -"], "a new life has our key");
}

#[test]
fn two_incidents_about_one_problem_both_end() {
    let mut house = House::new(settings());
    let pull =
        |reason: &str, key: &str| incident(&house, "web", &json!({"Reason": reason, "Fingerprint": key}));
    let active = [pull("ErrImagePull", "0123456789ab"), pull("ImagePullBackOff", "ba9876543210")];
    leave(&mut house, &json!({"version": 1, "active": active}));
    house.join(unelected());
    house.seconds(60);
    let ends = ["resolved ImagePullBackOff web 0123456789ab", "resolved ImagePullBackOff web ba9876543210"];
    assert_eq!(told(&house, "keyed"), ends);
}

#[test]
fn what_this_build_cannot_see_ends_when_it_would_have_lapsed() {
    let mut house = House::new(settings());
    let lapses = |house: &House, seconds: i64| {
        let at = Stamp::parse(&house.time(0)).expect("a time").millis() / 1000 + seconds;
        Stamp::from_seconds(at).timestamp().to_string()
    };
    let received = json!({"Kind": "External", "Reason": "HighLatency", "Fingerprint": "am-77",
        "EndsAt": lapses(&house, 300)});
    let lost =
        json!({"Kind": "PersistentVolumeClaim", "Reason": "PVCLost", "Fingerprint": "aaaaaaaaaaaaaaaa"});
    let active = [incident(&house, "api", &received), incident(&house, "data", &lost)];
    leave(&mut house, &json!({"version": 1, "active": active}));
    house.join(unelected());
    let taken =
        |fact: &SeatFact| matches!(fact, SeatFact::Migrated { alerts: 2, unseen: 2, left_out: 0, .. });
    assert!(house.seat_facts(0).iter().any(taken), "{:?}", house.seat_facts(0));
    house.seconds(200);
    assert_eq!(told(&house, "keyed"), ["resolved InheritedIncident data aaaaaaaaaaaaaaaa"]);
    house.stop(0);
    house.crash(0);
    house.join(unelected());
    house.seconds(200);
    let kinds: Vec<&str> = house.heard.iter().map(|heard| heard.said.reports[0].kind.as_str()).collect();
    assert!(kinds.contains(&"External") && kinds.contains(&"PersistentVolumeClaim"), "{kinds:?}");
    assert!(told(&house, "keyed").contains(&"resolved InheritedIncident api am-77".to_owned()));
    assert_eq!(house.heard.len(), 6, "each once at each sink");
}

#[test]
fn a_mute_of_what_no_longer_stood_holds() {
    let mut house = House::new(settings());
    let fingerprint = Fingerprint::of("Pod", "shop", "web", "CrashLoopBackOff").to_string();
    let (other, at) = (incident(&house, "other", &json!({})), house.time(60));
    leave(
        &mut house,
        &json!({"version": 1, "active": [other], "lastSent": {fingerprint: at, "0123456789ab": at}}),
    );
    house.join(unelected());
    house.seconds(5);
    house.put(KindId::Pod, crashing("web", &house.time(30)));
    house.seconds(500);
    assert!(!told(&house, "keyed").iter().any(|line| line.contains("web")), "{:?}", told(&house, "keyed"));
    house.seconds(60);
    assert!(told(&house, "keyed").contains(&"first CrashLoopBackOff web -".to_owned()));
}

#[test]
fn a_mute_holds_also_for_what_stands_again_when_the_snapshot_is_read() {
    let mut house = House::new(settings());
    let key = |name: &str| Fingerprint::of("Pod", "shop", name, "CrashLoopBackOff").to_string();
    let at = house.time(60);
    let sent = json!({key("web"): at, key("stands"): at});
    let stands = incident(&house, "stands", &json!({}));
    leave(&mut house, &json!({"version": 1, "active": [stands], "lastSent": sent}));
    for name in ["web", "stands"] {
        house.put(KindId::Pod, crashing(name, &house.time(30)));
    }
    // The pods are seen before it.
    house.shelves.entry(SeatId::default()).or_default().unanswered = 1;
    house.join(unelected());
    house.seconds(530);
    assert!(house.heard.is_empty(), "{:?}", told(&house, "keyed"));
    house.seconds(60);
    assert_eq!(told(&house, "keyed"), ["first CrashLoopBackOff web -"]);
}

#[test]
fn what_was_on_its_way_is_told_once_more() {
    let mut house = House::new(settings());
    let firing = incident(&house, "firing", &json!({"Fingerprint": "am-firing"}));
    let ended = incident(&house, "over", &json!({"Fingerprint": "am-over", "Resolved": true}));
    let back = incident(&house, "back", &json!({"Fingerprint": "am-back"}));
    let was_over = incident(&house, "back", &json!({"Fingerprint": "am-back", "Resolved": true}));
    leave(
        &mut house,
        &json!({"version": 1, "active": [firing, back], "pending": [
            {"id": 2, "alert": ended, "route": {"Sinks": ["keyed", "pigeon"]}},
            {"id": 1, "alert": firing, "route": ["keyed"]},
            {"id": 3, "alert": was_over, "route": ["keyed"]},
        ]}),
    );
    for name in ["firing", "back"] {
        house.put(KindId::Pod, crashing(name, &house.time(3600)));
    }
    house.join(unelected());
    let taken = |fact: &SeatFact| matches!(fact, SeatFact::Migrated { alerts: 3, pending: 2, .. });
    assert!(house.seat_facts(0).iter().any(taken), "{:?}", house.seat_facts(0));
    house.seconds(60);
    assert_eq!(
        told(&house, "keyed"),
        ["first CrashLoopBackOff firing am-firing", "resolved CrashLoopBackOff over am-over"]
    );
    assert!(told(&house, "chat").is_empty(), "{:?}", told(&house, "chat"));
}

#[test]
fn silences_that_are_lost_are_counted_and_ends_go_where_todays_routes_say() {
    let mut only = settings();
    let keyed = only.sink_named("keyed").expect("the sink");
    only.severities.insert(keyed, [Severity::Critical].into());
    let mut house = House::new(only);
    let warning = incident(&house, "mild", &json!({"Severity": "warning"}));
    let until = "2099-01-01T00:00:00Z";
    leave(
        &mut house,
        &json!({"version": 1, "active": [warning],
        "runtimeSilences": [{"id": "0123456789ab", "matchers": {"namespace": "shop"}, "until": until}]}),
    );
    house.join(unelected());
    let said = |fact: &SeatFact| matches!(fact, SeatFact::Migrated { silences: 1, .. });
    assert!(house.seat_facts(0).iter().any(said), "{:?}", house.seat_facts(0));
    house.seconds(60);
    assert!(told(&house, "keyed").is_empty());
    assert_eq!(told(&house, "chat"), ["resolved CrashLoopBackOff mild -"]);
    assert!(house.heard.iter().all(|heard| heard.said.action == Action::Resolved));
}
