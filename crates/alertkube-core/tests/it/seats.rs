//! The hold on a seat: handed over, lost, taken, and what the sinks hear of it.

use std::time::Duration;

use alertkube_core::{
    Action, Fact, Holding, Input, KindId, LeaseNews, LostWhy, SeatFact, SeatId, Standby, Verdict, WatchEvent,
    Why,
};

use crate::house::{House, Line, elected, lost_sight, settings, sick, taken, unelected};
use crate::objects::{evicted, lacking, node, not_ready, pod};

const SINKS: [&str; 3] = ["chat", "keyed", "hook"];
const BOTH: [Standby; 2] = [Standby::Cold, Standby::Warm];

#[test]
fn a_handover_in_good_order_repeats_nothing_and_misses_nothing() {
    for standby in BOTH {
        let mut house = House::pair(standby);
        for name in ["stands", "ends"] {
            sick(&mut house, name);
        }
        let event = evicted("event", &house.time(5));
        house.put(KindId::Pod, event);
        house.seconds(30);
        house.stop(0);
        assert!(house.members[0].stopped, "nothing was in flight");
        house.crash(0);
        sick(&mut house, "begins");
        house.delete(KindId::Pod, "ends");
        house.seconds(2);
        house.hold(1);
        house.seconds(2000);
        for sink in SINKS {
            let mut told = house.told(sink);
            told.sort();
            let mut expected = vec![
                "first CrashLoopBackOff begins",
                "first CrashLoopBackOff ends",
                "first CrashLoopBackOff stands",
                "first Evicted event",
                "resolved CrashLoopBackOff ends",
            ];
            // An event has no end that would close what a sink opens that folds by a key.
            expected.retain(|line| sink != "keyed" || *line != "first Evicted event");
            assert_eq!(told, expected, "{standby:?} {sink}: {:?}", house.lines(sink));
        }
    }
}

/// How far a message has come when its sender dies.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Put,
    Committed,
    Sent,
    Answered,
}

const PHASES: [Phase; 4] = [Phase::Put, Phase::Committed, Phase::Sent, Phase::Answered];

/// Plays a change, and lets the holder die in the middle of telling it.
fn die_while(house: &mut House, phase: Phase, change: impl FnOnce(&mut House)) {
    match phase {
        Phase::Put => house.members[0].line = Line::Stuck,
        Phase::Committed => house.members[0].line = Line::Deaf,
        Phase::Sent | Phase::Answered => house.speechless.extend(SINKS.map(str::to_owned)),
    }
    change(house);
    if let Phase::Answered = phase {
        house.members[0].line = Line::Stuck;
        house.answer(&Verdict::Done);
    }
    house.crash(0);
    house.speechless.clear();
}

#[test]
fn a_crash_in_any_phase_of_a_beginning_is_told_once_where_it_folds_and_missed_nowhere() {
    for standby in BOTH {
        for phase in PHASES {
            let mut house = House::pair(standby);
            die_while(&mut house, phase, |house| sick(house, "web"));
            house.seconds(30);
            house.hold(1);
            house.seconds(100);
            for sink in SINKS {
                let told = house.told(sink);
                assert!((1..=2).contains(&told.len()), "{standby:?} {phase:?} {sink}: {told:?}");
                assert!(told.iter().all(|line| line == "first CrashLoopBackOff web"), "{told:?}");
                assert_eq!(house.folded(sink, Action::First).len(), 1, "{standby:?} {phase:?} {sink}");
                assert_eq!(house.deliveries(sink, Action::First).len(), 1, "{standby:?} {phase:?} {sink}");
                let sent = usize::from(matches!(phase, Phase::Sent | Phase::Answered));
                assert_eq!(told.len(), 1 + sent, "{standby:?} {phase:?} {sink}");
            }
        }
    }
}

#[test]
fn a_crash_in_any_phase_of_an_end_ends_it() {
    for standby in BOTH {
        for phase in PHASES {
            let mut house = House::pair(standby);
            sick(&mut house, "web");
            house.seconds(30);
            die_while(&mut house, phase, |house| house.delete(KindId::Pod, "web"));
            house.seconds(30);
            house.hold(1);
            house.seconds(200);
            for sink in SINKS {
                let told = house.told(sink);
                let ends = told.iter().filter(|line| *line == "resolved CrashLoopBackOff web").count();
                // One of them by the dead, one by the heir, one more for a sink that folds.
                let most = if sink == "keyed" { 3 } else { 2 };
                assert!((1..=most).contains(&ends), "{standby:?} {phase:?} {sink}: {told:?}");
                assert_eq!(told.len(), 1 + ends, "{standby:?} {phase:?} {sink}: {told:?}");
                assert_eq!(house.deliveries(sink, Action::Resolved).len(), 1, "{standby:?} {phase:?} {sink}");
                assert_eq!(house.folded(sink, Action::First), house.folded(sink, Action::Resolved));
            }
            assert!(house.alerts(1).is_empty(), "{standby:?} {phase:?}");
        }
    }
}

#[test]
fn what_began_in_doubt_ends_twice_where_a_late_beginning_could_open_it_again() {
    let mut house = House::pair(Standby::Cold);
    die_while(&mut house, Phase::Sent, |house| sick(house, "web"));
    house.delete(KindId::Pod, "web");
    house.seconds(30);
    house.hold(1);
    house.seconds(300);
    let ends = |sink: &str| -> Vec<u64> {
        let lines = house.lines(sink).into_iter();
        lines.filter(|(_, line)| line.starts_with("resolved")).map(|((at, _), _)| at).collect()
    };
    assert_eq!((ends("chat"), ends("hook")), (vec![30], vec![30]));
    assert_eq!(ends("keyed"), [30, 60]);
}

#[test]
fn one_without_election_that_is_fenced_is_silent_for_ever_and_says_so() {
    let mut house = House::new(settings());
    house.join(unelected());
    sick(&mut house, "a");
    house.join(elected(Standby::Cold));
    house.hold(1);
    assert_eq!(house.status(1).seat.term, Some(2));
    sick(&mut house, "b");
    house.seconds(7200);
    sick(&mut house, "c");
    house.seconds(7200);
    let by: Vec<_> = house.lines("hook").into_iter().map(|((_, by), line)| (by, line)).collect();
    let expected = ["a", "b", "c"].map(|name| format!("first CrashLoopBackOff {name}"));
    assert_eq!(by, [0, 1, 1].into_iter().zip(expected).collect::<Vec<_>>());
    let status = house.status(0);
    assert_eq!((status.seat.hold, status.telling), (Holding::Fenced, false));
    assert_eq!(status.seat.holder.as_deref(), Some("replica-1"));
    assert!(house.seat_facts(0).iter().any(|fact| matches!(fact, SeatFact::Fenced { term: 2, .. })));
    assert_eq!(house.members[0].resigned, 0, "it has no Lease");
}

#[test]
fn an_elected_one_that_is_fenced_gives_its_lease_back_and_follows() {
    let mut house = House::pair(Standby::Cold);
    sick(&mut house, "a");
    house.hold(1);
    sick(&mut house, "b");
    house.seconds(100);
    assert_eq!(house.members[0].resigned, 1);
    assert_eq!(house.status(0).seat.hold, Holding::Follows);
    assert!(house.members[0].watches.is_empty(), "a cold follower does not watch");
    house.lease(0, LeaseNews::Released);
    let by: Vec<_> = house.lines("chat").into_iter().map(|((_, by), _)| by).collect();
    assert_eq!(by, [0, 1]);
    house.crash(1);
    house.hold(0);
    assert_eq!(house.status(0).seat.term, Some(3));
    house.seconds(1000);
    assert_eq!(house.told("chat").len(), 2, "{:?}", house.lines("chat"));
}

#[test]
fn nothing_is_sent_after_the_lease_and_a_reply_of_an_old_hold_says_nothing() {
    let mut house = House::new(settings());
    house.join(elected(Standby::Warm));
    let until = Duration::from_secs(20);
    house.lease(0, LeaseNews::Held { until, early: false });
    house.speechless.extend(SINKS.map(str::to_owned));
    sick(&mut house, "a");
    assert_eq!(house.heard.len(), 3);
    house.seconds(20);
    sick(&mut house, "b");
    house.seconds(5);
    assert_eq!(house.heard.len(), 3, "its right has run out, though nobody has said so");
    house.lease(0, taken());
    assert_eq!(house.status(0).seat.in_doubt, 0);
    house.answer(&Verdict::Done);
    house.speechless.clear();
    house.seconds(5);
    assert_eq!(house.heard.len(), 3);
    house.hold(0);
    house.seconds(5);
    let mut told = house.told("hook");
    told.sort();
    let again = ["first CrashLoopBackOff a", "first CrashLoopBackOff a", "first CrashLoopBackOff b"];
    assert_eq!(told, again, "the reply came to one who held nothing");
    assert_eq!(house.folded("hook", Action::First).len(), 2);
}

#[test]
fn an_answer_of_the_store_to_an_old_hold_says_nothing_to_a_new_one() {
    let mut house = House::new(settings());
    house.join(elected(Standby::Warm));
    sick(&mut house, "a");
    house.members[0].line = Line::Deaf;
    house.hold(0);
    house.lease(0, taken());
    let old = std::mem::take(&mut house.members[0].answers);
    assert_eq!(old.len(), 1, "its seal");
    house.members[0].line = Line::Stuck;
    house.hold(0);
    for answer in old {
        house.input(0, answer);
    }
    assert_eq!(house.status(0).seat.hold, Holding::Opens, "the seal of this hold is not answered");
    house.reconnect(0);
    house.seconds(5);
    assert_eq!(house.told("chat"), ["first CrashLoopBackOff a"]);
}

#[test]
fn the_last_holder_of_a_lease_says_that_the_server_is_away_and_that_it_is_back() {
    for standby in BOTH {
        let mut house = House::pair(standby);
        house.seconds(10);
        house.dark(true);
        house.lease(0, lost_sight());
        house.seconds(59);
        assert!(house.heard.is_empty(), "{:?}", house.lines("chat"));
        house.seconds(600);
        for sink in SINKS {
            let told = house.lines(sink);
            assert_eq!(
                told,
                [((70, 0), "first ApiServerUnreachable kube-apiserver".to_owned())],
                "{standby:?}"
            );
        }
        house.dark(false);
        house.lease(
            0,
            LeaseNews::Follows { holder: "replica-1".to_owned(), release: None, since: Duration::ZERO },
        );
        house.hold(1);
        house.seconds(1000);
        for sink in SINKS {
            let told: Vec<_> = house.lines(sink).into_iter().map(|((_, by), line)| (by, line)).collect();
            assert_eq!(told.len(), 2, "{standby:?} {sink}: {told:?}");
            assert_eq!(told[1], (0, "resolved ApiServerUnreachable kube-apiserver".to_owned()));
        }
    }
}

#[test]
fn who_sees_the_server_again_within_a_minute_says_nothing() {
    let mut house = House::pair(Standby::Cold);
    house.lease(0, lost_sight());
    house.seconds(50);
    house.hold(0);
    house.seconds(600);
    house.lease(0, taken());
    house.seconds(600);
    assert!(house.heard.is_empty(), "{:?}", house.lines("chat"));
}

#[test]
fn a_node_that_fails_in_the_gap_is_one_problem_with_its_pods_as_effects() {
    for standby in BOTH {
        let mut house = House::pair(standby);
        house.stop(0);
        house.crash(0);
        let down = node("node-a", "Unknown", &house.time(100));
        house.put(KindId::Node, down);
        sick(&mut house, "web");
        house.hold(1);
        house.seconds(100);
        assert_eq!(house.told("chat"), ["first NodeNotReady node-a"], "{standby:?}");
        house.put(KindId::Pod, pod("web"));
        house.seconds(100);
        assert_eq!(house.told("chat").len(), 1);
    }
}

#[test]
fn a_reminder_in_doubt_may_open_again_what_is_closed_like_a_beginning() {
    let mut reminding = settings();
    reminding.behavior.repeat = Some(Duration::from_secs(100));
    let mut house = House::new(reminding);
    house.join(elected(Standby::Cold));
    house.join(elected(Standby::Cold));
    house.hold(0);
    sick(&mut house, "web");
    house.seconds(99);
    die_while(&mut house, Phase::Sent, |house| house.seconds(2));
    assert_eq!(house.told("keyed").last().map(String::as_str), Some("repeat CrashLoopBackOff web"));
    house.delete(KindId::Pod, "web");
    house.hold(1);
    house.seconds(300);
    let ends = |sink: &str| house.told(sink).iter().filter(|line| line.starts_with("resolved")).count();
    assert_eq!((ends("chat"), ends("keyed"), ends("hook")), (1, 2, 1));
}

#[test]
fn an_event_is_not_told_again_by_an_heir_whose_calendar_is_behind() {
    for standby in BOTH {
        let mut house = House::new(settings());
        house.ahead.insert(0, 150);
        house.join(elected(standby));
        house.hold(0);
        let event = evicted("event", &house.time(5));
        house.put(KindId::Pod, event);
        house.seconds(20);
        house.join(elected(standby));
        house.seconds(20);
        house.crash(0);
        house.hold(1);
        house.seconds(1000);
        assert_eq!(house.told("chat"), ["first Evicted event"], "{standby:?}");
    }
}

#[test]
fn what_is_in_doubt_is_told_again_under_its_id_by_an_heir_with_another_calendar() {
    for ahead in [0, 150, -150] {
        let mut house = House::new(settings());
        house.ahead.insert(0, ahead);
        house.join(elected(Standby::Cold));
        house.join(elected(Standby::Cold));
        house.hold(0);
        // An earlier life of it was told, by a calendar of which the heir knows nothing.
        sick(&mut house, "web");
        house.seconds(5);
        house.delete(KindId::Pod, "web");
        house.seconds(5);
        house.speechless.insert("hook".to_owned());
        sick(&mut house, "web");
        house.seconds(5);
        house.crash(0);
        house.speechless.clear();
        house.hold(1);
        house.seconds(30);
        let ids = house.deliveries("hook", Action::First);
        assert_eq!(ids.len(), 2, "one for each life of it, {ahead}: {:?}", house.lines("hook"));
        let firsts = house.told("hook").iter().filter(|line| line.starts_with("first")).count();
        assert_eq!(firsts, 3, "the one in doubt comes twice: {:?}", house.lines("hook"));
    }
}

#[test]
fn an_event_that_a_warm_heir_has_seen_later_is_not_told_again() {
    for standby in BOTH {
        let mut house = House::new(settings());
        house.join(elected(standby));
        house.hold(0);
        let event = evicted("event", &house.time(5));
        house.put(KindId::Pod, event);
        house.seconds(20);
        house.join(elected(standby));
        house.seconds(20);
        house.crash(0);
        house.hold(1);
        house.seconds(1000);
        assert_eq!(house.told("chat"), ["first Evicted event"], "{standby:?}");
    }
}

#[test]
fn an_event_that_a_warm_heir_has_seen_earlier_than_its_teller_is_not_told_again() {
    let mut house = House::new(settings());
    house.join(elected(Standby::Cold));
    house.hold(0);
    house.seconds(5);
    house.crash(0);
    house.join(elected(Standby::Warm));
    let event = evicted("event", &house.time(5));
    house.put(KindId::Pod, event);
    house.seconds(20);
    house.join(elected(Standby::Cold));
    house.hold(2);
    house.seconds(20);
    house.crash(2);
    house.hold(1);
    house.seconds(1000);
    for sink in ["chat", "hook"] {
        let by: Vec<_> = house.lines(sink).into_iter().map(|((_, by), line)| (by, line)).collect();
        assert_eq!(by, [(2, "first Evicted event".to_owned())], "{sink}");
    }
}

#[test]
fn an_event_of_an_object_that_had_one_before_is_repeated_as_the_same_delivery() {
    for phase in PHASES {
        let mut house = House::pair(Standby::Cold);
        let event = |house: &mut House, uid: &str| {
            let mut event = evicted("event", &house.time(5));
            event["metadata"]["uid"] = uid.into();
            house.put(KindId::Pod, event);
        };
        event(&mut house, "00000000-0000-4000-8000-000000000001");
        house.seconds(20);
        house.delete(KindId::Pod, "event");
        house.seconds(20);
        die_while(&mut house, phase, |house| event(house, "00000000-0000-4000-8000-000000000002"));
        house.seconds(30);
        house.hold(1);
        house.seconds(100);
        for sink in ["chat", "hook"] {
            let deliveries = house.deliveries(sink, Action::First);
            assert_eq!(deliveries.len(), 2, "{phase:?} {sink}: {:?}", house.lines(sink));
        }
    }
}

#[test]
fn who_takes_over_from_one_that_had_nothing_to_tell_is_no_first_run() {
    for standby in BOTH {
        let mut house = House::pair(standby);
        house.seconds(100);
        house.crash(0);
        let lame = lacking("shop", &house.time(900));
        house.put(KindId::Deployment, lame);
        sick(&mut house, "web");
        house.hold(1);
        house.seconds(60);
        for sink in SINKS {
            let told = house.told(sink);
            assert_eq!(told.len(), 2, "{standby:?} {sink}: {told:?}");
            assert!(told.iter().all(|line| line.starts_with("first")), "{told:?}");
        }
    }
}

#[test]
fn an_heir_whose_watch_is_behind_looks_anew_before_it_ends_what_it_does_not_see() {
    for ends in [false, true] {
        let mut house = House::pair(Standby::Warm);
        house.seconds(100);
        // Its watches are dead, and nobody knows yet.
        house.members[1].watches.clear();
        sick(&mut house, "a");
        house.seconds(5);
        house.crash(0);
        if ends {
            house.delete(KindId::Pod, "a");
        }
        house.hold(1);
        house.seconds(60);
        let resolved = ends.then_some("resolved CrashLoopBackOff a");
        let expected: Vec<_> = ["first CrashLoopBackOff a"].into_iter().chain(resolved).collect();
        assert_eq!(house.told("hook"), expected);
        assert!(house.seat_facts(1).contains(&SeatFact::Outdated { seat: SeatId(0) }));
    }
}

#[test]
fn an_heir_that_has_lost_a_watch_looks_anew_and_does_not_go_on_from_where_that_stopped() {
    let mut house = House::pair(Standby::Warm);
    house.seconds(100);
    house.members[1].watches.clear();
    let lost = LostWhy::Unreachable("connection refused".to_owned());
    house.input(1, Input::Watch(KindId::Pod, WatchEvent::Lost(lost)));
    // What a watch that goes on would tell of: it began, was told, ended, and that was told.
    sick(&mut house, "a");
    house.delete(KindId::Pod, "a");
    house.seconds(5);
    house.crash(0);
    house.hold(1);
    assert!(house.seat_facts(1).contains(&SeatFact::Outdated { seat: SeatId(0) }));
    assert!(house.members[1].watches.contains(&KindId::Pod), "it lists everything anew");
    house.seconds(60);
    assert_eq!(house.told("hook"), ["first CrashLoopBackOff a", "resolved CrashLoopBackOff a"]);
}

#[test]
fn an_heir_that_heard_of_a_problem_and_of_its_end_ends_it_at_once() {
    let mut house = House::pair(Standby::Warm);
    sick(&mut house, "a");
    house.seconds(100);
    house.crash(0);
    house.delete(KindId::Pod, "a");
    house.hold(1);
    assert_eq!(house.told("hook"), ["first CrashLoopBackOff a", "resolved CrashLoopBackOff a"]);
    assert!(!house.seat_facts(1).contains(&SeatFact::Outdated { seat: SeatId(0) }));
}

#[test]
fn what_fires_does_not_begin_anew_with_a_warm_heir_that_has_seen_it_later() {
    for standby in BOTH {
        let mut house = House::new(settings());
        house.join(elected(standby));
        house.hold(0);
        for since in [400, 0] {
            let mut sick = pod("web");
            not_ready(&mut sick, &house.time(since));
            house.put(KindId::Pod, sick);
            house.seconds(10);
        }
        house.join(elected(standby));
        house.crash(0);
        house.hold(1);
        house.seconds(100);
        assert_eq!(house.told("chat"), ["first PodNotReady web"], "{standby:?}");
        house.delete(KindId::Pod, "web");
        house.seconds(1000);
        assert_eq!(house.told("chat")[1..], ["resolved PodNotReady web"], "{standby:?}");
    }
}

#[test]
fn a_warm_heir_tries_a_dead_letter_again_under_the_name_that_it_has() {
    let mut house = House::new(settings());
    house.join(elected(Standby::Warm));
    house.hold(0);
    house.verdicts.insert("chat".to_owned(), Verdict::Reject(Why::Refused));
    sick(&mut house, "web");
    house.seconds(10);
    house.join(elected(Standby::Warm));
    house.seconds(10);
    house.crash(0);
    house.verdicts.clear();
    house.hold(1);
    house.seconds(10);
    let said = |member: usize, wanted: fn(&Fact) -> Option<&String>| -> Vec<String> {
        let facts = house.members[member].facts.iter();
        facts.filter_map(|(_, fact)| wanted(fact).cloned()).collect()
    };
    let letters = said(0, |fact| match fact {
        Fact::DeadLetter { sink, delivery, .. } if sink == "chat" => Some(delivery),
        _ => None,
    });
    let delivered = said(1, |fact| match fact {
        Fact::Delivered { sink, delivery, .. } if sink == "chat" => Some(delivery),
        _ => None,
    });
    assert_eq!(letters.len(), 1);
    assert_eq!(delivered, letters);
}
