//! `alertkube run`: the controller.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::compose::{self, Options};
use crate::configuration::configuration;
use crate::env::Environment;
use crate::telemetry::logs;

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
    /// Lease leader election; not built yet [env: LEADER_ELECT].
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    leader_elect: Option<bool>,
    /// Namespace of the Lease [env: LEADER_ELECTION_NAMESPACE].
    #[arg(long, value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,
    /// Holder identity [env: POD_NAME].
    #[arg(long, value_name = "ID")]
    leader_election_id: Option<String>,
    /// Watch Silence custom resources; not built yet [env: ALERTKUBE_WATCH_SILENCE_CRD].
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    watch_silence_crd: Option<bool>,
    /// Keep the memory of this process in a folder over a restart; one process only.
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
            leader_election_namespace: _,
            leader_election_id: _,
            watch_silence_crd,
            state_dir,
            verbosity: _,
        } = self;
        let text = |name: &str| environment.get(name).filter(|text| !text.is_empty());
        let mut wrong = Vec::new();
        let unbuilt = [
            (
                leader_elect,
                "LEADER_ELECT",
                "--leader-elect: leader election is not built yet; run one replica without it",
            ),
            (
                watch_silence_crd,
                "ALERTKUBE_WATCH_SILENCE_CRD",
                "--watch-silence-crd: Silence resources are not built yet",
            ),
        ];
        for (flag, variable, refusal) in unbuilt {
            match switched_on(flag, variable, text(variable)) {
                Ok(true) => wrong.push(refusal.to_owned()),
                Ok(false) => {}
                Err(why) => wrong.push(why),
            }
        }
        let config = config.or_else(|| text("ALERTKUBE_CONFIG").map(PathBuf::from));
        let loaded = configuration(config.as_deref(), environment).map_err(|report| wrong.push(report)).ok();
        let (Some(mut loaded), true) = (loaded, wrong.is_empty()) else { return Err(wrong.join("\n")) };
        let namespace = watch_namespace.or_else(|| text("WATCH_NAMESPACE").map(str::to_owned));
        loaded.settings.namespace = namespace.filter(|namespace| !namespace.is_empty());
        Ok(Options { loaded, kubeconfig, state_dir })
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
