//! `values.schema.json`: what each value takes. A typo is refused by helm itself, with its path.

use alertkube_api::json_schema;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::values::Row;

/// The draft that helm 3 and helm 4 both read.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of all rows.
pub(super) fn schema(rows: &[Row]) -> Result<Value> {
    let mut root = group();
    for row in rows {
        let mut own = if row.is_group() { group() } else { value(row)? };
        if !row.is_group() {
            own["description"] = json!(row.doc);
        }
        let (name, above) = row.path.split_last().context("a row has a name")?;
        let parent = above.iter().try_fold(&mut root, |schema, name| schema["properties"].get_mut(name));
        let parent = parent.with_context(|| format!("{} stands below nothing", row.name()))?;
        parent["properties"][name] = own;
    }
    // Helm's own, for charts that depend on this one.
    root["properties"]["global"] = json!({ "type": "object" });
    root["$schema"] = json!(DRAFT);
    root["title"] = json!("Values of the chart alertkube");
    Ok(root)
}

fn group() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": {} })
}

fn value(row: &Row) -> Result<Value> {
    if let Some(schema) = &row.schema {
        return Ok(schema.clone());
    }
    if let Some(path) = &row.config {
        let schema = configured(path).with_context(|| format!("{}: no key `{path}`", row.name()))?;
        return Ok(allowing(schema));
    }
    if row.name().ends_with("SecretKeyRef") {
        return Ok(reference());
    }
    Ok(match &row.default {
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::Array(_) => json!({ "type": "array" }),
        _ => json!({ "type": "object" }),
    })
}

/// A key of a Secret; empty is none.
fn reference() -> Value {
    let texts = json!({ "name": { "type": "string" }, "key": { "type": "string" }, "optional": { "type": "boolean" } });
    json!({ "type": "object", "additionalProperties": false, "properties": texts })
}

/// The schema of a key of the configuration.
fn configured(path: &str) -> Option<Value> {
    let pointer: String = path.split('.').map(|name| format!("/properties/{name}")).collect();
    json_schema().pointer(&pointer).cloned()
}

/// What is not built is refused by the templates, in words; here it is only described.
fn allowing(schema: Value) -> Value {
    let Value::Object(fields) = schema else { return schema };
    let unbuilt =
        fields.get("description").is_some_and(|it| it.as_str().unwrap_or_default().contains("Not built yet"));
    let keep = |name: &str| match name {
        "enum" | "maxItems" => !unbuilt,
        "default" => false,
        _ => true,
    };
    let fields: Map<String, Value> = fields.into_iter().filter(|(name, _)| keep(name)).collect();
    let below = |(name, value)| match name {
        name if name == "properties" => (name, each(value)),
        name if name == "items" => (name, allowing(value)),
        name => (name, value),
    };
    fields.into_iter().map(below).collect()
}

fn each(properties: Value) -> Value {
    match properties {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, allowing(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::values::rows;

    #[test]
    fn types_come_from_defaults_words_and_the_configuration() {
        let text =
            "g:\n  # A.\n  a: 1\n  # B.\n  b: {}\n# C.\n# @config aws\nc: {}\n# D.\nkeySecretKeyRef: {}\n";
        let schema = schema(&rows(text).expect("sound")).expect("sound");
        let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/properties/g/properties/a/type"), "integer");
        assert_eq!(at("/properties/g/additionalProperties"), false);
        assert_eq!(at("/properties/g/properties/b"), json!({"type": "object", "description": "B."}));
        let switch = at("/properties/c/properties/enabled");
        assert!(switch.get("enum").is_none() && switch["type"].is_array(), "{switch}");
        assert_eq!(at("/properties/keySecretKeyRef/properties/name/type"), "string");
    }
}
