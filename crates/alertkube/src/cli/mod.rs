//! The command line: one file and one variant for each command.

mod completions;
mod demo;
mod flags;
mod forget;
mod run;
mod seats;
mod simulate;
mod validate;
mod version;
mod wget;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::env::Environment;

pub(crate) use version::VERSION;

/// Watches a Kubernetes cluster, works out what is wrong, and tells each problem once, and its end.
#[derive(Parser)]
#[command(name = "alertkube", version, disable_version_flag = true, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Run,
}

#[derive(Subcommand)]
enum Command {
    /// Run the controller (the default without a command).
    Run(run::Run),
    /// Run the whole program against a simulated cluster, on a faster clock.
    Demo(demo::Demo),
    /// Play a scenario in virtual time with your own configuration and print what would be sent.
    Simulate(simulate::Simulate),
    /// Print who holds which seat since when, and what is odd about it.
    Seats(seats::Seats),
    /// Remove what alertkube keeps in the cluster: state and Leases.
    Forget(forget::Forget),
    /// Check a configuration file, with every problem at once.
    Validate(validate::Validate),
    /// Print the version.
    Version,
    /// Print a completion script for a shell.
    Completions(completions::Completions),
}

/// Reads the command line and carries it out.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let mut arguments = arguments.into_iter().peekable();
    if wget::is_meant(arguments.peek()) {
        return wget::main(arguments);
    }
    let arguments = flags::from_go(arguments);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output with 0, a wrong word to standard error with 2, as clap decides.
            let _unprintable = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match arguments.command.unwrap_or(Command::Run(arguments.run)) {
        Command::Run(run) => run.run(environment),
        Command::Demo(demo) => demo.run(environment),
        Command::Simulate(simulate) => simulate.run(environment),
        Command::Seats(seats) => seats.run(environment),
        Command::Forget(forget) => forget.run(environment),
        Command::Validate(validate) => validate.run(environment),
        Command::Version => version::run(),
        Command::Completions(completions) => completions.run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Arguments::command().debug_assert();
        assert_eq!(Arguments::command().get_name(), "alertkube");
    }
}
