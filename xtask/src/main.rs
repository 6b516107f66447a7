//! Tasks of the project: `cargo xtask TASK`.
#![expect(
    clippy::disallowed_methods,
    reason = "the yard starts processes, reads the environment and the files of this machine; nothing of it ships"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks talk to the person who typed them")]

mod cluster;
mod limits;
mod run;

use std::process::ExitCode;

use clap::Parser;

/// Tasks of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// A real Kubernetes of one node for the tests.
    #[command(subcommand)]
    Cluster(cluster::Task),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Cluster(task) => task.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
