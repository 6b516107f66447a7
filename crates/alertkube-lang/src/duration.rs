//! Durations in Go's grammar, with days and weeks.

use std::time::Duration;

use crate::limits::{MAX_DURATION, MAX_DURATION_BYTES, MAX_FRACTION_DIGITS};
use crate::problem::{Problem, quoted};

const EXPECTED: &str = "a duration such as `30s`, `10m`, `1h30m`, `1.5h` or `2d`";

/// Units and their nanoseconds; a day is 24 hours. Micro may be spelt with either of the two signs that look alike.
const UNITS: [(&str, u128); 10] = [
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ns", 1),
];
const SECOND: u128 = 1_000_000_000;
const MINUTE: u128 = 60 * SECOND;
const HOUR: u128 = 60 * MINUTE;
const DAY: u128 = 24 * HOUR;

/// Reads a duration such as `1h30m`, `500ms`, `1.5h`, `2d` or a bare `0`; at most ten years.
///
/// Units are `ns us ms s m h d w`. What is finer than a nanosecond is cut off, as Go does.
pub fn parse_duration(text: &str) -> Result<Duration, Problem> {
    let problem = |message: String| Problem::new("", message).expected(EXPECTED);
    if text.len() > MAX_DURATION_BYTES {
        return Err(problem(format!("a duration of more than {MAX_DURATION_BYTES} bytes")));
    }
    if text.starts_with('-') {
        return Err(problem(format!("the duration {} is negative", quoted(text))));
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = unsigned;
    let mut total: u128 = 0;
    loop {
        let (nanos, behind) = part(rest).map_err(|fault| problem(fault.of(text)))?;
        total = total.saturating_add(nanos);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    if total > MAX_DURATION.as_nanos() {
        return Err(problem(format!("the duration {} is longer than ten years", quoted(text))));
    }
    Ok(duration(total))
}

/// Why one part of a duration cannot be read.
enum Fault {
    NoNumber,
    NoUnit,
    UnknownUnit(String),
}

impl Fault {
    fn of(&self, text: &str) -> String {
        match self {
            Fault::NoNumber => format!("{} is not a duration", quoted(text)),
            Fault::NoUnit => format!("the duration {} lacks a unit", quoted(text)),
            Fault::UnknownUnit(unit) => {
                format!("the duration {} has the unknown unit {}", quoted(text), quoted(unit))
            }
        }
    }
}

/// Reads one number with its unit; gives its nanoseconds and the rest.
fn part(text: &str) -> Result<(u128, &str), Fault> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(Fault::NoNumber);
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    if name.is_empty() {
        return Err(Fault::NoUnit);
    }
    let unit = UNITS.iter().find(|(known, _)| *known == name);
    let (_, nanos) = unit.ok_or_else(|| Fault::UnknownUnit(name.to_owned()))?;
    Ok((number(whole).saturating_mul(*nanos).saturating_add(share(fraction, *nanos)), rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// The number, or the greatest one where it is too great: the limit is checked at the end.
fn number(digits: &str) -> u128 {
    digits
        .bytes()
        .fold(0u128, |value, digit| value.saturating_mul(10).saturating_add(u128::from(digit - b'0')))
}

/// The part of a unit that stands after the point.
fn share(fraction: &str, unit: u128) -> u128 {
    let read = &fraction[..fraction.len().min(MAX_FRACTION_DIGITS)];
    let scale = read.bytes().fold(1u128, |scale, _| scale * 10);
    number(read) * unit / scale
}

fn duration(nanos: u128) -> Duration {
    let seconds = u64::try_from(nanos / SECOND).unwrap_or(u64::MAX);
    let rest = u32::try_from(nanos % SECOND).unwrap_or(0);
    Duration::new(seconds, rest)
}

/// Writes a duration without the parts that are zero, such as `10m`, `1h30m`, `1.5s`, `2w` or `0s`.
///
/// Weeks stand alone: 10 days are `10d`. [`parse_duration`] reads the same duration back.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    if rest == 0 {
        return "0s".to_owned();
    }
    if rest.is_multiple_of(7 * DAY) {
        return format!("{}w", rest / (7 * DAY));
    }
    let mut text = String::new();
    for (unit, nanos) in [("d", DAY), ("h", HOUR), ("m", MINUTE)] {
        if rest >= nanos {
            text.push_str(&format!("{}{unit}", rest / nanos));
            rest %= nanos;
        }
    }
    if rest > 0 {
        text.push_str(&seconds(rest));
    }
    text
}

/// Less than a minute, in the greatest unit that it fills.
fn seconds(nanos: u128) -> String {
    let units = [("s", SECOND), ("ms", 1_000_000), ("us", 1_000)];
    let (unit, size) = units.into_iter().find(|(_, size)| nanos >= *size).unwrap_or(("ns", 1));
    if nanos.is_multiple_of(size) {
        return format!("{}{unit}", nanos / size);
    }
    let width = size.ilog10() as usize;
    let decimal = format!("{}.{:0width$}", nanos / size, nanos % size);
    format!("{}{unit}", decimal.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> u128 {
        parse_duration(text).unwrap_or_else(|problem| panic!("{problem}")).as_nanos()
    }

    #[test]
    fn go_durations_are_read() {
        assert_eq!(
            [nanos("0"), nanos("+0"), nanos("0s"), nanos("1ns"), nanos("+5m")],
            [0, 0, 0, 1, 5 * MINUTE]
        );
        assert_eq!([nanos("1h30m"), nanos("1.5h"), nanos("90m")], [90 * MINUTE; 3]);
        assert_eq!([nanos("500ms"), nanos(".5s"), nanos("0.5s"), nanos("500000us")], [SECOND / 2; 4]);
        assert_eq!([nanos("1\u{b5}s"), nanos("1\u{3bc}s"), nanos("1us")], [1000; 3]);
        assert_eq!(
            [nanos("1w"), nanos("7d"), nanos("168h"), nanos("1.s")],
            [7 * DAY, 7 * DAY, 7 * DAY, SECOND]
        );
        assert_eq!([nanos("30m1h"), nanos("0.1234567891s")], [90 * MINUTE, 123_456_789]);
    }

    #[test]
    fn what_is_no_duration_is_named() {
        let message = |text: &str| parse_duration(text).expect_err("is no duration").message;
        assert_eq!(message("-5m"), "the duration `-5m` is negative");
        assert_eq!(message("10"), "the duration `10` lacks a unit");
        assert_eq!(message("10x"), "the duration `10x` has the unknown unit `x`");
        assert_eq!(message("10 m"), "the duration `10 m` has the unknown unit ` m`");
        assert_eq!(message("1y"), "the duration `1y` has the unknown unit `y`");
        assert_eq!(message("3651d"), "the duration `3651d` is longer than ten years");
        for bad in ["", "m", ".", ".h", "1h-5m", "+", "++1s", "1.5.5h", " 1h", "infs", "1e3s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hostile_lengths_are_bounded() {
        let nines = "9".repeat(MAX_DURATION_BYTES - 1);
        assert!(parse_duration(&format!("{nines}w")).is_err());
        assert_eq!(nanos(&format!("0.{}w", "0".repeat(MAX_DURATION_BYTES - 3))), 0);
        let finest = format!("0.{}s", "9".repeat(MAX_DURATION_BYTES - 3));
        assert_eq!(nanos(&finest), SECOND - 1);
        assert!(parse_duration(&"1s".repeat(MAX_DURATION_BYTES)).is_err());
        assert_eq!(parse_duration("3650d").expect("the limit itself"), MAX_DURATION);
    }

    #[test]
    fn durations_are_written_short() {
        let written = |text: &str| format_duration(duration(nanos(text)));
        for same in [
            "10m",
            "1h30m",
            "0s",
            "1s",
            "1.5s",
            "500ms",
            "1m500ms",
            "1.000000001s",
            "1us",
            "7ns",
            "2w",
            "1d12h",
        ] {
            assert_eq!(written(same), same);
        }
        assert_eq!(
            [written("24h"), written("168h"), written("10d"), written("60s")],
            ["1d", "1w", "10d", "1m"]
        );
    }
}
