//! `alertkube demo [SCENARIO]`: the whole program against a simulated cluster, on a faster clock.

use std::path::PathBuf;
use std::process::ExitCode;

use alertkube_sim::Scenario;
use clap::Args;

use crate::demo;
use crate::env::Environment;
use crate::files;
use crate::telemetry::logs;

/// Arguments of `demo`.
#[derive(Args)]
pub(crate) struct Demo {
    /// The scenario to play; without one, the tour of the README.
    scenario: Option<PathBuf>,
    /// Seconds of the cluster that pass in one second.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1000))]
    speed: u32,
    /// Log what happens inside, not only what is wrong.
    #[arg(short = 'v', value_name = "LEVEL")]
    verbosity: Option<u8>,
}

impl Demo {
    #[expect(clippy::print_stderr, reason = "what is wrong with the arguments")]
    pub(crate) fn run(self, environment: &Environment) -> ExitCode {
        let Demo { scenario, speed, verbosity } = self;
        match verbosity {
            Some(verbosity) => logs::install(verbosity),
            None => logs::install_quiet(),
        }
        let played = read(scenario).and_then(|scenario| {
            demo::play(&scenario, speed, environment).map_err(|error| format!("{error:#}"))
        });
        match played {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        }
    }
}

/// The tour of the README.
const TOUR: &str = include_str!("../../../../scenarios/demo.txt");

/// Reads a scenario, or the tour; the error names every problem of it.
fn read(path: Option<PathBuf>) -> Result<Scenario, String> {
    let (name, text) = match path {
        None => ("demo".to_owned(), TOUR.to_owned()),
        Some(path) => (path.display().to_string(), files::read(&path).map_err(|error| format!("{error:#}"))?),
    };
    parse(&name, &text)
}

/// Parses a scenario; the error has one line for each problem.
pub(super) fn parse(name: &str, text: &str) -> Result<Scenario, String> {
    Scenario::parse(text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("{name}:{problem}")).collect();
        lines.join("\n")
    })
}
