//! The JSON Schema, for editors.

use alertkube_core::catalogue;
use alertkube_sinks::KNOWN;
use serde_json::{Map, Value, json};

use crate::schema::{Key, Kind, Names, ROOT, Scalar, condition_keys, read_word};

/// The JSON Schema (draft 2020-12) of the configuration file.
pub fn json_schema() -> Value {
    let mut schema = table(ROOT.iter());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("alertkube configuration");
    schema
}

fn table<'a>(keys: impl Iterator<Item = &'a Key>) -> Value {
    let properties: Map<String, Value> = keys.map(|key| (key.name.to_owned(), property(key))).collect();
    json!({ "type": ["object", "null"], "additionalProperties": false, "properties": properties })
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    let unbuilt = key.unbuilt.map_or_else(String::new, |instead| format!(" Not built yet: {instead}."));
    schema["description"] = json!(format!("{}{unbuilt}", key.doc));
    if let Some(default) = default(key) {
        schema["default"] = default;
    }
    if key.unbuilt.is_some() {
        match key.kind {
            Kind::Flag => schema["enum"] = json!([false, null]),
            _ => schema["maxItems"] = json!(0),
        }
    }
    schema
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text | Kind::Duration | Kind::Instant | Kind::Address | Kind::Filter => scalar_text(),
        Kind::Flag => json!({ "type": ["boolean", "null"] }),
        Kind::Whole(i64::MIN) => json!({ "type": ["integer", "null"] }),
        Kind::Whole(least) => json!({ "type": ["integer", "null"], "minimum": least }),
        Kind::Positive => json!({ "type": ["number", "null"], "exclusiveMinimum": 0 }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Sink => json!({ "enum": KNOWN }),
        Kind::List(items) => json!({ "type": ["array", "null"], "items": self::kind(items) }),
        Kind::Matcher => json!({ "type": ["object", "null"], "additionalProperties": scalar_text() }),
        Kind::Table(keys) => table(keys.iter()),
        Kind::Named(names, keys) => named(*names, keys),
    }
}

/// Text may be written without quotes, even where it looks like a number.
fn scalar_text() -> Value {
    json!({ "type": ["string", "number", "boolean", "null"] })
}

fn named(names: Names, keys: &'static [Key]) -> Value {
    let properties: Map<String, Value> = match names {
        Names::Sinks => KNOWN.iter().map(|name| ((*name).to_owned(), table(keys.iter()))).collect(),
        Names::Reasons => catalogue()
            .map(|condition| {
                (condition.reason.to_owned(), table(condition_keys(condition.reason).into_iter()))
            })
            .collect(),
    };
    json!({ "type": ["object", "null"], "additionalProperties": false, "properties": properties })
}

fn default(key: &Key) -> Option<Value> {
    if key.default.is_empty() || matches!(key.kind, Kind::List(_) | Kind::Matcher) {
        return None;
    }
    match read_word(&key.kind, key.default).ok()? {
        Scalar::Text(_) | Scalar::Duration(_) => Some(json!(key.default)),
        Scalar::Flag(on) => Some(json!(on)),
        Scalar::Whole(number) => Some(json!(number)),
        Scalar::Number(number) => Some(json!(number)),
    }
}
