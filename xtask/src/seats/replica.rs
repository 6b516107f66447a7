//! One replica: the real program in a network of its own, which can be cut, frozen, killed and started again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::config::DOOR;
use super::limits;
use crate::cluster::Cluster;
use crate::line::Ground;
use crate::receiver::millis;
use crate::run;

/// Branches get the next free address, so two may not be made at once.
static BRANCHES: Mutex<()> = Mutex::new(());

/// What all replicas of a pair share.
pub(crate) struct Kit<'a> {
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) program: &'a Path,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) config: PathBuf,
    /// The URL of the plain receiver.
    pub(crate) hook: String,
}

/// As which pod it is started, and how.
#[derive(Clone, Debug)]
pub(crate) struct Birth {
    pub(crate) pod: String,
    /// None of a pod whose manifest does not say it.
    pub(crate) uid: Option<String>,
    /// The namespace of its Lease; none without election.
    pub(crate) lease: Option<String>,
    pub(crate) warm: bool,
    /// Its shard, and how many there are by its own reckoning; none for the only seat.
    pub(crate) shard: Option<(usize, usize)>,
    /// `POINT:N` at which it stops itself.
    pub(crate) stop_at: Option<String>,
}

impl Birth {
    /// A new pod.
    pub(crate) fn of(pod: &str, lease: &str, warm: bool) -> Result<Birth> {
        let uid = fs::read_to_string("/proc/sys/kernel/random/uuid").context("ask the kernel for an id")?;
        let (uid, lease) = (Some(uid.trim().to_owned()), Some(lease.to_owned()));
        Ok(Birth { pod: pod.to_owned(), uid, lease, warm, shard: None, stop_at: None })
    }
}

/// The replica; ended with its owner.
pub(crate) struct Replica {
    branch: String,
    address: String,
    process: Option<Child>,
    /// When it was told to end.
    asked: Option<i64>,
    /// When that was seen, and how it ended.
    end: Option<(i64, ExitStatus)>,
    log: PathBuf,
    starts: usize,
}

impl Replica {
    /// Makes its network, or takes that of an earlier run, whole.
    pub(crate) fn new(cluster: &Cluster, branch: &str) -> Result<Replica> {
        let alone = BRANCHES.lock().unwrap_or_else(PoisonError::into_inner);
        let address = match address(cluster, branch) {
            Ok(address) => address,
            Err(_) => cluster.add_branch(branch)?,
        };
        drop(alone);
        cluster.heal_branch(branch)?;
        let (branch, log) = (branch.to_owned(), PathBuf::new());
        Ok(Replica { branch, address, process: None, asked: None, end: None, log, starts: 0 })
    }

    /// The address that its requests come from.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Where it answers about its health.
    pub(crate) fn door(&self) -> Result<SocketAddr> {
        Ok(SocketAddr::new(self.address.parse().context("an address of a branch")?, DOOR))
    }

    /// Starts it.
    pub(crate) fn start(&mut self, kit: &Kit<'_>, birth: &Birth) -> Result<()> {
        self.starts += 1;
        self.log = kit.ground.folder().join(format!("{}-{}.log", self.branch, self.starts));
        let out = File::create(&self.log).context("create a log")?;
        let mut command = kit.ground.cluster().branch_command(&self.branch, kit.program)?;
        command.arg("run").arg("--kubeconfig").arg(&kit.kubeconfig).arg("--config").arg(&kit.config);
        if let Some(namespace) = &birth.lease {
            command.args(["--leader-elect", "--leader-election-namespace", namespace]);
            command.args(["--leader-election-id", &birth.pod]);
        }
        if birth.warm {
            command.arg("--leader-election-warm-standby");
        }
        command.env("POD_NAME", &birth.pod).env("POD_NAMESPACE", kit.ground.namespace());
        if let Some((shard, total)) = birth.shard {
            command.env("ALERTKUBE_SHARD_INDEX", shard.to_string());
            command.env("ALERTKUBE_SHARD_TOTAL", total.to_string());
        }
        command.env_remove("POD_UID").envs(birth.uid.as_ref().map(|uid| ("POD_UID", uid)));
        command.envs(birth.stop_at.as_ref().map(|point| ("ALERTKUBE_TEST_STOP_AT", point)));
        command.env("GENERIC_WEBHOOK_URL", &kit.hook).env("PAGERDUTY_ROUTING_KEY", "a-key-of-a-test");
        command.stdin(Stdio::null()).stdout(out.try_clone().context("share the log")?).stderr(out);
        self.process = Some(command.spawn().context("start a replica")?);
        (self.asked, self.end) = (None, None);
        Ok(())
    }

    /// All that it said since its last start.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last lines of it.
    pub(crate) fn said(&self) -> String {
        let log = self.log();
        let from = log.lines().count().saturating_sub(crate::limits::LOG_TAIL_LINES);
        log.lines().skip(from).collect::<Vec<_>>().join("\n")
    }

    /// Sends a signal, and says when.
    pub(crate) fn signal(&mut self, signal: &str) -> Result<i64> {
        let process = self.process.as_ref().context("the replica does not run")?;
        let at = millis();
        run::output(&mut run::command("kill", &[&format!("-{signal}"), &process.id().to_string()]))?;
        if matches!(signal, "TERM" | "KILL") {
            self.asked = Some(at);
        }
        Ok(at)
    }

    /// Waits until it ended as it was told to; how, and after how many seconds. Killed when it takes too long.
    pub(crate) fn ended(&mut self) -> Result<(ExitStatus, f64)> {
        let asked = self.asked.context("nobody told it to end")?;
        let start = Instant::now();
        while self.end.is_none() && start.elapsed() < limits::END_MAX {
            thread::sleep(limits::LOOK_EVERY);
            self.is_there()?;
        }
        let mut process = self.process.take().context("the replica does not run")?;
        if self.end.is_none() {
            process.kill().context("kill a replica")?;
            self.end = Some((i64::MAX, process.wait().context("wait for a replica")?));
        }
        let (at, status) = self.end.context("it has ended")?;
        Ok((status, at.saturating_sub(asked) as f64 / 1000.0))
    }

    /// Asks it to end in good order; the exit code, and after how many seconds.
    pub(crate) fn stop(&mut self) -> Result<(i32, f64)> {
        self.signal("TERM")?;
        let (status, seconds) = self.ended()?;
        Ok((code(status), seconds))
    }

    /// Kills it, if it runs.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if self.process.is_some() {
            self.signal("KILL")?;
            self.ended()?;
        }
        Ok(())
    }

    /// Fails when it ended though nobody told it to.
    pub(crate) fn is_there(&mut self) -> Result<()> {
        let (Some(process), None) = (&mut self.process, self.end) else { return Ok(()) };
        let Some(status) = process.try_wait().context("look after a replica")? else { return Ok(()) };
        if self.asked.is_some() {
            self.end = Some((millis(), status));
            return Ok(());
        }
        let log = self.log();
        let end = log.get(log.len().saturating_sub(limits::LOG_END_BYTES)..).unwrap_or(&log);
        bail!("the replica {} ended by itself ({status}); it said:\n{end}", self.branch)
    }

    /// Whether it is frozen.
    pub(crate) fn is_stopped(&self) -> bool {
        let Some(process) = &self.process else { return false };
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
        state(&stat) == Some('T')
    }

    /// Drops what it says to the API server, and what that says to it, without a word; or lets it through again.
    pub(crate) fn cut(&self, cluster: &Cluster, cut: bool) -> Result<()> {
        if !cut {
            return cluster.heal_branch(&self.branch);
        }
        let us = std::env::current_exe().context("find this program")?;
        run::output(&mut run::command(us, &["cluster", "branch", "cut", &self.branch, "api"])).map(drop)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may be gone already.
            let _gone = process.kill();
            let _status = process.wait();
        }
    }
}

/// The exit code; of one that a signal ended the signal's number, negative.
pub(crate) fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(1))
}

/// The state of a process, behind its name in brackets, which may hold anything.
fn state(stat: &str) -> Option<char> {
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

fn address(cluster: &Cluster, branch: &str) -> Result<String> {
    let mut command = cluster.branch_command(branch, "ip")?;
    let said = run::output(command.args(["-4", "-o", "address", "show", "dev", "eth0"]))?;
    inet(&said).with_context(|| format!("the branch {branch} has no address"))
}

/// What stands behind `inet`, without the length of its prefix.
fn inet(said: &str) -> Option<String> {
    let word = said.split_whitespace().skip_while(|word| *word != "inet").nth(1)?;
    word.split('/').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_process_is_known_by_its_state() {
        assert_eq!(state("7 (a) b) T 1 7"), Some('T'));
        assert_eq!(state(""), None);
    }

    #[test]
    fn the_address_is_what_stands_behind_inet() {
        let said = "2: eth0    inet 10.88.255.3/16 scope global eth0\\ valid_lft forever";
        assert_eq!(inet(said).as_deref(), Some("10.88.255.3"));
        assert_eq!(inet("2: eth0"), None);
    }
}
