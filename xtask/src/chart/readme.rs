//! `helm/README.md`: how to install, and every value.

use serde_json::Value;

use super::values::Row;

const HEAD: &str = include_str!("readme_head.md");

/// The page.
pub(super) fn page(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Values\n\nWritten from `values.yaml` by `cargo xtask chart`.\n\n");
    text.push_str("| Value | Default | Meaning |\n|---|---|---|\n");
    for row in rows.iter().filter(|row| !row.is_group()) {
        text.push_str(&format!("| `{}` | {} | {} |\n", row.name(), default(&row.default), row.doc));
    }
    text
}

fn default(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => String::new(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}
