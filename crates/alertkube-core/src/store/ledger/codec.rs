//! The bytes of journals and buckets. Format 1: numbers are LEB128; a record is term, seq, number of facts, and the
//! facts; a fact is the subject (8 bytes, little endian), the name with its length, and the value with its length
//! plus one, zero for none. A body is records, or the facts of a bucket, in a gzip stream. The tail of a head is one
//! member of that stream for each record, so that a commit packs nothing but what is new.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::interface::{EntryKey, Seq};
use crate::limits::{LEDGER_THOROUGH_BYTES_MAX, LEDGER_UNPACKED_MAX};

/// Facts by key; `None` is a deletion.
pub(super) type Facts = BTreeMap<EntryKey, Option<Box<[u8]>>>;

/// Where a commit stands among all commits of all terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) term: u64,
    pub(super) seq: Seq,
}

/// The facts of one commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) at: Point,
    pub(super) facts: Facts,
}

/// About how many bytes a fact takes.
pub(super) fn weight(key: &EntryKey, value: Option<&[u8]>) -> usize {
    12 + key.what.len() + value.map_or(0, <[u8]>::len)
}

pub(super) fn write_record(at: Point, facts: &Facts) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, at.term);
    number(&mut out, at.seq.0);
    number(&mut out, facts.len() as u64);
    for (key, value) in facts {
        write_fact(&mut out, key, value.as_deref());
    }
    out
}

pub(super) fn write_fact(out: &mut Vec<u8>, key: &EntryKey, value: Option<&[u8]>) {
    out.extend(key.subject.to_le_bytes());
    number(out, key.what.len() as u64);
    out.extend(key.what.as_bytes());
    number(out, value.map_or(0, |value| value.len() as u64 + 1));
    out.extend(value.unwrap_or_default());
}

/// The records of a journal.
pub(super) fn read_records(mut bytes: &[u8]) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        records.push(read_record(&mut bytes).ok_or("a journal record is cut short")?);
    }
    Ok(records)
}

fn read_record(bytes: &mut &[u8]) -> Option<Record> {
    let at = Point { term: take_number(bytes)?, seq: Seq(take_number(bytes)?) };
    let mut facts = Facts::new();
    for _ in 0..take_number(bytes)? {
        let (key, value) = read_fact(bytes)?;
        facts.insert(key, value);
    }
    Some(Record { at, facts })
}

/// The facts of a bucket.
pub(super) fn read_facts(mut bytes: &[u8]) -> Result<Facts, String> {
    let mut facts = Facts::new();
    while !bytes.is_empty() {
        let (key, value) = read_fact(&mut bytes).ok_or("an entry is cut short")?;
        facts.insert(key, value);
    }
    Ok(facts)
}

fn read_fact(bytes: &mut &[u8]) -> Option<(EntryKey, Option<Box<[u8]>>)> {
    let (subject, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    let length = take_number(bytes)?;
    let what = std::str::from_utf8(take_bytes(bytes, length)?).ok()?;
    let key = EntryKey::new(u64::from_le_bytes(*subject), what);
    let value = match take_number(bytes)? {
        0 => None,
        length => Some(take_bytes(bytes, length - 1)?.into()),
    };
    Some((key, value))
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take_bytes<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

/// How hard to pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// What is soon written anew, or so long that whoever waits would feel it.
    Quick,
    /// What stays.
    Thorough,
}

impl Effort {
    /// For so many bytes that stay.
    pub(super) fn lasting(bytes: usize) -> Effort {
        if bytes > LEDGER_THOROUGH_BYTES_MAX { Effort::Quick } else { Effort::Thorough }
    }
}

pub(super) fn pack(raw: &[u8], effort: Effort) -> Vec<u8> {
    let level = match effort {
        Effort::Quick => Compression::fast(),
        Effort::Thorough => Compression::default(),
    };
    let mut packer = GzEncoder::new(Vec::new(), level);
    packer.write_all(raw).expect("a Vec takes everything");
    packer.finish().expect("a Vec takes everything")
}

pub(super) fn unpack(body: &[u8]) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    let most = LEDGER_UNPACKED_MAX as u64 + 1;
    let mut reader = MultiGzDecoder::new(body).take(most);
    reader.read_to_end(&mut raw).map_err(|error| format!("the body does not unpack: {error}"))?;
    if raw.len() > LEDGER_UNPACKED_MAX {
        return Err(format!("the body unpacks to more than {LEDGER_UNPACKED_MAX} bytes"));
    }
    Ok(raw)
}

/// The CRC-32 of gzip, over a packed body.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let value = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300));
        proptest::collection::btree_map((any::<u64>(), "[a-z/ü]{0,9}"), value, 0..9).prop_map(|map| {
            let entry = |((subject, what), value): ((u64, String), Option<Vec<u8>>)| {
                (EntryKey::new(subject, &what), value.map(Vec::into_boxed_slice))
            };
            map.into_iter().map(entry).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(facts in facts(), term: u64, seq: u64) {
            let at = Point { term, seq: Seq(seq) };
            let mut bytes = write_record(at, &facts);
            bytes.extend(write_record(at, &Facts::new()));
            let raw = unpack(&pack(&bytes, Effort::Quick)).unwrap();
            let expected = vec![Record { at, facts }, Record { at, facts: Facts::new() }];
            prop_assert_eq!(read_records(&raw), Ok(expected));
        }

        #[test]
        fn hostile_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (read_records(&bytes), read_facts(&bytes));
            prop_assert!(unpack(&bytes).is_err());
        }
    }

    #[test]
    fn a_cut_journal_is_refused() {
        let facts = Facts::from([(EntryKey::new(1, "a"), Some(vec![1, 2, 3].into()))]);
        let bytes = write_record(Point::default(), &facts);
        for end in 1..bytes.len() {
            assert!(read_records(&bytes[..end]).is_err(), "{end}");
        }
        let packed = pack(&bytes, Effort::Thorough);
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
    }
}
