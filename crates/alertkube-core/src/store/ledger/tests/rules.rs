//! One test for each rule of taking a seat, committing, refusals and the head as others change it.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn opened(term: u64, entries: usize) -> LedgerNews {
    LedgerNews::Opened { term, entries, first: entries == 0, set_aside: Vec::new() }
}

fn unknown() -> Answer {
    Answer::Trouble(StoreTrouble::Unknown("504".to_owned()))
}

fn quota() -> Answer {
    Answer::Trouble(StoreTrouble::Refused { why: Refusal::Quota, text: "exceeded quota".to_owned() })
}

/// A store with one fact, whose holder is gone.
fn left_by(elected: bool, release: bool) -> Store {
    let mut bench = Bench::new(claim("old", elected), Pace::API, Store::default());
    bench.put(1, "a", "x");
    bench.pass(SECOND);
    bench.ledger.close(bench.now(), release);
    bench.pass(SECOND);
    assert_eq!(bench.news.last(), Some(&LedgerNews::Closed));
    assert_eq!(bench.store.head().released, release);
    bench.store
}

#[test]
fn a_first_start_creates_the_head_and_a_second_reads_it() {
    let mut bench = Bench::small("a", Store::default());
    assert_eq!(bench.told(), [opened(1, 0)]);
    let seq = bench.put(1, "a", "x");
    bench.work();
    assert_eq!((bench.ledger.committed(), bench.store.writes), (seq, 2));
    assert_eq!(Bench::small("c", Bench::small("d", Store::default()).store).told(), [opened(2, 0)]);
    let mut bench = Bench::small("b", bench.store);
    assert_eq!(bench.told(), [opened(2, 1)]);
    assert_eq!(bench.ledger.get(&EntryKey::new(1, "a")), Some(&b"x"[..]));
    assert_eq!((bench.ledger.term(), bench.store.head().holder), (Some(2), "b".to_owned()));
}

#[test]
fn whoever_hurries_waits_for_no_spacing_and_the_last_commit_follows_at_once() {
    let mut bench = Bench::new(claim("a", true), Pace::API, Store::default());
    for (key, hurries) in [("a", false), ("b", false), ("c", true), ("d", true)] {
        let (began, seq) = (bench.at, bench.put(1, key, "x"));
        if hurries {
            bench.ledger.hurry();
        }
        bench.work();
        // Nothing was committed before the first.
        assert_eq!(
            bench.ledger.committed() == seq,
            key == "a" || hurries,
            "{key} after {:?}",
            bench.at - began
        );
    }
    bench.ledger.close(bench.now(), true);
    bench.work();
    assert!(bench.store.head().released);
    assert_eq!(recovered(&bench.store).len(), 4);
}

#[test]
fn one_without_election_waits_for_an_elected_head_to_be_released_or_still() {
    for (held, released, waits) in [(false, false, 0), (true, true, 0), (true, false, 33)] {
        let mut bench = Bench::new(claim("new", false), SMALL, left_by(held, released));
        let began = bench.at;
        while bench.ledger.term().is_none() {
            bench.pass(SECOND);
        }
        assert_eq!((bench.at - began).as_secs(), waits, "held {held}, released {released}");
    }
    // The elected one just takes it.
    assert_eq!(Bench::small("new", left_by(true, false)).ledger.term(), Some(2));
}

#[test]
fn an_elected_holder_that_has_nothing_to_say_shows_whoever_waits_that_it_lives() {
    let mut old = Bench::new(claim("old", true), Pace::API, Store::default());
    old.pass(100 * SECOND);
    assert_eq!(old.store.writes, 1, "unasked it writes nothing");
    let mut new = Bench::new(claim("new", false), Pace::API, old.store.clone());
    for second in 0..200 {
        old.store = new.store.clone();
        old.pass(SECOND);
        new.store = old.store.clone();
        new.pass(SECOND);
        assert_eq!((new.ledger.term(), old.ledger.term()), (None, Some(1)), "after {second} s");
    }
    assert!(new.store.writes < 1 + 200 / 10 * 2 + 2, "{} writes", new.store.writes);
    assert_eq!(old.told(), [opened(1, 0)], "a question is no harm");
    // It is gone.
    new.pass(47 * SECOND);
    assert_eq!(new.ledger.term(), Some(2));
    assert_eq!(new.store.head().waits, None);
}

#[test]
fn an_idle_elected_holder_learns_that_its_seat_is_sealed() {
    let mut old = Bench::new(claim("old", true), Pace::API, Store::default());
    old.told();
    let new = Bench::new(claim("new", true), Pace::API, old.store.clone());
    old.store = new.store;
    old.pass(11 * SECOND);
    assert!(matches!(&old.told()[..], [LedgerNews::Fenced { by, .. }] if by == "new"));
}

#[test]
fn a_look_that_fails_is_no_harm_and_a_question_is_heard_later() {
    let mut old = Bench::new(claim("old", true), Pace::API, Store::default());
    old.told();
    let trouble = StoreTrouble::Unknown("503".to_owned());
    old.at += 11 * SECOND;
    old.ledger.tick(old.now());
    assert!(matches!(old.ledger.poll(), Some(LedgerEffect::Read(parts)) if parts == [Part::Head]));
    old.ledger.read(old.now(), vec![(Part::Head, Err(trouble))]);
    assert_eq!(old.ledger.poll(), None);
    let mut head = old.store.head();
    head.waits = Some("new".to_owned());
    let body = old.store.get(Part::Head).unwrap().0.body;
    old.store.replace(Part::Head, head.content(body));
    old.pass(11 * SECOND);
    assert_eq!((old.told(), old.store.head().waits), (Vec::new(), None));
}

#[test]
fn a_head_that_moves_is_watched_from_then_on() {
    let mut bench = Bench::new(claim("new", false), SMALL, left_by(true, false));
    for _ in 0..4 {
        bench.pass(20 * SECOND);
        let content = bench.store.get(Part::Head).unwrap().0;
        bench.store.replace(Part::Head, content);
    }
    assert!(matches!(&bench.told()[..], [LedgerNews::Waiting { holder, .. }] if holder == "old"));
    bench.pass(37 * SECOND);
    assert_eq!(bench.ledger.term(), Some(2));
}

/// What a sink knows of an alert, while an attempt is on its way or not.
fn told(on_its_way: bool) -> String {
    let attempts = if on_its_way { r#","attempts":7"# } else { "" };
    format!(r#"{{"episode":1,"severity":"warning","at":1,"open":true{attempts}}}"#)
}

#[test]
fn a_head_is_sealed_between_two_attempts() {
    let mut old = Bench::new(claim("old", true), Pace::API, Store::default());
    old.put(1, "t/hook", &told(true));
    old.work();
    let mut new = Bench::new(claim("new", true), Pace::API, old.store.clone());
    new.pass(SECOND / 4);
    assert_eq!(new.ledger.term(), None);
    // One that lives goes on, and writes down what became of it.
    for (subject, on_its_way) in [(2, true), (1, false)] {
        old.store = new.store.clone();
        old.put(subject, "t/hook", &told(on_its_way));
        old.pass(SECOND / 4);
        new.store = old.store.clone();
        new.pass(SECOND / 4);
        assert_eq!(new.ledger.term(), None, "{subject}");
    }
    old.store = new.store.clone();
    old.put(2, "t/hook", &told(false));
    old.pass(SECOND / 4);
    new.store = old.store.clone();
    new.pass(SECOND / 10);
    assert_eq!(new.ledger.term(), Some(2));
    assert!(recovered(&new.store).values().all(|fact| *fact == told(false).as_bytes()));
}

#[test]
fn an_attempt_whose_holder_is_gone_is_waited_for_a_moment_and_one_that_never_ends_not_for_long() {
    let mut old = Bench::new(claim("old", true), Pace::API, Store::default());
    old.put(1, "t/hook", &told(true));
    old.work();
    let mut new = Bench::new(claim("new", true), Pace::API, old.store.clone());
    new.pass(SECOND / 2);
    assert_eq!(new.ledger.term(), Some(2));
    let mut new = Bench::new(claim("new", true), Pace::API, old.store.clone());
    let began = new.at;
    while new.ledger.term().is_none() {
        new.store.edit(Part::Head, |_| {});
        new.pass(SECOND / 4);
    }
    assert_eq!(new.at - began, 5 * SECOND);
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    type Spoil = (&'static str, fn(&mut Content));
    let spoil: [Spoil; 3] = [
        ("does not parse", |content| content.meta.push('}')),
        ("checksum", |content| content.body[12] ^= 1),
        ("format 2", |content| content.meta = r#"{"format":2,"term":4}"#.to_owned()),
    ];
    for (words, change) in spoil {
        let mut store = left_by(false, false);
        let whole = store.get(Part::Head).unwrap().0;
        store.edit(Part::Head, change);
        let writes = store.writes;
        let mut bench = Bench::small("new", store);
        bench.pass(600 * SECOND);
        let told = bench.told();
        assert!(
            matches!(&told[..], [LedgerNews::Unreadable { part: Part::Head, why }] if why.contains(words)),
            "{told:?}"
        );
        assert_eq!((bench.store.writes, bench.ledger.put(EntryKey::new(1, "a"), None)), (writes, None));
        bench.store.replace(Part::Head, whole);
        bench.pass(20 * SECOND);
        assert_eq!(bench.told(), [opened(2, 1)]);
    }
}

#[test]
fn a_seal_whose_answer_is_lost_counts() {
    let mut bench = Bench::small("a", left_by(false, false));
    assert_eq!(bench.ledger.term(), Some(2));
    bench.ledger = Ledger::new(claim("b", true), SMALL, 1);
    bench.answers = VecDeque::from([(Part::Head, Answer::Lost), (Part::Head, unknown())]);
    let now = bench.now();
    bench.ledger.open(now);
    bench.pass(10 * SECOND);
    assert_eq!(bench.ledger.term(), Some(3));
    assert_eq!(bench.store.head().term, 3);
}

#[test]
fn a_fact_that_stands_already_writes_nothing() {
    let mut bench = Bench::small("a", Store::default());
    let first = bench.put(1, "a", "x");
    assert_eq!(bench.put(1, "a", "x"), first);
    bench.work();
    let before = bench.store.writes;
    assert_eq!(bench.put(1, "a", "x"), first);
    bench.put(2, "a", "");
    bench.pass(3600 * SECOND);
    assert_eq!(bench.store.writes, before);
}

#[test]
fn commits_are_apart_and_the_last_value_wins() {
    let mut bench = Bench::small("a", Store::default());
    let began = bench.at;
    bench.put(1, "a", "0");
    bench.work();
    for value in ["1", "2", "3"] {
        bench.put(1, "a", value);
        bench.put(2, "a", value);
        bench.work();
    }
    bench.put(2, "a", "");
    bench.pass(SECOND);
    let commits: Vec<_> = bench.log.iter().skip(1).map(|(at, ..)| (*at - began).as_millis()).collect();
    assert_eq!(commits, [0, 100]);
    assert_eq!(plain(&bench.ledger), Plain::from([(EntryKey::new(1, "a"), b"3".to_vec())]));
    assert_eq!(recovered(&bench.store), plain(&bench.ledger));
}

#[test]
fn a_commit_whose_fate_is_unknown_is_settled_by_reading() {
    for answer in [Answer::Lost, unknown(), Answer::Trouble(StoreTrouble::Conflict)] {
        let mut bench = Bench::small("a", Store::default());
        bench.answers.extend([(Part::Head, answer.clone()), (Part::Head, answer)]);
        let seq = bench.put(1, "a", "x");
        bench.pass(SECOND);
        assert_eq!((bench.ledger.committed(), bench.store.head().seq), (seq, seq));
        bench.put(2, "a", "y");
        bench.pass(SECOND);
        assert_eq!(recovered(&bench.store), plain(&bench.ledger));
        assert_eq!(plain(&bench.ledger).len(), 2);
    }
}

#[test]
fn a_refused_commit_is_kept_and_tried_again() {
    let mut bench = Bench::small("a", Store::default());
    bench.told();
    bench.answers.extend((0..9).map(|_| (Part::Head, quota())));
    let seq = bench.put(1, "a", "x");
    let since = bench.at;
    bench.pass(20 * SECOND);
    bench.put(1, "a", "y");
    assert!(bench.ledger.committed() < seq);
    let refused = LedgerNews::Refused {
        part: Part::Head,
        why: Refusal::Quota,
        text: "exceeded quota".to_owned(),
        since,
    };
    assert_eq!(bench.told(), [refused]);
    let tries = bench.log.len() - 1;
    assert!((5..8).contains(&tries), "{tries} tries in 20 s");
    bench.pass(60 * SECOND);
    assert_eq!(bench.told(), [LedgerNews::Accepted { part: Part::Head }]);
    assert_eq!(bench.store.head().seq, Seq(seq.0 + 1));
    assert_eq!(recovered(&bench.store)[&EntryKey::new(1, "a")], b"y");
}

#[test]
fn who_is_refused_learns_that_another_sealed_the_seat() {
    let mut old = Bench::small("old", Store::default());
    let new = Bench::small("new", old.store.clone());
    old.store = new.store;
    old.told();
    old.answers.push_back((Part::Head, quota()));
    old.put(1, "a", "x");
    old.work();
    let fenced = LedgerNews::Fenced { term: 2, by: "new".to_owned(), released: false };
    assert!(matches!(&old.told()[..], [LedgerNews::Refused { .. }, last] if *last == fenced));
}

#[test]
fn facts_beyond_the_bound_are_said_and_still_replace_each_other() {
    let mut bench = Bench::new(claim("a", true), Pace::API, Store::default());
    bench.told();
    bench.answers.extend((0..4).map(|_| (Part::Head, quota())));
    bench.put(0, "a", "first");
    bench.work();
    bench.told();
    let long = "x".repeat(60_000);
    let mut last = Seq(0);
    for round in 0..2 {
        for subject in 0..150 {
            last = bench.put(subject, "a", &format!("{round}{subject}{long}"));
        }
    }
    bench.work();
    assert!(matches!(bench.told()[..], [LedgerNews::Bound { bytes }] if bytes > 8 << 20 && bytes < 9 << 20));
    assert!(bench.ledger.waiting() < 150 * 61_000);
    let before = bench.log.len();
    bench.pass(30 * SECOND);
    assert!(bench.log.len() - before > 150 * 60_000 / Sizes::OBJECTS.commit, "it goes out in pieces");
    assert!(bench.ledger.committed() >= last);
    assert_eq!(recovered(&bench.store), plain(&bench.ledger));
    assert!(recovered(&bench.store).values().all(|value| value[0] == b'1'));
}

#[test]
fn a_value_beyond_the_bound_is_not_taken_and_that_is_said() {
    let mut bench = Bench::small("a", Store::default());
    bench.told();
    bench.put(1, "a", "x");
    bench.put(1, "a", &"y".repeat(65_537));
    let key = EntryKey::new(1, "a");
    assert_eq!(bench.ledger.get(&key), Some(&b"x"[..]));
    bench.work();
    assert_eq!(bench.told(), [LedgerNews::TooLong { key, bytes: 65_537 }]);
}

#[test]
fn promises_are_kept_by_the_last_piece_only() {
    let mut bench = Bench::small("a", Store::default());
    let long = "z".repeat(3000);
    let first: Vec<_> = (0..5).map(|subject| bench.put(subject, "a", &long)).collect();
    assert!(first.iter().all(|seq| *seq == first[0]));
    bench.work();
    let second = bench.put(9, "a", "x");
    assert_eq!(bench.put(4, "a", &long), Seq(second.0 - 1));
    assert!(bench.ledger.committed() < first[0] && second > first[0]);
    bench.pass(Duration::from_millis(350));
    assert!(bench.ledger.committed() < first[0], "four of five are out");
    bench.pass(Duration::from_millis(100));
    assert!(bench.ledger.committed() >= first[0] && bench.ledger.committed() < second);
    bench.pass(Duration::from_millis(100));
    assert_eq!(bench.ledger.committed(), second);
}

#[test]
fn a_successor_fences_and_the_fenced_writes_no_more() {
    let mut old = Bench::small("old", Store::default());
    old.put(1, "a", "x");
    old.pass(SECOND);
    let mut new = Bench::small("new", old.store.clone());
    new.put(1, "a", "new");
    new.pass(SECOND);
    old.store = new.store.clone();
    old.told();
    old.put(1, "a", "old");
    old.pass(SECOND);
    let fenced = LedgerNews::Fenced { term: 2, by: "new".to_owned(), released: false };
    assert_eq!(old.told(), [LedgerNews::Contested, fenced]);
    assert_eq!((old.store.writes, old.ledger.term()), (new.store.writes, None));
    assert_eq!(old.ledger.put(EntryKey::new(1, "a"), None), None);
    old.pass(600 * SECOND);
    assert_eq!((old.store.writes, old.told().len()), (new.store.writes, 0));
}

#[test]
fn a_later_release_fences_too() {
    let mut bench = Bench::small("a", Store::default());
    bench.store.edit(Part::Head, |content| content.meta = r#"{"format":2,"term":9}"#.to_owned());
    bench.told();
    bench.put(1, "a", "x");
    bench.pass(SECOND);
    assert!(matches!(&bench.told()[..], [LedgerNews::Contested, LedgerNews::Fenced { term: 9, .. }]));
}

#[test]
fn an_edit_by_hand_is_written_over() {
    let edits: [fn(&mut Content); 3] = [
        |content| content.meta = content.meta.replace("\"wish\":1", "\"wish\":7"),
        |content| content.meta.truncate(20),
        |content| content.body.clear(),
    ];
    for edit in edits {
        let mut bench = Bench::small("a", Store::default());
        bench.put(1, "a", "x");
        bench.pass(SECOND);
        bench.store.edit(Part::Head, edit);
        bench.told();
        bench.put(2, "a", "y");
        bench.pass(SECOND);
        assert!(
            matches!(&bench.told()[..], [LedgerNews::Contested, LedgerNews::Overwritten { why }] if why.contains("changed"))
        );
        assert_eq!(recovered(&bench.store).len(), 2);
        assert_eq!((bench.store.head().wish, bench.ledger.term()), (1, Some(1)));
    }
    // An annotation changes the version and nothing that is ours.
    let mut bench = Bench::small("a", Store::default());
    bench.store.edit(Part::Head, |_| {});
    bench.told();
    bench.put(2, "a", "y");
    bench.pass(SECOND);
    assert_eq!((bench.told(), recovered(&bench.store).len()), (vec![LedgerNews::Contested], 1));
}

/// Enough facts to have buckets and segments.
fn filled() -> Bench {
    let mut bench = Bench::small("a", Store::default());
    for subject in 0..40 {
        bench.put(subject, "a", &format!("value {subject} {}", "v".repeat(60)));
        bench.pass(SECOND);
    }
    bench.pass(3 * SECOND);
    let head = bench.store.head();
    assert!(!head.ring.is_empty() && head.buckets.len() > 2, "{head:?}");
    bench.told();
    bench
}

#[test]
fn a_deleted_state_is_made_again() {
    let all: Vec<_> = Part::all().collect();
    for gone in [&[Part::Head][..], &all] {
        let mut bench = filled();
        gone.iter().for_each(|part| drop(bench.store.parts.remove(part)));
        bench.put(99, "a", "after");
        bench.pass(60 * SECOND);
        assert!(
            matches!(&bench.told()[..], [LedgerNews::Contested, LedgerNews::Overwritten { why }] if why.contains("deleted"))
        );
        assert_eq!((bench.ledger.term(), bench.store.head().term), (Some(2), 2));
        assert_eq!(recovered(&bench.store), plain(&bench.ledger));
        assert_eq!(plain(&bench.ledger).len(), 41);
    }
}

#[test]
fn a_restored_store_is_brought_up_to_date_in_a_higher_term() {
    let mut bench = filled();
    let backup = bench.store.clone();
    bench = Bench::small("b", bench.store);
    for subject in 0..60 {
        bench.put(subject, "a", &format!("newer {subject} {}", "w".repeat(60)));
        bench.pass(SECOND);
    }
    bench.told();
    bench.store.parts = backup.parts;
    bench.put(99, "a", "after");
    bench.pass(60 * SECOND);
    assert!(
        matches!(&bench.told()[..], [LedgerNews::Contested, LedgerNews::Overwritten { why }] if why.contains("older"))
    );
    assert_eq!((bench.ledger.term(), bench.store.head().term), (Some(3), 3));
    assert_eq!(recovered(&bench.store), plain(&bench.ledger));
    assert_eq!(plain(&bench.ledger).len(), 61);
}

#[test]
fn a_broken_part_is_kept_and_what_the_others_hold_is_used() {
    let mut bench = filled();
    let whole = plain(&bench.ledger);
    let slot = Part::Segment(bench.store.head().ring[0].slot);
    bench.store.edit(Part::Bucket(1), |content| content.body.truncate(9));
    bench.store.edit(slot, |content| content.meta.clear());
    bench.store.parts.remove(&Part::Bucket(0));
    let mut bench = Bench::small("b", bench.store);
    let told = bench.told();
    let [LedgerNews::Opened { set_aside, .. }] = &told[..] else { panic!("{told:?}") };
    let parts: Vec<_> = set_aside.iter().map(|(part, _)| *part).collect();
    assert_eq!(parts, [Part::Bucket(0), Part::Bucket(1), slot]);
    assert_eq!(bench.store.kept.keys().copied().collect::<Vec<_>>(), [slot, Part::Bucket(1)]);
    let left = plain(&bench.ledger);
    assert!(left.len() > whole.len() / 4 && left.iter().all(|(key, value)| whole[key] == *value));
    bench.pass(60 * SECOND);
    assert_eq!(recovered(&bench.store), left, "it is whole again");
}

#[test]
fn parts_of_another_life_are_not_ours() {
    let mut bench = filled();
    bench.store.parts.remove(&Part::Head);
    let mut bench = Bench::small("b", bench.store);
    assert_eq!(bench.told(), [opened(1, 0)]);
    for subject in 0..40 {
        bench.put(subject, "b", &format!("another {subject} {}", "v".repeat(60)));
        bench.pass(SECOND);
        assert_eq!(recovered(&bench.store), plain(&bench.ledger), "{subject}");
    }
    bench.pass(60 * SECOND);
    assert!(bench.store.head().buckets.iter().all(Option::is_some));
    assert_eq!((recovered(&bench.store), bench.told()), (plain(&bench.ledger), Vec::new()));
}

#[test]
fn a_bucket_that_is_too_large_is_cut() {
    let mut bench = Bench::small("a", Store::default());
    let too_large = StoreTrouble::Refused { why: Refusal::TooLarge, text: "413".to_owned() };
    bench.answers.push_back((Part::Bucket(0), Answer::Trouble(too_large)));
    for subject in 0..3 {
        bench.put(subject, "a", &"x".repeat(150));
        bench.pass(SECOND);
    }
    bench.pass(120 * SECOND);
    assert_eq!(bench.store.head().buckets.len(), 2);
    assert_eq!(recovered(&bench.store).len(), 3);
}

#[test]
fn layout_and_beat_are_in_the_head() {
    let mut bench = Bench::small("a", Store::default());
    let accord = Accord { layout: Some(Layout { epoch: 3, total: 2 }), ..Accord::default() };
    bench.ledger.set_accord(accord);
    bench.pass(SECOND);
    let before = bench.store.head();
    bench.ledger.set_accord(accord);
    bench.pass(SECOND);
    assert_eq!((before.accord, bench.store.head().seq), (accord, before.seq));
    bench.ledger.beat();
    bench.pass(SECOND);
    assert!(bench.store.head().beat > before.beat);
    let bench = Bench::small("b", bench.store);
    assert_eq!(bench.ledger.accord(), Some(accord));
}

#[test]
fn closing_commits_what_waits_and_releases() {
    let mut bench = Bench::small("a", Store::default());
    bench.answers.push_back((Part::Head, quota()));
    bench.put(1, "a", "x");
    bench.work();
    for subject in 2..9 {
        bench.put(subject, "a", &"y".repeat(3000));
    }
    bench.ledger.close(bench.now(), true);
    bench.work();
    assert_eq!(bench.told().last(), Some(&LedgerNews::Closed));
    assert!(bench.store.head().released);
    assert_eq!((recovered(&bench.store).len(), bench.ledger.deadline()), (8, None));
}

#[test]
fn a_ledger_for_files_commits_at_once() {
    let mut bench = Bench::new(claim("a", true), Pace::FILES, Store::default());
    for subject in 0..50 {
        let seq = bench.put(subject, "a", "x");
        bench.work();
        assert_eq!(bench.ledger.committed(), seq);
    }
}

#[test]
fn new_buckets_wait_for_the_commit_that_names_them() {
    let mut bench = Bench::small("a", Store::default());
    for subject in 0..4 {
        bench.put(subject, "a", &"v".repeat(80));
        bench.pass(SECOND);
    }
    bench.pass(70 * SECOND);
    assert!(matches!(&bench.store.head().buckets[..], [Some(_)]), "one bucket holds all there is");
    for subject in 4..16 {
        bench.put(subject, "a", &"v".repeat(30));
        bench.pass(SECOND);
    }
    let committed = plain(&bench.ledger);
    bench.answers.extend((0..8).map(|_| (Part::Head, quota())));
    for _ in 0..600 {
        assert_eq!(recovered(&bench.store), committed);
        bench.pass(Duration::from_millis(200));
    }
    assert!(bench.answers.is_empty(), "the growth was held up");
    bench.pass(70 * SECOND);
    assert_eq!(bench.store.head().buckets.len(), 4);
    assert_eq!(recovered(&bench.store), committed);
}

#[test]
fn facts_wait_when_nothing_can_be_sealed_any_more() {
    let pace = Pace { sizes: Sizes { tail_max: 400, ..SMALL.sizes }, ..SMALL };
    let mut bench = Bench::new(claim("a", true), pace, Store::default());
    bench.told();
    bench.answers.extend((0..400).map(|_| (Part::Bucket(0), quota())));
    let mut dice = Dice(3);
    let mut last = Seq(0);
    for subject in 0..400 {
        let text: String = (0..6).map(|_| format!("{:016x}", dice.draw())).collect();
        last = bench.put(subject % 3, &format!("{subject}"), &text);
        bench.ledger.beat();
        bench.pass(SECOND);
    }
    let head = bench.store.get(Part::Head).unwrap().0;
    assert!(head.body.len() < 800 && bench.store.head().ring.len() == 16, "{head:?}");
    assert!(bench.ledger.committed() < last && bench.ledger.waiting() > 0);
    let promised = recovered(&bench.store);
    assert_eq!(promised, plain(&bench.ledger));
    assert!(matches!(bench.told()[..], [LedgerNews::Refused { part: Part::Bucket(0), .. }]));
    bench.answers.clear();
    bench.pass(120 * SECOND);
    assert!(bench.ledger.committed() >= last);
    assert_eq!((plain(&bench.ledger).len(), recovered(&bench.store)), (400, plain(&bench.ledger)));
}
