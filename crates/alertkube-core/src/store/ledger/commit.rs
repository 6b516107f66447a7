//! An open seat: facts that wait, the one commit that is on its way, and what follows from its answer.

mod look;

use std::collections::VecDeque;
use std::time::Duration;

use self::look::Look;
use super::checkpoint::{Background, Committed};
use super::codec::{Facts, Point, weight};
use super::flight::{Flight, Step, Then, checksum, share};
use super::fold::Fold;
use super::head::Head;
use super::interface::{Accord, Claim, EntryKey, LedgerNews, Pace, Seq};
use super::outbox::Outbox;
use super::part::{Part, StoreTrouble, Version};
use super::tail::{Entry, Tail};
use super::take::Taken;
use crate::limits::{LEDGER_PENDING_BYTES, LEDGER_RETRY_BASE, LEDGER_VALUE_MAX};
use crate::store::WriteId;
use crate::time::Now;

/// Tries of one commit that are settled at once; later ones wait.
const PROMPT_TRIES: u32 = 2;

pub(super) struct Open {
    pub(super) claim: Claim,
    pace: Pace,
    /// The head as it was last committed; after a loss in the store, with the term of the next commit.
    pub(super) head: Head,
    pub(super) version: Option<Version>,
    /// Checksum of its content.
    pub(super) stored: u32,
    packed: usize,
    pub(super) fold: Fold,
    tail: Tail,
    pub(super) background: Background,
    /// Facts of no commit yet.
    pub(super) pending: Facts,
    pending_bytes: usize,
    said_bound: bool,
    /// Facts of the commits to come, in order.
    pub(super) leaving: VecDeque<Facts>,
    pub(super) next_seq: u64,
    committed: Seq,
    pub(super) flight: Option<Flight>,
    pub(super) accord: Accord,
    /// A commit is due also without facts.
    pub(super) wanted: bool,
    /// The store has lost what we knew, and the commit that says so in a new term is not done.
    pub(super) healing: bool,
    closing: Option<bool>,
    look: Look,
    /// Commits follow one another without a pause.
    pub(super) hurries: bool,
    next_commit: Duration,
    /// When the last commit began, and how many times the rate of bytes what it told allows.
    began: Duration,
    share: u32,
}

impl Open {
    pub(super) fn new(claim: Claim, pace: Pace, taken: Taken, now: Duration, out: &mut Outbox) -> Open {
        let Taken { head, content, version, recovered } = taken;
        let mut background = Background::new(pace);
        background.versions = recovered.versions;
        background.masks = recovered.masks;
        background.written = recovered.written;
        background.since = (!head.ring.is_empty() || recovered.tail.bytes() > 0).then_some(now);
        out.say(LedgerNews::Opened {
            term: head.term,
            entries: recovered.fold.len(),
            first: recovered.seq == Seq(0),
            set_aside: recovered.damage.iter().map(|damage| (damage.part, damage.why.clone())).collect(),
        });
        let is_damaged = !recovered.damage.is_empty();
        background.repair(recovered.damage, out);
        let next_seq = recovered.seq.max(head.seq).0 + 1;
        Open {
            claim,
            pace,
            version: Some(version),
            stored: checksum(&content),
            packed: content.body.len(),
            fold: recovered.fold,
            tail: recovered.tail,
            background,
            pending: Facts::new(),
            pending_bytes: 0,
            said_bound: false,
            leaving: VecDeque::new(),
            next_seq,
            committed: Seq(next_seq - 1),
            flight: None,
            accord: head.accord,
            // A head that names what is not there is put right at once.
            wanted: is_damaged,
            healing: false,
            closing: None,
            look: Look::after(now),
            hurries: false,
            next_commit: Duration::ZERO,
            began: Duration::ZERO,
            share: 1,
            head: Head { ring: recovered.ring, ..head },
        }
    }

    pub(super) fn get(&self, key: &EntryKey) -> Option<&[u8]> {
        match self.staged(key) {
            Some(staged) => staged.as_deref(),
            None => self.fold.get(key),
        }
    }

    fn staged(&self, key: &EntryKey) -> Option<&Option<Box<[u8]>>> {
        let flying = self.flight.as_ref().and_then(|flight| flight.facts.get(key));
        let leaving = || self.leaving.iter().find_map(|facts| facts.get(key));
        self.pending.get(key).or_else(leaving).or(flying)
    }

    pub(super) fn put(&mut self, key: EntryKey, value: Option<Box<[u8]>>, out: &mut Outbox) -> Seq {
        let bytes = value.as_ref().map_or(0, |value| value.len());
        if bytes > LEDGER_VALUE_MAX {
            out.say(LedgerNews::TooLong { key, bytes });
            return self.committed;
        }
        // The commits that are cut already end here; what is pending comes after them.
        let cut = self.next_seq - 1 + self.leaving.len() as u64;
        if self.get(&key) == value.as_deref() {
            return match self.staged(&key) {
                _ if self.pending.contains_key(&key) => Seq(cut + 1),
                Some(_) => Seq(cut),
                None => self.committed,
            };
        }
        self.pending_bytes += weight(&key, value.as_deref());
        let name = weight(&key, None);
        if let Some(before) = self.pending.insert(key, value) {
            self.pending_bytes -= name + before.map_or(0, |before| before.len());
        }
        let over = self.pending_bytes > LEDGER_PENDING_BYTES;
        if over && !std::mem::replace(&mut self.said_bound, true) {
            out.say(LedgerNews::Bound { bytes: self.pending_bytes });
        }
        Seq(cut + 1)
    }

    pub(super) fn committed(&self) -> Seq {
        self.committed
    }

    /// Bytes of facts that wait.
    pub(super) fn waiting(&self) -> usize {
        self.pending_bytes
    }

    /// The next commits are the last; a rest is cut short for them.
    pub(super) fn close(&mut self, release: bool) {
        self.closing = Some(release);
        if let Some(Flight { step: Step::Resting(_, until, _), .. }) = &mut self.flight {
            *until = Duration::ZERO;
        }
    }

    /// Somebody waits for the commit that rests: it is tried no later than after a first failure.
    pub(super) fn rouse(&mut self) {
        if let Some(Flight { step: Step::Resting(from, until, _), .. }) = &mut self.flight {
            *until = (*until).min(*from + LEDGER_RETRY_BASE);
        }
    }

    fn state(&self) -> Committed<'_> {
        Committed { head: &self.head, fold: &self.fold, tail: &self.tail, packed: self.packed }
    }

    /// Up to where the next commit drops the tail.
    fn through(&self) -> Option<Point> {
        let sealed = self.background.fresh.as_ref().map(|sealed| sealed.last);
        sealed.max(self.tail.covered(&self.fold))
    }

    /// How long bytes take, at the rate that the last commit allows.
    fn time_of(&self, bytes: usize) -> Duration {
        Pace::time_of(bytes, self.pace.rate.saturating_mul(self.share))
    }

    /// The tail is as long as it may be: facts wait until it can be sealed.
    fn is_stalled(&self) -> bool {
        self.closing.is_none() && self.packed > self.pace.sizes.tail_max && self.through().is_none()
    }

    fn commit_due(&self) -> Option<Duration> {
        let has_facts = !self.leaving.is_empty() || !self.pending.is_empty();
        match self.closing {
            _ if self.flight.is_some() => None,
            Some(_) => Some(Duration::ZERO),
            None => {
                let next = if self.hurries { Duration::ZERO } else { self.next_commit };
                (has_facts && !self.is_stalled() || self.wanted).then_some(next)
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let resting = self.flight.as_ref().and_then(|flight| match flight.step {
            Step::Resting(_, until, _) => Some(until),
            Step::Writing(_) | Step::Asking(_) => None,
        });
        let background = (!self.is_quiet()).then(|| self.background.deadline(&self.state())).flatten();
        [resting, self.commit_due(), self.look_due(), background].into_iter().flatten().min()
    }

    /// Nothing is written beside commits.
    fn is_quiet(&self) -> bool {
        self.closing.is_some() || self.healing
    }

    /// Says whether the last commit of a closing ledger is done.
    pub(super) fn tick(&mut self, now: Now, out: &mut Outbox) -> bool {
        if let Some(Flight { step: Step::Resting(_, until, then), .. }) = &self.flight
            && *until <= now.boot
        {
            match then {
                Then::Write => self.send(out),
                Then::Ask => self.ask(out),
            }
        }
        if !self.is_quiet() {
            let Open { background, head, fold, tail, packed, .. } = self;
            let state = Committed { head, fold, tail, packed: *packed };
            let (bytes, wanted) = background.tick(now.boot, &state, out);
            self.next_commit += self.time_of(bytes);
            self.wanted |= wanted;
        }
        if self.commit_due().is_some_and(|at| at <= now.boot) {
            if self.closing == Some(false) && self.leaving.is_empty() && self.pending.is_empty() {
                return true;
            }
            self.begin(now, out);
        }
        self.look(now.boot, out);
        false
    }

    /// Cuts what is pending into commits; a subject is not cut.
    fn cut(&mut self) {
        let mut facts = Facts::new();
        let mut bytes = 0;
        for (key, value) in std::mem::take(&mut self.pending) {
            let more = weight(&key, value.as_deref());
            let same = facts.last_key_value().is_none_or(|(last, _)| last.subject == key.subject);
            if bytes + more > self.pace.sizes.commit && !same {
                self.leaving.push_back(std::mem::take(&mut facts));
                bytes = 0;
            }
            bytes += more;
            facts.insert(key, value);
        }
        self.leaving.extend(Some(facts).filter(|facts| !facts.is_empty()));
        self.pending_bytes = 0;
        self.said_bound = false;
    }

    fn begin(&mut self, now: Now, out: &mut Outbox) {
        let stalled = self.is_stalled();
        if self.leaving.is_empty() && !stalled {
            self.cut();
        }
        let facts = if stalled { None } else { self.leaving.pop_front() }.unwrap_or_default();
        let last = self.closing.is_some() && self.leaving.is_empty() && self.pending.is_empty();
        let background = &self.background;
        let mut ring = self.head.ring.clone();
        ring.retain(|sealed| !background.covers(&self.fold, sealed));
        ring.extend(background.fresh.clone());
        let mut head = Head {
            released: last && self.closing == Some(true),
            beat: now.stamp(),
            seq: Seq(self.next_seq),
            accord: self.accord,
            doubled: None,
            waits: None,
            ring,
            buckets: background.written.iter().map(|written| written.map(|written| written.up_to)).collect(),
            ..self.head.clone()
        };
        let through = self.through();
        let entry = (!facts.is_empty()).then(|| Entry::new(head.at(), &facts));
        let content = head.content(self.tail.packed(through.unwrap_or_default(), entry.as_ref()));
        self.share = share(&facts, now.boot.saturating_sub(self.began));
        self.began = now.boot;
        self.next_seq += 1;
        self.wanted = false;
        let keeps_promise = self.leaving.is_empty() && (!stalled || self.pending.is_empty());
        self.flight = Some(Flight {
            head,
            content,
            facts,
            entry,
            through,
            names_segment: background.fresh.is_some(),
            last,
            keeps_promise,
            began: now.boot,
            step: Step::Asking(u64::MAX),
            tries: 0,
        });
        self.send(out);
    }

    pub(super) fn send(&mut self, out: &mut Outbox) {
        if let Some(flight) = &mut self.flight {
            let id = out.write(Part::Head, flight.content.clone(), self.version.clone());
            flight.step = Step::Writing(id);
        }
    }

    fn ask(&mut self, out: &mut Outbox) {
        if let Some(flight) = &mut self.flight {
            flight.step = Step::Asking(out.ask_head());
        }
    }

    /// The answer to a write. Says whether the last commit of a closing ledger is done.
    pub(super) fn wrote(
        &mut self,
        now: Duration,
        id: WriteId,
        result: Result<Version, StoreTrouble>,
        out: &mut Outbox,
    ) -> bool {
        let Some(flight) =
            self.flight.as_mut().filter(|flight| matches!(flight.step, Step::Writing(ours) if ours == id))
        else {
            if let Some((part, outcome)) = self.background.wrote(now, id, &result, out) {
                self.settle(part, outcome);
            }
            return false;
        };
        match result {
            Ok(version) => return self.applied(version, out),
            Err(StoreTrouble::Refused { why, text }) => {
                out.refused(now, Part::Head, why, text);
                flight.step = Step::Resting(now, now + out.pause(&mut flight.tries), Then::Write);
                // Where nothing can be written no conflict tells that another sealed: the head does.
                out.ask_head();
            }
            Err(StoreTrouble::Unknown(why)) => {
                out.unreachable(why);
                self.ask_soon(now, out);
            }
            Err(StoreTrouble::Conflict) => {
                out.say(LedgerNews::Contested);
                self.ask_soon(now, out);
            }
        }
        false
    }

    /// Reads the head to learn what became of a write, at once for the first times.
    pub(super) fn ask_soon(&mut self, now: Duration, out: &mut Outbox) {
        let Some(flight) = &mut self.flight else { return };
        if flight.tries < PROMPT_TRIES {
            flight.tries += 1;
            self.ask(out);
        } else {
            flight.step = Step::Resting(now, now + out.pause(&mut flight.tries), Then::Ask);
        }
    }

    /// The commit on its way is done. Says whether it was the last of a closing ledger.
    pub(super) fn applied(&mut self, version: Version, out: &mut Outbox) -> bool {
        let Some(flight) = self.flight.take() else { return false };
        let time = self.time_of(flight.content.len());
        self.next_commit = self.next_commit.max(flight.began + self.pace.spacing.max(time));
        self.version = Some(version);
        self.look.put_off(flight.began);
        self.stored = checksum(&flight.content);
        self.packed = flight.content.body.len();
        self.healing = false;
        self.tail.drop_through(flight.through.unwrap_or_default());
        if flight.names_segment {
            self.background.fresh = None;
        }
        let at = flight.head.at();
        self.head = flight.head;
        if !flight.facts.is_empty() {
            self.background.since.get_or_insert(flight.began);
            flight.entry.into_iter().for_each(|entry| self.tail.push(entry));
            self.fold.apply(at, flight.facts);
        }
        out.accepted(Part::Head);
        if flight.keeps_promise {
            self.committed = at.seq;
            out.say(LedgerNews::Committed(at.seq));
        }
        flight.last
    }
}
