//! Policy: what the settings hold back, and what goes where. Each suppression has its twin without it.

use std::collections::BTreeMap;
use std::time::Duration;

use alertkube_core::{
    FirstRun, Inhibition, KindId, Route, Settings, Severity, SeverityOverride, SinkId, Suppressed, Verdict,
    Why,
};
use alertkube_lang::{FilterList, Matcher};

use crate::desk::{Desk, settings};
use crate::objects::{crashing, node, pod};

pub(crate) fn matcher(pairs: &[(&str, &str)]) -> Matcher {
    let map: BTreeMap<String, String> =
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Matcher::compile(&map, &["severity", "kind", "namespace", "node", "reason", "name"])
        .expect("a sound matcher")
}

/// What stdout hears of one crash loop within ten seconds.
fn heard(settings: Settings, change: impl FnOnce(&mut Desk, &mut serde_json::Value)) -> usize {
    let mut desk = Desk::live(settings);
    let mut sick = crashing("web", &desk.time(5));
    change(&mut desk, &mut sick);
    desk.see(KindId::Pod, &sick);
    desk.seconds(10);
    desk.told("stdout").len()
}

#[test]
fn filters_keep_a_namespace_out() {
    let mut ignoring = settings();
    ignoring.filters.ignored_namespaces = FilterList::compile("shop").expect("a list");
    assert_eq!(heard(ignoring, |_, _| {}), 0);
    assert_eq!(heard(settings(), |_, _| {}), 1);
}

#[test]
fn an_annotation_silences_until_its_time_and_only_if_allowed() {
    let silence = |desk: &mut Desk, pod: &mut serde_json::Value| {
        pod["metadata"]["annotations"] = serde_json::json!({"alert-silence-until": "2099-01-01T00:00:00Z"});
        assert_eq!(desk.sent.len(), 0);
    };
    assert_eq!(heard(settings(), silence), 0);
    let mut disabled = settings();
    disabled.behavior.annotation_silences = false;
    assert_eq!(heard(disabled, silence), 1);
}

#[test]
fn a_standing_source_inhibits_and_its_end_lets_the_target_out() {
    let mut rules = settings();
    rules.inhibitions = vec![Inhibition {
        source: matcher(&[("reason", "NodeDiskPressure")]),
        target: matcher(&[("kind", "Pod")]),
        equal: vec!["node".to_owned()],
    }];
    let mut pressed = node("node-a", "True", "2026-01-01T00:00:00Z");
    let pressure = |status: &str, since: String| serde_json::json!({"type": "DiskPressure", "status": status, "lastTransitionTime": since});
    let mut desk = Desk::live(rules);
    let conditions = pressed["status"]["conditions"].as_array_mut().expect("a list");
    conditions.push(pressure("True", desk.time(100)));
    desk.see(KindId::Node, &pressed);
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(30);
    assert_eq!(desk.told("stdout"), ["0 first NodeDiskPressure node-a"]);
    assert!(desk.held().iter().any(|by| matches!(by, Suppressed::Inhibited(_))));
    pressed["status"]["conditions"][1] = pressure("False", desk.time(0));
    desk.see(KindId::Node, &pressed);
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(200);
    let told = desk.told("stdout");
    assert_eq!(told[1], "150 resolved NodeDiskPressure node-a");
    assert_eq!(told[2], "150 first CrashLoopBackOff web");
}

#[test]
fn the_first_route_that_matches_wins_and_an_override_comes_before_it() {
    let mut routed = settings();
    routed.overrides =
        vec![SeverityOverride { matcher: matcher(&[("namespace", "shop")]), severity: Severity::Info }];
    routed.routes = vec![
        Route { matcher: matcher(&[("severity", "critical")]), sinks: vec![SinkId(0)] },
        Route { matcher: matcher(&[("severity", "info")]), sinks: vec![SinkId(1)] },
    ];
    let mut desk = Desk::live(routed);
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    assert_eq!((desk.told("stdout").len(), desk.told("webhook").len()), (0, 1));
    assert_eq!(desk.sent[0].notification.reports[0].severity, Severity::Info);
}

#[test]
fn a_flap_is_muted_and_told_when_the_mute_is_over() {
    let mut quick = settings();
    quick.conditions.entry("CrashLoopBackOff".to_owned()).or_default().hold_down =
        Some(Duration::from_secs(5));
    let mut desk = Desk::live(quick);
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(10);
    desk.see(KindId::Pod, &pod("web"));
    desk.seconds(20);
    desk.see(KindId::Pod, &crashing("web", &desk.time(0)));
    desk.seconds(900);
    let expected = [
        "0 first CrashLoopBackOff web",
        "15 resolved CrashLoopBackOff web",
        "600 first CrashLoopBackOff web",
    ];
    assert_eq!(desk.told("stdout"), expected);
}

#[test]
fn reminders_come_at_their_interval_and_not_at_all_without_one() {
    let mut reminding = settings();
    reminding.behavior.repeat = Some(Duration::from_secs(600));
    let mut quiet = settings();
    quiet.behavior.repeat = None;
    for (settings, expected) in [(reminding, 4), (quiet, 1)] {
        let mut desk = Desk::live(settings);
        desk.see(KindId::Node, &node("node-a", "False", &desk.time(100)));
        desk.seconds(1900);
        assert_eq!(desk.told("stdout").len(), expected, "{:?}", desk.told("stdout"));
    }
}

#[test]
fn a_first_run_tells_what_stood_as_one_digest_as_single_messages_or_not_at_all() {
    let expected: [(FirstRun, &[&str]); 3] = [
        (FirstRun::Digest, &["0 digest 3"]),
        (FirstRun::All, &["0 first", "0 first", "0 first"]),
        (FirstRun::Silent, &[]),
    ];
    for (mode, lines) in expected {
        let mut first = settings();
        first.behavior.first_run = mode;
        let mut desk = Desk::cold(first);
        for n in 0..3 {
            desk.see(KindId::Pod, &crashing(&format!("web-{n}"), &desk.time(5)));
        }
        desk.sync_all_but(KindId::Pod);
        desk.sync(KindId::Pod, 1);
        desk.seconds(30);
        let told: Vec<String> = desk.told("webhook");
        assert_eq!(told.len(), lines.len(), "{mode:?}: {told:?}");
        assert!(told.iter().zip(lines).all(|(told, line)| told.starts_with(line)), "{mode:?}: {told:?}");
        desk.gone(KindId::Pod, &crashing("web-0", "2026-01-01T00:00:00Z"));
        desk.seconds(10);
        let ends = desk.told("webhook").iter().filter(|line| line.contains("resolved")).count();
        assert_eq!(ends, usize::from(mode != FirstRun::Silent), "{mode:?}");
    }
}

#[test]
fn grace_delays_the_digest_and_swallows_nothing() {
    let mut graceful = settings();
    graceful.behavior.startup_grace = Duration::from_secs(30);
    let mut desk = Desk::cold(graceful);
    desk.see(KindId::Pod, &crashing("a", &desk.time(5)));
    desk.see(KindId::Pod, &crashing("b", &desk.time(5)));
    desk.sync_all_but(KindId::Pod);
    desk.sync(KindId::Pod, 1);
    desk.seconds(10);
    desk.see(KindId::Pod, &crashing("news", &desk.time(0)));
    desk.seconds(60);
    assert_eq!(desk.told("stdout"), ["10 first CrashLoopBackOff news", "30 digest 2"]);
}

#[test]
fn what_a_sink_refuses_is_shown_elsewhere_and_not_repeated_at_once() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Unconfigured));
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(60);
    let told = desk.told("stdout");
    assert!(told.contains(&"60 first SinkFailing webhook".to_owned()), "{told:?}");
    let letters = desk.facts.iter().filter(|fact| matches!(fact, alertkube_core::Fact::DeadLetter { .. }));
    assert_eq!(letters.count(), 1);
}
