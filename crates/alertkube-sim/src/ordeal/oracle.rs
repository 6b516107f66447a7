//! The oracle: it sees every commit, every first byte and every arrival, and knows what must never be.

use std::collections::{BTreeMap, BTreeSet};

use alertkube_core::{Action, Notification, Part, Verdict};
use alertkube_lang::fnv32a;

use super::clock::{At, SECOND};
use super::ground::{INHIBITED, SILENCED};
use super::intents::{Intents, Stream};
use super::message::{Message, Said, Sender};
use super::plan::{Act, Plan, SINKS};
use super::settings::{KEYED, WINDOWS};

/// What was found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The invariant.
    pub(super) what: &'static str,
    pub(super) how: String,
}

/// All that was seen.
pub(super) struct Oracle {
    pub(super) broken: Option<Broken>,
    pub(super) messages: Vec<Message>,
    /// Messages in the order in which each sink took them.
    pub(super) taken: [Vec<(At, usize)>; SINKS],
    deliveries: BTreeMap<(usize, String), Vec<usize>>,
    /// The message that first told each sink of an episode, and those that ended it and may have been taken: an end that a
    /// sink refused, or that never reached it, has ended nothing there, and what comes back meanwhile goes on.
    opened: BTreeMap<Stream, usize>,
    closed: BTreeMap<Stream, BTreeSet<usize>>,
    pub(super) intents: Intents,
    /// How often a hold repeated what another hold had sent.
    repeats: BTreeMap<(usize, u32, usize, u64), usize>,
    zombies: BTreeMap<(usize, usize), usize>,
    terms: BTreeMap<u32, (u64, u64)>,
    writes: BTreeMap<(usize, bool), Vec<(At, usize)>>,
    stops: BTreeMap<usize, At>,
    api_pace: bool,
    /// Things that were done to this world after which some invariants cannot hold.
    pub(super) unsaved: bool,
    pub(super) amnesia: bool,
    pub(super) twins: bool,
    pub(super) leases_touched: bool,
    /// Somebody wished for another number of shards than the others.
    pub(super) recut: bool,
    pub(super) clocks_stood_still: bool,
    /// Seats that somebody serves who is not elected.
    unelected: BTreeSet<u32>,
    pub(super) figures: Figures,
}

/// What was seen, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) sent: u64,
    pub(super) doubled: u64,
    pub(super) zombies: u64,
    pub(super) undurable: u64,
    pub(super) takeovers: u64,
}

impl Oracle {
    pub(super) fn new(plan: &Plan) -> Oracle {
        Oracle {
            broken: None,
            messages: Vec::new(),
            taken: [const { Vec::new() }; SINKS],
            deliveries: BTreeMap::new(),
            opened: BTreeMap::new(),
            closed: BTreeMap::new(),
            intents: Intents::default(),
            repeats: BTreeMap::new(),
            zombies: BTreeMap::new(),
            terms: BTreeMap::new(),
            writes: BTreeMap::new(),
            stops: BTreeMap::new(),
            api_pace: plan.api_pace,
            unsaved: false,
            amnesia: false,
            twins: false,
            leases_touched: false,
            recut: false,
            clocks_stood_still: false,
            unelected: plan
                .seats
                .iter()
                .filter(|seat| seat.election.is_none())
                .map(|seat| seat.seat)
                .collect(),
            figures: Figures::default(),
        }
    }

    /// Something must never be, and is. The first finding counts.
    pub(super) fn breaks(&mut self, what: &'static str, how: impl Into<String>) {
        self.broken.get_or_insert(Broken { what, how: how.into() });
    }

    /// Somebody edited, deleted or put back the stored state of a seat.
    pub(super) fn state_touched(&mut self, act: Act) {
        self.amnesia |= !matches!(act, Act::EditHead { .. });
        self.terms.clear();
    }

    /// Somebody serves a seat who is not elected.
    pub(super) fn unelected(&mut self, seat: u32) {
        self.unelected.insert(seat);
    }

    /// Two believe to hold one Lease.
    pub(super) fn two_leases(&mut self) {
        // A copy of a pod, uid included, takes the Lease for that of its own dead container.
        if !(self.leases_touched || self.clocks_stood_still || self.twins) {
            self.breaks("one Lease, one holder", "two processes believe to hold it");
        }
    }

    /// A head was applied.
    pub(super) fn committed(&mut self, seat: u32, life: usize, (term, seq): (u64, u64)) {
        let before = self.terms.insert(seat, (term, seq));
        let Some((old_term, old_seq)) = before else { return };
        self.figures.takeovers += u64::from(term > old_term);
        if term < old_term {
            self.breaks(
                "no commit of an older term after a seal",
                format!("{term} after {old_term} by {life}"),
            );
        }
        // What was put back may have had two writers go on from it: of two terms, only the younger counts.
        if seq < old_seq && !(self.amnesia && term > old_term) {
            self.breaks("commits are counted upwards", format!("{seq} after {old_seq} by {life}"));
        }
    }

    /// A part is written: heads and segments at most twelve a second and half a MiB, buckets at most two and one MiB.
    pub(super) fn writes(&mut self, life: usize, (part, bytes): (Part, usize), at: At) {
        if !self.api_pace {
            return;
        }
        let bucket = matches!(part, Part::Bucket(_));
        let times = self.writes.entry((life, bucket)).or_default();
        times.retain(|(then, _)| *then + 10 * SECOND > at);
        times.push((at, bytes));
        let (count, written) = (times.len(), times.iter().map(|(_, bytes)| bytes).sum::<usize>());
        // Clocks that run fast, and a retry at once after a conflict.
        let (most, most_bytes) =
            if bucket { (10 * 2 + 6, 10 << 20) } else { (10 * 12 * 12 / 10 + 12, 5 << 20) };
        if count > most {
            let how = format!("{count} writes of process {life} in ten seconds");
            self.breaks("the budget of writes", how);
        }
        if written > most_bytes {
            let how = format!("{written} bytes of process {life} in ten seconds");
            self.breaks("the budget of bytes", how);
        }
    }

    /// So many sends of one process to a sink are not settled.
    pub(super) fn window(&mut self, sink: usize, unsettled: usize) {
        if unsettled > WINDOWS[sink] {
            self.breaks("the window of unsettled sends", format!("{unsettled} to sink {sink}"));
        }
    }

    /// A process was asked to stop.
    pub(super) fn stops(&mut self, life: usize, at: At) {
        self.stops.insert(life, at);
    }

    /// A process has ended.
    pub(super) fn ended(&mut self, life: usize) {
        self.writes.remove(&(life, true));
        self.writes.remove(&(life, false));
        self.stops.remove(&life);
    }

    /// Those who were asked to stop, and when.
    pub(super) fn stopping(&self) -> impl Iterator<Item = (usize, At)> + '_ {
        self.stops.iter().map(|(life, at)| (*life, *at))
    }

    /// The first byte of a message leaves. `saved` tells whether a head of a process beyond this one was applied.
    pub(super) fn departs(
        &mut self,
        at: At,
        sender: Sender,
        (sink, said): (usize, &Notification),
        saved: &dyn Fn(usize, u64) -> bool,
    ) -> usize {
        let about = Said::all(said);
        let message = Message {
            at,
            sink,
            sender,
            action: said.action,
            delivery: said.delivery.clone(),
            about,
            outcome: None,
        };
        let own = message.about.iter().all(|said| said.own);
        self.figures.sent += 1;
        self.figures.undurable += u64::from(sender.undurable);
        if !own {
            self.durable(&message);
            self.fenced(&message);
            self.repeats(&message, saved);
        }
        self.owned(&message, said);
        self.suppressed(&message);
        self.ordered(&message, saved);
        let number = self.messages.len();
        for said in &message.about {
            let key = said.stream(sink);
            match message.action {
                Action::Resolved => drop(self.closed.entry(key).or_default().insert(number)),
                _ => drop(self.opened.entry(key).or_insert(number)),
            }
        }
        self.deliveries.entry((sink, message.delivery.clone())).or_default().push(number);
        self.messages.push(message);
        number
    }

    fn durable(&mut self, message: &Message) {
        if !message.sender.undurable && !message.sender.committed {
            let how = format!("{} to sink {} left without its commit", message.delivery, message.sink);
            self.breaks("intent before send", how);
        }
    }

    /// Whoever was sealed over sends what it had committed before, and no more than its window.
    fn fenced(&mut self, message: &Message) {
        let Sender { term, in_force, life, elected, .. } = message.sender;
        if !message.sender.is_sealed_over() {
            return;
        }
        // Where some are elected and others not, no Lease keeps them apart, and a store that does not answer, or takes
        // nothing, fences nobody: who opened without it tells until it shows that another lives.
        let apart = !self.unelected.contains(&message.sender.seat.0);
        if !apart && message.sender.undurable && (message.sender.unsealed || message.sender.deaf) {
            return;
        }
        self.figures.zombies += 1;
        let count = self.zombies.entry((life, message.sink)).or_default();
        *count += 1;
        if *count > WINDOWS[message.sink] {
            let how =
                format!("process {life} sent {count} messages to sink {} after another's seal", message.sink);
            self.breaks("a fenced replica sends at most its window", how);
        }
        let sane = !(self.clocks_stood_still || self.leases_touched || self.twins);
        if elected && sane && apart {
            let how = format!("process {life} sends in term {term:?}, and {in_force} is in force");
            self.breaks("never two senders", how);
        }
    }

    /// What was sent before is sent again only if nobody can know that it arrived.
    fn repeats(&mut self, message: &Message, saved: &dyn Fn(usize, u64) -> bool) {
        let key = (message.sink, message.delivery.clone());
        let Some(before) = self.deliveries.get(&key) else { return };
        let Some(last) = before.last().map(|last| &self.messages[*last]) else { return };
        // What its sink surely never took is not told twice, and what its sender knew to be in doubt it would have tried
        // again itself.
        let doubted = matches!(&last.outcome, Some((Verdict::Retry { in_doubt: true, .. }, _)));
        let twice = !doubted && before.iter().any(|before| self.messages[*before].may_be_taken());
        let same_hold = (last.sender.life, last.sender.hold) == (message.sender.life, message.sender.hold);
        self.figures.doubled += 1;
        if let Some((Verdict::Done, heads)) = &last.outcome {
            let Sender { undurable, deaf, unsealed, term, .. } = message.sender;
            // Who opened the seat without the store has read nothing of it, and whoever was sealed over cannot know what its
            // successor heard since; how much that may be is counted above.
            let succeeded = match message.sender.seat.0 == last.sender.seat.0 {
                true => term.zip(last.sender.term).is_some_and(|(mine, theirs)| mine < theirs),
                false => message.sender.is_sealed_over(),
            };
            let blind = undurable && (deaf || unsealed) || succeeded;
            // Who told without the store, by the number of shards that it wishes, told what may be another's.
            let elsewhere = message.sender.seat.0 != last.sender.seat.0;
            let forgotten = self.recut && last.sender.undurable && elsewhere;
            let known = same_hold || saved(last.sender.life, *heads) && !blind && !forgotten;
            let again = message.sink == KEYED && message.action == Action::Resolved;
            if known && !again && !self.amnesia {
                let how =
                    format!("{} was taken by sink {}, and is sent again", message.delivery, message.sink);
                return self.breaks("what was taken is not repeated", how);
            }
        }
        if !same_hold && twice {
            let Sender { life, hold, seat, .. } = message.sender;
            let count = self.repeats.entry((message.sink, seat.0, life, hold)).or_default();
            *count += 1;
            if *count > WINDOWS[message.sink] && !self.unsaved && !self.amnesia {
                let how = format!("{count} repeats to sink {} by one takeover", message.sink);
                self.breaks("a takeover repeats at most a window", how);
            }
        }
    }

    /// The seat of an object is the reference's formula.
    fn owned(&mut self, message: &Message, said: &Notification) {
        let (seat, total) = message.sender.seat;
        for report in said.reports.iter().filter(|report| total > 1 && !report.name.starts_with("shard-")) {
            let text = format!("{}/{}/{}", report.kind, report.namespace, report.name);
            let wanted = fnv32a(text.as_bytes()) % total;
            if wanted != seat && message.action != Action::Resolved {
                let how = format!("seat {seat} of {total} tells of {text}, which is seat {wanted}'s");
                self.breaks("one owner for each stream", how);
            }
        }
    }

    fn suppressed(&mut self, message: &Message) {
        let quiet = |said: &&Said| [INHIBITED, SILENCED].contains(&said.name.as_str());
        if let Some(said) = message.about.iter().find(quiet) {
            let how = format!("{} {} was told to sink {}", said.reason, said.name, message.sink);
            self.breaks("nothing suppressed is sent", how);
        }
    }

    /// An end goes to whom was told of the beginning, and nothing of an episode follows its end. Whoever takes over an
    /// intent without an outcome cannot know that nothing left: it is in doubt, and ended in any case.
    fn ordered(&mut self, message: &Message, saved: &dyn Fn(usize, u64) -> bool) {
        for said in &message.about {
            let key = said.stream(message.sink);
            let ends = message.action == Action::Resolved;
            let told = self.opened.contains_key(&key) || self.intents.committed(&key, saved);
            if ends && !told && !self.amnesia {
                let how = format!("{} {} {} at sink {}", said.reason, said.name, said.episode, message.sink);
                return self.breaks("an end goes to whom was told", how);
            }
            let Some(before) = self.closed.get(&key).filter(|_| !ends) else { continue };
            let zombie = |end: &usize| {
                let ended = &self.messages[*end].sender;
                match message.sender.seat.0 == ended.seat.0 {
                    true => message.sender.term < ended.term,
                    false => message.sender.is_sealed_over(),
                }
            };
            if !before.iter().all(zombie) && !self.amnesia && !self.unsaved && !said.own {
                let how = format!("{} {} {} at sink {}", said.reason, said.name, said.episode, message.sink);
                return self.breaks("nothing of an episode follows its end", how);
            }
        }
    }

    /// The sender of a message has heard what became of it.
    pub(super) fn settled(&mut self, message: usize, verdict: &Verdict, heads: u64) {
        let number = message;
        let Some(message) = self.messages.get_mut(number) else { return };
        message.outcome = Some((verdict.clone(), heads));
        if message.may_be_taken() {
            return;
        }
        for said in &message.about {
            let key = said.stream(message.sink);
            if let Some(ends) = self.closed.get_mut(&key) {
                ends.remove(&number);
            }
        }
    }

    /// A sink takes a message.
    pub(super) fn arrives(&mut self, at: At, message: usize) {
        let sink = self.messages[message].sink;
        self.taken[sink].push((at, message));
    }

    /// The deliveries by which a sink may have been told of each episode's beginning or end: there should be one. What
    /// never reached it counts for nothing: an end that was refused until the problem was back is another than the last.
    pub(super) fn ids(&self, sink: usize, ends: bool) -> BTreeMap<(String, String), BTreeSet<&str>> {
        let mut ids: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let about = |action: Action| match ends {
            true => action == Action::Resolved,
            false => matches!(action, Action::First | Action::Digest(_)),
        };
        let said =
            |message: &&Message| message.sink == sink && about(message.action) && message.may_be_taken();
        for message in self.messages.iter().filter(said) {
            for said in &message.about {
                let key = (said.fingerprint.clone(), said.episode.clone());
                ids.entry(key).or_default().insert(message.delivery.as_str());
            }
        }
        ids
    }
}
