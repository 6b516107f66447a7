//! Memory and processor time of this process, as the kernel tells them.

use std::path::Path;

use crate::files;

/// The unit of processor times in `/proc`, which Linux fixes for all architectures that Rust's std runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Resident bytes; `None` where there is no `/proc`.
pub(super) fn resident_bytes() -> Option<i64> {
    resident(&files::read(Path::new("/proc/self/status")).ok()?)
}

/// User and system time in seconds; `None` where there is no `/proc`.
pub(super) fn cpu_seconds() -> Option<f64> {
    cpu(&files::read(Path::new("/proc/self/stat")).ok()?)
}

fn resident(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<i64>().ok()?.checked_mul(1024)
}

/// The program's name is in brackets and may hold anything, brackets and spaces too.
fn cpu(stat: &str) -> Option<f64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut times = behind.split_whitespace().skip(11).map(|text| text.parse::<u32>().ok());
    Some((f64::from(times.next()??) + f64::from(times.next()??)) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_whatever_the_program_is_called() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    1234 kB\n"), Some(1234 * 1024));
        assert_eq!(resident("Name:\tx\n"), None);
        let stat = "7 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        assert_eq!(cpu(stat), Some(2.0));
        assert_eq!(cpu("nonsense"), None);
    }

    #[test]
    fn this_process_has_figures() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1_000_000));
        assert!(cpu_seconds().is_some());
    }
}
