//! Names say what a thing does, and each file says it in its first line.

use crate::rules::{Problem, assert_seen, check};
use crate::source::Source;
use crate::tree::TREE;

const NAMED: &[&str] = &["mod", "struct", "enum", "trait", "type", "union", "fn"];

/// `ServiceAccount` and `service_account` are both `service account`.
fn spaced(name: &str) -> String {
    let mut spaced = String::new();
    for c in name.chars() {
        match c {
            _ if c.is_uppercase() => spaced.extend([' ', c]),
            _ if c.is_alphanumeric() => spaced.push(c),
            _ => spaced.push(' '),
        }
    }
    spaced.to_lowercase().trim_start().to_owned()
}

/// Allowed phrases are cut out before the words that are left are judged.
fn banned_names(banned: &[String], allowed: &[String], sources: &[Source]) -> Vec<Problem> {
    let left = |name: &str| allowed.iter().fold(spaced(name), |left, phrase| left.replace(phrase, " "));
    let mut problems = Vec::new();
    for source in sources {
        let idents: Vec<(usize, &str)> = source.idents().collect();
        let items = idents.windows(2).filter(|pair| NAMED.contains(&pair[0].1)).map(|pair| pair[1]);
        let parts = source.path.split('/').map(|part| (0, part.trim_end_matches(".rs")));
        for (at, name) in parts.chain(items) {
            if left(name).split_whitespace().any(|word| banned.iter().any(|known| known == word)) {
                problems.push(source.problem("names", at, format!("`{name}`")));
            }
        }
    }
    problems
}

fn openings(sources: &[Source]) -> Vec<Problem> {
    let silent = sources.iter().filter(|source| !source.text.starts_with("//! "));
    silent.map(|source| source.problem("opening", 0, "does not say what it is")).collect()
}

#[test]
fn names_say_what_things_do() {
    check(&["names"], banned_names(&TREE.settings.banned_names, &TREE.settings.allowed_names, &TREE.sources));
}

#[test]
fn files_open_with_what_they_are() {
    check(&["opening"], openings(&TREE.sources));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_word_is_seen_in_every_spelling() {
        let text = "struct PodManager;\nfn utility() {}\nfn time_util() {}\nlet helper = 1;\nmod helper;\nfn pod_manager_key() {}";
        let sources = [Source::new("src/common/a.rs", text), Source::new("src/pod_util.rs", "")];
        let banned = ["manager", "util", "helper", "common"].map(String::from);
        let expected =
            ["a.rs:1", "a.rs:1", "a.rs:3", "a.rs:5"].map(|place| format!("names src/common/{place}"));
        let mut expected = expected.each_ref().map(String::as_str).to_vec();
        expected.push("names src/pod_util.rs:1");
        assert_seen(&banned_names(&banned, &["pod manager key".to_owned()], &sources), &expected);
    }

    #[test]
    fn a_file_without_opening_is_seen() {
        let sources = [Source::new("a.rs", "//! A thing.\n"), Source::new("b.rs", "// B.\n//! B.")];
        assert_seen(&openings(&sources), &["opening b.rs:1"]);
    }
}
