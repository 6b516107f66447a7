//! How fast a storm and an idle cluster write, in virtual time.

use super::*;

const SUBJECTS: u64 = 10_000;
const STORM: Duration = Duration::from_secs(60);

/// The most writes and bytes in any second that begins with one of them.
fn most(log: &[(Duration, Part, usize)], counts: impl Fn(Part) -> bool) -> (usize, usize) {
    let log: Vec<_> = log.iter().filter(|(_, part, _)| counts(*part)).collect();
    let second = |from: usize| {
        let end = log[from].0 + Duration::from_secs(1);
        let window: Vec<_> = log[from..].iter().take_while(|(at, ..)| *at < end).collect();
        (window.len(), window.iter().map(|(_, _, bytes)| bytes).sum::<usize>())
    };
    (0..log.len()).map(second).fold((0, 0), |most, next| (most.0.max(next.0), most.1.max(next.1)))
}

/// An alert of 400 bytes as it looks: names and numbers that differ, words that do not.
fn alert(dice: &mut Dice, subject: u64) -> String {
    let text = format!(
        concat!(
            r#"{{"kind":"Pod","ns":"team-{}","name":"checkout-{:08x}-{:05x}","node":"node-{}","uid":"{:016x}{:016x}","#,
            r#""reason":"CrashLoopBackOff","severity":"critical","since":{},"opened":{},"text":"container app in "#,
            r#"CrashLoopBackOff: back-off 5m0s restarting failed container (exit code {})","owner":"ReplicaSet/checkout-{:08x}","state":"firing""#,
        ),
        subject % 40,
        dice.draw() as u32,
        dice.below(1 << 20),
        dice.below(5000),
        dice.draw(),
        dice.draw(),
        1_700_000_000_000 + dice.below(1 << 20),
        1_700_000_000_000 + dice.below(1 << 20),
        dice.below(256),
        dice.draw() as u32,
    );
    format!("{text:<399}}}")
}

fn storm() -> Bench {
    let mut bench = Bench::new(claim("a", true), Pace::API, Store::default());
    let mut dice = Dice(1);
    let step = Duration::from_millis(50);
    let steps = (STORM.as_millis() / step.as_millis()) as u64;
    for at in 0..steps {
        for number in at * SUBJECTS / steps..(at + 1) * SUBJECTS / steps {
            let subject = Dice(number).draw();
            let text = alert(&mut dice, subject);
            assert!((400..430).contains(&text.len()), "{}", text.len());
            bench.put(subject, "a", &text);
            bench.put(subject, "t/ops", &format!(r#"{{"e":{},"at":{},"open":true}}"#, dice.draw() >> 24, at));
            bench.put(
                subject,
                "t/pager",
                &format!(r#"{{"e":{},"at":{},"open":true}}"#, dice.draw() >> 24, at),
            );
        }
        bench.pass(step);
    }
    bench
}

#[test]
fn a_storm_keeps_the_budget_and_an_idle_cluster_writes_nothing() {
    let mut bench = storm();
    let (writes, bytes) = most(&bench.log, |part| !matches!(part, Part::Bucket(_)));
    assert!(writes <= 12 && bytes <= 512 * 1024, "{writes} writes and {bytes} bytes in a second");
    let (writes, bytes) = most(&bench.log, |part| matches!(part, Part::Bucket(_)));
    assert!(writes <= 2 && bytes <= 1024 * 1024, "{writes} buckets and {bytes} bytes in a second");
    assert!(bench.log.iter().any(|(_, part, _)| matches!(part, Part::Bucket(_))), "no bucket was written");
    // The last facts are committed within a second, and the buckets follow.
    bench.pass(Duration::from_secs(1));
    assert_eq!(plain(&bench.ledger).len() as u64, 3 * SUBJECTS);
    bench.pass(Duration::from_secs(120));
    assert_eq!(bench.store.head().ring, []);
    let before = bench.log.len();
    bench.pass(Duration::from_secs(86_400));
    assert_eq!(bench.log.len(), before, "an idle ledger wrote");
    assert_eq!(recovered(&bench.store), plain(&bench.ledger));
    assert_eq!(bench.told().len(), 1, "only that it was opened");
}

#[test]
fn what_does_not_pack_keeps_the_budget_too() {
    let mut bench = Bench::new(claim("a", true), Pace::API, Store::default());
    let mut dice = Dice(1);
    for _ in 0..200 {
        for _ in 0..8 {
            let value: Vec<u8> = (0..65).flat_map(|_| dice.draw().to_le_bytes()).collect();
            bench.ledger.put(EntryKey::new(dice.draw(), "a"), Some(value.into()));
        }
        bench.pass(Duration::from_millis(50));
    }
    let (writes, bytes) = most(&bench.log, |part| !matches!(part, Part::Bucket(_)));
    assert!(writes <= 12 && bytes <= 512 * 1024, "{writes} writes and {bytes} bytes in a second");
    bench.pass(Duration::from_secs(300));
    assert_eq!(recovered(&bench.store), plain(&bench.ledger));
    assert_eq!(plain(&bench.ledger).len(), 1600);
}
