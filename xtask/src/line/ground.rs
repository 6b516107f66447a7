//! The ground of one run: a namespace of its own, an account with just the rights that are needed, a folder.

use std::fs;
use std::path::{Path, PathBuf};

use alertkube_core::{Kind, KindId};
use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::receiver::millis;
use crate::run;

/// Set, it keeps the namespace and the folder of a run.
const KEEP: &str = "ALERTKUBE_KEEP";

/// What one run has of the cluster; removed with it.
pub(crate) struct Ground<'a> {
    cluster: &'a Cluster,
    namespace: String,
    folder: PathBuf,
}

impl<'a> Ground<'a> {
    /// A fresh namespace and folder.
    pub(crate) fn new(cluster: &'a Cluster, purpose: &str) -> Result<Ground<'a>> {
        let number = u64::from(std::process::id()) ^ (millis().unsigned_abs() << 20);
        let namespace = format!("{purpose}-{:08x}", number % 0xffff_fffb);
        let folder = std::env::temp_dir().join(format!("alertkube-{namespace}"));
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let ground = Ground { cluster, namespace, folder };
        ground.apply(&[
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ground.namespace}}),
        ])?;
        run::until("the namespace's own account", crate::limits::NODE_READY_MAX, || {
            let words = ["get", "serviceaccount", "default", "--namespace", &ground.namespace];
            run::output(cluster.kubectl().args(words)).map(Some)
        })?;
        Ok(ground)
    }

    /// The cluster it lies in.
    pub(crate) fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// The name of the namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the Node object that no kubelet looks after.
    pub(crate) fn ghost(&self) -> String {
        format!("ghost-{}", self.namespace)
    }

    /// The folder of this run.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Applies objects.
    pub(crate) fn apply(&self, objects: &[Value]) -> Result<()> {
        self.cluster.apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())
    }

    /// Creates objects as they are given, status included: what is applied loses its status.
    pub(crate) fn create(&self, objects: &[Value]) -> Result<()> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let mut kubectl = self.cluster.kubectl();
        run::output_of_input(kubectl.args(["create", "--filename", "-"]), &list)
            .map(drop)
            .context("create objects")
    }

    /// kubectl in the namespace.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Result<String> {
        run::output(self.cluster.kubectl().args(["--namespace", &self.namespace]).args(words))
    }

    /// The kubeconfig of an account that may list and watch what alertkube watches, but for one kind.
    pub(crate) fn account(&self, name: &str, without: Option<KindId>) -> Result<PathBuf> {
        let kubeconfig = self.cluster.service_account_kubeconfig(&self.namespace, name)?;
        self.grant(name, without)?;
        Ok(kubeconfig)
    }

    /// Gives the account these rights and no others.
    pub(crate) fn grant(&self, name: &str, without: Option<KindId>) -> Result<()> {
        let role = format!("{}-{name}", self.namespace);
        let group = "rbac.authorization.k8s.io";
        let version = format!("{group}/v1");
        self.apply(&[
            json!({"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules(without)}),
            json!({
                "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": role},
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.namespace}],
            }),
        ])
    }

    /// Pods and events, for whoever has to find out what went wrong.
    pub(crate) fn wreck(&self) -> String {
        let looks =
            [&["get", "pods,jobs,deployments", "--output=wide"][..], &["get", "events"], &["get", "nodes"]];
        let shown = looks.map(|words| self.kubectl(words).unwrap_or_else(|error| format!("{error:#}\n")));
        shown.join("\n")
    }

    fn remove(&self) -> Result<()> {
        let kubectl =
            |words: &[&str]| run::output(self.cluster.kubectl().args(words).arg("--ignore-not-found"));
        kubectl(&["delete", "namespace", &self.namespace, "--wait=false"])?;
        kubectl(&["delete", "node", &self.ghost()])?;
        for kind in ["clusterrolebindings", "clusterroles"] {
            let names = kubectl(&["get", kind, "--output=name"])?;
            let mark = format!("/{}-", self.namespace);
            for name in names.lines().filter(|name| name.contains(&mark)) {
                kubectl(&["delete", name])?;
            }
        }
        fs::remove_dir_all(&self.folder).context("remove the folder")
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        if std::env::var_os(KEEP).is_some_and(|value| !value.is_empty()) {
            eprintln!("{KEEP}: namespace {} and {} stay", self.namespace, self.folder.display());
        } else if let Err(error) = self.remove() {
            eprintln!("namespace {}: not all could be removed: {error:#}", self.namespace);
        }
    }
}

/// One rule a watched kind, from the same table as the watches.
fn rules(without: Option<KindId>) -> Vec<Value> {
    let kinds = Kind::ALL.iter().filter(|kind| Some(kind.id) != without);
    let rule = |kind: &Kind| json!({"apiGroups": [kind.group], "resources": [kind.plural], "verbs": ["get", "list", "watch"]});
    kinds.map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_left_out_has_no_rule() {
        let words = |without| Value::from(rules(without)).to_string();
        assert!(words(None).contains("\"jobs\""));
        assert!(!words(Some(KindId::Job)).contains("\"jobs\""));
        assert_eq!(rules(Some(KindId::Job)).len() + 1, Kind::ALL.len());
    }
}
