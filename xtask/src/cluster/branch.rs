//! Network namespaces that hang on the cluster's bridge and can be cut off from it: one per replica under test.

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::netns;
use super::running::Cluster;
use super::site::{API_PORT, API_SERVICE_ADDRESS, NODE_ADDRESS, Site};
use crate::{limits, run};

/// What can be done with a branch.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// Makes a branch of that name.
    Add {
        /// Its name.
        name: String,
    },
    /// Runs a command in it, with KUBECONFIG set.
    #[command(disable_help_flag = true)]
    Exec {
        /// Its name.
        name: String,
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        words: Vec<OsString>,
    },
    /// Drops what it says to others, without a word.
    Cut {
        /// Its name.
        name: String,
        /// From whom.
        from: Cut,
    },
    /// Joins it to all again.
    Heal {
        /// Its name.
        name: String,
    },
}

/// From whom a branch is cut off.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Cut {
    /// From the API server alone.
    Api,
    /// From everybody.
    All,
}

impl Task {
    /// Does it.
    pub(crate) fn run(self, cluster: &Cluster) -> Result<()> {
        match self {
            Self::Add { name } => cluster.add_branch(&name).map(|address| println!("{address}")),
            Self::Exec { name, words } => {
                let (program, rest) = words.split_first().context("no command")?;
                run::become_command(cluster.branch_command(&name, program)?.args(rest))
            }
            Self::Cut { name, from } => cluster.cut_branch(&name, from),
            Self::Heal { name } => cluster.heal_branch(&name),
        }
    }
}

/// Typed in the cluster's namespace; `B` is the branch, whose namespace is `NS`.
const ADD: &str = "
set -e
ip link add to-B type veth peer name eth0 netns NS
ip link set to-B master cni0 up
ip -n NS link set lo up
ip -n NS address add ADDRESS/16 dev eth0
ip -n NS link set eth0 up
ip -n NS route add default via GATEWAY
";
/// Typed in the branch, as the next two: answers are dropped as well, or a watch would go on.
const CUT_API: &str = "
set -e
for server in 'GATEWAY PORT' 'SERVICE 443'; do
  set -- $server
  iptables --wait -A OUTPUT --destination $1 --protocol tcp --dport $2 -j DROP
  iptables --wait -A INPUT --source $1 --protocol tcp --sport $2 -j DROP
done
";
/// Not by taking the link down: that says "unreachable" at once, where a real partition says nothing.
const CUT_ALL: &str = "
set -e
iptables --wait -A OUTPUT --out-interface eth0 -j DROP
iptables --wait -A INPUT --in-interface eth0 -j DROP
";
const HEAL: &str = "
set -e
iptables --wait -F INPUT
iptables --wait -F OUTPUT
";

/// Makes the branch, and returns its address.
pub(super) fn add(site: &Site, branch: &str) -> Result<String> {
    let plain = branch.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !plain || branch.is_empty() || branch.len() > limits::BRANCH_NAME_BYTES_MAX {
        bail!("{branch:?} is no name for a branch: at most {} of a-z, 0-9, -", limits::BRANCH_NAME_BYTES_MAX);
    }
    let ours = names(site);
    if ours.iter().any(|name| *name == namespace(site, branch)) {
        bail!("the branch {branch} is there already");
    }
    // Branches are only removed all together, so their number is the next one's.
    let number = ours.len() + 1;
    if number > limits::BRANCHES_MAX {
        bail!("more than {} branches", limits::BRANCHES_MAX);
    }
    let address = format!("10.88.255.{number}");
    run::output(&mut run::command("ip", &["netns", "add", &namespace(site, branch)]))?;
    let script = ADD.replace("NS", &namespace(site, branch)).replace("to-B", &format!("to-{branch}"));
    let script = script.replace("ADDRESS", &address).replace("GATEWAY", NODE_ADDRESS);
    run::output(netns::enter(site, "sh").arg("-c").arg(script)).context("join the branch to the bridge")?;
    Ok(address)
}

/// Cuts the branch off.
pub(super) fn cut(site: &Site, branch: &str, from: Cut) -> Result<()> {
    match from {
        Cut::Api => typed(site, branch, CUT_API),
        Cut::All => typed(site, branch, CUT_ALL),
    }
}

/// Joins the branch to all again.
pub(super) fn heal(site: &Site, branch: &str) -> Result<()> {
    typed(site, branch, HEAL)
}

/// A command that runs in the branch.
pub(super) fn enter(site: &Site, branch: &str, program: impl AsRef<std::ffi::OsStr>) -> Result<Command> {
    let namespace = namespace(site, branch);
    if !names(site).contains(&namespace) {
        bail!("there is no branch {branch}");
    }
    Ok(netns::enter_named(&namespace, program))
}

/// Deletes all branches.
pub(super) fn delete_all(site: &Site) -> Result<()> {
    for name in names(site) {
        run::output(&mut run::command("ip", &["netns", "delete", &name])).context("delete a branch")?;
    }
    Ok(())
}

fn typed(site: &Site, branch: &str, script: &str) -> Result<()> {
    let script = script.replace("GATEWAY", NODE_ADDRESS).replace("SERVICE", API_SERVICE_ADDRESS);
    let script = script.replace("PORT", &API_PORT.to_string());
    run::output(enter(site, branch, "sh")?.arg("-c").arg(script)).map(drop)
}

fn namespace(site: &Site, branch: &str) -> String {
    format!("{}-{branch}", site.name())
}

fn names(site: &Site) -> Vec<String> {
    let Ok(entries) = fs::read_dir(netns::FOLDER) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.starts_with(&namespace(site, ""))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_name_is_refused_before_anything_is_made() {
        let site = Site::of_this_checkout().unwrap();
        for name in ["", "a b", "$(id)", "much-too-long-a-name"] {
            assert!(add(&site, name).unwrap_err().to_string().contains("no name"), "{name}");
        }
    }

    #[test]
    fn an_unknown_branch_is_said_to_be_unknown() {
        let site = Site::of_this_checkout().unwrap();
        let error = enter(&site, "nowhere", "true").unwrap_err().to_string();
        assert_eq!(error, "there is no branch nowhere");
    }
}
