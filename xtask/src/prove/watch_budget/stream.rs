//! Changes at a rate: pods that appear with one thing wrong, and from some time on as many that go again.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::receiver::micros;

/// What is to happen. Each change is worth one notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::prove) struct Stream {
    /// How many changes.
    pub(in crate::prove) count: usize,
    /// How many a second.
    pub(in crate::prove) rate: u32,
    /// So many pods stand before the first one goes; 0: none ever goes.
    pub(in crate::prove) standing: usize,
    /// The file that says when each change was sent.
    pub(in crate::prove) log: PathBuf,
}

/// One change of one pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::prove) struct Change {
    /// The pod.
    pub(in crate::prove) number: usize,
    /// Whether it goes.
    pub(in crate::prove) gone: bool,
}

/// The last line of the file.
const END: &str = "end";

impl Stream {
    fn change(&self, step: usize) -> Change {
        match step.checked_sub(self.standing).filter(|_| self.standing > 0) {
            Some(after) if after % 2 == 1 => Change { number: after / 2, gone: true },
            Some(after) => Change { number: self.standing + after / 2, gone: false },
            None => Change { number: step, gone: false },
        }
    }

    fn due(&self, step: usize) -> Duration {
        Duration::from_secs_f64(step as f64 / f64::from(self.rate.max(1)))
    }

    /// Sends each change when it is due, and writes down when that was; `flush` is called while there is time.
    pub(super) fn run<O>(
        &self,
        out: &mut O,
        mut send: impl FnMut(&mut O, Change) -> io::Result<()>,
        flush: impl Fn(&mut O) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut log = BufWriter::new(File::create(&self.log)?);
        let start = Instant::now();
        for step in 0..self.count {
            let early = self.due(step).saturating_sub(start.elapsed());
            if !early.is_zero() {
                flush(out)?;
                thread::sleep(early);
            }
            let (change, at) = (self.change(step), micros());
            send(out, change)?;
            writeln!(log, "{at} {} {}", change.number, u8::from(change.gone))?;
        }
        flush(out)?;
        writeln!(log, "{END}")?;
        log.flush()
    }
}

/// When each change was sent, in microseconds; none while the stream goes on.
pub(in crate::prove) fn emitted(log: &Path) -> Result<Option<Vec<(Change, i64)>>> {
    let Ok(text) = std::fs::read_to_string(log) else { return Ok(None) };
    let Some(lines) = text.strip_suffix(&format!("{END}\n")) else { return Ok(None) };
    lines.lines().map(|line| change(line).context("a change that is none")).collect::<Result<_>>().map(Some)
}

fn change(line: &str) -> Option<(Change, i64)> {
    let mut words = line.split(' ');
    let (at, number) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((Change { number, gone: words.next()? == "1" }, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(standing: usize, log: &str) -> Stream {
        let log = std::env::temp_dir().join(format!("alertkube-stream-{log}-{}", std::process::id()));
        Stream { count: 7, rate: 100_000, standing, log }
    }

    #[test]
    fn every_change_is_of_another_pod_or_its_end_and_is_written_down() {
        let stream = stream(3, "changes");
        let mut sent = Vec::new();
        let send = |sent: &mut Vec<Change>, change| {
            sent.push(change);
            Ok(())
        };
        stream.run(&mut sent, send, |_| Ok(())).unwrap();
        let shown: Vec<_> = sent.iter().map(|change| (change.number, change.gone)).collect();
        assert_eq!(shown, [(0, false), (1, false), (2, false), (3, false), (0, true), (4, false), (1, true)]);
        let emitted = emitted(&stream.log).unwrap().expect("it has ended");
        assert_eq!(emitted.iter().map(|(change, _)| *change).collect::<Vec<_>>(), sent);
        assert!(emitted.is_sorted_by_key(|(_, at)| *at));
        std::fs::remove_file(&stream.log).unwrap();
    }

    #[test]
    fn nothing_goes_when_nothing_is_to_go_and_a_stream_without_end_is_none() {
        let stream = stream(0, "none");
        assert!((0..7).all(|step| stream.change(step) == Change { number: step, gone: false }));
        std::fs::write(&stream.log, "5 1 0\n").unwrap();
        assert_eq!(emitted(&stream.log).unwrap(), None);
        std::fs::remove_file(&stream.log).unwrap();
        assert_eq!(emitted(&stream.log).unwrap(), None);
    }
}
