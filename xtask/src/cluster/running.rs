//! The cluster as its users hold it: where it is, how to speak to it, and how to hurt it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::{Value, json};

use super::branch::{self, Cut};
use super::parts::{ETCD_URL, Part};
use super::site::Site;
use super::{binaries, configs, given, images, machine, netns, processes, site, start};
use crate::run;

/// How long a service account's token lasts: longer than any run.
const TOKEN_DURATION: &str = "--duration=24h";

/// Whose cluster it is.
pub(super) enum Place {
    /// Ours, in its own network namespace.
    Ours {
        /// The folder with its programs.
        programs: PathBuf,
    },
    /// Somebody else's, by its kubeconfig.
    Given(PathBuf),
}

/// Files of a server whose certificate names the loopback address, among others.
pub(crate) struct Serving {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Who signed it.
    pub(crate) authority: PathBuf,
}

/// A cluster that answers.
pub(crate) struct Cluster {
    site: Site,
    kubectl: PathBuf,
    place: Place,
}

impl Cluster {
    /// The cluster that is up already.
    pub(crate) fn attach() -> Result<Self> {
        let site = Site::of_this_checkout()?;
        if let Some(kubeconfig) = given::kubeconfig(&site)? {
            return given::attach(site, kubeconfig);
        }
        if !site.netns().exists() || !site.kubeconfig().exists() {
            bail!("the cluster is not up: run `cargo xtask cluster up`");
        }
        let programs = binaries::ready(&site)?;
        Ok(Self::ours(site, programs))
    }

    pub(super) fn ours(site: Site, programs: PathBuf) -> Self {
        Self::new(site, programs.join("kubectl"), Place::Ours { programs })
    }

    pub(super) fn new(site: Site, kubectl: PathBuf, place: Place) -> Self {
        Self { site, kubectl, place }
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        match &self.place {
            Place::Ours { .. } => self.site.kubeconfig(),
            Place::Given(kubeconfig) => kubeconfig.clone(),
        }
    }

    /// The network namespace to enter, as a file; nothing for a cluster that is reached from everywhere.
    pub(crate) fn netns(&self) -> Option<PathBuf> {
        match self.place {
            Place::Ours { .. } => Some(self.site.netns()),
            Place::Given(_) => None,
        }
    }

    /// The URL of the API server, as it is reached from inside the namespace.
    pub(crate) fn server(&self) -> Result<String> {
        let cluster = self.described()?;
        cluster["server"].as_str().map(str::to_owned).context("the kubeconfig names no server")
    }

    /// A command in the cluster's network; it finds the kubeconfig in its environment and kubectl in its path.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.equipped(match self.place {
            Place::Ours { .. } => netns::enter(&self.site, program),
            Place::Given(_) => Command::new(program),
        })
    }

    /// Does the work on a thread of its own in the cluster's network: what it dials is reached from there.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let door = self.netns().map(std::fs::File::open).transpose().context("open the network namespace")?;
        let enter = || match &door {
            Some(door) => move_into_link_name_space(door.as_fd(), Some(LinkNameSpaceType::Network)),
            None => Ok(()),
        };
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| enter().map(|()| work()));
            let done = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done.context("enter the network namespace")
        })
    }

    /// The same in a branch of the cluster's network.
    pub(crate) fn branch_command(&self, branch: &str, program: impl AsRef<OsStr>) -> Result<Command> {
        self.programs("enter a branch")?;
        Ok(self.equipped(branch::enter(&self.site, branch, program)?))
    }

    /// Makes a branch of the cluster's network and returns its address.
    pub(crate) fn add_branch(&self, name: &str) -> Result<String> {
        self.programs("add a branch")?;
        branch::add(&self.site, name)
    }

    /// Cuts a branch off.
    pub(crate) fn cut_branch(&self, name: &str, from: Cut) -> Result<()> {
        self.programs("cut a branch")?;
        branch::cut(&self.site, name, from)
    }

    /// Joins a branch to all again.
    pub(crate) fn heal_branch(&self, name: &str) -> Result<()> {
        self.programs("heal a branch")?;
        branch::heal(&self.site, name)
    }

    fn equipped(&self, mut command: Command) -> Command {
        command.env("KUBECONFIG", self.kubeconfig()).env(given::VARIABLE, self.kubeconfig());
        // Not the cache of the person's own clusters, and none that outlives this one.
        command.env("KUBECACHEDIR", self.folder().join("kubectl-cache"));
        command.env("PATH", self.search_path());
        command
    }

    /// kubectl as the administrator.
    pub(crate) fn kubectl(&self) -> Command {
        self.command(&self.kubectl)
    }

    /// Applies objects, given as JSON or YAML.
    pub(crate) fn apply(&self, objects: &str) -> Result<()> {
        let mut kubectl = self.kubectl();
        kubectl.args(["apply", "--server-side", "--force-conflicts", "--filename", "-"]);
        run::output_of_input(&mut kubectl, objects).map(drop).context("apply objects")
    }

    /// Brings it an image, as an archive that holds one of that name.
    pub(crate) fn load(&self, archive: &Path, name: &str) -> Result<()> {
        self.programs("bring an image")?;
        images::import(&self.site, archive, name)
    }

    /// The number of the process that a container of the one node began with.
    pub(crate) fn process_of(&self, container: &str) -> Result<u32> {
        self.programs("look into a container")?;
        images::process_of(&self.site, container)
    }

    /// Whether the API server says that it is ready.
    pub(super) fn answers(&self) -> Result<()> {
        run::output(self.kubectl().args(["get", "--raw", "/readyz", "--request-timeout=5s"])).map(drop)
    }

    /// Writes a kubeconfig that speaks as the service account, which is created when it is missing.
    pub(crate) fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace},
        });
        self.apply(&account.to_string())?;
        let mut create = self.kubectl();
        create.args(["create", "token", name, "--namespace", namespace, TOKEN_DURATION]);
        let token = run::output(&mut create).context("create a token")?;
        let config = configs::kubeconfig(&self.described()?, &json!({"token": token.trim()}));
        let path = self.folder().join("kubeconfig").join(format!("{namespace}.{name}.json"));
        site::write(&path, config.to_string().as_bytes())?;
        Ok(path)
    }

    /// What a server needs that is to be trusted by the API server.
    pub(crate) fn serving(&self) -> Result<Serving> {
        self.programs("serve as one of its parts")?;
        let pki = self.site.path("pki");
        Ok(Serving {
            certificate: pki.join("api.crt"),
            key: pki.join("api.key"),
            authority: pki.join("ca.crt"),
        })
    }

    /// Kills one of our programs and waits until it is gone: an outage comes without notice, and an API server
    /// that is asked to end keeps its watches open for longer than a test has.
    pub(crate) fn stop(&self, part: Part) -> Result<()> {
        self.programs("stop")?;
        processes::kill(processes::recorded(&self.site, part.name()).as_slice())
    }

    /// Freezes one of our programs: its connections stay open and nothing answers.
    pub(crate) fn pause(&self, part: Part) -> Result<()> {
        self.programs("pause")?;
        processes::signal("STOP", processes::recorded(&self.site, part.name()).as_slice())
    }

    /// Lets a frozen one go on.
    pub(crate) fn resume(&self, part: Part) -> Result<()> {
        self.programs("resume")?;
        processes::signal("CONT", processes::recorded(&self.site, part.name()).as_slice())
    }

    /// Starts it again; the API server is waited for.
    pub(crate) fn start(&self, part: Part) -> Result<()> {
        let programs = self.programs("start")?;
        if processes::recorded(&self.site, part.name()).is_some() {
            return Ok(());
        }
        start::part(&self.site, programs, part, &[])?;
        if part == Part::ApiServer { start::await_api_server(self) } else { Ok(()) }
    }

    /// Kills the API server and starts it with these flags beside its own ones, until it is started again. A cluster that
    /// is not ours is taken as it is.
    pub(crate) fn restart_api_server(&self, flags: &[&str]) -> Result<()> {
        let Place::Ours { programs } = &self.place else { return Ok(()) };
        self.stop(Part::ApiServer)?;
        start::part(&self.site, programs, Part::ApiServer, flags)?;
        start::await_api_server(self)
    }

    /// Makes etcd forget all revisions before the newest one, which is returned.
    pub(crate) fn compact(&self) -> Result<u64> {
        self.programs("compact")?;
        // The zero byte as a key: only the answer's header matters.
        let answer = self.ask_etcd("range", &json!({"key": "AA=="}))?;
        let revision = answer["header"]["revision"].as_str().and_then(|text| text.parse().ok());
        let revision: u64 = revision.context("etcd told no revision")?;
        self.ask_etcd("compaction", &json!({"revision": revision.to_string()}))?;
        Ok(revision)
    }

    /// Makes the server forget its past, as one that has run for long has: a young one still serves watches from its
    /// first version. A cluster that is not ours is taken as it is.
    pub(crate) fn age(&self) -> Result<()> {
        if matches!(self.place, Place::Given(_)) {
            return Ok(());
        }
        self.compact()?;
        self.restart_api_server(&[])
    }

    /// How a person gets in.
    pub(crate) fn how_to_enter(&self) -> Result<String> {
        let mut lines = vec![format!("server      {}", self.server()?)];
        lines.push(format!("kubeconfig  {}", self.kubeconfig().display()));
        if let Some(netns) = self.netns() {
            lines.push(format!("network     nsenter --net={} COMMAND", netns.display()));
        }
        lines.push("or          cargo xtask cluster kubectl|exec WORDS".to_owned());
        Ok(lines.join("\n"))
    }

    fn programs(&self, deed: &str) -> Result<&Path> {
        match &self.place {
            Place::Ours { programs } => Ok(programs),
            Place::Given(_) => bail!("cannot {deed}: the cluster of {} is not ours", given::VARIABLE),
        }
    }

    /// The cluster's entry of the administrator's kubeconfig, certificates included.
    fn described(&self) -> Result<Value> {
        let mut view = self.kubectl();
        view.args(["config", "view", "--raw", "--minify", "--flatten", "--output", "json"]);
        let config: Value = serde_json::from_str(&run::output(&mut view)?).context("read the kubeconfig")?;
        Ok(config["clusters"][0]["cluster"].clone())
    }

    fn ask_etcd(&self, verb: &str, question: &Value) -> Result<Value> {
        let mut wget = self.command(machine::busybox()?);
        wget.args(["wget", "-q", "-O", "-", "--header", "Content-Type: application/json"]);
        wget.arg("--post-data").arg(question.to_string()).arg(format!("{ETCD_URL}/v3/kv/{verb}"));
        let answer = run::output(&mut wget).with_context(|| format!("ask etcd for {verb}"))?;
        serde_json::from_str(&answer).context("read etcd's answer")
    }

    /// Where files of this cluster's users go.
    fn folder(&self) -> PathBuf {
        match self.place {
            Place::Ours { .. } => self.site.state().to_owned(),
            Place::Given(_) => self.site.cache().join("given"),
        }
    }

    /// Where programs are found: kubectl first.
    pub(crate) fn search_path(&self) -> OsString {
        let path = env::var_os("PATH").unwrap_or_default();
        let ours = self.kubectl.parent().map(Path::to_owned);
        env::join_paths(ours.into_iter().chain(env::split_paths(&path))).unwrap_or(path)
    }
}
