//! The list of rules, what breaking one looks like, and the exceptions that `tidy.toml` may grant.

use std::fmt;

use serde::Deserialize;

use crate::tree::TREE;

/// All rules, each with the mend for what breaks it; CONTRIBUTING.md must name each of them.
const RULES: &str = "\
crate-line: import only crates to the left; move the code, or write an ADR
stage-line: pass the value down the line; what two stages share lives outside both
confined: keep this dependency in the crates that tidy.toml names
forbidden: the core is told what it needs: time, bytes and settings are arguments
one-test-binary: make it a module of tests/it/main.rs
limit-home: move the constant to the crate's limits.rs
literal-bound: name the bound in the crate's limits.rs and use the name
file-size: split the file along its ideas
function-size: keep the lint at its figure and split the function
surface: name each export in lib.rs; if it is wanted, rewrite the golden list with UPDATE=1
surface-cap: hide a name; a higher cap in tidy.toml is argued for in the commit
names: name the thing by what it does in the domain
opening: open the file with one `//!` sentence
ignored-test: make the test run everywhere, or move it to the end-to-end tier
unfinished: finish it, or refuse the case by name
sleep: wait for a condition, or use virtual time
assertion-free: assert something; a check function begins with a word of tidy.toml `assertions`
licence: drop the package, or argue for the licence in tidy.toml
source: use a released version from the crates index
duplicate: align the versions, or give the reason in tidy.toml
dependency-reason: say on the line above the entry why it is there
dependency-use: drop the entry, or move it to dev-dependencies; for features alone, give the reason in tidy.toml
home-path: use a path relative to the repository
adr: number decision records from 0001 without gaps and link each from docs/adr/README.md
doc-size: move detail to docs/
required-file: write the file
newline: end the file with a newline
rule-listed: name the rule in CONTRIBUTING.md
exception: remove the exception, or correct its rule, place and reason
";

fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.lines().filter_map(|line| line.split_once(": "))
}

/// One place that breaks one rule.
#[derive(Debug)]
pub(crate) struct Problem {
    rule: &'static str,
    at: String,
    line: usize,
    what: String,
}

impl Problem {
    /// `at` is a path or a package; `line` counts from 1, and is 0 for the whole file.
    pub(crate) fn new(rule: &'static str, at: &str, line: usize, what: impl Into<String>) -> Problem {
        let (at, what) = (at.to_owned(), what.into());
        Problem { rule, at, line, what }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { rule, at, line, what } = self;
        let mend = rules().find(|(name, _)| name == rule).map_or("", |(_, mend)| mend);
        write!(f, "{at}:{line}: [{rule}] {what}; mend: {mend}")
    }
}

/// A reasoned exception of `tidy.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    rule: String,
    /// A path, a folder that ends in `/`, or a package.
    at: String,
    /// Only problems that speak of this name, where one is given.
    name: Option<String>,
    reason: String,
}

impl Exception {
    fn covers(&self, problem: &Problem) -> bool {
        let here = self.at == problem.at || self.at.ends_with('/') && problem.at.starts_with(&self.at);
        let speaks = |name: &String| problem.what.contains(&format!("`{name}`"));
        self.rule == problem.rule && here && self.name.as_ref().is_none_or(speaks)
    }

    fn spoiled(&self, why: &str) -> Problem {
        Problem::new("exception", "tidy.toml", 0, format!("`{}` at `{}` {why}", self.rule, self.at))
    }
}

/// Fails with every problem that no exception covers; `rules` are those that the caller has just looked at, so
/// that an exception of theirs which covers nothing is a problem too.
pub(crate) fn check(rules: &[&str], problems: Vec<Problem>) {
    let left = unexcused(&TREE.settings.exceptions, rules, problems);
    let lines: Vec<String> = left.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} broken house rules:\n{}\n", lines.len(), lines.join("\n"));
}

fn unexcused(exceptions: &[Exception], rules: &[&str], mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut stale = Vec::new();
    for exception in exceptions.iter().filter(|e| rules.contains(&e.rule.as_str())) {
        let before = problems.len();
        problems.retain(|problem| !exception.covers(problem));
        if problems.len() == before {
            stale.push(exception.spoiled("covers nothing any more"));
        }
    }
    problems.extend(stale);
    problems
}

fn malformed(exceptions: &[Exception]) -> Vec<Problem> {
    let known = |e: &Exception| rules().any(|(name, _)| name == e.rule);
    let argued = |e: &Exception| e.reason.split_whitespace().count() > 2;
    let bad = exceptions.iter().filter(|e| !known(e) || !argued(e));
    bad.map(|e| e.spoiled("has no such rule, or no reason")).collect()
}

fn unlisted(contributing: &str) -> Vec<Problem> {
    let missing = rules().map(|(name, _)| format!("`{name}`")).filter(|name| !contributing.contains(name));
    missing.map(|name| Problem::new("rule-listed", "CONTRIBUTING.md", 0, format!("no {name}"))).collect()
}

/// Holds what a bad sample gives against `rule place:line` lines.
pub(crate) fn assert_seen(problems: &[Problem], expected: &[&str]) {
    let brief = |p: &Problem| format!("{} {}:{}", p.rule, p.at, p.line);
    assert_eq!(problems.iter().map(brief).collect::<Vec<_>>(), expected);
    let listed = |p: &Problem| rules().any(|(name, _)| name == p.rule);
    assert!(problems.iter().all(listed), "a rule that rules.rs does not list");
}

#[test]
fn exceptions_are_sound() {
    check(&[], malformed(&TREE.settings.exceptions));
}

#[test]
fn contributing_names_every_rule() {
    check(&["rule-listed"], TREE.text("CONTRIBUTING.md").map_or_else(Vec::new, unlisted));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(rule: &str, at: &str, reason: &str) -> Exception {
        let [rule, at, reason] = [rule, at, reason].map(String::from);
        Exception { rule, at, name: Some("a".into()), reason }
    }

    #[test]
    fn an_exception_covers_its_own_problem_and_no_other() {
        let exceptions = [exception("names", "x/", "a good reason")];
        let problem = |line, what| Problem::new("names", "x/a.rs", line, what);
        let left = unexcused(&exceptions, &["names"], vec![problem(1, "`a`"), problem(2, "`b`")]);
        assert_seen(&left, &["names x/a.rs:2"]);
    }

    #[test]
    fn a_stale_or_reasonless_exception_is_seen() {
        let exceptions = [exception("names", "x/", "a good reason"), exception("nonsense", "x", "")];
        assert_seen(&unexcused(&exceptions, &["names"], Vec::new()), &["exception tidy.toml:0"]);
        assert_seen(&malformed(&exceptions), &["exception tidy.toml:0"]);
    }

    #[test]
    fn an_unlisted_rule_is_seen() {
        assert_eq!(unlisted("only `names`").len(), rules().count() - 1);
    }
}
