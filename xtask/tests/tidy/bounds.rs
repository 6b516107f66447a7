//! Every bound has a name, and the name lives in its crate's `limits` module.

use crate::rules::{Problem, assert_seen, check};
use crate::source::{Source, close, idents};
use crate::tree::TREE;

/// Types whose constants may be bounds.
const NUMBERS: &str = "usize u8 u16 u32 u64 i32 i64 f64 NonZeroUsize Duration";

/// Calls that take a bound, and the largest number that needs no name there.
const BOUNDED: &[(&str, u64)] =
    &[("with_capacity", 0), ("channel", 0), ("sync_channel", 0), ("take", 1), ("truncate", 0)];

fn is_limits(path: &str) -> bool {
    path.ends_with("/limits.rs") || path.contains("/limits/")
}

fn limit_homes(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| !is_limits(&source.path)) {
        for (at, word) in source.idents().filter(|(at, word)| *word == "const" && !source.in_test(*at)) {
            let behind = source.around(at, word).1;
            let head = &behind[..behind.find(['=', ';']).unwrap_or(behind.len())];
            let name = idents(head).next().map_or("", |(_, name)| name);
            // A name that only passes a limit on is at home anywhere.
            let passed_on = behind.split(';').next().is_some_and(|item| item.contains("limits::"));
            let bound = !passed_on && name.split('_').any(|part| matches!(part, "MAX" | "LIMIT"));
            if bound && idents(head).any(|(_, word)| NUMBERS.split(' ').any(|number| number == word)) {
                problems.push(source.problem("limit-home", at, format!("`{name}`")));
            }
        }
    }
    problems
}

fn literal_bounds(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|s| s.path.starts_with("crates/") && !is_limits(&s.path)) {
        for (at, word) in source.idents().filter(|(at, _)| !source.in_test(*at)) {
            let free = BOUNDED.iter().find(|(name, _)| *name == word).map(|(_, free)| free);
            let number = free.and_then(|_| argument(source.around(at, word).1));
            if number.as_ref() > free {
                problems.push(source.problem("literal-bound", at, format!("a bare number in `{word}`")));
            }
        }
    }
    problems
}

/// The number in `(8)`, `(8usize)` or `::<T>(1_000)`, if that is all there is.
fn argument(rest: &str) -> Option<u64> {
    let open = if rest.starts_with("::<") { rest.find(">(")? + 1 } else { 0 };
    let inside = rest[open..].starts_with('(').then(|| &rest[open + 1..close(rest, open) - 1])?;
    let number = inside.trim().replace('_', "");
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    if number.chars().all(char::is_alphanumeric) { digits.parse().ok() } else { None }
}

#[test]
fn bounds_live_in_limits() {
    check(&["limit-home"], limit_homes(&TREE.sources));
}

#[test]
fn bounds_have_names() {
    check(&["literal-bound"], literal_bounds(&TREE.sources));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_outside_limits_is_seen() {
        let text = "const A_MAX: usize = 1;\nconst NAME: &str = \"\";\npub(crate) const WAIT_LIMIT: Duration = X;\n\
                    const MAX_NAME: &str = \"\";\nconst B_MAX: usize = limits::A_MAX;\n#[cfg(test)]\nmod tests { const B_MAX: u32 = 1; }";
        let sources = [Source::new("crates/c/src/a.rs", text), Source::new("crates/c/src/limits.rs", text)];
        let expected = ["limit-home crates/c/src/a.rs:1", "limit-home crates/c/src/a.rs:3"];
        assert_seen(&limit_homes(&sources), &expected);
    }

    #[test]
    fn a_bare_number_as_bound_is_seen() {
        let text = "Vec::with_capacity(n);\nx.take(1).take(20);\nmpsc::channel::<(u8, u8)>(1_000);\n\
                    s.truncate(LABEL_MAX);\ns.truncate(0);\nString::with_capacity(64usize);\na(20);\n";
        let [ours, yard] = ["crates/c/src/a.rs", "xtask/src/a.rs"].map(|path| Source::new(path, text));
        let expected = [2, 3, 6].map(|line| format!("literal-bound crates/c/src/a.rs:{line}"));
        assert_seen(&literal_bounds(&[ours, yard]), &expected.each_ref().map(String::as_str));
    }
}
