//! Commands of this machine: run one, take its output, wait for a condition.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::limits;

/// A command with its arguments.
pub(crate) fn command<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: &[A]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Runs the command and returns what it printed, or what it said when it failed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("start {}", named(command)))?;
    settled(command, output)
}

/// The same, with `input` on the command's standard input.
pub(crate) fn output_of_input(command: &mut Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("start {}", named(command)))?;
    let mut stdin = child.stdin.take().context("a piped child has a standard input")?;
    stdin.write_all(input.as_bytes()).with_context(|| format!("write to {}", named(command)))?;
    drop(stdin);
    let output = child.wait_with_output().with_context(|| format!("wait for {}", named(command)))?;
    settled(command, output)
}

/// Runs the command on this terminal and fails when it fails.
pub(crate) fn shown(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("start {}", named(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", named(command));
    }
    Ok(())
}

/// Becomes the command; returns only when it could not be started.
pub(crate) fn become_command(command: &mut Command) -> Result<()> {
    let error = command.exec();
    Err(error).with_context(|| format!("start {}", named(command)))
}

/// Looks every [`limits::POLL_INTERVAL`] until `look` finds something, at most for `at_most`.
pub(crate) fn until<T>(what: &str, at_most: Duration, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    until_by(what, (at_most, limits::POLL_INTERVAL), look)
}

/// The same with another time between two looks.
pub(crate) fn until_by<T>(
    what: &str,
    (at_most, every): (Duration, Duration),
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let seen = look();
        if let Ok(Some(found)) = seen {
            return Ok(found);
        }
        if start.elapsed() >= at_most {
            let why = seen.err().map_or_else(String::new, |error| format!(": {error:#}"));
            bail!("{what} not seen within {} s{why}", at_most.as_secs());
        }
        thread::sleep(every);
    }
}

fn settled(command: &Command, output: Output) -> Result<String> {
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({}): {}", named(command), output.status, said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("output of {} is not text", named(command)))
}

fn named(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_what_the_command_printed() {
        assert_eq!(output(&mut command("echo", &["one", "two"])).unwrap(), "one two\n");
        assert_eq!(output_of_input(&mut command("cat", &["-"]), "text").unwrap(), "text");
    }

    #[test]
    fn a_failure_carries_the_words_of_the_command() {
        let error = output(&mut command("sh", &["-c", "echo broken >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("broken") && error.contains('3'), "{error}");
    }

    #[test]
    fn waiting_ends_with_the_last_error() {
        let error =
            until("a moon", Duration::ZERO, || -> Result<Option<()>> { bail!("clouds") }).unwrap_err();
        assert_eq!(error.to_string(), "a moon not seen within 0 s: clouds");
    }
}
