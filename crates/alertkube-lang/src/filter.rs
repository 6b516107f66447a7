//! Comma lists of prefixes and patterns in one text, as the filters of the configuration have them.

use std::fmt;

use regex::Regex;

use crate::expression::{Pinned, check_length, compile, is_expression};
use crate::limits::{MAX_FILTER_BYTES, MAX_FILTER_ITEMS, MAX_FILTER_PATTERNS};
use crate::problem::Problem;

/// A compiled list. What an empty one means is the caller's to say: all, where it admits; none, where it excludes.
#[derive(Clone, Default)]
pub struct FilterList {
    text: String,
    prefixes: Vec<String>,
    patterns: Vec<Regex>,
}

impl FilterList {
    /// Compiles a list such as `prod,stage-[0-9]+`.
    ///
    /// An item with any of `^$.*+?()[]{}|\` is a regular expression pinned at the start; any other is a prefix. White
    /// space around items and empty items do not count. A comma inside brackets belongs to the item.
    pub fn compile(text: &str) -> Result<FilterList, Vec<Problem>> {
        if text.len() > MAX_FILTER_BYTES {
            return Err(vec![Problem::new("", format!("a list of more than {MAX_FILTER_BYTES} bytes"))]);
        }
        let items = items(text);
        let patterns = items.iter().filter(|item| is_expression(item)).count();
        if items.len() > MAX_FILTER_ITEMS || patterns > MAX_FILTER_PATTERNS {
            let most = format!("at most {MAX_FILTER_ITEMS} items, {MAX_FILTER_PATTERNS} of them patterns");
            return Err(vec![Problem::new("", "the list has too many items").expected(most)]);
        }
        let mut list = FilterList { text: text.to_owned(), ..FilterList::default() };
        let problems: Vec<Problem> = items.into_iter().filter_map(|item| list.add(item).err()).collect();
        if problems.is_empty() { Ok(list) } else { Err(problems) }
    }

    /// Whether the list has no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prefixes.is_empty() && self.patterns.is_empty()
    }

    /// Whether any item matches the value.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        self.prefixes.iter().any(|prefix| value.starts_with(prefix))
            || self.patterns.iter().any(|pattern| pattern.is_match(value))
    }

    fn add(&mut self, item: &str) -> Result<(), Problem> {
        check_length(item)?;
        if is_expression(item) {
            self.patterns.push(compile(item, Pinned::AtStart)?.1);
        } else {
            self.prefixes.push(item.to_owned());
        }
        Ok(())
    }
}

impl fmt::Debug for FilterList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FilterList").field(&self.text).finish()
    }
}

impl PartialEq for FilterList {
    fn eq(&self, other: &FilterList) -> bool {
        self.text == other.text
    }
}

impl Eq for FilterList {}

fn items(text: &str) -> Vec<&str> {
    let mut nesting = Nesting::default();
    let parts = text.split(|letter| nesting.ends_item(letter));
    parts.map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// How deep in brackets one is; in a class, round and curly ones are letters like others.
#[derive(Default)]
struct Nesting {
    groups: usize,
    classes: usize,
    /// A `]` would still be a letter: it is the first of its class.
    fresh: bool,
    escaped: bool,
}

impl Nesting {
    /// Takes the next letter; true if it is a comma between items.
    fn ends_item(&mut self, letter: char) -> bool {
        if std::mem::take(&mut self.escaped) {
            self.fresh = false;
            return false;
        }
        let fresh = std::mem::take(&mut self.fresh);
        match letter {
            '\\' => self.escaped = true,
            '[' => {
                self.classes += 1;
                self.fresh = true;
            }
            '^' => self.fresh = fresh,
            ']' if !fresh => self.classes = self.classes.saturating_sub(1),
            '(' | '{' if self.classes == 0 => self.groups += 1,
            ')' | '}' if self.classes == 0 => self.groups = self.groups.saturating_sub(1),
            _ => {}
        }
        letter == ',' && self.classes == 0 && self.groups == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> FilterList {
        FilterList::compile(text).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    #[test]
    fn a_plain_item_is_a_prefix() {
        assert!(list("prod").matches("production"));
        assert!(list("prod, stage").matches("stage-1"));
        assert!(!list("prod").matches("my-prod"));
    }

    #[test]
    fn an_expression_is_pinned_at_the_start_only() {
        assert!(list("prod-[0-9]").matches("prod-1-blue"));
        assert!(!list("prod-[0-9]").matches("my-prod-1"));
        assert!(list("prod$").matches("prod") && !list("prod$").matches("production"));
        assert!(list("a|b").matches("bx") && !list("a|b").matches("xb"), "the alternation is grouped");
    }

    #[test]
    fn items_end_at_commas_outside_brackets() {
        let split = |text: &'static str| items(text);
        assert_eq!(split(" a , ,b,"), ["a", "b"]);
        assert_eq!(split("a{1,2},[x,y],(c,d|e)"), ["a{1,2}", "[x,y]", "(c,d|e)"]);
        assert_eq!(split("[({],b"), ["[({]", "b"]);
        assert_eq!(split("[],],[^],],[[:alpha:],],d"), ["[],]", "[^],]", "[[:alpha:],]", "d"]);
        assert_eq!(split("\\(,b\\,c,\\[,d"), ["\\(", "b\\,c", "\\[", "d"]);
        assert_eq!(split("a),b"), ["a)", "b"]);
        assert_eq!(split("(a,b"), ["(a,b"]);
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        assert!(list("").is_empty() && list(" , ").is_empty() && FilterList::default().is_empty());
        assert!(!list("").matches("x"));
        assert!(!list("a").is_empty() && !list(".").is_empty());
    }

    #[test]
    fn every_bad_item_is_named() {
        let problems = FilterList::compile("ok,a),b**{,c[").expect_err("three bad items");
        let named: Vec<&str> = problems.iter().map(|problem| &problem.message[..3]).collect();
        assert_eq!(named, ["`a)", "`b*"], "an open bracket takes the rest with it");
    }

    #[test]
    fn lengths_are_bounded() {
        assert!(FilterList::compile(&"a".repeat(MAX_FILTER_BYTES + 1)).is_err());
        assert!(FilterList::compile(&"a".repeat(MAX_FILTER_BYTES)).is_err(), "an item has its own bound");
        assert!(FilterList::compile(&"a,".repeat(MAX_FILTER_ITEMS)).is_ok());
        assert!(FilterList::compile(&"a,".repeat(MAX_FILTER_ITEMS + 1)).is_err());
        assert!(FilterList::compile(&".,".repeat(MAX_FILTER_PATTERNS + 1)).is_err());
    }

    #[test]
    fn it_is_its_text() {
        assert_eq!(list("a"), list("a"));
        assert_ne!(list("a"), list("a."));
        assert_eq!(format!("{:?}", list("a,b")), "FilterList(\"a,b\")");
    }
}
