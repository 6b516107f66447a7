//! The files of the chart that are written from others: the one list of them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::values::rows;
use super::{program, readme, schema};

/// Where the chart is, from the root of the checkout.
pub(super) const CHART: &str = "helm";

/// Each file, counted from the root of the checkout, with the text that it must have.
pub(super) fn files(root: &Path) -> Result<Vec<(String, String)>> {
    let path = root.join(CHART).join("values.yaml");
    let values = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let rows = rows(&values)?;
    let schema = serde_json::to_string_pretty(&schema::schema(&rows)?).context("write the schema")?;
    let texts = [
        ("values.schema.json", schema + "\n"),
        ("README.md", readme::page(&rows)),
        ("templates/_program.tpl", program::template(&rows, &values)),
    ];
    Ok(texts.map(|(name, text)| (format!("{CHART}/{name}"), text)).into())
}

/// The files that are not as they must be.
pub(super) fn stale(root: &Path) -> Result<Vec<String>> {
    let files = files(root)?.into_iter();
    let stale = files.filter(|(name, text)| fs::read_to_string(root.join(name)).ok().as_ref() != Some(text));
    Ok(stale.map(|(name, _)| name).collect())
}

/// Writes them.
pub(super) fn write(root: &Path) -> Result<()> {
    for (name, text) in files(root)? {
        let path = root.join(&name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout;

    #[test]
    fn the_chart_is_written_from_the_program_as_it_is() {
        let root = checkout::root().expect("a checkout");
        if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
            write(&root).expect("the chart can be written");
        }
        let stale = stale(&root).expect("values.yaml is sound");
        assert_eq!(stale, Vec::<String>::new(), "`cargo xtask chart` rewrites them");
    }
}
