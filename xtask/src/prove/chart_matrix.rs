//! Proof `chart-matrix`: the chart over a matrix of values, and what is left when it is removed.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::image_program;
use super::verdict::{Figure, Table, Verdict};
use crate::cluster::{self, Cluster};
use crate::line::Ground;
use crate::release::{Console, Release, image_values};
use crate::{chart, checkout, image};

pub(super) const SHOWS: &str = "`helm lint --strict`, golden `helm template` over a matrix of values, every manifest valid for \
    Kubernetes 1.34 and 1.37 by the OpenAPI that their API servers publish (ServiceMonitor, PodMonitor and PrometheusRule are \
    held to golden files only), every configuration taken by the program's own loader, bad values refused with their path, \
    and nothing unexpected left after `helm uninstall`.";

/// What is installed and removed: a word, options, and whether state and Lease stay.
const REMOVED: [(&str, &str, bool); 4] = [
    ("no values", "", true),
    ("elected pair, Lease in kube-system", "--values ./helm/ci/highly-available-values.yaml", true),
    (
        "the same with deleteOnUninstall",
        "--values ./helm/ci/highly-available-values.yaml --set persistence.deleteOnUninstall=true",
        false,
    ),
    ("namespace scope, Secrets, deleteOnUninstall", "--values ./helm/ci/namespaced-values.yaml", false),
];

/// Kinds that a release may leave behind, in its namespace,
const KINDS: &str =
    "all,configmaps,secrets,serviceaccounts,roles,rolebindings,leases,networkpolicies,poddisruptionbudgets";
/// in the Lease's,
const SYSTEM: &str = "roles,rolebindings,leases";
/// and in none.
const CLUSTER: &str = "clusterroles,clusterrolebindings,flowschemas";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let root = checkout::root()?;
    let report = chart::examined(&root, false)?;
    let mut verdict = Verdict::default();
    verdict.figures.extend([
        Figure::at_least(
            "sets of values that are linted, rendered, loaded and golden",
            report.rendered as f64,
            10.0,
            "",
        ),
        Figure::at_least("sets of values that are refused, with the path", report.refused as f64, 38.0, ""),
        Figure::exactly("what does not hold", report.wrong.len(), 0),
    ]);
    for (version, said) in &report.schemas {
        verdict.figures.push(Figure::told(format!("Kubernetes {version}"), said));
    }
    verdict.notes.extend(report.wrong.iter().map(|wrong| format!("- {wrong}")));
    let cluster = cluster::up()?;
    image::load(&cluster, &image_program()?)?;
    let mut table = Table::new("Left after `helm uninstall`", &["installed with", "left"]);
    for (word, options, stays) in REMOVED {
        let left = left_by(&cluster, options).with_context(|| word)?;
        let unexpected: Vec<&String> = left.iter().filter(|name| !stays || !is_kept(name)).collect();
        verdict.figures.push(Figure::exactly(format!("left unexpectedly: {word}"), unexpected.len(), 0));
        if stays {
            let kept = left.iter().any(|name| name.contains("-state-head"));
            verdict.figures.push(Figure::exactly(format!("the state stays: {word}"), kept, true));
        }
        table.row(&[&word, &left.join(", ")]);
    }
    verdict.tables.push(table);
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "The schemas come from `api/openapi-spec/swagger.json` of the module k8s.io/kubernetes of each version, which \
    is what its API server answers on `/openapi/v2`, kept beside its source; the module is held against its checksum.";

/// Installs, waits, removes, and gives what was not there before.
fn left_by(cluster: &Cluster, options: &str) -> Result<Vec<String>> {
    let ground = Ground::new(cluster, "matrix")?;
    let console = Console::open(&ground)?;
    let release = Release::new(&console)?;
    let before = there(&console)?;
    let image = console.values("image", &serde_json::json!({ "image": image_values() }))?;
    release.install(&format!("{options} --values {image}"))?;
    release.uninstall()?;
    let after = there(&console)?;
    console.does("kubectl delete lease alertkube -n kube-system --ignore-not-found")?;
    Ok(after.difference(&before).cloned().collect())
}

fn there(console: &Console<'_>) -> Result<BTreeSet<String>> {
    let looks = [
        format!("kubectl get {KINDS} -o name"),
        format!("kubectl get {SYSTEM} -n kube-system -o name"),
        format!("kubectl get {CLUSTER} -o name"),
    ];
    let mut names = BTreeSet::new();
    for look in looks {
        names.extend(console.does(&look)?.lines().map(str::to_owned));
    }
    Ok(names)
}

/// What another install goes on with.
fn is_kept(name: &str) -> bool {
    name.starts_with("configmap/alertkube-state-") || name == "lease.coordination.k8s.io/alertkube"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_state_and_lease_may_stay() {
        assert!(is_kept("configmap/alertkube-state-head") && is_kept("lease.coordination.k8s.io/alertkube"));
        assert!(!is_kept("configmap/alertkube-config") && !is_kept("secret/alertkube-state-head"));
    }
}
