//! Drives the ledger alone, over the very store that ships: for the proof `state-size`. It is built with the feature
//! `drill` only and is in no image.
#![expect(clippy::disallowed_methods, reason = "a drill keeps its own log, and waits; nothing of it ships")]
#![expect(clippy::print_stdout, reason = "what it sees is read from its standard output")]
#![allow(dead_code, unused_imports, reason = "of the shell's modules it needs a part")]

#[path = "../src/clock.rs"]
mod clock;
#[path = "../src/env.rs"]
mod env;
#[path = "../src/files.rs"]
mod files;
#[path = "../src/kubeconfig.rs"]
mod kubeconfig;
#[path = "../src/limits.rs"]
mod limits;
#[path = "../src/store/mod.rs"]
mod store;

mod deeds;
mod drive;
mod fold;
mod records;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use alertkube_api::{Persistence, PersistenceKind, Shard};
use clap::{Parser, ValueEnum};

use crate::clock::Clock;
use crate::drive::Drive;
use crate::env::Environment;
use crate::store::{ClusterStore, Place, Store};

/// Drives the ledger of one seat.
#[derive(Parser)]
struct Drill {
    /// With which rights, and where the API server is.
    #[arg(long)]
    kubeconfig: PathBuf,
    /// The namespace of the state objects.
    #[arg(long)]
    namespace: String,
    /// What their names begin with.
    #[arg(long)]
    name: String,
    /// What to do.
    #[arg(long)]
    mode: Mode,
    /// Alerts.
    #[arg(long, default_value_t = 0)]
    alerts: u64,
    /// Alerts a second.
    #[arg(long, default_value_t = 1)]
    rate: u32,
    /// The number of the first alert.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// For deeds: what was done and what of it is known to be committed, over all lives of this drill.
    #[arg(long)]
    log: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// Tells of alerts at the rate, each with an intent and an outcome at two sinks, and waits until all is calm.
    Tell,
    /// Opens the ledger and says how long that took.
    Open,
    /// Does deeds until it is killed, after it has held what it reads against what was done before.
    Deeds,
}

fn main() -> ExitCode {
    // The later call of two does nothing.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done =
        runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(Drill::parse().run()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Drill {
    async fn run(self) -> anyhow::Result<()> {
        let clock = Clock::real();
        let config = kubeconfig::config(Some(&self.kubeconfig), &Environment::default()).await?;
        let kind = PersistenceKind::ConfigMap;
        let persistence =
            Persistence { name: self.name.clone(), namespace: Some(self.namespace.clone()), kind };
        let place = Place::new(&persistence, Shard::WHOLE, &config);
        let store = Store::Cluster(Box::new(ClusterStore::new(config, clock, place)?));
        let mut drive = Drive::new(store, clock);
        let begun = clock.now().boot;
        let entries = drive.open().await?;
        let took = clock.now().boot.saturating_sub(begun);
        println!("opened {} {entries}", took.as_millis());
        match self.mode {
            Mode::Open => drive.close().await,
            Mode::Tell => {
                drive.tell(self.from..self.from + self.alerts, self.rate).await?;
                drive.calm(Duration::from_secs(120)).await?;
                drive.close().await
            }
            Mode::Deeds => match &self.log {
                Some(log) => deeds::run(&mut drive, log).await,
                None => anyhow::bail!("--log: missing"),
            },
        }
    }
}
