//! Processes that outlive this program: started in a session of their own, recorded, stopped, waited for.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::site::Site;
use crate::{limits, run};

/// A process as the kernel knows it: a number alone may have been given to another one since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// The process number.
    pub(super) id: u32,
    started: u64,
}

impl Process {
    /// The living process of that number.
    pub(super) fn living(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (state, started) = parse_stat(&stat)?;
        // The first thread of a killed process may be dead before the others, which still hold its sockets.
        let threads = fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count);
        (!matches!(state, "Z" | "X") || threads > 1).then_some(Self { id, started })
    }

    /// Whether this very process still lives.
    pub(super) fn lives(self) -> bool {
        Self::living(self.id) == Some(self)
    }

    fn record(self) -> String {
        format!("{} {}\n", self.id, self.started)
    }

    fn parse(record: &str) -> Option<Self> {
        let (id, started) = record.trim().split_once(' ')?;
        Some(Self { id: id.parse().ok()?, started: started.parse().ok()? })
    }
}

/// The state of a process, and when it started, in ticks since boot. `Z` and `X` are dead.
fn parse_stat(stat: &str) -> Option<(&str, u64)> {
    // The name in brackets may itself hold spaces and brackets.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

/// Starts the command in a new session, its output in `logs/NAME.log`, and records it under `name`.
pub(super) fn start(site: &Site, name: &str, inner: &Command) -> Result<()> {
    let log = site.write(&format!("logs/{name}.log"), b"")?;
    let log =
        fs::OpenOptions::new().append(true).open(&log).with_context(|| format!("open {}", log.display()))?;
    let mut command = Command::new("setsid");
    // Neither setsid nor nsenter forks here, so the number stays that of the program.
    command.arg(inner.get_program()).args(inner.get_args()).current_dir(site.state());
    for (variable, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    command.stdin(Stdio::null()).stdout(log.try_clone().context("share the log")?).stderr(log);
    let child = command.spawn().with_context(|| format!("start {name}"))?;
    let process = Process::living(child.id()).with_context(|| format!("{name} ended at once"))?;
    site.write(&format!("processes/{name}"), process.record().as_bytes()).map(drop)
}

/// The process recorded under the name, if it still lives.
pub(super) fn recorded(site: &Site, name: &str) -> Option<Process> {
    let record = fs::read_to_string(site.path("processes").join(name)).ok()?;
    Process::parse(&record).filter(|process| process.lives())
}

/// All recorded processes that still live.
pub(super) fn all_recorded(site: &Site) -> Vec<Process> {
    let Ok(folder) = fs::read_dir(site.path("processes")) else { return Vec::new() };
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| recorded(site, &name)).collect()
}

/// Kills the processes and waits until they are gone.
pub(super) fn kill(processes: &[Process]) -> Result<()> {
    signal("KILL", processes)?;
    run::until("the end of our processes", limits::KILLED_MAX, || {
        Ok(processes.iter().all(|process| !process.lives()).then_some(()))
    })
}

/// Sends the signal to those that live.
pub(super) fn signal(name: &str, processes: &[Process]) -> Result<()> {
    let living: Vec<_> =
        processes.iter().filter(|process| process.lives()).map(|p| p.id.to_string()).collect();
    if living.is_empty() {
        return Ok(());
    }
    // One that ends between the look and the signal makes the command fail, which changes nothing.
    let mut kill = run::command("sh", &["-c", "kill -s \"$@\" 2>&- || true", "sh", name]);
    run::output(kill.args(living)).map(drop)
}

/// The last lines that the process said, for the message that it did not come up.
pub(super) fn last_words(site: &Site, name: &str) -> String {
    let log = fs::read_to_string(site.path("logs").join(format!("{name}.log"))).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(limits::LOG_TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_start_time_are_read_past_an_odd_name() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(parse_stat(stat), Some(("S", 4711)));
        assert_eq!(parse_stat("nonsense"), None);
    }

    #[test]
    fn a_record_tells_a_process_from_its_successor() {
        let ours = Process::living(std::process::id()).unwrap();
        assert_eq!(Process::parse(&ours.record()), Some(ours));
        assert!(ours.lives());
        assert!(!Process { started: ours.started + 1, ..ours }.lives());
    }
}
