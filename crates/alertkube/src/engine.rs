//! The loop that owns the replica: effects out, inputs in, one at a time, no lock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use alertkube_core::{
    Answer, AttemptId, Effect, Input, KindId, Question, Records, Replica, SeatId, Settings, Status, Verdict,
    WatchEvent, WatchPlan, WriteId,
};
use anyhow::bail;
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::limits::{BEAT_EVERY, INBOX_MAX, STOP_BY};
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
    pub(crate) status: watch::Sender<Option<Status>>,
    pub(crate) follow: Start,
}

/// Starts following the kinds of a plan.
pub(crate) type Start = Box<dyn FnOnce(WatchPlan, Inbox) -> anyhow::Result<()> + Send>;

/// The loop around one replica.
pub(crate) struct Engine {
    replica: Replica,
    parts: Parts,
    inbox: Inbox,
    signals: mpsc::Receiver<Signal>,
    follow: Option<Start>,
    state: Option<StateDir>,
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
        let follow = std::mem::replace(&mut parts.follow, Box::new(|_, _| Ok(())));
        Ok(Engine { replica, parts, inbox, signals, follow: Some(follow), state, stopped: false })
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
            let Ok(signal) = self.signals.try_recv() else { break };
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

    /// A panic inside the replica leaves it in an unknown state: the process ends, and its successor starts from the
    /// cluster as it stands. (A panic of one object's conditions is contained by the replica itself.)
    fn handle(&mut self, input: Input) -> anyhow::Result<()> {
        let now = self.parts.clock.now();
        let replica = &mut self.replica;
        if catch_unwind(AssertUnwindSafe(|| replica.handle(now, input))).is_err() {
            bail!("the replica panicked; see the message above");
        }
        self.drain()
    }

    fn drain(&mut self) -> anyhow::Result<()> {
        while let Some(effect) = self.replica.poll() {
            match effect {
                Effect::Watch(plan) => {
                    if let Some(follow) = self.follow.take() {
                        follow(plan, self.inbox())?;
                    }
                }
                Effect::Store(write, _, records) => self.store(write, &records),
                Effect::Send(attempt, sink, notification, not_after) => {
                    let (sender, inbox) = (Arc::clone(&self.parts.sender), self.inbox());
                    self.parts.tasks.spawn(async move {
                        let verdict = sender.attempt(sink, &notification, not_after).await;
                        // The engine is gone only when nobody waits for the verdict any more.
                        let _gone = inbox.send(Signal::Replied(attempt, verdict)).await;
                    });
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
