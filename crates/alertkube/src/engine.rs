//! The loop that owns the replica: effects out, inputs in, one at a time, no lock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use alertkube_core::{
    Answer, AttemptId, Effect, Input, Key, KindId, Now, Question, Records, Replica, SeatId, Settings, Status,
    Verdict, WatchEvent, WatchPlan, WriteId,
};
use anyhow::{Context, bail};
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::limits::{BEAT_EVERY, INBOX_MAX, STOP_BY};
use crate::panics::Panics;
use crate::send::Sender;
use crate::state::StateDir;
use crate::telemetry::Telemetry;

/// What reaches the engine from the tasks around it.
#[derive(Debug)]
pub(crate) enum Signal {
    /// The watch of a kind says something.
    Watch(KindId, WatchEvent),
    /// An attempt ended.
    Replied(AttemptId, Verdict),
    /// Stop in good order.
    Stop,
}

/// The engine's mailbox, for those who write to it.
pub(crate) type Inbox = mpsc::Sender<Signal>;

/// What the engine works with.
pub(crate) struct Parts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Clock,
    pub(crate) sender: Arc<Sender>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) state: Option<PathBuf>,
    pub(crate) tasks: TaskTracker,
    /// Where messages are sent, so that a slow handshake holds up no event.
    pub(crate) outward: tokio::runtime::Handle,
    pub(crate) status: watch::Sender<Option<Status>>,
    pub(crate) follow: Start,
}

/// Starts following the kinds of a plan, until the inbox that it is given is closed.
pub(crate) type Start = Box<dyn FnMut(WatchPlan, Inbox) -> anyhow::Result<()> + Send>;

/// The loop around one replica.
pub(crate) struct Engine {
    replica: Replica,
    parts: Parts,
    inbox: Inbox,
    signals: mpsc::Receiver<Signal>,
    /// What the watches say. A replica that is built anew watches anew: with this the old watches end, and what they
    /// still say is not heard.
    watched: mpsc::Receiver<Signal>,
    state: Option<StateDir>,
    panics: Panics,
    /// How the replica takes an input; tests put something in between.
    take_in: fn(&mut Replica, Now, Input),
    stopped: bool,
}

impl Engine {
    /// An engine that has seen nothing yet, with the memory of its predecessor if there is one.
    pub(crate) fn new(mut parts: Parts, seed: u64) -> anyhow::Result<Engine> {
        let (inbox, signals) = mpsc::channel(INBOX_MAX);
        let now = parts.clock.now();
        let mut replica = Replica::new(Arc::clone(&parts.settings), seed, now);
        let state = parts.state.take().map(StateDir::new);
        let records = state.as_ref().map_or(Ok(None), StateDir::load)?;
        replica.handle(now, Input::Loaded(SeatId::default(), records));
        let (_, watched) = mpsc::channel(INBOX_MAX);
        let panics = Panics::default();
        let take_in = Replica::handle;
        Ok(Engine { replica, parts, inbox, signals, watched, state, panics, take_in, stopped: false })
    }

    /// Where signals go.
    pub(crate) fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Runs until the replica has stopped.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let mut beat = self.parts.clock.now().boot;
        while !self.stopped {
            self.drain()?;
            let now = self.parts.clock.now().boot;
            if now >= beat {
                self.publish();
                beat = self.parts.clock.now().boot + BEAT_EVERY;
            }
            let wake = self.replica.deadline().map_or(beat, |(at, _)| at.min(beat));
            let signal = tokio::select! {
                biased;
                signal = self.signals.recv() => signal,
                Some(signal) = self.watched.recv() => Some(signal),
                () = self.parts.clock.sleep_until(wake) => None,
            };
            self.take(signal)?;
        }
        Ok(())
    }

    /// Takes what has arrived, and all that waits behind it, before looking at the clock again.
    fn take(&mut self, first: Option<Signal>) -> anyhow::Result<()> {
        let Some(first) = first else { return self.handle(Input::Tick) };
        self.handle(self.input(first))?;
        for _ in 0..INBOX_MAX {
            let Ok(signal) = self.signals.try_recv().or_else(|_| self.watched.try_recv()) else { break };
            self.handle(self.input(signal))?;
        }
        Ok(())
    }

    fn input(&self, signal: Signal) -> Input {
        match signal {
            Signal::Watch(kind, event) => Input::Watch(kind, event),
            Signal::Replied(attempt, verdict) => Input::Replied(attempt, verdict),
            Signal::Stop => Input::Stop { by: self.parts.clock.now().boot + STOP_BY },
        }
    }

    /// A panic inside the replica leaves it in an unknown state: it is built anew from its memory, without the object
    /// that the input was about. (A panic of one object's conditions is contained by the replica itself.)
    fn handle(&mut self, input: Input) -> anyhow::Result<()> {
        let now = self.parts.clock.now();
        let about = about(&input);
        let (replica, take_in) = (&mut self.replica, self.take_in);
        if catch_unwind(AssertUnwindSafe(|| take_in(replica, now, input))).is_err() {
            self.rebuild(about)?;
        }
        self.drain()
    }

    fn rebuild(&mut self, without: Option<Key>) -> anyhow::Result<()> {
        let now = self.parts.clock.now();
        if self.panics.one_too_many(now.boot) {
            bail!("the replica panicked again and again; see the messages above");
        }
        tracing::error!(about = ?without, "the replica panicked and is built anew; see the message above");
        // What it had yet to do is told again by its successor; what it had to say is still said.
        while let Some(effect) = self.replica.poll() {
            if let Effect::Fact(fact) = effect {
                self.parts.telemetry.record(&fact);
            }
        }
        let replica = &self.replica;
        let rebuilt = catch_unwind(AssertUnwindSafe(|| replica.rebuilt(now, without)));
        self.replica = rebuilt.ok().context("the replica panicked, and cannot be built anew")?;
        Ok(())
    }

    fn drain(&mut self) -> anyhow::Result<()> {
        while let Some(effect) = self.replica.poll() {
            match effect {
                Effect::Watch(plan) => {
                    let (inbox, watched) = mpsc::channel(INBOX_MAX);
                    self.watched = watched;
                    (self.parts.follow)(plan, inbox)?;
                }
                Effect::Store(write, _, records) => self.store(write, &records),
                Effect::Send(attempt, sink, notification, not_after) => {
                    let (sender, inbox) = (Arc::clone(&self.parts.sender), self.inbox());
                    let sending = async move {
                        let verdict = sender.attempt(sink, &notification, not_after).await;
                        // The engine is gone only when nobody waits for the verdict any more.
                        let _gone = inbox.send(Signal::Replied(attempt, verdict)).await;
                    };
                    self.parts.tasks.spawn_on(sending, &self.parts.outward);
                }
                Effect::Fact(fact) => self.parts.telemetry.record(&fact),
                Effect::Stopped => self.stopped = true,
            }
        }
        Ok(())
    }

    fn store(&mut self, write: WriteId, records: &Records) {
        let result = match &self.state {
            Some(state) => state.save(records).map_err(|error| format!("{error:#}")),
            None => Ok(()),
        };
        if let Err(why) = &result {
            tracing::error!(why, "the memory could not be stored");
        }
        let now = self.parts.clock.now();
        self.replica.handle(now, Input::Stored(write, result));
    }

    fn publish(&mut self) {
        if let Answer::Status(status) = self.replica.ask(self.parts.clock.now(), &Question::Status) {
            self.parts.telemetry.status(&status);
            // Nobody listens when no HTTP server was asked for.
            let _unheard = self.parts.status.send(Some(*status));
        }
    }
}

/// The object that an input is about.
fn about(input: &Input) -> Option<Key> {
    match input {
        Input::Watch(_, WatchEvent::Seen(view)) => Some(view.key()),
        Input::Watch(_, WatchEvent::Gone(key)) => Some(*key),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
