//! What the machine must have, and how it gets what is missing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

const PROGRAMS: [&str; 10] = [
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
    "ip",
    "iptables",
    "openssl",
    "nsenter",
    "setsid",
    "umount",
];
const PLUGINS: [&str; 4] = ["bridge", "host-local", "loopback", "portmap"];
const PLUGIN_FOLDERS: [&str; 2] = ["/usr/lib/cni", "/opt/cni/bin"];
const PACKAGES: [&str; 8] = [
    "busybox-static",
    "containerd",
    "containernetworking-plugins",
    "iproute2",
    "iptables",
    "openssl",
    "runc",
    "util-linux",
];
/// Where the Go client lives when its own installer put it there.
const GO_FOLDER: &str = "/usr/local/go/bin";

/// Makes sure that the machine can carry the cluster; installs Debian packages where it cannot.
pub(super) fn prepare() -> Result<()> {
    if run::output(&mut run::command("id", &["-u"]))?.trim() != "0" {
        bail!("the test cluster needs root: it makes namespaces, mounts and control groups");
    }
    if missing().is_empty() {
        return Ok(());
    }
    eprintln!("installing {}: missing {}", PACKAGES.join(" "), missing().join(", "));
    if find("apt-get").is_none() {
        bail!("missing {}, and there is no apt-get to install them with", missing().join(", "));
    }
    apt(&["update"]).and_then(|()| apt(&install_words())).context("install what the test cluster needs")?;
    match missing() {
        left if left.is_empty() => Ok(()),
        left => bail!("still missing after the installation: {}", left.join(", ")),
    }
}

/// The statically linked busybox that the image is made of.
pub(super) fn busybox() -> Result<PathBuf> {
    find("busybox").context("busybox is missing")
}

/// The folder with the network plugins.
pub(super) fn plugin_folder() -> Result<&'static str> {
    PLUGIN_FOLDERS
        .into_iter()
        .find(|folder| PLUGINS.iter().all(|plugin| Path::new(folder).join(plugin).exists()))
        .context("the network plugins are missing")
}

/// The program's place in PATH, or beside the Go client.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from(GO_FOLDER)]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn missing() -> Vec<&'static str> {
    let mut missing: Vec<_> = PROGRAMS.into_iter().filter(|program| find(program).is_none()).collect();
    if plugin_folder().is_err() {
        missing.push("network plugins");
    }
    if !find("busybox").is_some_and(|path| is_static(&path)) {
        missing.push("a static busybox");
    }
    missing
}

/// Whether the program asks for no dynamic loader, whose path would stand near its start.
fn is_static(program: &Path) -> bool {
    const HEAD_BYTES: usize = 4096;
    fs::read(program).is_ok_and(|bytes| {
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        !head.windows(4).any(|window| window == b"/ld-")
    })
}

fn install_words() -> Vec<&'static str> {
    ["install", "-y", "--no-install-recommends"].into_iter().chain(PACKAGES).collect()
}

fn apt(words: &[&str]) -> Result<()> {
    run::output(Command::new("apt-get").arg("-qq").args(words).env("DEBIAN_FRONTEND", "noninteractive"))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_the_path() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-anywhere").is_none());
    }

    #[test]
    fn a_shell_script_is_not_dynamic_and_the_shell_is() {
        assert!(!is_static(Path::new("/no/such/file")));
        assert!(!is_static(&find("cat").unwrap()));
    }
}
