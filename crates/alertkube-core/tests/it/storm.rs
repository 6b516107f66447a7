//! Storms: a backlog that a sink's rate cannot drain is told in digests, the most severe first, and each alert is told
//! to each sink once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alertkube_core::{
    Action, ConditionRule, Digest, Input, KindId, Rate, Settings, Severity, SeverityOverride, SinkClass,
    Verdict, Why,
};
use serde_json::Value;

use crate::desk::{Desk, Sent, settings, sink};
use crate::objects::{crashing, pod};
use crate::policy::matcher;

const SLOW: Rate = Rate { per_second: 1.0, burst: 5 };

/// A slow webhook beside a fast chat; crash loops are warnings, but critical in the namespace `core`.
fn stormy() -> Settings {
    let mut settings = settings();
    settings.sinks[1].rate = SLOW;
    settings.behavior.repeat = None;
    let mild = ConditionRule { severity: Some(Severity::Warning), ..ConditionRule::default() };
    settings.conditions.insert("CrashLoopBackOff".to_owned(), mild);
    settings.overrides =
        vec![SeverityOverride { matcher: matcher(&[("namespace", "core")]), severity: Severity::Critical }];
    settings
}

/// Every tenth one is critical.
fn sick(desk: &Desk, n: usize) -> Value {
    placed(crashing(&format!("web-{n}"), &desk.time(5)), n)
}

fn placed(mut pod: Value, n: usize) -> Value {
    if n.is_multiple_of(10) {
        pod["metadata"]["namespace"] = "core".into();
    }
    pod
}

/// So many pods fail, so many a second.
fn storm(desk: &mut Desk, count: usize, a_second: usize) {
    for n in 0..count {
        if n % a_second == 0 && n > 0 {
            desk.seconds(1);
        }
        let object = sick(desk, n);
        desk.see(KindId::Pod, &object);
    }
}

fn heard<'a>(desk: &'a Desk, sink: &'a str) -> impl Iterator<Item = &'a Sent> {
    desk.sent.iter().filter(move |sent| sent.sink == sink)
}

/// How often each crash loop was told to begin or to stand, and to end.
fn charged(desk: &Desk, sink: &str) -> BTreeMap<String, (usize, usize)> {
    let mut charged: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for sent in heard(desk, sink) {
        for report in sent.notification.reports.iter().filter(|report| report.reason == "CrashLoopBackOff") {
            let (begun, ended) = charged.entry(report.name.clone()).or_default();
            let count = if sent.notification.action.ends() { ended } else { begun };
            *count += 1;
        }
    }
    charged
}

fn assert_each_once(desk: &Desk, sink: &str, names: impl IntoIterator<Item = usize>, wanted: (usize, usize)) {
    let expected: BTreeMap<_, _> = names.into_iter().map(|n| (format!("web-{n}"), wanted)).collect();
    let found = charged(desk, sink);
    let wrong: Vec<_> = found.iter().filter(|(name, count)| expected.get(*name) != Some(count)).collect();
    assert!(
        wrong.is_empty() && found.len() == expected.len(),
        "{sink}: {} of {}: {wrong:?}",
        found.len(),
        expected.len()
    );
}

fn digests(desk: &Desk, sink: &str, digest: Digest) -> Vec<usize> {
    let of = |sent: &&Sent| sent.notification.action == Action::Digest(digest);
    heard(desk, sink).filter(of).map(|sent| sent.notification.reports.len()).collect()
}

fn down(in_doubt: bool) -> Verdict {
    Verdict::Retry { why: Why::Timeout, after: None, in_doubt }
}

#[test]
fn a_backlog_is_told_in_a_few_digests_and_each_problem_once() {
    let mut desk = Desk::live(stormy());
    storm(&mut desk, 5000, 100);
    desk.seconds(15);
    assert_each_once(&desk, "stdout", 0..5000, (1, 0));
    assert_each_once(&desk, "webhook", 0..5000, (1, 0));
    assert_eq!(heard(&desk, "stdout").count(), 5000, "a healthy sink hears of each by itself");
    let digests = digests(&desk, "webhook", Digest::News);
    let messages = heard(&desk, "webhook").count();
    assert!(digests.len() <= 7 && messages <= 5 + digests.len() * 6, "{digests:?} of {messages}");
}

#[test]
fn nothing_milder_is_told_while_something_critical_waits() {
    let mut desk = Desk::live(stormy());
    storm(&mut desk, 2000, 200);
    desk.seconds(15);
    let at: BTreeMap<_, _> = heard(&desk, "stdout")
        .map(|sent| (sent.notification.reports[0].name.clone(), sent.seconds))
        .collect();
    let mut told = BTreeSet::new();
    for sent in heard(&desk, "webhook") {
        let severities: Vec<_> = sent.notification.reports.iter().map(|report| report.severity).collect();
        assert!(severities.is_sorted_by(|one, next| one >= next), "worst first");
        told.extend(sent.notification.reports.iter().map(|report| report.name.clone()));
        let waits = |name: &&String| name.ends_with('0') && at[*name] < sent.seconds && !told.contains(*name);
        if severities.last() < Some(&Severity::Critical) {
            assert_eq!(at.keys().find(waits), None, "at {}", sent.seconds);
        }
    }
}

#[test]
fn nothing_milder_overtakes_a_digest_on_its_way() {
    let mut desk = Desk::live(stormy());
    desk.speechless.insert("webhook".to_owned());
    storm(&mut desk, 120, 120);
    desk.seconds(5);
    for n in [201, 202, 210] {
        let object = sick(&desk, n);
        desk.see(KindId::Pod, &object);
    }
    desk.seconds(5);
    let left = |desk: &Desk| -> Vec<_> {
        desk.unanswered.iter().map(|(_, said)| (said.reports.len(), said.reports[0].name.clone())).collect()
    };
    let told = left(&desk);
    assert_eq!(told[5].0, 115, "{told:?}");
    assert_eq!(told[6..], [(1, "web-210".to_owned())], "only the critical one, of which nothing is milder");
    let (digest, _) = desk.unanswered.remove(5);
    desk.input(Input::Replied(digest, down(false)));
    assert_eq!(left(&desk)[6..].len(), 2, "whatever the answer is");
}

#[test]
fn a_few_critical_ones_go_ahead_one_by_one() {
    let mut desk = Desk::live(stormy());
    let mild = (0..=110).filter(|n| n % 10 != 0);
    for n in mild.chain([0, 10, 20]) {
        let object = sick(&desk, n);
        desk.see(KindId::Pod, &object);
    }
    desk.seconds(12);
    let told = desk.told("webhook");
    assert_eq!(told[5..8].iter().filter(|line| line.contains("first")).count(), 3, "{told:?}");
    assert_eq!(told[8..], ["4 digest_news 94"]);
}

#[test]
fn a_rate_that_keeps_up_and_a_sink_with_keys_fold_nothing() {
    let mut fast = stormy();
    fast.sinks[1].rate = Rate { per_second: 20.0, burst: 5 };
    let mut desk = Desk::live(fast);
    storm(&mut desk, 500, 500);
    desk.seconds(60);
    assert_each_once(&desk, "webhook", 0..500, (1, 0));
    assert_eq!(heard(&desk, "webhook").count(), 500);

    let mut keyed = stormy();
    keyed.sinks[1] = sink("webhook", SinkClass::Keyed);
    keyed.sinks[1].rate = SLOW;
    let mut desk = Desk::live(keyed);
    storm(&mut desk, 200, 200);
    desk.seconds(300);
    assert_each_once(&desk, "webhook", 0..200, (1, 0));
    let severities: Vec<_> =
        heard(&desk, "webhook").map(|sent| sent.notification.reports[0].severity).collect();
    assert_eq!(severities.len(), 200);
    assert!(severities[5..].is_sorted_by(|one, next| one >= next), "the most severe first");
}

#[test]
fn ends_and_reminders_fold_too_and_not_with_news() {
    let mut reminding = stormy();
    reminding.behavior.repeat = Some(Duration::from_secs(3600));
    let mut desk = Desk::live(reminding);
    storm(&mut desk, 300, 100);
    desk.seconds(3650);
    let repeats: usize = digests(&desk, "webhook", Digest::Repeats).iter().sum();
    assert!(repeats >= 280, "{:?}", desk.told("webhook"));
    for n in 0..300 {
        desk.gone(KindId::Pod, &placed(pod(&format!("web-{n}")), n));
    }
    desk.seconds(30);
    let ends: usize = digests(&desk, "webhook", Digest::Ends).iter().sum();
    assert!(ends >= 250, "{:?}", desk.told("webhook"));
    assert_each_once(&desk, "webhook", 0..300, (2, 1));
    assert_each_once(&desk, "stdout", 0..300, (2, 1));
    let last = desk.sent.last().expect("something was told");
    assert!(last.seconds < 3690 && last.notification.reports.iter().all(|report| report.ends.is_some()));
}

#[test]
fn what_changes_while_it_waits_for_its_digest_is_told_as_it_is_then() {
    let mut slow = stormy();
    slow.sinks[1].rate = Rate { per_second: 0.1, burst: 1 };
    let mut desk = Desk::live(slow);
    storm(&mut desk, 40, 40);
    desk.gone(KindId::Pod, &pod("web-1"));
    let mut quiet = sick(&desk, 3);
    quiet["metadata"]["annotations"] = serde_json::json!({"alert-silence-until": "2099-01-01T00:00:00Z"});
    desk.see(KindId::Pod, &quiet);
    desk.seconds(45);
    let digest = heard(&desk, "webhook").last().expect("a digest");
    assert_eq!(digest.notification.action, Action::Digest(Digest::News), "{:?}", desk.told("webhook"));
    assert_eq!(digest.notification.reports.len(), 34);
    desk.seconds(600);
    let charged = charged(&desk, "webhook");
    assert_eq!((charged.get("web-1"), charged.get("web-3")), (None, None));
    assert!(charged.values().all(|count| count.0 == 1), "{charged:?}");
}

#[test]
fn a_digest_that_fails_keeps_its_members_and_its_id() {
    let mut desk = Desk::live(stormy());
    desk.answers.insert("webhook".to_owned(), down(true));
    storm(&mut desk, 200, 200);
    desk.seconds(20);
    desk.arrives = true;
    desk.seconds(300);
    desk.answers.clear();
    desk.seconds(300);
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sent in heard(&desk, "webhook") {
        for report in sent.notification.reports.iter().filter(|report| report.kind == "Pod") {
            ids.entry(report.name.clone()).or_default().insert(sent.notification.delivery.clone());
        }
    }
    assert_eq!(ids.len(), 200);
    let renamed: Vec<_> = ids.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(renamed.is_empty(), "each is told under one id, however often: {renamed:?}");
}

/// An hour in which the webhook is dead: 100 stand from before, 600 begin, every third of them ends.
fn an_hour_dead(in_doubt: bool) -> Desk {
    let mut desk = Desk::live(stormy());
    storm(&mut desk, 100, 2);
    desk.seconds(60);
    desk.answers.insert("webhook".to_owned(), down(in_doubt));
    for n in 100..700 {
        let object = sick(&desk, n);
        desk.see(KindId::Pod, &object);
        desk.seconds(5);
    }
    for n in (0..700).filter(|n| n % 3 == 0) {
        desk.gone(KindId::Pod, &placed(pod(&format!("web-{n}")), n));
    }
    desk.seconds(600);
    desk.answers.clear();
    desk
}

#[test]
fn after_an_hour_dead_a_sink_hears_of_what_stands_and_of_the_end_of_what_it_was_told() {
    let mut desk = an_hour_dead(false);
    let before = desk.sent.len();
    desk.seconds(150);
    let told = charged(&desk, "webhook");
    for n in 0..700 {
        let wanted = match (n < 100, n % 3 == 0) {
            (true, true) => Some(&(1, 1)),
            (false, true) => None,
            (_, false) => Some(&(1, 0)),
        };
        assert_eq!(told.get(&format!("web-{n}")), wanted, "web-{n}");
    }
    let messages = desk.sent[before..].iter().filter(|sent| sent.sink == "webhook").count();
    assert!(messages <= 30, "{messages}: {:?}", desk.told("webhook"));
    let other: Vec<_> = charged(&desk, "stdout")
        .into_iter()
        .filter(|(name, count)| {
            let ended = name.trim_start_matches("web-").parse::<usize>().is_ok_and(|n| n % 3 == 0);
            *count != (1, usize::from(ended))
        })
        .collect();
    assert!(other.is_empty(), "the other one heard of everything: {other:?}");
}

#[test]
fn after_an_hour_in_doubt_everything_that_may_have_arrived_is_ended() {
    let mut desk = an_hour_dead(true);
    desk.seconds(300);
    let told = charged(&desk, "webhook");
    for n in 0..700 {
        let (begun, ended) = told.get(&format!("web-{n}")).copied().unwrap_or_default();
        if n % 3 == 0 {
            assert!(ended <= 1 && (n >= 100 || ended == 1), "web-{n}: {begun} {ended}");
        } else {
            assert_eq!((begun, ended), (1, 0), "web-{n}");
        }
    }
}

#[test]
fn a_crash_repeats_a_digest_that_is_in_doubt_as_the_same_one() {
    let mut desk = Desk::live(stormy());
    desk.speechless.insert("webhook".to_owned());
    storm(&mut desk, 200, 200);
    desk.seconds(10);
    let named = |said: &alertkube_core::Notification| -> (String, BTreeSet<String>) {
        (said.delivery.clone(), said.reports.iter().map(|report| report.name.clone()).collect())
    };
    let before: BTreeMap<_, _> = desk.unanswered.iter().map(|(_, said)| named(said)).collect();
    assert!(before.values().any(|members| members.len() > 100), "a digest is on its way");
    let mut heir = Desk::start(stormy(), desk.boot + Duration::from_secs(30), desk.shelf.clone());
    heir.sync_all_but(KindId::Pod);
    heir.begin(KindId::Pod, 1);
    for n in (0..200).filter(|n| *n != 7) {
        let object = sick(&heir, n);
        heir.see(KindId::Pod, &object);
    }
    heir.sync(KindId::Pod, 1);
    heir.seconds(120);
    let after: BTreeMap<_, _> = heard(&heir, "webhook").map(|sent| named(&sent.notification)).collect();
    for (delivery, members) in &before {
        let again = after.get(delivery).cloned().unwrap_or_default();
        let left: BTreeSet<_> = members.iter().filter(|name| *name != "web-7").cloned().collect();
        assert_eq!(again, left, "{delivery}");
    }
    let ends = heard(&heir, "webhook").filter(|sent| sent.notification.action == Action::Resolved);
    let ends: Vec<_> = ends.map(|sent| sent.notification.reports[0].name.as_str()).collect();
    assert_eq!(ends, ["web-7"]);
}

#[test]
fn a_stop_in_the_middle_of_a_storm_leaves_the_rest_to_the_heir() {
    let mut desk = Desk::live(stormy());
    storm(&mut desk, 300, 100);
    desk.input(Input::Stop { by: desk.boot + Duration::from_secs(5) });
    desk.seconds(6);
    assert!(desk.stopped);
    let mut heir = Desk::start(stormy(), desk.boot, desk.shelf.clone());
    heir.sync_all_but(KindId::Pod);
    heir.begin(KindId::Pod, 1);
    for n in 0..300 {
        let object = sick(&heir, n);
        heir.see(KindId::Pod, &object);
    }
    heir.sync(KindId::Pod, 1);
    heir.seconds(60);
    heir.sent.extend(desk.sent);
    assert_each_once(&heir, "webhook", 0..300, (1, 0));
    assert_each_once(&heir, "stdout", 0..300, (1, 0));
}
