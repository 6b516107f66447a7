//! From a sealed head and the parts that it names to the fold of every commit.
//!
//! Buckets are taken in the order of the commit up to which each holds its class; each replaces what is known of its
//! class. Then the journal is replayed, and each fact counts only if its commit is newer than what covers its class.

use std::collections::BTreeMap;

use super::codec::{Facts, Point, Record};
use super::fold::{Classes, Fold, classes_of};
use super::head::{Bucket, Head, Sealed};
use super::interface::Seq;
use super::part::{Content, Part, Version};
use super::tail::Tail;

/// What was found of each part.
pub(super) type Found = BTreeMap<Part, Option<(Content, Version)>>;

/// What a stored bucket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Among how many buckets its class was cut.
    pub(super) count: u8,
    pub(super) up_to: Point,
}

/// A part that is not as the head says.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) part: Part,
    pub(super) why: String,
    /// What is to be kept of it.
    pub(super) content: Option<Content>,
}

/// Everything that the store knew.
pub(super) struct Recovered {
    pub(super) fold: Fold,
    pub(super) tail: Tail,
    pub(super) ring: Vec<Sealed>,
    /// The classes that each slot's segment touches.
    pub(super) masks: BTreeMap<u8, Classes>,
    pub(super) written: Vec<Option<Written>>,
    pub(super) versions: BTreeMap<Part, Version>,
    pub(super) damage: Vec<Damage>,
    /// The highest number ever used.
    pub(super) seq: Seq,
}

/// The parts to read.
pub(super) fn needed(head: &Head) -> Vec<Part> {
    let segments = head.ring.iter().map(|sealed| Part::Segment(sealed.slot));
    segments.chain((0..head.buckets.len() as u8).map(Part::Bucket)).collect()
}

/// Folds everything. `found` has every needed part.
pub(super) fn recover(head: &Head, tail: Vec<Record>, found: &Found) -> Recovered {
    let versions =
        found.iter().filter_map(|(part, found)| Some((*part, found.as_ref()?.1.clone()))).collect();
    let mut recovered = Recovered {
        fold: Fold::new(),
        tail: Tail::of(&tail),
        ring: Vec::new(),
        masks: BTreeMap::new(),
        written: vec![None; head.buckets.len()],
        versions,
        damage: Vec::new(),
        seq: head.seq,
    };
    recovered.load(head, found);
    recovered.replay(head, found);
    for record in tail {
        recovered.fold.replay(record.at, record.facts);
    }
    for index in recovered.damaged_buckets() {
        recovered.written[usize::from(index)] = None;
        recovered.fold.uncover((head.buckets.len() as u8, index), head.at());
    }
    recovered
}

impl Recovered {
    fn load(&mut self, head: &Head, found: &Found) {
        let mut buckets: Vec<(Bucket, Facts)> = Vec::new();
        for (index, confirmed) in (0..).zip(&head.buckets) {
            buckets.extend(self.bucket(head, index, *confirmed, found));
        }
        // At the same commit the wider class first: the narrower says nothing else.
        buckets.sort_by_key(|(bucket, _)| (bucket.up_to(), bucket.buckets));
        for (bucket, facts) in buckets {
            let (class, up_to) = ((bucket.buckets, bucket.index), bucket.up_to());
            self.fold.load(class, up_to, facts);
            self.written[usize::from(bucket.index)] = Some(Written { count: bucket.buckets, up_to });
            self.seq = self.seq.max(up_to.seq);
            if up_to > head.at() {
                // Its numbers are of a future that was lost with a restored store: they hide nothing.
                self.fold.uncover(class, head.at());
            }
        }
    }

    /// One bucket, if it can be used; what is wrong with it is noted.
    fn bucket(
        &mut self,
        head: &Head,
        index: u8,
        confirmed: Option<Point>,
        found: &Found,
    ) -> Option<(Bucket, Facts)> {
        let part = Part::Bucket(index);
        let Some((content, _)) = found.get(&part).and_then(Option::as_ref) else {
            if confirmed.is_some() {
                self.hurt(part, "it is missing", None);
            }
            return None;
        };
        let (bucket, facts) = match Bucket::read(index, content) {
            Ok(read) => read,
            Err(flaw) => {
                self.hurt(part, flaw.why(), Some(content));
                return None;
            }
        };
        if bucket.origin != head.origin {
            if confirmed.is_some() {
                self.hurt(part, "it belongs to another life of this seat", Some(content));
            }
            return None;
        }
        if confirmed.is_some_and(|confirmed| bucket.up_to() < confirmed) {
            self.hurt(part, "it is older than the head says", None);
        }
        if bucket.up_to() > head.at() {
            self.hurt(part, "it is newer than the head", None);
        }
        Some((bucket, facts))
    }

    fn replay(&mut self, head: &Head, found: &Found) {
        for sealed in &head.ring {
            let part = Part::Segment(sealed.slot);
            let Some((content, _)) = found.get(&part).and_then(Option::as_ref) else {
                self.hurt(part, "it is missing", None);
                continue;
            };
            match sealed.read(&head.origin, content) {
                Ok(records) => {
                    let classes =
                        records.iter().fold(0, |classes, record| classes | classes_of(&record.facts));
                    self.masks.insert(sealed.slot, classes);
                    self.ring.push(sealed.clone());
                    records.into_iter().for_each(|record| self.fold.replay(record.at, record.facts));
                }
                Err(flaw) => self.hurt(part, flaw.why(), Some(content)),
            }
        }
    }

    fn hurt(&mut self, part: Part, why: &str, content: Option<&Content>) {
        self.damage.push(Damage { part, why: why.to_owned(), content: content.cloned() });
    }

    fn damaged_buckets(&self) -> Vec<u8> {
        let index = |damage: &Damage| match damage.part {
            Part::Bucket(index) => Some(index),
            Part::Head | Part::Segment(_) => None,
        };
        self.damage.iter().filter_map(index).collect()
    }
}
