//! Ordeals from the command line: `cargo xtask simulate`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout;
use crate::prove::built_at;

/// Plays ordeals: many replicas in every kind of trouble, on a virtual clock, judged by what must never be.
#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// Play the ordeal of this seed alone, and show its end.
    #[arg(long)]
    seed: Option<u64>,
    /// Numbers of its acts that are left out, as a report names them.
    #[arg(long, requires = "seed", value_name = "ACTS")]
    without: Option<String>,
    /// Show everything that happens, not only the end.
    #[arg(long)]
    trace: bool,
    /// The first seed.
    #[arg(long, default_value_t = 0, conflicts_with = "seed")]
    from: u64,
    /// How many seeds, one after the other.
    #[arg(long, conflicts_with = "seed")]
    seeds: Option<u64>,
    /// As many seeds as fit into so many seconds.
    #[arg(long, conflicts_with_all = ["seed", "seeds"])]
    seconds: Option<u64>,
}

impl Simulate {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let mut ordeals = Command::new(program(&checkout::root()?, &["--release"])?);
        for (flag, number) in [("--seed", self.seed), ("--seeds", self.seeds), ("--seconds", self.seconds)] {
            if let Some(number) = number {
                ordeals.args([flag, &number.to_string()]);
            }
        }
        ordeals.args(["--from", &self.from.to_string()]);
        if let Some(acts) = &self.without {
            ordeals.args(["--without", acts]);
        }
        if self.trace {
            ordeals.arg("--trace");
        }
        let status = ordeals.status().context("start the ordeals")?;
        ensure!(status.success(), "an ordeal broke an invariant, or its request was not understood");
        Ok(())
    }
}

/// Builds the program that plays ordeals, of the checkout at `root`, as `options` tell cargo, and tells where it is.
pub(crate) fn program(root: &Path, options: &[&str]) -> Result<PathBuf> {
    let words = [&["--locked", "--package", "alertkube-sim", "--example", PROGRAM], options].concat();
    built_at(root, PROGRAM, &words)
}

const PROGRAM: &str = "ordeals";
