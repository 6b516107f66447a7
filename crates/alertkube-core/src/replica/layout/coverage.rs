//! Whether every share is served, and by one process: seats look after each other.

use crate::alert::Alert;
use crate::detect::Finding;
use crate::limits::LAYOUT_DOUBLED_FOR;
use crate::own::{OWN_KIND, seat_of, stays};
use crate::replica::Replica;
use crate::replica::health::own_finding;
use crate::time::Now;

/// What a shard is called in alerts about ourselves.
pub(crate) fn shard_name(seat: u32) -> String {
    format!("shard-{seat}")
}

impl Replica {
    /// Whether the seat of this process answers for an alert. What is about its own state is its own; that a shard is
    /// uncovered is told by the lowest seat that is there, of the others.
    pub(in crate::replica) fn owns(&self, alert: &Alert) -> bool {
        let (me, total) = (self.station.seat.0, self.layouts.total);
        if total <= 1 {
            return true;
        }
        if !stays(OWN_KIND, alert.condition.reason) || alert.subject.kind != OWN_KIND {
            return seat_of(&alert.subject, total).0 == me;
        }
        match alert.condition.reason {
            "ShardUncovered" => self.told_here(alert) || self.teller_of(&alert.subject.name) == Some(me),
            _ => *alert.subject.name == *shard_name(me),
        }
    }

    fn told_here(&self, alert: &Alert) -> bool {
        self.memory.open(alert.fingerprint)
    }

    /// The seat that says that a shard is uncovered.
    fn teller_of(&self, shard: &str) -> Option<u32> {
        let me = self.station.seat.0;
        let there = |seat: &u32| {
            *seat == me || self.layouts.peers.get(*seat).is_some_and(|peer| !peer.is_uncovered())
        };
        (0..self.layouts.total).filter(|seat| shard_name(*seat) != shard).find(there)
    }

    /// Shards of the layout that nobody serves, as far as this process sees.
    pub(in crate::replica) fn uncovered(&self) -> Vec<u32> {
        if self.layouts.total <= 1 || self.station.keep.is_none() {
            return Vec::new();
        }
        let others = self.layouts.peers.among(self.layouts.total, self.station.seat.0);
        others
            .filter(|(_, peer)| peer.is_some_and(super::peers::Peer::is_uncovered))
            .map(|(seat, _)| seat)
            .collect()
    }

    /// Who else serves the seat of this process, and has been fenced.
    pub(in crate::replica) fn doubled(&self) -> Option<&str> {
        self.layouts.doubled.as_ref().map(|(by, ..)| by.as_str())
    }

    /// Another process for this seat says that it is still there.
    pub(in crate::replica) fn hear_double(&mut self, now: Now, by: String) {
        let since = self.layouts.doubled.as_ref().map_or(now.boot, |(_, since, _)| *since);
        self.layouts.doubled = Some((by, since, now.boot));
        self.observe_double(now);
    }

    fn observe_double(&mut self, now: Now) {
        let over = |(_, _, last): &(_, _, std::time::Duration)| now.boot > *last + LAYOUT_DOUBLED_FOR;
        if self.layouts.doubled.as_ref().is_some_and(over) {
            self.layouts.doubled = None;
        }
        let finding = self.layouts.doubled.as_ref().map(|(by, since, _)| {
            let (seat, identity) = (self.station.seat.0, &self.station.identity);
            let text =
                format!("{by} serves shard {seat} as well as {identity} does; it was fenced and is silent");
            own_finding(now, *since, text)
        });
        self.observe_own(now, "ShardDoubled", &shard_name(self.station.seat.0), finding);
    }

    /// Looks at whether the others are there.
    pub(super) fn observe_coverage(&mut self, now: Now) {
        if !self.layouts.tells {
            return;
        }
        let (me, total) = (self.station.seat.0, self.layouts.total);
        let mut observed: Vec<(String, Option<Finding>)> = Vec::new();
        for (seat, peer) in self.layouts.peers.among(total, me) {
            let since = peer.and_then(super::peers::Peer::vacant_since);
            let holder =
                peer.and_then(|peer| peer.head()).map(|head| head.holder.clone()).unwrap_or_default();
            let last =
                if holder.is_empty() { String::new() } else { format!("; {holder} was the last to do so") };
            let text = format!("no process serves shard {seat} of {total}{last}");
            observed.push((shard_name(seat), since.map(|since| own_finding(now, since, text))));
        }
        let told = self.tracker.iter().filter(|(_, alert)| alert.condition.reason == "ShardUncovered");
        let names: Vec<String> = told.map(|(_, alert)| alert.subject.name.to_string()).collect();
        let known: Vec<String> = observed.iter().map(|(name, _)| name.clone()).collect();
        observed.extend(names.into_iter().filter(|name| !known.contains(name)).map(|name| (name, None)));
        for (name, finding) in observed {
            self.observe_own(now, "ShardUncovered", &name, finding);
        }
        self.observe_double(now);
    }
}
