//! Delivery under trouble: sinks that are slow, down, in doubt or refusing; told once each, and ended.

use std::collections::BTreeSet;
use std::time::Duration;

use alertkube_core::{Action, Digest, Input, KindId, SinkClass, Verdict, Why};

use crate::desk::{Desk, settings, sink};
use crate::objects::{crashing, evicted, node, pod};

fn down(in_doubt: bool, after: Option<u64>) -> Verdict {
    Verdict::Retry { why: Why::Unreachable, after: after.map(Duration::from_secs), in_doubt }
}

fn lines(desk: &Desk, sink: &str, word: &str) -> Vec<String> {
    desk.told(sink).into_iter().filter(|line| line.contains(word)).collect()
}

#[test]
fn a_probe_that_is_refused_does_not_leave_the_breaker_stuck() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), down(false, None));
    desk.see(KindId::Pod, &crashing("a", &desk.time(5)));
    desk.seconds(25);
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Refused));
    desk.seconds(60);
    desk.answers.clear();
    desk.see(KindId::Pod, &crashing("b", &desk.time(5)));
    desk.seconds(60);
    assert_eq!(lines(&desk, "webhook", "CrashLoopBackOff b").len(), 1);
}

#[test]
fn a_sink_with_another_credential_is_told_at_once_what_it_refused() {
    let mut desk = Desk::live(settings());
    let (sick, over) = (crashing("sick", &desk.time(5)), crashing("over", &desk.time(5)));
    desk.see(KindId::Pod, &over);
    desk.seconds(5);
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Unauthorized));
    desk.see(KindId::Pod, &sick);
    desk.see(KindId::Pod, &evicted("gone", &desk.time(5)));
    desk.gone(KindId::Pod, &over);
    desk.seconds(60);
    assert_eq!(lines(&desk, "webhook", " ").len(), 1, "{:?}", desk.told("webhook"));
    assert_eq!(lines(&desk, "stdout", "first SinkFailing webhook").len(), 1);
    desk.answers.clear();
    let webhook = desk.settings.sink_named("webhook").expect("the sink");
    desk.input(Input::Renewed(webhook));
    desk.seconds(1);
    let mut told = desk.told("webhook");
    told.sort();
    let expected = |word: &str| told.iter().filter(|line| line.ends_with(word)).count();
    assert_eq!(expected("first CrashLoopBackOff sick"), 1, "{told:?}");
    assert_eq!(expected("first Evicted gone"), 1, "{told:?}");
    assert_eq!(expected("resolved CrashLoopBackOff over"), 1, "{told:?}");
    desk.seconds(900);
    assert_eq!(lines(&desk, "stdout", "resolved SinkFailing webhook").len(), 1);
}

#[test]
fn another_credential_ends_the_rest_and_the_breaker_and_a_sink_that_is_not_there_is_no_matter() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), down(false, None));
    desk.see(KindId::Pod, &crashing("a", &desk.time(5)));
    desk.seconds(400);
    desk.answers.clear();
    let webhook = desk.settings.sink_named("webhook").expect("the sink");
    desk.input(Input::Renewed(alertkube_core::SinkId(99)));
    assert!(lines(&desk, "webhook", "first CrashLoopBackOff").is_empty());
    desk.input(Input::Renewed(webhook));
    assert_eq!(lines(&desk, "webhook", "first CrashLoopBackOff").len(), 1, "no second passes");
}

#[test]
fn a_refused_reminder_does_not_delay_the_end() {
    let mut reminding = settings();
    reminding.behavior.repeat = Some(Duration::from_secs(100));
    let mut desk = Desk::live(reminding);
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Refused));
    desk.seconds(110);
    desk.answers.clear();
    desk.gone(KindId::Pod, &sick);
    desk.seconds(5);
    assert_eq!(lines(&desk, "webhook", "resolved"), ["110 resolved CrashLoopBackOff web"]);
}

#[test]
fn what_a_sink_asks_for_holds_for_the_whole_sink() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), down(false, Some(120)));
    desk.see(KindId::Pod, &crashing("a", &desk.time(5)));
    desk.answers.clear();
    desk.seconds(60);
    desk.see(KindId::Pod, &crashing("b", &desk.time(5)));
    desk.seconds(30);
    assert!(desk.told("webhook").is_empty());
    desk.seconds(40);
    assert_eq!(lines(&desk, "webhook", "first CrashLoopBackOff").len(), 2);
}

#[test]
fn a_digest_that_is_tried_again_is_not_told_a_second_time_in_parts() {
    let mut slow = settings();
    slow.sinks = vec![sink("webhook", SinkClass::Webhook)];
    slow.sinks[0].rate.per_second = 0.1;
    slow.sinks[0].rate.burst = 1;
    slow.default_sinks = vec![alertkube_core::SinkId(0)];
    let mut desk = Desk::cold(slow);
    desk.answers.insert("webhook".to_owned(), down(false, None));
    for name in ["a", "b", "c"] {
        desk.see(KindId::Pod, &crashing(name, &desk.time(5)));
    }
    desk.sync_all_but(KindId::Pod);
    desk.sync(KindId::Pod, 0);
    desk.answers.clear();
    desk.speechless.insert("webhook".to_owned());
    for _ in 0..8 {
        desk.seconds(5);
        for name in ["a", "b", "c"] {
            desk.see(KindId::Pod, &crashing(name, &desk.time(5)));
        }
    }
    let said: Vec<_> = desk.unanswered.iter().map(|(_, said)| (said.action, said.reports.len())).collect();
    assert_eq!(said, [(Action::Digest(Digest::Standing), 3)]);
}

#[test]
fn a_digest_in_doubt_whose_members_end_ends_each_of_them_once() {
    let mut desk = Desk::cold(settings());
    desk.answers.insert("webhook".to_owned(), down(true, Some(20)));
    for name in ["a", "b", "c"] {
        desk.see(KindId::Pod, &crashing(name, &desk.time(5)));
    }
    desk.sync_all_but(KindId::Pod);
    desk.sync(KindId::Pod, 0);
    desk.gone(KindId::Pod, &crashing("a", "2026-01-01T00:00:00Z"));
    desk.answers.clear();
    desk.seconds(30);
    let told = desk.told("webhook");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(lines(&desk, "webhook", "digest 2").len(), 1, "{told:?}");
    assert_eq!(lines(&desk, "webhook", "resolved CrashLoopBackOff a").len(), 1, "{told:?}");
}

#[test]
fn an_end_in_doubt_of_what_came_back_is_followed_by_a_new_beginning() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(5);
    desk.answers.insert("webhook".to_owned(), down(true, Some(20)));
    desk.gone(KindId::Pod, &sick);
    desk.seconds(5);
    desk.answers.clear();
    let mut heir = crashing("web", &desk.time(0));
    heir["metadata"]["uid"] = "11111111-0000-4000-8000-000000000001".into();
    desk.see(KindId::Pod, &heir);
    desk.seconds(60);
    assert_eq!(lines(&desk, "webhook", "first CrashLoopBackOff").len(), 2);
    let heard = desk.sent.iter().filter(|sent| sent.sink == "webhook");
    let episodes: Vec<_> = heard.map(|sent| sent.notification.reports[0].episode.clone()).collect();
    assert_ne!(episodes[0], episodes[1], "what may have been closed is not opened again");
}

#[test]
fn what_comes_back_after_an_end_that_was_refused_goes_on_in_its_episode() {
    let mut reminding = settings();
    reminding.behavior.repeat = Some(Duration::from_secs(100));
    let mut desk = Desk::live(reminding);
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(5);
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Refused));
    desk.gone(KindId::Pod, &sick);
    desk.seconds(5);
    assert_eq!(letters(&desk), [("webhook".to_owned(), Why::Refused)]);
    desk.answers.clear();
    let mut heir = crashing("web", &desk.time(0));
    heir["metadata"]["uid"] = "11111111-0000-4000-8000-000000000001".into();
    desk.see(KindId::Pod, &heir);
    // No sooner than what it refused is tried again.
    desk.seconds(7200);
    assert!(!lines(&desk, "webhook", "repeat CrashLoopBackOff").is_empty(), "{:?}", desk.told("webhook"));
    desk.gone(KindId::Pod, &heir);
    desk.seconds(60);
    assert_eq!(lines(&desk, "webhook", "first CrashLoopBackOff").len(), 1, "{:?}", desk.told("webhook"));
    assert_eq!(lines(&desk, "webhook", "resolved CrashLoopBackOff").len(), 1, "{:?}", desk.told("webhook"));
    let heard = desk.sent.iter().filter(|sent| sent.sink == "webhook");
    let about = heard.flat_map(|sent| &sent.notification.reports);
    let episodes: BTreeSet<_> =
        about.filter(|report| report.name == "web").map(|report| &report.episode).collect();
    assert_eq!(episodes.len(), 1, "its sink never heard that it was over");
}

#[test]
fn the_heir_of_a_deleted_object_is_told_at_once_though_the_end_is_still_on_its_way() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.speechless.insert("webhook".to_owned());
    desk.gone(KindId::Pod, &sick);
    let mut heir = crashing("web", &desk.time(0));
    heir["metadata"]["uid"] = "11111111-0000-4000-8000-000000000001".into();
    desk.see(KindId::Pod, &heir);
    desk.seconds(1);
    desk.speechless.clear();
    let (attempt, said) = desk.unanswered[0].clone();
    assert_eq!(said.action, Action::Resolved);
    desk.input(Input::Replied(attempt, Verdict::Done));
    desk.seconds(1);
    assert_eq!(lines(&desk, "webhook", "first CrashLoopBackOff").len(), 2);
}

#[test]
fn an_event_is_told_though_its_object_is_deleted_while_the_sink_is_down() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), down(false, None));
    let gone = evicted("web", &desk.time(5));
    desk.see(KindId::Pod, &gone);
    desk.seconds(1);
    desk.gone(KindId::Pod, &gone);
    desk.seconds(20);
    desk.answers.clear();
    desk.seconds(120);
    assert_eq!(lines(&desk, "webhook", "Evicted").len(), 1);
    assert_eq!(lines(&desk, "stdout", "Evicted").len(), 1);
    desk.seconds(1000);
    assert!(desk.alerts().is_empty(), "{:?}", desk.alerts());
}

#[test]
fn an_event_that_was_a_line_of_its_cause_is_not_told_when_both_are_deleted() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(100);
    assert!(desk.alerts().iter().any(|alert| alert.report.event && alert.phase == "firing"));
    desk.gone(KindId::Pod, &sick);
    desk.seconds(1000);
    assert_eq!(desk.told("stdout").len(), 2, "{:?}", desk.told("stdout"));
}

#[test]
fn an_alert_that_is_over_waits_for_a_sink_that_is_down_for_long() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(5);
    desk.answers.insert("webhook".to_owned(), down(false, None));
    desk.gone(KindId::Pod, &sick);
    desk.seconds(7200);
    desk.answers.clear();
    desk.seconds(120);
    assert_eq!(lines(&desk, "webhook", "resolved CrashLoopBackOff").len(), 1);
    assert!(desk.alerts().iter().all(|alert| alert.report.reason != "CrashLoopBackOff"));
}

#[test]
fn nothing_stands_still_or_spins_while_it_stops() {
    let mut slow = settings();
    slow.sinks[0].rate.per_second = 0.01;
    slow.sinks[0].rate.burst = 1;
    let mut desk = Desk::live(slow.clone());
    desk.speechless.insert("webhook".to_owned());
    for n in 0..3 {
        desk.see(KindId::Pod, &crashing(&format!("web-{n}"), &desk.time(5)));
    }
    desk.input(Input::Stop { by: desk.boot + Duration::from_secs(5) });
    assert!(!desk.stopped);
    desk.seconds(600);
    assert!(desk.stopped);
    assert_eq!(desk.told("stdout").len(), 1, "what waited is left to the successor");
    let mut heir = Desk::start(settings(), desk.boot, desk.shelf.clone());
    heir.begin(KindId::Pod, 1);
    for n in 0..3 {
        heir.see(KindId::Pod, &crashing(&format!("web-{n}"), &heir.time(5)));
    }
    heir.sync_all_but(KindId::Pod);
    heir.sync(KindId::Pod, 1);
    heir.seconds(60);
    assert_eq!(heir.told("stdout").len(), 2);
    let again = heir.sent.iter().filter(|sent| sent.sink == "webhook");
    let again: BTreeSet<_> = again.map(|sent| &sent.notification.delivery).collect();
    let before: BTreeSet<_> = desk.unanswered.iter().map(|(_, said)| &said.delivery).collect();
    assert_eq!(again, before, "what was in doubt is repeated under its delivery id");
}

#[test]
fn a_reminder_is_not_sent_of_what_is_on_its_way_out() {
    let mut reminding = settings();
    reminding.behavior.repeat = Some(Duration::from_secs(600));
    let mut desk = Desk::live(reminding);
    desk.see(KindId::Node, &node("node-a", "False", &desk.time(100)));
    desk.seconds(550);
    desk.see(KindId::Node, &node("node-a", "True", &desk.time(0)));
    desk.see(KindId::Pod, &pod("web"));
    desk.seconds(300);
    assert_eq!(desk.told("stdout"), ["0 first NodeNotReady node-a", "670 resolved NodeNotReady node-a"]);
}

/// What is refused now, by sink and reason.
fn letters(desk: &Desk) -> Vec<(String, Why)> {
    let mut letters: Vec<_> = desk.alerts().into_iter().flat_map(|alert| alert.refused).collect();
    letters.sort();
    letters
}

fn begin_again(desk: &Desk, objects: &[serde_json::Value]) -> Desk {
    let mut heir = Desk::start(settings(), desk.boot + Duration::from_secs(5), desk.shelf.clone());
    heir.sync_all_but(KindId::Pod);
    heir.begin(KindId::Pod, 1);
    objects.iter().for_each(|object| heir.see(KindId::Pod, object));
    heir.sync(KindId::Pod, 1);
    heir
}

#[test]
fn a_dead_letter_outlives_its_process_and_a_new_one_tries_it_at_once() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Unconfigured));
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(60);
    assert_eq!(letters(&desk), [("webhook".to_owned(), Why::Unconfigured)]);
    desk.stop();
    let mut heir = begin_again(&desk, &[sick]);
    heir.seconds(2);
    assert_eq!(lines(&heir, "webhook", "first CrashLoopBackOff").len(), 1);
    heir.seconds(60);
    assert!(letters(&heir).is_empty());
}

#[test]
fn an_end_that_is_refused_stays_a_dead_letter_until_it_is_taken() {
    let mut desk = Desk::live(settings());
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Refused));
    desk.gone(KindId::Pod, &sick);
    desk.seconds(120);
    desk.answers.clear();
    desk.see(KindId::Pod, &crashing("other", &desk.time(5)));
    desk.seconds(120);
    // That another message was taken says nothing about this one.
    assert_eq!(letters(&desk), [("webhook".to_owned(), Why::Refused)]);
    assert!(
        desk.alerts().iter().any(|alert| alert.report.reason == "SinkFailing" && alert.phase == "firing")
    );
    let stored = desk.stop();
    let mut heir = begin_again(&Desk { shelf: stored, ..desk }, &[crashing("other", "2026-01-01T00:00:00Z")]);
    heir.seconds(200);
    assert_eq!(lines(&heir, "webhook", "resolved CrashLoopBackOff web").len(), 1);
    assert!(letters(&heir).is_empty());
    assert!(
        heir.alerts().iter().all(|alert| alert.report.reason != "SinkFailing" || alert.phase != "firing")
    );
}

#[test]
fn a_sink_that_takes_messages_again_is_told_at_once_what_it_refused_for_a_reason_of_its_own() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Unauthorized));
    for name in ["a", "b"] {
        desk.see(KindId::Pod, &crashing(name, &desk.time(5)));
    }
    desk.seconds(60);
    desk.answers.clear();
    desk.see(KindId::Pod, &crashing("c", &desk.time(5)));
    desk.seconds(2);
    assert_eq!(lines(&desk, "webhook", "first CrashLoopBackOff").len(), 3);
    assert!(letters(&desk).is_empty());
}

#[test]
fn what_is_over_before_a_sink_takes_it_is_no_dead_letter_any_more() {
    let mut desk = Desk::live(settings());
    desk.answers.insert("webhook".to_owned(), Verdict::Reject(Why::Refused));
    let sick = crashing("web", &desk.time(5));
    desk.see(KindId::Pod, &sick);
    desk.seconds(90);
    desk.gone(KindId::Pod, &sick);
    desk.answers.clear();
    desk.seconds(400);
    assert!(letters(&desk).is_empty(), "{:?}", letters(&desk));
    assert!(desk.told("stdout").iter().any(|line| line.ends_with("resolved SinkFailing webhook")));
    assert!(lines(&desk, "webhook", "CrashLoopBackOff").is_empty());
}
