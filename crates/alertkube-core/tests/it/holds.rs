//! What is held names what lifts it, and nothing is held for longer.

use alertkube_core::{Inhibition, KindId, Route, Settings, SinkId};
use serde_json::{Value, json};

use crate::desk::{Desk, settings};
use crate::objects::{crashing, lacking, node, not_ready, owned, pod, replica_set, stuck};
use crate::policy::matcher;

fn lines(desk: &Desk, sink: &str, word: &str) -> Vec<String> {
    desk.told(sink).into_iter().filter(|line| line.contains(word)).collect()
}

fn unready(desk: &Desk) -> Value {
    let mut sick = pod("web");
    not_ready(&mut sick, &desk.time(0));
    sick
}

/// A node that is told, and a pod on it whose PodNotReady is held.
fn held_by_its_node(settings: Settings) -> (Desk, Value, Value) {
    let mut desk = Desk::live(settings);
    let (sick, gone) = (unready(&desk), node("node-a", "Unknown", &desk.time(0)));
    desk.see(KindId::Node, &gone);
    desk.see(KindId::Pod, &sick);
    desk.seconds(600);
    assert_eq!(desk.told("stdout"), ["60 first NodeNotReady node-a"]);
    (desk, sick, gone)
}

#[test]
fn an_effect_of_a_cause_that_was_deleted_waits_its_own_for() {
    let (mut desk, _, gone) = held_by_its_node(settings());
    desk.gone(KindId::Node, &gone);
    desk.seconds(1000);
    assert_eq!(desk.told("stdout")[1..], ["600 resolved NodeNotReady node-a", "900 first PodNotReady web"]);
}

#[test]
fn an_effect_that_was_still_pending_when_its_cause_ended_waits_its_own_for_as_well() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::Node, &node("node-a", "Unknown", &desk.time(60)));
    let sick = unready(&desk);
    desk.see(KindId::Pod, &sick);
    desk.seconds(100);
    desk.gone(KindId::Node, &node("node-a", "Unknown", &desk.time(0)));
    desk.seconds(600);
    assert_eq!(lines(&desk, "stdout", "PodNotReady"), ["400 first PodNotReady web"]);
}

#[test]
fn an_effect_of_a_cause_that_never_fired_is_told_when_it_is_due() {
    let mut desk = Desk::live(settings());
    let sick = unready(&desk);
    desk.see(KindId::Pod, &sick);
    desk.seconds(290);
    desk.see(KindId::Node, &node("node-a", "Unknown", &desk.time(0)));
    desk.seconds(30);
    assert!(desk.told("stdout").is_empty(), "the node may be the cause");
    desk.see(KindId::Node, &node("node-a", "True", &desk.time(0)));
    desk.seconds(30);
    assert_eq!(desk.told("stdout"), ["320 first PodNotReady web"]);
}

#[test]
fn an_effect_is_let_out_when_its_cause_is_silenced() {
    let (mut desk, _, mut gone) = held_by_its_node(settings());
    gone["metadata"]["annotations"] = json!({"alert-silence-until": "2099-01-01T00:00:00Z"});
    desk.see(KindId::Node, &gone);
    desk.seconds(1);
    assert_eq!(desk.told("stdout")[1..], ["600 first PodNotReady web"]);
}

#[test]
fn an_effect_is_let_out_when_its_cause_is_inhibited() {
    let mut rules = settings();
    rules.inhibitions = vec![Inhibition {
        source: matcher(&[("reason", "CrashLoopBackOff")]),
        target: matcher(&[("reason", "NodeNotReady")]),
        equal: Vec::new(),
    }];
    let (mut desk, _, _) = held_by_its_node(rules);
    let mut other = crashing("cni", &desk.time(5));
    other["spec"]["nodeName"] = json!("node-b");
    desk.see(KindId::Pod, &other);
    desk.seconds(1);
    assert_eq!(lines(&desk, "stdout", "PodNotReady web"), ["600 first PodNotReady web"]);
}

#[test]
fn one_of_two_sources_that_ends_lets_nothing_out_and_the_last_one_does() {
    let mut rules = settings();
    rules.inhibitions = vec![Inhibition {
        source: matcher(&[("reason", "CrashLoopBackOff")]),
        target: matcher(&[("reason", "NodeNotReady")]),
        equal: Vec::new(),
    }];
    let mut desk = Desk::live(rules);
    for name in ["a", "b"] {
        let mut sick = crashing(name, &desk.time(5));
        sick["spec"]["nodeName"] = json!("node-b");
        desk.see(KindId::Pod, &sick);
    }
    desk.see(KindId::Node, &node("node-a", "False", &desk.time(100)));
    desk.seconds(10);
    desk.gone(KindId::Pod, &crashing("a", &desk.time(5)));
    desk.seconds(10);
    assert!(lines(&desk, "stdout", "NodeNotReady").is_empty());
    desk.gone(KindId::Pod, &crashing("b", &desk.time(5)));
    desk.seconds(10);
    assert_eq!(lines(&desk, "stdout", "NodeNotReady"), ["20 first NodeNotReady node-a"]);
}

#[test]
fn alerts_that_match_both_sides_of_a_rule_do_not_inhibit_each_other() {
    let mut rules = settings();
    let crash = || matcher(&[("reason", "CrashLoopBackOff")]);
    rules.inhibitions = vec![Inhibition { source: crash(), target: crash(), equal: Vec::new() }];
    let mut desk = Desk::live(rules);
    desk.see(KindId::Pod, &crashing("a", &desk.time(5)));
    desk.see(KindId::Pod, &crashing("b", &desk.time(5)));
    assert_eq!(desk.told("stdout").len(), 2);
}

#[test]
fn what_a_silenced_cause_hides_behind_the_cause_of_that_is_let_out_when_this_ends() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::ReplicaSet, &replica_set("web-1", "web"));
    let gone = node("node-a", "Unknown", &desk.time(100));
    desk.see(KindId::Node, &gone);
    let mut sick = owned(crashing("web-1-x", &desk.time(5)), "web-1");
    sick["metadata"]["annotations"] = json!({"alert-silence-until": "2099-01-01T00:00:00Z"});
    desk.see(KindId::Pod, &sick);
    desk.see(KindId::Deployment, &lacking("web", &desk.time(700)));
    desk.seconds(100);
    assert_eq!(desk.told("stdout"), ["0 first NodeNotReady node-a"]);
    desk.see(KindId::Node, &node("node-a", "True", &desk.time(0)));
    desk.seconds(2000);
    let told = lines(&desk, "stdout", "DeploymentUnavailable");
    assert_eq!(told, ["820 first DeploymentUnavailable web"], "{:?}", desk.told("stdout"));
}

#[test]
fn a_cause_that_is_routed_nowhere_holds_nothing() {
    let mut routed = settings();
    routed.routes = vec![Route { matcher: matcher(&[("reason", "NodeNotReady")]), sinks: Vec::new() }];
    let mut desk = Desk::live(routed);
    desk.see(KindId::Node, &node("node-a", "Unknown", &desk.time(100)));
    let sick = unready(&desk);
    desk.see(KindId::Pod, &sick);
    desk.seconds(400);
    assert_eq!(desk.told("stdout"), ["300 first PodNotReady web"]);
}

#[test]
fn a_raise_goes_to_the_sink_that_it_is_now_routed_to_and_the_end_to_every_sink_that_was_told() {
    let mut routed = settings();
    routed.routes = vec![
        Route { matcher: matcher(&[("severity", "critical")]), sinks: vec![SinkId(1)] },
        Route { matcher: matcher(&[]), sinks: vec![SinkId(0)] },
    ];
    let mut desk = Desk::live(routed);
    desk.see(KindId::ReplicaSet, &replica_set("web-1", "web"));
    let mut sick = owned(crashing("web-1-x", &desk.time(5)), "web-1");
    sick["status"]["containerStatuses"][0]["state"] = json!({"waiting": {"reason": "ImagePullBackOff"}});
    sick["status"]["containerStatuses"][0]["restartCount"] = json!(0);
    sick["status"]["containerStatuses"][0]["lastState"] = json!({});
    desk.see(KindId::Pod, &sick);
    desk.seconds(100);
    assert_eq!(desk.told("stdout"), ["30 first ImagePullBackOff web-1-x"]);
    desk.see(KindId::Deployment, &stuck("web", &desk.time(0)));
    desk.seconds(10);
    assert_eq!(desk.told("webhook"), ["100 first ImagePullBackOff web-1-x"]);
    desk.see(KindId::Deployment, &lacking("web", &desk.time(0)));
    desk.gone(KindId::Pod, &sick);
    desk.seconds(100);
    assert_eq!(desk.told("stdout")[1..], ["110 resolved ImagePullBackOff web-1-x"]);
    assert_eq!(desk.told("webhook")[1..], ["110 resolved ImagePullBackOff web-1-x"]);
}

#[test]
fn a_wall_clock_that_is_behind_delays_nothing() {
    let mut desk = Desk::live(settings());
    desk.stepped = -30;
    let mut sick = node("node-a", "False", &desk.time(0));
    desk.see(KindId::Node, &sick);
    for label in ["20 s", "40 s"] {
        desk.seconds(20);
        sick["metadata"]["labels"]["seen"] = label.into();
        desk.see(KindId::Node, &sick);
    }
    desk.seconds(60);
    assert_eq!(desk.told("stdout"), ["60 first NodeNotReady node-a"]);
}

#[test]
fn a_wall_clock_that_steps_delays_and_hastens_nothing() {
    for step in [3600, -3600] {
        let mut desk = Desk::live(settings());
        let gone = node("node-a", "False", &desk.time(0));
        // The object's own stamps are the true time: our clock was wrong by the step, and is put right at 10 s.
        desk.stepped = -step;
        desk.see(KindId::Node, &gone);
        desk.seconds(10);
        desk.stepped = 0;
        desk.seconds(80);
        let due = if step > 0 { "60 first NodeNotReady node-a" } else { "0 first NodeNotReady node-a" };
        assert_eq!(desk.told("stdout"), [due], "step {step}");
    }
}

#[test]
fn a_clock_that_was_years_ahead_mutes_and_reminds_nothing_for_years() {
    let mut quick = settings();
    quick.behavior.repeat = Some(std::time::Duration::from_secs(1000));
    let mut desk = Desk::live(quick);
    desk.stepped = 100_000_000;
    desk.see(KindId::Node, &node("node-a", "False", &desk.time(100)));
    desk.seconds(10);
    desk.stepped = 0;
    desk.seconds(2100);
    assert_eq!(lines(&desk, "stdout", "repeat").len(), 2, "{:?}", desk.told("stdout"));
}
