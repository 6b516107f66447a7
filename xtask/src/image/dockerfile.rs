//! The Dockerfile, read and held against the one list.

use std::collections::BTreeMap;

use super::contents::{PATH, PORT, PROGRAM, Source, USER, contents};

const DOCKERFILE: &str = include_str!("../../../Dockerfile");
const TOOLCHAIN: &str = include_str!("../../../rust-toolchain.toml");
/// Where the first stage builds, and where the second one lays out what the image is made of.
const BUILT: &str = "/src/target/dist/alertkube";
const ROOT: &str = "/image";

/// Its instructions with the defaults of their arguments filled in, comments left out and lines joined.
fn instructions(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut arguments: Vec<(String, String)> = Vec::new();
    let mut all = Vec::new();
    for line in lines {
        let filled = arguments.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value));
        match filled.strip_prefix("ARG ").and_then(|words| words.split_once('=')) {
            Some((name, value)) => arguments.push((format!("${name}"), value.to_owned())),
            None => all.push(filled.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
    all
}

/// What it puts where.
fn files(text: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for instruction in instructions(text) {
        let mut words = instruction.split(' ');
        let verb = words.next();
        let words: Vec<&str> = words.collect();
        let (from, to) = match (verb, words.as_slice()) {
            (Some("COPY"), ["--from=build", from, to]) => (format!("build:{from}"), *to),
            (Some("COPY"), [from, to]) if to.starts_with(ROOT) => (format!("checkout:{from}"), *to),
            (Some("RUN"), ["ln", "-s", from, to]) => (format!("link:{from}"), *to),
            _ => continue,
        };
        files.insert(to.strip_prefix(ROOT).expect("in the folder that becomes the image").to_owned(), from);
    }
    files
}

#[test]
fn an_engine_gets_the_same_files_as_the_list_says() {
    let said = |source: Source| match source {
        Source::Built => format!("build:{BUILT}"),
        Source::Machine(path) => format!("build:{path}"),
        Source::Checkout(path) => format!("checkout:{path}"),
        Source::Link(to) => format!("link:{to}"),
    };
    let listed = contents("x86_64").unwrap().into_iter();
    let listed: BTreeMap<String, String> =
        listed.map(|(path, source)| (path.to_owned(), said(source))).collect();
    assert_eq!(files(DOCKERFILE), listed);
    let arm = DOCKERFILE
        .replace("x86_64-linux-gnu", "aarch64-linux-gnu")
        .replace("LOADER=/lib64/ld-linux-x86-64.so.2", "LOADER=/lib/ld-linux-aarch64.so.1");
    assert!(files(&arm).keys().eq(contents("aarch64").unwrap().keys()), "the comment on arm64 is wrong");
}

#[test]
fn an_engine_is_told_the_same_about_it() {
    let all = instructions(DOCKERFILE);
    let channel =
        TOOLCHAIN.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    assert!(
        all[0].starts_with(&format!("FROM rust:{channel}-")) && all[0].ends_with(" AS build"),
        "{}",
        all[0]
    );
    let last = all.iter().position(|instruction| instruction == "FROM scratch").expect("a last stage");
    let wanted = [
        format!("COPY --from=image {ROOT}/ /"),
        format!("USER {USER}"),
        format!("ENV PATH={PATH}"),
        "WORKDIR /".to_owned(),
        format!("EXPOSE {PORT}"),
        format!("ENTRYPOINT [\"{PROGRAM}\"]"),
    ];
    assert_eq!(all[last + 1..], wanted);
    assert!(
        all.contains(&"RUN cargo build --locked --profile dist --package alertkube".to_owned()),
        "{all:?}"
    );
}

#[test]
fn arguments_are_filled_in_and_lines_joined() {
    let text =
        "# x\nARG A=/lib\nCOPY --from=build $A/a \\\n    /image$A/a\nCOPY b /image/b\nRUN ln -s a /image/c\n";
    let wanted = [("/lib/a", "build:/lib/a"), ("/b", "checkout:b"), ("/c", "link:a")];
    let wanted = wanted.map(|(to, from)| (to.to_owned(), from.to_owned()));
    assert_eq!(files(text), BTreeMap::from(wanted));
}
