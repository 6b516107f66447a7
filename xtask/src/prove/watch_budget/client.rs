//! A process that watches the generated cluster, ours or the opponent's, measured from outside.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cluster::{BenchCluster, get};
use crate::prove::host;
use crate::prove::limits::{CALM_CPU_SECONDS, CALM_MAX, CALM_STEP, STOP_MAX};
use crate::run;

/// The process, and how it tells what it has seen.
pub(in crate::prove) struct Client {
    child: Child,
    started: Instant,
    seen: Seen,
}

/// How the number of objects that a client knows is learnt.
enum Seen {
    /// From `/metrics` on this port.
    Metrics(u16),
    /// From the numbers that it prints.
    Printed(Arc<AtomicUsize>),
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::prove) struct Usage {
    pub(in crate::prove) cpu: f64,
    pub(super) resident: u64,
    pub(in crate::prove) peak: u64,
}

impl Client {
    /// Our own program against the cluster; its messages go where `stdout` says. `under` is a program that runs it.
    pub(super) fn ours(
        program: &Path,
        cluster: &BenchCluster,
        under: &[&str],
        stdout: Stdio,
    ) -> Result<Client> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let config = cluster.file("config.yaml");
        let text = format!(
            "cluster: bench\nmetricsAddr: 127.0.0.1:{port}\nbehavior: {{firstRun: all}}\nsinkRates: {{stdout: {{perSecond: 1000, burst: 1000}}}}\n"
        );
        fs::write(&config, text).context("write a configuration")?;
        let mut command = wrapped(under, program);
        command.arg("run").arg("--kubeconfig").arg(cluster.kubeconfig()?).arg("--config").arg(config);
        Client::spawn(command.stdout(stdout), cluster, Seen::Metrics(port))
    }

    /// The opponent against the cluster.
    pub(super) fn opponent(program: &Path, cluster: &BenchCluster, under: &[&str]) -> Result<Client> {
        let mut command = wrapped(under, program);
        command.arg(cluster.kubeconfig()?).stdout(Stdio::piped());
        let count = Arc::new(AtomicUsize::new(0));
        let mut client = Client::spawn(&mut command, cluster, Seen::Printed(Arc::clone(&count)))?;
        let lines = client.lines()?;
        thread::spawn(move || {
            for number in lines.lines().map_while(Result::ok).filter_map(|line| line.parse().ok()) {
                count.store(number, Ordering::Relaxed);
            }
        });
        Ok(client)
    }

    /// Our own program as this command starts it; it serves metrics on that port. Waits until it tells.
    pub(in crate::prove) fn telling(
        command: &mut Command,
        cluster: &BenchCluster,
        port: u16,
    ) -> Result<Client> {
        let mut client = Client::spawn(command, cluster, Seen::Metrics(port))?;
        run::until("that alertkube begins to tell", crate::limits::PROGRAM_DEED_MAX, || {
            if let Some(status) = client.child.try_wait()? {
                bail!("it ended: {status}");
            }
            Ok(get(port, "/metrics")?.contains("\nalertkube_telling 1\n").then_some(()))
        })?;
        Ok(client)
    }

    fn spawn(command: &mut Command, cluster: &BenchCluster, seen: Seen) -> Result<Client> {
        let log = fs::File::create(cluster.file("log")).context("make a log")?;
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stderr(log).spawn().context("start the measured program")?;
        Ok(Client { child, started, seen })
    }

    /// What it prints, when that was asked for.
    pub(super) fn lines(&mut self) -> Result<BufReader<ChildStdout>> {
        self.child.stdout.take().map(BufReader::new).context("its standard output is not ours")
    }

    /// Seconds since it was started.
    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Waits until it knows just so many objects of a kind.
    pub(super) fn knows(&mut self, kind: &str, count: usize, at_most: Duration) -> Result<()> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the measured program ended: {status}");
            }
            if self.objects(kind) == Some(count) {
                return Ok(());
            }
            if self.started.elapsed() > at_most {
                bail!(
                    "it knows {:?} of {count} objects of {kind} after {} s",
                    self.objects(kind),
                    at_most.as_secs()
                );
            }
            thread::sleep(crate::limits::POLL_INTERVAL);
        }
    }

    fn objects(&self, kind: &str) -> Option<usize> {
        match &self.seen {
            Seen::Printed(count) => Some(count.load(Ordering::Relaxed)),
            Seen::Metrics(port) => gauge(&get(*port, "/metrics").ok()?, "alertkube_objects", kind),
        }
    }

    /// What it has used until now.
    pub(in crate::prove) fn usage(&self) -> Result<Usage> {
        let id = self.child.id();
        Ok(Usage {
            cpu: host::cpu_of(id)?,
            resident: host::memory_of(id, "VmRSS")?,
            peak: host::memory_of(id, "VmHWM")?,
        })
    }

    /// What it has used once it has nothing to do any more.
    pub(super) fn calm(&self) -> Result<Usage> {
        let since = Instant::now();
        let mut before = self.usage()?;
        loop {
            thread::sleep(CALM_STEP);
            let now = self.usage()?;
            if now.cpu - before.cpu <= CALM_CPU_SECONDS || since.elapsed() > CALM_MAX {
                return Ok(now);
            }
            before = now;
        }
    }

    /// Asks it to end, and waits for it.
    pub(in crate::prove) fn stop(mut self) -> Result<()> {
        run::output(&mut run::command("kill", &["-TERM", &self.child.id().to_string()]))?;
        run::until("the end of the measured program", STOP_MAX, || Ok(self.child.try_wait()?)).map(drop)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn wrapped(under: &[&str], program: &Path) -> Command {
    match under {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = run::command(first, rest);
            command.arg(program);
            command
        }
    }
}

/// The value of a gauge with the label `kind`, in the text of `/metrics`.
fn gauge(metrics: &str, name: &str, kind: &str) -> Option<usize> {
    let label = format!("kind=\"{kind}\"");
    let line = metrics.lines().find(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') && rest.contains(&label))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_found_by_its_name_and_kind() {
        let text = "# HELP a\nalertkube_objects_kept 9\nalertkube_objects{kind=\"Node\"} 5\nalertkube_objects{kind=\"Pod\"} 150000\n";
        assert_eq!(gauge(text, "alertkube_objects", "Pod"), Some(150_000));
        assert_eq!(gauge(text, "alertkube_objects", "Job"), None);
    }
}
