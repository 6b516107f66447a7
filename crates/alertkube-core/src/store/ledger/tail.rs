//! The tail of the journal: what is committed and in no segment yet.

use std::collections::VecDeque;

use super::codec::{Facts, Point, Record, write_record};
use super::fold::{Classes, Fold, classes_of};

/// One committed record.
pub(super) struct Entry {
    pub(super) at: Point,
    classes: Classes,
    bytes: Vec<u8>,
}

impl Entry {
    pub(super) fn new(at: Point, facts: &Facts) -> Entry {
        Entry { at, classes: classes_of(facts), bytes: write_record(at, facts) }
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
        self.bytes += entry.bytes.len();
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

    /// The raw journal after the commit `after`.
    pub(super) fn raw(&self, after: Point) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.bytes);
        self.entries.iter().filter(|entry| entry.at > after).for_each(|entry| raw.extend(&entry.bytes));
        raw
    }

    /// Forgets everything up to the commit `through`.
    pub(super) fn drop_through(&mut self, through: Point) {
        while self.entries.front().is_some_and(|entry| entry.at <= through) {
            self.bytes -= self.entries.pop_front().map_or(0, |entry| entry.bytes.len());
        }
    }
}

impl Entry {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
