//! How long files and functions may be. Functions are counted by clippy; here we hold the lint in place.

use crate::rules::{Problem, assert_seen, check};
use crate::source::Source;
use crate::tree::TREE;

/// Lines of a file that are not its tests.
const LIVE_LINES_MAX: usize = 400;
/// Lines of a file that is all tests.
const TEST_LINES_MAX: usize = 800;

fn file_sizes(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources {
        let tests = (source.text.lines().count(), TEST_LINES_MAX);
        let (lines, most) = if source.is_test() { tests } else { (source.live_lines(), LIVE_LINES_MAX) };
        if lines > most {
            problems.push(source.problem("file-size", 0, format!("{lines} lines, at most {most}")));
        }
    }
    problems
}

/// `files` are path and text of clippy.toml and of all manifests.
fn function_sizes(files: &[(&str, &str)], sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in files {
        let held = match *path {
            "clippy.toml" => "too-many-lines-threshold = 70\n",
            "Cargo.toml" => "\ntoo_many_lines = \"deny\"\n",
            _ => "[lints]\nworkspace = true\n",
        };
        if !text.contains(held) {
            problems.push(Problem::new("function-size", path, 0, format!("lacks {held:?}")));
        }
    }
    for source in sources {
        let silenced = source.idents().filter(|(_, word)| *word == "too_many_lines");
        problems.extend(silenced.map(|(at, _)| source.problem("function-size", at, "the lint is silenced")));
    }
    problems
}

#[test]
fn files_are_short() {
    check(&["file-size"], file_sizes(&TREE.sources));
}

#[test]
fn functions_are_short() {
    let roots = ["clippy.toml", "Cargo.toml"].map(|path| (path, TREE.text(path).unwrap_or_default()));
    check(&["function-size"], function_sizes(&[&roots[..], &TREE.manifests()].concat(), &TREE.sources));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_seen() {
        let tail = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// x\n".repeat(500));
        let text = |live: usize| format!("{}{tail}", "x;\n".repeat(live));
        let sources = [
            Source::new("src/fits.rs", &text(400)),
            Source::new("src/long.rs", &text(401)),
            Source::new("tests/it/fits.rs", &text(290)),
            Source::new("tests/it/long.rs", &text(300)),
        ];
        assert_seen(&file_sizes(&sources), &["file-size src/long.rs:1", "file-size tests/it/long.rs:1"]);
    }

    #[test]
    fn a_loosened_lint_is_seen() {
        let files = [
            ("clippy.toml", "too-many-lines-threshold = 90"),
            ("Cargo.toml", "too_many_lines = \"warn\""),
            ("crates/c/Cargo.toml", "[lints.clippy]"),
        ];
        let sources = [Source::new("a.rs", "\n#[expect(clippy::too_many_lines, reason = \"\")]")];
        let expected = ["clippy.toml:0", "Cargo.toml:0", "crates/c/Cargo.toml:0", "a.rs:2"];
        let expected = expected.map(|place| format!("function-size {place}"));
        assert_seen(&function_sizes(&files, &sources), &expected.each_ref().map(String::as_str));
    }
}
