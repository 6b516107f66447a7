//! What the program finds in a pod of the chart: its environment, its files, its configuration.

use std::collections::BTreeMap;

use alertkube_api::{Outside, load};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Where the chart mounts the configuration.
const CONFIG: &str = "/etc/alertkube/config/config.yaml";
/// Where it mounts credentials.
const CREDENTIALS: &str = "/etc/alertkube/credentials/";
/// The name of a pod of a StatefulSet, whose shard the ordinal tells.
const POD: &str = "alertkube-1";

/// The surroundings of a container.
struct Pod {
    variables: BTreeMap<String, String>,
    /// Paths of credentials.
    credentials: Vec<String>,
}

impl Outside for Pod {
    fn var(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &str) -> Result<String, String> {
        match self.credentials.iter().any(|known| known == path) {
            true => Ok("https://hooks.example.com/of-a-secret".to_owned()),
            false => Err(format!("nothing is mounted at {path}")),
        }
    }
}

/// Lets the program's own loader read the configuration as the pod would.
pub(super) fn check(objects: &[Value]) -> Result<()> {
    let workloads = ["Deployment", "StatefulSet"];
    let workload = objects.iter().find(|object| workloads.iter().any(|kind| object["kind"] == **kind));
    let spec = &workload.context("no workload")?["spec"]["template"]["spec"];
    let container = &spec["containers"][0];
    ensure!(container["args"][0] == format!("--config={CONFIG}"), "the program is given no configuration");
    let config = objects.iter().find_map(|object| object["data"]["config.yaml"].as_str());
    let pod = Pod { variables: variables(container)?, credentials: credentials(spec) };
    let named = |name: &String| name.ends_with("_FILE");
    for (name, path) in pod.variables.iter().filter(|(name, _)| named(name)) {
        ensure!(pod.credentials.contains(path), "{name} says {path}, where nothing is mounted");
    }
    match load(Some(config.context("no configuration")?), &pod) {
        Ok(_) => Ok(()),
        Err(problems) => {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            bail!("the program refuses the configuration: {}", all.join("; "))
        }
    }
}

fn variables(container: &Value) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for one in container["env"].as_array().context("no environment")? {
        let name = one["name"].as_str().context("a variable without a name")?.to_owned();
        let value = match one["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
            Some("metadata.name") => POD,
            Some(_) => "monitoring",
            None => one["value"].as_str().with_context(|| format!("{name} has no text"))?,
        };
        ensure!(variables.insert(name.clone(), value.to_owned()).is_none(), "{name} is there twice");
    }
    Ok(variables)
}

fn credentials(spec: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    let volumes = spec["volumes"].as_array().into_iter().flatten();
    for source in volumes.filter_map(|volume| volume["projected"]["sources"].as_array()).flatten() {
        let items = source["secret"]["items"].as_array().into_iter().flatten();
        paths.extend(
            items.filter_map(|item| item["path"].as_str()).map(|path| format!("{CREDENTIALS}{path}")),
        );
    }
    paths
}
