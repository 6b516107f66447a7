//! Properties of the languages on random, mostly well-formed texts.

use std::collections::BTreeMap;
use std::time::Duration;

use alertkube_lang::{
    FilterList, Matcher, Pattern, Problem, Subject, format_duration, nearest, parse_duration, parse_go_bool,
    parse_go_flag_bool,
};
use proptest::prelude::*;

/// Ten years, the longest duration there is.
const LONGEST_SECONDS: u64 = 3650 * 24 * 60 * 60;

/// Text made of what means something in one of the languages.
const LANGUAGE: &str = "[-a-c0-2 .,:/|*+?^$(){}\\[\\]\\\\hmswund\u{b5}]{0,24}";

struct Bare;

impl Subject for Bare {
    fn field(&self, name: &str) -> Option<&str> {
        (name == "kind").then_some("Pod")
    }

    fn label(&self, _: &str) -> Option<&str> {
        None
    }
}

fn swallow(text: &str) -> usize {
    let mut problems: Vec<Problem> = Vec::new();
    problems.extend(parse_duration(text).err());
    problems.extend(Pattern::compile(text).map(|pattern| pattern.matches(text)).err());
    problems.extend(FilterList::compile(text).map(|list| list.matches(text)).err().into_iter().flatten());
    let map = BTreeMap::from([(text.to_owned(), text.to_owned()), ("namespace".to_owned(), text.to_owned())]);
    let matcher = Matcher::compile(&map, &["kind", "namespace"]);
    problems.extend(matcher.map(|matcher| matcher.matches(&Bare)).err().into_iter().flatten());
    nearest(text, ["namespace", text]);
    assert!(
        parse_go_bool(text).is_none() || parse_go_flag_bool(text).is_some() || matches!(text, "yes" | "no")
    );
    problems.iter().map(|problem| problem.to_string().len()).sum()
}

fn settings(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings(64))]

    #[test]
    fn no_text_panics(text in any::<String>(), language in LANGUAGE) {
        prop_assert!(swallow(&text) < 4096);
        prop_assert!(swallow(&language) < 4096);
    }

    #[test]
    fn a_pattern_matches_no_strict_part(name in "[a-z0-9-]{1,12}", before in "[a-z]{0,3}", after in "[a-z]{0,3}") {
        let pattern = Pattern::compile(&format!("{name}|{name}\\.x"))?;
        prop_assert!(pattern.matches(&name));
        let longer = format!("{before}{name}{after}");
        prop_assert_eq!(pattern.matches(&longer), longer == name);
    }

    #[test]
    fn a_pattern_matches_its_own_text(text in LANGUAGE) {
        if let Ok(pattern) = Pattern::compile(&text) {
            prop_assert!(pattern.matches(&text));
            prop_assert_eq!(pattern.as_str(), text);
        }
    }

    #[test]
    fn a_list_admits_its_prefixes(items in prop::collection::vec("[a-z0-9-]{1,8}", 1..8), rest in ".{0,8}") {
        let list = FilterList::compile(&items.join(" , ")).map_err(|problems| problems[0].clone())?;
        for item in &items {
            let value = format!("{item}{rest}");
            prop_assert!(list.matches(&value), "{} {}", value, item);
        }
    }
}

proptest! {
    #![proptest_config(settings(512))]

    #[test]
    fn durations_come_back(seconds in 0..LONGEST_SECONDS, nanos in 0..1_000_000_000u32, coarse in 0..9u32) {
        let coarse = 10u32.pow(coarse);
        let duration = Duration::new(seconds, nanos / coarse * coarse);
        prop_assert_eq!(parse_duration(&format_duration(duration))?, duration);
    }

    #[test]
    fn short_durations_come_back(nanos in 0..120_000_000_000u64, coarse in 0..11u32) {
        let coarse = 10u64.pow(coarse);
        let duration = Duration::from_nanos(nanos / coarse * coarse);
        prop_assert_eq!(parse_duration(&format_duration(duration))?, duration);
    }

    #[test]
    fn the_nearest_word_to_a_known_one_is_itself(word in "[a-z]{1,12}", other in "[a-z]{1,12}") {
        prop_assert_eq!(nearest(&word, [other.as_str(), word.as_str()]), Some(word.as_str()));
        prop_assert_eq!(nearest(&word, [other.as_str()]).is_some(), nearest(&word, [&*other, "0000000000000000"]).is_some());
    }
}
