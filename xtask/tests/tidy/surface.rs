//! What a library crate shows: explicit names only, equal to its golden list, and few.

use crate::rules::{Problem, assert_seen, check};
use crate::source::{Source, idents};
use crate::tree::{TREE, crate_of, update};

const ITEMS: &str = "fn struct enum trait type const static union";

/// The exported names of a `lib.rs`, sorted, and the exports that have no explicit name.
fn exports(lib: &Source) -> (Vec<&str>, Vec<Problem>) {
    let (mut names, mut problems) = (Vec::new(), Vec::new());
    for (at, word) in lib.idents().filter(|(at, word)| *word == "pub" && !lib.in_test(*at)) {
        let (before, behind) = lib.around(at, word);
        if behind.trim_start().starts_with('(') || before.matches('{').count() > before.matches('}').count() {
            continue;
        }
        let mut words = idents(behind).map(|(_, word)| word).skip_while(|w| matches!(*w, "unsafe" | "async"));
        let (item, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let path = &behind[..behind.find(';').unwrap_or(behind.len())];
        match item {
            "use" if path.contains('*') => problems.push(lib.problem("surface", at, "a glob re-export")),
            "use" => names.extend(branches(path).into_iter().flat_map(leaf)),
            _ if item == "const" && name == "fn" => names.extend(words.next()),
            _ if ITEMS.split(' ').any(|known| known == item) => names.push(name),
            _ => problems.push(lib.problem("surface", at, format!("`pub {item} {name}`"))),
        }
    }
    names.sort_unstable();
    (names, problems)
}

/// The last word of a use path: the name that it brings in.
fn leaf(path: &str) -> Option<&str> {
    idents(path).last().map(|(_, name)| name)
}

/// A use tree cut at its brackets and commas. What stands before a bracket ends in `::` and brings in nothing.
fn branches(tree: &str) -> Vec<&str> {
    tree.split(['{', ',', '}']).filter(|path| !path.trim_end().ends_with("::")).collect()
}

fn surface(lib: &Source, golden: &str, cap: Option<usize>) -> Vec<Problem> {
    let (names, mut problems) = exports(lib);
    let known: Vec<&str> = golden.lines().collect();
    let added = names.iter().filter(|name| !known.contains(name)).map(|name| format!("new name `{name}`"));
    let gone = known.iter().filter(|name| !names.contains(name)).map(|name| format!("lost name `{name}`"));
    problems.extend(added.chain(gone).map(|what| lib.problem("surface", 0, what)));
    if cap.is_none_or(|cap| names.len() > cap) {
        let what = format!("{} names, tidy.toml allows {cap:?}", names.len());
        problems.push(lib.problem("surface-cap", 0, what));
    }
    problems
}

#[test]
fn libraries_show_what_they_list() {
    let libs =
        TREE.sources.iter().filter(|s| s.path.starts_with("crates/") && s.path.ends_with("/src/lib.rs"));
    let problems = libs.flat_map(|lib| {
        let name = crate_of(&lib.path);
        let golden = format!("xtask/tests/tidy/golden/{name}.names");
        let text = exports(lib).0.join("\n") + "\n";
        let listed = if update(&golden, &text) { Some(text.as_str()) } else { TREE.text(&golden) };
        surface(lib, listed.unwrap_or_default().trim(), TREE.settings.surface.get(name).copied())
    });
    check(&["surface", "surface-cap"], problems.collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_items_and_use_trees() {
        let text = "pub use a::{b::{C, d as D}, E,};\npub(crate) use x::Y;\nmod z { pub struct In; }\npub const fn f() {}\n\
                    pub use g::H;\npub enum I {}\npub const J: u8 = 1;";
        assert_eq!(exports(&Source::new("lib.rs", text)).0, ["C", "D", "E", "H", "I", "J", "f"]);
    }

    #[test]
    fn public_modules_globs_and_unlisted_names_are_seen() {
        let lib = Source::new("lib.rs", "pub mod a;\npub use b::*;\npub use c::{New, Old};");
        let expected = [
            "surface lib.rs:1",
            "surface lib.rs:2",
            "surface lib.rs:1",
            "surface lib.rs:1",
            "surface-cap lib.rs:1",
        ];
        assert_seen(&surface(&lib, "Old\nGone", Some(1)), &expected);
        assert_seen(&surface(&lib, "New\nOld", None)[2..], &["surface-cap lib.rs:1"]);
    }
}
