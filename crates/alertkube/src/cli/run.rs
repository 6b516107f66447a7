//! `alertkube run`: the controller.

use std::path::PathBuf;
use std::process::ExitCode;

use alertkube_core::Standby;
use clap::Args;

use crate::clock::Clock;
use crate::compose::{self, Options};
use crate::configuration::configuration;
use crate::env::Environment;
use crate::seating::{Electing, Seating};
use crate::stop_at;
use crate::telemetry::logs;

/// Where the Lease is without a word, as in the reference.
const LEASE_NAMESPACE: &str = "kube-system";

/// Flags of the controller.
#[derive(Args)]
pub(crate) struct Run {
    /// Kubeconfig file; without one the user's own is used if it exists, else the pod's service account.
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// Configuration file [env: ALERTKUBE_CONFIG].
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Watch one namespace only; nodes are then not watched [env: WATCH_NAMESPACE].
    #[arg(long, value_name = "NAMESPACE")]
    watch_namespace: Option<String>,
    /// Of several replicas one tells, elected by a Lease [env: LEADER_ELECT].
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    leader_elect: Option<bool>,
    /// Namespace of the Lease; `kube-system` without a word [env: LEADER_ELECTION_NAMESPACE].
    #[arg(long, value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,
    /// What this replica calls itself; the host's name without a word [env: POD_NAME].
    #[arg(long, value_name = "ID")]
    leader_election_id: Option<String>,
    /// Followers watch too, and take over sooner; they use as much memory as the leader
    /// [env: LEADER_ELECTION_WARM_STANDBY].
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    leader_election_warm_standby: Option<bool>,
    /// Watch Silence custom resources; not built yet [env: ALERTKUBE_WATCH_SILENCE_CRD].
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    watch_silence_crd: Option<bool>,
    /// Keep the memory in a folder rather than in the cluster, for a single process without election.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Log more: 1 for branches taken, 2 for every event.
    #[arg(short = 'v', value_name = "LEVEL", default_value_t = 0)]
    verbosity: u8,
}

impl Run {
    #[expect(
        clippy::print_stderr,
        reason = "what is wrong before logs are set up, or with the configuration"
    )]
    pub(crate) fn run(self, environment: &Environment) -> ExitCode {
        logs::install(self.verbosity);
        let options = match self.options(environment) {
            Ok(options) => options,
            Err(report) => {
                eprintln!("{report}");
                return ExitCode::FAILURE;
            }
        };
        match compose::run(options, environment) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn options(self, environment: &Environment) -> Result<Options, String> {
        let Run {
            kubeconfig,
            config,
            watch_namespace,
            leader_elect,
            leader_election_namespace,
            leader_election_id,
            leader_election_warm_standby,
            watch_silence_crd,
            state_dir,
            verbosity: _,
        } = self;
        let text = |name: &str| environment.get(name).filter(|text| !text.is_empty());
        let mut wrong = Vec::new();
        let mut switch = |flag, variable| {
            switched_on(flag, variable, text(variable)).unwrap_or_else(|why| {
                wrong.push(why);
                false
            })
        };
        let elects = switch(leader_elect, "LEADER_ELECT");
        let warm = switch(leader_election_warm_standby, "LEADER_ELECTION_WARM_STANDBY");
        if switch(watch_silence_crd, "ALERTKUBE_WATCH_SILENCE_CRD") {
            wrong.push("--watch-silence-crd: Silence resources are not built yet".to_owned());
        }
        if let Err(why) = stop_at::arm(environment) {
            wrong.push(why);
        }
        if elects && state_dir.is_some() {
            wrong.push(
                "--state-dir: a folder is of one process; with --leader-elect use persistence.enabled"
                    .to_owned(),
            );
        }
        let config = config.or_else(|| text("ALERTKUBE_CONFIG").map(PathBuf::from));
        let loaded = configuration(config.as_deref(), environment).map_err(|report| wrong.push(report)).ok();
        let (Some(mut loaded), true) = (loaded, wrong.is_empty()) else { return Err(wrong.join("\n")) };
        let namespace = watch_namespace.or_else(|| text("WATCH_NAMESPACE").map(str::to_owned));
        loaded.settings.namespace = namespace.filter(|namespace| !namespace.is_empty());
        if state_dir.is_some() && loaded.persistence.is_some() {
            return Err(
                "--state-dir: persistence.enabled keeps the state in the cluster; use one of the two"
                    .to_owned(),
            );
        }
        let lease_in =
            leader_election_namespace.or_else(|| text("LEADER_ELECTION_NAMESPACE").map(str::to_owned));
        let electing = elects.then(|| Electing {
            namespace: lease_in.filter(|name| !name.is_empty()).unwrap_or_else(|| LEASE_NAMESPACE.to_owned()),
            standby: if warm { Standby::Warm } else { Standby::Cold },
        });
        let (shard, name) = (loaded.environment.shard, leader_election_id.as_deref());
        let seating = Seating::new(shard, electing, name, environment, Clock::real().now());
        Ok(Options { loaded, kubeconfig, state_dir, seating })
    }
}

/// The flag, else its variable, else off.
fn switched_on(flag: Option<bool>, variable: &str, text: Option<&str>) -> Result<bool, String> {
    match (flag, text) {
        (Some(flag), _) => Ok(flag),
        (None, None) => Ok(false),
        (None, Some(text)) => alertkube_lang::parse_go_bool(text).ok_or_else(|| {
            format!("{variable}: `{text}` is no boolean (expected 1, true, yes, 0, false or no)")
        }),
    }
}

/// Go's own booleans, as its flags take them.
fn go_bool(text: &str) -> Result<bool, String> {
    alertkube_lang::parse_go_flag_bool(text).ok_or_else(|| "expected true or false".to_owned())
}
