//! Puts and removals that follow from their number alone. Whoever starts after a kill reads back what was committed,
//! and holds it against the same deeds, done in order to a map.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use alertkube_core::EntryKey;
use anyhow::{Context, bail};

use crate::drive::Drive;
use crate::records::{alert, mixed, told};

type Plain = BTreeMap<EntryKey, Vec<u8>>;

/// Alerts that the deeds are about.
const ALERTS: u64 = 3_000;
/// Deeds of one portion, and how long one takes: 600 a second.
const PORTION: u64 = 12;
const STEP: Duration = Duration::from_millis(20);
/// Deeds that may wait for their commit before no more are done.
const BEHIND: usize = 480;

/// The fact that a deed is about, and what becomes of it.
fn deed(number: u64) -> (EntryKey, Option<Box<[u8]>>) {
    let dice = mixed(number);
    let of = dice % ALERTS;
    let (subject, text) = alert(of);
    match dice >> 32 & 7 {
        0..=2 => (EntryKey::new(subject, "a"), Some(text)),
        3 => (EntryKey::new(subject, "a"), None),
        4 | 5 => (EntryKey::new(subject, "t/webhook"), Some(told(number, true))),
        6 => (EntryKey::new(subject, "t/webhook"), Some(told(number, false))),
        _ => (EntryKey::new(subject, "t/webhook"), None),
    }
}

fn done(plain: &mut Plain, number: u64) {
    match deed(number) {
        (key, Some(value)) => drop(plain.insert(key, value.into_vec())),
        (key, None) => drop(plain.remove(&key)),
    }
}

/// How many deeds the ledger holds: those that were known to be committed, and then as many as there are.
fn held(found: &Plain, committed: u64, issued: u64) -> Option<u64> {
    let mut plain = Plain::new();
    (0..committed).for_each(|number| done(&mut plain, number));
    for count in committed..=issued {
        if plain == *found {
            return Some(count);
        }
        done(&mut plain, count);
    }
    None
}

/// Checks what is there, and goes on from it until it is killed.
pub(crate) async fn run(drive: &mut Drive, log: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let (committed, issued) = known(&text);
    let found = drive.plain();
    let Some(mut next) = held(&found, committed, issued) else {
        bail!("{} entries are no fold of {committed} to {issued} deeds", found.len());
    };
    println!("equal {next} {committed} {issued} {}", found.len());
    let file = OpenOptions::new().create(true).append(true).open(log);
    let mut file = file.with_context(|| format!("open {}", log.display()))?;
    // A life that ends here leaves as many deeds as it found.
    writeln!(file, "from {next}")?;
    loop {
        let until = next + PORTION;
        // Written down before it is done: of what was done nothing may be unknown.
        writeln!(file, "issued {until}")?;
        while next < until {
            let (key, value) = deed(next);
            drive.put(key, value, None)?;
            next += 1;
        }
        drive.pass(STEP).await?;
        while drive.behind() > BEHIND {
            drive.pass(STEP).await?;
        }
        let committed = next - drive.behind() as u64;
        writeln!(file, "committed {committed}")?;
    }
}

/// What the log of all lives says: so many deeds are known to be committed, and no more than so many were issued.
fn known(log: &str) -> (u64, u64) {
    let (mut committed, mut issued) = (0, 0);
    for line in log.lines() {
        match line.split_once(' ').and_then(|(word, number)| Some((word, number.parse::<u64>().ok()?))) {
            Some(("from", number)) => (committed, issued) = (number, number),
            Some(("issued", number)) => issued = number,
            Some(("committed", number)) => committed = committed.max(number),
            _ => {}
        }
    }
    (committed, issued)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one_deed_short_or_ahead_is_no_fold() {
        let mut plain = Plain::new();
        (0..500).for_each(|number| done(&mut plain, number));
        assert_eq!(held(&plain, 490, 510), Some(500));
        assert_eq!((held(&plain, 501, 510), held(&plain, 400, 490)), (None, None));
        let mut other = plain.clone();
        other.pop_first();
        assert_eq!(held(&other, 490, 510), None);
    }

    #[test]
    fn the_log_of_a_life_begins_anew_where_the_last_one_was_found_to_end() {
        let log = "from 0\nissued 12\ncommitted 0\nissued 24\ncommitted 12\nfrom 12\nissued 24\nissu";
        assert_eq!(known(log), (12, 24));
        assert_eq!(known(""), (0, 0));
    }
}
