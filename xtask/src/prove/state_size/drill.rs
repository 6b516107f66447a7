//! The driver of the ledger as a process of its own, and what it says.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::line::Ground;
use crate::seats::STATE;

/// How it is started.
pub(super) struct Kit<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) program: &'a Path,
    pub(super) kubeconfig: PathBuf,
}

/// One write that the store answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Write {
    /// When the ledger decided upon it: milliseconds on the boot clock.
    pub(super) at: u64,
    pub(super) bucket: bool,
    pub(super) head: bool,
    /// As they go over the wire: in base64.
    pub(super) bytes: u64,
    pub(super) millis: f64,
}

/// What one life of it said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// Milliseconds that opening took, and how many entries there were.
    pub(super) opened: Option<(u64, usize)>,
    pub(super) writes: Vec<Write>,
    /// Milliseconds from a put to its commit.
    pub(super) commits: Vec<f64>,
    /// How many writes there were when all was told, and when all was calm.
    pub(super) told: Option<usize>,
    pub(super) calm: Option<usize>,
    /// What was read is the fold of what was committed.
    pub(super) equal: bool,
    /// Writes that met what a life before had left.
    pub(super) conflicts: usize,
    /// Whatever else it said.
    pub(super) trouble: Vec<String>,
}

impl Kit<'_> {
    /// Starts it in a mode.
    pub(super) fn start(&self, mode: &str, words: &[&str]) -> Result<Child> {
        let mut command = self.ground.cluster().command(self.program);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(["--namespace", self.ground.namespace()]);
        command.args(["--name", STATE, "--mode", mode]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("start the driver")
    }

    /// Runs it to its own end.
    pub(super) fn run(&self, mode: &str, words: &[&str]) -> Result<Said> {
        let mut child = self.start(mode, words)?;
        let stdout = child.stdout.take().context("a piped child has a standard output")?;
        let mut said = Said::default();
        for line in BufReader::new(stdout).lines() {
            said.hear(&line.context("read what the driver says")?);
        }
        let status = child.wait().context("wait for the driver")?;
        if !status.success() {
            bail!("the driver ended ({status}): {:?}", said.trouble);
        }
        Ok(said)
    }
}

impl Said {
    /// Takes a line in.
    pub(super) fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        match words[0] {
            "opened" => self.opened = Some((number(1), number(2) as usize)),
            "write" => self.writes.push(Write {
                at: number(1),
                bucket: words.get(2).is_some_and(|part| part.starts_with('b')),
                head: words.get(2) == Some(&"head"),
                bytes: number(3),
                millis: number(4) as f64 / 1000.0,
            }),
            "commit" => self.commits.push(number(1) as f64 / 1000.0),
            "told" => self.told = Some(self.writes.len()),
            "calm" => self.calm = Some(self.writes.len()),
            "equal" => self.equal = true,
            "conflict" => self.conflicts += 1,
            _ => self.trouble.push(line.to_owned()),
        }
    }

    /// The most writes, and the most bytes, of any second that begins with a write.
    pub(super) fn most(&self, counts: impl Fn(&Write) -> bool) -> (usize, u64) {
        let mut writes: Vec<&Write> = self.writes.iter().filter(|write| counts(write)).collect();
        writes.sort_by_key(|write| write.at);
        let second = |from: usize| {
            let window = writes[from..].iter().take_while(|write| write.at < writes[from].at + 1000);
            window.fold((0, 0), |(count, bytes), write| (count + 1, bytes + write.bytes))
        };
        (0..writes.len()).map(second).fold((0, 0), |most, next| (most.0.max(next.0), most.1.max(next.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_says_is_taken_apart() {
        let mut said = Said::default();
        for line in [
            "opened 120 7",
            "write 1000 head 900 2500",
            "write 1900 j03 100 1",
            "write 2000 b00 50 1",
            "commit 7500",
            "told 9",
            "write 2100 head 10 1",
            "calm",
            "equal 5 4 6 7",
            "conflict 2200 j00 100 1",
            "news Refused",
        ] {
            said.hear(line);
        }
        assert_eq!((said.opened, said.told, said.calm, said.equal), (Some((120, 7)), Some(3), Some(4), true));
        assert_eq!(
            (said.commits.as_slice(), said.trouble.as_slice()),
            (&[7.5][..], &["news Refused".to_owned()][..])
        );
        assert_eq!(said.conflicts, 1);
        assert_eq!(said.most(|write| !write.bucket), (2, 1000));
        assert_eq!(said.most(|write| write.bucket), (1, 50));
        assert!((said.writes[0].millis - 2.5).abs() < 1e-9 && said.writes[0].head);
    }
}
