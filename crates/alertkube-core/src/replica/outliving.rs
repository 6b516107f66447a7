//! What outlives a replica: its memory, laid down fact by fact, taken up by a successor, and kept over a panic.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::{Alert, Fingerprint, Phase, Subject};
use crate::decide::{InDigest, Memory};
use crate::fact::{Fact, SeatFact};
use crate::limits::{OWN_SINCE_STORED_FROM, WATCH_LAG_MAX};
use crate::notification::{Action, AttemptId, SinkId};
use crate::replica::layout::Start;
use crate::replica::picture::Picture;
use crate::replica::tenure::Hold;
use crate::replica::{Input, Replica};
use crate::settle::{Job, Said};
use crate::severity::Severity;
use crate::store::facts::{
    alert_fact, alert_key, flaps_fact, flaps_key, restore, told_attempt, told_fact, told_key,
};
use crate::store::ledger::{EntryKey, Part, Seq};
use crate::time::Now;
use crate::track::Tracker;
use crate::watch::{Key, KindId, Uid};

impl Replica {
    /// Nothing is told before the gate knows that the past is known.
    pub(super) fn open_gate(&mut self, now: Now) {
        self.gate.loaded();
        self.try_open(now);
    }

    /// The stored state is ours: what it says is reconciled with what is seen.
    pub(super) fn opened(&mut self, now: Now, term: u64, first: bool, set_aside: &[(Part, String)]) {
        for (part, why) in set_aside {
            self.fact(Fact::Seat(SeatFact::SetAside { part: part.suffix(), why: why.clone() }));
        }
        self.tenure.term = Some(term);
        self.next_attempt = self.next_attempt.max(term << ATTEMPT_BITS);
        self.tenure.refused = None;
        self.tenure.unheard = None;
        // A start that could not wait for its state tells already.
        let early = self.tenure.hold == Hold::Holds;
        self.set_hold(now, Hold::Holds);
        self.begin_layout(now, Start { term, first, early });
    }

    /// Takes facts into memory and reconciles them with what is seen already; gives how many alerts there were.
    pub(super) fn take_up(&mut self, now: Now, facts: &[(EntryKey, Box<[u8]>)]) -> usize {
        let facts = facts.iter().map(|(key, value)| (key, &**value));
        self.know_again(now, facts.clone());
        let seen = self.tracker.iter().filter(|(_, alert)| alert.phase != Phase::Over);
        let seen: BTreeSet<Fingerprint> = seen.map(|(fingerprint, _)| fingerprint).collect();
        let ended = self.memory.iter().filter(|(_, _, told)| !told.open && !told.is_unheard());
        let ended: BTreeSet<Fingerprint> = ended.map(|(fingerprint, ..)| fingerprint).collect();
        let restored = restore(facts, (&mut self.tracker, &mut self.memory), &self.settings, now);
        if restored.strange > 0 {
            self.fact(Fact::Seat(SeatFact::Strange(restored.strange)));
        }
        self.memory.clamp(now.stamp());
        if self.gate.open() {
            self.take_up_digests(now);
        } else if self.is_outdated(now, &seen, &restored.alerts) || self.has_lost_sight() {
            self.see_anew();
        }
        self.end_again(now, restored.alerts.iter().filter(|it| ended.contains(it) && !seen.contains(it)));
        self.take_postures(now, &restored.alerts);
        self.end_orphans(now);
        self.observe_quarantine(now);
        self.observe_health(now);
        self.all_changed(now, restored.alerts.iter().copied());
        self.reconcile(now, &restored.alerts);
        restored.alerts.len()
    }

    /// What this process has told the end of before the state could be read does not stand again because another had stored
    /// its beginning: should it come back, it is another episode.
    fn end_again<'a>(&mut self, now: Now, ended: impl Iterator<Item = &'a Fingerprint>) {
        for fingerprint in ended {
            let alert = self.tracker.get_mut(*fingerprint);
            if let Some(alert) = alert.filter(|alert| alert.stands() && alert.condition.event.is_none()) {
                (alert.phase, alert.ended) = (Phase::Over, Some(now.stamp()));
            }
        }
    }

    /// Whether the picture lacks a problem that began after what was last heard of its kind: not that it is over is what
    /// this shows, but that the watch is behind, or dead and not yet known to be.
    fn is_outdated(&self, now: Now, seen: &BTreeSet<Fingerprint>, restored: &[Fingerprint]) -> bool {
        let unseen = restored.iter().filter(|fingerprint| !seen.contains(fingerprint));
        let stands = |alert: &&Alert| alert.stands() && alert.condition.event.is_none();
        unseen.filter_map(|fingerprint| self.tracker.get(*fingerprint)).filter(stands).any(|alert| {
            let silent = alert.subject.watched.and_then(|kind| self.picture.silent_for(kind, now.boot));
            silent.is_some_and(|silent| alert.opened.plus(WATCH_LAG_MAX).plus(silent) > now.stamp())
        })
    }

    /// Whether some kind was seen, and is not any more. A watch that goes on from where it stopped would tell what began
    /// meanwhile as if it stood, and what our predecessor told of it, and of its end, need not be known any more.
    fn has_lost_sight(&self) -> bool {
        let is_lost = |kind: KindId| {
            let lost = self.picture.lost_since(kind).is_some_and(|(_, why)| why.is_away());
            lost && self.picture.ever(kind)
        };
        self.picture.kinds().any(is_lost)
    }

    /// Lists everything anew, and tells nothing before that is done.
    fn see_anew(&mut self) {
        self.fact(Fact::Seat(SeatFact::Outdated { seat: self.station.seat }));
        self.picture = Picture::new(&self.settings);
        self.gate.wait_again();
        self.watch_all();
    }

    /// What may have been told in a digest is told again in the same one.
    pub(super) fn take_up_digests(&mut self, now: Now) {
        let mut digests: BTreeMap<(SinkId, InDigest), Vec<(Severity, Fingerprint)>> = BTreeMap::new();
        for (fingerprint, sink, told) in self.memory.iter() {
            if let Some(digest) = told.digest {
                digests.entry((sink, digest)).or_default().push((told.severity, fingerprint));
            }
        }
        for ((sink, InDigest { digest, delivery }), mut members) in digests {
            members.sort_by_key(|(severity, _)| Reverse(*severity));
            let worst = members.first().map_or(Severity::Info, |(severity, _)| *severity);
            let mut job = Job::digest(members.into_iter().map(|(_, member)| member).collect(), digest);
            let (action, delivery) = (Action::Digest(digest), delivery.to_string());
            job.said = Some(Said { action, delivery, decided: now.stamp() });
            self.lanes[sink.0].push(worst, job);
        }
    }

    /// What a follower has seen by itself is as old as the holder knows it, whatever the calendars of both say: what fires
    /// is not pending again, and an event that was told is no other one.
    fn know_again<'a>(&mut self, now: Now, facts: impl Iterator<Item = (&'a EntryKey, &'a [u8])>) {
        let is_younger = |key: &EntryKey| {
            let alert = self.tracker.get(Fingerprint::from_bits(key.subject)).filter(|_| &*key.what == "a");
            alert.is_some_and(|alert| {
                alert.condition.event.is_some() || matches!(alert.phase, Phase::Pending { .. })
            })
        };
        let mut stored = Tracker::default();
        let known = facts.filter(|(key, _)| is_younger(key));
        restore(known, (&mut stored, &mut Memory::default()), &self.settings, now);
        for (fingerprint, before) in stored.iter() {
            let Some(alert) = self.tracker.get_mut(fingerprint) else { continue };
            if alert.condition.event.is_some() {
                // Also one that the follower has seen earlier, or by a clock that is behind.
                if alert.subject.id == before.subject.id && !before.deleted {
                    let own = std::mem::replace(&mut alert.opened, before.opened);
                    // What was told before the state could be read was told of this.
                    self.memory.rename(fingerprint, own, before.opened);
                }
            } else if before.stands() {
                (alert.phase, alert.since, alert.opened) = (before.phase, before.since, before.opened);
            } else {
                // An earlier life of it may still have to be told over.
                alert.ended = alert.ended.or(before.ended);
                alert.opened = alert.opened.max(before.opened);
            }
        }
    }

    /// What is stored about objects that were seen already: a warm follower has seen them long ago, and a cold start may
    /// be in the middle of its list. What that list has not named yet is not gone before it ends.
    fn reconcile(&mut self, now: Now, restored: &[Fingerprint]) {
        let mut objects: BTreeSet<Key> = BTreeSet::new();
        for alert in restored.iter().filter_map(|fingerprint| self.tracker.get(*fingerprint)) {
            let id = alert.subject.id;
            let seen = |kind: &KindId| self.picture.live(*kind) || self.picture.has(*kind, id);
            if let Some(kind) = alert.subject.watched.filter(seen) {
                objects.insert(Key { kind, uid: id });
            }
        }
        for key in objects {
            if self.picture.kept(key).is_some() {
                self.look_again(now, key);
            } else if self.picture.has(key.kind, key.uid) {
                self.found_well(now, key.uid);
            } else {
                self.alerts_gone(now, key.uid);
            }
        }
    }

    /// An object of which nothing is kept has nothing wrong with it.
    fn found_well(&mut self, now: Now, id: Uid) {
        let subject: Option<Arc<Subject>> = self
            .tracker
            .of_object(id)
            .find_map(|fingerprint| Some(Arc::clone(&self.tracker.get(fingerprint)?.subject)));
        if let Some(subject) = subject {
            let context = Self::context(&self.settings, &self.rules, now);
            let touched = self.tracker.observe(context, &subject, Vec::new());
            self.all_changed(now, touched);
        }
    }

    /// Lays down what changed. Attempts that wait for their commit learn which one it is.
    pub(super) fn lay_down(&mut self, now: Now) {
        let touched = self.memory.take_touched();
        if !self.is_durable() || self.tenure.hold != Hold::Holds || !self.layouts.lays_down() {
            // What was told before the state could be read is laid down as soon as it can be.
            if self.tenure.hold == Hold::Follows || self.layouts.awaits() {
                // What a follower sees, its predecessor lays down.
                self.unwritten.clear();
            }
            let later = self.station.keep.is_some();
            touched.into_iter().filter(|_| later).for_each(|(fp, sink)| self.memory.touch(fp, sink));
            return;
        }
        if touched.is_empty() && self.unwritten.is_empty() {
            return;
        }
        for (fingerprint, sink) in touched {
            let key = told_key(fingerprint, &self.settings.sink(sink).name);
            let flying = self.flights.about((fingerprint, sink), &self.memory);
            let value = match flying {
                Some((attempt, told)) => told.map(|told| told_attempt(&told, attempt_number(attempt))),
                None => self.memory.get(fingerprint, sink).map(told_fact),
            };
            let seq = self.put(key, value);
            if let Some((attempt, _)) = flying {
                self.await_commit(attempt, seq);
            }
            self.unwritten.insert(fingerprint);
        }
        for fingerprint in std::mem::take(&mut self.unwritten) {
            let kept = self.is_kept(fingerprint);
            let alert = self.tracker.get(fingerprint).filter(|_| kept).map(|alert| alert_fact(alert, now));
            self.put(alert_key(fingerprint), alert);
            let foreign = self.tracker.get(fingerprint).is_some_and(|alert| !self.owns(alert));
            let flaps = if foreign { &[] } else { self.tracker.flaps().of(fingerprint) };
            let flaps = (flaps.len() > 1).then(|| flaps_fact(flaps));
            self.put(flaps_key(fingerprint), flaps);
        }
        self.depart_fresh(now);
    }

    fn put(&mut self, key: EntryKey, value: Option<Box<[u8]>>) -> Option<Seq> {
        self.tenure.ledger.as_mut().and_then(|ledger| ledger.put(key, value))
    }

    /// Whether the cluster alone could not tell a successor all about this alert.
    fn is_kept(&self, fingerprint: Fingerprint) -> bool {
        if self.memory.sinks(fingerprint).next().is_some()
            || self.lanes.iter().any(|lane| lane.flies(fingerprint))
        {
            return true;
        }
        self.tracker.get(fingerprint).is_some_and(|alert| {
            let long = self.rules.of(alert.condition).hold_for > OWN_SINCE_STORED_FROM;
            long && alert.finding.since.is_none() && alert.phase != Phase::Over && self.owns(alert)
        })
    }

    /// The successor, in the same process, of a replica that panicked on an input: with its memory, and without the
    /// object that the input was about. Its watches begin anew, and it seals the seat's state as a new writer.
    pub fn rebuilt(&self, now: Now, without: Option<Key>) -> Replica {
        let mut heir = Replica::blank(Arc::clone(&self.settings), self.station.clone(), self.jitter, now);
        heir.look = self.look;
        heir.started = self.started;
        heir.layouts.total = self.layouts.total;
        heir.next_attempt = self.next_attempt;
        heir.quarantine = self.quarantine.clone();
        if let Some(key) = without {
            heir.quarantine.insert(key, format!("a {}", key.kind));
        }
        heir.take_up(now, &self.facts(now));
        heir.take_over(now, self);
        // What stood at a first run is still to be told as one.
        heir.restored = self.restored || (self.gate.open() && self.stock.due().is_none());
        if let Some(by) = self.stopping {
            heir.handle(now, Input::Stop { by });
        } else {
            heir.handle(now, Input::Tick);
        }
        heir
    }

    /// Every fact of the memory as it stands. What is on its way may have arrived.
    pub(super) fn facts(&self, now: Now) -> Vec<(EntryKey, Box<[u8]>)> {
        let memory = self.memory_in_doubt();
        let mut facts: Vec<_> = self
            .tracker
            .iter()
            .map(|(fingerprint, alert)| (alert_key(fingerprint), alert_fact(alert, now)))
            .collect();
        facts.extend(memory.iter().map(|(fingerprint, sink, told)| {
            (told_key(fingerprint, &self.settings.sink(sink).name), told_fact(told))
        }));
        let flaps = self.tracker.flaps().iter();
        facts.extend(flaps.map(|(fingerprint, times)| (flaps_key(fingerprint), flaps_fact(times))));
        facts
    }
}

/// Attempts of one term that have numbers of their own.
const ATTEMPT_BITS: u32 = 20;

/// What makes the intent of an attempt a commit of its own: no other try, process or term has laid down the same bytes,
/// so that none of them can pass for its commit.
fn attempt_number(attempt: AttemptId) -> u32 {
    u32::try_from(attempt.0 % u64::from(u32::MAX)).map_or(u32::MAX, |number| number + 1)
}
