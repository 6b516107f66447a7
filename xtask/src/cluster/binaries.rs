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

/// The folder with the programs, built first when the cache has none for this set.
pub(super) fn ready(site: &Site) -> Result<PathBuf> {
    let recipe = Recipe::read(site)?;
    let folder = site.cache().join(recipe.key());
    if folder.is_dir() {
        return Ok(folder);
    }
    let _one_build_at_a_time = lock(&site.cache().join("build.lock"))?;
    if !folder.is_dir() {
        recipe.build(site, &folder)?;
    }
    Ok(folder)
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
    modules: String,
    sums: String,
}

impl Recipe {
    fn read(site: &Site) -> Result<Self> {
        let go = machine::find("go").context(
            "building Kubernetes needs Go (see xtask/cluster/go.mod for the version), and there is none",
        )?;
        let read = |name: &str| {
            let path = site.modules().join(name);
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
        };
        let go_version =
            run::output(Command::new(&go).args(["env", "GOVERSION"]).current_dir(site.modules()))?;
        Ok(Self { go, go_version, modules: read("go.mod")?, sums: read("go.sum")? })
    }

    fn key(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.modules, &self.sums, &self.go_version, &FLAGS.join(" "), &self.linker_flags()] {
            hash.update(part);
            hash.update([0]);
        }
        hex(&hash.finalize())[..16].to_owned()
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

    fn build(&self, site: &Site, folder: &Path) -> Result<()> {
        eprintln!("building Kubernetes and etcd, once per pinned set: about six minutes on two cores");
        let start = Instant::now();
        let half = folder.with_extension("half");
        fs::remove_dir_all(&half).or_else(absent_is_fine).context("clear a half-finished build")?;
        fs::create_dir_all(&half).with_context(|| format!("create {}", half.display()))?;
        let mut go = Command::new("nice");
        go.arg(&self.go).arg("build").args(FLAGS).arg("-ldflags").arg(self.linker_flags());
        go.arg("-o").arg(&half).arg(ETCD).args(COMMANDS.map(|name| format!("{KUBERNETES}/cmd/{name}")));
        go.envs([("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=readonly"), ("GOWORK", "off")]);
        run::shown(go.current_dir(site.modules())).context("build Kubernetes from its modules")?;
        fs::rename(half.join(ETCD_BUILT_AS), half.join("etcd")).context("name etcd's program")?;
        fs::rename(&half, folder).with_context(|| format!("move the programs to {}", folder.display()))?;
        eprintln!("built in {} s: {}", start.elapsed().as_secs(), folder.display());
        Ok(())
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
        Recipe { go: PathBuf::new(), go_version: text("go1.26"), modules: text(modules), sums: text("sums") }
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
    fn the_pinned_modules_name_a_version() {
        let modules = include_str!("../../cluster/go.mod");
        assert!(pinned_version(modules).is_some_and(|version| version.starts_with("v1.")));
    }
}
