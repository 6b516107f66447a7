//! Taking up a layout: reading what other seats know, going by it, and forgetting what is not ours.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Start;
use crate::alert::Fingerprint;
use crate::fact::{Fact, SeatFact};
use crate::limits::{LAYOUT_POLL_BUSY, LAYOUT_READ_TRIES};
use crate::own::SeatId;
use crate::replica::{Effect, PartRead, Replica};
use crate::store::facts::taken_over;
use crate::store::ledger::{Edit, EntryKey, Layout, Part, PartWrite, Perusal, Perused, emptied};
use crate::store::share::Owners;
use crate::time::Now;

type Facts = Vec<(EntryKey, Box<[u8]>)>;

/// What is read of other seats.
#[derive(Default)]
pub(super) struct Loading {
    sources: BTreeMap<u32, Source>,
    done: bool,
}

enum Source {
    Reading(Box<Perusal>, u32),
    /// To be read anew, after this boot instant; so many tries are over.
    Again(Duration, u32),
    Read(Facts),
}

impl Loading {
    pub(super) fn is_done(&self) -> bool {
        self.done
    }
}

impl Replica {
    /// Reads what the seats of the old layout know, and stores our share of it.
    pub(super) fn load(&mut self, now: Now, from: Layout, to: Layout) {
        let me = self.me();
        let Some(silence) = &mut self.layouts.silence else { return };
        for seat in (0..from.total).filter(|seat| *seat != me) {
            let tries = match silence.loading.sources.get(&seat) {
                None => 0,
                Some(Source::Again(at, tries)) if *at <= now.boot => *tries,
                Some(_) => continue,
            };
            let head = self.layouts.peers.get(seat).and_then(|peer| peer.content.as_ref());
            let source = match head.map(|(content, _)| Perusal::new(content)) {
                None => Source::Read(Vec::new()),
                Some(Ok((perusal, parts))) => {
                    self.effects.push_back(Effect::Read(SeatId(seat), parts));
                    Source::Reading(Box::new(perusal), tries)
                }
                Some(Err(_)) => Source::Again(now.boot + LAYOUT_POLL_BUSY, tries + 1),
            };
            silence.loading.sources.insert(seat, source);
        }
        self.store_share(from, to);
    }

    /// Segments and buckets of another seat were read.
    pub(super) fn read_parts(&mut self, now: Now, seat: u32, parts: Vec<(Part, PartRead)>) {
        self.layouts.stirred = true;
        let source = self.layouts.silence.as_mut().and_then(|silence| silence.loading.sources.get_mut(&seat));
        let Some(Source::Reading(perusal, tries)) = source else {
            return self.empty_parts(seat, parts);
        };
        let again = Source::Again(now.boot + LAYOUT_POLL_BUSY, *tries + 1);
        let (read, why) = match perusal.read(parts) {
            Perused::Going => return,
            Perused::Failed(why) => (again, Some(why)),
            Perused::Done(_, Some(why)) if *tries < LAYOUT_READ_TRIES => (again, Some(why)),
            Perused::Done(facts, why) => (Source::Read(facts), why),
        };
        if let Some(silence) = &mut self.layouts.silence {
            silence.loading.sources.insert(seat, read);
        }
        if let Some(why) = why {
            self.fact(Fact::Seat(SeatFact::Unheard { why: format!("seat {seat}: {why}") }));
        }
    }

    /// Once everything is read: in our ledger is what is ours in the old layout or in the new one, and nothing else.
    fn store_share(&mut self, from: Layout, to: Layout) {
        let me = self.me();
        let Some(silence) = &mut self.layouts.silence else { return };
        let Loading { sources, done } = &mut silence.loading;
        let read = |source: &Source| matches!(source, Source::Read(_));
        if *done
            || !(0..from.total).filter(|seat| *seat != me).all(|seat| sources.get(&seat).is_some_and(read))
        {
            return;
        }
        let mut share: BTreeMap<EntryKey, Box<[u8]>> = BTreeMap::new();
        for (seat, source) in std::mem::take(sources) {
            let Source::Read(facts) = source else { continue };
            let owners = Owners::of(facts.iter().map(|(key, value)| (key, &**value)));
            let ours = |key: &EntryKey| {
                owners.is_own(key, seat, from.total)
                    && owners.seat(key, seat, to.total).is_none_or(|of| of == me)
            };
            share.extend(facts.into_iter().filter(|(key, _)| ours(key)));
        }
        *done = true;
        let Some(ledger) = &mut self.tenure.ledger else { return };
        let owners = Owners::of(ledger.iter());
        let own = |key: &EntryKey| me < from.total && owners.is_own(key, me, from.total);
        let stale: Vec<EntryKey> =
            ledger.iter().map(|(key, _)| key.clone()).filter(|key| !own(key)).collect();
        for key in stale.into_iter().filter(|key| !share.contains_key(key)) {
            ledger.put(key, None);
        }
        for (key, value) in share {
            // What every seat takes along is no newer elsewhere than here.
            if ledger.get(&key).is_none() || !own(&key) {
                let value = taken_over(&key, value);
                ledger.put(key, Some(value));
            }
        }
    }

    /// Tells by this layout from now on.
    pub(super) fn go_by(&mut self, now: Now, layout: Layout) {
        let silent = self.layouts.silence.take();
        let before = std::mem::replace(&mut self.layouts.total, layout.total);
        for (lane, plan) in self.lanes.iter_mut().zip(&self.settings.sinks) {
            lane.divide(plan, layout.total, now.boot);
        }
        self.layouts.tells = true;
        let start = self
            .layouts
            .start
            .take()
            .map(|start| Start { first: start.first && self.layouts.first, ..start });
        if let Some(start) = start {
            self.restored |= !start.first;
        }
        self.forget_foreign(now);
        let facts = self.own_facts();
        let moved = start.is_some() || silent.is_some() || before != layout.total;
        let alerts = if moved { self.take_up(now, &facts) } else { 0 };
        match start {
            Some(start) => self.start_telling(now, start, alerts),
            None => {
                let known: Vec<_> = self.tracker.iter().map(|(fingerprint, _)| fingerprint).collect();
                self.all_changed(now, known);
                let silent = silent.map_or(Duration::ZERO, |silence| now.boot.saturating_sub(silence.since));
                let seat = self.station.seat;
                let total = layout.total;
                self.fact(Fact::Seat(SeatFact::Relaid { seat, total, alerts, silent }));
            }
        }
    }

    /// What the ledger has of our own share. What was put last is not in it yet, and nor are deletions.
    fn own_facts(&self) -> Facts {
        let (me, total) = (self.me(), self.layouts.total);
        let Some(ledger) = &self.tenure.ledger else { return Vec::new() };
        let owners = Owners::of(ledger.iter());
        let own = ledger.iter().filter(|(key, _)| me < total && owners.is_own(key, me, total));
        own.map(|(key, value)| (key.clone(), value.into())).collect()
    }

    fn start_telling(&mut self, now: Now, start: Start, alerts: usize) {
        let Start { term, first, early } = start;
        self.fact(Fact::Seat(SeatFact::Held { seat: self.station.seat, term: Some(term), alerts, first }));
        self.observe_store(now);
        let known: Vec<_> = self.tracker.iter().map(|(fingerprint, _)| fingerprint).collect();
        if first {
            self.await_reference();
        } else if !early && !self.gate.open() {
            self.open_gate(now);
        } else {
            self.all_changed(now, known);
        }
    }

    /// Forgets what other seats answer for: they have it, unless it was told here before the state could be read.
    pub(super) fn forget_foreign(&mut self, now: Now) {
        let (me, total) = (self.me(), self.layouts.total);
        let gone = me >= total;
        let foreign: BTreeSet<(Fingerprint, _)> = self
            .memory
            .iter()
            .filter(|(fingerprint, ..)| {
                gone || self.tracker.get(*fingerprint).is_some_and(|alert| !self.owns(alert))
            })
            .map(|(fingerprint, sink, _)| (fingerprint, sink))
            .collect();
        self.layouts.told_early.retain(|told| foreign.contains(told));
        for (fingerprint, sink) in foreign.iter().filter(|told| !self.layouts.told_early.contains(told)) {
            self.memory.forget(*fingerprint, *sink);
            self.unwritten.insert(*fingerprint);
        }
        if let Some(ledger) = &mut self.tenure.ledger {
            let owners = Owners::of(ledger.iter());
            let own = |key: &EntryKey| !gone && owners.is_own(key, me, total);
            let lost: Vec<EntryKey> =
                ledger.iter().map(|(key, _)| key.clone()).filter(|key| !own(key)).collect();
            for key in lost {
                ledger.put(key, None);
            }
        }
        self.all_changed(now, foreign.into_iter().map(|(fingerprint, _)| fingerprint));
    }

    /// Seats that the layout has no more are emptied: their facts are in the ledgers of those that have them now.
    pub(super) fn empty_retired(&mut self, now: Now) {
        let Some(accord) = self.accord().filter(|accord| accord.retired > 0 && accord.next.is_none()) else {
            return;
        };
        let Some(layout) =
            accord.layout.filter(|layout| self.me() == 0 && self.layouts.tells && layout.total > 0)
        else {
            return;
        };
        let mut left = false;
        for seat in layout.total..accord.retired {
            let Some(peer) = self.layouts.peers.get(seat) else {
                left = true;
                continue;
            };
            let head = peer.head();
            let lives = peer.lives();
            // Who lives sees the layout and forgets by itself.
            let cleared = head.is_none_or(|head| lives && head.accord.layout == Some(layout));
            let gone = matches!(peer.saw, super::peers::Saw::Absent) || (cleared && lives);
            if gone || self.layouts.emptied.contains(&seat) {
                continue;
            }
            left = true;
            let is_empty = head.is_some_and(|head| head.empty && head.accord.layout == Some(layout));
            if lives || head.is_none() {
                continue;
            }
            if is_empty {
                let parts = Part::all().filter(|part| *part != Part::Head).collect();
                if self.layouts.emptying.insert(seat) {
                    self.effects.push_back(Effect::Read(SeatId(seat), parts));
                }
            } else {
                self.edit(now, seat, Edit::Empty(layout));
            }
        }
        if !left {
            let accord = crate::store::ledger::Accord { retired: 0, ..accord };
            self.record(accord);
        }
    }

    /// The parts of a seat that is no more: what is in them is written over, until nothing is.
    fn empty_parts(&mut self, seat: u32, parts: Vec<(Part, PartRead)>) {
        if !self.layouts.emptying.remove(&seat) {
            return;
        }
        let head = self.layouts.peers.get(seat).and_then(|peer| peer.content.clone());
        let Some((head, _)) = head else { return };
        let mut left = false;
        for (part, result) in parts {
            match (result, emptied(part, &head)) {
                (Ok(Some((content, version))), Some(nothing)) if content != nothing => {
                    left = true;
                    self.write_other(seat, PartWrite { part, content: nothing, expect: Some(version) });
                }
                (Err(_), _) => left = true,
                _ => {}
            }
        }
        if !left {
            self.layouts.emptied.insert(seat);
        }
    }
}
