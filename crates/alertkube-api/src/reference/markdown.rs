//! The reference page.

use std::fmt::Write;

use crate::schema::{Key, Kind, Names, ROOT, VARIABLES, condition_keys};

const HEAD: &str = "\
# Configuration

One YAML document, given with `--config`; every key is optional. Unknown keys, doubled keys and wrong values are refused,
all of them at once. Anchors and merge keys (`<<`) work. A variable is asked only when its key is absent (an explicit `0`
or `false` is present; empty text counts as absent). A key marked *not built yet* is understood and checked, but must be
off or empty. `config.schema.json` beside this page says the same to editors.

This page is generated from the table of settings: `UPDATE=1 cargo test -p alertkube-api`.
";

const MATCHERS: &str = "\
## Matchers

A matcher is a mapping; all of its entries must hold. The keys `severity`, `kind`, `namespace`, `node`, `reason` and `name`
read the alert, any other key reads a label of the object. `namespace` and `reason` are compared literally first and as a
pattern of the whole text otherwise; the others literally. An absent label compares as empty. Where a matcher must be
*selective*, it is not empty, has no empty value on a label, and no pattern that matches everything.
";

/// The reference page of all settings and variables.
pub fn reference_markdown() -> String {
    let mut page = HEAD.to_owned();
    let (tables, top): (Vec<&Key>, Vec<&Key>) = ROOT.iter().partition(|key| has_keys(&key.kind));
    section(&mut page, "Top level", "", top.into_iter().map(|key| line(key, key.name)));
    for key in tables {
        let mut lines = Vec::new();
        collect(&mut lines, key, key.name);
        section(&mut page, &format!("`{}`", key.name), &about(key), lines.into_iter());
    }
    page.push('\n');
    page.push_str(MATCHERS);
    let note = "Flags: `1 true TRUE yes` and `0 false FALSE no`. What does not parse is refused. An empty variable is unset.\n";
    section(&mut page, "Environment", note, VARIABLES.iter().map(|row| line(row, row.name)));
    page
}

fn section(page: &mut String, title: &str, about: &str, lines: impl Iterator<Item = String>) {
    let _ = write!(page, "\n## {title}\n\n");
    if !about.is_empty() {
        let _ = writeln!(page, "{about}");
    }
    page.push_str("| Key | Takes | Default | Variables | Meaning |\n|---|---|---|---|---|\n");
    lines.for_each(|line| page.push_str(&line));
}

fn about(key: &Key) -> String {
    let unbuilt = key.unbuilt.map_or_else(String::new, |instead| format!(" *Not built yet*: {instead}."));
    format!("{}{unbuilt}\n", key.doc)
}

fn has_keys(kind: &Kind) -> bool {
    match kind {
        Kind::List(items) => has_keys(items),
        Kind::Table(_) | Kind::Named(..) => true,
        _ => false,
    }
}

/// The lines of everything below a key.
fn collect(lines: &mut Vec<String>, key: &Key, path: &str) {
    below(lines, &key.kind, path);
}

fn below(lines: &mut Vec<String>, kind: &Kind, path: &str) {
    match kind {
        Kind::List(items) => below(lines, items, &format!("{path}[]")),
        Kind::Table(keys) => each(lines, keys, path),
        Kind::Named(Names::Sinks, keys) => each(lines, keys, &format!("{path}.<sink>")),
        Kind::Named(Names::Reasons, keys) => {
            each(lines, keys, &format!("{path}.<Reason>"));
            for reason in ["NodeProblem", "JobRunningTooLong"] {
                let own = condition_keys(reason)
                    .into_iter()
                    .filter(|key| keys.iter().all(|shared| shared.name != key.name));
                own.for_each(|key| one(lines, key, &format!("{path}.{reason}")));
            }
        }
        _ => {}
    }
}

fn each(lines: &mut Vec<String>, keys: &[Key], path: &str) {
    keys.iter().for_each(|key| one(lines, key, path));
}

fn one(lines: &mut Vec<String>, key: &Key, path: &str) {
    let path = format!("{path}.{}", key.name);
    if !has_keys(&key.kind) {
        lines.push(line(key, &path));
    }
    below(lines, &key.kind, &path);
}

fn line(key: &Key, path: &str) -> String {
    let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
    let env: Vec<String> = key.env.iter().map(|name| format!("`{name}`")).collect();
    let takes = key.kind.expected().replace('|', "\\|");
    let unbuilt = key.unbuilt.map_or_else(String::new, |instead| format!(" *Not built yet*: {instead}."));
    format!("| `{path}` | {takes} | {default} | {} | {}{unbuilt} |\n", env.join(", "), key.doc)
}
