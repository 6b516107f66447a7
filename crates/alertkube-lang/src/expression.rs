//! A user's regular expression, anchored as a whole and bounded in length, depth and memory.

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use crate::limits::{MAX_PATTERN_BYTES, MAX_PATTERN_MEMORY, MAX_PATTERN_NESTING};
use crate::problem::{Problem, quoted};

const EXPECTED: &str = "a regular expression in RE2 syntax";

/// Where an expression is pinned, besides the start of the value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pinned {
    /// It may end anywhere.
    AtStart,
    /// It spans the whole value.
    AtBothEnds,
}

/// Whether a text has any of the characters that make it more than a literal.
pub(crate) fn is_expression(text: &str) -> bool {
    text.contains(['^', '$', '.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '\\'])
}

/// Refuses a text that is too long to be a pattern or an item of a list.
pub(crate) fn check_length(text: &str) -> Result<(), Problem> {
    if text.len() <= MAX_PATTERN_BYTES {
        return Ok(());
    }
    Err(Problem::new("", format!("the pattern {} has more than {MAX_PATTERN_BYTES} bytes", quoted(text))))
}

/// Compiles an expression whose length is checked; gives its syntax too, so that one can reason about it.
pub(crate) fn compile(text: &str, pinned: Pinned) -> Result<(Hir, Regex), Problem> {
    // Parsed alone first: `a)|(b` must not come to life inside the group that is put around it.
    let mut parser = ParserBuilder::new().nest_limit(MAX_PATTERN_NESTING).build();
    let syntax = parser.parse(text).map_err(|error| misread(text, &error))?;
    let anchored = match pinned {
        Pinned::AtStart => format!("^(?:{text})"),
        Pinned::AtBothEnds => format!("^(?:{text})$"),
    };
    let mut builder = RegexBuilder::new(&anchored);
    builder.size_limit(MAX_PATTERN_MEMORY).dfa_size_limit(MAX_PATTERN_MEMORY);
    let regex = builder.build().map_err(|error| unbuilt(text, &error))?;
    Ok((syntax, regex))
}

fn misread(text: &str, error: &regex_syntax::Error) -> Problem {
    let (what, at) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => (error.to_string(), 0),
    };
    let character = text.get(..at).map_or(0, |before| before.chars().count()) + 1;
    let message = format!("{} is not a regular expression: {what}, at character {character}", quoted(text));
    Problem::new("", message).expected(EXPECTED)
}

fn unbuilt(text: &str, error: &regex::Error) -> Problem {
    let message = match error {
        regex::Error::CompiledTooBig(_) => format!("the pattern {} takes too much memory", quoted(text)),
        // What remains swallows the closing bracket, such as a comment of the `x` flag.
        _ => format!("the pattern {} is not closed at its end", quoted(text)),
    };
    Problem::new("", message).expected(EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        compile(text, Pinned::AtBothEnds).expect_err("a bad pattern").message
    }

    #[test]
    fn problems_say_where() {
        assert_eq!(message("ab(c"), "`ab(c` is not a regular expression: unclosed group, at character 3");
        assert_eq!(
            message("\u{e9}*[z-a]"),
            "`\u{e9}*[z-a]` is not a regular expression: invalid character class range, \
             the start must be <= the end, at character 4"
        );
    }

    #[test]
    fn the_group_around_it_cannot_be_left() {
        assert!(message("a)|(?:b").contains("unopened group"));
        assert_eq!(message("(?x)a # b"), "the pattern `(?x)a # b` is not closed at its end");
    }

    #[test]
    fn size_depth_and_length_are_bounded() {
        assert_eq!(
            message("((a{100}){100}){100}"),
            "the pattern `((a{100}){100}){100}` takes too much memory"
        );
        let depth = MAX_PATTERN_NESTING as usize + 1;
        let deep = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(message(&deep).contains("nest"), "{}", message(&deep));
        let long = check_length(&"a".repeat(MAX_PATTERN_BYTES + 1)).expect_err("too long");
        assert!(long.message.ends_with("has more than 1024 bytes"));
    }
}
