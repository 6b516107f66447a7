//! What real servers answered and what real objects look like, as files in `fixtures/real`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::checkout;
use crate::cluster::IMAGE;
use crate::line::{Ground, Row, pairs};

#[cfg(test)]
mod emitted;

/// Where they lie.
pub(crate) fn folder() -> Result<PathBuf> {
    Ok(checkout::root()?.join("fixtures/real"))
}

/// Writes one file, in a form that diffs well.
pub(crate) fn write(name: &str, value: &Value) -> Result<()> {
    let path = folder()?.join(name);
    fs::create_dir_all(path.parent().unwrap_or(&path)).context("create the folder of the records")?;
    let text = serde_json::to_string_pretty(value).context("write JSON")?;
    fs::write(&path, text + "\n").with_context(|| format!("write {}", path.display()))
}

/// Writes what each fault looked like in the API.
pub(crate) fn shapes(ground: &Ground<'_>, rows: &[Row]) -> Result<()> {
    for (fault, row) in pairs(rows) {
        shape(ground, fault.reason, &row.shapes)?;
    }
    shape(ground, "others", &others(ground)?)
}

fn shape(ground: &Ground<'_>, name: &str, objects: &[Value]) -> Result<()> {
    let objects: Vec<Value> = objects.iter().cloned().map(bare).collect();
    let text = json!({"name": name, "objects": objects}).to_string();
    // The name of a run says nothing, and would change with each.
    let value = serde_json::from_str(&text.replace(ground.namespace(), "shop")).context("read it again")?;
    write(&format!("shapes/{name}.json"), &value)
}

/// What is well, has ended, or is on its way, of every kind.
fn others(ground: &Ground<'_>) -> Result<Vec<Value>> {
    let container = |command: &[&str]| json!({"name": "app", "image": IMAGE, "imagePullPolicy": "Never", "command": command});
    let idle = container(&["sleep", "2147483647"]);
    let template = |spec: &Value| json!({"metadata": {"labels": {"app": "well"}}, "spec": spec});
    let workload = |kind: &str, more: &Value| {
        let spec = json!({"terminationGracePeriodSeconds": 1, "containers": [idle]});
        let mut spec = json!({"selector": {"matchLabels": {"app": "well"}}, "template": template(&spec)});
        for (key, value) in more.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "well", "namespace": ground.namespace()}, "spec": spec})
    };
    let pod = |name: &str, spec: &Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": ground.namespace()}, "spec": spec});
    let once = json!({"restartPolicy": "Never", "containers": [container(&["true"])]});
    ground.create(&[
        workload("Deployment", &json!({"replicas": 1})),
        workload("StatefulSet", &json!({"replicas": 1, "serviceName": "well"})),
        workload("DaemonSet", &json!({})),
        json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "done", "namespace": ground.namespace()},
            "spec": {"template": {"spec": once}},
        }),
        pod("failed", &json!({"restartPolicy": "Never", "containers": [container(&["false"])]})),
        pod("started", &json!({"initContainers": [container(&["true"])], "containers": [{"name": "main", "image": IMAGE, "imagePullPolicy": "Never", "command": ["sleep", "600"]}]})),
        pod("looping", &json!({"initContainers": [container(&["false"])], "containers": [{"name": "main", "image": IMAGE, "imagePullPolicy": "Never"}]})),
    ])?;
    let mut seen = vec![get(ground)?];
    for kind in ["deployment/well", "statefulset/well", "daemonset/well"] {
        ground.kubectl(&["rollout", "status", kind, "--timeout=60s"])?;
    }
    for (condition, object) in [
        ("condition=complete", "job/done"),
        ("jsonpath={.status.phase}=Failed", "pod/failed"),
        ("condition=Ready", "pod/started"),
        ("jsonpath={.status.initContainerStatuses[0].state.waiting.reason}=CrashLoopBackOff", "pod/looping"),
    ] {
        ground.kubectl(&["wait", &format!("--for={condition}"), object, "--timeout=60s"])?;
    }
    seen.push(get(ground)?);
    ground.kubectl(&["delete", "pod", "looping", "--wait=false", "--grace-period=5"])?;
    seen.push(get(ground)?);
    let mut objects: Vec<Value> = Vec::new();
    for item in seen.iter().filter_map(|list| list["items"].as_array()).flatten() {
        let name = json!({"name": item["metadata"]["name"]});
        let object = json!({"kind": item["kind"], "metadata": name, "status": item["status"]});
        if !objects.contains(&object) {
            objects.push(object);
        }
    }
    Ok(objects)
}

fn get(ground: &Ground<'_>) -> Result<Value> {
    let kinds = "nodes,deployments,replicasets,statefulsets,daemonsets,jobs,pods";
    serde_json::from_str(&ground.kubectl(&["get", kinds, "--output=json"])?).context("read a list")
}

/// Without the record of who wrote which field, which is longer than the object.
fn bare(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}
