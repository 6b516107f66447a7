//! The metrics that rules and dashboard ask for are those that the program has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The page that a test writes from the program's own table.
const PAGE: &str = "docs/reference/metrics.md";
const DASHBOARD: &str = "helm/dashboards/alertkube.json";
const RULES: &str = "helm/templates/_rules.tpl";

/// Names that only look like those of metrics.
const OTHERS: [&str; 1] = ["alertkube_namespace"];

/// Checks all files that name metrics.
pub(super) fn check(root: &Path) -> Result<()> {
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("read {name}"));
    let page = read(PAGE)?;
    let histograms: BTreeSet<&str> =
        rows(&page).filter(|(_, kind)| *kind == "histogram").map(|(n, _)| n).collect();
    let known: BTreeSet<&str> = rows(&page).map(|(name, _)| name).collect();
    for file in [DASHBOARD, RULES] {
        let text = read(file)?;
        let asked = named(&text);
        ensure!(asked.len() > 5, "{file} names only {} metrics", asked.len());
        let ends = ["_bucket", "_sum", "_count"];
        let is_known = |name: &&&str| {
            known.contains(**name)
                || ends.iter().any(|end| name.strip_suffix(end).is_some_and(|n| histograms.contains(n)))
        };
        let unknown: Vec<&&str> = asked.iter().filter(|name| !is_known(name)).collect();
        ensure!(unknown.is_empty(), "{file} asks for metrics that the program does not have: {unknown:?}");
    }
    Ok(())
}

/// Names and kinds of the page's table.
fn rows(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        Some((cells.next()?.trim().trim_end_matches('`'), cells.next()?.trim()))
    })
}

/// Every word that begins as our metrics do.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("alertkube_") || word.starts_with("process_"));
    ours.filter(|word| !OTHERS.contains(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout;

    #[test]
    fn rules_and_dashboard_ask_for_metrics_that_are_there() {
        check(&checkout::root().expect("a checkout")).expect("all are");
    }
}
