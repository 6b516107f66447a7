//! Carries acts out.

use std::time::Duration;

use alertkube_core::{Input, KindId};

use super::clock::{At, SECOND};
use super::life::Slot;
use super::plan::{Act, CALM, Seat, Stillness};
use super::world::{Event, World};

/// How long a replica has for its end.
const STOP_BY: Duration = Duration::from_secs(5);

impl World {
    pub(super) fn act(&mut self, index: usize) {
        let act = self.plan.acts[index].1;
        self.note(|| format!("act {index}: {act:?}"));
        match act {
            Act::Pod(pod, fate) => {
                if self.ground.become_of(self.now, pod, fate) {
                    self.publish(KindId::Pod);
                }
            }
            Act::Node(ready) => {
                self.ground.node_b(self.now, ready);
                self.publish(KindId::Node);
            }
            Act::Crash { slot, .. }
            | Act::Trap { slot, .. }
            | Act::Stop { slot, .. }
            | Act::CutWatches { slot, .. }
            | Act::Deafen { slot }
            | Act::Panic { slot } => {
                if let Some(life) = self.living(slot) {
                    self.act_on_life(life, act);
                }
            }
            Act::Still { .. }
            | Act::Step { .. }
            | Act::CutApi { .. }
            | Act::CutSinks { .. }
            | Act::Forbid { .. }
            | Act::Lag { .. }
            | Act::Twin { .. } => self.act_on_slot(act),
            Act::Rollout { total, apart, rest } => self.roll_out(total, (apart, rest)),
            Act::Stray { slot, total, span } => self.stray(slot, total, span),
            Act::Sink { sink, mood, span } => self.sinks[sink] = (mood, self.now + span),
            Act::Refuse { why, span } => self.refuses = (Some(why), self.now + span),
            Act::Choke { span } => self.chokes = self.now + span,
            Act::Away { span } => {
                self.away = self.now + span;
                for life in 0..self.lives.len() {
                    self.loses_api(life);
                }
            }
            Act::DeleteLease { .. }
            | Act::EmptyLease { .. }
            | Act::EditHead { .. }
            | Act::DeleteHead { .. }
            | Act::Restore { .. } => self.act_on_state(act),
        }
    }

    fn act_on_life(&mut self, life: usize, act: Act) {
        match act {
            Act::Crash { rest, in_place, .. } => self.crash(life, rest, in_place),
            Act::Trap { on, rest, in_place, .. } => self.lives[life].trap = Some((on, rest, in_place)),
            Act::Stop { rest, .. } => self.ask_to_stop(life, rest),
            Act::CutWatches { expired, .. } => {
                self.cut_watches(life, expired);
                self.cut_lease_watch(life);
            }
            Act::Deafen { .. } => self.deafen(life),
            Act::Panic { .. } => self.panic(life),
            _ => {}
        }
    }

    /// A process is asked to stop, unless it was before; the next begins so much after its end.
    pub(super) fn ask_to_stop(&mut self, life: usize, rest: At) {
        if self.lives[life].stopping.is_some() {
            return;
        }
        self.lives[life].stopping = Some(rest);
        let slot = &self.slots[self.lives[life].slot];
        let by = slot.clock.boot(self.now.max(slot.asleep)) + STOP_BY;
        self.oracle.stops(life, self.now.max(self.slots[self.lives[life].slot].asleep));
        self.mail(life, Input::Stop { by });
    }

    fn act_on_slot(&mut self, act: Act) {
        let now = self.now;
        match act {
            Act::Still { slot, span, how } if self.slots[slot].asleep <= now => {
                self.slots[slot].asleep = now + span;
                if how != Stillness::Paused {
                    self.oracle.clocks_stood_still = true;
                    let corrected = how == Stillness::Corrected;
                    self.at(now + span, Event::Thaw { slot, span, corrected });
                }
            }
            Act::Step { slot, seconds } => self.slots[slot].clock.step += seconds * 1000,
            Act::CutApi { slot, span } => {
                self.slots[slot].cut_api = now + span;
                if let Some(life) = self.living(slot) {
                    self.loses_api(life);
                }
            }
            Act::CutSinks { slot, span } => self.slots[slot].cut_sinks = now + span,
            Act::Forbid { slot, span } => {
                self.slots[slot].forbidden = now + span;
                if let Some(life) = self.living(slot) {
                    let why = alertkube_core::LostWhy::Unreachable("cut".to_owned());
                    self.breaks(life, KindId::Pod, why);
                }
            }
            Act::Lag { slot, lag, span } => self.slots[slot].lag = (lag, now + span),
            Act::Twin { slot, span } => self.twin(slot, span),
            _ => {}
        }
    }

    /// A machine does not reach the API server any more: its lines break, or nothing is heard over them.
    fn loses_api(&mut self, life: usize) {
        if !self.is_alive(life) {
            return;
        }
        self.cut_lease_watch(life);
        match self.dice.chance(500) {
            true => self.cut_watches(life, false),
            false => self.deafen(life),
        }
    }

    /// A second process with the name of a slot's pod, on a machine of its own.
    fn twin(&mut self, slot: usize, span: At) {
        let (seat, name, pod) = (self.slots[slot].seat, self.slots[slot].name.clone(), self.slots[slot].pod);
        let mut clock = self.slots[slot].clock.clone();
        clock.offset += Duration::from_secs(1000);
        let mut twin = Slot::new(Seat { ..seat }, clock, name);
        // Somebody copied the pod with its environment, or has only given it the same name.
        twin.pod = pod + self.dice.below(2);
        self.slots.push(twin);
        self.oracle.twins = true;
        let twin = self.slots.len() - 1;
        self.at(self.now, Event::Start(twin));
        self.at((self.now + span).min(CALM), Event::EndTwin(twin));
    }

    pub(super) fn end_twin(&mut self, slot: usize) {
        self.slots[slot].closed = true;
        if let Some(life) = self.living(slot) {
            self.die(life);
        }
        // Where nobody is elected, whoever was fenced by it stays silent until its process ends.
        for other in 0..self.slots.len() {
            let same = self.slots[other].seat.seat == self.slots[slot].seat.seat;
            let restarts = same && self.slots[other].seat.election.is_none();
            if let Some(life) = self.living(other).filter(|_| restarts) {
                self.crash(life, SECOND, true);
            }
        }
    }

    fn act_on_state(&mut self, act: Act) {
        let done = match act {
            Act::DeleteLease { seat } => {
                self.oracle.leases_touched |= self.server.leases.remove(&seat).is_some();
                self.spread_lease(seat);
                false
            }
            Act::EmptyLease { seat } => {
                if let Some(mut lease) = self.server.leases.get(&seat).cloned() {
                    lease.holder.clear();
                    self.oracle.leases_touched = true;
                    self.server.put_lease(seat, lease);
                    self.spread_lease(seat);
                }
                false
            }
            Act::EditHead { seat } => self.server.edit_head(seat),
            Act::DeleteHead { seat } => self.server.delete_head(seat),
            Act::Restore { seat, back } => self.server.restore(seat, self.now.saturating_sub(back)),
            _ => false,
        };
        if done {
            self.oracle.state_touched(act);
        }
    }
}
