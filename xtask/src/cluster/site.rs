//! Where one checkout's cluster lives: its names and its folders.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::checkout;

/// The one node's name.
pub(crate) const NODE: &str = "node-a";
/// The node's address: the bridge that the pods hang on.
pub(crate) const NODE_ADDRESS: &str = "10.88.0.1";
/// The addresses of pods.
pub(crate) const POD_RANGE: &str = "10.88.0.0/16";
/// The first address that a pod may get; those below belong to the node.
pub(crate) const FIRST_POD_ADDRESS: &str = "10.88.0.10";
/// The last one; 10.88.255.x is left to namespaces that tests join to the bridge themselves.
pub(crate) const LAST_POD_ADDRESS: &str = "10.88.254.254";
/// The addresses of Services.
pub(crate) const SERVICE_RANGE: &str = "10.96.0.0/16";
/// The address of the Service `kubernetes`.
pub(crate) const API_SERVICE_ADDRESS: &str = "10.96.0.1";
/// Where the API server listens.
pub(crate) const API_PORT: u16 = 6443;

/// The names and folders of one checkout's cluster; two checkouts never share any.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    name: String,
    cache: PathBuf,
    state: PathBuf,
    modules: PathBuf,
}

impl Site {
    /// The site of the checkout that this program is run for.
    pub(crate) fn of_this_checkout() -> Result<Self> {
        let xtask = checkout::xtask()?;
        let cache = cache_root()?.join("alertkube").join("cluster");
        fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
        Ok(Self::of(&xtask, cache))
    }

    fn of(xtask: &Path, cache: PathBuf) -> Self {
        let hash = hex(&Sha256::digest(xtask.as_os_str().as_encoded_bytes()));
        let name = format!("alertkube-{}", &hash[..8]);
        // Not below the cache: sockets live here, and their paths may not exceed 107 bytes.
        let state = Path::new("/var/lib").join(&name);
        Self { name, cache, state, modules: xtask.join("cluster") }
    }

    /// The name of the network namespace, the control groups and the pod network.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The folder that outlives the cluster: binaries and locks.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// The folder with all that the running cluster writes; `down` removes it.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// A path in the state folder.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.state.join(inside)
    }

    /// The same as text, for flags and configuration files.
    pub(crate) fn text(&self, inside: &str) -> String {
        self.path(inside).display().to_string()
    }

    /// Writes a file into the state folder.
    pub(crate) fn write(&self, inside: &str, contents: &[u8]) -> Result<PathBuf> {
        let path = self.path(inside);
        write(&path, contents)?;
        Ok(path)
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.path("kubeconfig/admin.json")
    }

    /// The network namespace as a file.
    pub(crate) fn netns(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.name)
    }

    /// The socket of containerd.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("containerd.sock")
    }

    /// The folder with `go.mod` and `go.sum` of the cluster's binaries.
    pub(crate) fn modules(&self) -> &Path {
        &self.modules
    }

    /// The same of a program that is built beside them.
    pub(crate) fn tool_modules(&self, tool: &str) -> PathBuf {
        self.modules.with_file_name("tools").join(tool)
    }
}

/// Writes a file, and makes its folder for its owner alone: keys and tokens lie there.
pub(super) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("create {}", folder.display()))?;
    }
    fs::write(path, contents).with_context(|| format!("write {}", path.display()))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets an absent file or folder count as removed.
pub(crate) fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn cache_root() -> Result<PathBuf> {
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is an absolute path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_checkouts_have_two_names() {
        let one = Site::of(Path::new("/one/xtask"), PathBuf::from("/cache"));
        let two = Site::of(Path::new("/two/xtask"), PathBuf::from("/cache"));
        assert_ne!(one.name(), two.name());
        assert_eq!(one.name().len(), "alertkube-".len() + 8);
        assert_eq!(
            (one.modules(), two.modules()),
            (Path::new("/one/xtask/cluster"), Path::new("/two/xtask/cluster"))
        );
        assert_eq!(one.name(), Site::of(Path::new("/one/xtask"), PathBuf::from("/other")).name());
    }

    #[test]
    fn socket_paths_stay_within_what_the_kernel_takes() {
        let site = Site::of(Path::new("/a/very/long/path/of/a/checkout/xtask"), PathBuf::from("/cache"));
        assert!(site.text("kubelet/pod-resources/kubelet.sock").len() < 107);
    }
}
