//! `alertkube simulate SCENARIO --config FILE`: what would be sent, in no time.

use std::path::PathBuf;
use std::process::ExitCode;

use alertkube_sim::{Simulation, Transcript};
use clap::Args;

use super::demo::parse;
use crate::configuration::configuration;
use crate::env::Environment;
use crate::files;

/// Arguments of `simulate`.
#[derive(Args)]
pub(crate) struct Simulate {
    /// The scenario to play.
    scenario: PathBuf,
    /// Your configuration; without one the scenario's own `config:` block counts.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print each message as the sink words it, not one line for each.
    #[arg(long)]
    messages: bool,
}

impl Simulate {
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a command")]
    pub(crate) fn run(self, environment: &Environment) -> ExitCode {
        let Simulate { scenario, config, messages } = self;
        match simulate(scenario, config, environment) {
            Ok((transcript, verdict)) => {
                print!("{}", if messages { worded(&transcript) } else { transcript.render() });
                match verdict {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(difference) => {
                        eprintln!("{difference}");
                        ExitCode::FAILURE
                    }
                }
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        }
    }
}

/// The transcript, and how it differs from what the scenario expects. With another configuration than the
/// scenario's own its expectations do not count, only what must never happen.
type Played = (Transcript, Result<(), String>);

fn simulate(scenario: PathBuf, config: Option<PathBuf>, environment: &Environment) -> Result<Played, String> {
    let text = files::read(&scenario).map_err(|error| format!("{error:#}"))?;
    let scenario = parse(&scenario.display().to_string(), &text)?;
    match config {
        Some(path) => {
            let transcript = Simulation::run_with(&scenario, configuration(Some(&path), environment)?);
            let violations = transcript.violations().join("\n");
            let verdict = if violations.is_empty() { Ok(()) } else { Err(violations) };
            Ok((transcript, verdict))
        }
        None => {
            let transcript = Simulation::run(&scenario).map_err(|problems| {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                lines.join("\n")
            })?;
            let verdict = transcript.check(&scenario);
            Ok((transcript, verdict))
        }
    }
}

fn worded(transcript: &Transcript) -> String {
    let texts = transcript.texts().map(|(at, sink, text)| format!("--- {}s {sink}\n{text}\n", at.as_secs()));
    texts.collect()
}
