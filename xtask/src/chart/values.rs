//! Reads the commented `values.yaml`: the rows from which the schema, the chart's page and the copy of the defaults are
//! made.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// One value, or a group of values.
#[derive(Debug)]
pub(super) struct Row {
    /// The names from the top.
    pub(super) path: Vec<String>,
    /// What it is for; empty for a group.
    pub(super) doc: String,
    /// The key of the configuration whose schema it has.
    pub(super) config: Option<String>,
    /// Its schema, written out.
    pub(super) schema: Option<Value>,
    /// What holds without it.
    pub(super) default: Value,
}

impl Row {
    /// A mapping without a word of its own only holds others.
    pub(super) fn is_group(&self) -> bool {
        self.doc.is_empty()
    }

    /// The path as users write it.
    pub(super) fn name(&self) -> String {
        self.path.join(".")
    }
}

/// Every row, in the order of the file. What lies in a value that is itself described has no row.
pub(super) fn rows(text: &str) -> Result<Vec<Row>> {
    let tree: Value = serde_saphyr::from_str(text).context("values.yaml is no YAML")?;
    let mut rows: Vec<Row> = Vec::new();
    let (mut above, mut stack): (Vec<&str>, Vec<(usize, String)>) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        if let Some(comment) = words.strip_prefix('#') {
            above.push(comment.trim());
        } else if let Some((name, _)) = words.split_once(':').filter(|_| !words.starts_with('-')) {
            stack.retain(|(depth, _)| *depth < indent);
            stack.push((indent, name.to_owned()));
            let path: Vec<String> = stack.iter().map(|(_, name)| name.clone()).collect();
            if !rows.iter().any(|row| !row.is_group() && path.starts_with(&row.path)) {
                rows.push(row(path, &above, &tree)?);
            }
            above.clear();
        } else {
            above.clear();
        }
    }
    Ok(rows)
}

fn row(path: Vec<String>, above: &[&str], tree: &Value) -> Result<Row> {
    let mut row = Row { path, doc: String::new(), config: None, schema: None, default: Value::Null };
    let name = row.name();
    for line in above {
        match line.split_once(' ') {
            Some(("@config", key)) => row.config = Some(key.to_owned()),
            Some(("@schema", json)) => {
                row.schema = Some(serde_json::from_str(json).with_context(|| format!("@schema of {name}"))?);
            }
            _ => row.doc = format!("{} {line}", row.doc).trim().to_owned(),
        }
    }
    let pointer = format!("/{}", row.path.join("/"));
    row.default = tree.pointer(&pointer).cloned().with_context(|| format!("{name} is not where it seems"))?;
    ensure!(!row.is_group() || row.default.is_object(), "{name} has no description");
    Ok(row)
}

/// The defaults alone: the file without its comments.
pub(super) fn bare(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# About the file.

# How many.
# @schema {\"type\": \"integer\"}
count: 1
group:
  # Two lines
  # of words.
  # @config behavior
  inner:
    deep: {a: [b]}
  # Whether.
  flag: false
# A list.
list:
  - a: b
";

    #[test]
    fn rows_have_their_words_their_schemas_and_their_defaults() {
        let rows = rows(TEXT).expect("it is sound");
        let names: Vec<String> = rows.iter().map(Row::name).collect();
        assert_eq!(names, ["count", "group", "group.inner", "group.flag", "list"]);
        assert_eq!((rows[0].doc.as_str(), rows[2].doc.as_str()), ("How many.", "Two lines of words."));
        assert!(rows[1].is_group() && rows[0].schema.is_some());
        assert_eq!(rows[2].config.as_deref(), Some("behavior"));
        assert_eq!(rows[2].default["deep"]["a"][0], "b");
    }

    #[test]
    fn what_has_no_description_is_refused() {
        let error = rows("a:\n  b: 1\n").expect_err("nobody knows what it is for").to_string();
        assert_eq!(error, "a.b has no description");
    }

    #[test]
    fn the_bare_file_says_the_same() {
        let tree = |text: &str| serde_saphyr::from_str::<Value>(text).expect("YAML");
        assert_eq!(tree(&bare(TEXT)), tree(TEXT));
        assert!(!bare(TEXT).contains('#'));
    }
}
