//! A real Kubernetes of one node for the tests: built, started, used and cleared away.

mod binaries;
mod branch;
mod certs;
mod cgroups;
mod clear;
mod configs;
mod given;
mod images;
mod machine;
mod netns;
mod parts;
mod processes;
mod running;
mod shared;
mod site;
mod start;
mod status;

use std::ffi::OsString;

use anyhow::{Context, Result, bail};

use crate::run;

pub(crate) use binaries::Tool;
pub(crate) use images::NAME as IMAGE;
pub(crate) use parts::Part;
pub(crate) use running::{Cluster, Serving};
pub(crate) use site::hex;

/// What can be done with the cluster.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// Starts it, or says that it is up already.
    Up,
    /// Ends it and removes all that it left.
    Down,
    /// Shows whether it is up and how to enter it.
    Status,
    /// Runs kubectl as the administrator.
    #[command(disable_help_flag = true)]
    Kubectl {
        /// Arguments of kubectl.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Runs a command in the cluster's network, with KUBECONFIG set.
    #[command(disable_help_flag = true)]
    Exec {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        words: Vec<OsString>,
    },
    /// Kills one program of the cluster, to see what the others do without it.
    Stop {
        /// Which one.
        part: Part,
    },
    /// Freezes one program: its connections stay open and nothing answers.
    Pause {
        /// Which one.
        part: Part,
    },
    /// Lets a frozen program go on.
    Resume {
        /// Which one.
        part: Part,
    },
    /// Starts a killed program again.
    Start {
        /// Which one.
        part: Part,
    },
    /// Network namespaces beside the cluster's own, for replicas that are to be cut off.
    #[command(subcommand)]
    Branch(branch::Task),
    /// Makes etcd forget all older revisions, so that old watches and lists expire.
    Compact,
    /// Writes a kubeconfig that speaks as a service account, and prints its path.
    Kubeconfig {
        /// The account as NAMESPACE/NAME.
        account: String,
    },
}

impl Task {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Up => up()?.how_to_enter().map(|words| println!("{words}")),
            Self::Down => down(),
            Self::Status => status::show(),
            Self::Kubectl { words } => run::become_command(Cluster::attach()?.kubectl().args(words)),
            Self::Exec { words } => {
                let (program, rest) = words.split_first().context("no command")?;
                run::become_command(Cluster::attach()?.command(program).args(rest))
            }
            Self::Stop { part } => Cluster::attach()?.stop(part),
            Self::Pause { part } => Cluster::attach()?.pause(part),
            Self::Resume { part } => Cluster::attach()?.resume(part),
            Self::Start { part } => Cluster::attach()?.start(part),
            Self::Branch(task) => task.run(&Cluster::attach()?),
            Self::Compact => Cluster::attach()?.compact().map(|at| println!("compacted up to revision {at}")),
            Self::Kubeconfig { account } => {
                let (namespace, name) = account.split_once('/').context("say it as NAMESPACE/NAME")?;
                let path = Cluster::attach()?.service_account_kubeconfig(namespace, name)?;
                println!("{}", path.display());
                Ok(())
            }
        }
    }
}

/// The cluster, started first when it is not up: ours, or the one of [`given::VARIABLE`].
pub(crate) fn up() -> Result<Cluster> {
    let site = site::Site::of_this_checkout()?;
    if let Some(kubeconfig) = given::kubeconfig(&site)? {
        return given::attach(site, kubeconfig);
    }
    start::up(site)
}

/// Ends our cluster and removes all that it left.
pub(crate) fn down() -> Result<()> {
    let site = site::Site::of_this_checkout()?;
    if given::kubeconfig(&site)?.is_some() {
        bail!("{} names a cluster that is not ours to end", given::VARIABLE);
    }
    start::down(&site)
}
