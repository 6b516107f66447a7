//! Puts and removals that follow from their number alone, and what they come to: done in order to a map.

use std::collections::BTreeMap;

use alertkube_core::EntryKey;

use super::records::{alert, mixed, told};

type Plain = BTreeMap<EntryKey, Vec<u8>>;

/// Alerts that the deeds are about.
const ALERTS: u64 = 3_000;

/// The fact that a deed is about, and what becomes of it.
pub(crate) fn deed(number: u64) -> (EntryKey, Option<Box<[u8]>>) {
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
pub(crate) fn held(found: &Plain, committed: u64, issued: u64) -> Option<u64> {
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

/// What the log of all lives says: so many deeds are known to be committed, and no more than so many were issued.
pub(crate) fn known(log: &str) -> (u64, u64) {
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
