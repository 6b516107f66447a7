//! Each rule of the election, on a clock that the test moves.

use std::time::Duration;

use super::*;
use crate::time::{Now, Stamp};

/// One election, and the one Lease that it is told about.
struct Bench {
    election: Election,
    boot: Duration,
    wall: Stamp,
    /// What has to be done and was not looked at yet; news apart.
    todo: Vec<LeaseEffect>,
    news: Vec<LeaseNews>,
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn candidate() -> Candidate {
    Candidate {
        pod_uid: Some("pod-1".into()),
        release: Some("main".into()),
        ..Candidate::new("alertkube-0_00000001")
    }
}

/// A Lease of somebody else, at a version that is also the second of its `renewTime`.
fn held_by(holder: &str, version: u32) -> LeaseRecord {
    LeaseRecord {
        holder: holder.into(),
        duration: seconds(30),
        acquired: Some(Stamp::from_seconds(1)),
        renewed: Some(Stamp::from_seconds(i64::from(version))),
        transitions: 3,
        annotations: [("team".to_owned(), "sre".to_owned())].into(),
        version: version.to_string(),
    }
}

fn unreachable() -> LeaseTrouble {
    LeaseTrouble::Unreachable("no answer".into())
}

impl Bench {
    fn new(candidate: Candidate) -> Bench {
        let (boot, wall) = (seconds(1000), Stamp::from_seconds(1_700_000_000));
        let election = Election::new(candidate, 7, Now { wall: wall.timestamp(), boot });
        let mut bench = Bench { election, boot, wall, todo: Vec::new(), news: Vec::new() };
        bench.drain();
        bench
    }

    /// One that created the Lease at 1000 s.
    fn holder() -> Bench {
        let mut bench = Bench::new(candidate());
        bench.reads(None);
        bench.wins();
        assert!(matches!(bench.news()[..], [LeaseNews::Held { .. }]));
        bench
    }

    /// One that follows `other`, seen at 1000 s at version 10, and watches.
    fn follower() -> Bench {
        let mut bench = Bench::new(candidate());
        bench.reads(Some(held_by("other_1", 10)));
        assert_eq!(bench.take(), [LeaseEffect::Watch]);
        assert!(matches!(bench.news()[..], [LeaseNews::Follows { .. }]));
        bench
    }

    fn now(&self) -> Now {
        Now { wall: self.wall.timestamp(), boot: self.boot }
    }

    fn input(&mut self, input: LeaseInput) {
        self.election.handle(self.now(), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.election.poll() {
            match effect {
                LeaseEffect::News(news) => self.news.push(news),
                effect => self.todo.push(effect),
            }
        }
    }

    fn take(&mut self) -> Vec<LeaseEffect> {
        std::mem::take(&mut self.todo)
    }

    fn news(&mut self) -> Vec<LeaseNews> {
        std::mem::take(&mut self.news)
    }

    fn pass(&mut self, time: Duration) {
        (self.boot, self.wall) = (self.boot + time, self.wall.plus(time));
    }

    /// Lets time pass, tick by tick as the deadlines say, until there is something to do or news; none: it did not
    /// come within `within`.
    fn until_due(&mut self, within: Duration) -> Option<Duration> {
        let start = self.boot;
        while self.todo.is_empty() && self.news.is_empty() {
            let at = self.election.deadline().filter(|at| *at <= start + within)?;
            self.pass(at.saturating_sub(self.boot));
            self.input(LeaseInput::Tick);
        }
        Some(self.boot - start)
    }

    /// The read that is due is answered.
    fn reads(&mut self, found: Option<LeaseRecord>) {
        assert!(self.take().contains(&LeaseEffect::Read));
        self.input(LeaseInput::Read(Ok(found)));
    }

    /// The write that is due.
    fn write(&mut self) -> LeaseRecord {
        self.todo.retain(|effect| !matches!(effect, LeaseEffect::Watch | LeaseEffect::Unwatch));
        match &self.take()[..] {
            [LeaseEffect::Create(record) | LeaseEffect::Replace(record)] => record.clone(),
            other => panic!("no write: {other:?}"),
        }
    }

    /// The write that is due goes well.
    fn wins(&mut self) -> LeaseRecord {
        let mut record = self.write();
        record.version = (record.version.parse::<u32>().unwrap_or(10) + 1).to_string();
        self.input(LeaseInput::Wrote(Ok(record.clone())));
        record
    }

    fn fails(&mut self, trouble: LeaseTrouble) {
        self.write();
        self.input(LeaseInput::Wrote(Err(trouble)));
    }
}

#[test]
fn a_lease_that_was_never_seen_is_created_at_once() {
    let mut bench = Bench::new(candidate());
    bench.reads(None);
    let record = bench.wins();
    assert_eq!((record.holder.as_str(), record.transitions), ("alertkube-0_00000001", 0));
    assert_eq!((record.acquired, record.renewed), (Some(bench.wall), Some(bench.wall)));
    assert_eq!(record.annotations["alertkube.io/pod-uid"], "pod-1");
    assert_eq!(record.annotations["alertkube.io/release"], "main");
    assert_eq!(bench.news(), [LeaseNews::Held { until: seconds(1020), early: false }]);
    assert_eq!(bench.election.until(), Some(seconds(1020)));
}

#[test]
fn a_hold_counts_from_the_start_of_the_renewal() {
    let mut bench = Bench::holder();
    let waited = bench.until_due(seconds(10)).expect("a renewal");
    assert!((seconds(5)..=seconds(6)).contains(&waited), "{waited:?}");
    let start = bench.boot;
    bench.pass(seconds(4));
    let record = bench.wins();
    assert_eq!(bench.news(), [LeaseNews::Renewed { until: start + seconds(20) }]);
    assert_eq!(record.transitions, 0);
    assert!(record.acquired < record.renewed);
    let waited = bench.until_due(seconds(10)).expect("the next renewal");
    assert!(waited <= seconds(2), "counted from the start of the last: {waited:?}");
}

#[test]
fn a_lease_is_free_a_duration_after_it_was_seen_to_change_here() {
    let mut bench = Bench::follower();
    bench.pass(seconds(9));
    bench.input(LeaseInput::Watched(Some(held_by("other_1", 11))));
    let changed = bench.boot;
    while bench.until_due(seconds(60)).is_some() && bench.todo == [LeaseEffect::Read] {
        bench.reads(Some(held_by("other_1", 11)));
    }
    assert_eq!(bench.boot, changed + seconds(30));
    let record = bench.wins();
    assert_eq!((record.transitions, record.annotations["team"].as_str()), (4, "sre"));
    assert_eq!(bench.news(), [LeaseNews::Held { until: bench.boot + seconds(20), early: false }]);
}

#[test]
fn the_longer_duration_counts() {
    let mut bench = Bench::new(candidate());
    bench.reads(Some(LeaseRecord { duration: seconds(90), ..held_by("other_1", 10) }));
    bench.input(LeaseInput::WatchEnded(LeaseTrouble::Forbidden("no".into())));
    bench.take();
    bench.news();
    while bench.until_due(seconds(60)).is_some() && bench.todo == [LeaseEffect::Read] {
        bench.reads(Some(LeaseRecord { duration: seconds(90), ..held_by("other_1", 10) }));
    }
    assert_eq!(bench.boot, seconds(1090));
    assert_eq!(bench.write().version, "10");
}

#[test]
fn a_foreign_annotation_prolongs_nothing_and_is_kept() {
    let mut bench = Bench::follower();
    bench.pass(seconds(29));
    let mut touched = held_by("other_1", 10);
    touched.version = "12".into();
    touched.annotations.insert("note".into(), "hello".into());
    bench.input(LeaseInput::Watched(Some(touched)));
    while bench.until_due(seconds(60)).is_some() && bench.todo.contains(&LeaseEffect::Read) {
        bench.reads(bench.election.record().cloned());
    }
    assert_eq!(bench.boot, seconds(1030));
    let record = bench.write();
    assert_eq!((record.version.as_str(), record.annotations["note"].as_str()), ("12", "hello"));
}

#[test]
fn a_released_lease_is_taken_as_soon_as_the_watch_says_so() {
    let mut bench = Bench::follower();
    bench.pass(seconds(3));
    bench.input(LeaseInput::Watched(Some(held_by("", 11))));
    assert_eq!(bench.wins().transitions, 4);
    assert!(matches!(bench.news()[..], [LeaseNews::Held { early: false, .. }]));
}

#[test]
fn a_lease_that_vanishes_is_free_a_duration_later() {
    let mut bench = Bench::follower();
    bench.pass(seconds(40));
    bench.input(LeaseInput::Watched(None));
    let vanished = bench.boot;
    while bench.until_due(seconds(60)).is_some() && bench.todo == [LeaseEffect::Read] {
        bench.reads(None);
    }
    assert_eq!(bench.boot, vanished + seconds(30));
    assert!(matches!(bench.take()[..], [LeaseEffect::Create(_)]));
}

#[test]
fn a_lease_that_was_not_looked_for_is_not_known_to_be_absent() {
    let mut bench = Bench::follower();
    bench.input(LeaseInput::Watched(None));
    bench.pass(seconds(60));
    bench.input(LeaseInput::Tick);
    bench.reads(None);
    let again = bench.boot;
    assert_eq!(bench.take(), [LeaseEffect::Watch], "the watch that was not heard is doubted, too");
    while bench.until_due(seconds(60)).is_some() && bench.todo == [LeaseEffect::Read] {
        bench.reads(None);
    }
    assert_eq!(bench.boot, again + seconds(30), "another may have come and gone in that minute");
    assert!(matches!(bench.take()[..], [LeaseEffect::Create(_)]));
}

#[test]
fn a_holder_whose_lease_was_deleted_creates_it_again() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    bench.fails(LeaseTrouble::Gone);
    assert!(matches!(bench.todo[..], [LeaseEffect::Create(_)]), "{:?}", bench.todo);
    bench.wins();
    assert!(matches!(bench.news()[..], [LeaseNews::Renewed { .. }]));
}

#[test]
fn a_holder_that_cannot_create_its_lease_again_has_lost_it() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    bench.fails(LeaseTrouble::Gone);
    bench.fails(LeaseTrouble::Conflict);
    assert_eq!(bench.election.until(), None);
    assert_eq!(bench.news(), [LeaseNews::Lost { why: LostLease::Taken { holder: String::new() } }]);
    assert!(bench.todo.contains(&LeaseEffect::Read));
}

#[test]
fn a_lost_reply_is_made_up_for_by_a_read() {
    let mut bench = Bench::new(candidate());
    bench.reads(None);
    let (mut applied, start) = (bench.write(), bench.boot);
    applied.version = "11".into();
    bench.pass(seconds(5));
    bench.input(LeaseInput::Wrote(Err(unreachable())));
    bench.reads(Some(applied));
    assert_eq!(bench.news(), [LeaseNews::Held { until: start + seconds(20), early: false }]);
}

#[test]
fn a_lost_request_is_sent_again() {
    let mut bench = Bench::holder();
    let old = bench.election.record().cloned();
    bench.until_due(seconds(10));
    bench.pass(seconds(5));
    bench.fails(unreachable());
    bench.reads(old.clone());
    assert_eq!(bench.until_due(seconds(1)), Some(Duration::ZERO));
    assert_eq!(bench.write().version, old.expect("its own").version);
    assert_eq!(bench.news(), []);
    assert_eq!(bench.election.until(), Some(seconds(1020)));
}

#[test]
fn a_holder_that_cannot_renew_stops_at_its_deadline_and_comes_back() {
    let mut bench = Bench::holder();
    let mut tries = 0;
    while bench.until_due(seconds(60)).is_some() && bench.news.is_empty() {
        match bench.take()[..] {
            [LeaseEffect::Read] => bench.input(LeaseInput::Read(Err(unreachable()))),
            _ => bench.input(LeaseInput::Wrote(Err(unreachable()))),
        }
        tries += 1;
    }
    assert_eq!((bench.boot, bench.election.until()), (seconds(1020), None));
    assert!(tries >= 10, "{tries} tries");
    let because = Some("get: no answer".to_owned());
    assert_eq!(bench.news(), [LeaseNews::Lost { why: LostLease::Expired { because } }]);
    let own = bench.election.record().cloned();
    while !bench.todo.contains(&LeaseEffect::Read) {
        bench.take();
        assert!(bench.until_due(seconds(10)).is_some());
    }
    bench.reads(own);
    bench.until_due(seconds(2));
    let record = bench.wins();
    assert!(matches!(bench.news()[..], [LeaseNews::Held { early: false, .. }]));
    assert_eq!(record.transitions, 0, "nobody held it in between");
}

#[test]
fn after_a_pause_the_loss_comes_before_anything_else() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    let mut applied = bench.write();
    applied.version = "12".into();
    bench.pass(seconds(300));
    bench.input(LeaseInput::Wrote(Ok(applied)));
    assert_eq!(bench.news(), [LeaseNews::Lost { why: LostLease::Expired { because: None } }]);
    assert_eq!(bench.election.until(), None, "the renewal is 300 s old");
    let again = bench.take();
    assert!(matches!(again[..], [LeaseEffect::Replace(_)]), "{again:?}");
}

#[test]
fn a_renewal_that_is_heard_of_after_the_deadline_begins_a_new_hold() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    let start = bench.boot;
    bench.pass(seconds(1021) - start);
    bench.wins();
    let lost = LeaseNews::Lost { why: LostLease::Expired { because: None } };
    let held = LeaseNews::Held { until: start + seconds(20), early: false };
    assert_eq!(bench.news(), [lost, held]);
}

#[test]
fn a_holder_that_sees_another_has_lost() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    bench.fails(LeaseTrouble::Conflict);
    bench.reads(Some(held_by("other_1", 20)));
    let news = bench.news();
    assert_eq!(news[0], LeaseNews::Lost { why: LostLease::Taken { holder: "other_1".into() } });
    assert!(matches!(news[1], LeaseNews::Follows { .. }));
    assert_eq!(bench.take(), [LeaseEffect::Watch]);
}

#[test]
fn a_holder_whose_lease_was_emptied_has_lost_and_runs_again() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    bench.fails(LeaseTrouble::Conflict);
    bench.reads(Some(held_by("", 20)));
    assert_eq!(bench.news(), [LeaseNews::Lost { why: LostLease::Emptied }]);
    bench.take();
    bench.until_due(seconds(2));
    assert_eq!(bench.wins().transitions, 4);
}

#[test]
fn a_conflict_without_another_holder_is_no_loss() {
    let mut bench = Bench::holder();
    let mut touched = bench.election.record().cloned().expect("its own");
    touched.version = "15".into();
    bench.until_due(seconds(10));
    bench.fails(LeaseTrouble::Conflict);
    bench.reads(Some(touched));
    bench.until_due(seconds(2));
    assert_eq!(bench.write().version, "15");
    assert_eq!(bench.news(), []);
}

#[test]
fn another_release_is_reported_once() {
    let mut bench = Bench::new(candidate());
    let mut record = held_by("other_1", 10);
    record.annotations.insert("alertkube.io/release".into(), "canary".into());
    bench.reads(Some(record.clone()));
    record.renewed = None;
    bench.input(LeaseInput::Watched(Some(record)));
    let foreign = LeaseNews::Foreign { holder: "other_1".into(), release: "canary".into() };
    let release = Some("canary".into());
    let follows = LeaseNews::Follows { holder: "other_1".into(), release, since: seconds(1000) };
    assert_eq!(bench.news(), [follows, foreign]);
}

#[test]
fn without_the_watch_verb_it_polls_and_says_so_once() {
    let mut bench = Bench::follower();
    bench.input(LeaseInput::WatchEnded(LeaseTrouble::Forbidden("cannot watch".into())));
    assert_eq!(bench.news(), [LeaseNews::Forbidden { verb: "watch", why: "cannot watch".into() }]);
    let (mut polls, mut watches) = (0, 0);
    for version in 11..80 {
        let waited = bench.until_due(seconds(10)).expect("a look");
        assert!(waited <= seconds(6), "{waited:?}");
        watches += bench.todo.iter().filter(|effect| **effect == LeaseEffect::Watch).count();
        if bench.take().contains(&LeaseEffect::Read) {
            polls += 1;
            bench.input(LeaseInput::Read(Ok(Some(held_by("other_1", version)))));
        } else {
            bench.input(LeaseInput::WatchEnded(LeaseTrouble::Forbidden("cannot watch".into())));
        }
    }
    assert_eq!((polls, watches, bench.news()), (68, 1, vec![]));
}

#[test]
fn a_silent_watch_is_doubted() {
    let mut bench = Bench::follower();
    bench.input(LeaseInput::Watched(Some(held_by("other_1", 10))));
    let waited = bench.until_due(seconds(60)).expect("a look");
    assert!((seconds(10)..=seconds(12)).contains(&waited), "{waited:?}");
    bench.reads(Some(held_by("other_1", 12)));
    assert_eq!(bench.take(), [LeaseEffect::Watch], "it missed a renewal");
}

#[test]
fn a_watch_that_ends_is_opened_again_with_growing_waits() {
    let mut bench = Bench::follower();
    let mut wait = |speaks: bool| {
        let version = bench.boot.as_secs() as u32;
        if speaks {
            bench.input(LeaseInput::Watched(Some(held_by("other_1", version))));
        }
        bench.input(LeaseInput::WatchEnded(unreachable()));
        let start = bench.boot;
        while !bench.todo.contains(&LeaseEffect::Watch) {
            bench.until_due(seconds(10)).expect("something is due");
            if bench.todo.contains(&LeaseEffect::Read) {
                bench.reads(Some(held_by("other_1", version)));
            }
        }
        bench.take();
        bench.boot - start
    };
    let waits: Vec<Duration> = (0..8).map(|nth| wait(nth == 5)).collect();
    assert!(waits[0] <= seconds(1) && waits[4] == seconds(5), "{waits:?}");
    assert!(waits[5] <= seconds(1) && waits.iter().all(|wait| *wait <= seconds(5)), "{waits:?}");
}

#[test]
fn a_late_word_of_the_watch_is_left_aside() {
    let mut bench = Bench::follower();
    bench.input(LeaseInput::Watched(Some(held_by("older_9", 9))));
    assert_eq!(bench.news(), []);
    assert_eq!(bench.election.record(), Some(&held_by("other_1", 10)));
}

#[test]
fn a_container_restarted_in_its_pod_takes_over_at_once_and_once() {
    let mut bench = Bench::new(candidate());
    let mut dead = held_by("alertkube-0_0000dead", 10);
    dead.annotations.insert("alertkube.io/pod-uid".into(), "pod-1".into());
    bench.reads(Some(dead.clone()));
    assert_eq!(bench.wins().transitions, 4);
    assert!(bench.news().contains(&LeaseNews::Held { until: seconds(1020), early: true }));
    bench.until_due(seconds(10));
    bench.fails(LeaseTrouble::Conflict);
    dead.holder = "alertkube-0_0000beef".into();
    bench.reads(Some(LeaseRecord { version: "30".into(), ..dead }));
    assert_eq!(bench.take(), [LeaseEffect::Watch], "a second container of the pod is alive");
}

#[test]
fn neither_another_pod_nor_another_name_is_taken_over_early() {
    let check = |holder: &str, uid: &str, own: Option<&str>| {
        let own = Candidate { pod_uid: own.map(str::to_owned), ..candidate() };
        let mut bench = Bench::new(own);
        let mut record = held_by(holder, 10);
        record.annotations.insert("alertkube.io/pod-uid".into(), uid.into());
        bench.reads(Some(record));
        assert_eq!(bench.take(), [LeaseEffect::Watch], "{holder} {uid}");
    };
    check("alertkube-0_0000dead", "pod-2", Some("pod-1"));
    check("alertkube-1_0000dead", "pod-1", Some("pod-1"));
    check("alertkube-0", "pod-1", Some("pod-1"));
    check("alertkube-0_0000dead", "pod-1", None);
}

#[test]
fn a_holder_lets_go_and_keeps_the_annotations() {
    let mut bench = Bench::holder();
    bench.input(LeaseInput::Release);
    assert_eq!(bench.election.until(), None, "it stops before the write");
    let record = bench.wins();
    assert_eq!((record.holder.as_str(), record.version.as_str()), ("", "12"));
    assert_eq!(record.annotations["alertkube.io/pod-uid"], "pod-1");
    assert_eq!(bench.news(), [LeaseNews::Released]);
    assert!(bench.election.is_over());
    assert_eq!(bench.election.deadline(), None);
}

#[test]
fn a_release_waits_for_the_renewal_in_flight() {
    let mut bench = Bench::holder();
    bench.until_due(seconds(10));
    let mut renewal = bench.write();
    bench.input(LeaseInput::Release);
    assert_eq!(bench.take(), []);
    renewal.version = "40".into();
    bench.input(LeaseInput::Wrote(Ok(renewal)));
    let release = bench.write();
    assert_eq!((release.holder.as_str(), release.version.as_str()), ("", "40"));
    bench.input(LeaseInput::Wrote(Err(unreachable())));
    bench.reads(Some(LeaseRecord { version: "41".into(), ..release }));
    assert_eq!(bench.news(), [LeaseNews::Released]);
}

#[test]
fn a_release_that_was_overtaken_is_tried_with_the_new_version() {
    let mut bench = Bench::holder();
    let mut own = bench.election.record().cloned().expect("its own");
    bench.input(LeaseInput::Release);
    bench.fails(LeaseTrouble::Conflict);
    own.version = "50".into();
    bench.reads(Some(own));
    bench.until_due(seconds(2));
    assert_eq!(bench.wins().version, "51");
    assert_eq!(bench.news(), [LeaseNews::Released]);
}

#[test]
fn a_follower_has_nothing_to_let_go() {
    let mut bench = Bench::follower();
    bench.input(LeaseInput::Release);
    assert_eq!(bench.take(), [LeaseEffect::Unwatch]);
    assert_eq!(bench.news(), [LeaseNews::Released]);
}

#[test]
fn a_missing_right_is_told_once_until_it_is_given() {
    let mut bench = Bench::new(candidate());
    bench.reads(None);
    let forbidden = || LeaseTrouble::Forbidden("cannot create".into());
    bench.fails(forbidden());
    bench.todo.clear();
    let told = |bench: &mut Bench| bench.news().len();
    assert_eq!(told(&mut bench), 1);
    let waited = bench.until_due(seconds(10)).expect("another try");
    assert!(waited >= seconds(5), "{waited:?}");
    if bench.todo.contains(&LeaseEffect::Read) {
        bench.reads(None);
        bench.until_due(seconds(1));
    }
    bench.fails(forbidden());
    assert_eq!(told(&mut bench), 0);
}

#[test]
fn renew_times_rise_when_the_calendar_falls() {
    let mut bench = Bench::holder();
    let first = bench.election.record().and_then(|record| record.renewed);
    bench.until_due(seconds(10));
    bench.wins();
    assert!(matches!(bench.news()[..], [LeaseNews::Renewed { .. }]));
    bench.wall = Stamp::from_seconds(5);
    bench.until_due(seconds(10));
    let third = bench.wins().renewed;
    assert!(first < third, "{first:?} {third:?}");
}

#[test]
fn the_same_seed_asks_at_the_same_instants() {
    let trace = |seed| {
        let now = Now { wall: Stamp::from_seconds(9).timestamp(), boot: seconds(1) };
        let mut election = Election::new(candidate(), seed, now);
        election.handle(now, LeaseInput::Read(Ok(Some(held_by("other_1", 10)))));
        election.deadline()
    };
    assert_eq!(trace(1), trace(1));
    assert_ne!(trace(1), trace(2));
}
