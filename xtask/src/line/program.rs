//! The real alertkube in the cluster's network, with a configuration, a log and an end.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::ground::Ground;
use crate::{limits, run};

/// How alertkube is started.
pub(crate) struct Setup<'a> {
    /// The binary.
    pub(crate) program: &'a Path,
    /// Names the log and the configuration of this start.
    pub(crate) name: &'a str,
    /// With which rights, and where the API server is.
    pub(crate) kubeconfig: &'a Path,
    /// Where messages go; standard output without it.
    pub(crate) hook: Option<&'a str>,
    /// `conditions` of the configuration.
    pub(crate) conditions: Value,
    /// The folder of its memory.
    pub(crate) state: Option<&'a Path>,
}

/// A running alertkube.
pub(crate) struct Program<'a> {
    ground: &'a Ground<'a>,
    process: Child,
    log: PathBuf,
}

impl<'a> Program<'a> {
    /// Starts it.
    pub(crate) fn start(ground: &'a Ground<'a>, setup: &Setup<'_>) -> Result<Program<'a>> {
        let config = ground.folder().join(format!("{}.yaml", setup.name));
        let written = configuration(ground.namespace(), setup).to_string();
        fs::write(&config, written).context("write the configuration")?;
        let log = ground.folder().join(format!("{}.log", setup.name));
        let out = File::create(&log).context("create the log")?;
        let mut command = ground.cluster().command(setup.program);
        command.arg("run").arg("--config").arg(config).arg("--kubeconfig").arg(setup.kubeconfig);
        if let Some(folder) = setup.state {
            command.arg("--state-dir").arg(folder);
        }
        if let Some(hook) = setup.hook {
            command.env("GENERIC_WEBHOOK_URL", hook);
        }
        command.stdin(Stdio::null()).stdout(out.try_clone().context("share the log")?).stderr(out);
        let process = command.spawn().context("start alertkube")?;
        Ok(Program { ground, process, log })
    }

    /// All that it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it tells, because its picture is complete or because it waited long enough for that.
    pub(crate) fn await_telling(&mut self) -> Result<()> {
        self.until("that alertkube begins to tell", |program| {
            program.measure("alertkube_telling").map(|now| now == Some(1.0))
        })
    }

    /// Waits until it says so; fails at once when it ended.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Program<'_>) -> Result<bool>) -> Result<()> {
        let start = std::time::Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().context("look after alertkube")? {
                bail!("alertkube ended ({status}) while waiting for {what}; it said:\n{}", self.log());
            }
            let seen = holds(self);
            if matches!(seen, Ok(true)) {
                return Ok(());
            }
            if start.elapsed() >= limits::PROGRAM_DEED_MAX {
                let why = seen.err().map_or_else(String::new, |error| format!(": {error:#}"));
                bail!("{what} not seen within {} s{why}", limits::PROGRAM_DEED_MAX.as_secs());
            }
            std::thread::sleep(limits::POLL_INTERVAL);
        }
    }

    /// One of its metrics, with its labels as they are written.
    pub(crate) fn measure(&self, name: &str) -> Result<Option<f64>> {
        let address = self.address().context("it serves no metrics yet")?;
        let text = self.ground.cluster().inside(|| get(&address, "/metrics"))??;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.and_then(|value| value.trim().parse().ok()))
    }

    /// Whether it still runs.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks it to end, as a cluster does, and gives its exit code.
    pub(crate) fn stop(&mut self) -> Result<i32> {
        run::output(&mut run::command("kill", &["-TERM", &self.process.id().to_string()]))?;
        let status = run::until("the end of alertkube", limits::PROGRAM_STOP_MAX, || {
            self.process.try_wait().context("look after alertkube")
        })?;
        status.code().with_context(|| format!("ended by signal {}", status.signal().unwrap_or(0)))
    }

    fn address(&self) -> Option<String> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let served = lines.into_iter().find(|line| line["message"] == "serving metrics and health")?;
        served["address"].as_str().map(str::to_owned)
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // It may be gone already.
        let _gone = self.process.kill();
        let _status = self.process.wait();
    }
}

/// JSON is YAML. The namespace is a prefix, and no other namespace begins with it.
fn configuration(namespace: &str, setup: &Setup<'_>) -> Value {
    let routes = match setup.hook {
        Some(_) => json!([{"match": {}, "sinks": ["webhook"]}]),
        None => json!([]),
    };
    json!({
        "cluster": "test",
        "metricsAddr": "127.0.0.1:0",
        "filters": {"watchedNamespaces": namespace},
        "conditions": setup.conditions,
        "sinks": {"webhook": {"format": "v1"}},
        "sinkRates": {"webhook": {"perSecond": 1000, "burst": 1000}},
        "routing": routes,
    })
}

/// The whole answer to a GET, its head included.
pub(crate) fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).context("reach alertkube's metrics")?;
    stream.set_read_timeout(Some(limits::METRICS_ANSWER_MAX)).context("bound the answer")?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
        .context("ask for metrics")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("read the metrics")?;
    Ok(answer)
}
