//! Proofs: each shows one point of an issue by a figure and its bound, and leaves a record in `docs/proof/`.

mod binary;
mod chart_matrix;
mod contract;
mod delivery_rate;
mod demo;
mod failover;
mod fence;
mod hardening;
mod host;
mod incremental;
mod limits;
mod line_faults;
mod line_relist;
mod migrate;
mod mutants;
mod partition;
mod pause;
mod rbac;
mod record;
mod rollout;
mod seed_page;
mod sharded_install;
mod shards;
mod simulate;
mod state_size;
mod store_refuses;
mod storm;
#[cfg(test)]
pub(crate) mod testing;
mod tree_hash;
mod used;
mod verdict;
mod watch_budget;
mod weathered;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::checkout;
use verdict::{Verdict, percentile};

pub(crate) use binary::{built, built_at};
pub(crate) use watch_budget::BenchServer;

/// One proof. Whoever adds one writes one file and one row in [`PROOFS`].
struct Proof {
    name: &'static str,
    issue: u32,
    /// What it shows, in one or two sentences.
    shows: &'static str,
    /// `None` while it is not written.
    run: Option<fn() -> Result<Verdict>>,
}

const PROOFS: &[Proof] = &[
    Proof { name: "demo", issue: 3, shows: demo::SHOWS, run: Some(demo::prove) },
    Proof { name: "line-faults", issue: 3, shows: line_faults::SHOWS, run: Some(line_faults::prove) },
    Proof { name: "line-relist", issue: 3, shows: line_relist::SHOWS, run: Some(line_relist::prove) },
    Proof { name: "contract", issue: 3, shows: contract::SHOWS, run: Some(contract::prove) },
    Proof { name: "watch-budget", issue: 3, shows: watch_budget::SHOWS, run: Some(watch_budget::prove) },
    Proof { name: "incremental", issue: 3, shows: incremental::SHOWS, run: Some(incremental::prove) },
    Proof { name: "failover", issue: 4, shows: failover::SHOWS, run: Some(failover::prove) },
    Proof { name: "partition", issue: 4, shows: partition::SHOWS, run: Some(partition::prove) },
    Proof { name: "pause", issue: 4, shows: pause::SHOWS, run: Some(pause::prove) },
    Proof { name: "fence", issue: 4, shows: fence::SHOWS, run: Some(fence::prove) },
    Proof { name: "shards", issue: 4, shows: shards::SHOWS, run: Some(shards::prove) },
    Proof { name: "state-size", issue: 4, shows: state_size::SHOWS, run: Some(state_size::prove) },
    Proof { name: "store-refuses", issue: 4, shows: store_refuses::SHOWS, run: Some(store_refuses::prove) },
    Proof { name: "simulate", issue: 4, shows: simulate::SHOWS, run: Some(simulate::prove) },
    Proof { name: "mutants", issue: 4, shows: mutants::SHOWS, run: Some(mutants::prove) },
    Proof { name: "delivery-rate", issue: 4, shows: delivery_rate::SHOWS, run: Some(delivery_rate::prove) },
    Proof { name: "seed-page", issue: 5, shows: seed_page::SHOWS, run: Some(seed_page::prove) },
    Proof { name: "rollout", issue: 5, shows: rollout::SHOWS, run: Some(rollout::prove) },
    Proof { name: "rbac", issue: 5, shows: rbac::SHOWS, run: Some(rbac::prove) },
    Proof { name: "chart-matrix", issue: 5, shows: chart_matrix::SHOWS, run: Some(chart_matrix::prove) },
    Proof {
        name: "sharded-install",
        issue: 5,
        shows: sharded_install::SHOWS,
        run: Some(sharded_install::prove),
    },
    Proof { name: "hardening", issue: 5, shows: hardening::SHOWS, run: Some(hardening::prove) },
    Proof { name: "migrate", issue: 5, shows: migrate::SHOWS, run: Some(migrate::prove) },
    Proof { name: "storm", issue: 4, shows: storm::SHOWS, run: Some(storm::prove) },
];

/// Set to a number, proofs of many rounds make so many of each kind, and no record: for those who work on them.
const SMALL: &str = "ALERTKUBE_PROVE_SMALL";

/// A program to take instead of the one that is built, when a proof is made in small.
const PROGRAM: &str = "ALERTKUBE_PROVE_PROGRAM";

/// The program as it is shipped.
fn program() -> Result<PathBuf> {
    given_or(&["--release"])
}

/// The program as the image has it.
fn image_program() -> Result<PathBuf> {
    given_or(&["--profile", "dist"])
}

fn given_or(options: &[&str]) -> Result<PathBuf> {
    match std::env::var_os(PROGRAM).filter(|_| small().is_some()) {
        Some(path) => Ok(path.into()),
        None => built("alertkube", "alertkube", options),
    }
}

/// The rounds of each kind when a proof is made in small.
fn small() -> Option<usize> {
    std::env::var(SMALL).ok()?.parse().ok()
}

/// Which proof to make.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// Its name, as the list tells it.
    #[arg(required_unless_present_any = ["list", "hash"])]
    name: Option<String>,
    /// Shows all proofs and whether their records count.
    #[arg(long, exclusive = true)]
    list: bool,
    /// Shows the hash of the tree that records are held against.
    #[arg(long, exclusive = true)]
    hash: bool,
    /// Prints the figures and leaves the record as it is.
    #[arg(long)]
    dry: bool,
}

impl Task {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let root = checkout::root()?;
        match self.name {
            Some(name) => prove(&name, self.dry),
            None if self.list => list(),
            None => tree_hash::of_working_tree(&root).map(|hash| println!("{hash}")),
        }
    }
}

fn list() -> Result<()> {
    let root = checkout::root()?;
    let tree = tree_hash::of_working_tree(&root)?;
    for Proof { name, issue, shows, run } in PROOFS {
        let standing = run.map_or("not written", |_| record::standing(&root, name, &tree).word());
        println!("{name:14} {standing:12} issue {issue}: {shows}");
    }
    Ok(())
}

fn prove(name: &str, dry: bool) -> Result<()> {
    let names: Vec<&str> = PROOFS.iter().map(|proof| proof.name).collect();
    let proof = PROOFS.iter().find(|proof| proof.name == name);
    let proof = proof.with_context(|| format!("no proof `{name}`; there are {}", names.join(", ")))?;
    let run = proof.run.with_context(|| format!("the proof `{name}` is not written yet"))?;
    let root = checkout::root()?;
    let tree = tree_hash::of_working_tree(&root)?;
    let mut verdict = run().unwrap_or_else(|error| Verdict {
        figures: vec![verdict::Figure::exactly("the proof ran to its end", false, true)],
        notes: vec![format!("It did not: {error:#}")],
        ..Verdict::default()
    });
    if small().is_none() && tree_hash::of_working_tree(&root)? != tree {
        verdict.figures.push(verdict::Figure::exactly("the code stayed the same meanwhile", false, true));
    }
    println!("{}", verdict.markdown());
    if !dry && small().is_none() {
        println!("written: {}", record::write(&root, proof, &tree, &verdict)?);
    }
    if !verdict.holds() {
        bail!("the proof `{name}` does not hold");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_has_a_name_of_its_own() {
        let mut names: Vec<&str> = PROOFS.iter().map(|proof| proof.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROOFS.len());
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_there_are() {
        let error = prove("nonsense", true).expect_err("there is no such proof").to_string();
        assert!(error.contains("watch-budget"), "{error}");
    }
}
