//! What is written beside the commits: the tail as a segment when it is long, and the buckets when the ring is half
//! full or a fact has waited for a minute.
//!
//! Growing from `n` to `m` buckets is safe at any crash: first a commit names `m`, then the new buckets are written,
//! and only then are old ones written again with less than they had.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::codec::{Effort, Point, pack, unpack};
use super::errand::{Errand, Outcome};
use super::fold::{Classes, Fold};
use super::head::{Bucket, Head, Sealed};
use super::interface::Pace;
use super::outbox::Outbox;
use super::part::{Content, Part, StoreTrouble, Version};
use super::recover::{Damage, Written};
use super::tail::Tail;
use super::take::ReadPart;
use crate::limits::{LEDGER_BUCKETS_MAX, LEDGER_CHECKPOINT_AFTER, LEDGER_RING_HALF, LEDGER_SEGMENTS_MAX};
use crate::store::WriteId;

/// What is committed, as the writers of segments and buckets see it.
pub(super) struct Committed<'a> {
    pub(super) head: &'a Head,
    pub(super) fold: &'a Fold,
    pub(super) tail: &'a Tail,
    /// Bytes of the packed tail.
    pub(super) packed: usize,
}

pub(super) struct Background {
    pace: Pace,
    pub(super) versions: BTreeMap<Part, Version>,
    pub(super) masks: BTreeMap<u8, Classes>,
    /// What each bucket holds; longer than the head's list while a growth waits for its commit.
    pub(super) written: Vec<Option<Written>>,
    /// A segment that is stored and that no head names yet.
    pub(super) fresh: Option<Sealed>,
    segment: Option<(Errand, Sealed, Classes)>,
    next_segment: Duration,
    bucket: Option<(Errand, u8, Written)>,
    next_bucket: Duration,
    /// Buckets that are to be written now.
    pass: Option<BTreeSet<u8>>,
    forced: bool,
    /// The boot instant since which a fact waits for its bucket.
    pub(super) since: Option<Duration>,
    /// Unreadable parts that are being kept; they are not written before.
    asides: BTreeMap<Part, Aside>,
    last_slot: u8,
}

struct Aside {
    id: WriteId,
    content: Content,
    tries: u32,
    again: Option<Duration>,
}

impl Background {
    pub(super) fn new(pace: Pace) -> Background {
        Background {
            pace,
            versions: BTreeMap::new(),
            masks: BTreeMap::new(),
            written: vec![None],
            fresh: None,
            segment: None,
            next_segment: Duration::ZERO,
            bucket: None,
            next_bucket: Duration::ZERO,
            pass: None,
            forced: false,
            since: None,
            asides: BTreeMap::new(),
            last_slot: LEDGER_SEGMENTS_MAX - 1,
        }
    }

    /// Unreadable parts are kept, and everything is written anew.
    pub(super) fn repair(&mut self, damage: Vec<Damage>, out: &mut Outbox) {
        self.forced |= !damage.is_empty();
        for Damage { part, content, .. } in damage {
            if let Some(content) = content {
                let id = out.set_aside(part, content.clone());
                self.asides.insert(part, Aside { id, content, tries: 0, again: None });
            }
        }
    }

    /// The store is not what we knew: every part is to be written anew.
    pub(super) fn forget(&mut self) {
        self.versions.clear();
        self.written.fill(None);
        self.fresh = None;
        self.segment = None;
        self.bucket = None;
        self.pass = None;
        self.forced = true;
    }

    /// Whether the buckets hold everything in a segment.
    pub(super) fn covers(&self, fold: &Fold, sealed: &Sealed) -> bool {
        self.masks.get(&sealed.slot).is_some_and(|classes| fold.covers(*classes, sealed.last))
    }

    fn slot(&self, head: &Head) -> Option<u8> {
        let taken = |slot: u8| {
            head.ring.iter().chain(&self.fresh).any(|sealed| sealed.slot == slot)
                || self.asides.contains_key(&Part::Segment(slot))
        };
        let count = LEDGER_SEGMENTS_MAX;
        (1..=count).map(|step| (self.last_slot + step) % count).find(|slot| !taken(*slot))
    }

    fn is_long(&self, state: &Committed<'_>) -> bool {
        let sizes = self.pace.sizes;
        let long = state.tail.bytes() > sizes.tail_raw || state.packed > sizes.tail_packed;
        long && self.segment.is_none() && self.fresh.is_none()
    }

    fn segment_due(&self, state: &Committed<'_>) -> Option<Duration> {
        (self.is_long(state) && self.slot(state.head).is_some()).then_some(self.next_segment)
    }

    fn pass_due(&self, state: &Committed<'_>) -> Option<Duration> {
        if self.pass.is_some() {
            return None;
        }
        let open = state.head.ring.iter().filter(|sealed| !self.covers(state.fold, sealed)).count();
        let full =
            open >= LEDGER_RING_HALF || (open > 0 && self.is_long(state) && self.slot(state.head).is_none());
        match self.since {
            _ if self.forced || full => Some(Duration::ZERO),
            Some(since) if open > 0 => Some(since + LEDGER_CHECKPOINT_AFTER),
            _ => None,
        }
    }

    /// The bucket to be written next: one that has never been before one that has.
    fn next(&self, head: &Head) -> Option<u8> {
        if head.buckets.len() < self.written.len() {
            return None;
        }
        let free = |index: &&u8| !self.asides.contains_key(&Part::Bucket(**index));
        let new = |index: &&u8| self.written[usize::from(**index)].is_none();
        let pass = self.pass.as_ref()?;
        let first = pass.iter().rev().find(|index| new(index));
        match first {
            Some(index) => Some(index).filter(free).copied(),
            None => pass.iter().find(free).copied(),
        }
    }

    fn bucket_due(&self, head: &Head) -> Option<Duration> {
        let next = self.bucket.is_none() && self.next(head).is_some();
        next.then_some(self.next_bucket)
    }

    /// When something is to be done.
    pub(super) fn deadline(&self, state: &Committed<'_>) -> Option<Duration> {
        let errands = [
            self.segment.as_ref().map(|(errand, ..)| errand),
            self.bucket.as_ref().map(|(errand, ..)| errand),
        ];
        let due = [self.segment_due(state), self.pass_due(state), self.bucket_due(state.head)];
        let asides = self.asides.values().filter_map(|aside| aside.again);
        errands
            .into_iter()
            .flatten()
            .filter_map(Errand::deadline)
            .chain(due.into_iter().flatten())
            .chain(asides)
            .min()
    }

    /// Does what is due. Says how many bytes count against the commits, and whether a commit is wanted.
    pub(super) fn tick(&mut self, now: Duration, state: &Committed<'_>, out: &mut Outbox) -> (usize, bool) {
        let mut bytes = 0;
        let mut wanted = false;
        if let Some((errand, ..)) = &mut self.segment {
            errand.tick(now, out);
        }
        if let Some((errand, ..)) = &mut self.bucket {
            errand.tick(now, out);
        }
        for (part, aside) in
            self.asides.iter_mut().filter(|(_, aside)| aside.again.is_some_and(|at| at <= now))
        {
            aside.again = None;
            aside.id = out.set_aside(*part, aside.content.clone());
        }
        if self.segment_due(state).is_some_and(|at| at <= now) {
            bytes = self.seal(now, state, out);
        }
        if self.pass_due(state).is_some_and(|at| at <= now) {
            wanted |= self.begin_pass(state.fold, LEDGER_BUCKETS_MAX.min(self.written.len() as u8));
        }
        if self.bucket_due(state.head).is_some_and(|at| at <= now) {
            self.write_bucket(now, state, out);
        }
        (bytes, wanted)
    }

    fn seal(&mut self, now: Duration, state: &Committed<'_>, out: &mut Outbox) -> usize {
        let (Some(slot), Some(span)) = (self.slot(state.head), state.tail.span()) else { return 0 };
        let mut body = state.tail.packed(Point::default(), None);
        // What was packed commit by commit is packed better as a whole, unless that takes long.
        if Effort::lasting(state.tail.bytes()) == Effort::Thorough
            && let Ok(raw) = unpack(&body)
        {
            body = pack(&raw, Effort::Thorough);
        }
        let (sealed, content) = Sealed::seal(state.head, slot, span, body);
        let part = Part::Segment(slot);
        let errand = Errand::new(part, content, self.versions.get(&part).cloned(), out);
        let bytes = errand.len();
        self.segment = Some((errand, sealed, state.tail.classes()));
        self.next_segment = now + self.pace.segment_spacing;
        self.last_slot = slot;
        bytes
    }

    /// Lists the buckets to write, at least `least` of them. Says whether a commit must name new ones first.
    fn begin_pass(&mut self, fold: &Fold, least: u8) -> bool {
        let count = fold.buckets(least, self.pace.sizes);
        let grows = usize::from(count) > self.written.len();
        self.written.resize(usize::from(count), None);
        let forced = std::mem::take(&mut self.forced);
        let wanted = |index: &u8| {
            forced || self.written[usize::from(*index)].is_none() || fold.is_dirty((count, *index))
        };
        self.pass = Some((0..count).filter(wanted).collect());
        self.since = None;
        grows
    }

    fn write_bucket(&mut self, now: Duration, state: &Committed<'_>, out: &mut Outbox) {
        let Some(index) = self.next(state.head) else { return };
        let class = (self.written.len() as u8, index);
        let up_to = state.head.at();
        let (entries, raw) = state.fold.write(class);
        let content = Bucket::content(state.head, class, up_to, entries, &raw);
        let part = Part::Bucket(index);
        let errand = Errand::new(part, content, self.versions.get(&part).cloned(), out);
        let time = Pace::time_of(errand.len(), self.pace.bucket_rate);
        self.next_bucket = now + self.pace.bucket_spacing.max(time);
        self.bucket = Some((errand, index, Written { count: class.0, up_to }));
    }

    /// What became of a write of a segment or a bucket. Says whether a commit is wanted.
    pub(super) fn settle(&mut self, part: Part, outcome: Outcome, head: &Head, fold: &mut Fold) -> bool {
        match (part, outcome) {
            (_, Outcome::Going) | (Part::Head, _) => false,
            (Part::Segment(slot), Outcome::Stored(version)) => {
                self.versions.insert(part, version);
                if let Some((_, sealed, classes)) = self.segment.take() {
                    self.masks.insert(slot, classes);
                    self.fresh = Some(sealed);
                }
                true
            }
            (Part::Segment(_), Outcome::TooLarge) => false,
            (Part::Bucket(_), Outcome::Stored(version)) => {
                self.versions.insert(part, version);
                self.stored_bucket(head, fold)
            }
            (Part::Bucket(_), Outcome::TooLarge) => {
                let least = (self.written.len() as u8 * 2).min(LEDGER_BUCKETS_MAX);
                if usize::from(least) == self.written.len() {
                    return false;
                }
                self.bucket = None;
                self.forced = true;
                self.begin_pass(fold, least)
            }
        }
    }

    fn stored_bucket(&mut self, head: &Head, fold: &mut Fold) -> bool {
        if let Some((_, index, written)) = self.bucket.take() {
            fold.cover((written.count, index), written.up_to);
            self.written[usize::from(index)] = Some(written);
            if let Some(pass) = &mut self.pass {
                pass.remove(&index);
            }
        }
        if self.pass.as_ref().is_some_and(BTreeSet::is_empty) {
            self.pass = None;
        }
        let full = self.slot(head).is_none();
        (self.pass.is_none() || full) && head.ring.iter().any(|sealed| self.covers(fold, sealed))
    }

    pub(super) fn wrote(
        &mut self,
        now: Duration,
        id: WriteId,
        result: &Result<Version, StoreTrouble>,
        out: &mut Outbox,
    ) -> Option<(Part, Outcome)> {
        self.kept(now, id, result, out);
        for errand in self.errands() {
            match errand.wrote(now, id, result, out) {
                Outcome::Going => {}
                outcome => return Some((errand.part(), outcome)),
            }
        }
        None
    }

    /// An unreadable part is kept, or will never be.
    fn kept(&mut self, now: Duration, id: WriteId, result: &Result<Version, StoreTrouble>, out: &mut Outbox) {
        let Some((part, aside)) = self.asides.iter_mut().find(|(_, aside)| aside.id == id) else { return };
        match result {
            Err(StoreTrouble::Unknown(_) | StoreTrouble::Conflict) => {
                aside.again = Some(now + out.pause(&mut aside.tries));
            }
            Ok(_) | Err(StoreTrouble::Refused { .. }) => {
                let part = *part;
                self.asides.remove(&part);
            }
        }
    }

    pub(super) fn read(
        &mut self,
        now: Duration,
        part: Part,
        result: ReadPart,
        out: &mut Outbox,
    ) -> Option<Outcome> {
        let errand = self.errands().find(|errand| errand.part() == part)?;
        Some(errand.read(now, result, out))
    }

    pub(super) fn head(&mut self, now: Duration, number: u64, ours: Option<bool>, out: &mut Outbox) {
        self.errands().for_each(|errand| errand.head(now, number, ours, out));
    }

    fn errands(&mut self) -> impl Iterator<Item = &mut Errand> {
        let segment = self.segment.as_mut().map(|(errand, ..)| errand);
        segment.into_iter().chain(self.bucket.as_mut().map(|(errand, ..)| errand))
    }
}
