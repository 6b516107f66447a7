//! What real servers answered and what real objects look like, as files in `fixtures/real`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::line::{Ground, Row, pairs};

/// Where they lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/real")
}

/// Writes one file, in a form that diffs well.
pub(crate) fn write(name: &str, value: &Value) -> Result<()> {
    let path = folder().join(name);
    fs::create_dir_all(path.parent().unwrap_or(&path)).context("create the folder of the records")?;
    let text = serde_json::to_string_pretty(value).context("write JSON")?;
    fs::write(&path, text + "\n").with_context(|| format!("write {}", path.display()))
}

/// Writes what each fault looked like in the API.
pub(crate) fn shapes(ground: &Ground<'_>, rows: &[Row]) -> Result<()> {
    for (fault, row) in pairs(rows) {
        let objects: Vec<Value> = row.shapes.iter().cloned().map(bare).collect();
        let text = json!({"reason": fault.reason, "objects": objects}).to_string();
        // The name of a run says nothing, and would change with each.
        let value = serde_json::from_str(&text.replace(ground.namespace(), "shop")).context("read it again")?;
        write(&format!("shapes/{}.json", fault.reason), &value)?;
    }
    Ok(())
}

/// Without the record of who wrote which field, which is longer than the object.
fn bare(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}
