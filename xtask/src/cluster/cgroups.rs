//! The control groups of the pods: made before the kubelet starts, emptied and removed after it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::processes::{self, Process};
use super::site::Site;
use crate::{limits, run};

const MOUNT: &str = "/sys/fs/cgroup";
/// What the kubelet wants in its root where one hierarchy holds all controllers.
const CONTROLLERS: &str = "+cpu +cpuset +memory +pids";
/// Present only where one hierarchy holds all controllers (version 2).
const UNIFIED_MARK: &str = "cgroup.controllers";

/// The group's name as the kubelet takes it.
pub(super) fn root(site: &Site) -> String {
    format!("/{}", site.name())
}

/// Makes our group in every hierarchy; the kubelet refuses a root that is not there.
pub(super) fn make(site: &Site) -> Result<()> {
    for hierarchy in hierarchies() {
        let folder = hierarchy.join(site.name());
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        if hierarchy.join(UNIFIED_MARK).exists() && hierarchy == Path::new(MOUNT) {
            fs::write(hierarchy.join("cgroup.subtree_control"), CONTROLLERS)
                .context("hand the controllers down")?;
            continue;
        }
        // A child of cpuset (version 1) starts without processors and takes no process until it has some.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if let Ok(value) = fs::read(hierarchy.join(file)) {
                fs::write(folder.join(file), value).with_context(|| format!("fill {file}"))?;
            }
        }
    }
    Ok(())
}

/// Kills what still runs in our groups, and removes them.
pub(super) fn remove(site: &Site) -> Result<()> {
    for hierarchy in hierarchies() {
        let folder = hierarchy.join(site.name());
        let mut folders = Vec::new();
        below(&folder, 0, &mut folders);
        let members: Vec<_> = folders.iter().flat_map(|folder| members(folder)).collect();
        processes::kill(&members).context("kill the processes of pods")?;
        // Deepest first; a group stays busy for a moment after its last process.
        run::until("the end of our control groups", limits::KILLED_MAX, || {
            for folder in folders.iter().rev().filter(|folder| folder.exists()) {
                fs::remove_dir(folder).with_context(|| format!("remove {}", folder.display()))?;
            }
            Ok(Some(()))
        })?;
    }
    Ok(())
}

/// The folders of our groups that are there now.
pub(super) fn left(site: &Site) -> Vec<PathBuf> {
    hierarchies()
        .into_iter()
        .map(|hierarchy| hierarchy.join(site.name()))
        .filter(|path| path.exists())
        .collect()
}

/// The mounted hierarchies: one in version 2, one per controller in version 1.
fn hierarchies() -> Vec<PathBuf> {
    let mount = PathBuf::from(MOUNT);
    if mount.join(UNIFIED_MARK).exists() {
        return vec![mount];
    }
    let Ok(folders) = fs::read_dir(&mount) else { return Vec::new() };
    let mut found: Vec<_> = folders.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // Two controllers of one mount show up as links to it.
    found.retain(|path| path.join("cgroup.procs").exists() && !path.is_symlink());
    found
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if !folder.is_dir() || depth > limits::CGROUP_DEPTH_MAX {
        return;
    }
    found.push(folder.to_owned());
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        below(&entry.path(), depth + 1, found);
    }
}

fn members(folder: &Path) -> Vec<Process> {
    let numbers = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    numbers.lines().filter_map(|line| Process::living(line.parse().ok()?)).collect()
}
