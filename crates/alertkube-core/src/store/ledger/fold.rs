//! The folded state, cut into as many classes as there may ever be buckets. A bucket of `n` holds the classes that
//! leave its index when divided by `n`, so that growing only ever splits buckets along classes.

use std::collections::BTreeMap;

use super::codec::{Facts, Point, weight, write_fact};
use super::interface::{EntryKey, Sizes};
use crate::limits::LEDGER_BUCKETS_MAX;

/// A set of classes, a bit for each.
pub(super) type Classes = u32;

const COUNT: u8 = LEDGER_BUCKETS_MAX;

/// Everything that is committed.
#[derive(Default)]
pub(super) struct Fold {
    classes: Vec<Class>,
}

#[derive(Clone, Default)]
struct Class {
    entries: BTreeMap<EntryKey, Box<[u8]>>,
    subjects: usize,
    bytes: usize,
    /// Up to which commit the stored buckets hold this class.
    covered: Point,
    /// The last commit that touched it.
    touched: Point,
}

pub(super) fn class_of(key: &EntryKey) -> u8 {
    (key.subject % u64::from(COUNT)) as u8
}

/// The classes that facts touch.
pub(super) fn classes_of(facts: &Facts) -> Classes {
    facts.keys().fold(0, |classes, key| classes | 1 << class_of(key))
}

/// The classes of the bucket `index` of `count`.
fn classes_in((count, index): (u8, u8)) -> impl Iterator<Item = usize> {
    (usize::from(index)..usize::from(COUNT)).step_by(usize::from(count.max(1)))
}

impl Class {
    fn put(&mut self, key: EntryKey, value: Option<Box<[u8]>>) {
        let (subject, name) = (key.subject, weight(&key, None));
        let known = self.knows(subject);
        let (added, before) = match value {
            Some(value) => (name + value.len(), self.entries.insert(key, value)),
            None => (0, self.entries.remove(&key)),
        };
        self.bytes = self.bytes + added - before.map_or(0, |before| name + before.len());
        self.subjects = self.subjects + usize::from(self.knows(subject)) - usize::from(known);
    }

    fn knows(&self, subject: u64) -> bool {
        self.entries.range(EntryKey::new(subject, "")..).next().is_some_and(|(key, _)| key.subject == subject)
    }
}

impl Fold {
    pub(super) fn new() -> Fold {
        Fold { classes: vec![Class::default(); usize::from(COUNT)] }
    }

    pub(super) fn get(&self, key: &EntryKey) -> Option<&[u8]> {
        self.classes[usize::from(class_of(key))].entries.get(key).map(|value| &**value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&EntryKey, &[u8])> {
        self.classes.iter().flat_map(|class| class.entries.iter().map(|(key, value)| (key, &**value)))
    }

    pub(super) fn len(&self) -> usize {
        self.classes.iter().map(|class| class.entries.len()).sum()
    }

    /// A commit.
    pub(super) fn apply(&mut self, at: Point, facts: Facts) {
        for (key, value) in facts {
            let class = &mut self.classes[usize::from(class_of(&key))];
            class.touched = at;
            class.put(key, value);
        }
    }

    /// A commit that may be in a bucket already.
    pub(super) fn replay(&mut self, at: Point, mut facts: Facts) {
        facts.retain(|key, _| self.classes[usize::from(class_of(key))].covered < at);
        self.apply(at, facts);
    }

    /// A bucket is read: it replaces whatever is known of its classes.
    pub(super) fn load(&mut self, bucket: (u8, u8), up_to: Point, facts: Facts) {
        for index in classes_in(bucket) {
            self.classes[index] = Class { covered: up_to, touched: up_to, ..Class::default() };
        }
        self.apply(up_to, facts);
    }

    /// The entries of a bucket: how many, and their bytes.
    pub(super) fn write(&self, bucket: (u8, u8)) -> (usize, Vec<u8>) {
        let mut raw = Vec::new();
        let mut entries = 0;
        for class in classes_in(bucket).map(|index| &self.classes[index]) {
            entries += class.entries.len();
            class.entries.iter().for_each(|(key, value)| write_fact(&mut raw, key, Some(value)));
        }
        (entries, raw)
    }

    /// A bucket is stored as it was at `up_to`.
    pub(super) fn cover(&mut self, bucket: (u8, u8), up_to: Point) {
        for index in classes_in(bucket) {
            self.classes[index].covered = up_to;
        }
    }

    /// Nothing is known any more of what the stored buckets hold.
    pub(super) fn uncover(&mut self, bucket: (u8, u8), at: Point) {
        for index in classes_in(bucket) {
            self.classes[index].covered = Point::default();
            self.classes[index].touched = at;
        }
    }

    /// Whether the stored buckets hold all of `classes` up to `at`.
    pub(super) fn covers(&self, classes: Classes, at: Point) -> bool {
        (0..COUNT)
            .filter(|class| classes & 1 << class != 0)
            .all(|class| self.classes[usize::from(class)].covered >= at)
    }

    /// Whether a bucket lacks a commit.
    pub(super) fn is_dirty(&self, bucket: (u8, u8)) -> bool {
        classes_in(bucket).map(|index| &self.classes[index]).any(|class| class.touched > class.covered)
    }

    /// How many buckets it should have, when it has `count`.
    pub(super) fn buckets(&self, count: u8, sizes: Sizes) -> u8 {
        let subjects: usize = self.classes.iter().map(|class| class.subjects).sum();
        let bytes: usize = self.classes.iter().map(|class| class.bytes).sum();
        let mut count = count.max(1);
        while count < COUNT
            && (subjects > sizes.bucket_subjects * usize::from(count)
                || bytes > sizes.bucket_bytes * usize::from(count))
        {
            count *= 2;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes::OBJECTS;

    fn at(seq: u64) -> Point {
        Point { term: 1, seq: super::super::Seq(seq) }
    }

    fn put(subject: u64, value: &str) -> Facts {
        Facts::from([(EntryKey::new(subject, "a"), Some(value.as_bytes().into()))])
    }

    #[test]
    fn a_bucket_replaces_its_classes_and_hides_older_commits() {
        let mut fold = Fold::new();
        fold.apply(at(1), put(1, "old"));
        fold.apply(at(1), put(3, "other class"));
        fold.load((2, 1), at(5), put(5, "x"));
        fold.replay(at(5), put(1, "late"));
        fold.replay(at(6), put(7, "new"));
        let keys: Vec<_> = fold.iter().map(|(key, _)| key.subject).collect();
        assert_eq!(keys, [5, 7]);
        assert!(fold.is_dirty((4, 3)) && !fold.is_dirty((4, 1)));
        assert!(fold.covers(1 << 5, at(5)) && !fold.covers(1 << 5 | 1, at(5)));
    }

    #[test]
    fn subjects_and_bytes_are_counted_as_they_come_and_go() {
        let mut fold = Fold::new();
        for subject in 0..4 * SIZES.bucket_subjects as u64 {
            fold.apply(at(1), put(subject, "x"));
            fold.apply(at(1), put(subject, "yy"));
        }
        assert_eq!((fold.buckets(0, SIZES), fold.len()), (4, 4 * SIZES.bucket_subjects));
        for (subject, _) in fold.iter().map(|(key, value)| (key.subject, value.len())).collect::<Vec<_>>() {
            fold.apply(at(2), Facts::from([(EntryKey::new(subject, "a"), None)]));
        }
        assert_eq!((fold.buckets(1, SIZES), fold.len()), (1, 0));
        assert!(fold.classes.iter().all(|class| class.subjects == 0 && class.bytes == 0));
        fold.apply(
            at(3),
            Facts::from([(EntryKey::new(1, "a"), Some(vec![0; 3 * SIZES.bucket_bytes].into()))]),
        );
        assert_eq!(fold.buckets(1, SIZES), 4);
    }
}
