//! The fixed pages that clients ask before anything else: health, version, groups and resources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cluster::{Resource, Response};

/// What people type for a resource.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("configmaps", "cm"),
    ("daemonsets", "ds"),
    ("deployments", "deploy"),
    ("events", "ev"),
    ("namespaces", "ns"),
    ("nodes", "no"),
    ("pods", "po"),
    ("replicasets", "rs"),
    ("serviceaccounts", "sa"),
    ("statefulsets", "sts"),
];

/// The page at a path, if it is one of these.
pub(super) fn page(path: &str) -> Option<Response> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let body = match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] => return Some(Response::text(200, "ok")),
        ["version"] => version(),
        ["api"] => json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
        ["apis"] => {
            let groups: Vec<Value> = groups().into_iter().map(group).collect();
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
        }
        ["apis", name] if groups().contains(name) => group(name),
        ["api", "v1"] => resources("", "v1"),
        ["apis", name, "v1"] if groups().contains(name) => resources(name, &format!("{name}/v1")),
        _ => return None,
    };
    Some(Response::json(200, body.to_string().into_bytes()))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.0-sim", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "",
    })
}

fn groups() -> BTreeSet<&'static str> {
    Resource::all().map(|resource| resource.group).filter(|group| !group.is_empty()).collect()
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version })
}

fn resources(group: &str, group_version: &str) -> Value {
    let mut rows = Vec::new();
    for resource in Resource::all().filter(|resource| resource.group == group) {
        let row = |name: &str, verbs: &[&str]| {
            json!({
                "name": name, "singularName": resource.kind.to_lowercase(), "namespaced": resource.namespaced,
                "kind": resource.kind, "verbs": verbs,
            })
        };
        let short =
            SHORT_NAMES.iter().filter(|(plural, _)| *plural == resource.plural).map(|(_, short)| *short);
        let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
        let mut main = row(resource.plural, &verbs);
        main["shortNames"] = short.collect();
        rows.push(main);
        if resource.has_status() {
            rows.push(row(&format!("{}/status", resource.plural), &["get", "patch", "update"]));
        }
    }
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_find_every_resource() {
        let names = |path: &str| {
            let body = page(path).expect("served").value();
            let rows = body["resources"].as_array().expect("rows").clone();
            rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        assert!(names("/api/v1").contains(&"pods/status".to_owned()));
        assert!(names("/apis/coordination.k8s.io/v1").contains(&"leases".to_owned()));
        let groups = page("/apis").expect("served").value()["groups"].as_array().map(Vec::len);
        assert!(groups.is_some_and(|count| count >= 4), "{groups:?}");
        assert_eq!(page("/api/v1/pods"), None);
        assert_eq!(page("/apis/unicorns.io/v1"), None);
    }
}
