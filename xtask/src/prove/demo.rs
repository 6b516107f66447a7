//! Proof `demo`: what a reader sees of `alertkube demo`, on a pipe and on a terminal.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::binary::built;
use super::limits::{DEMO_SECONDS_MAX, DEMO_SECONDS_TIMEOUT};
use super::verdict::{Figure, Table, Verdict};
use crate::run;

pub(super) const SHOWS: &str = "Within 30 s a reader of `alertkube demo` sees a crash loop, an OOM kill, an image pull \
    failure and a node going NotReady whose pods stay quiet; each once, and each resolved once.";

const NODE_FAULT: &str = "NodeNotReady";

/// What a reader must see: the words of one problem, any of which may name it.
const PROBLEMS: [&[&str]; 4] =
    [&["CrashLoopBackOff"], &["OOMKilled"], &["ImagePullBackOff", "ErrImagePull"], &[NODE_FAULT]];

/// One problem in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    resolved: bool,
    reason: String,
    kind: String,
    name: String,
    node: String,
}

/// One run of the demo.
struct Shown {
    code: Option<i32>,
    seconds: f64,
    text: String,
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = built("alertkube", "alertkube", &["--release"])?;
    let piped = shown(&mut bounded(&[&program.to_string_lossy(), "demo"]))?;
    let heard = heard(&piped.text)?;
    let mut verdict = Verdict { figures: times("pipe", &piped), ..Verdict::default() };
    verdict.figures.extend(lives(&heard));
    verdict.figures.push(Figure::exactly(
        "problems told of pods on the failing node",
        on_the_node(&heard),
        0,
    ));
    verdict.tables.push(table(&heard));
    terminal(&program, &mut verdict)?;
    Ok(verdict)
}

/// The same on a terminal, where the messages are for people.
fn terminal(program: &Path, verdict: &mut Verdict) -> Result<()> {
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        verdict.notes.push("This machine has no `script`, so the demo was not run on a terminal.".to_owned());
        return Ok(());
    }
    let command = format!("'{}' demo", program.display());
    let shown = shown(&mut bounded(&["script", "-qec", &command, "/dev/null"]))?;
    verdict.figures.extend(times("terminal", &shown));
    for words in PROBLEMS {
        let named = words.iter().any(|word| shown.text.contains(word));
        verdict.figures.push(Figure::exactly(format!("{} is read on a terminal", words[0]), named, true));
    }
    Ok(())
}

fn bounded(words: &[&str]) -> Command {
    let seconds = DEMO_SECONDS_TIMEOUT.to_string();
    run::command("timeout", &[&["--foreground", &seconds], words].concat())
}

fn shown(command: &mut Command) -> Result<Shown> {
    let start = Instant::now();
    let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("start the demo")?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    Ok(Shown { code: done.status.code(), seconds: start.elapsed().as_secs_f64(), text })
}

fn times(at: &str, shown: &Shown) -> Vec<Figure> {
    vec![
        Figure::exactly(format!("exit code ({at})"), shown.code.unwrap_or(-1), 0),
        Figure::at_most(format!("wall time ({at})"), shown.seconds, DEMO_SECONDS_MAX, "s"),
    ]
}

/// All problems of all messages: on a pipe each line is one document.
fn heard(text: &str) -> Result<Vec<Heard>> {
    let mut heard = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let document: Value = serde_json::from_str(line).with_context(|| format!("no JSON line: {line}"))?;
        for alert in document["alerts"].as_array().into_iter().flatten() {
            let word = |field: &str| alert[field].as_str().unwrap_or_default().to_owned();
            let [reason, kind, name, node] = ["reason", "kind", "name", "node"].map(word);
            heard.push(Heard { resolved: alert["status"] == "resolved", reason, kind, name, node });
        }
    }
    Ok(heard)
}

/// Each problem is told once and resolved once, and so is whatever else was told.
fn lives(heard: &[Heard]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for words in PROBLEMS {
        let count = |resolved| {
            heard
                .iter()
                .filter(|one| one.resolved == resolved && words.contains(&one.reason.as_str()))
                .count()
        };
        figures.push(Figure::exactly(format!("{} told", words[0]), count(false), 1));
        figures.push(Figure::exactly(format!("{} resolved", words[0]), count(true), 1));
    }
    let left = counts(heard).into_values().filter(|[told, resolved]| told != resolved).count();
    figures.push(Figure::exactly("problems not resolved as often as told", left, 0));
    figures
}

/// Problems of pods on the failing node that only the node can have caused: what a reader must not see.
fn on_the_node(heard: &[Heard]) -> usize {
    let failing = heard.iter().find(|one| one.reason == NODE_FAULT).map(|one| one.name.as_str());
    let wanted = |one: &Heard| PROBLEMS.iter().any(|words| words.contains(&one.reason.as_str()));
    let loud = |one: &&Heard| one.kind == "Pod" && !wanted(one) && Some(one.node.as_str()) == failing;
    heard.iter().filter(loud).count()
}

/// How often each problem was told and resolved.
fn counts(heard: &[Heard]) -> BTreeMap<[&str; 3], [usize; 2]> {
    let mut counts = BTreeMap::new();
    for one in heard {
        let count: &mut [usize; 2] = counts.entry([&*one.reason, &*one.kind, &*one.name]).or_default();
        count[usize::from(one.resolved)] += 1;
    }
    counts
}

fn table(heard: &[Heard]) -> Table {
    let mut table = Table::new("What was heard on the pipe", &["reason", "object", "told", "resolved"]);
    for ([reason, kind, name], [told, resolved]) in counts(heard) {
        table.row(&[&reason, &format!("{kind} {name}"), &told, &resolved]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: &str, reason: &str, kind: &str, name: &str, node: &str) -> String {
        let alert =
            serde_json::json!({"status": status, "reason": reason, "kind": kind, "name": name, "node": node});
        serde_json::json!({"schema": "alertkube.io/v1", "alerts": [alert]}).to_string() + "\n"
    }

    fn good() -> String {
        let problems = [
            ("CrashLoopBackOff", "Pod", "a", "n1"),
            ("OOMKilled", "Pod", "b", "n1"),
            ("ErrImagePull", "Pod", "c", "n1"),
            (NODE_FAULT, "Node", "n2", ""),
        ];
        ["firing", "resolved"]
            .iter()
            .flat_map(|status| {
                problems.map(|(reason, kind, name, node)| line(status, reason, kind, name, node))
            })
            .collect()
    }

    fn holds(text: &str) -> bool {
        let heard = heard(text).expect("documents");
        lives(&heard).iter().all(|figure| figure.holds) && on_the_node(&heard) == 0
    }

    #[test]
    fn each_problem_once_and_resolved_once() {
        assert!(holds(&good()));
        assert!(!holds(&(good() + &line("firing", "OOMKilled", "Pod", "b", "n1"))), "told twice");
        assert!(!holds(&(good() + &line("firing", "PodNotReady", "Pod", "d", "n1"))), "never resolved");
        let noisy = line("firing", "PodNotReady", "Pod", "d", "n2")
            + &line("resolved", "PodNotReady", "Pod", "d", "n2");
        assert!(!holds(&(good() + &noisy)), "a pod of the failing node");
        assert!(!holds(""), "silence");
    }

    #[test]
    fn what_is_no_document_is_an_error() {
        assert!(heard("hello\n").is_err());
    }
}
