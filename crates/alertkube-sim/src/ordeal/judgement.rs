//! What must be at the end, when everything has been well for long: the sinks believe what is true.

use std::collections::{BTreeMap, BTreeSet};

use alertkube_core::{Action, Holding};

use super::clock::{At, SECOND};
use super::ground::{INHIBITED, NARROW, PROBED, SECOND_NODE, SILENCED, SOURCE};
use super::message::{Message, Sender};
use super::plan::{CALM, Fate, PROBE, SINKS};
use super::settings::{CLASSES, HOOK, KEYED};
use super::world::{Event, World};
use crate::limits::{
    ORDEAL_DEPTH_MAX, ORDEAL_FILES_MAX, ORDEAL_KEPT_MAX, ORDEAL_KNOWN_MAX, ORDEAL_STORED_MAX,
};

/// How long a process that was asked to stop may take.
const STOP_MAX: At = 15 * SECOND;
/// How long a fault may be untold once all is well.
const TOLD_MAX: At = 60 * SECOND;
impl World {
    /// Looks at what holds at every instant.
    pub(super) fn look(&mut self) {
        let late = self.oracle.stopping().find(|(_, since)| self.now > since + STOP_MAX * 12 / 10);
        if let Some((life, _)) = late.filter(|(life, _)| self.asleep(*life).is_none()) {
            let how = format!("{} was asked to stop 15 s ago", self.lives[life].name);
            if self.plan.slowness < 100 && !self.was_asleep(life) {
                self.oracle.breaks("a stop within 15 s", how);
            }
        }
        if self.now < CALM {
            self.server.copy(self.now);
        }
        if (self.now / SECOND).is_multiple_of(10) {
            self.look_at_sizes();
        }
        self.at(self.now + SECOND, Event::Look);
    }

    fn was_asleep(&self, life: usize) -> bool {
        let slot = &self.slots[self.lives[life].slot];
        slot.asleep + STOP_MAX * 2 > self.now
    }

    /// Holds the end against the truth.
    pub(super) fn judge(&mut self) {
        if self.oracle.broken.is_some() {
            return;
        }
        self.judge_holders();
        self.judge_truth();
        self.judge_probe();
        self.judge_ids();
        self.judge_memory();
        self.judge_fates();
        self.judge_heirs();
    }

    /// Whether a process serves its seat.
    fn holds(&self, life: usize) -> bool {
        self.status(life).is_some_and(|status| status.seat.hold == Holding::Holds)
    }

    /// Everybody who serves a seat.
    pub(super) fn holders(&self) -> Vec<usize> {
        self.slots.iter().filter_map(|slot| slot.life).filter(|life| self.holds(*life)).collect()
    }

    /// One process serves each seat, by the number of seats that everybody wishes.
    fn judge_holders(&mut self) {
        let holders = self.holders();
        for seat in 0..self.shards {
            let its = |life: &&usize| self.slots[self.lives[**life].slot].seat.seat == seat;
            let count = holders.iter().filter(its).count();
            if count != 1 {
                self.oracle.breaks("one holder for each seat", format!("seat {seat} has {count} at the end"));
            }
        }
        let shards = self.shards;
        for life in holders {
            let total = self.status(life).map_or(0, |status| status.seat.total);
            if total != shards {
                let how = format!("{} goes by {total} seats, and {shards} are wished", self.lives[life].name);
                self.oracle.breaks("what everybody wishes is in force", how);
            }
        }
    }

    /// What a sink believes to stand, by the order in which messages left, or in which they arrived where it folds.
    pub(super) fn believed(&self, sink: usize) -> BTreeSet<(String, String)> {
        let mut order: Vec<(At, usize)> = self.oracle.taken[sink].clone();
        if sink != KEYED {
            order.iter_mut().for_each(|(at, message)| *at = self.oracle.messages[*message].at);
            order.sort_by_key(|(at, message)| (*at, *message));
        }
        let mut open = BTreeSet::new();
        for (_, message) in order {
            let message = &self.oracle.messages[message];
            for said in message.about.iter().filter(|said| !said.event && !said.own) {
                let name = (said.reason.clone(), said.name.clone());
                match message.action {
                    Action::Resolved => open.remove(&name),
                    _ => open.insert(name),
                };
            }
        }
        open
    }

    /// The sinks' open set is what stands, and nothing else.
    fn judge_truth(&mut self) {
        let digests = !self.plan.first_run_all;
        for sink in 0..SINKS {
            let believed = self.believed(sink);
            let told = |reason: &str, name: &str| believed.contains(&(reason.to_owned(), name.to_owned()));
            for pod in self.ground.pods().cloned().collect::<Vec<_>>() {
                let quiet = [INHIBITED, SILENCED].contains(&pod.name) || (pod.name == NARROW && sink != HOOK);
                let explained = pod.name == SECOND_NODE && !self.ground.ready;
                let crashes = pod.fate == Fate::Crashes && !quiet && !explained;
                // At a first run what is old opens no incident.
                let missed = crashes
                    && !told("CrashLoopBackOff", pod.name)
                    && !self.is_ended_unheard(sink, ("CrashLoopBackOff", pod.name), pod.since);
                if missed && !(sink == KEYED && digests && (self.oracle.amnesia || pod.since < 60 * SECOND)) {
                    self.oracle.breaks("what stands is told", format!("sink {sink} misses {}", pod.name));
                }
                let over = ["CrashLoopBackOff", "PodNotReady"].iter().find(|reason| {
                    let stands = match pod.fate {
                        // What crashes is not ready either.
                        Fate::Crashes => true,
                        Fate::Unready => **reason == "PodNotReady",
                        Fate::Evicted | Fate::Well | Fate::Gone => false,
                    };
                    !stands && told(reason, pod.name)
                });
                let forgotten = |reason: &&&str| self.is_forgotten(sink, reason, pod.name);
                if let Some(reason) = over.filter(|_| !self.oracle.amnesia).filter(|it| !forgotten(it)) {
                    let how = format!("sink {sink} still believes {reason} {}", pod.name);
                    self.oracle.breaks("what is over is ended", how);
                }
            }
            let source = told("CrashLoopBackOff", SOURCE);
            if !(source || sink == KEYED && digests) {
                self.oracle.breaks("what stands is told", format!("sink {sink} misses {SOURCE}"));
            }
        }
    }

    /// Whether a sink was told of a problem, since it last heard of its end, by those alone who could not store it and are
    /// gone.
    fn is_forgotten(&self, sink: usize, reason: &str, name: &str) -> bool {
        let since_its_end = self.heard_about(sink, reason, name);
        since_its_end
            .take_while(|message| message.action != Action::Resolved)
            .all(|message| self.is_lost_knowledge(message))
    }

    /// Whether the last that a sink was told of a problem is an end that its heir could not know of: by one that could not
    /// store it and is gone, or, after the problem has begun, by one that was sealed over, which the rules for that bound.
    fn is_ended_unheard(&self, sink: usize, (reason, name): (&str, &str), since: At) -> bool {
        let last = self.heard_about(sink, reason, name).next();
        last.filter(|message| message.action == Action::Resolved).is_some_and(|message| {
            let Sender { term, in_force, .. } = message.sender;
            let zombie = term.is_some_and(|term| term < in_force) && message.at >= since;
            self.is_lost_knowledge(message) || zombie
        })
    }

    /// What a sink may have heard of a problem, the last of it first.
    fn heard_about(&self, sink: usize, reason: &str, name: &str) -> impl Iterator<Item = &Message> {
        self.oracle.messages.iter().rev().filter(move |message| {
            let about = message.about.iter().any(|said| said.reason == reason && said.name == name);
            message.sink == sink && about && message.may_be_taken()
        })
    }

    /// Whether nobody can know any more that a message was sent.
    fn is_lost_knowledge(&self, message: &Message) -> bool {
        let Sender { life, undurable, hold, .. } = message.sender;
        let state = &self.lives[life];
        let stored = message.outcome.as_ref().is_some_and(|(_, heads)| state.heads.saved(*heads));
        if !undurable || stored {
            return false;
        }
        // Who leaves the seat to an elected holder, because it hears of one again, forgets what it could not store.
        state.died.is_some() || state.holds != hold || !self.holds(life)
    }

    /// What stands is accounted for at each sink: told there, refused by it, held back by something that has a name, or
    /// routed elsewhere.
    fn judge_fates(&mut self) {
        for life in self.holders() {
            let standing = self.alerts(life).into_iter().filter(|alert| alert.phase == "firing");
            for (alert, (sink, (name, _))) in
                standing.flat_map(|it| CLASSES.iter().enumerate().map(move |sink| (it.clone(), sink)))
            {
                let report = &alert.report;
                let told = alert.told.iter().any(|told| told == name);
                let refused = alert.refused.iter().any(|(refused, _)| refused == name);
                // A sink is not told that it fails itself.
                let itself = report.reason == "SinkFailing" && report.name == *name;
                let elsewhere = itself || report.name == NARROW && sink != HOOK;
                // A digest of a first run opens no incident.
                let silent = sink == KEYED && !self.plan.first_run_all;
                let accounted = told || refused || alert.held.is_some() || silent;
                if told && elsewhere || !accounted && !elsewhere {
                    let how = format!("{} {} at sink {sink}, told: {told}", report.reason, report.name);
                    self.oracle.breaks("a fate for each alert", how);
                }
            }
        }
    }

    /// What a process and its seat's stored state take stays in proportion to what there is.
    fn look_at_sizes(&mut self) {
        for life in self.slots.iter().filter_map(|slot| slot.life).collect::<Vec<_>>() {
            let Some(status) = self.status(life) else { continue };
            let depth = status.sinks.iter().map(|sink| sink.depth).max().unwrap_or(0);
            let (kept, known) = (status.kept, status.active + status.pending);
            for (what, is, most) in [
                ("objects", kept, ORDEAL_KEPT_MAX),
                ("alerts", known, ORDEAL_KNOWN_MAX),
                ("jobs", depth, ORDEAL_DEPTH_MAX),
            ] {
                if is > most {
                    let how = format!("{} has {is} {what}", self.lives[life].name);
                    self.oracle.breaks("the budget of memory", how);
                }
            }
        }
        let most = if self.plan.api_pace { ORDEAL_STORED_MAX } else { ORDEAL_FILES_MAX };
        for (seat, parts) in &self.server.parts {
            let bytes: usize =
                parts.values().map(|(content, _)| content.meta.len() + content.body.len()).sum();
            if bytes > most {
                let how = format!("{bytes} bytes in {} parts of seat {seat}", parts.len());
                return self.oracle.breaks("the budget of memory", how);
            }
        }
    }

    /// A fault that begins when all is well is told soon.
    fn judge_probe(&mut self) {
        for sink in 0..SINKS {
            let about = |message: &usize| {
                let message = &self.oracle.messages[*message];
                message.about.iter().any(|said| said.name == PROBED)
            };
            let told = self.oracle.taken[sink].iter().find(|(_, message)| about(message)).map(|(at, _)| *at);
            if told.is_none_or(|at| at > PROBE + TOLD_MAX) {
                let how = format!("sink {sink} heard of the probe at {told:?}, which began at {PROBE}");
                self.oracle.breaks("no seat is vacant for long", how);
            }
        }
    }

    /// The same is said under the same id.
    fn judge_ids(&mut self) {
        if self.oracle.amnesia || self.oracle.unsaved {
            return;
        }
        for sink in (0..SINKS).filter(|sink| *sink != KEYED) {
            for ends in [false, true] {
                let twice = self.oracle.ids(sink, ends).into_iter().find(|(_, ids)| ids.len() > 1);
                let what = if ends { "end" } else { "beginning" };
                let how = twice.map(|(key, ids)| format!("the {what} of {key:?} at sink {sink}: {ids:?}"));
                if let Some(how) = how {
                    self.oracle.breaks("a repeat has the id of the first", how);
                }
            }
        }
    }

    /// No problem was told as a new one more often than it began.
    fn judge_memory(&mut self) {
        if self.oracle.amnesia || self.oracle.unsaved {
            return;
        }
        let began: BTreeMap<&str, usize> = self.ground.pods().map(|pod| (pod.name, pod.crashes)).collect();
        for sink in 0..SINKS {
            let mut episodes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            let opens = |message: &&Message| {
                let opens = matches!(message.action, Action::First | Action::Digest(_));
                message.sink == sink && opens && message.may_be_taken()
            };
            for message in self.oracle.messages.iter().filter(opens) {
                for said in message.about.iter().filter(|said| said.reason == "CrashLoopBackOff") {
                    episodes.entry(said.name.clone()).or_default().insert(said.episode.clone());
                }
            }
            let most = |name: &str| if name == SOURCE { 1 } else { began.get(name).copied().unwrap_or(0) };
            let twice = episodes.into_iter().find(|(name, episodes)| episodes.len() > most(name));
            if let Some((name, episodes)) = twice {
                let how =
                    format!("{name} was told as {} problems at sink {sink}: {episodes:?}", episodes.len());
                self.oracle.breaks("what was told is not told as new", how);
            }
        }
    }
}
