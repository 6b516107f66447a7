//! What the cluster's programs leave in folders of the machine that no flag moves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::site::{Site, absent_is_fine};

/// Where containerd's shims put their sockets.
const SHIM_SOCKETS: &str = "/run/containerd/s";
const SHIM_BUNDLES: &str = "containerd-state/io.containerd.runtime.v2.task/k8s.io";
/// Where the network plugins note their results.
const NETWORK_RESULTS: &str = "/var/lib/cni/results";
/// Where the kubelet links to the logs of containers.
const LOG_LINKS: &str = "/var/log/containers";
/// Where the kubelet waits for device plugins.
const DEVICE_SOCKET: &str = "/var/lib/kubelet/device-plugins/kubelet.sock";
/// Folders that may have come with the above; they go when they are empty.
const FOLDERS: [&str; 7] = [
    SHIM_SOCKETS,
    "/run/containerd",
    NETWORK_RESULTS,
    "/var/lib/cni",
    LOG_LINKS,
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet",
];

/// Removes what is ours there, to be called while the state folder still tells what that is.
pub(super) fn remove_ours(site: &Site) -> Result<()> {
    remove_shim_sockets(site)?;
    remove_network_results(site)?;
    for link in entries(Path::new(LOG_LINKS)) {
        if fs::read_link(&link).is_ok_and(|to| to.starts_with(site.state())) {
            remove(&link)?;
        }
    }
    let device_socket = Path::new(DEVICE_SOCKET);
    if site.path("kubelet").exists() && !machine_has_a_kubelet() {
        remove(device_socket)?;
    }
    for folder in FOLDERS {
        // Not empty, or not there: both are for somebody else to care about.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

/// A kubelet of the machine itself keeps more than the device folder there.
fn machine_has_a_kubelet() -> bool {
    entries(Path::new("/var/lib/kubelet")).iter().any(|path| !path.ends_with("device-plugins"))
}

/// A killed shim leaves its socket.
fn remove_shim_sockets(site: &Site) -> Result<()> {
    for bundle in entries(&site.path(SHIM_BUNDLES)) {
        let Ok(address) = fs::read_to_string(bundle.join("address")) else { continue };
        let socket = PathBuf::from(address.trim().trim_start_matches("unix://"));
        if socket.starts_with(SHIM_SOCKETS) {
            remove(&socket)?;
        }
    }
    Ok(())
}

/// Sandboxes that were not ended one by one leave two notes each: ours, and the loopback's under a common name.
fn remove_network_results(site: &Site) -> Result<()> {
    let notes = entries(Path::new(NETWORK_RESULTS));
    for note in &notes {
        let Some(sandbox) = sandbox_of(note, site.name()) else { continue };
        remove(note)?;
        for other in notes.iter().filter(|other| is_loopback_of(other, sandbox)) {
            remove(other)?;
        }
    }
    Ok(())
}

/// The sandbox whose result on the network is noted in the file `NETWORK-SANDBOX-INTERFACE`.
fn sandbox_of<'a>(note: &'a Path, network: &str) -> Option<&'a str> {
    let rest = note.file_name()?.to_str()?.strip_prefix(network)?.strip_prefix('-')?;
    rest.split_once('-').map(|(sandbox, _interface)| sandbox)
}

fn is_loopback_of(note: &Path, sandbox: &str) -> bool {
    sandbox_of(note, "cni-loopback") == Some(sandbox)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).or_else(absent_is_fine).with_context(|| format!("remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_names_its_sandbox() {
        let note = Path::new("/results/alertkube-12-aa0-eth0");
        assert_eq!(sandbox_of(note, "alertkube-12"), Some("aa0"));
        assert_eq!(sandbox_of(note, "alertkube-1"), None);
        assert!(is_loopback_of(Path::new("/results/cni-loopback-aa0-lo"), "aa0"));
        assert!(!is_loopback_of(Path::new("/results/cni-loopback-aa01-lo"), "aa0"));
    }
}
