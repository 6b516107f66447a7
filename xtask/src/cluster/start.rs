//! From nothing to a ready node, and back.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::parts::Part;
use super::running::Cluster;
use super::site::{API_PORT, NODE, NODE_ADDRESS, Site};
use super::{binaries, certs, cgroups, clear, configs, images, machine, netns, processes};
use crate::{limits, run};

/// Starts the cluster unless it is up and well; clears what a killed run left.
pub(super) fn up(site: Site) -> Result<Cluster> {
    let _one_at_a_time = lock(&site)?;
    machine::prepare()?;
    let programs = binaries::ready(&site)?;
    let start = Instant::now();
    if site.kubeconfig().exists() {
        let cluster = Cluster::ours(site.clone(), programs.clone());
        if is_well(&site, &cluster) {
            eprintln!("already up");
            return Ok(cluster);
        }
    }
    clear::all(&site).context("clear what an earlier run left")?;
    let cluster = begin(&site, &programs)?;
    eprintln!("up in {:.1} s", start.elapsed().as_secs_f64());
    Ok(cluster)
}

/// Ends the cluster and removes what it left.
pub(super) fn down(site: &Site) -> Result<()> {
    let _one_at_a_time = lock(site)?;
    let start = Instant::now();
    clear::all(site)?;
    eprintln!("down in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Starts one program, with flags beside its own ones.
pub(super) fn part(site: &Site, programs: &Path, part: Part, flags: &[&str]) -> Result<()> {
    let mut command = part.command(site, programs);
    command.args(flags);
    processes::start(site, part.name(), &command)
}

/// Waits until the API server says that it is ready.
pub(super) fn await_api_server(cluster: &Cluster) -> Result<()> {
    run::until("a ready API server", limits::API_SERVER_START_MAX, || cluster.answers().map(Some))
}

/// Whether every program lives, the API server answers and the node is ready.
pub(super) fn is_well(site: &Site, cluster: &Cluster) -> bool {
    let lives = |part: &Part| processes::recorded(site, part.name()).is_some();
    Part::ALL.iter().all(lives)
        && cluster.answers().is_ok()
        && node_is_ready(cluster).is_ok_and(|ready| ready)
}

fn lock(site: &Site) -> Result<std::fs::File> {
    binaries::lock(&site.cache().join(format!("{}.lock", site.name())))
}

fn begin(site: &Site, programs: &Path) -> Result<Cluster> {
    netns::make(site)?;
    part(site, programs, Part::Etcd, &[])?;
    certs::make(site)?;
    part(site, programs, Part::ApiServer, &[])?;
    cgroups::make(site)?;
    configs::write(site)?;
    images::write(site)?;
    part(site, programs, Part::Containerd, &[])?;
    await_containerd(site)?;
    let cluster = Cluster::ours(site.clone(), programs.to_owned());
    await_api_server(&cluster).with_context(|| last_words(site, Part::ApiServer))?;
    for later in [Part::ControllerManager, Part::Scheduler, Part::Kubelet, Part::Proxy] {
        part(site, programs, later, &[])?;
    }
    cluster.apply(&api_endpoints().to_string())?;
    await_node(&cluster).with_context(|| last_words(site, Part::Kubelet))?;
    Ok(cluster)
}

fn await_containerd(site: &Site) -> Result<()> {
    run::until("containerd", limits::CONTAINERD_START_MAX, || images::import_own(site).map(Some))
        .with_context(|| last_words(site, Part::Containerd))
}

fn await_node(cluster: &Cluster) -> Result<()> {
    run::until("a ready node", limits::NODE_READY_MAX, || Ok(node_is_ready(cluster)?.then_some(())))?;
    // Pods are refused until the controller manager has made the account that they run as.
    run::until("the default service account", limits::NODE_READY_MAX, || {
        run::output(cluster.kubectl().args(["get", "serviceaccount", "default"])).map(Some)
    })
    .map(drop)
}

fn node_is_ready(cluster: &Cluster) -> Result<bool> {
    let answer = run::output(cluster.kubectl().args(["get", "node", NODE, "--output", "json"]))?;
    Ok(takes_pods(&serde_json::from_str(&answer).context("read the node")?))
}

/// Ready, and rid of the taints that it starts with.
fn takes_pods(node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    let ready =
        conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"));
    ready && node["spec"]["taints"].as_array().is_none_or(Vec::is_empty)
}

/// Where in-cluster clients find the API server; its own writer of this object is switched off.
fn api_endpoints() -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "https", "port": API_PORT, "protocol": "TCP"}],
        "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": true}}],
    })
}

fn last_words(site: &Site, part: Part) -> String {
    format!("{} said last:\n{}", part.name(), processes::last_words(site, part.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_takes_pods_when_it_is_ready_and_untainted() {
        let node = |status: &str, taints: Value| {
            let conditions = [json!({"type": "Ready", "status": status})];
            json!({"spec": {"taints": taints}, "status": {"conditions": conditions}})
        };
        assert!(takes_pods(&node("True", Value::Null)));
        assert!(!takes_pods(&node("False", Value::Null)));
        assert!(!takes_pods(&node("True", json!([{"key": "node.kubernetes.io/not-ready"}]))));
        assert!(!takes_pods(&json!({})));
    }
}
