//! The cluster's own network namespace: nothing in it reaches the machine's network, or is reached from it.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context, Result};

use super::site::{NODE_ADDRESS, POD_RANGE, Site};
use crate::run;

/// Where namespaces have their names.
pub(super) const FOLDER: &str = "/run/netns";
/// The bridge that the pods hang on.
pub(super) const BRIDGE: &str = "cni0";

/// What is typed inside the new namespace, in this order.
const SETUP: &str = r#"
set -e
ip link set lo up
ip link add BRIDGE type bridge
ip address add ADDRESS/16 dev BRIDGE
ip link set BRIDGE up
ip route add default dev lo
echo 1 >/proc/sys/net/ipv4/ip_forward
# What leads outside is refused at once: nobody waits for the time-out of a name server or a registry.
for chain in OUTPUT FORWARD; do
  outside="iptables --wait -A $chain ! --destination PODS -m addrtype ! --dst-type LOCAL"
  $outside --protocol tcp -j REJECT --reject-with tcp-reset
  $outside -j REJECT --reject-with icmp-port-unreachable
done
# Replies between two pods of one bridge must pass the address translation of Services.
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
  echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
fi
"#;

/// No proxy of the machine's network is reached from inside, and none is needed.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/// Makes the namespace with its bridge and routes.
pub(super) fn make(site: &Site) -> Result<()> {
    run::output(&mut run::command("ip", &["netns", "add", site.name()]))
        .context("add the network namespace")?;
    let script = SETUP.replace("BRIDGE", BRIDGE).replace("ADDRESS", NODE_ADDRESS).replace("PODS", POD_RANGE);
    run::output(enter(site, "sh").arg("-c").arg(script)).map(drop).context("set the network namespace up")
}

/// A command that runs inside.
///
/// Not by `ip netns exec`: that mounts a new /sys without the control groups, and the kubelet ends.
pub(super) fn enter(site: &Site, program: impl AsRef<OsStr>) -> Command {
    enter_named(site.name(), program)
}

/// A command that runs in the namespace of that name.
pub(super) fn enter_named(namespace: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={FOLDER}/{namespace}")).arg("--").arg(program);
    for variable in PROXY_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// Deletes the namespace, and with it all links and rules inside.
pub(super) fn delete(site: &Site) -> Result<()> {
    if !site.netns().exists() {
        return Ok(());
    }
    run::output(&mut run::command("ip", &["netns", "delete", site.name()]))
        .map(drop)
        .context("delete the network namespace")
}
