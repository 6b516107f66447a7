//! The driver is killed amid its writes, again and again; each life reads what the one before had committed.

use std::io::{BufRead, BufReader};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::drill::{Kit, Said};

/// What the kills came to.
#[derive(Default)]
pub(super) struct Kills {
    /// Lives that found just what had been committed, after a kill.
    pub(super) equal: usize,
    /// What the others said.
    pub(super) broken: Vec<String>,
    /// The most entries that were read back.
    pub(super) entries: usize,
}

/// Kills it so many times, at another moment each time.
pub(super) fn run(kit: &Kit<'_>, count: usize) -> Result<Kills> {
    let log = kit.ground.folder().join("deeds");
    let log = log.to_str().context("a folder whose name is text")?;
    let mut kills = Kills::default();
    // The first life finds nothing; what the last one leaves is read by one more.
    for number in 0..=count {
        let mut child = kit.start("deeds", &["--log", log])?;
        let stdout = child.stdout.take().context("a piped child has a standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut said = Said::default();
        while !said.equal
            && let Some(line) = lines.next()
        {
            said.hear(&line.context("read what the driver says")?);
        }
        if said.equal {
            kills.equal += usize::from(number > 0);
            kills.entries = kills.entries.max(said.opened.map_or(0, |(_, entries)| entries));
            // Not in step with anything that it does.
            thread::sleep(Duration::from_millis(400 + number as u64 * 37 % 900));
        } else {
            kills.broken.push(format!("life {number}: {:?}", said.trouble));
        }
        child.kill().context("kill the driver")?;
        child.wait().context("wait for the driver")?;
        // What it printed before it was killed keeps nobody waiting.
        drop(lines);
        if !said.equal {
            break;
        }
    }
    Ok(kills)
}
