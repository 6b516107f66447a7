//! Tests run everywhere, wait for nothing, and assert something; nothing is left unfinished.

use crate::rules::{Problem, assert_seen, check};
use crate::source::{Function, Source, idents};
use crate::tree::TREE;

fn ignored_tests(sources: &[Source]) -> Vec<Problem> {
    hits("ignored-test", sources, |source, at, word| {
        word == "ignore" && source.around(at, word).0.ends_with("#[")
    })
}

fn unfinished(sources: &[Source]) -> Vec<Problem> {
    hits("unfinished", sources, |source, at, word| {
        matches!(word, "todo" | "unimplemented") && source.around(at, word).1.starts_with('!')
    })
}

fn sleeps(sources: &[Source]) -> Vec<Problem> {
    hits("sleep", sources, |source, at, word| {
        let (before, behind) = source.around(at, word);
        let path = before.ends_with("thread::") || before.ends_with("time::");
        let call = behind.starts_with('(') && !before.ends_with('.') && !before.ends_with("fn ");
        word == "sleep" && source.in_test(at) && (call || path)
    })
}

fn hits(
    rule: &'static str,
    sources: &[Source],
    marks: impl Fn(&Source, usize, &str) -> bool,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources {
        let found = source.idents().filter(|(at, word)| marks(source, *at, word));
        problems.extend(found.map(|(at, word)| source.problem(rule, at, format!("`{word}`"))));
    }
    problems
}

fn assertion_free(accepted: &[String], sources: &[Source]) -> Vec<Problem> {
    let asserts = |name: &str| {
        let tails = accepted.iter().filter_map(|word| name.strip_prefix(word.as_str()));
        tails.into_iter().any(|tail| tail.is_empty() || tail.starts_with('_'))
    };
    let mut problems = Vec::new();
    for source in sources {
        for test in source.functions().iter().filter(|function| is_test(function)) {
            if !test.attributes.contains("should_panic") && !calls(test.body).any(asserts) {
                problems.push(source.problem("assertion-free", test.at, format!("`{}`", test.name)));
            }
        }
    }
    problems
}

fn is_test(function: &Function) -> bool {
    ["#[test]", "::test]", "::test("].iter().any(|mark| function.attributes.contains(mark))
}

/// Names that are called in a body, macros included, attributes not.
fn calls(body: &str) -> impl Iterator<Item = &str> {
    let called = idents(body).filter(|(at, word)| {
        let behind = &body[at + word.len()..];
        !body[..*at].ends_with("#[") && ["(", "!", "::<"].iter().any(|next| behind.starts_with(next))
    });
    called.map(|(_, word)| word)
}

#[test]
fn every_test_runs() {
    check(&["ignored-test"], ignored_tests(&TREE.sources));
}

#[test]
fn nothing_is_unfinished() {
    check(&["unfinished"], unfinished(&TREE.sources));
}

#[test]
fn no_test_sleeps() {
    check(&["sleep"], sleeps(&TREE.sources));
}

#[test]
fn every_test_asserts() {
    check(&["assertion-free"], assertion_free(&TREE.settings.assertions, &TREE.sources));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_is_seen() {
        let sources = [Source::new("a.rs", "fn ignore() {}\n#[test]\n#[ignore = \"slow\"]\nfn a() {}")];
        assert_seen(&ignored_tests(&sources), &["ignored-test a.rs:3"]);
    }

    #[test]
    fn unfinished_code_is_seen() {
        let sources =
            [Source::new("a.rs", "// todo!()\nfn a() { todo!() }\nfn b() { unimplemented!(\"x\") }")];
        assert_seen(&unfinished(&sources), &["unfinished a.rs:2", "unfinished a.rs:3"]);
    }

    #[test]
    fn a_sleep_in_a_test_is_seen() {
        let text =
            "std::thread::sleep(D);\nuse tokio::time::sleep;\nsleep(D);\nclock.sleep(D);\nfn sleep() {}";
        let sources = [Source::new("src/a.rs", text), Source::new("tests/it/a.rs", text)];
        let expected = ["sleep tests/it/a.rs:1", "sleep tests/it/a.rs:2", "sleep tests/it/a.rs:3"];
        assert_seen(&sleeps(&sources), &expected);
    }

    #[test]
    fn a_test_without_assertion_is_seen() {
        let text = "#[test]\nfn a() { run(); #[expect(x)] y(); }\n#[tokio::test(flavor = \"m\")]\nasync fn b() { checked() }\n\
                    #[test]\nfn c() { assert_eq!(1, 1) }\n#[test]\nfn d() { check_all(1) }\nfn e() {}\n";
        let accepted = ["assert", "check", "expect"].map(String::from);
        let seen = assertion_free(&accepted, &[Source::new("a.rs", text)]);
        assert_seen(&seen, &["assertion-free a.rs:2", "assertion-free a.rs:4"]);
    }
}
