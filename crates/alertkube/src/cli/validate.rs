//! `alertkube validate [--config PATH | PATH]`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::configuration::configuration;
use crate::env::Environment;

/// Arguments of `validate`.
#[derive(Args)]
pub(crate) struct Validate {
    /// The file to check; without one the variable ALERTKUBE_CONFIG names it.
    path: Option<PathBuf>,
    /// The same, as the controller spells it.
    #[arg(long, conflicts_with = "path", value_name = "PATH")]
    config: Option<PathBuf>,
}

impl Validate {
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a command")]
    pub(crate) fn run(self, environment: &Environment) -> ExitCode {
        let Validate { path, config } = self;
        let named = environment.get("ALERTKUBE_CONFIG").filter(|text| !text.is_empty()).map(PathBuf::from);
        let Some(path) = config.or(path).or(named) else {
            eprintln!("no file to check: give a path, or set ALERTKUBE_CONFIG");
            return ExitCode::from(2);
        };
        match configuration(Some(&path), environment) {
            Ok(loaded) => {
                println!("✓ {} is valid", path.display());
                for warning in &loaded.warnings {
                    eprintln!("warning: {warning}");
                }
                ExitCode::SUCCESS
            }
            Err(report) => {
                for line in report.lines() {
                    eprintln!("✗ {line}");
                }
                ExitCode::FAILURE
            }
        }
    }
}
