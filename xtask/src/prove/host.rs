//! This machine as the kernel tells it: memory, and what one process has used.

use std::fs;

use anyhow::{Context, Result};

/// A field of `/proc/meminfo`, in bytes.
pub(super) fn memory(field: &str) -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo").context("read the state of the memory")?;
    kibibytes(&text, field).with_context(|| format!("/proc/meminfo has no {field}"))
}

/// A memory field of a process's status (`VmRSS`, `VmHWM`), in bytes.
pub(super) fn memory_of(process: u32, field: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).context("read a process's status")?;
    kibibytes(&text, field).with_context(|| format!("process {process} has no {field}: it has ended"))
}

/// Seconds of CPU, user and system, that all threads of a process have used.
pub(super) fn cpu_of(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).context("read a process's times")?;
    ticks(&text).map(|ticks| ticks as f64 / TICKS_PER_SECOND).context("a process's times are not as expected")
}

/// USER_HZ is 100 in every kernel interface of every architecture that we run on.
const TICKS_PER_SECOND: f64 = 100.0;

fn kibibytes(text: &str, field: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// utime and stime, the 14th and 15th field; the second is a name in brackets that may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "VmPeak:\t  200 kB\nVmHWM:\t   64 kB\nThreads:\t4\n";
        assert_eq!(kibibytes(text, "VmHWM"), Some(65_536));
        assert_eq!(kibibytes(text, "Vm"), None);
        assert_eq!(kibibytes(text, "Threads"), None);
    }

    #[test]
    fn a_name_with_brackets_does_not_move_the_times() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 25 0 0 20 0 4 0 100 1 1";
        assert_eq!(ticks(stat), Some(175));
    }

    #[test]
    fn this_process_has_memory() {
        assert!(memory_of(std::process::id(), "VmRSS").expect("we run") > 0);
        assert!(memory("MemTotal").expect("a machine has memory") > 0);
        assert!(cpu_of(std::process::id()).expect("we run") >= 0.0);
    }
}
