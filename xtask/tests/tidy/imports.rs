//! Who may import whom: crates along their line, stages along theirs, and dependencies only where they belong.

use std::collections::BTreeMap;

use crate::rules::{Problem, assert_seen, check};
use crate::source::{Source, close, idents, is_word};
use crate::tree::{Lists, TREE, crate_of};

/// A manifest: its path and its text.
pub(crate) type Manifest<'a> = (&'a str, &'a str);

/// An entry of a manifest's dependency tables: its line, its name, and whether only tests have it.
pub(crate) type Entry<'a> = (usize, &'a str, bool);

pub(crate) fn entries(manifest: &str) -> Vec<Entry<'_>> {
    let (mut table, mut found) = ("", Vec::new());
    for (at, line) in manifest.lines().map(str::trim).enumerate() {
        let word = line.split([' ', '.', '=']).next().unwrap_or_default();
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
        }
        // `[dependencies.x]` is an entry by itself.
        let name = match table.split_once("dependencies.") {
            Some((_, name)) if line.starts_with('[') => name,
            None if table.ends_with("dependencies") && word.starts_with(is_word) => word,
            _ => continue,
        };
        found.push((at + 1, name, table.contains("dev-dependencies")));
    }
    found
}

fn crate_line(order: &[String], manifests: &[Manifest]) -> Vec<Problem> {
    let rank = |name: &str| order.iter().position(|known| known == name);
    let mut problems = Vec::new();
    for (path, text) in manifests {
        let own = crate_of(path);
        for (line, name, dev) in entries(text) {
            let wrong = match (rank(own), rank(name)) {
                (Some(own), Some(other)) => other >= own && !dev,
                (None, Some(_)) => own != "xtask",
                _ => name == "xtask",
            };
            if wrong {
                problems.push(Problem::new("crate-line", path, line, format!("`{own}` depends on `{name}`")));
            }
        }
    }
    problems
}

fn confined(rooms: &Lists, manifests: &[Manifest], sources: &[Source]) -> Vec<Problem> {
    let astray = |name: &str, path: &str| {
        let room = rooms.get(name);
        room.is_some_and(|crates| !crates.iter().any(|known| known == crate_of(path)))
    };
    let mut problems = Vec::new();
    for (path, text) in manifests {
        let strangers = entries(text).into_iter().filter(|(_, name, _)| astray(name, path));
        problems.extend(
            strangers.map(|(line, name, _)| Problem::new("confined", path, line, format!("`{name}`"))),
        );
    }
    for source in sources {
        for (at, word) in source.idents() {
            let (before, behind) = source.around(at, word);
            let head = behind.starts_with("::") && !before.ends_with("::");
            if head && astray(&word.replace('_', "-"), &source.path) {
                problems.push(source.problem("confined", at, format!("`{word}`")));
            }
        }
    }
    problems
}

fn forbidden(lists: &Lists, sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (folder, words) in lists {
        for source in sources.iter().filter(|source| source.path.starts_with(folder)) {
            let found = words.iter().flat_map(|word| source.code.match_indices(word));
            for (at, word) in found {
                let (before, behind) = source.around(at, word);
                if !before.ends_with(is_word) && !behind.starts_with(is_word) {
                    problems.push(source.problem("forbidden", at, format!("`{word}`")));
                }
            }
        }
    }
    problems
}

fn stage_line(folder: &str, stages: &[String], sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with(folder)) {
        let inside = source.path[folder.len()..].trim_end_matches(".rs");
        let module: Vec<&str> = inside.split('/').filter(|part| *part != "mod").collect();
        let own = stages.iter().position(|stage| module.first() == Some(&stage.as_str()));
        let later = own.map_or(&[][..], |own| &stages[own + 1..]);
        let roots = ["crate::".to_owned(), "super::".repeat(module.len())];
        for (at, root) in roots.iter().flat_map(|root| source.code.match_indices(root)) {
            let (before, behind) = source.around(at, root);
            if before.ends_with(is_word) || before.ends_with("::") || source.in_test(at) {
                continue;
            }
            for name in first_names(behind).into_iter().filter(|name| later.iter().any(|stage| stage == name))
            {
                problems.push(source.problem("stage-line", at, format!("`{}` imports `{name}`", module[0])));
            }
        }
    }
    problems
}

/// The modules that a path behind `crate::` enters: one, or each branch of `{a::b, c}`.
fn first_names(rest: &str) -> Vec<&str> {
    if !rest.starts_with('{') {
        return idents(rest).next().map(|(_, name)| name).into_iter().collect();
    }
    let group = &rest[1..close(rest, 0)];
    let (mut at, mut names) = (0, Vec::new());
    while let Some((gap, name)) = idents(&group[at..]).next() {
        names.push(name);
        at += gap;
        while at < group.len() && !group[at..].starts_with(',') {
            at = close(group, at);
        }
    }
    names
}

fn test_binaries(sources: &[Source]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for source in sources {
        let parts: Vec<&str> = source.path.trim_start_matches("crates/").split('/').collect();
        let binary = matches!(parts[..], [_, "tests", _] | [_, "tests", _, "main.rs"]);
        if binary && let Some(other) = first.insert(parts[0], &source.path) {
            problems.push(source.problem("one-test-binary", 0, format!("a second one beside `{other}`")));
        }
    }
    problems
}

#[test]
fn crates_import_to_the_left() {
    check(&["crate-line"], crate_line(&TREE.settings.crates, &TREE.manifests()));
}

#[test]
fn stages_import_to_the_left() {
    check(&["stage-line"], stage_line("crates/alertkube-core/src/", &TREE.settings.stages, &TREE.sources));
}

#[test]
fn dependencies_stay_in_their_rooms() {
    check(&["confined"], confined(&TREE.settings.confined, &TREE.manifests(), &TREE.sources));
    check(&["forbidden"], forbidden(&TREE.settings.forbidden, &TREE.sources));
}

#[test]
fn each_crate_has_one_integration_test_binary() {
    check(&["one-test-binary"], test_binaries(&TREE.sources));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_import_to_the_right_is_seen() {
        let core = "[dependencies]\na.workspace = true\nz = { path = \"z\" }\n[dev-dependencies]\nz = \"1\"";
        let manifests = [
            ("crates/c/Cargo.toml", core),
            ("crates/z/Cargo.toml", "[dependencies.xtask]\npath = \"x\""),
            ("crates/new/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nc = \"1\""),
        ];
        let seen = crate_line(&words(&["a", "c", "z"]), &manifests);
        let expected = [
            "crate-line crates/c/Cargo.toml:3",
            "crate-line crates/z/Cargo.toml:1",
            "crate-line crates/new/Cargo.toml:2",
        ];
        assert_seen(&seen, &expected);
    }

    #[test]
    fn a_dependency_outside_its_room_is_seen() {
        let rooms = BTreeMap::from([("k8s-openapi".to_owned(), words(&["shell"]))]);
        let manifests = [("crates/c/Cargo.toml", "[dependencies]\nk8s-openapi = \"1\"")];
        let sources = [
            Source::new("crates/c/src/a.rs", "use crate::k8s_openapi::A;\nuse k8s_openapi::B;"),
            Source::new("crates/shell/src/a.rs", "use k8s_openapi::B;"),
        ];
        let seen = confined(&rooms, &manifests, &sources);
        assert_seen(&seen, &["confined crates/c/Cargo.toml:2", "confined crates/c/src/a.rs:2"]);
    }

    #[test]
    fn a_forbidden_word_is_seen() {
        let lists = BTreeMap::from([("c/".to_owned(), words(&["std::env", "Instant"]))]);
        let sources = [Source::new("c/a.rs", "fn Instants() {}\nuse std::env;\n// Instant\nInstant::now()")];
        assert_seen(&forbidden(&lists, &sources), &["forbidden c/a.rs:2", "forbidden c/a.rs:4"]);
    }

    #[test]
    fn a_later_stage_is_seen_however_it_is_spelt() {
        let stages = words(&["watch", "detect", "route"]);
        let sources = [
            Source::new(
                "src/detect/pod/x.rs",
                "use crate::{alert::{route, A}, route::B, watch};\nsuper::route();",
            ),
            Source::new("src/detect/mod.rs", "use super::watch::A;\nfn a() { super::route::b() }"),
            Source::new("src/route.rs", "use crate::detect;\n#[cfg(test)]\nmod tests { use crate::watch; }"),
        ];
        let seen = stage_line("src/", &stages, &sources);
        assert_seen(&seen, &["stage-line src/detect/pod/x.rs:1", "stage-line src/detect/mod.rs:2"]);
    }

    #[test]
    fn a_second_test_binary_is_seen() {
        let paths = ["crates/c/tests/it/main.rs", "crates/c/tests/it/a.rs", "crates/c/tests/more.rs"];
        let sources = paths.map(|path| Source::new(path, ""));
        assert_seen(&test_binaries(&sources), &["one-test-binary crates/c/tests/more.rs:1"]);
    }
}
