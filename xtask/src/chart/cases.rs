//! The matrix: sets of values with what comes of them, and sets that are refused.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::generated::CHART;
use super::helm::values;
use super::values::{Row, rows};

/// The values that the Go program's chart has, which is all that `--reuse-values` brings from it.
const REFERENCE: &str = "reference";

/// One set of values.
pub(super) struct Case {
    /// Its name, and that of its golden file.
    pub(super) name: String,
    /// Options of helm.
    pub(super) options: Vec<String>,
}

/// The sets: none, each file of `helm/ci`, and a release of the Go program's chart that is upgraded with
/// `--reuse-values`. `scratch` is a folder for the latter.
pub(super) fn accepted(root: &Path, scratch: &Path) -> Result<Vec<Case>> {
    let folder = root.join(CHART).join("ci");
    let entries = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    let mut cases = vec![Case { name: "none".to_owned(), options: Vec::new() }];
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = file.trim_end_matches(".yaml").trim_end_matches("-values").to_owned();
        cases.push(Case { name, options: values(&path) });
    }
    cases.push(reused(root, &folder, scratch)?);
    Ok(cases)
}

/// What was not known to the chart before is absent, which helm spells as null.
fn reused(root: &Path, folder: &Path, scratch: &Path) -> Result<Case> {
    let reference = folder.join(format!("{REFERENCE}-values.yaml"));
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("read {}", path.display()));
    let known: Value = serde_saphyr::from_str(&read(&reference)?).context("the reference's values")?;
    let ours = rows(&read(&root.join(CHART).join("values.yaml"))?)?;
    let path = scratch.join("absent.json");
    fs::write(&path, absent(&ours, &known).to_string())
        .with_context(|| format!("write {}", path.display()))?;
    let options = [values(&reference), values(&path)].concat();
    Ok(Case { name: "reused".to_owned(), options })
}

/// Every row of ours that `known` lacks, as null.
fn absent(rows: &[Row], known: &Value) -> Value {
    let mut nulls = Value::Object(Map::new());
    for row in rows {
        let here = |depth: usize| known.pointer(&format!("/{}", row.path[..depth].join("/")));
        let missing = (1..=row.path.len()).find(|depth| here(*depth).is_none());
        // A group that is absent as a whole is one null.
        if missing == Some(row.path.len()) {
            let mut at = &mut nulls;
            for name in &row.path {
                at = &mut at[name];
            }
            *at = Value::Null;
        }
    }
    nulls
}

/// What must be refused: options, and words of the refusal, the value's path among them.
pub(super) const REFUSED: &[(&[&str], &[&str])] = &[
    (&["replicaCount=2"], &["replicaCount:", "leaderElection.enabled=true"]),
    (&["replicaCount=2", "sharding.total=3"], &["replicaCount:", "leaderElection.enabled=true"]),
    (&["cluster="], &["/cluster"]),
    (&["clutser=kitchen"], &["clutser"]),
    (&["leaderElection.enable=true"], &["/leaderElection", "enable"]),
    (&["replicaCount=two"], &["/replicaCount", "integer"]),
    (&["sharding.total=17"], &["/sharding/total", "16"]),
    (&["image.pullPolicy=Sometimes"], &["/image/pullPolicy", "IfNotPresent"]),
    (&["rbac.scope=galaxy"], &["/rbac/scope", "namespace"]),
    (&["persistence.kind=Volume"], &["/persistence/kind", "Secret"]),
    (&["persistence.configMapName=Not_A_Name"], &["/persistence/configMapName"]),
    (&["persistence.deleteOnUninstall=perhaps"], &["/persistence/deleteOnUninstall", "boolean"]),
    (&["behavior.muteSeconds=soon"], &["/behavior/muteSeconds"]),
    (&["behavior.firstRun=later"], &["/behavior/firstRun", "digest"]),
    (&["routing[0].sinks[0]=slak"], &["/routing/0/sinks/0"]),
    (&["severityOverrides[0].severity=bad"], &["/severityOverrides/0/severity"]),
    (&["networkPolicy.enabled=true"], &["networkPolicy.apiServer.cidrs:"]),
    (&["networkPolicy.apiServer.cidrs[0]=here"], &["/networkPolicy/apiServer/cidrs/0"]),
    (&["metrics.port=0"], &["/metrics/port"]),
    (&["pagerduty.routingKeySecretKeyRef.name=only"], &["pagerduty.routingKeySecretKeyRef:", "key"]),
    (&["teams.webhookUrl=x"], &["teams.webhookUrl:", "not built yet"]),
    (&["telegram.botTokenSecretKeyRef.name=a"], &["telegram.botTokenSecretKeyRef:", "not built yet"]),
    (&["routing[0].sinks[0]=opsgenie"], &["routing[0].sinks:", "opsgenie is not built yet"]),
    (&["grouping.enabled=true"], &["grouping.enabled:", "not built yet"]),
    (&["receiver.enabled=true"], &["receiver.enabled:", "not built yet"]),
    (&["rules[0].name=a"], &["rules:", "not built yet"]),
    (&["silences[0].until=2030-01-01T00:00:00Z"], &["silences:", "not built yet"]),
    (&["maintenance[0].name=a"], &["maintenance:", "not built yet"]),
    (&["escalations[0].afterMinutes=5"], &["escalations:", "not built yet"]),
    (&["correlation.enabled=true"], &["correlation.enabled:", "not built yet"]),
    (&["aws.enabled=true"], &["aws.enabled:", "not built yet"]),
    (&["azure.enabled=true"], &["azure.enabled:", "not built yet"]),
    (&["gcp.enabled=true"], &["gcp.enabled:", "not built yet"]),
    (&["pprof.enabled=true"], &["pprof.enabled:", "not built yet"]),
    (&["api.allowSecretRead=true"], &["api.allowSecretRead:", "not built yet"]),
    (&["api.authMode=rbac"], &["api.authMode:", "not built yet"]),
    (&["crds.silences.enabled=true"], &["crds.silences.enabled:", "not built yet"]),
    (
        &["replicaCount=2", "aws.enabled=true", "teams.webhookUrl=x"],
        &["replicaCount:", "aws.enabled:", "teams."],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_chart_lacks_is_null_and_nothing_else() {
        let text = "# A.\na: 1\n# B.\nb: 2\ng:\n  # C.\n  c: 1\n  # D.\n  d: 1\nnew:\n  # E.\n  e: 1\n";
        let known = serde_json::json!({"a": 5, "g": {"c": 1}});
        let nulls = absent(&rows(text).expect("sound"), &known);
        assert_eq!(nulls, serde_json::json!({"b": null, "g": {"d": null}, "new": null}));
    }
}
