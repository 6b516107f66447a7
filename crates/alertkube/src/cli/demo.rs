//! placeholder
use clap::Args;
/// x
#[derive(Args)]
pub(crate) struct Demo {}
impl Demo {
    pub(crate) fn run(self, _: &crate::env::Environment) -> std::process::ExitCode {
        std::process::ExitCode::SUCCESS
    }
}
