//! What was received, held against when it was emitted.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::prove::percentile;
use crate::prove::watch_budget::Change;

/// What one course came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lags {
    /// Changes that were made.
    pub(super) made: usize,
    /// Those that nobody was told of.
    pub(super) missed: usize,
    /// Lines that say again what was said.
    pub(super) doubled: usize,
    /// Lines about anything else.
    pub(super) strays: usize,
    /// Lines a second, from the first to the last.
    pub(super) rate: f64,
    /// Milliseconds from the change to its line, in order.
    pub(super) millis: Vec<f64>,
}

impl Lags {
    /// Holds the receiver's brief lines against the changes.
    pub(super) fn of(emitted: &[(Change, i64)], received: &str) -> Result<Lags> {
        let mut lags = Lags { made: emitted.len(), ..Lags::default() };
        let mut told: BTreeMap<Change, i64> = BTreeMap::new();
        for line in received.lines() {
            let (at, change) = said(line).with_context(|| format!("a line that is none: {line}"))?;
            match change {
                Some(change) if told.contains_key(&change) => lags.doubled += 1,
                Some(change) => drop(told.insert(change, at)),
                None => lags.strays += 1,
            }
        }
        let span = told.values().min().zip(told.values().max()).map_or(0, |(first, last)| last - first);
        lags.rate = told.len().saturating_sub(1) as f64 / (span as f64 / 1e6);
        for (change, at) in emitted {
            match told.remove(change) {
                Some(received) => lags.millis.push((received - at) as f64 / 1000.0),
                None => lags.missed += 1,
            }
        }
        lags.strays += told.len();
        lags.millis.sort_by(f64::total_cmp);
        Ok(lags)
    }

    /// The lag that so many of a hundred do not exceed.
    pub(super) fn percentile(&self, of_a_hundred: f64) -> f64 {
        percentile(&self.millis, of_a_hundred)
    }
}

/// `MICROSECONDS ACTION NAME`; the name of a pod of the stream ends in its number, in hexadecimal.
fn said(line: &str) -> Option<(i64, Option<Change>)> {
    let mut words = line.split(' ');
    let (at, action, name) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    let number = name.rsplit('-').next().and_then(|tail| usize::from_str_radix(tail, 16).ok());
    let gone = match action {
        "first" => Some(false),
        "resolved" => Some(true),
        _ => None,
    };
    Some((at, number.zip(gone).map(|(number, gone)| Change { number, gone })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(number: usize, gone: bool) -> Change {
        Change { number, gone }
    }

    #[test]
    fn lines_are_held_against_the_changes_that_they_tell() {
        let emitted = [
            (change(10, false), 1_000),
            (change(11, false), 2_000),
            (change(10, true), 501_000),
            (change(12, false), 7),
        ];
        let received = "3000 first a-b-000000a\n7000 first a-b-000000b\n9000 first a-b-000000b\n\
                        503000 resolved a-b-000000a\n504000 raised a-b-000000a\n505000 first kube-apiserver\n";
        let lags = Lags::of(&emitted, received).unwrap();
        assert_eq!((lags.made, lags.missed, lags.doubled, lags.strays), (4, 1, 1, 2));
        assert_eq!(lags.millis, [2.0, 2.0, 5.0]);
        assert!((lags.rate - 4.0).abs() < 1e-9, "{}", lags.rate);
        assert!(Lags::of(&emitted, "nonsense\n").is_err());
    }
}
