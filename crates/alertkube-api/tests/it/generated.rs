//! The reference page and the JSON Schema are what the table says.

use alertkube_api::{json_schema, reference_markdown};
use serde_json::Value;

use crate::golden::assert_golden;

#[test]
fn the_reference_page_is_current() {
    assert_golden("docs/reference/config.md", &reference_markdown());
}

#[test]
fn the_schema_is_current() {
    let text = serde_json::to_string_pretty(&json_schema()).expect("JSON") + "\n";
    assert_golden("docs/reference/config.schema.json", &text);
}

#[test]
fn every_setting_has_a_description() {
    let mut seen = 0;
    let mut open = vec![json_schema()];
    while let Some(schema) = open.pop() {
        let Some(properties) = schema.get("properties").and_then(Value::as_object).cloned() else { continue };
        for (name, property) in properties {
            let named = property.get("description").is_none();
            assert!(!named || property.get("properties").is_some(), "{name} has no description");
            seen += 1;
            open.push(property.get("items").cloned().unwrap_or(Value::Null));
            open.push(property);
        }
    }
    assert!(seen > 100, "{seen}");
}
