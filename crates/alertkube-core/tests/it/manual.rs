//! The manual page of all conditions, written from the catalogue.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use alertkube_core::{Condition, Edge, EffectOf, catalogue};

const HEAD: &str = "\
# What alertkube finds

This page is generated from the catalogue of conditions: `UPDATE=1 cargo test -p alertkube-core`.

Severity, `for`, hold-down and whether a condition is on can be set for each reason (`conditions.<Reason>`). `for` counts
from the object's own time stamps where it has them. The hold-down is how long a problem must be gone before its end is
told; it grows while a problem flaps, and a deletion ends a problem at once. An **event** is told once and has no end.
While something that a condition is an **effect of** stands, it is a line in the message of that one.
";

#[test]
fn the_page_of_conditions_is_what_the_catalogue_says() {
    let mut page = HEAD.to_owned();
    let mut kinds: Vec<&str> = Vec::new();
    for condition in catalogue() {
        if !kinds.contains(&condition.kind) {
            kinds.push(condition.kind);
        }
    }
    for kind in kinds {
        section(&mut page, kind).expect("a string takes everything");
    }
    golden("docs/reference/conditions.md", &page);
}

fn section(page: &mut String, kind: &str) -> std::fmt::Result {
    writeln!(page, "\n## {kind}\n")?;
    writeln!(page, "| reason | severity | for | hold-down | effect of |")?;
    writeln!(page, "|---|---|---|---|---|")?;
    let of_kind = || catalogue().filter(|condition| condition.kind == kind);
    for condition in of_kind() {
        let Condition { reason, severity, .. } = condition;
        let causes: Vec<String> = condition.effect_of.iter().map(cause).collect();
        let hold_down = match condition.event {
            Some(span) => format!("event, at most one in {}", words(span)),
            None => words(condition.hold_down),
        };
        let off = if condition.enabled { "" } else { " (off)" };
        let hold_for = words(condition.hold_for);
        writeln!(
            page,
            "| `{reason}`{off} | {severity} | {hold_for} | {hold_down} | {} |",
            causes.join("; ")
        )?;
    }
    for condition in of_kind() {
        writeln!(page, "\n### {}\n\n{}", condition.reason, wrapped(condition.doc))?;
        if condition.raises {
            writeln!(page, "\nIt lends its severity to the problem that explains it.")?;
        }
    }
    Ok(())
}

fn cause(effect: &EffectOf) -> String {
    let place = match effect.edge {
        Edge::Same => "",
        Edge::Node => " of its node",
        Edge::Members => " of its pods",
        Edge::Owner => " of its owner",
    };
    match (effect.reasons, effect.edge) {
        ([], Edge::Same) => "any better name".to_owned(),
        ([], _) => format!("anything{place}"),
        (reasons, _) => {
            let named: Vec<String> = reasons.iter().map(|reason| format!("`{reason}`")).collect();
            format!("{}{place}", named.join(", "))
        }
    }
}

fn words(span: Duration) -> String {
    match span.as_secs() {
        0 => "0".to_owned(),
        hours if hours.is_multiple_of(3600) => format!("{} h", hours / 3600),
        minutes if minutes.is_multiple_of(60) => format!("{} min", minutes / 60),
        seconds => format!("{seconds} s"),
    }
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= 120 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

#[expect(clippy::disallowed_methods, reason = "golden files belong to the tests")]
fn golden(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, text).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{} differs from the catalogue; UPDATE=1 rewrites it", path.display());
}
