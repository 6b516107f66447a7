//! The published JSON Schema admits what is sent, and nothing is sent that it does not name.

use alertkube_sinks::{Attempt, Request, SinkSettings, Stdout, build};
use serde_json::Value;

use crate::cases;

const SCHEMA: &str = include_str!("../../../../docs/reference/webhook-v1.schema.json");

#[test]
fn every_document_keeps_the_published_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let sink = build(SinkSettings::Stdout(Stdout::default()));
    for (case, notification) in cases::all() {
        let attempt = Attempt { number: 1, wall: cases::decided() };
        let Ok(Request::Line(line)) = sink.render(&notification, &attempt) else { panic!("{case}: no line") };
        let document = serde_json::from_str(&line).expect("JSON");
        let problems = Check { root: &schema }.problems(&schema, &document, "");
        assert!(problems.is_empty(), "{case}: {problems:#?}");
    }
}

#[test]
fn the_check_finds_what_the_schema_forbids() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let check = Check { root: &schema };
    let problems =
        check.problems(&schema, &serde_json::json!({"schema": "other", "surprise": 1, "total": "3"}), "");
    for expected in ["/schema is not", "/surprise is not named", "/total is no integer", "/alerts is missing"]
    {
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:?}");
    }
}

/// As much of JSON Schema as the published file uses; it refuses words that it does not know.
struct Check<'a> {
    root: &'a Value,
}

impl Check<'_> {
    fn problems(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let words = schema.as_object().unwrap_or_else(|| panic!("{at}: no schema"));
        words.iter().flat_map(|(word, rule)| self.rule(word, rule, schema, value, at)).collect()
    }

    fn rule(&self, word: &str, rule: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let unless = |holds: bool, problem: String| if holds { Vec::new() } else { vec![problem] };
        match word {
            "$schema" | "$id" | "$defs" | "title" | "description" | "format" => Vec::new(),
            "$ref" => self.problems(self.defined(rule), value, at),
            "type" => {
                let names: Vec<&str> = rule.as_array().map_or_else(
                    || rule.as_str().into_iter().collect(),
                    |names| names.iter().filter_map(Value::as_str).collect(),
                );
                unless(names.iter().any(|name| is(name, value)), format!("{at} is no {}", names.join(" or ")))
            }
            "const" => unless(value == rule, format!("{at} is not {rule}")),
            "enum" => unless(
                rule.as_array().is_some_and(|all| all.contains(value)),
                format!("{at} is none of {rule}"),
            ),
            "minimum" => unless(value.as_f64() >= rule.as_f64(), format!("{at} is too small")),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items.flat_map(|(n, item)| self.problems(rule, item, &format!("{at}/{n}"))).collect()
            }
            "required" => {
                let names = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
                names
                    .filter(|name| value.get(name).is_none())
                    .map(|name| format!("{at}/{name} is missing"))
                    .collect()
            }
            "properties" => {
                let fields = value.as_object().into_iter().flatten();
                let named = fields.filter_map(|(name, field)| Some((name, rule.get(name)?, field)));
                named
                    .flat_map(|(name, rule, field)| self.problems(rule, field, &format!("{at}/{name}")))
                    .collect()
            }
            "additionalProperties" => {
                let known =
                    |name: &str| schema.get("properties").is_some_and(|named| named.get(name).is_some());
                let others = value.as_object().into_iter().flatten().filter(|(name, _)| !known(name));
                match rule {
                    Value::Bool(false) => {
                        others.map(|(name, _)| format!("{at}/{name} is not named")).collect()
                    }
                    rule => others
                        .flat_map(|(name, it)| self.problems(rule, it, &format!("{at}/{name}")))
                        .collect(),
                }
            }
            other => panic!("the check does not know `{other}`"),
        }
    }

    fn defined(&self, reference: &Value) -> &Value {
        let path = reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a local reference");
        self.root.pointer(path).expect("a definition")
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type: {other}"),
    }
}
