//! `alertkube version`

use std::process::ExitCode;

/// Prints the version, and below it what it was built with and for.
#[expect(clippy::print_stdout, reason = "the output of a command")]
pub(crate) fn run() -> ExitCode {
    println!("alertkube {}", VERSION);
    println!("  {}", env!("ALERTKUBE_TOOLCHAIN"));
    println!("  {}/{}", std::env::consts::OS, std::env::consts::ARCH);
    ExitCode::SUCCESS
}

/// The version of this build.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
