//! One right less, a fresh pod, and what it says.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::super::limits::{MISSED_RIGHT_SAID_MAX, MISSED_RIGHT_WATCHED};
use crate::release::{Console, Release};
use crate::run;

/// The Role that a right is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Watching,
    Lease,
    State,
}

/// One right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    from: From,
    resource: &'static str,
    verb: &'static str,
    /// What has to be gone so that the right is needed.
    first: Option<&'static str>,
    /// How many replicas it takes.
    replicas: u32,
}

const fn case(from: From, resource: &'static str, verb: &'static str) -> Case {
    Case { from, resource, verb, first: None, replicas: 1 }
}

const NO_LEASE: &str = "kubectl delete lease alertkube -n kube-system --ignore-not-found";
const NO_STATE: &str = "kubectl delete configmap -l app.kubernetes.io/managed-by=alertkube";

/// Every right that the program uses.
pub(super) const CASES: &[Case] = &[
    case(From::Watching, "nodes", "list"),
    case(From::Watching, "nodes", "watch"),
    case(From::Watching, "pods", "list"),
    case(From::Watching, "pods", "watch"),
    case(From::Watching, "events", "list"),
    case(From::Watching, "events", "watch"),
    case(From::Watching, "deployments", "list"),
    case(From::Watching, "deployments", "watch"),
    case(From::Watching, "replicasets", "list"),
    case(From::Watching, "replicasets", "watch"),
    case(From::Watching, "statefulsets", "list"),
    case(From::Watching, "statefulsets", "watch"),
    case(From::Watching, "daemonsets", "list"),
    case(From::Watching, "daemonsets", "watch"),
    case(From::Watching, "jobs", "list"),
    case(From::Watching, "jobs", "watch"),
    case(From::Lease, "leases", "get"),
    // Who leads does not watch it.
    Case { replicas: 2, ..case(From::Lease, "leases", "watch") },
    Case { first: Some(NO_LEASE), ..case(From::Lease, "leases", "create") },
    case(From::Lease, "leases", "update"),
    case(From::Lease, "events", "create"),
    // What is updated at once is there already.
    case(From::State, "configmaps", "update"),
    case(From::State, "configmaps", "get"),
    Case { first: Some(NO_STATE), ..case(From::State, "configmaps", "create") },
];

/// What came of it.
pub(super) struct Outcome {
    /// The first line that speaks of it.
    pub(super) line: Option<String>,
    pub(super) restarts: u64,
}

/// Takes the right away, starts a fresh pod, listens, and gives the right back.
pub(super) fn without(console: &Console<'_>, release: &Release<'_>, case: &Case) -> Result<Outcome> {
    let role = case.role(console)?;
    let original = console.json(&format!("kubectl get {role} -o json"))?;
    console.does("kubectl scale deployment alertkube --replicas=0")?;
    run::until("the end of the pod", MISSED_RIGHT_SAID_MAX, || Ok(release.pods()?.is_empty().then_some(())))?;
    let mut less = original.clone();
    let rules = less["rules"].as_array_mut().context("a Role has rules")?;
    *rules = std::mem::take(rules).into_iter().flat_map(|rule| case.taken_from(rule)).collect();
    replace(console, &less)?;
    if let Some(first) = case.first {
        console.does(first)?;
    }
    console.does(&format!("kubectl scale deployment alertkube --replicas={}", case.replicas))?;
    let outcome = heard(console, release, case);
    replace(console, &original)?;
    outcome
}

fn heard(console: &Console<'_>, release: &Release<'_>, case: &Case) -> Result<Outcome> {
    let said = run::until("a line about it", MISSED_RIGHT_SAID_MAX, || {
        let log = console.types("kubectl logs -l app.kubernetes.io/name=alertkube --tail=-1")?.out;
        Ok(log.lines().find(|line| case.is_named_in(line)).map(str::to_owned))
    });
    // A loop of crashes would show by then.
    std::thread::sleep(if said.is_ok() { MISSED_RIGHT_WATCHED } else { Duration::ZERO });
    let restarts = release.pods()?.iter().map(|pod| pod.restarts).sum();
    Ok(Outcome { line: said.ok(), restarts })
}

fn replace(console: &Console<'_>, role: &Value) -> Result<()> {
    let mut role = role.clone();
    if let Some(meta) = role["metadata"].as_object_mut() {
        meta.remove("resourceVersion");
        meta.remove("managedFields");
    }
    let path = console.values("role", &role)?;
    console.does(&format!("kubectl replace -f {path}")).map(drop)
}

impl Case {
    /// Whether only a server needs the right that does not stream its lists: one that does asks for `watch` alone.
    pub(super) fn is_of_plain_lists(&self) -> bool {
        self.verb == "list"
    }

    /// The kind, name and namespace of the Role, as kubectl takes them.
    fn role(self, console: &Console<'_>) -> Result<String> {
        Ok(match self.from {
            From::Watching => {
                let names =
                    console.does("kubectl get clusterroles -l app.kubernetes.io/name=alertkube -o name")?;
                names.lines().next().context("the release has a ClusterRole")?.to_owned()
            }
            From::Lease => "role/alertkube-leader-election -n kube-system".to_owned(),
            From::State => "role/alertkube-state".to_owned(),
        })
    }

    /// The same rule without the right, in at most two parts.
    fn taken_from(self, rule: Value) -> Vec<Value> {
        let words = |of: &str| -> Vec<String> {
            let all = rule[of].as_array().into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (resources, verbs) = (words("resources"), words("verbs"));
        if !resources.iter().any(|one| one == self.resource) || !verbs.iter().any(|one| one == self.verb) {
            return vec![rule];
        }
        let others: Vec<&String> = resources.iter().filter(|one| *one != self.resource).collect();
        let left: Vec<&String> = verbs.iter().filter(|one| *one != self.verb).collect();
        let part = |resources: Value, verbs: Value| {
            let mut part = rule.clone();
            (part["resources"], part["verbs"]) = (resources, verbs);
            part
        };
        let mut parts = Vec::new();
        if !others.is_empty() {
            parts.push(part(json!(others), json!(verbs)));
        }
        if !left.is_empty() {
            parts.push(part(json!([self.resource]), json!(left)));
        }
        parts
    }

    /// Whether a line of the log speaks of a refusal of this resource.
    fn is_named_in(self, line: &str) -> bool {
        let line = line.to_lowercase();
        let refused = ["403", "forbidden", "may not", "no right"].iter().any(|word| line.contains(word));
        let singular = self.resource.trim_end_matches('s');
        refused && (line.contains(self.resource) || line.contains(singular))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_taken_from_its_rule_and_the_others_stay() {
        let rule = json!({"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["list", "watch"]});
        let parts = case(From::Watching, "pods", "list").taken_from(rule.clone());
        assert_eq!(
            (&parts[0]["resources"], &parts[0]["verbs"]),
            (&json!(["nodes"]), &json!(["list", "watch"]))
        );
        assert_eq!((&parts[1]["resources"], &parts[1]["verbs"]), (&json!(["pods"]), &json!(["watch"])));
        assert_eq!(case(From::Watching, "jobs", "list").taken_from(rule.clone()), [rule]);
    }

    #[test]
    fn only_a_refusal_of_the_resource_counts() {
        let pods = case(From::Watching, "pods", "list");
        assert!(pods.is_named_in("pods cannot be listed: 403 Forbidden") && !pods.is_named_in("jobs: 403"));
        assert!(!pods.is_named_in("pods are watched"));
    }
}
