//! The programs of Kubernetes, built once per pinned set of modules and kept in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::machine;
use super::site::{Site, absent_is_fine, hex};
use crate::run;

const KUBERNETES: &str = "k8s.io/kubernetes";
const COMMANDS: [&str; 6] =
    ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet"];
const ETCD: &str = "go.etcd.io/etcd/server/v3";
/// What the Go client calls the program of [`ETCD`].
const ETCD_BUILT_AS: &str = "server";
const FLAGS: [&str; 2] = ["-trimpath", "-buildvcs=false"];

/// A program besides the cluster's own, with modules of its own: their requirements clash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The package manager that users have.
    Helm,
    /// Holds manifests against schemas.
    Kubeconform,
}

impl Tool {
    /// Its name, that of its folder under `xtask/tools`, and its package.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Helm => ("helm", "helm.sh/helm/v4/cmd/helm"),
            Self::Kubeconform => ("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform"),
        }
    }

    /// The program, built first when the cache has none for this set.
    pub(crate) fn ready(self) -> Result<PathBuf> {
        let site = Site::of_this_checkout()?;
        let (name, package) = self.names();
        let recipe = Recipe::read(site.tool_modules(name), vec![package.to_owned()])?;
        let folder = recipe.ready(&site, |recipe, half| {
            eprintln!("building {name}, once per pinned set: some minutes on two cores");
            recipe.build(half, "-s -w")
        })?;
        Ok(folder.join(name))
    }
}

/// The folder with the programs of the cluster, built first when the cache has none for this set.
pub(super) fn ready(site: &Site) -> Result<PathBuf> {
    let commands = COMMANDS.map(|name| format!("{KUBERNETES}/cmd/{name}"));
    let packages = std::iter::once(ETCD.to_owned()).chain(commands).collect();
    Recipe::read(site.modules().to_owned(), packages)?.ready(site, |recipe, half| {
        eprintln!("building Kubernetes and etcd, once per pinned set: about six minutes on two cores");
        recipe.build(half, &recipe.linker_flags())?;
        fs::rename(half.join(ETCD_BUILT_AS), half.join("etcd")).context("name etcd's program")
    })
}

/// Takes the lock file; it is free again when the file is dropped or its process ends.
pub(super) fn lock(path: &Path) -> Result<fs::File> {
    let file = fs::File::create(path).with_context(|| format!("create {}", path.display()))?;
    file.lock().with_context(|| format!("lock {}", path.display()))?;
    Ok(file)
}

/// All that decides what the programs are.
struct Recipe {
    go: PathBuf,
    go_version: String,
    /// The folder with `go.mod` and `go.sum`.
    folder: PathBuf,
    packages: Vec<String>,
    modules: String,
    sums: String,
}

impl Recipe {
    fn read(folder: PathBuf, packages: Vec<String>) -> Result<Self> {
        let go = machine::find("go").context(
            "building the programs of the test cluster needs Go (see xtask/cluster/go.mod for the version), and there \
             is none",
        )?;
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
        };
        let go_version = run::output(Command::new(&go).args(["env", "GOVERSION"]).current_dir(&folder))?;
        let (modules, sums) = (read("go.mod")?, read("go.sum")?);
        Ok(Self { go, go_version, folder, packages, modules, sums })
    }

    fn key(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.modules, &self.sums, &self.go_version, &FLAGS.join(" "), &self.linker_flags()] {
            hash.update(part);
            hash.update([0]);
        }
        hex(&hash.finalize())[..16].to_owned()
    }

    /// The folder with the programs in the cache; `build` fills one when there is none.
    fn ready(&self, site: &Site, build: impl Fn(&Self, &Path) -> Result<()>) -> Result<PathBuf> {
        let folder = site.cache().join(self.key());
        if folder.is_dir() {
            return Ok(folder);
        }
        let _one_build_at_a_time = lock(&site.cache().join("build.lock"))?;
        if folder.is_dir() {
            return Ok(folder);
        }
        let start = Instant::now();
        let half = folder.with_extension("half");
        fs::remove_dir_all(&half).or_else(absent_is_fine).context("clear a half-finished build")?;
        fs::create_dir_all(&half).with_context(|| format!("create {}", half.display()))?;
        build(self, &half)?;
        fs::rename(&half, &folder).with_context(|| format!("move the programs to {}", folder.display()))?;
        eprintln!("built in {} s: {}", start.elapsed().as_secs(), folder.display());
        Ok(folder)
    }

    /// Without these the server says v0.0.0, and clients that look at its version misbehave.
    fn linker_flags(&self) -> String {
        let version = pinned_version(&self.modules).unwrap_or("v0.0.0");
        let mut numbers = version.trim_start_matches('v').split('.');
        let mut number = || numbers.next().unwrap_or("0");
        let (major, minor) = (number(), number());
        let set = "-X k8s.io/component-base/version.git";
        format!("-s -w {set}Version={version} {set}Major={major} {set}Minor={minor}")
    }

    fn build(&self, half: &Path, linker_flags: &str) -> Result<()> {
        let mut go = Command::new("nice");
        go.arg(&self.go).arg("build").args(FLAGS).args(["-ldflags", linker_flags]);
        go.arg("-o").arg(half).args(&self.packages);
        go.envs([("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=readonly"), ("GOWORK", "off")]);
        run::shown(go.current_dir(&self.folder))
            .with_context(|| format!("build {}", self.packages.join(", ")))
    }
}

fn pinned_version(modules: &str) -> Option<&str> {
    modules.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word == "require");
        (words.next() == Some(KUBERNETES)).then(|| words.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(modules: &str) -> Recipe {
        let text = str::to_owned;
        let (go, folder, packages) = (PathBuf::new(), PathBuf::new(), Vec::new());
        Recipe {
            go,
            folder,
            packages,
            go_version: text("go1.26"),
            modules: text(modules),
            sums: text("sums"),
        }
    }

    #[test]
    fn the_server_tells_the_pinned_version() {
        let flags = recipe("module x\nrequire (\n\tk8s.io/kubernetes v1.36.3\n)\n").linker_flags();
        assert!(flags.contains("gitVersion=v1.36.3"), "{flags}");
        assert!(flags.ends_with("gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"), "{flags}");
    }

    #[test]
    fn every_part_of_the_recipe_changes_the_key() {
        let base = recipe("one");
        let mut keys = vec![base.key(), recipe("two").key()];
        keys.push(Recipe { sums: "other".to_owned(), ..recipe("one") }.key());
        keys.push(Recipe { go_version: "go1.27".to_owned(), ..recipe("one") }.key());
        assert_eq!(base.key(), recipe("one").key());
        assert!(keys.iter().all(|key| key.len() == 16));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4);
    }

    #[test]
    fn every_tool_is_pinned() {
        let pinned = [
            (Tool::Helm, include_str!("../../tools/helm/go.mod")),
            (Tool::Kubeconform, include_str!("../../tools/kubeconform/go.mod")),
        ];
        for (tool, modules) in pinned {
            assert!(modules.contains(&format!("tool {}\n", tool.names().1)), "{tool:?}");
        }
    }

    #[test]
    fn the_pinned_modules_name_a_version() {
        let modules = include_str!("../../cluster/go.mod");
        assert!(pinned_version(modules).is_some_and(|version| version.starts_with("v1.")));
    }
}
