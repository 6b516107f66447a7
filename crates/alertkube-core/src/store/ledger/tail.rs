//! The tail of the journal: what is committed and in no segment yet. Each record is packed once, when it is committed.

use std::collections::VecDeque;

use super::codec::{Effort, Facts, Point, Record, pack, write_record};
use super::fold::{Classes, Fold, classes_of};

/// One committed record.
pub(super) struct Entry {
    pub(super) at: Point,
    classes: Classes,
    /// Bytes before they were packed.
    raw: usize,
    packed: Vec<u8>,
}

impl Entry {
    pub(super) fn new(at: Point, facts: &Facts) -> Entry {
        let raw = write_record(at, facts);
        Entry { at, classes: classes_of(facts), raw: raw.len(), packed: pack(&raw, Effort::Quick) }
    }
}

/// The records of the head, oldest first.
#[derive(Default)]
pub(super) struct Tail {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Tail {
    pub(super) fn of(records: &[Record]) -> Tail {
        let mut tail = Tail::default();
        records.iter().for_each(|record| tail.push(Entry::new(record.at, &record.facts)));
        tail
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.raw;
        self.entries.push_back(entry);
    }

    /// Raw bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first and the last commit in it.
    pub(super) fn span(&self) -> Option<(Point, Point)> {
        Some((self.entries.front()?.at, self.entries.back()?.at))
    }

    pub(super) fn classes(&self) -> Classes {
        self.entries.iter().fold(0, |classes, entry| classes | entry.classes)
    }

    /// The last commit up to which the buckets hold everything; none if they lack the first.
    pub(super) fn covered(&self, fold: &Fold) -> Option<Point> {
        self.entries
            .iter()
            .take_while(|entry| fold.covers(entry.classes, entry.at))
            .last()
            .map(|entry| entry.at)
    }

    /// The packed journal after the commit `after`, and then `more`.
    pub(super) fn packed(&self, after: Point, more: Option<&Entry>) -> Vec<u8> {
        let entries = || self.entries.iter().filter(|entry| entry.at > after).chain(more);
        let mut packed = Vec::with_capacity(entries().map(|entry| entry.packed.len()).sum());
        entries().for_each(|entry| packed.extend_from_slice(&entry.packed));
        // Nothing is a member too.
        if packed.is_empty() { pack(&[], Effort::Quick) } else { packed }
    }

    /// Forgets everything up to the commit `through`.
    pub(super) fn drop_through(&mut self, through: Point) {
        while self.entries.front().is_some_and(|entry| entry.at <= through) {
            self.bytes -= self.entries.pop_front().map_or(0, |entry| entry.raw);
        }
    }
}
