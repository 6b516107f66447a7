//! What the receiver wrote down, read as messages.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cluster::Cluster;

/// One problem in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// When the receiver had read the request, in milliseconds.
    pub(crate) at: i64,
    /// What the message is: first, raised, repeat, resolved or digest.
    pub(crate) action: String,
    /// Whether this problem is over.
    pub(crate) resolved: bool,
    /// What names the problem.
    pub(crate) fingerprint: String,
    /// Why.
    pub(crate) reason: String,
    /// What it is about.
    pub(crate) kind: String,
    /// Where that is.
    pub(crate) namespace: String,
    /// And its name.
    pub(crate) name: String,
    /// How bad it is.
    pub(crate) severity: String,
}

/// A receiver that runs in the cluster's network.
pub(crate) struct Ear {
    process: Child,
    file: PathBuf,
    url: String,
}

/// How a receiver hears.
pub(crate) struct Hearing<'a> {
    /// Names its file.
    pub(crate) name: &'a str,
    /// The address of the cluster's network that it listens on.
    pub(crate) host: &'a str,
    /// The path that it is told at; it takes all.
    pub(crate) path: &'a str,
    /// The status of its answers.
    pub(crate) answer: u16,
}

impl Ear {
    /// Starts a receiver that writes into the folder.
    pub(crate) fn open(cluster: &Cluster, folder: &Path) -> Result<Ear> {
        let hearing = Hearing { name: "received", host: "127.0.0.1", path: "hook", answer: 200 };
        Ear::start(cluster, folder, &hearing)
    }

    /// Starts one that hears so.
    pub(crate) fn start(cluster: &Cluster, folder: &Path, hearing: &Hearing<'_>) -> Result<Ear> {
        let file = folder.join(format!("{}.jsonl", hearing.name));
        let mut command = cluster.command(std::env::current_exe().context("find this program")?);
        command.args(["receiver", "--listen", &format!("{}:0", hearing.host)]);
        command.args(["--answer", &hearing.answer.to_string(), "--file"]).arg(&file);
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("start a receiver")?;
        let stdout = process.stdout.take().context("a piped child has a standard output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address).context("read the receiver's address")?;
        let url = format!("http://{}/{}", address.trim(), hearing.path);
        Ok(Ear { process, file, url })
    }

    /// The file of its lines; there is none before it heard something.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Where messages are to be sent.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// All problems of all messages so far, in the order in which they came.
    pub(crate) fn told(&self) -> Result<Vec<Told>> {
        let text = match fs::read_to_string(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.context("read what was received")?,
        };
        told(&text)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        // It may be gone already.
        let _gone = self.process.kill();
        let _status = self.process.wait();
    }
}

fn told(text: &str) -> Result<Vec<Told>> {
    let mut all = Vec::new();
    // A line without its end is still being written.
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let line: Value = serde_json::from_str(line).context("a line of the receiver is no JSON")?;
        let (at, body) = (line["at"].as_i64().unwrap_or(0), &line["body"]);
        for alert in body["alerts"].as_array().into_iter().flatten() {
            let word = |field: &str| alert[field].as_str().unwrap_or_default().to_owned();
            all.push(Told {
                at,
                action: body["action"].as_str().unwrap_or_default().to_owned(),
                resolved: alert["status"] == "resolved",
                fingerprint: word("fingerprint"),
                reason: word("reason"),
                kind: word("kind"),
                namespace: word("namespace"),
                name: word("name"),
                severity: word("severity"),
            });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_read_and_an_unfinished_one_is_left() {
        let line = |status: &str| {
            let alert = serde_json::json!({
                "status": status, "fingerprint": "f", "reason": "OOMKilled", "kind": "Pod",
                "namespace": "n", "name": "p", "severity": "critical",
            });
            let body = serde_json::json!({"action": "first", "alerts": [alert]});
            serde_json::json!({"at": 5, "body": body}).to_string()
        };
        let text = format!("{}\n{}\n{{\"at\"", line("firing"), line("resolved"));
        let all = told(&text).unwrap();
        assert_eq!(all.iter().map(|told| told.resolved).collect::<Vec<_>>(), [false, true]);
        assert_eq!((all[0].at, all[0].reason.as_str(), all[0].action.as_str()), (5, "OOMKilled", "first"));
        assert!(told("nonsense\n").is_err());
    }
}
