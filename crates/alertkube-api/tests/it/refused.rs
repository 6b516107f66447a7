//! Bad configurations and what is said of them: `tests/golden/refused.txt` holds one after the other, the file above
//! a line of dashes and the problems below it.

use std::fmt::Write;

use crate::given::Given;
use crate::golden::assert_golden;

const CASES: &str = include_str!("../golden/refused.txt");
const RULER: &str = "----\n";
const NEXT: &str = "====\n";

#[test]
fn every_problem_is_told_in_these_words() {
    let mut told = Vec::new();
    for case in CASES.split(NEXT) {
        let yaml = case.split_once(RULER).map_or(case, |(yaml, _)| yaml);
        let problems = Given::nothing().problems(yaml);
        assert!(!problems.is_empty(), "not refused:\n{yaml}");
        let mut text = format!("{yaml}{RULER}");
        for problem in problems {
            let _ = writeln!(text, "{problem}");
        }
        told.push(text);
    }
    assert_golden("crates/alertkube-api/tests/golden/refused.txt", &told.join(NEXT));
}

#[test]
fn five_mistakes_are_five_problems_each_at_its_place() {
    let yaml = "clustr: a\nbehavior:\n  muteSeconds: soon\nrouting:\n  - match: {severity: critical}\n    sinks: [pager]\n\
                inhibitions: {}\nconditions:\n  CrashLoopBakOff: {for: 5s}\n";
    let problems = Given::nothing().problems(yaml);
    let places = ["1:1", "3:16", "6:13", "7:14", "9:3"];
    assert_eq!(problems.len(), places.len(), "{problems:#?}");
    for (problem, place) in problems.iter().zip(places) {
        assert!(problem.starts_with(&format!("{place}: ")), "{problem} is not at {place}");
    }
}
