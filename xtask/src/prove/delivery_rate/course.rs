//! One course: the generating server, our program and a receiver, each a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::lag::Lags;
use crate::prove::limits::{DELIVERY_ANSWER_MAX, DELIVERY_SILENCE_MAX};
use crate::prove::watch_budget::{BenchCluster, Client, Lists, Size, Stream, emitted};
use crate::run;

const EMPTY: Size = Size { pods: 0, replica_sets: 0, nodes: 0 };

/// The programs that take part, built for speed.
pub(super) struct Programs {
    pub(super) ours: PathBuf,
    pub(super) xtask: PathBuf,
}

/// What is offered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) count: usize,
    pub(super) rate: u32,
    pub(super) standing: usize,
}

/// Where the memory goes.
pub(super) enum Memory<'a> {
    /// A folder of this machine's disk.
    Folder,
    /// ConfigMaps in this namespace, by way of whoever answers there.
    Objects { namespace: &'a str, by_way_of: &'a (dyn Fn(&BenchCluster) -> Result<PathBuf> + Sync) },
}

/// What a course came to.
pub(super) struct Outcome {
    pub(super) lags: Lags,
    /// Microseconds of CPU of our program for each notification.
    pub(super) cpu_micros: f64,
    /// Mebibytes resident at the peak.
    pub(super) peak: f64,
}

/// The receiver; it ends with its owner.
struct Receiver {
    process: Child,
    file: PathBuf,
    url: String,
}

impl Receiver {
    fn start(xtask: &Path, cluster: &BenchCluster) -> Result<Receiver> {
        let file = cluster.file("received");
        let mut command = run::command(xtask, &["receiver", "--brief", "--listen", "127.0.0.1:0", "--file"]);
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().context("start a receiver")?;
        let stdout = process.stdout.take().context("a piped child has a standard output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address).context("read the receiver's address")?;
        Ok(Receiver { process, file, url: format!("http://{}/hook", address.trim()) })
    }

    fn lines(&self) -> Result<String> {
        let text = fs::read_to_string(&self.file).context("read what was received")?;
        // A line without its end is still being written.
        Ok(text[..text.rfind('\n').map_or(0, |end| end + 1)].to_owned())
    }

    /// Everything that came, once that is so much, or nothing more comes.
    fn all(&self, count: usize) -> Result<String> {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            let text = self.lines()?;
            let now = text.lines().count();
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            if now >= count || since.elapsed() >= DELIVERY_SILENCE_MAX {
                return Ok(text);
            }
            thread::sleep(crate::limits::POLL_INTERVAL);
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Runs it.
pub(super) fn run(programs: &Programs, memory: &Memory<'_>, load: Load) -> Result<Outcome> {
    let cluster = BenchCluster::start(&programs.xtask, EMPTY, Lists::Streamed)?;
    let receiver = Receiver::start(&programs.xtask, &cluster)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let config = cluster.file("config.yaml");
    fs::write(&config, configuration(port, memory).to_string()).context("write a configuration")?;
    let mut command = Command::new(&programs.ours);
    command.arg("run").arg("--config").arg(config).env("GENERIC_WEBHOOK_URL", &receiver.url);
    command.stdout(Stdio::null()).arg("--kubeconfig");
    match memory {
        Memory::Folder => command.arg(cluster.kubeconfig()?).arg("--state-dir").arg(cluster.file("state")),
        Memory::Objects { by_way_of, .. } => command.arg(by_way_of(&cluster)?),
    };
    let client = Client::telling(&mut command, &cluster, port)?;
    let before = client.usage()?;
    let Load { count, rate, standing } = load;
    let stream = Stream { count, rate, standing, log: cluster.file("emitted") };
    cluster.stream(&stream)?;
    let longest = Duration::from_secs(count as u64 / u64::from(rate.max(1))) + DELIVERY_ANSWER_MAX;
    let emitted = run::until("the end of the stream", longest, || emitted(&stream.log))?;
    let received = receiver.all(count)?;
    let after = client.usage()?;
    if let Some(kept) = std::env::var_os("ALERTKUBE_KEEP") {
        // For whoever has to find out where the time went.
        let _copied = fs::copy(cluster.file("log"), PathBuf::from(kept).join("program.log"));
    }
    client.stop()?;
    let lags = Lags::of(&emitted, &received)?;
    let cpu_micros = (after.cpu - before.cpu) * 1e6 / count.max(1) as f64;
    Ok(Outcome { lags, cpu_micros, peak: after.peak as f64 / f64::from(1 << 20) })
}

/// JSON is YAML.
fn configuration(port: u16, memory: &Memory<'_>) -> Value {
    let rate = json!({"perSecond": 1_000_000, "burst": 1_000_000});
    let mut config = json!({
        "cluster": "bench",
        "metricsAddr": format!("127.0.0.1:{port}"),
        "behavior": {"firstRun": "all"},
        "conditions": {"InvalidImageName": {"severity": "critical", "for": "0s"}},
        "sinks": {"webhook": {"format": "v1"}},
        "sinkRates": {"webhook": rate},
        "routing": [{"match": {}, "sinks": ["webhook"]}],
    });
    if let Memory::Objects { namespace, .. } = memory {
        config["persistence"] = json!({"enabled": true, "namespace": namespace});
    }
    config
}
