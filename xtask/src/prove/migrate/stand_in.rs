//! A stand-in for the Go program's chart: its values at their defaults, and objects of the names and kinds that it makes,
//! so that an upgrade meets what it will meet. Its pods do nothing, and take a while to end.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::checkout;
use crate::cluster::IMAGE;

/// The values of the Go program's chart, as data.
const VALUES: &str = "helm/ci/reference-values.yaml";
/// Long enough to see that a pod ends and to save in its place; an ending Go program drains for as much as 35 s.
const WORK: &str = "trap 'sleep 10; exit 0' TERM; while true; do sleep 1; done";

/// Writes the chart into a folder and returns its path.
pub(super) fn write(folder: &Path, user: &Value) -> Result<String> {
    let chart = folder.join("stand-in");
    let templates = chart.join("templates");
    fs::create_dir_all(&templates).with_context(|| format!("create {}", templates.display()))?;
    let put = |file: &Path, text: String| {
        fs::write(file, text).with_context(|| format!("write {}", file.display()))
    };
    let head = json!({"apiVersion": "v2", "name": "alertkube", "version": "1.9.0", "appVersion": "1.9.0"});
    put(&chart.join("Chart.yaml"), head.to_string())?;
    let values = checkout::root()?.join(VALUES);
    fs::copy(&values, chart.join("values.yaml")).with_context(|| format!("copy {}", values.display()))?;
    // JSON is YAML, and has no two opening braces in a row that a template would take for its own.
    let objects: Vec<String> = objects(user).iter().map(Value::to_string).collect();
    put(&templates.join("all.yaml"), objects.join("\n---\n"))?;
    Ok(chart.display().to_string())
}

fn objects(user: &Value) -> Vec<Value> {
    let elects = user["leaderElection"]["enabled"] == true;
    let state = user["persistence"]["configMapName"].as_str().unwrap_or("alertkube-state");
    let state = json!([
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [state], "verbs": ["get", "update", "patch"]},
    ]);
    let lease = json!([{
        "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"],
    }]);
    let made = |version: &str, kind: &str, name: &str, of: Value| {
        let mut object = json!({
            "apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels()},
        });
        if let (Some(fields), Value::Object(of)) = (object.as_object_mut(), of) {
            fields.extend(of);
        }
        object
    };
    let mut all = vec![
        made("v1", "ServiceAccount", "alertkube", json!({})),
        made("v1", "ConfigMap", "alertkube-config", json!({"data": {"config.yaml": "cluster: test\n"}})),
        made(
            "v1",
            "Secret",
            "alertkube",
            json!({"stringData": {
                "pagerdutyRoutingKey": user["pagerduty"]["routingKey"], "genericWebhookUrl": user["genericWebhook"]["url"],
            }}),
        ),
        made(
            "v1",
            "Service",
            "alertkube",
            json!({"spec": {
                "selector": labels(), "ports": [{"name": "metrics", "port": 9090, "targetPort": "metrics"}],
            }}),
        ),
        made("apps/v1", "Deployment", "alertkube", json!({"spec": deployment(user)})),
    ];
    let roles = [("alertkube-state", state)]
        .into_iter()
        .chain(elects.then_some(("alertkube-leader-election", lease)));
    for (name, rules) in roles {
        let group = "rbac.authorization.k8s.io";
        let version = format!("{group}/v1");
        all.push(made(&version, "Role", name, json!({"rules": rules})));
        all.push(made(
            &version,
            "RoleBinding",
            name,
            json!({
                "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": "alertkube"}],
            }),
        ));
    }
    all
}

fn labels() -> Value {
    json!({"app.kubernetes.io/name": "alertkube", "app.kubernetes.io/instance": "alertkube"})
}

fn deployment(user: &Value) -> Value {
    let elects = user["leaderElection"]["enabled"] == true;
    let strategy = if elects {
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
    } else {
        json!({"type": "Recreate"})
    };
    let secret = |name: &str, key: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "alertkube", "key": key, "optional": true}}});
    let container = json!({
        "name": "alertkube", "image": IMAGE, "imagePullPolicy": "Never", "command": ["sh", "-c", WORK],
        "args": ["--config=/etc/alertkube/config.yaml"],
        "env": [
            {"name": "CLUSTER_NAME", "value": "test"}, {"name": "METRICS_ADDR", "value": ":9090"},
            secret("PAGERDUTY_ROUTING_KEY", "pagerdutyRoutingKey"), secret("GENERIC_WEBHOOK_URL", "genericWebhookUrl"),
        ],
        "ports": [{"name": "metrics", "containerPort": 9090}],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/alertkube"}],
    });
    json!({
        "replicas": user["replicaCount"].as_u64().unwrap_or(1), "strategy": strategy,
        "selector": {"matchLabels": labels()},
        "template": {
            "metadata": {"labels": labels()},
            "spec": {
                "serviceAccountName": "alertkube", "terminationGracePeriodSeconds": 45, "containers": [container],
                "volumes": [{"name": "config", "configMap": {"name": "alertkube-config"}}],
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_election_brings_its_role_and_no_template_is_opened_by_chance() {
        let all = |user: Value| objects(&user).iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let elected = all(json!({"replicaCount": 2, "leaderElection": {"enabled": true}}));
        let one = all(json!({"persistence": {"configMapName": "memory"}}));
        assert!(elected.contains("leader-election") && elected.contains("RollingUpdate"));
        assert!(!one.contains("leader-election") && one.contains("Recreate") && one.contains("[\"memory\"]"));
        assert!(!elected.contains("{{") && !one.contains("{{"));
    }
}
