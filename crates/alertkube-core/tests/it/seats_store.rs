//! A seat whose store is slow, refuses, or was there before us.

use std::time::Duration;

use alertkube_core::{
    Action, Fact, FirstRun, Holding, Inhibition, KindId, LeaseNews, SeatFact, SeatId, Standby, Station,
    Suppressed, Verdict, Why,
};
use serde_json::json;

use crate::house::{House, Line, elected, settings, sick, taken, unelected};
use crate::objects::{evicted, lacking, node, pod};
use crate::policy::matcher;

/// How long an heir waits for the outcome of what its forerunner, which is gone, was about to say.
const SETTLED: Duration = Duration::from_millis(500);

/// A Deployment in trouble, which is a warning.
fn lame(house: &mut House, name: &str) {
    let object = lacking(name, &house.time(900));
    house.put(KindId::Deployment, object);
}

fn seconds(house: &House, sink: &str, word: &str) -> Vec<u64> {
    house.lines(sink).into_iter().filter(|(_, line)| line.contains(word)).map(|((at, _), _)| at).collect()
}

fn undurable(house: &House, index: usize) -> usize {
    house.seat_facts(index).iter().filter(|fact| matches!(fact, SeatFact::Undurable { .. })).count()
}

#[test]
fn a_store_that_refuses_delays_and_never_silences() {
    for station in [elected(Standby::Cold), unelected()] {
        let mut house = House::new(settings());
        house.join(station);
        house.hold(0);
        house.seconds(5);
        house.members[0].line = Line::Refuses;
        sick(&mut house, "web");
        lame(&mut house, "shop");
        house.seconds(60);
        for sink in ["chat", "keyed", "hook"] {
            let critical = seconds(&house, sink, "first CrashLoopBackOff web");
            assert_eq!(critical, [7], "{sink}: {:?}", house.lines(sink));
            let warning = seconds(&house, sink, "first DeploymentUnavailable shop");
            assert_eq!(warning, [20], "{sink}: {:?}", house.lines(sink));
            assert_eq!(seconds(&house, sink, "first AlertStateNotSaved state").len(), 1);
        }
        assert_eq!((undurable(&house, 0), house.members[0].late), (9, 0));
        assert!(house.status(0).seat.unsaved.is_some_and(|why| why.contains("exceeded quota")));
        house.reconnect(0);
        house.seconds(300);
        assert_eq!(seconds(&house, "keyed", "resolved AlertStateNotSaved state").len(), 1);
        assert_eq!(house.status(0).seat.unsaved, None);
        let before = house.heard.len();
        house.crash(0);
        house.join(elected(Standby::Cold));
        house.hold(1);
        house.seconds(300);
        assert_eq!(house.heard.len(), before, "all of it was laid down at last");
    }
}

#[test]
fn whatever_begins_while_a_store_refuses_is_told_in_time() {
    let mut house = House::new(settings());
    house.join(elected(Standby::Cold));
    house.hold(0);
    house.members[0].line = Line::Refuses;
    for n in 0..20 {
        lame(&mut house, &format!("shop-{n}"));
        house.seconds(7);
    }
    house.seconds(15);
    let told = seconds(&house, "hook", "first DeploymentUnavailable");
    // Fifteen seconds after the first refusal nothing waits for the store any more.
    assert_eq!(told, (0..20).map(|n| 15.max(7 * n)).collect::<Vec<_>>());
    assert_eq!(house.members[0].late, 0, "an old try to commit does not count");
}

/// As an uninstallation has it, which takes the rights of a pod before it ends the pod.
#[test]
fn who_stops_while_the_store_refuses_leaves_the_rest_to_the_next() {
    for station in [elected(Standby::Cold), unelected()] {
        let mut house = House::new(settings());
        house.join(station.clone());
        house.hold(0);
        house.seconds(5);
        sick(&mut house, "old");
        house.seconds(5);
        house.members[0].line = Line::Refuses;
        house.delete(KindId::Pod, "old");
        sick(&mut house, "new");
        house.seconds(1);
        house.stop(0);
        house.seconds(20);
        assert_eq!(house.status(0).seat.hold, Holding::Closes);
        assert_eq!(undurable(&house, 0), 0, "it could not be remembered");
        house.join(station);
        house.hold(1);
        house.seconds(60);
        for sink in ["chat", "keyed", "hook"] {
            for word in
                ["first CrashLoopBackOff old", "resolved CrashLoopBackOff old", "first CrashLoopBackOff new"]
            {
                assert_eq!(seconds(&house, sink, word).len(), 1, "{sink}: {word}: {:?}", house.lines(sink));
            }
        }
    }
}

#[test]
fn a_start_over_a_store_that_refuses_tells_after_a_while() {
    let mut each = settings();
    each.behavior.first_run = FirstRun::All;
    let mut house = House::new(each);
    sick(&mut house, "web");
    house.join_over(elected(Standby::Cold), Line::Refuses);
    house.hold(0);
    house.seconds(14);
    assert!(house.heard.is_empty());
    house.seconds(60);
    assert_eq!(seconds(&house, "chat", "CrashLoopBackOff web"), [15], "{:?}", house.lines("chat"));
    house.reconnect(0);
    house.seconds(300);
    assert_eq!(house.status(0).seat.term, Some(1));
    let before = house.heard.len();
    house.crash(0);
    house.join(elected(Standby::Cold));
    house.hold(1);
    house.seconds(300);
    assert_eq!(house.heard.len(), before, "{:?}", house.lines("chat"));
}

#[test]
fn an_event_that_was_told_before_the_state_could_be_read_is_not_told_once_more_when_it_is() {
    let mut each = settings();
    each.behavior.first_run = FirstRun::All;
    let mut house = House::new(each);
    house.join(elected(Standby::Cold));
    house.hold(0);
    let event = evicted("event", &house.time(5));
    house.put(KindId::Pod, event);
    house.seconds(20);
    house.crash(0);
    house.join_over(elected(Standby::Cold), Line::Refuses);
    house.hold(1);
    house.seconds(60);
    let told = |house: &House| seconds(house, "chat", "first Evicted event").len();
    assert_eq!(told(&house), 2, "it cannot know that it was told: {:?}", house.lines("chat"));
    house.reconnect(1);
    house.seconds(300);
    assert_eq!(house.status(1).seat.term, Some(2));
    assert_eq!(told(&house), 2, "{:?}", house.lines("chat"));
}

#[test]
fn a_holder_of_a_lease_that_does_not_hear_the_store_waits_and_one_without_does_not() {
    for (station, told) in [(elected(Standby::Cold), 0), (unelected(), 1)] {
        let mut house = House::new(settings());
        house.join(station);
        house.hold(0);
        house.members[0].line = Line::Down;
        sick(&mut house, "web");
        house.seconds(600);
        assert_eq!(house.told("chat").len(), told);
        house.reconnect(0);
        house.seconds(60);
        assert_eq!(house.told("chat"), ["first CrashLoopBackOff web"]);
        assert_eq!(undurable(&house, 0), 3 * told);
    }
}

/// What one of them told of a pod.
fn told_by(house: &House, member: usize, name: &str) -> Vec<u64> {
    let lines = house.lines("chat").into_iter();
    lines.filter(|((_, by), line)| *by == member && line.ends_with(name)).map(|((at, _), _)| at).collect()
}

#[test]
fn one_whose_head_another_wrote_and_who_then_hears_nothing_waits_as_a_start_does() {
    let mut house = House::new(settings());
    house.join(unelected());
    house.seconds(10);
    house.join(unelected());
    house.seconds(10);
    assert_eq!(house.status(1).seat.hold, Holding::Holds);
    house.members[0].line = Line::Blind;
    sick(&mut house, "web");
    house.seconds(59);
    assert_eq!((told_by(&house, 0, "web"), told_by(&house, 1, "web")), (vec![], vec![20]));
    // As long as nobody shows who wrote it, nobody may be there.
    house.seconds(60);
    assert_eq!(told_by(&house, 0, "web"), [82]);
    // It had been told by nobody if it had heard.
    house.reconnect(0);
    sick(&mut house, "db");
    house.seconds(60);
    assert_eq!((told_by(&house, 0, "db"), told_by(&house, 1, "db")), (vec![], vec![139]));
    assert_eq!(house.status(0).seat.hold, Holding::Fenced);
}

#[test]
fn who_would_tell_without_a_store_that_did_not_answer_asks_it_first() {
    // Wherever in a rest between two tries it finds something to tell.
    for into in 0..12 {
        let mut house = House::new(settings());
        house.join(unelected());
        house.members[0].line = Line::Down;
        sick(&mut house, "web");
        house.seconds(100 + into);
        assert_eq!(told_by(&house, 0, "web"), [2]);
        house.join(unelected());
        house.seconds(1);
        assert_eq!(house.status(1).seat.hold, Holding::Holds);
        house.members[0].line = Line::Open;
        sick(&mut house, "db");
        house.seconds(60);
        assert_eq!(told_by(&house, 0, "db"), [0; 0], "{into}: {:?}", house.lines("chat"));
        assert_eq!(told_by(&house, 1, "db").len(), 1);
    }
}

#[test]
fn one_without_a_lease_that_sees_an_elected_holder_alive_leaves_the_seat_to_it() {
    // For a refusal it has to try: it does so once the head has stood still for half a minute.
    for (line, unheard, alone) in [(Line::Down, 5, 0), (Line::Down, 100, 3), (Line::Refuses, 22, 0)] {
        let mut house = House::new(settings());
        house.join(elected(Standby::Cold));
        house.hold(0);
        sick(&mut house, "before");
        house.join_over(unelected(), line);
        house.seconds(unheard);
        if line == Line::Down {
            house.reconnect(1);
        }
        house.seconds(10);
        assert!(!house.seat_facts(1).is_empty(), "{line:?} {unheard}");
        // The holder's head moves more often than one who waits for it would seal it.
        for round in 0..10 {
            sick(&mut house, &format!("web-{round}"));
            house.seconds(20);
        }
        let by = |member: usize| house.heard.iter().filter(move |heard| heard.by == member).count();
        assert_eq!((by(0), by(1)), (3 * 11, alone), "{line:?} {unheard}");
        let seat = house.status(1).seat;
        assert_eq!((seat.hold, seat.unsaved), (Holding::Opens, None), "{line:?} {unheard}");
        let leaves = SeatFact::Leaves { seat: SeatId(0), holder: "replica-0".to_owned() };
        assert_eq!(house.seat_facts(1).contains(&leaves), alone > 0, "{line:?} {unheard}");
        // It takes what stands still.
        house.reconnect(1);
        house.crash(0);
        house.seconds(60);
        assert_eq!(house.status(1).seat.hold, Holding::Holds);
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_found_and_sent_once() {
    let mut house = House::pair(Standby::Cold);
    house.members[0].line = Line::Broken;
    sick(&mut house, "web");
    house.seconds(60);
    assert_eq!(house.told("chat"), ["first CrashLoopBackOff web"]);
    house.crash(0);
    house.hold(1);
    house.seconds(60);
    assert_eq!(house.told("chat").len(), 1);
}

#[test]
fn what_came_too_late_is_sent_at_once_as_the_same_delivery() {
    let mut house = House::pair(Standby::Cold);
    house.speechless.insert("hook".to_owned());
    sick(&mut house, "web");
    house.speechless.clear();
    house.seconds(2);
    for _ in 0..10 {
        house.speechless.insert("hook".to_owned());
        house.answer(&Verdict::Late);
        house.speechless.clear();
    }
    house.answer(&Verdict::Done);
    house.seconds(60);
    assert_eq!(house.told("hook").len(), 11);
    assert_eq!(house.lines("hook")[10].0.0, 2);
    assert_eq!(house.deliveries("hook", Action::First).len(), 1);
    let facts = house.members[0].facts.iter();
    let trouble = |fact: &Fact| matches!(fact, Fact::Breaker { .. } | Fact::Retrying { .. });
    assert_eq!(facts.filter(|(_, fact)| trouble(fact)).count(), 0);
}

#[test]
fn who_slept_after_a_commit_sends_nothing_without_another() {
    let mut house = House::new(settings());
    house.join(unelected());
    house.members[0].line = Line::Deaf;
    sick(&mut house, "web");
    // It sleeps, and another takes the seat meanwhile.
    house.boot += Duration::from_secs(600);
    house.join(elected(Standby::Cold));
    house.hold(1);
    house.advance(SETTLED);
    assert_eq!(house.lines("chat"), [((600, 1), "first CrashLoopBackOff web".to_owned())]);
    house.reconnect(0);
    house.seconds(60);
    assert!(house.members[0].late > 0, "its commit is long ago");
    assert_eq!(house.told("chat").len(), 1, "{:?}", house.lines("chat"));
    assert_eq!(house.status(0).seat.hold, Holding::Fenced);
}

#[test]
fn what_another_process_laid_down_is_no_commit_of_ours() {
    let mut house = House::new(settings());
    house.join(unelected());
    house.speechless.extend(["chat", "keyed", "hook"].map(str::to_owned));
    sick(&mut house, "web");
    for heir in 1..4 {
        house.crash(heir - 1);
        let heard = house.heard.len();
        house.join_over(unelected(), Line::Stuck);
        house.advance(SETTLED);
        assert_eq!(house.step(heir), 1, "the seal");
        assert_eq!(house.status(heir).seat.hold, Holding::Holds);
        assert_eq!(house.heard.len(), heard, "heir {heir} has not committed what it is about to say");
        assert_eq!(house.step(heir), 1, "the intents");
        assert_eq!(house.heard.len(), heard + 3);
    }
    assert_eq!(house.deliveries("hook", Action::First).len(), 1);
}

#[test]
fn one_that_is_rebuilt_takes_the_seat_anew_and_repeats_nothing_that_was_settled() {
    for station in [elected(Standby::Cold), elected(Standby::Warm), unelected()] {
        let mut house = House::new(settings());
        house.join(station);
        house.hold(0);
        for name in ["stands", "ends", "flies"] {
            sick(&mut house, name);
        }
        house.seconds(30);
        house.delete(KindId::Pod, "ends");
        house.seconds(5);
        let before = house.heard.len();
        assert_eq!(before, 12);
        house.speechless.insert("keyed".to_owned());
        house.delete(KindId::Pod, "flies");
        house.speechless.clear();
        house.rebuild(0);
        assert_eq!(house.status(0).seat.term, Some(2));
        house.answer(&Verdict::Done);
        house.seconds(300);
        let told = house.told("chat");
        assert_eq!(told.len(), 5, "{told:?}");
        let keyed = house.told("keyed");
        assert!(keyed[5..].iter().all(|line| line == "resolved CrashLoopBackOff flies"), "{keyed:?}");
        assert!((6..=7).contains(&keyed.len()), "{keyed:?}");
        assert_eq!(house.folded("keyed", Action::Resolved).len(), 2);
    }
}

#[test]
fn a_warm_follower_that_is_rebuilt_sees_what_stands_and_ends_none_of_it_when_it_takes_over() {
    for standby in [Standby::Cold, Standby::Warm] {
        let mut house = House::pair(standby);
        sick(&mut house, "stands");
        house.seconds(30);
        house.rebuild(1);
        house.crash(0);
        sick(&mut house, "begins");
        house.seconds(30);
        house.hold(1);
        house.seconds(100);
        let mut told = house.told("hook");
        told.sort();
        assert_eq!(told, ["first CrashLoopBackOff begins", "first CrashLoopBackOff stands"], "{standby:?}");
    }
}

#[test]
fn what_was_ended_before_the_state_could_be_read_is_another_episode_when_it_comes_back() {
    let mut house = House::new(settings());
    house.join(unelected());
    house.seconds(100);
    sick(&mut house, "a");
    house.seconds(5);
    house.crash(0);
    house.join_over(unelected(), Line::Refuses);
    house.seconds(30);
    house.put(KindId::Pod, pod("a"));
    house.seconds(1000);
    house.members[1].line = Line::Open;
    house.seconds(15);
    sick(&mut house, "a");
    // What came back so soon is muted for a while.
    house.seconds(1000);
    let about = |line: &String| line.ends_with(" a").then(|| line.clone());
    let told: Vec<_> = house.told("keyed").iter().filter_map(about).collect();
    let (first, resolved) = ("first CrashLoopBackOff a", "resolved CrashLoopBackOff a");
    assert_eq!(told, [first, first, resolved, first]);
    let heard =
        house.heard.iter().filter(|heard| heard.sink == "keyed" && heard.said.action == Action::First);
    let ids: Vec<_> = heard.map(|heard| &heard.said.delivery).collect();
    assert!(!ids[..ids.len() - 1].contains(ids.last().unwrap()), "{ids:?}");
}

#[test]
fn what_a_sink_refused_before_the_state_could_be_read_it_may_have_taken_of_another() {
    let mut house = House::new(settings());
    house.join(unelected());
    house.seconds(100);
    let event = evicted("event", &house.time(5));
    house.put(KindId::Pod, event);
    house.seconds(5);
    assert_eq!(house.told("hook"), ["first Evicted event"]);
    house.crash(0);
    house.join_over(unelected(), Line::Refuses);
    house.verdicts.insert("hook".to_owned(), Verdict::Reject(Why::Refused));
    house.seconds(30);
    assert_eq!(house.status(1).sinks[2].refused, 2, "the event, and what is wrong with the store");
    house.members[1].line = Line::Open;
    house.seconds(15);
    house.crash(1);
    house.verdicts.clear();
    house.join(unelected());
    house.seconds(100);
    assert_eq!(house.told("hook"), ["first Evicted event"]);
}

#[test]
fn what_waited_for_its_commit_when_its_replica_panicked_was_not_told() {
    let mut house = House::new(settings());
    house.join(elected(Standby::Warm));
    house.hold(0);
    house.seconds(100);
    house.members[0].line = Line::Down;
    sick(&mut house, "a");
    house.seconds(2);
    house.rebuild(0);
    house.seconds(5);
    house.delete(KindId::Pod, "a");
    house.members[0].line = Line::Open;
    house.seconds(100);
    assert_eq!(house.told("hook"), [""; 0], "there is nothing to end");
}

#[test]
fn an_answer_to_a_replica_that_panicked_says_nothing_to_its_heir() {
    let mut house = House::new(settings());
    house.join_over(unelected(), Line::Deaf);
    sick(&mut house, "a");
    let old = std::mem::take(&mut house.members[0].answers);
    house.members[0].line = Line::Stuck;
    house.rebuild(0);
    for answer in old {
        house.input(0, answer);
    }
    assert_eq!(house.status(0).seat.hold, Holding::Opens);
    house.reconnect(0);
    assert_eq!(house.status(0).seat.term, Some(2));
    house.seconds(5);
    assert_eq!(house.told("chat"), ["first CrashLoopBackOff a"]);
}

#[test]
fn every_problem_is_told_by_the_one_seat_that_owns_it_and_held_by_any() {
    let rule = |on: bool| {
        let mut ruled = settings();
        if on {
            ruled.inhibitions = vec![Inhibition {
                source: matcher(&[("reason", "NodeDiskPressure")]),
                target: matcher(&[("kind", "Pod")]),
                equal: vec!["node".to_owned()],
            }];
        }
        let mut house = House::new(ruled);
        for seat in 0..3 {
            house.join(Station { seat: SeatId(seat), total: 3, ..unelected() });
        }
        let mut pressed = node("node-a", "True", "2026-01-01T00:00:00Z");
        let pressure =
            json!({"type": "DiskPressure", "status": "True", "lastTransitionTime": house.time(100)});
        pressed["status"]["conditions"].as_array_mut().expect("a list").push(pressure);
        house.put(KindId::Node, pressed);
        for n in 0..12 {
            sick(&mut house, &format!("web-{n}"));
        }
        house.seconds(60);
        house
    };
    let free = rule(false);
    let mut names: Vec<_> = free.told("hook");
    names.sort();
    names.dedup();
    assert_eq!((names.len(), free.told("hook").len()), (13, 13));
    let pods = free.heard.iter().filter(|heard| heard.sink == "hook");
    let by: std::collections::BTreeSet<_> = pods.map(|heard| heard.by).collect();
    assert_eq!(by.len(), 3, "every seat has its share");
    let held = rule(true);
    assert_eq!(held.told("hook"), ["first NodeDiskPressure node-a"]);
    let inhibited = |index: usize| {
        let facts = held.members[index].facts.iter();
        facts.filter(|(_, fact)| matches!(fact, Fact::Held { by: Suppressed::Inhibited(_), .. })).count()
    };
    assert!((0..3).filter(|index| inhibited(*index) > 0).count() >= 2, "also where the source is foreign");
}

#[test]
fn what_the_go_program_told_is_not_told_again_and_is_ended_once() {
    let mut house = House::new(settings());
    let incident = |name: &str| {
        json!({"Fingerprint": "", "Kind": "Pod", "Namespace": "shop", "Name": name, "NodeName": "node-a",
            "Severity": "critical", "Reason": "CrashLoopBackOff", "Summary": "it crashes", "Cluster": "",
            "Details": null, "Labels": {}, "Annotations": {}, "StartsAt": "2026-09-21T00:00:00Z",
            "EndsAt": "0001-01-01T00:00:00Z", "Resolved": false, "Event": false, "Correlation": null})
    };
    let snapshot = json!({"active": [incident("stands"), incident("ends")], "lastSent": {}, "pending": []});
    house.shelves.entry(SeatId::default()).or_default().reference = Some(snapshot.to_string().into_bytes());
    sick(&mut house, "stands");
    sick(&mut house, "begins");
    house.join(elected(Standby::Cold));
    house.join(elected(Standby::Cold));
    house.hold(0);
    let migrated = |fact: &SeatFact| matches!(fact, SeatFact::Migrated { alerts: 2, left_out: 0, .. });
    assert!(house.seat_facts(0).iter().any(migrated), "{:?}", house.seat_facts(0));
    house.seconds(200);
    house.stop(0);
    house.crash(0);
    house.hold(1);
    house.seconds(2000);
    for sink in ["chat", "keyed", "hook"] {
        let mut told = house.told(sink);
        told.sort();
        assert_eq!(told, ["first CrashLoopBackOff begins", "resolved CrashLoopBackOff ends"], "{sink}");
    }
}

#[test]
fn an_election_without_a_store_tells_what_stands_once_more_in_one() {
    let mut house = House::new(settings());
    for standby in [Standby::Cold, Standby::Warm] {
        house.join(Station { keep: None, ..elected(standby) });
    }
    house.hold(0);
    for name in ["a", "b", "c"] {
        sick(&mut house, name);
    }
    house.seconds(30);
    for index in [1, 0, 1] {
        house.lease(1 - index, taken());
        house.hold(index);
        house.seconds(30);
    }
    let told = house.told("chat");
    assert_eq!(told[3..], ["digest 3", "digest 3", "digest 3"], "{told:?}");
    house.put(KindId::Pod, pod("a"));
    house.seconds(2000);
    assert_eq!(house.told("hook").last().map(String::as_str), Some("resolved CrashLoopBackOff a"));
    assert!(!house.status(1).seat.kept);
}

#[test]
fn a_warm_heir_ends_what_its_predecessor_said_of_itself() {
    for standby in [Standby::Cold, Standby::Warm] {
        let mut house = House::new(settings());
        house.join(elected(standby));
        house.members[0].blind.insert(KindId::Node);
        house.join(elected(standby));
        house.dark(false);
        house.hold(0);
        house.seconds(300);
        assert_eq!(house.told("chat"), ["first WatchStale nodes"], "{standby:?}");
        house.crash(0);
        house.hold(1);
        house.seconds(2000);
        assert_eq!(house.told("chat")[1..], ["resolved WatchStale nodes"], "{standby:?}");
    }
}

#[test]
fn a_follower_that_never_saw_anything_does_not_watch_either() {
    let mut house = House::new(settings());
    house.is_silent = true;
    house.join(elected(Standby::Cold));
    house.members[0].line = Line::Down;
    house.hold(0);
    assert!(!house.members[0].watches.is_empty());
    house.lease(0, taken());
    assert!(house.members[0].watches.is_empty());
    house.lease(0, LeaseNews::Released);
    house.stop(0);
    assert!(house.members[0].stopped);
}

#[test]
fn a_first_run_that_dies_before_its_digest_leaves_nothing_out() {
    let mut first = settings();
    first.behavior.first_run = FirstRun::Digest;
    first.behavior.startup_grace = Duration::from_secs(30);
    let mut house = House::new(first);
    for name in ["a", "b"] {
        sick(&mut house, name);
    }
    house.join(elected(Standby::Cold));
    house.join(elected(Standby::Cold));
    house.hold(0);
    house.seconds(10);
    house.crash(0);
    assert!(house.heard.is_empty());
    house.hold(1);
    house.seconds(100);
    let heard: usize =
        house.heard.iter().filter(|heard| heard.sink == "chat").map(|heard| heard.said.reports.len()).sum();
    assert_eq!(heard, 2, "{:?}", house.lines("chat"));
}
