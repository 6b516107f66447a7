//! `alertkube seats`: who holds what since when, read from the Leases and from the heads of the state.

mod findings;
mod json;
mod limits;
mod picture;
mod read;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use alertkube_api::{Persistence, PersistenceKind};
use clap::{Args, ValueEnum};

use crate::clock::Clock;
use crate::compose;
use crate::configuration::configuration;
use crate::env::Environment;
use crate::kubeconfig;
use crate::telemetry::logs;
use picture::Picture;
use read::Wanted;

/// Where `run` has the Lease without a word.
const LEASE_NAMESPACE: &str = "kube-system";

/// What the names of the state objects begin with, as in the defaults of the configuration.
const STATE_NAME: &str = "alertkube-state";

/// Arguments of `seats`.
#[derive(Args)]
#[command(after_long_help = json::FIELDS)]
pub(crate) struct Seats {
    /// Kubeconfig file; without one the user's own is used if it exists, else the pod's service account.
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// Configuration file of the replicas; its `persistence` says where the state is [env: ALERTKUBE_CONFIG].
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Namespace of the Leases; `kube-system` without a word [env: LEADER_ELECTION_NAMESPACE].
    #[arg(long, value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,
    /// `persistence.configMapName`; `alertkube-state` without a word. With it no configuration is read.
    #[arg(long, value_name = "NAME")]
    state_name: Option<String>,
    /// `persistence.namespace`; without one that of this pod, else that of the kubeconfig [env: POD_NAMESPACE].
    #[arg(long, visible_alias = "namespace", value_name = "NAMESPACE")]
    state_namespace: Option<String>,
    /// `persistence.kind`
    #[arg(long, value_enum)]
    state_kind: Option<Kind>,
    /// Text for people, or one JSON document.
    #[arg(long, short = 'o', value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// The words of `persistence.kind`.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    #[value(name = "ConfigMap", alias = "configmap")]
    ConfigMap,
    #[value(name = "Secret", alias = "secret")]
    Secret,
}

/// How the answer is written.
#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

impl Seats {
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a command")]
    pub(crate) fn run(self, environment: &Environment) -> ExitCode {
        logs::install_quiet();
        let output = self.output;
        match self.picture(environment) {
            Ok(picture) => {
                match output {
                    Output::Text => print!("{}", table::render(&picture)),
                    Output::Json => println!("{:#}", json::document(&picture)),
                }
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        }
    }

    fn picture(self, environment: &Environment) -> Result<Picture, String> {
        let named = self.kubeconfig.clone();
        let wanted = self.wanted(environment)?;
        let reading = async {
            let config = kubeconfig::config(named.as_deref(), environment).await?;
            read::picture(config, Clock::real(), wanted).await
        };
        let runtime = compose::runtime().map_err(|error| format!("{error:#}"))?;
        runtime.block_on(reading).map_err(|error| format!("{error:#}"))
    }

    /// What to read, and where.
    fn wanted(self, environment: &Environment) -> Result<Wanted, String> {
        let Seats { leader_election_namespace, state_name, state_namespace, state_kind, config, .. } = self;
        let text = |name: &str| environment.get(name).filter(|text| !text.is_empty());
        let leases_in = leader_election_namespace.filter(|name| !name.is_empty());
        let leases_in = leases_in.or_else(|| text("LEADER_ELECTION_NAMESPACE").map(str::to_owned));
        let config = config.or_else(|| text("ALERTKUBE_CONFIG").map(PathBuf::from));
        let mut state = match config.filter(|_| state_name.is_none()) {
            Some(path) => {
                configuration(Some(&path), environment)
                    .map_err(|report| format!("{report}\n(--state-name says where the state is without it)"))?
                    .persistence
            }
            None => Some(Persistence {
                name: state_name.unwrap_or_else(|| STATE_NAME.to_owned()),
                namespace: text("POD_NAMESPACE").map(str::to_owned),
                kind: PersistenceKind::ConfigMap,
            }),
        };
        if let Some(state) = &mut state {
            state.namespace = state_namespace.filter(|name| !name.is_empty()).or(state.namespace.take());
            state.kind = match state_kind {
                Some(Kind::ConfigMap) => PersistenceKind::ConfigMap,
                Some(Kind::Secret) => PersistenceKind::Secret,
                None => state.kind,
            };
        }
        Ok(Wanted { leases_in: leases_in.unwrap_or_else(|| LEASE_NAMESPACE.to_owned()), state })
    }
}

#[cfg(test)]
pub(super) mod tests;
