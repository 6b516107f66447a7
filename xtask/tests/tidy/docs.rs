//! Documents: those that must exist, how long they may be, decision records in order, and no path of a machine.

use crate::rules::{Problem, assert_seen, check};
use crate::tree::TREE;

type File = (String, String);

/// Lines of ARCHITECTURE.md, which is read in one sitting.
const ARCHITECTURE_LINES_MAX: usize = 399;
/// Spelt in pieces, so that this file does not name them.
const HOMES: [&str; 2] = [concat!("/ro", "ot/"), concat!("/ho", "me/")];

fn home_paths(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in files.iter().filter(|(_, text)| !text.contains('\0')) {
        for (at, line) in text.lines().enumerate() {
            let named = HOMES.iter().filter(|home| line.contains(**home));
            problems.extend(named.map(|home| Problem::new("home-path", path, at + 1, format!("`{home}`"))));
        }
    }
    problems
}

fn records(files: &[File]) -> Vec<Problem> {
    let readme = files.iter().find(|(path, _)| path == "docs/adr/README.md").map(|(_, text)| text);
    let names = files.iter().filter_map(|(path, _)| path.strip_prefix("docs/adr/"));
    let mut problems = Vec::new();
    for (at, name) in names.filter(|name| *name != "README.md").enumerate() {
        let number = format!("{:04}-", at + 1);
        if !name.starts_with(&number) || !name.ends_with(".md") {
            problems.push(Problem::new("adr", name, 0, format!("`{number}` is due")));
        }
        if readme.is_some_and(|text| !text.contains(&format!("({name})"))) {
            problems.push(Problem::new("adr", name, 0, "is not linked"));
        }
    }
    problems
}

fn present(required: &[String], files: &[File]) -> Vec<Problem> {
    let whole = |path: &str| files.iter().any(|(at, text)| at == path && !text.is_empty());
    let missing = required.iter().filter(|path| !whole(path));
    missing.map(|path| Problem::new("required-file", path, 0, "is missing or empty")).collect()
}

fn shapes(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in files {
        let lines = text.lines().count();
        if path == "ARCHITECTURE.md" && lines > ARCHITECTURE_LINES_MAX {
            problems.push(Problem::new("doc-size", path, 0, format!("{lines} lines, under 400 are read")));
        }
        if path.starts_with("scenarios/") && !text.ends_with('\n') {
            problems.push(Problem::new("newline", path, lines, "the last line has no end"));
        }
    }
    problems
}

#[test]
fn no_file_names_a_home_folder() {
    check(&["home-path"], home_paths(&TREE.files));
}

#[test]
fn decision_records_are_in_order() {
    check(&["adr"], records(&TREE.files));
}

#[test]
fn documents_exist_and_are_in_shape() {
    check(&["required-file"], present(&TREE.settings.required_files, &TREE.files));
    check(&["doc-size", "newline"], shapes(&TREE.files));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        (path.to_owned(), text.to_owned())
    }

    #[test]
    fn a_home_folder_is_seen() {
        let files =
            [file("a.md", &format!("x\ncd {}me", HOMES[0])), file("b.bin", &format!("\0{}", HOMES[1]))];
        assert_seen(&home_paths(&files), &["home-path a.md:2"]);
    }

    #[test]
    fn gaps_and_unlinked_records_are_seen() {
        let names = ["0001-a.md", "0003-c.md", "README.md"];
        let files = names.map(|name| file(&format!("docs/adr/{name}"), "[c](0003-c.md)"));
        assert_seen(&records(&files), &["adr 0001-a.md:0", "adr 0003-c.md:0"]);
    }

    #[test]
    fn a_missing_a_long_and_an_unended_file_are_seen() {
        let required = ["A.md", "B.md", "C.md"].map(String::from);
        let files = [file("A.md", "a"), file("B.md", "")];
        assert_seen(&present(&required, &files), &["required-file B.md:0", "required-file C.md:0"]);
        let files = [file("ARCHITECTURE.md", &"x\n".repeat(400)), file("scenarios/a.txt", "a\nb")];
        assert_seen(&shapes(&files), &["doc-size ARCHITECTURE.md:0", "newline scenarios/a.txt:2"]);
    }
}
