//! Which cluster, and as whom: kubeconfig or the pod's service account.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::env::Environment;
use crate::files;
use crate::limits::{API_CONNECT_TIMEOUT, API_WRITE_TIMEOUT};

/// How to reach the cluster. A kubeconfig that was named must be there and hold; otherwise the user's own is taken if
/// it exists, else the service account of the pod. Nothing is sent yet.
pub(crate) async fn config(named: Option<&Path>, environment: &Environment) -> anyhow::Result<Config> {
    let mut config = match named.map(Path::to_path_buf).or_else(|| implied(environment)) {
        Some(path) => from_file(&path).await?,
        None => match Config::incluster() {
            Ok(config) => config,
            Err(error) => bail!("no kubeconfig was named or found, and this is no pod of a cluster: {error}"),
        },
    };
    config.connect_timeout = Some(API_CONNECT_TIMEOUT);
    config.write_timeout = Some(API_WRITE_TIMEOUT);
    Ok(config)
}

/// `KUBECONFIG`, or the file in the user's home, where they exist.
fn implied(environment: &Environment) -> Option<PathBuf> {
    let listed = environment.get("KUBECONFIG").filter(|text| !text.is_empty());
    let home = environment.get("HOME").map(|home| Path::new(home).join(".kube/config"));
    let candidates = listed.map(PathBuf::from).into_iter().chain(home);
    candidates.into_iter().find(|path| files::exists(path))
}

async fn from_file(path: &Path) -> anyhow::Result<Config> {
    let shown = path.display();
    if !files::exists(path) {
        bail!("kubeconfig {shown}: no such file");
    }
    let kubeconfig =
        Kubeconfig::read_from(path).with_context(|| format!("kubeconfig {shown} does not parse"))?;
    let options = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .with_context(|| format!("kubeconfig {shown} is not usable"))
}
