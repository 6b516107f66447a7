//! What a replica under proof is given: its configuration, and just the rights that it needs.

use std::path::PathBuf;

use alertkube_core::Part;
use anyhow::Result;
use serde_json::{Map, Value, json};

use super::herd::{Illness, ONLY};
use crate::line::Ground;

/// The account of all replicas of a ground.
pub(super) const ACCOUNT: &str = "alertkube";
/// What the state objects' names begin with.
pub(crate) const STATE: &str = "alertkube-state";
/// Where each replica serves metrics and health, in a network of its own.
pub(super) const DOOR: u16 = 9090;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The configuration; JSON is YAML.
pub(crate) fn configuration(namespace: &str, incidents: &str) -> Value {
    let rate = json!({"perSecond": 1000, "burst": 1000});
    let only = |word: &str, sink: &str| json!({"match": {ONLY: word}, "sinks": [sink]});
    json!({
        "cluster": "test",
        "metricsAddr": format!(":{DOOR}"),
        // The namespace is a prefix, and no other namespace begins with it.
        "filters": {"watchedNamespaces": namespace},
        "behavior": {"firstRun": "all"},
        "conditions": conditions(),
        "sinks": {"webhook": {"format": "v1"}, "pagerduty": {"url": incidents}},
        "sinkRates": {"webhook": rate, "pagerduty": rate},
        "persistence": {"enabled": true, "namespace": namespace, "configMapName": STATE},
        "routing": [
            only("plain", "webhook"), only("keyed", "pagerduty"),
            {"match": {}, "sinks": ["webhook", "pagerduty"]},
        ],
    })
}

fn conditions() -> Value {
    let mut all = Map::new();
    for illness in Illness::ALL {
        let (hold_for, hold_down) = illness.times();
        let of = json!({"severity": illness.severity(), "for": format!("{hold_for}s"), "holdDown": format!("{hold_down}s")});
        all.insert(illness.reason().to_owned(), of);
    }
    // Nodes are not namespaced: those of other proofs come and go.
    all.insert("NodeNotReady".to_owned(), json!({"enabled": false}));
    all.into()
}

/// The kubeconfig of an account that may do what a replica does with a Lease and its state, and watch the cluster.
pub(crate) fn state_account(ground: &Ground<'_>) -> Result<PathBuf> {
    let kubeconfig = ground.account(ACCOUNT, None)?;
    grant(ground, &[ground.namespace()], 1)?;
    Ok(kubeconfig)
}

/// Takes the rights on state from the ground's account; those on the Lease stay.
pub(crate) fn without_state(ground: &Ground<'_>) -> Result<()> {
    let Value::Array(mut rules) = rules(1) else { return Ok(()) };
    rules.retain(|rule| rule["resources"][0] != "configmaps");
    ground.apply(&role(ground, ground.namespace(), &rules.into()))
}

/// Gives them back.
pub(crate) fn with_state(ground: &Ground<'_>) -> Result<()> {
    grant(ground, &[ground.namespace()], 1)
}

/// Gives the ground's account the rights on the Leases and the state of so many seats in these namespaces, and no others.
pub(super) fn grant(ground: &Ground<'_>, namespaces: &[&str], seats: usize) -> Result<()> {
    let objects = namespaces.iter().flat_map(|namespace| role(ground, namespace, &rules(seats)));
    ground.apply(&objects.collect::<Vec<_>>())
}

/// A Role of these rules in a namespace, and who has it.
fn role(ground: &Ground<'_>, namespace: &str, rules: &Value) -> [Value; 2] {
    let meta = json!({"name": "alertkube-seats", "namespace": namespace});
    let version = format!("{GROUP}/v1");
    [
        json!({"apiVersion": version, "kind": "Role", "metadata": meta, "rules": rules}),
        json!({
            "apiVersion": version, "kind": "RoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "alertkube-seats"},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": ground.namespace()}],
        }),
    ]
}

fn rules(seats: usize) -> Value {
    let lease = ["get", "list", "watch", "create", "update", "patch", "delete"];
    json!([
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": lease},
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
        // Neither list nor watch nor delete; what is created has no name that a Role could check.
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
        {
            "apiGroups": [""], "resources": ["configmaps"], "resourceNames": state_objects(seats),
            "verbs": ["get", "update", "patch"],
        },
    ])
}

/// What the names of a seat's state objects begin with.
pub(super) fn state_of(seat: usize) -> String {
    match seat {
        0 => STATE.to_owned(),
        seat => format!("{STATE}-{seat}"),
    }
}

/// Every name that a state object of so many seats may have, and the Go program's own, which is read.
fn state_objects(seats: usize) -> Vec<String> {
    // What could not be used is set aside.
    let of = |state: String| {
        Part::all().flat_map(move |part| [format!("{state}-{part}"), format!("{state}-lost-{part}")])
    };
    std::iter::once(STATE.to_owned()).chain((0..seats).map(state_of).flat_map(of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_illness_has_its_severity_and_its_times() {
        let conditions = conditions();
        for illness in Illness::ALL {
            let of = &conditions[illness.reason()];
            assert_eq!(
                (&of["severity"], &of["for"]),
                (&json!(illness.severity()), &json!(format!("{}s", illness.times().0)))
            );
        }
    }

    #[test]
    fn the_state_can_neither_be_listed_nor_deleted() {
        let rules = rules(2);
        let of = |group: usize| rules[group]["verbs"].to_string();
        assert!(of(0).contains("delete") && of(2) == r#"["create"]"# && !of(3).contains("delete"));
        let names = rules[3]["resourceNames"].to_string();
        assert!(
            ["-head", "-j15", "-b31", "-lost-b00", "state-1-head"].iter().all(|part| names.contains(part)),
            "{names}"
        );
    }
}
