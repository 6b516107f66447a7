//! What is wrong with a text, where, and what would be right.

use std::fmt;

use crate::limits::MAX_QUOTED_CHARS;

/// One thing that is wrong with what a user wrote.
///
/// ```
/// use alertkube_lang::Problem;
/// let problem = Problem::new("sinks[1]", "unknown sink `slakc`").nearest("slack").under("routing[0]");
/// assert_eq!(problem.to_string(), "routing[0].sinks[1]: unknown sink `slakc` (did you mean `slack`?)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the value, such as `routing[0].match.namespace`; empty for the text as a whole.
    pub at: String,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What would have been right.
    pub expected: Option<String>,
    /// The word that was probably meant.
    pub nearest: Option<String>,
    /// Line and column in the file, counted from 1, where the reader of the file knows them.
    pub span: Option<(usize, usize)>,
}

impl Problem {
    /// A problem at a path.
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { at: at.into(), message: message.into(), expected: None, nearest: None, span: None }
    }

    /// Adds what would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Problem {
        self.expected = Some(expected.into());
        self
    }

    /// Adds the word that was probably meant.
    #[must_use]
    pub fn nearest(mut self, nearest: impl Into<String>) -> Problem {
        self.nearest = Some(nearest.into());
        self
    }

    /// Puts a path before its own: `a` and `b` give `a.b`, `a` and `[0]` give `a[0]`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Problem {
        let dot = if prefix.is_empty() || self.at.is_empty() || self.at.starts_with('[') { "" } else { "." };
        self.at = format!("{prefix}{dot}{}", self.at);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.span {
            write!(f, "{line}:{column}: ")?;
        }
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(&self.message)?;
        match (&self.expected, &self.nearest) {
            (None, None) => Ok(()),
            (Some(expected), None) => write!(f, " (expected {expected})"),
            (None, Some(nearest)) => write!(f, " (did you mean `{nearest}`?)"),
            (Some(expected), Some(nearest)) => write!(f, " (expected {expected}; did you mean `{nearest}`?)"),
        }
    }
}

impl std::error::Error for Problem {}

/// A user's text as a problem may repeat it: in backticks, on one line, and cut if it is long.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// The same without backticks, for a path.
pub(crate) fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_QUOTED_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined() {
        let under = |prefix: &str, at: &str| Problem::new(at, "bad").under(prefix).at;
        assert_eq!([under("a", "b"), under("a", "[0]")], ["a.b", "a[0]"]);
        assert_eq!([under("", "b"), under("a", ""), under("", "")], ["b", "a", ""]);
    }

    #[test]
    fn it_says_all_it_knows() {
        let bare = Problem::new("", "bad");
        assert_eq!(bare.to_string(), "bad");
        let full = bare.expected("a word").nearest("good").under("routing[0].match");
        assert_eq!(full.to_string(), "routing[0].match: bad (expected a word; did you mean `good`?)");
        let placed = Problem { span: Some((3, 7)), ..full };
        assert_eq!(placed.to_string(), "3:7: routing[0].match: bad (expected a word; did you mean `good`?)");
        assert_eq!(Problem::new("a", "bad").expected("b").to_string(), "a: bad (expected b)");
    }

    #[test]
    fn a_repeated_text_is_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), "`a\\nb`");
        assert_eq!(quoted(&"x".repeat(200)).len(), MAX_QUOTED_CHARS + "`...`".len());
    }
}
