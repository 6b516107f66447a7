//! Ordeals: a few seeds of each topology, and what makes a failing one useful.

use alertkube_sim::Ordeal;

/// Seeds of every topology: they go round.
const SEEDS: u64 = 21;

#[test]
fn the_first_seeds_break_no_invariant() {
    let mut messages = 0;
    for seed in 0..SEEDS {
        let judged = Ordeal::new(seed).run();
        assert_eq!(judged.broken, None, "cargo xtask simulate --seed {seed}");
        messages += judged.messages[0];
    }
    assert!(messages > SEEDS * 20, "these worlds are alive: {messages} messages");
}

#[test]
fn a_seed_does_the_same_again_whoever_looks_on() {
    for seed in [3, 5] {
        let (once, again) = (Ordeal::new(seed).trace(), Ordeal::new(seed).trace());
        assert_eq!(once.trace, again.trace, "seed {seed}");
        assert_eq!(Ordeal::new(seed).run().steps, once.steps, "seed {seed}");
        assert!(once.trace.len() > 100, "the trace of seed {seed} tells something");
    }
}

#[test]
fn acts_can_be_left_out() {
    let whole = Ordeal::new(4).trace();
    let acts = |trace: &[String]| trace.iter().filter(|line| line.contains(" act ")).count();
    let without: Vec<usize> = (0..1000).collect();
    let none = Ordeal::new(4).without(without).trace();
    assert!(acts(&whole.trace) > 5, "{} acts", acts(&whole.trace));
    assert_eq!(acts(&none.trace), 0);
    assert_eq!(none.broken, None, "a world in which nothing happens");
}
