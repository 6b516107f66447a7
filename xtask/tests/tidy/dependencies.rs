//! What a manifest names is used: by the crate's own code or, where only its tests have it, by those.

use crate::imports::{Manifest, entries};
use crate::rules::{Problem, assert_seen, check};
use crate::source::{Source, is_word};
use crate::tree::TREE;

fn unused(manifests: &[Manifest], sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in manifests {
        let folder = path.trim_end_matches("Cargo.toml");
        let own: Vec<&Source> = sources.iter().filter(|source| source.path.starts_with(folder)).collect();
        for (line, name, dev) in entries(text) {
            let word = name.replace('-', "_");
            let uses: Vec<bool> = own.iter().flat_map(|source| uses(source, &word)).collect();
            let what = match uses.iter().all(|in_test| *in_test) {
                true if uses.is_empty() => format!("`{name}` is used nowhere"),
                true if !dev => format!("`{name}` is used by tests alone"),
                _ => continue,
            };
            problems.push(Problem::new("dependency-use", path, line, what));
        }
    }
    problems
}

/// Workspace dependencies that no member takes.
fn untaken(root: &str, manifests: &[Manifest]) -> Vec<Problem> {
    let taken =
        |name: &str| manifests.iter().any(|(_, text)| entries(text).iter().any(|(_, own, _)| *own == name));
    let left = entries(root).into_iter().filter(|(_, name, _)| !taken(name));
    left.map(|(line, name, _)| {
        Problem::new("dependency-use", "Cargo.toml", line, format!("`{name}` has no taker"))
    })
    .collect()
}

/// Where a file enters a crate, by a path or by `use name`: for each place, whether it is test code.
fn uses<'a>(source: &'a Source, name: &'a str) -> impl Iterator<Item = bool> + 'a {
    let places = source.idents().filter(move |(at, word)| {
        let (before, behind) = source.around(*at, word);
        // `crate::name::x` is a module of ours, `::name::x` is the crate.
        let root = before.strip_suffix("::").is_none_or(|before| !before.ends_with(is_word));
        let imported = before.ends_with("use ") && (behind.starts_with(';') || behind.starts_with(" as "));
        *word == name && root && (behind.starts_with("::") || imported)
    });
    places.map(|(at, _)| source.in_test(at))
}

#[test]
fn what_a_manifest_names_is_used() {
    let manifests = TREE.manifests();
    let mut problems = unused(&manifests, &TREE.sources);
    problems.extend(untaken(TREE.text("Cargo.toml").unwrap_or_default(), &manifests));
    check(&["dependency-use"], problems);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_that_no_code_names_is_seen() {
        let manifest = "[dependencies]\nserde-x.workspace = true\nb = \"1\"\nc = \"1\"\nd = \"1\"\ne = \"1\"\n\
                        [dev-dependencies]\nf = \"1\"\ng = \"1\"\n";
        let manifests = [("crates/a/Cargo.toml", manifest)];
        let sources = [
            Source::new(
                "crates/a/src/x.rs",
                "// b::c\nuse crate::b::C;\n#[derive(serde_x::D)]\nuse c as z;\n",
            ),
            Source::new("crates/a/src/y.rs", "use ::d::{x};\n#[cfg(test)]\nmod tests { use e::E; }\n"),
            Source::new("crates/a/tests/it/main.rs", "use f;\nfn g() {}"),
            Source::new("crates/other/src/x.rs", "use g::G;\nuse b::B;"),
        ];
        let seen = unused(&manifests, &sources);
        let expected = [
            "dependency-use crates/a/Cargo.toml:3",
            "dependency-use crates/a/Cargo.toml:6",
            "dependency-use crates/a/Cargo.toml:9",
        ];
        assert_seen(&seen, &expected);
        assert!(seen[1].to_string().contains("by tests alone"), "{}", seen[1]);
    }

    #[test]
    fn a_workspace_dependency_without_a_taker_is_seen() {
        let root =
            "[workspace]\nmembers = []\n[workspace.dependencies]\n# Why.\na = \"1\"\n# Why.\nb = \"1\"\n";
        let manifests = [("crates/x/Cargo.toml", "[dev-dependencies]\nb.workspace = true\n")];
        assert_seen(&untaken(root, &manifests), &["dependency-use Cargo.toml:5"]);
    }
}
