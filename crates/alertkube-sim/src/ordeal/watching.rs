//! The watches of every process: lists and streams of the cluster's objects, as two API servers give them that lag
//! behind differently, and as lines between here and there break.

use std::time::Duration;

use alertkube_core::{Epoch, Input, KindId, LostWhy, WatchEvent};

use super::clock::{MILLI, SECOND};
use super::life::Stream;
use super::world::{Event, World};

/// Without a word for so long, a watch is taken for half-dead.
const SILENCE: Duration = Duration::from_secs(120);
/// The longest wait before a connection is tried again.
const BACK_OFF: u64 = 30;

impl World {
    /// A replica follows these kinds from now on, and no others.
    pub(super) fn watch(&mut self, life: usize, kinds: &[KindId]) {
        let state = &mut self.lives[life];
        state.round += 1;
        let round = state.round;
        // What the old watches still say is not heard.
        state.mail.retain(|input| !matches!(input, Input::Watch(..)));
        state.streams = kinds.iter().map(|kind| (*kind, Stream::new())).collect();
        for kind in kinds.iter().copied() {
            let at = self.now + self.dice.between(MILLI, 150 * MILLI);
            self.at(at, Event::Connect { life, kind, round, line: 0 });
        }
    }

    fn stream(&mut self, life: usize, kind: KindId, (round, line): (u64, u64)) -> Option<&mut Stream> {
        let state = self.lives.get_mut(life).filter(|state| state.died.is_none() && state.round == round)?;
        state.streams.get_mut(&kind).filter(|stream| stream.line == line)
    }

    /// A connection is tried.
    pub(super) fn connect(&mut self, life: usize, kind: KindId, (round, line): (u64, u64)) {
        if self.stream(life, kind, (round, line)).is_none() {
            return;
        }
        if let Some(until) = self.asleep(life) {
            return self.at(until, Event::Connect { life, kind, round, line });
        }
        let forbidden = kind == KindId::Pod && self.now < self.slots[self.lives[life].slot].forbidden;
        if self.is_cut(life) || forbidden {
            let why = match forbidden {
                true => LostWhy::Forbidden("forbidden".to_owned()),
                false => LostWhy::Unreachable("connection refused".to_owned()),
            };
            return self.breaks(life, kind, why);
        }
        let count = self.ground.count(kind, self.now.saturating_sub(self.lag(life)));
        let Some(stream) = self.stream(life, kind, (round, line)) else { return };
        (stream.open, stream.deaf, stream.said_lost, stream.tries) = (true, false, false, 0);
        let (from, upto) = (stream.cursor, count.max(stream.cursor));
        let events = match stream.resumes {
            true => {
                let epoch = Epoch(stream.epoch);
                stream.cursor = upto;
                let mut events = self.changes(kind, from, upto);
                events.push(WatchEvent::Synced(epoch));
                events
            }
            false => {
                stream.epoch += 1;
                (stream.cursor, stream.resumes) = (count, true);
                let epoch = Epoch(stream.epoch);
                let objects = self.ground.objects(kind, count).into_iter();
                let seen = objects.map(|view| WatchEvent::Seen(Box::new(view)));
                [WatchEvent::Began(epoch)]
                    .into_iter()
                    .chain(seen)
                    .chain([WatchEvent::Synced(epoch)])
                    .collect()
            }
        };
        self.tell(life, kind, events);
        // What changed between that list and now is told soon.
        let upto = self.ground.history(kind).len();
        self.spread(life, kind, upto);
    }

    fn changes(&self, kind: KindId, from: usize, upto: usize) -> Vec<WatchEvent> {
        let changes = self.ground.history(kind).get(from..upto).unwrap_or_default();
        let event = |change: &super::ground::Change| match &change.view {
            Some(view) => WatchEvent::Seen(Box::new(view.clone())),
            None => WatchEvent::Gone(change.key),
        };
        changes.iter().map(event).collect()
    }

    fn lag(&self, life: usize) -> u64 {
        let (lag, until) = self.slots[self.lives[life].slot].lag;
        if self.now < until { lag } else { 0 }
    }

    /// Events of a kind reach the engine, in their order.
    fn tell(&mut self, life: usize, kind: KindId, events: Vec<WatchEvent>) {
        let mut at = self.now + self.delay();
        let round = self.lives[life].round;
        let Some(stream) = self.lives[life].streams.get_mut(&kind) else { return };
        at = at.max(stream.words);
        stream.words = at;
        for event in events {
            self.at(at, Event::Heard { life, round, kind, event });
        }
    }

    pub(super) fn heard(&mut self, life: usize, round: u64, kind: KindId, event: WatchEvent) {
        if self.is_alive(life) && self.lives[life].round == round {
            self.mail(life, Input::Watch(kind, event));
        }
    }

    /// An object of a kind has changed: whoever watches hears of it.
    pub(super) fn publish(&mut self, kind: KindId) {
        let upto = self.ground.history(kind).len();
        for life in 0..self.lives.len() {
            if self.is_alive(life) {
                self.spread(life, kind, upto);
            }
        }
    }

    fn spread(&mut self, life: usize, kind: KindId, upto: usize) {
        let at = self.now + self.lag(life) + self.delay();
        let round = self.lives[life].round;
        let Some(stream) = self.lives[life].streams.get(&kind) else { return };
        let (line, behind) = (stream.line, stream.cursor < upto);
        if stream.open && !stream.deaf && behind {
            self.at(at, Event::Words { life, kind, round, line, upto });
        }
    }

    pub(super) fn words(&mut self, life: usize, kind: KindId, key: (u64, u64), upto: usize) {
        let Some(stream) = self.stream(life, kind, key).filter(|stream| stream.open && !stream.deaf) else {
            return;
        };
        let from = stream.cursor;
        if from < upto {
            stream.cursor = upto;
            let events = self.changes(kind, from, upto);
            self.tell(life, kind, events);
        }
    }

    /// A watch has been silent for too long.
    pub(super) fn silent(&mut self, life: usize, kind: KindId, key: (u64, u64)) {
        if self.stream(life, kind, key).is_some_and(|stream| stream.deaf) {
            self.breaks(life, kind, LostWhy::Silent);
        }
    }

    /// A line breaks, and is tried again after a while.
    pub(super) fn breaks(&mut self, life: usize, kind: KindId, why: LostWhy) {
        let round = self.lives[life].round;
        let Some(stream) = self.lives[life].streams.get_mut(&kind) else { return };
        (stream.open, stream.deaf) = (false, false);
        stream.line += 1;
        stream.tries += 1;
        let (line, first) = (stream.line, !std::mem::replace(&mut stream.said_lost, true));
        let most = (1 << stream.tries.min(5)).min(BACK_OFF);
        let wait = SECOND / 2 + self.dice.below(most * SECOND);
        if first {
            self.tell(life, kind, vec![WatchEvent::Lost(why)]);
        }
        self.at(self.now + wait, Event::Connect { life, kind, round, line });
    }

    /// Every watch of a process breaks; those whose version has expired list anew.
    pub(super) fn cut_watches(&mut self, life: usize, expired: bool) {
        let kinds: Vec<KindId> = self.lives[life].streams.keys().copied().collect();
        for kind in kinds {
            if let Some(stream) = self.lives[life].streams.get_mut(&kind) {
                stream.resumes &= !expired;
            }
            self.breaks(life, kind, LostWhy::Unreachable("connection reset by peer".to_owned()));
        }
    }

    /// Every watch of a process stays open and says nothing any more.
    pub(super) fn deafen(&mut self, life: usize) {
        let (round, silence) = (self.lives[life].round, self.span(life, SILENCE));
        let kinds: Vec<KindId> = self.lives[life].streams.keys().copied().collect();
        for kind in kinds {
            let Some(stream) = self.lives[life].streams.get_mut(&kind) else { continue };
            if stream.open {
                stream.deaf = true;
                let line = stream.line;
                self.at(self.now + silence, Event::Silent { life, kind, round, line });
            }
        }
    }
}
