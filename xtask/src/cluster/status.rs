//! What is up, as a person reads it.

use std::fs;

use anyhow::{Result, bail};

use super::parts::Part;
use super::running::Cluster;
use super::site::Site;
use super::{clear, given, processes, start};

/// Shows the state of the cluster; fails when it is not well, so that scripts can ask.
pub(super) fn show() -> Result<()> {
    let site = Site::of_this_checkout()?;
    if let Some(kubeconfig) = given::kubeconfig(&site)? {
        let cluster = given::attach(site, kubeconfig)?;
        println!("the cluster of {} answers\n{}", given::VARIABLE, cluster.how_to_enter()?);
        return Ok(());
    }
    if !site.kubeconfig().exists() {
        let left = clear::left(&site);
        if left.is_empty() {
            bail!("down; nothing is left");
        }
        bail!("down, with remains that `cargo xtask cluster down` clears: {}", left.join(", "));
    }
    Part::ALL.into_iter().for_each(|part| println!("{}", line(&site, part)));
    let cluster = Cluster::attach()?;
    println!("{}", cluster.how_to_enter()?);
    if !start::is_well(&site, &cluster) {
        bail!("not well: logs in {}", site.path("logs").display());
    }
    println!("well");
    Ok(())
}

fn line(site: &Site, part: Part) -> String {
    match processes::recorded(site, part.name()) {
        None => format!("{:<24} gone", part.name()),
        Some(process) => {
            let status = fs::read_to_string(format!("/proc/{}/status", process.id)).unwrap_or_default();
            let mib = resident_kib(&status).unwrap_or(0) / 1024;
            format!("{:<24} process {:>7}  {mib:>4} MiB", part.name(), process.id)
        }
    }
}

fn resident_kib(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_kib() {
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2048));
        assert_eq!(resident_kib("Name:\tx\n"), None);
    }
}
