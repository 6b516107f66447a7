//! The loop that owns the replica: effects out, inputs in, one at a time, no lock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alertkube_core::{
    Answer, AttemptId, Effect, Fact, Input, Key, KindId, LeaseNews, Now, Part, PartRead, PartWrite, Question,
    Replica, SeatFact, SeatId, Settings, SinkId, Station, Status, StoreTrouble, Verdict, Version, WatchEvent,
    WatchPlan, WriteId,
};
use anyhow::{Context, bail};
use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Alarm, Clock};
use crate::limits::{BEAT_EVERY, INBOX_MAX, READS_AT_ONCE, STOP_BY};
use crate::panics::Panics;
use crate::send::Sender;
use crate::stop_at;
use crate::store::Store;
use crate::telemetry::Telemetry;

/// What reaches the engine from the tasks around it.
#[derive(Debug)]
pub(crate) enum Signal {
    /// The watch of a kind says something.
    Watch(KindId, WatchEvent),
    /// An attempt ended.
    Replied(AttemptId, Verdict),
    /// The election of the seat says something.
    Lease(LeaseNews),
    /// Parts of the stored state were read.
    Read(SeatId, Vec<(Part, PartRead)>),
    /// The snapshot of the Go program was looked for.
    Reference(SeatId, Result<Option<Vec<u8>>, StoreTrouble>),
    /// A write of stored state ended.
    Wrote(SeatId, WriteId, Result<Version, StoreTrouble>),
    /// A sink has another address or credential.
    Renewed(SinkId),
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
    /// The place of this process among its fellows.
    pub(crate) station: Station,
    /// Where the memory goes, if anywhere.
    pub(crate) store: Option<Arc<Store>>,
    /// Gives the Lease back, and stands for it again.
    pub(crate) resign: Box<dyn Fn(String) + Send>,
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
    panics: Panics,
    /// How the replica takes an input; tests put something in between.
    take_in: fn(&mut Replica, Now, Input),
    /// Cancelled when the replica panics: its successor does not know of what has not begun to leave.
    known: CancellationToken,
    /// Whether the seat is served here: the first commit of a hold seals it.
    holds: bool,
    stopped: bool,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub(crate) fn new(parts: Parts, seed: u64) -> Engine {
        let (inbox, signals) = mpsc::channel(INBOX_MAX);
        let now = parts.clock.now();
        let replica = Replica::stationed(Arc::clone(&parts.settings), parts.station.clone(), seed, now);
        let (_, watched) = mpsc::channel(INBOX_MAX);
        let panics = Panics::default();
        let (take_in, known) = (Replica::handle, CancellationToken::new());
        Engine {
            replica,
            parts,
            inbox,
            signals,
            watched,
            panics,
            take_in,
            known,
            holds: false,
            stopped: false,
        }
    }

    /// Where signals go.
    pub(crate) fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Runs until the replica has stopped.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let mut beat = self.parts.clock.now().boot;
        let mut alarm = Alarm::new(self.parts.clock);
        while !self.stopped {
            self.drain()?;
            let now = self.parts.clock.boot();
            if now >= beat {
                self.publish();
                beat = self.parts.clock.now().boot + BEAT_EVERY;
            }
            let wake = self.replica.deadline().map_or(beat, |(at, _)| at.min(beat));
            let signal = tokio::select! {
                biased;
                signal = self.signals.recv() => signal,
                Some(signal) = self.watched.recv() => Some(signal),
                () = alarm.rings_by(wake) => None,
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
            Signal::Lease(news) => Input::Lease(self.parts.station.seat, news),
            Signal::Read(seat, parts) => Input::Read(seat, parts),
            Signal::Reference(seat, found) => Input::Reference(seat, found),
            Signal::Wrote(seat, write, result) => Input::Wrote(seat, write, result),
            Signal::Renewed(sink) => Input::Renewed(sink),
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
        std::mem::take(&mut self.known).cancel();
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
                Effect::Read(seat, parts) => self.read(seat, parts),
                Effect::Write(seat, id, write) => self.write(seat, id, write),
                Effect::SetAside(seat, id, part, content) => {
                    let aside = async move |store: &Store| {
                        store.set_aside(part, content).await.map(|()| Version(String::new()))
                    };
                    self.store(
                        seat,
                        move |store| async move { Signal::Wrote(seat, id, aside(&store).await) },
                    );
                }
                Effect::ReadReference(seat) => {
                    self.store(
                        seat,
                        move |store| async move { Signal::Reference(seat, store.reference().await) },
                    );
                }
                Effect::Resign(_) => (self.parts.resign)(format!(
                    "{} was fenced: another replica sealed the state of the seat",
                    self.parts.station.identity
                )),
                Effect::Send(attempt, sink, notification, within) => {
                    let (sender, inbox) = (Arc::clone(&self.parts.sender), self.inbox());
                    let known = self.known.clone();
                    let sending = async move {
                        stop_at::pass("committed");
                        let verdict = sender.attempt(sink, &notification, (within, &known)).await;
                        stop_at::pass("reply");
                        // The engine is gone only when nobody waits for the verdict any more.
                        let _gone = inbox.send(Signal::Replied(attempt, verdict)).await;
                    };
                    self.parts.tasks.spawn_on(sending, &self.parts.outward);
                }
                Effect::Fact(fact) => self.tell(&fact),
                Effect::Stopped => self.stopped = true,
            }
        }
        Ok(())
    }

    /// Whoever asks whether this process is ready hears of a seat at once.
    fn tell(&mut self, fact: &Fact) {
        self.parts.telemetry.record(fact);
        match fact {
            Fact::Seat(SeatFact::Held { .. }) => self.holds = true,
            Fact::Seat(SeatFact::Lost { .. }) | Fact::Seat(SeatFact::Fenced { .. }) => self.holds = false,
            _ => {}
        }
        if matches!(
            fact,
            Fact::Seat(SeatFact::Held { .. })
                | Fact::Seat(SeatFact::Lost { .. })
                | Fact::Seat(SeatFact::Fenced { .. })
                | Fact::GateOpened { .. }
        ) {
            self.publish();
        }
    }

    fn read(&self, seat: SeatId, parts: Vec<Part>) {
        self.store(seat, move |store| async move {
            let reads = parts.into_iter().map(|part| {
                let store = Arc::clone(&store);
                async move { (part, store.read(part).await) }
            });
            Signal::Read(seat, futures::stream::iter(reads).buffered(READS_AT_ONCE).collect().await)
        });
    }

    fn write(&self, seat: SeatId, id: WriteId, write: PartWrite) {
        let (clock, telemetry) = (self.parts.clock, Arc::clone(&self.parts.telemetry));
        let point = if self.holds { "commit" } else { "seal" };
        self.store(seat, move |store| async move {
            let (part, begun, bytes) = (write.part, clock.now().boot, write.content.len());
            stop_at::pass(point);
            let result = store.write(write).await;
            telemetry.wrote(part, bytes, clock.now().boot.saturating_sub(begun), result.as_ref().err());
            Signal::Wrote(seat, id, result)
        });
    }

    /// Asks the store, and tells the replica what it said.
    fn store<F: Future<Output = Signal> + Send + 'static>(
        &self,
        seat: SeatId,
        ask: impl FnOnce(Arc<Store>) -> F,
    ) {
        let Some(store) = &self.parts.store else { return };
        let store = match seat == self.parts.station.seat {
            true => Arc::clone(store),
            false => Arc::new(store.of(seat)),
        };
        let (answer, inbox) = (ask(store), self.inbox());
        let asking = async move {
            // The engine is gone only when nobody waits for an answer any more.
            let _gone = inbox.send(answer.await).await;
        };
        self.parts.tasks.spawn_on(asking, &self.parts.outward);
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
