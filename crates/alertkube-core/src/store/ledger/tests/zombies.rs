//! Writes of an old holder that are applied after its successor sealed: each kind of part, at each moment of the
//! successor's life. The seeds of `faults` mix them with everything else.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn text(round: u64, subject: u64) -> String {
    format!("{round} {subject} {}", "v".repeat(60))
}

/// A holder whose writes of `part` hang from the `nth` on.
fn hung(part: Part, nth: usize) -> Option<Bench> {
    let mut bench = Bench::small("old", Store::default());
    for subject in 0..40 {
        let written = bench.log.iter().filter(|(_, written, _)| *written == part).count();
        if written == nth && bench.answers.is_empty() {
            bench.answers.push_back((part, Answer::Held));
        }
        if !bench.held.is_empty() {
            return Some(bench);
        }
        bench.put(subject, "a", &text(0, subject));
        bench.pass(2 * SECOND);
    }
    None
}

/// What a successor does in its `step`.
fn live(bench: &mut Bench, step: u64) {
    for subject in 0..3 {
        let subject = (step * 7 + subject * 5) % 40;
        bench.put(subject, "a", &if step % 4 == 3 { String::new() } else { text(1, subject) });
    }
    bench.pass(2 * SECOND);
}

fn check(part: Part, nth: usize) -> u64 {
    let Some(old) = hung(part, nth) else { return 0 };
    let mut applied = 0;
    for moment in (0..24).step_by(2) {
        let mut store = old.store.clone();
        if moment == 0 {
            // After the seal of one that writes nothing else.
            store = Bench::new(claim("between", true), Pace::API, store).store;
            applied += u64::from(store.write(&old.held[0]).is_ok());
        }
        let mut new = Bench::small("new", store);
        (0..moment).for_each(|step| live(&mut new, step));
        applied += u64::from(new.store.write(&old.held[0]).is_ok());
        assert_eq!(recovered(&new.store), plain(&new.ledger), "{part} {nth} late at {moment}");
        for step in moment..moment + 12 {
            live(&mut new, step);
            assert_eq!(recovered(&new.store), plain(&new.ledger), "{part} {nth} late at {moment}, {step}");
        }
        let mut told = new.told();
        told.retain(|news| !matches!(news, LedgerNews::Opened { set_aside, .. } if set_aside.is_empty()));
        assert_eq!(told, []);
    }
    applied
}

#[test]
fn a_late_head_is_never_applied() {
    assert_eq!((1..6).map(|nth| check(Part::Head, nth)).sum::<u64>(), 0);
}

#[test]
fn a_late_segment_changes_nothing() {
    let applied: u64 = (0..6).map(|slot| check(Part::Segment(slot), 0)).sum();
    assert!(applied > 0, "no late write was ever applied");
}

#[test]
fn a_late_bucket_changes_nothing_also_while_they_grow() {
    let each = (0..8).flat_map(|index| [(index, 0), (index, 1)]);
    let applied: u64 = each.map(|(index, nth)| check(Part::Bucket(index), nth)).sum();
    assert!(applied > 0, "no late write was ever applied");
}

/// The store is restored to what it was, a new process takes the seat there, and the old holder, of a higher term
/// in a future that is lost, has not noticed when its buckets are due.
#[test]
fn a_holder_from_a_lost_future_takes_the_seat_before_it_touches_a_part() {
    let mut first = Bench::small("first", Store::default());
    for subject in 0..20 {
        first.put(subject, "a", &text(0, subject));
        first.pass(SECOND);
    }
    first.pass(60 * SECOND);
    let backup = first.store.clone();
    let mut old = Bench::small("old", Bench::small("between", first.store).store);
    old.at += 1000 * SECOND;
    for subject in 0..20 {
        old.put(subject, "a", &text(1, subject));
        old.pass(SECOND);
    }
    assert!(old.store.head().ring.len() > 2, "buckets are due");
    let mut new = Bench::small("new", Store { writes: old.store.writes, ..backup });
    for step in 0..90 {
        new.put(100 + step, "new", "committed");
        live(&mut new, step);
    }
    assert!(new.store.head().buckets.iter().all(|bucket| bucket.is_some_and(|up_to| up_to.term == 2)));
    let before = old.ledger.term();
    old.store = new.store.clone();
    old.at += 100 * SECOND;
    for step in 0..200 {
        old.pass(Duration::from_millis(100));
        if old.store.head().holder == "new" {
            let (found, _) = salvaged(&old.store);
            let lost = (100..190).find(|subject| !found.contains_key(&EntryKey::new(*subject, "new")));
            assert_eq!(lost, None, "in step {step}");
        }
    }
    assert!(old.ledger.term() > before, "{:?}", old.ledger.term());
    assert_eq!(recovered(&old.store), plain(&old.ledger));
    new.store = old.store;
    live(&mut new, 0);
    assert!(matches!(&new.told()[..], [.., LedgerNews::Fenced { by, .. }] if by == "old"));
}
