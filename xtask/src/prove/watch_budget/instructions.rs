//! Instructions for each event, counted by callgrind: the difference between two small runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::client::Client;
use super::cluster::{BenchCluster, Lists};
use super::crowd::Size;
use crate::prove::limits::{COUNTED_EVENTS, COUNTED_MAX, COUNTED_PODS};

const SMALL: Size = Size { pods: COUNTED_PODS, replica_sets: COUNTED_PODS / 8, nodes: COUNTED_PODS / 20 };

/// Counts for a client that `start` starts under the words of callgrind.
pub(super) fn per_event(
    xtask: &Path,
    start: impl Fn(&BenchCluster, &[&str]) -> Result<Client>,
) -> Result<f64> {
    let found = Command::new("valgrind").arg("--version").output().is_ok_and(|done| done.status.success());
    ensure!(found, "valgrind is missing: install it (Debian: apt-get install valgrind)");
    let without = counted(xtask, 0, &start)?;
    let with = counted(xtask, COUNTED_EVENTS, &start)?;
    Ok((with - without) / COUNTED_EVENTS as f64)
}

fn counted(
    xtask: &Path,
    events: usize,
    start: impl Fn(&BenchCluster, &[&str]) -> Result<Client>,
) -> Result<f64> {
    let cluster = BenchCluster::start(xtask, SMALL, Lists::Streamed)?;
    let out = format!("--callgrind-out-file={}", cluster.file("callgrind").display());
    let mut client = start(&cluster, &["valgrind", "--tool=callgrind", &out])?;
    client.knows("Pod", COUNTED_PODS, COUNTED_MAX)?;
    cluster.events(events)?;
    client.knows("Pod", COUNTED_PODS + 1, COUNTED_MAX)?;
    client.stop()?;
    let log = fs::read_to_string(cluster.file("log")).context("read what callgrind said")?;
    collected(&log).with_context(|| format!("callgrind counted nothing:\n{log}"))
}

/// `==7== Collected : 123456`
fn collected(log: &str) -> Option<f64> {
    log.lines().filter_map(|line| line.split_once("Collected :")?.1.trim().parse().ok()).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_stands_at_the_end_of_the_log() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 1234567\n==7==\n"), Some(1_234_567.0));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }
}
