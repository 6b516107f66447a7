//! A restart with the memory of the predecessor, in every phase.

use std::time::Duration;

use alertkube_core::{Input, KindId, LostWhy, Verdict, Why};
use alertkube_lang::FilterList;

use crate::desk::{Desk, settings};
use crate::objects::{crashing, evicted, node, not_ready, pod};

/// Stops a desk and starts its successor `pause` seconds later.
fn succeed(mut desk: Desk, pause: u64, settings: alertkube_core::Settings) -> Desk {
    desk.input(Input::Stop { by: desk.boot + Duration::from_secs(5) });
    desk.seconds(6);
    assert!(desk.stopped);
    Desk::start(settings, desk.boot + Duration::from_secs(pause), desk.shelf)
}

fn list(desk: &mut Desk, kind: KindId, objects: &[serde_json::Value]) {
    desk.sync_all_but(kind);
    desk.begin(kind, 1);
    for object in objects {
        desk.see(kind, object);
    }
    desk.sync(kind, 1);
}

#[test]
fn what_was_on_its_way_when_it_stopped_is_ended_though_nobody_heard_whether_it_arrived() {
    let mut desk = Desk::live(settings());
    desk.speechless.insert("webhook".to_owned());
    desk.see(KindId::Pod, &crashing("web", &desk.time(5)));
    let mut heir = succeed(desk, 60, settings());
    list(&mut heir, KindId::Pod, &[]);
    heir.seconds(10);
    assert_eq!(heir.told("webhook").len(), 1);
    assert!(heir.told("webhook")[0].ends_with("resolved CrashLoopBackOff web"));
}

#[test]
fn a_pending_and_a_resolving_alert_go_on_where_they_were() {
    let mut desk = Desk::live(settings());
    let mut sick = pod("web");
    not_ready(&mut sick, &desk.time(0));
    desk.see(KindId::Pod, &sick);
    desk.see(KindId::Pod, &crashing("api", &desk.time(5)));
    desk.seconds(10);
    desk.see(KindId::Pod, &pod("api"));
    desk.seconds(100);
    let mut heir = succeed(desk, 4, settings());
    list(&mut heir, KindId::Pod, &[sick, pod("api")]);
    heir.seconds(1000);
    assert_eq!(heir.told("stdout"), ["300 first PodNotReady web", "610 resolved CrashLoopBackOff api"]);
}

#[test]
fn an_alert_that_was_over_but_not_told_so_is_told_so() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(5);
    let down = Verdict::Retry { why: Why::Unreachable, after: None, in_doubt: false };
    desk.answers.insert("webhook".to_owned(), down);
    desk.gone(KindId::Pod, &sick);
    desk.seconds(5);
    let mut heir = succeed(desk, 4, settings());
    list(&mut heir, KindId::Pod, &[]);
    heir.seconds(10);
    assert_eq!(heir.told("webhook").len(), 1);
    assert!(heir.told("stdout").is_empty());
}

#[test]
fn what_a_filter_keeps_out_since_then_ends() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    let mut ignoring = settings();
    ignoring.filters.ignored_namespaces = FilterList::compile("shop").expect("a list");
    let mut heir = succeed(desk, 4, ignoring);
    list(&mut heir, KindId::Pod, &[sick]);
    heir.seconds(1000);
    assert_eq!(heir.told("stdout").len(), 1);
    assert!(heir.told("stdout")[0].ends_with("resolved CrashLoopBackOff web"));
}

#[test]
fn what_is_of_a_kind_that_is_watched_no_longer_ends_and_holds_nothing() {
    let mut desk = Desk::live(settings());
    desk.see(KindId::Node, &node("node-a", "Unknown", &desk.time(100)));
    desk.seconds(5);
    let mut narrow = settings();
    narrow.namespace = Some("shop".to_owned());
    let mut heir = succeed(desk, 4, narrow);
    let sick = crashing("web", &heir.time(5));
    list(&mut heir, KindId::Pod, &[sick]);
    heir.seconds(10);
    assert!(heir.told("stdout")[0].ends_with("resolved NodeNotReady node-a"), "{:?}", heir.told("stdout"));
    assert!(heir.told("stdout").iter().any(|line| line.ends_with("first CrashLoopBackOff web")));
}

#[test]
fn an_event_is_not_told_again() {
    let mut desk = Desk::live(settings());
    let gone = evicted("web", &desk.time(5));
    desk.see(KindId::Pod, &gone);
    desk.seconds(5);
    assert_eq!(desk.told("stdout").len(), 1);
    let mut heir = succeed(desk, 4, settings());
    list(&mut heir, KindId::Pod, &[gone]);
    heir.seconds(2000);
    assert!(heir.told("stdout").is_empty());
    assert!(heir.alerts().is_empty());
}

#[test]
fn a_kind_that_may_not_be_read_is_not_told_and_ended_anew_by_a_restart() {
    let mut desk = Desk::cold(settings());
    let forbidden = || LostWhy::Forbidden("nodes is forbidden".to_owned());
    desk.lose(KindId::Node, forbidden());
    desk.sync_all_but(KindId::Node);
    desk.seconds(200);
    assert_eq!(desk.told("stdout"), ["120 first WatchStale nodes"]);
    let mut heir = succeed(desk, 4, settings());
    heir.begin(KindId::Pod, 1);
    heir.sync(KindId::Pod, 1);
    heir.seconds(2);
    heir.lose(KindId::Node, forbidden());
    heir.sync_all_but(KindId::Node);
    heir.seconds(1000);
    assert!(heir.told("stdout").is_empty(), "{:?}", heir.told("stdout"));
}

#[test]
fn one_name_with_another_uid_after_a_relist_is_one_problem_that_goes_on() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.begin(KindId::Pod, 2);
    let mut heir = crashing("web", &desk.time(0));
    heir["metadata"]["uid"] = "11111111-0000-4000-8000-000000000001".into();
    desk.see(KindId::Pod, &heir);
    desk.sync(KindId::Pod, 2);
    desk.gone(KindId::Pod, &sick);
    desk.seconds(60);
    assert_eq!(desk.told("stdout"), ["0 first CrashLoopBackOff web"]);
    desk.gone(KindId::Pod, &heir);
    desk.seconds(5);
    assert_eq!(desk.told("stdout")[1..], ["60 resolved CrashLoopBackOff web"]);
}
