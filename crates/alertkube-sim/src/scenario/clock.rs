//! Times from the beginning of a scenario: `MM:SS` or `HH:MM:SS`.

use std::time::Duration;

/// Reads a time; every part but the first has two digits below sixty.
pub(super) fn read(text: &str) -> Option<Duration> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds: u64 = 0;
    for (place, part) in parts.iter().enumerate() {
        let digits = (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let value: u64 = part.parse().ok().filter(|_| digits)?;
        if place > 0 && (value > 59 || part.len() > 2) {
            return None;
        }
        seconds = seconds * 60 + value;
    }
    Some(Duration::from_secs(seconds))
}

/// Writes a time; what is less than a second is cut off.
pub(crate) fn written(at: Duration) -> String {
    let (minutes, seconds) = (at.as_secs() / 60, at.as_secs() % 60);
    match minutes / 60 {
        0 => format!("{minutes:02}:{seconds:02}"),
        hours => format!("{hours:02}:{:02}:{seconds:02}", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for seconds in [0, 59, 60, 3599, 3600, 86_399, 360_000] {
            let at = Duration::from_secs(seconds);
            assert_eq!(read(&written(at)), Some(at), "{}", written(at));
        }
        for bad in ["", "1", "00", "0:00", "00:60", "00:00:00:00", "aa:00", "00:0", "-1:00"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
