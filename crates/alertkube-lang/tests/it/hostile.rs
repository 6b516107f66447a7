//! Texts that were made to cost much.

use std::collections::BTreeMap;

use alertkube_lang::{FilterList, Matcher, Pattern, nearest, parse_duration};

#[test]
fn long_texts_are_refused_before_they_are_read() {
    for letter in ["a", "(", "[", "{", "\\", "1", ",", "(,", "\u{10ffff}"] {
        let text = letter.repeat(1 << 20);
        assert!(parse_duration(&text).is_err(), "{letter}");
        assert!(Pattern::compile(&text).is_err(), "{letter}");
        assert!(FilterList::compile(&text).is_err(), "{letter}");
        let map = BTreeMap::from([("namespace".to_owned(), text.clone()), (text.clone(), text.clone())]);
        let problems = Matcher::compile(&map, &["namespace"]).expect_err("two bad entries");
        assert_eq!(problems.len(), 2, "{letter}");
        assert!(problems.iter().all(|problem| problem.to_string().len() < 4096), "{letter}");
        assert_eq!(nearest(&text, ["a", &text]), None);
    }
}

#[test]
fn patterns_that_grow_are_refused() {
    for pattern in ["((((a{99}){99}){99}){99}){99}", "(\\w{200}){200}", "(((.{0,50}){0,50}){0,50}){0,50}"] {
        let problem = Pattern::compile(pattern).expect_err("too big");
        assert!(problem.message.contains("too much memory"), "{pattern}: {problem}");
    }
}

#[test]
fn matching_is_linear() {
    let pattern = Pattern::compile("(a*)*(a*)*(a|aa)+b").expect("small");
    assert!(!pattern.matches(&"a".repeat(1 << 16)));
}

#[test]
fn a_long_alternation_of_names_fits() {
    let names: Vec<String> = (0..50).map(|n| format!("team-{n}-production")).collect();
    let pattern = Pattern::compile(&names.join("|")).expect("fifty names");
    assert!(pattern.matches("team-49-production") && !pattern.matches("team-50-production"));
    assert!(!pattern.is_broad());
}

#[test]
fn everyday_patterns_fit() {
    for pattern in [
        "\\w+-\\d+",
        "(?i)prod(uction)?-[a-z]+",
        "^kube-.*$",
        "[^-]+-(blue|green)-\\d{1,3}",
        ".*-prod",
        "\\S+-x",
    ] {
        assert!(Pattern::compile(pattern).is_ok_and(|pattern| !pattern.is_broad()), "{pattern}");
    }
}
