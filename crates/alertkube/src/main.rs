//! alertkube: watches a Kubernetes cluster, works out what is wrong, and tells each problem once, and its end.
//!
//! This crate is the shell: connections, clocks, files and the command line. What alertkube does is decided in
//! `alertkube-core`.

mod cli;
mod clock;
mod compose;
mod configuration;
mod demo;
mod engine;
mod env;
mod files;
mod http;
mod kubeconfig;
mod lease;
mod limits;
mod outside;
mod panics;
mod seating;
mod send;
mod stop_at;
mod store;
mod telemetry;
mod watch;

use std::process::ExitCode;

fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::args_os()
}

fn main() -> ExitCode {
    cli::main(arguments(), &env::Environment::read())
}
