//! What we build on: licences, where packages come from, versions that are there twice, and why each is there.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::rules::{Problem, assert_seen, check};
use crate::source::is_word;
use crate::tree::{TREE, metadata};

/// The one source beside the workspace itself, as the lock file spells it.
const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct Graph {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

fn graph(json: &str) -> Graph {
    serde_json::from_str(json).expect("cargo metadata prints the graph")
}

fn licences(allowed: &[String], graph: &Graph) -> Vec<Problem> {
    let good =
        |package: &Package| package.license.as_ref().is_some_and(|licence| is_allowed(allowed, licence));
    let bad = graph.packages.iter().filter(|package| !good(package));
    bad.map(|p| Problem::new("licence", &p.name, 0, format!("{:?}", p.license))).collect()
}

/// Whether an SPDX expression (or the old `A/B`) can be satisfied from the list.
fn is_allowed(allowed: &[String], expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(allowed, &mut words) && words.next().is_none()
}

type Words<'a, 'b> = &'b mut std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(allowed: &[String], words: Words) -> bool {
    let mut held = all_of(allowed, words);
    while words.next_if_eq(&"OR").is_some() {
        held |= all_of(allowed, words);
    }
    held
}

fn all_of(allowed: &[String], words: Words) -> bool {
    let mut held = one(allowed, words);
    while words.next_if_eq(&"AND").is_some() {
        held &= one(allowed, words);
    }
    held
}

fn one(allowed: &[String], words: Words) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        return any_of(allowed, words) & words.next_if_eq(&")").is_some();
    }
    let name = match words.next_if_eq(&"WITH") {
        Some(_) => format!("{word} WITH {}", words.next().unwrap_or_default()),
        None => word.to_owned(),
    };
    allowed.contains(&name)
}

fn sources(graph: &Graph) -> Vec<Problem> {
    let strange = |package: &Package| package.source.as_ref().is_some_and(|source| source != INDEX);
    let strange = graph.packages.iter().filter(|package| strange(package));
    strange.map(|p| Problem::new("source", &p.name, 0, format!("{:?}", p.source))).collect()
}

/// Packages that the binary builds with in more than one version; dev and build dependencies do not count.
fn duplicates(binary: &str, graph: &Graph) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let packages: BTreeMap<&str, &Package> = graph.packages.iter().map(|p| (p.id.as_str(), p)).collect();
    let nodes: BTreeMap<&str, &Node> = graph.resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    let roots = graph.packages.iter().filter(|package| package.name == binary);
    let mut open: Vec<&str> = roots.map(|package| package.id.as_str()).collect();
    while let Some(node) = open.pop().map(|id| nodes.get(id)) {
        if let Some(node) = node.filter(|node| seen.insert(node.id.as_str())) {
            let normal =
                node.deps.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            open.extend(normal.map(|edge| edge.pkg.as_str()));
        }
    }
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in seen.iter().map(|id| packages[id]) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let twice = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    twice.map(|(name, versions)| Problem::new("duplicate", name, 0, versions.join(", "))).collect()
}

fn reasons(manifest: &str) -> Vec<Problem> {
    let (mut table, mut above, mut problems) = ("", "", Vec::new());
    for (at, line) in manifest.lines().enumerate() {
        let entry = line.starts_with(is_word) && !line.contains("path = ");
        if line.starts_with('[') {
            table = line;
        } else if entry && table == "[workspace.dependencies]" && !above.starts_with("# ") {
            problems.push(Problem::new("dependency-reason", "Cargo.toml", at + 1, line));
        }
        above = line;
    }
    problems
}

#[test]
fn packages_are_ours_to_use() {
    let graph = graph(&metadata());
    check(&["licence"], licences(&TREE.settings.licences, &graph));
    check(&["source"], sources(&graph));
    check(&["duplicate"], duplicates("alertkube", &graph));
}

#[test]
fn dependencies_say_why() {
    check(&["dependency-reason"], reasons(TREE.text("Cargo.toml").unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{
        "packages": [
            { "id": "app", "name": "app", "version": "1", "license": "MIT", "source": null },
            { "id": "a1", "name": "a", "version": "1", "license": "GPL-3.0", "source": "git+somewhere" },
            { "id": "a2", "name": "a", "version": "2", "license": null, "source": null },
            { "id": "b1", "name": "b", "version": "1", "license": "MIT/GPL-3.0", "source": null },
            { "id": "b2", "name": "b", "version": "2", "license": "MIT AND ISC", "source": null }
        ],
        "resolve": { "nodes": [
            { "id": "app", "deps": [
                { "pkg": "a1", "dep_kinds": [{ "kind": null }] },
                { "pkg": "b1", "dep_kinds": [{ "kind": "dev" }, { "kind": null }] },
                { "pkg": "b2", "dep_kinds": [{ "kind": "dev" }] }
            ] },
            { "id": "a1", "deps": [{ "pkg": "a2", "dep_kinds": [{ "kind": null }] }] },
            { "id": "a2", "deps": [] }, { "id": "b1", "deps": [] }, { "id": "b2", "deps": [] }
        ] }
    }"#;

    #[test]
    fn foreign_licences_sources_and_duplicates_are_seen() {
        let graph = graph(SAMPLE);
        assert_seen(&licences(&["MIT".to_owned()], &graph), &["licence a:0", "licence a:0", "licence b:0"]);
        assert_seen(&sources(&graph), &["source a:0"]);
        assert_seen(&duplicates("app", &graph), &["duplicate a:0"]);
    }

    #[test]
    fn licence_expressions_are_judged_whole() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(String::from);
        let judge = |expression: &str| is_allowed(&allowed, expression);
        for good in [
            "MIT OR X",
            "X / MIT",
            "(X OR MIT) AND ISC",
            "X OR MIT AND ISC",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(judge(good), "{good}");
        }
        for bad in ["", "X", "MIT AND X", "(X OR MIT) AND X", "Apache-2.0", "(MIT", "MIT)", "MIT WITH X"] {
            assert!(!judge(bad), "{bad}");
        }
    }

    #[test]
    fn a_dependency_without_reason_is_seen() {
        let text =
            "[workspace.dependencies]\nown = { path = \"x\" }\n# Why.\na = \"1\"\nb = \"1\"\n[x]\nc = 1";
        assert_seen(&reasons(text), &["dependency-reason Cargo.toml:5"]);
    }
}
