//! Several seats, and another number of them while problems begin and end: what is told is told once, and ends.

use std::collections::BTreeMap;
use std::time::Duration;

use alertkube_core::{Fact, Holding, Input, KindId, Part, SeatFact, SeatId, Standby, Station};

use crate::house::{House, Line, elected, settings, sick, taken, unelected};

/// Seconds for which a problem lasts that ends: more than telling pauses for while the layout changes.
const LASTS: usize = 30;
const SINKS: [&str; 3] = ["chat", "keyed", "hook"];

/// Replicas of one program, each of which serves one seat; problems that come and go.
struct Stage {
    house: House,
    /// Who serves each seat.
    seats: BTreeMap<u32, usize>,
    pods: usize,
}

impl Stage {
    fn new(total: u32) -> Stage {
        let mut stage = Stage { house: House::new(settings()), seats: BTreeMap::new(), pods: 0 };
        (0..total).for_each(|seat| stage.start(seat, total));
        stage.house.seconds(20);
        stage
    }

    fn start(&mut self, seat: u32, total: u32) {
        let station = Station { seat: SeatId(seat), total, ..unelected() };
        let index = self.house.join(station);
        self.seats.insert(seat, index);
    }

    fn stop(&mut self, seat: u32) {
        let index = self.seats.remove(&seat).expect("it runs");
        self.house.stop(index);
        self.house.seconds(1);
        self.house.crash(index);
    }

    /// A problem begins, and one of five ends.
    fn storm(&mut self) {
        self.pods += 1;
        sick(&mut self.house, &format!("web-{}", self.pods));
        if self.pods.is_multiple_of(5)
            && let Some(n) = self.pods.checked_sub(LASTS).filter(|n| *n > 0)
        {
            self.house.delete(KindId::Pod, &format!("web-{n}"));
        }
    }

    fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.storm();
            self.house.seconds(1);
        }
    }

    /// A StatefulSet: what is too much goes, what is missing comes, and the rest is replaced from the highest on.
    fn roll(&mut self, total: u32) {
        let most = self.seats.keys().max().map_or(0, |seat| seat + 1);
        for seat in (total..most).rev() {
            self.stop(seat);
            self.seconds(2);
        }
        for seat in most..total {
            self.start(seat, total);
            self.seconds(2);
        }
        for seat in (0..total.min(most)).rev() {
            self.stop(seat);
            self.seconds(2);
            self.start(seat, total);
            self.seconds(4);
        }
        self.seconds(20);
    }

    fn in_force(&self, total: u32) -> bool {
        self.seats.values().all(|index| {
            let seat = self.house.status(*index).seat;
            seat.total == total && seat.hold == Holding::Holds
        })
    }

    /// Everything ends; each problem was opened once and closed once at every sink, but for repeats of a crash.
    fn check(&mut self, most: usize, when: &str) {
        let gone = |n: usize| n.is_multiple_of(5) && n + LASTS <= self.pods;
        for n in (1..=self.pods).filter(|n| !gone(*n)) {
            self.house.delete(KindId::Pod, &format!("web-{n}"));
        }
        self.house.seconds(120);
        for sink in SINKS {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for line in self.house.told(sink).into_iter().filter(|line| line.contains("CrashLoop")) {
                *counts.entry(line).or_default() += 1;
            }
            for n in 1..=self.pods {
                // One that ended while nobody served its shard was never told.
                if most > 1 && gone(n) && !counts.contains_key(&format!("first CrashLoopBackOff web-{n}")) {
                    continue;
                }
                for action in ["first", "resolved"] {
                    let line = format!("{action} CrashLoopBackOff web-{n}");
                    let count = counts.remove(&line).unwrap_or(0);
                    assert!(
                        (1..=most).contains(&count),
                        "{when}, {sink}: {count} x {line}: {:?}",
                        self.tellers(&line)
                    );
                }
            }
            assert!(counts.is_empty(), "{when}, {sink}: {counts:?}");
        }
    }

    fn tellers(&self, line: &str) -> Vec<(String, (u64, usize))> {
        let lines = SINKS.into_iter().flat_map(|sink| {
            let told = self.house.lines(sink).into_iter().filter(|(_, told)| told == line);
            told.map(move |(at, _)| (sink.to_owned(), at)).collect::<Vec<_>>()
        });
        lines.collect()
    }

    /// What the heads of seats that are no more still name, and the seats that serve.
    fn check_shelves(&self, total: u32) {
        for (seat, shelf) in self.house.shelves.iter().filter(|(seat, _)| seat.0 >= total) {
            assert!(shelf.bytes() < 1000, "seat {} keeps {} bytes", seat.0, shelf.bytes());
        }
    }
}

#[test]
fn three_become_four_and_two_by_rollout_in_a_storm_and_nothing_is_lost_or_told_twice() {
    let mut stage = Stage::new(3);
    assert!(stage.in_force(3), "{:?}", stage.house.status(1).seat);
    stage.seconds(10);
    stage.roll(4);
    assert!(stage.in_force(4), "{:?}", stage.house.seat_facts(stage.seats[&0]));
    stage.roll(2);
    assert!(stage.in_force(2), "{:?}", stage.house.seat_facts(stage.seats[&0]));
    stage.check(1, "");
    stage.check_shelves(2);
    let silent =
        stage.house.members.iter().flat_map(|member| &member.facts).filter_map(|(_, fact)| match fact {
            Fact::Seat(SeatFact::Relaid { silent, .. }) => Some(silent.as_secs()),
            _ => None,
        });
    assert!(silent.max().is_some_and(|most| most <= 10), "telling pauses for seconds");
}

/// A head that was sealed for three and has no layout yet says nothing: it is not that of a program that knew no shards.
#[test]
fn three_begin_as_three_though_one_saw_the_first_before_it_had_a_layout() {
    let mut stage = Stage { house: House::new(settings()), seats: BTreeMap::new(), pods: 0 };
    let station = Station { seat: SeatId(0), total: 3, ..unelected() };
    let first = stage.house.join_over(station, Line::Stuck);
    assert_eq!(stage.house.step(first), 1, "the seal");
    stage.house.crash(first);
    (1..3).for_each(|seat| stage.start(seat, 3));
    stage.house.seconds(3);
    stage.start(0, 3);
    stage.house.seconds(60);
    assert!(stage.in_force(3), "{:?}", stage.house.status(stage.seats[&0]).seat);
    let facts = stage.house.members.iter().flat_map(|member| &member.facts);
    let changes = facts.filter(|(_, fact)| matches!(fact, Fact::Seat(SeatFact::Silent { .. }))).count();
    assert_eq!(changes, 0, "there was nothing to change");
}

#[test]
fn one_becomes_three_and_one_again_also_with_elected_pairs() {
    let mut stage = Stage::new(1);
    stage.seconds(10);
    stage.roll(3);
    assert!(stage.in_force(3), "{:?}", stage.house.seat_facts(stage.seats[&0]));
    // Seat 1 becomes a pair.
    stage.stop(1);
    let pair: Vec<usize> = (0..2)
        .map(|_| stage.house.join(Station { seat: SeatId(1), total: 3, ..elected(Standby::Warm) }))
        .collect();
    stage.house.hold_seat(pair[0]);
    stage.seconds(5);
    stage.house.crash(pair[0]);
    stage.seconds(30);
    stage.house.hold_seat(pair[1]);
    stage.seats.insert(1, pair[1]);
    stage.seconds(10);
    assert!(stage.in_force(3));
    stage.roll(1);
    assert!(stage.in_force(1), "{:?}", stage.house.seat_facts(stage.seats[&0]));
    stage.check(2, "");
    stage.check_shelves(1);
}

/// Seats 0 to 3, of which three are in force and all wish for four: the change begins at once.
fn before_change() -> Stage {
    let mut stage = Stage::new(3);
    stage.seconds(10);
    for seat in [2, 1, 0] {
        stage.stop(seat);
    }
    (0..4).for_each(|seat| stage.start(seat, 4));
    stage
}

#[test]
fn a_crash_at_any_write_of_a_change_loses_nothing() {
    for seat in 0..4 {
        for applied in [false, true] {
            for writes in 0.. {
                let when = format!("seat {seat}, write {writes}, applied {applied}");
                let mut stage = before_change();
                let index = stage.seats[&seat];
                stage.house.members[index].dies_after = Some((writes, applied));
                stage.house.seconds(8);
                stage.seconds(2);
                let died = !stage.house.members[index].alive;
                match died {
                    true => stage.start(seat, 4),
                    false => stage.house.members[index].dies_after = None,
                }
                stage.house.seconds(40);
                stage.seconds(2);
                assert!(
                    stage.in_force(4),
                    "{when}: {:?}",
                    stage.seats.values().map(|index| stage.house.status(*index).seat).collect::<Vec<_>>()
                );
                stage.check(3, &when);
                if !died {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_head_of_another_seat_is_not_written_again_before_it_is_known_what_came_of_it() {
    let mut stage = Stage::new(3);
    for seat in [2, 1, 0] {
        stage.stop(seat);
    }
    stage.start(1, 2);
    let zero = stage.house.join_over(Station { seat: SeatId(0), total: 2, ..unelected() }, Line::Stuck);
    // Its own writes are carried out one after the other, until it freezes the seat that nobody serves.
    for _ in 0..100 {
        if stage.house.stuck(zero, 2) > 0 {
            break;
        }
        stage.house.step(zero);
        stage.house.advance(Duration::from_millis(100));
    }
    stage.house.seconds(8);
    assert_eq!(stage.house.stuck(zero, 2), 1);
    stage.house.reconnect(zero);
    stage.house.seconds(10);
    stage.seats.insert(0, zero);
    assert!(stage.in_force(2), "{:?}", stage.house.seat_facts(zero));
}

/// What was loaded for a change that was called off is not what is known when it is asked for again, also to those who
/// heard of neither.
#[test]
fn a_change_that_is_asked_for_again_is_loaded_again() {
    let mut stage = Stage::new(3);
    stage.seconds(10);
    for seat in [2, 1, 0] {
        stage.stop(seat);
    }
    (0..3).for_each(|seat| stage.start(seat, 4));
    let last = stage.house.join_over(Station { seat: SeatId(3), total: 4, ..unelected() }, Line::Stuck);
    stage.seats.insert(3, last);
    assert_eq!(stage.house.step(last), 1, "the seal");
    // The others have loaded, and the last one's word of it is on its way.
    stage.house.seconds(10);
    let all: Vec<usize> = (0..4).map(|seat| stage.seats[&seat]).collect();
    all.iter().for_each(|index| stage.house.members[*index].line = Line::Down);
    stage.house.seconds(100);
    assert_eq!(stage.house.status(all[0]).seat.hold, Holding::Holds, "it is called off");
    stage.seconds(40);
    let before = stage.house.heard.len();
    all.into_iter().for_each(|index| stage.house.reconnect(index));
    stage.house.seconds(60);
    assert!(before > 20, "seat 0 has told its share: {before}");
    assert!(stage.in_force(4), "{:?}", stage.house.seat_facts(stage.seats[&0]));
    stage.check(1, "");
}

#[test]
fn one_that_takes_its_seat_again_does_not_go_by_what_it_asked_when_it_had_it_before() {
    let mut stage = Stage::new(3);
    stage.stop(1);
    let station = |total| Station { seat: SeatId(1), total, ..elected(Standby::Cold) };
    let (old, new) = (stage.house.join(station(3)), stage.house.join(station(2)));
    stage.house.hold_seat(old);
    stage.seats.insert(1, old);
    stage.house.seconds(20);
    assert!(stage.in_force(3));
    let zero = stage.house.shelves[&SeatId(0)].read(Part::Head);
    stage.house.input(old, Input::Lease(SeatId(1), taken()));
    // The answer to what it asked while it had the seat.
    stage.house.input(old, Input::Read(SeatId(0), vec![(Part::Head, zero)]));
    stage.house.hold_seat(new);
    stage.seats.insert(1, new);
    stage.seconds(5);
    for seat in [2, 0] {
        stage.stop(seat);
    }
    stage.start(0, 2);
    stage.house.seconds(60);
    assert!(stage.in_force(2), "{:?}", stage.house.seat_facts(stage.seats[&0]));
    stage.house.crash(new);
    stage.house.hold_seat(old);
    stage.seats.insert(1, old);
    stage.seconds(20);
    let back = |fact: &SeatFact| matches!(fact, SeatFact::Relaid { .. });
    assert!(!stage.house.seat_facts(old).iter().any(back), "{:?}", stage.house.seat_facts(old));
    assert!(stage.in_force(2));
    stage.check(2, "");
}

#[test]
fn what_one_told_before_it_knew_that_it_is_anothers_ends_all_the_same() {
    let mut stage = Stage::new(3);
    for index in std::mem::take(&mut stage.seats).into_values() {
        stage.house.crash(index);
    }
    let one = stage.house.join_over(Station { seat: SeatId(0), total: 1, ..unelected() }, Line::Refuses);
    stage.seats.insert(0, one);
    stage.house.seconds(30);
    stage.seconds(8);
    stage.house.seconds(20);
    let told = stage.house.told("hook").into_iter().filter(|line| line.contains("CrashLoop")).count();
    assert_eq!(told, 8, "it tells all of it without the store");
    stage.house.reconnect(one);
    stage.house.seconds(20);
    assert_eq!(stage.house.status(one).seat.total, 3, "that is in force while the others may live");
    stage.check(1, "");
    assert!(stage.in_force(1));
}

#[test]
fn a_seat_that_dies_for_good_in_a_change_does_not_silence_the_others() {
    for seat in 0..4 {
        for writes in [1, 2, 3] {
            let mut stage = before_change();
            let index = stage.seats[&seat];
            stage.house.members[index].dies_after = Some((writes, true));
            stage.seconds(3);
            stage.house.seconds(300);
            stage.seats.remove(&seat);
            for (seat, index) in &stage.seats {
                let status = stage.house.status(*index).seat;
                let serves = status.hold == Holding::Holds || (*seat == 3 && status.total == 3);
                assert!(serves || stage.house.members[*index].stopped, "{status:?}");
            }
            if seat != 3 {
                let told = stage.house.told("chat").into_iter();
                let uncovered =
                    told.filter(|line| *line == format!("first ShardUncovered shard-{seat}")).count();
                assert_eq!(uncovered, 1, "seat {seat} after {writes}: {:?}", stage.house.told("chat"));
            }
            stage.start(seat, 4);
            stage.house.seconds(60);
            stage.seconds(2);
            assert!(stage.in_force(4));
            stage.check(3, &format!("seat {seat} after {writes} writes"));
        }
    }
}

#[test]
fn a_shard_that_nobody_serves_is_told_by_one_and_ends() {
    for gone in 0..3 {
        let mut stage = Stage::new(3);
        let index = stage.seats[&gone];
        stage.house.crash(index);
        stage.house.seconds(200);
        let lines = |stage: &Stage, word: &str| -> Vec<String> {
            let told = stage.house.told("hook").into_iter();
            told.filter(|line| line.contains(word)).collect()
        };
        let name = format!("ShardUncovered shard-{gone}");
        assert_eq!(lines(&stage, "Shard"), [format!("first {name}")]);
        let other = stage.seats[&((gone + 1) % 3)];
        assert_eq!(stage.house.status(other).seat.uncovered, [gone]);
        stage.start(gone, 3);
        stage.house.seconds(60);
        assert_eq!(lines(&stage, "Shard"), [format!("first {name}"), format!("resolved {name}")]);
    }
}

#[test]
fn two_processes_for_one_shard_are_an_alarm_until_one_is_gone() {
    let mut stage = Stage::new(3);
    let old = stage.seats[&1];
    stage.start(1, 3);
    let new = stage.seats[&1];
    stage.house.seconds(300);
    assert_eq!(stage.house.status(old).seat.hold, Holding::Fenced);
    assert_eq!(stage.house.status(new).seat.doubled.as_deref(), Some(format!("replica-{old}").as_str()));
    stage.house.crash(old);
    stage.house.seconds(300);
    let told = stage.house.told("hook");
    assert_eq!(told, ["first ShardDoubled shard-1", "resolved ShardDoubled shard-1"]);
    assert!(stage.house.lines("hook").iter().all(|((_, by), _)| *by == new));
}

#[test]
fn the_state_of_another_seat_is_left_alone() {
    let mut stage = Stage::new(3);
    let shelf = stage.house.shelves[&SeatId(0)].clone();
    stage.house.shelves.insert(SeatId(5), shelf);
    let index = stage.house.join(Station { seat: SeatId(5), total: 6, ..unelected() });
    let facts = stage.house.seat_facts(index);
    let said =
        |fact: &SeatFact| matches!(fact, SeatFact::Unreadable { why } if why.contains("belongs to seat 0"));
    assert!(facts.iter().any(said), "{facts:?}");
    assert_eq!(stage.house.status(index).seat.hold, Holding::Opens);
}

#[test]
fn as_long_as_one_wishes_otherwise_what_is_in_force_stays() {
    let mut stage = Stage::new(3);
    stage.stop(2);
    stage.start(2, 4);
    stage.start(3, 4);
    stage.stop(0);
    stage.start(0, 4);
    stage.house.seconds(200);
    let seat = |stage: &Stage, seat: u32| stage.house.status(stage.seats[&seat]).seat;
    assert_eq!((seat(&stage, 2).total, seat(&stage, 2).wish), (3, 4));
    assert_eq!(seat(&stage, 3).hold, Holding::Waits);
    stage.stop(1);
    stage.start(1, 4);
    stage.seconds(30);
    assert!(stage.in_force(4));
    stage.check(1, "");
}

#[test]
fn a_process_that_was_paused_through_a_change_tells_nothing_of_before_it() {
    let mut stage = before_change();
    let paused = stage.seats[&1];
    stage.house.members[paused].line = Line::Down;
    stage.house.seconds(200);
    stage.house.reconnect(paused);
    stage.seconds(100);
    assert!(stage.in_force(4), "{:?}", stage.house.seat_facts(paused));
}
