//! Tasks of the project: `cargo xtask TASK`.
#![expect(
    clippy::disallowed_methods,
    reason = "the yard starts processes, reads the environment and the files of this machine; nothing of it ships"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks talk to the person who typed them")]

mod chart;
mod checkout;
mod cluster;
mod contract;
mod e2e;
mod image;
mod limits;
mod line;
mod mutants;
mod prove;
mod receiver;
mod recorded;
mod release;
mod run;
mod seats;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

/// Tasks of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// The chart: writes what is generated in it, or checks it.
    Chart(chart::Task),
    /// A real Kubernetes of one node for the tests.
    #[command(subcommand)]
    Cluster(cluster::Task),
    /// The contract suite: what API servers do, on the simulator and on the real one.
    Contract(contract::Task),
    /// The end-to-end tier: real faults on the real test cluster, which is started when it is not up.
    E2e(e2e::Task),
    /// The image, built without an engine: an archive for containerd and an OCI layout.
    Image(image::Task),
    /// Shows one point of an issue by figures and their bounds, and records it in docs/proof.
    Prove(prove::Task),
    /// Changes the code in a copy, one promise at a time, and sees that something notices.
    Mutants(mutants::Mutants),
    /// Ordeals: many replicas in every kind of trouble, on a virtual clock, judged by what must never be.
    Simulate(simulate::Simulate),
    /// The generating API server of the proof `watch-budget`.
    #[command(hide = true)]
    BenchServer(prove::BenchServer),
    /// A receiver of webhooks, which writes down what it gets.
    #[command(hide = true)]
    Receiver(receiver::Receiver),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Chart(task) => task.run(),
        Task::Cluster(task) => task.run(),
        Task::Contract(task) => task.run(),
        Task::E2e(task) => task.run(),
        Task::Image(task) => task.run(),
        Task::Prove(task) => task.run(),
        Task::Simulate(task) => task.run(),
        Task::Mutants(task) => task.run(),
        Task::BenchServer(server) => server.run(),
        Task::Receiver(receiver) => receiver.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
