//! Every manifest against the oldest and the newest Kubernetes that are supported: JSON Schemas from the OpenAPI that the
//! API servers of those versions publish. Kubernetes keeps what its API server answers beside its source, so the module
//! has it and nothing needs to be built.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::cluster::Tool;
use crate::run;

/// The versions, each with the checksum of its module.
pub(crate) const VERSIONS: [(&str, &str); 2] = [
    ("v1.34.4", "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="),
    ("v1.37.2", "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE="),
];

/// Kinds of the Prometheus operator, which no API server knows by itself; they have golden files only.
pub(crate) const GOLDEN_ONLY: [&str; 3] = ["ServiceMonitor", "PodMonitor", "PrometheusRule"];

const OPENAPI: &str = "api/openapi-spec/swagger.json";
const DEFINITIONS: &str = "#/definitions/";

/// Holds the manifests, files of YAML, against the schemas of one version.
pub(super) fn check(folder: &Path, manifests: &[PathBuf]) -> Result<String> {
    let mut kubeconform = run::command(Tool::Kubeconform.ready()?, &["-strict", "-summary"]);
    let location = format!("{}/{{{{.ResourceKind}}}}-{{{{.ResourceAPIVersion}}}}.json", folder.display());
    kubeconform.args(["-schema-location", &location, "-skip", &GOLDEN_ONLY.join(",")]).args(manifests);
    // What it finds it prints on its standard output.
    let output = kubeconform.output().context("start kubeconform")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(said)
}

/// Writes the schemas of a version for these kinds (`kind`, `group/version`) into a folder.
pub(super) fn write(folder: &Path, version: &str, sum: &str, kinds: &[(String, String)]) -> Result<()> {
    let path = module(version, sum)?.join(OPENAPI);
    let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let document: Value = serde_json::from_slice(&text).context("the OpenAPI is no JSON")?;
    let definitions = document["definitions"].as_object().context("the OpenAPI has no definitions")?;
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    for (kind, api_version) in kinds {
        let schema = of_kind(definitions, kind, api_version)
            .with_context(|| format!("Kubernetes {version} knows no {kind} of {api_version}"))?;
        let end = api_version.rsplit('/').next().unwrap_or(api_version);
        let path = folder.join(format!("{}-{end}.json", kind.to_lowercase()));
        fs::write(&path, schema.to_string()).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// The folder of the module; the Go client fetches it and holds it against the checksum database.
fn module(version: &str, sum: &str) -> Result<PathBuf> {
    let name = format!("k8s.io/kubernetes@{version}");
    let told = run::output(&mut run::command("go", &["mod", "download", "-json", &name]))?;
    let told: Value = serde_json::from_str(&told).context("go told no JSON")?;
    ensure!(told["Sum"] == sum, "{name} has the checksum {}, not {sum}", told["Sum"]);
    Ok(told["Dir"].as_str().context("go told no folder")?.into())
}

/// A schema that stands alone: the definition of the kind, and all that it refers to.
fn of_kind(definitions: &Map<String, Value>, kind: &str, api_version: &str) -> Option<Value> {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let known = json!([{ "group": group, "kind": kind, "version": version }]);
    let is_it = |(_, schema): &(&String, &Value)| schema["x-kubernetes-group-version-kind"] == known;
    let (name, _) = definitions.iter().find(is_it)?;
    let mut needed: BTreeMap<String, Value> = BTreeMap::new();
    let mut open = vec![name.clone()];
    while let Some(name) = open.pop() {
        if needed.contains_key(&name) {
            continue;
        }
        let schema = closed(definitions.get(&name)?.clone(), &mut open);
        needed.insert(name, schema);
    }
    Some(json!({ "$ref": format!("{DEFINITIONS}{name}"), "definitions": needed }))
}

/// The same schema, in which no other keys are allowed and whole numbers may stand where OpenAPI says so in its own
/// words; what it refers to is put on the list.
fn closed(schema: Value, open: &mut Vec<String>) -> Value {
    let Value::Object(mut fields) = schema else { return schema };
    if fields.get("format").is_some_and(|format| format == "int-or-string") {
        return json!({ "type": ["integer", "string"] });
    }
    if let Some(name) = fields.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix(DEFINITIONS))
    {
        open.push(name.to_owned());
        return json!({ "$ref": format!("{DEFINITIONS}{name}") });
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(key) {
            *inner = closed(inner.take(), open);
        }
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(|inner| *inner = closed(inner.take(), open));
        fields.entry("additionalProperties").or_insert(json!(false));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_a_schema_of_its_own_that_allows_nothing_else() {
        let definitions = json!({
            "a.Thing": {
                "type": "object",
                "properties": {"spec": {"$ref": "#/definitions/a.Spec"}},
                "x-kubernetes-group-version-kind": [{"group": "a", "kind": "Thing", "version": "v1"}],
            },
            "a.Spec": {"type": "object", "properties": {"port": {"type": "string", "format": "int-or-string"}}},
            "a.Other": {"type": "string"},
        });
        let definitions = definitions.as_object().expect("an object");
        let schema = of_kind(definitions, "Thing", "a/v1").expect("it is known");
        assert_eq!(schema["$ref"], "#/definitions/a.Thing");
        let spec = &schema["definitions"]["a.Spec"];
        assert_eq!(spec["properties"]["port"]["type"], json!(["integer", "string"]));
        assert_eq!(
            (&spec["additionalProperties"], schema["definitions"].get("a.Other")),
            (&json!(false), None)
        );
        assert!(of_kind(definitions, "Thing", "v1").is_none());
    }
}
