//! A cluster that somebody else runs, named by an environment variable.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::machine;
use super::running::Cluster;
use super::site::Site;
use super::{binaries, running};

/// Names the kubeconfig of the cluster to use instead of our own.
pub(super) const VARIABLE: &str = "ALERTKUBE_TEST_KUBECONFIG";

/// The kubeconfig that the variable names, unless it is the one of our own cluster.
pub(super) fn kubeconfig(site: &Site) -> Result<Option<PathBuf>> {
    let Some(value) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return Ok(None) };
    let path = std::path::absolute(&value).with_context(|| format!("{VARIABLE} is not a path"))?;
    Ok((path != site.kubeconfig()).then_some(path))
}

/// Uses that cluster after a look whether it answers.
pub(super) fn attach(site: Site, kubeconfig: PathBuf) -> Result<Cluster> {
    let kubectl = match machine::find("kubectl") {
        Some(kubectl) => kubectl,
        None => binaries::ready(&site)?.join("kubectl"),
    };
    let cluster = Cluster::new(site, kubectl, running::Place::Given(kubeconfig));
    cluster.answers().with_context(|| format!("reach the cluster that {VARIABLE} names"))?;
    Ok(cluster)
}
