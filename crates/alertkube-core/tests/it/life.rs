//! The life of alerts: pending, firing, resolving, over, and what each sink hears of it.

use std::time::Duration;

use alertkube_core::{KindId, LostWhy, SinkClass, Suppressed, Verdict, Why};

use crate::desk::{Desk, settings, sink};
use crate::objects::{crashing, node, not_ready, owned, pod, replica_set};

#[test]
fn a_crash_loop_is_told_once_to_every_sink_and_its_end_after_the_hold_down() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(60);
    desk.see(KindId::Pod, &pod("web"));
    desk.seconds(700);
    let expected = ["0 first CrashLoopBackOff web", "660 resolved CrashLoopBackOff web"];
    assert_eq!(desk.told("stdout"), expected);
    assert_eq!(desk.told("webhook"), expected);
    assert!(desk.alerts().iter().all(|alert| alert.report.event), "only an event is remembered");
}

#[test]
fn what_recovers_within_its_for_is_never_told() {
    let mut desk = Desk::live(settings());
    let mut sick = pod("web");
    not_ready(&mut sick, &desk.time(0));
    desk.see(KindId::Pod, &sick);
    desk.seconds(290);
    desk.see(KindId::Pod, &pod("web"));
    desk.seconds(3600);
    assert_eq!(desk.told("stdout"), [] as [&str; 0]);
}

#[test]
fn for_counts_from_the_objects_own_time_stamp() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::Node, &node("node-a", "False", &desk.time(50)));
    desk.seconds(30);
    assert_eq!(desk.told("stdout"), ["10 first NodeNotReady node-a"]);
}

#[test]
fn a_deletion_ends_what_its_fault_explained_too() {
    for (ago, wait) in [(5, 60), (60, 5), (300, 0)] {
        let mut desk = Desk::live(settings());
        let sick = crashing("web", &desk.time(ago));
        desk.see(KindId::Pod, &sick);
        desk.seconds(wait);
        desk.gone(KindId::Pod, &sick);
        desk.seconds(600);
        let told: Vec<String> = desk
            .sent
            .iter()
            .filter(|sent| sent.sink == "stdout")
            .map(|sent| {
                let said = &sent.notification;
                format!("{} {}", said.action.as_str(), said.reports[0].reason)
            })
            .collect();
        assert_eq!(
            told,
            ["first CrashLoopBackOff", "resolved CrashLoopBackOff"],
            "{ago} s ago, for {wait} s"
        );
    }
}

#[test]
fn what_waits_for_a_pending_cause_is_explained_by_one_that_fires_meanwhile() {
    let mut desk = Desk::live(settings());
    let mut sick = crashing("web", &desk.time(40));
    // Restarted a moment ago, and not ready: what it crashes of is not known yet.
    let waiting = sick["status"]["containerStatuses"][0]["state"].take();
    sick["status"]["containerStatuses"][0]["state"] = serde_json::json!({"running": {}});
    not_ready(&mut sick, &desk.time(40));
    desk.see(KindId::Pod, &sick);
    desk.seconds(60);
    sick["status"]["containerStatuses"][0]["state"] = waiting;
    desk.see(KindId::Pod, &sick);
    desk.seconds(60);
    desk.gone(KindId::Pod, &sick);
    desk.seconds(600);
    let expected = ["60 first CrashLoopBackOff web", "120 resolved CrashLoopBackOff web"];
    assert_eq!(desk.told("stdout"), expected);
}

#[test]
fn a_deletion_resolves_at_once_and_its_successor_pages_at_once() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(5);
    desk.gone(KindId::Pod, &sick);
    desk.seconds(5);
    let mut heir = crashing("web", &desk.time(0));
    heir["metadata"]["uid"] = "11111111-0000-4000-8000-000000000001".into();
    desk.see(KindId::Pod, &heir);
    let expected =
        ["0 first CrashLoopBackOff web", "5 resolved CrashLoopBackOff web", "10 first CrashLoopBackOff web"];
    assert_eq!(desk.told("stdout"), expected);
    let episodes: Vec<_> =
        desk.sent.iter().map(|sent| sent.notification.reports[0].episode.clone()).collect();
    assert_eq!(episodes[0], episodes[2], "a resolve names the episode it ends");
    assert_ne!(episodes[0], episodes[4], "another life is another episode");
}

#[test]
fn a_lost_watch_ends_nothing_and_its_relist_ends_what_is_gone() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.see(KindId::Pod, &crashing("api", &desk.time(5)));
    desk.lose(KindId::Pod, LostWhy::Unreachable("refused".to_owned()));
    desk.seconds(100);
    assert_eq!(desk.told("stdout").len(), 2);
    desk.begin(KindId::Pod, 2);
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(10);
    desk.sync(KindId::Pod, 2);
    assert_eq!(desk.told("stdout")[2..], ["110 resolved CrashLoopBackOff api"]);
}

#[test]
fn a_node_that_goes_holds_its_pods_back_and_both_orders_agree() {
    for node_first in [true, false] {
        let mut desk = Desk::live(settings());
        let (gone, mut sick) = (node("node-a", "Unknown", &desk.time(0)), pod("web"));
        not_ready(&mut sick, &desk.time(0));
        if node_first {
            desk.see(KindId::Node, &gone);
        }
        desk.see(KindId::Pod, &sick);
        desk.see(KindId::Node, &gone);
        desk.seconds(1800);
        assert_eq!(desk.told("stdout"), ["60 first NodeNotReady node-a"], "node first: {node_first}");
        assert!(desk.held().iter().any(|by| matches!(by, Suppressed::Explained(_))));
        desk.see(KindId::Node, &node("node-a", "True", &desk.time(0)));
        desk.see(KindId::Pod, &pod("web"));
        desk.seconds(300);
        assert_eq!(desk.told("stdout")[1..], ["1920 resolved NodeNotReady node-a"]);
    }
}

#[test]
fn an_effect_that_outlives_its_cause_by_its_own_for_is_told() {
    let mut desk = Desk::live(settings());
    let mut sick = pod("web");
    not_ready(&mut sick, &desk.time(0));
    desk.see(KindId::Pod, &sick);
    desk.see(KindId::Node, &node("node-a", "Unknown", &desk.time(0)));
    desk.seconds(600);
    desk.see(KindId::Node, &node("node-a", "True", &desk.time(0)));
    desk.seconds(1200);
    let told = desk.told("stdout");
    assert_eq!(told[1], "720 resolved NodeNotReady node-a");
    assert_eq!(told[2], "1020 first PodNotReady web");
}

#[test]
fn the_chain_of_owners_is_complete_in_either_order() {
    for pod_first in [true, false] {
        let mut desk = Desk::live(settings());
        let sick = owned(crashing("web-1-x", &desk.time(5)), "web-1");
        if pod_first {
            desk.see(KindId::Pod, &sick);
        }
        desk.see(KindId::ReplicaSet, &replica_set("web-1", "web"));
        desk.see(KindId::Pod, &sick);
        let owners = desk.alerts()[0].report.owners.clone();
        let expected =
            [("ReplicaSet".to_owned(), "web-1".to_owned()), ("Deployment".to_owned(), "web".to_owned())];
        assert_eq!(owners, expected, "pod first: {pod_first}");
    }
}

#[test]
fn a_sink_that_is_down_delays_no_other_and_hears_it_later_once() {
    let mut desk = Desk::live(settings());
    let down = Verdict::Retry { why: Why::Unreachable, after: None, in_doubt: false };
    desk.answers.insert("webhook".to_owned(), down);
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.seconds(120);
    let about_sinks = |line: &String| line.contains("SinkFailing");
    assert_eq!(desk.told("stdout").iter().filter(|line| !about_sinks(line)).count(), 1);
    assert_eq!(desk.told("stdout").iter().filter(|line| about_sinks(line)).count(), 1);
    assert!(desk.told("webhook").is_empty());
    desk.answers.clear();
    desk.seconds(120);
    assert_eq!(desk.told("webhook").iter().filter(|line| line.contains("CrashLoop")).count(), 1);
}

#[test]
fn an_attempt_in_doubt_is_repeated_under_the_same_delivery_and_its_end_is_told() {
    let mut desk = Desk::live(settings());
    let doubt = Verdict::Retry { why: Why::Timeout, after: Some(Duration::from_secs(3600)), in_doubt: true };
    desk.answers.insert("webhook".to_owned(), doubt);
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(10);
    desk.answers.clear();
    desk.gone(KindId::Pod, &sick);
    desk.seconds(3700);
    assert_eq!(desk.told("webhook").len(), 1, "{:?}", desk.told("webhook"));
    assert!(desk.told("webhook")[0].ends_with("resolved CrashLoopBackOff web"));
}

#[test]
fn a_restart_with_memory_tells_nothing_again_and_ends_what_ended_meanwhile() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    desk.see(KindId::Pod, &crashing("api", &desk.time(5)));
    desk.seconds(30);
    let shelf = desk.stop();
    let mut heir = Desk::start(settings(), Duration::from_secs(60), shelf);
    heir.begin(KindId::Pod, 1);
    heir.see(KindId::Pod, &crashing("web", &heir.time(65)));
    heir.sync_all_but(KindId::Pod);
    heir.sync(KindId::Pod, 1);
    heir.seconds(60);
    assert_eq!(heir.told("stdout"), ["60 resolved CrashLoopBackOff api"]);
    assert_eq!(heir.told("webhook"), ["60 resolved CrashLoopBackOff api"]);
}

#[test]
fn a_chat_sink_and_a_webhook_have_their_own_queues() {
    let mut slow = settings();
    slow.sinks = vec![sink("stdout", SinkClass::Chat), sink("webhook", SinkClass::Webhook)];
    slow.sinks[0].rate.per_second = 1.0;
    slow.sinks[0].rate.burst = 1;
    let mut desk = Desk::live(slow);
    for n in 0..5 {
        desk.see(KindId::Pod, &crashing(&format!("web-{n}"), &desk.time(5)));
    }
    assert_eq!((desk.told("stdout").len(), desk.told("webhook").len()), (1, 5));
    desk.seconds(4);
    assert_eq!(desk.told("stdout").len(), 5);
}
