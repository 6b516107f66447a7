//! A person's terminal at the checkout: commands are typed as they stand on a page.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Tool};
use crate::line::Ground;
use crate::{checkout, run};

/// What one command said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The terminal. Its kubectl and helm are the real ones under those names, and speak about one namespace.
pub(crate) struct Console<'a> {
    cluster: &'a Cluster,
    checkout: PathBuf,
    kubeconfig: PathBuf,
    path: OsString,
    folder: PathBuf,
}

impl<'a> Console<'a> {
    /// Opens one whose namespace is the ground's.
    pub(crate) fn open(ground: &Ground<'a>) -> Result<Console<'a>> {
        let cluster = ground.cluster();
        let helm = Tool::Helm.ready()?;
        let tools = helm.parent().map(Path::to_owned).into_iter();
        let path = std::env::join_paths(tools.chain(std::env::split_paths(&cluster.search_path())))
            .context("a folder of tools")?;
        let folder = ground.folder().to_owned();
        let kubeconfig = folder.join("kubeconfig.json");
        let words = ["config", "view", "--raw", "--minify", "--flatten", "--output", "json"];
        let mut config: Value = serde_json::from_str(&run::output(cluster.kubectl().args(words))?)
            .context("read the kubeconfig")?;
        config["contexts"][0]["context"]["namespace"] = json!(ground.namespace());
        fs::write(&kubeconfig, config.to_string()).context("write a kubeconfig")?;
        Ok(Console { cluster, checkout: checkout::root()?, kubeconfig, path, folder })
    }

    /// Types a command and gives what it said, however it ended.
    pub(crate) fn types(&self, command: &str) -> Result<Said> {
        let mut shell = self.cluster.command("sh");
        shell.arg("-c").arg(command).current_dir(&self.checkout).stdin(Stdio::null());
        shell.env("KUBECONFIG", &self.kubeconfig).env("PATH", &self.path);
        // A person's own releases and caches stay untouched.
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            shell.env(variable, self.folder.join("helm"));
        }
        let done = shell.output().with_context(|| format!("type `{command}`"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = done.status.code().unwrap_or(-1);
        Ok(Said { code, out: text(&done.stdout), err: text(&done.stderr) })
    }

    /// Types a command that has to work, and gives its output.
    pub(crate) fn does(&self, command: &str) -> Result<String> {
        let said = self.types(command)?;
        if said.code != 0 {
            bail!("`{command}` ended with {}: {}{}", said.code, said.err, said.out);
        }
        Ok(said.out)
    }

    /// The same for one that prints JSON.
    pub(crate) fn json(&self, command: &str) -> Result<Value> {
        serde_json::from_str(&self.does(command)?).with_context(|| format!("`{command}` printed no JSON"))
    }

    /// Writes a file of values and returns its path.
    pub(crate) fn values(&self, name: &str, values: &Value) -> Result<String> {
        let path = self.folder.join(format!("{name}-values.json"));
        fs::write(&path, values.to_string()).context("write values")?;
        Ok(path.display().to_string())
    }

    /// The cluster that it speaks to.
    pub(crate) fn cluster(&self) -> &'a Cluster {
        self.cluster
    }
}
