//! `alertkube completions SHELL`

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell to write for.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> ExitCode {
        let Completions { shell } = self;
        clap_complete::generate(shell, &mut super::Arguments::command(), "alertkube", &mut std::io::stdout());
        ExitCode::SUCCESS
    }
}
