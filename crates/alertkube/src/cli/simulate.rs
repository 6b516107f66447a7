//! placeholder
use clap::Args;
/// x
#[derive(Args)]
pub(crate) struct Simulate {}
impl Simulate {
    pub(crate) fn run(self, _: &crate::env::Environment) -> std::process::ExitCode {
        std::process::ExitCode::SUCCESS
    }
}
