//! A pattern for names: the very name, or a regular expression for the whole of it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use regex::Regex;

use crate::broad;
use crate::expression::{Pinned, check_length, compile, is_expression};
use crate::problem::Problem;

/// Names that a pattern can hardly all match unless it was meant to match everything.
const PROBES: [&str; 4] = ["x", "kube-system", "CrashLoopBackOff", "Prod_1.a-z"];

/// A compiled pattern. It is equal to, and ordered as, its text.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    /// Absent where the text can match only itself.
    regex: Option<Regex>,
    broad: bool,
}

impl Pattern {
    /// Compiles a text, which is a literal and, if it has any of `^$.*+?()[]{}|\`, a regular expression as well.
    pub fn compile(text: &str) -> Result<Pattern, Problem> {
        check_length(text)?;
        if !is_expression(text) {
            return Ok(Pattern { text: text.to_owned(), regex: None, broad: false });
        }
        let (syntax, regex) = compile(text, Pinned::AtBothEnds)?;
        let broad = broad::is_broad(&syntax) || PROBES.iter().all(|probe| regex.is_match(probe));
        Ok(Pattern { text: text.to_owned(), regex: Some(regex), broad })
    }

    /// Whether the value is the text itself, or the whole of it fits the expression.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        self.text == value || self.regex.as_ref().is_some_and(|regex| regex.is_match(value))
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it admits every namespace, or every reason, and so selects nothing.
    #[must_use]
    pub fn is_broad(&self) -> bool {
        self.broad
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Pattern) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Pattern) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::compile(text).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn the_whole_value_must_fit() {
        for (text, value, fits) in [
            ("prod", "prod", true),
            ("prod", "production", false),
            ("prod.*", "production", true),
            ("rod", "prod", false),
            ("a|b", "a", true),
            ("a|b", "ab", false),
            ("a|b", "xb", false),
            ("^a|b$", "ax", false),
            ("^prod$", "prod", true),
            ("^prod$", "prod\n", false),
            ("a.c", "a.c", true),
            ("", "", true),
            ("", "x", false),
            ("x*", "", true),
        ] {
            assert_eq!(pattern(text).matches(value), fits, "{text} {value}");
        }
    }

    #[test]
    fn the_very_text_always_fits() {
        assert!(pattern("web[0]").matches("web[0]"), "as a literal");
        assert!(pattern("web[0]").matches("web0"), "as an expression");
        assert!(Pattern::compile("web[0").is_err(), "an expression that is none is refused all the same");
    }

    #[test]
    fn broad_by_syntax_or_by_probes() {
        assert!([".*", "..+", "[a-z].*|[^a-z].*"].iter().all(|text| pattern(text).is_broad()));
        assert!(!["", "prod", "prod.*", "[a-z]+", "a|b"].iter().any(|text| pattern(text).is_broad()));
    }

    #[test]
    fn it_is_its_text() {
        assert_eq!(pattern("a.*"), pattern("a.*"));
        assert!(pattern("a.*") < pattern("b"));
        assert_eq!(format!("{:?} {}", pattern("a.*"), pattern("b").as_str()), "Pattern(\"a.*\") b");
    }
}
