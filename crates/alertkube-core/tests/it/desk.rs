//! A replica on a desk: virtual time, sinks that answer as the test says, and everything that was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{
    Action, Answer, AttemptId, Claim, Effect, Epoch, Fact, Input, Keep, Kind, KindId, LostWhy, Notification,
    Now, Pace, Question, Rate, Replica, Settings, SinkClass, SinkId, SinkPlan, Stamp, Standing, Station,
    Suppressed, Verdict, WatchEvent, decode,
};
use serde_json::Value;

use crate::shelf::Shelf;

/// One message that a sink took.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) seconds: u64,
    pub(crate) sink: String,
    pub(crate) notification: Notification,
}

pub(crate) struct Desk {
    pub(crate) replica: Replica,
    pub(crate) settings: Arc<Settings>,
    pub(crate) boot: Duration,
    pub(crate) sent: Vec<Sent>,
    pub(crate) facts: Vec<Fact>,
    /// What a sink answers, when it does not simply take everything.
    pub(crate) answers: BTreeMap<String, Verdict>,
    /// Whether what is answered as in doubt has arrived.
    pub(crate) arrives: bool,
    /// Sinks that take a message and never answer; what they took stands in `unanswered`.
    pub(crate) speechless: BTreeSet<String>,
    pub(crate) unanswered: Vec<(AttemptId, Notification)>,
    /// Seconds by which the wall clock has stepped.
    pub(crate) stepped: i64,
    pub(crate) shelf: Shelf,
    pub(crate) stopped: bool,
}

/// One process by itself that keeps its memory.
fn station(process: usize) -> Station {
    let keep = Keep { claim: claim(process), pace: Pace::FILES };
    Station { keep: Some(keep), ..Station::alone() }
}

/// No two processes share an incarnation: the store has been written to in between.
fn claim(process: usize) -> Claim {
    Claim {
        seat: 0,
        incarnation: format!("desk-{process}"),
        holder: "desk".to_owned(),
        elected: false,
        wish: 1,
    }
}

/// Wall time of boot instant zero.
pub(crate) const START: i64 = 1_790_000_000;

pub(crate) fn sink(name: &str, class: SinkClass) -> SinkPlan {
    SinkPlan { name: name.to_owned(), class, rate: Rate { per_second: 1000.0, burst: 1000 } }
}

/// A chat sink and a webhook, both told everything.
pub(crate) fn settings() -> Settings {
    let mut settings =
        Settings::with_sinks(vec![sink("stdout", SinkClass::Chat), sink("webhook", SinkClass::Webhook)]);
    settings.cluster = "desk".to_owned();
    settings
}

impl Desk {
    /// A replica that has no memory and has seen nothing.
    pub(crate) fn cold(settings: Settings) -> Desk {
        Desk::start(settings, Duration::ZERO, Shelf::default())
    }

    /// A replica that has found an empty cluster: everything that follows is news.
    pub(crate) fn live(settings: Settings) -> Desk {
        let mut desk = Desk::cold(settings);
        desk.sync_all();
        desk
    }

    pub(crate) fn start(settings: Settings, boot: Duration, shelf: Shelf) -> Desk {
        let settings = Arc::new(settings);
        let mut desk = Desk {
            replica: Replica::stationed(Arc::clone(&settings), station(shelf.writes), 7, now(boot)),
            settings,
            boot,
            sent: Vec::new(),
            facts: Vec::new(),
            answers: BTreeMap::new(),
            arrives: false,
            speechless: BTreeSet::new(),
            unanswered: Vec::new(),
            stepped: 0,
            shelf,
            stopped: false,
        };
        desk.drain();
        desk
    }

    pub(crate) fn now(&self) -> Now {
        let mut now = now(self.boot);
        now.wall = Stamp::from_millis(Stamp::from(now.wall).millis() + self.stepped * 1000).timestamp();
        now
    }

    /// The wall time of now, and `ago` before it, as the API writes it.
    pub(crate) fn time(&self, ago: u64) -> String {
        Stamp::from_seconds(START + self.boot.as_secs() as i64 - ago as i64).timestamp().to_string()
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.replica.handle(self.now(), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.replica.poll() {
            match effect {
                Effect::Send(attempt, sink, notification, _) => self.send(attempt, sink, *notification),
                Effect::Fact(fact) => self.facts.push(fact),
                Effect::Read(seat, parts) => {
                    let read = parts.into_iter().map(|part| (part, self.shelf.read(part))).collect();
                    self.replica.handle(self.now(), Input::Read(seat, read));
                }
                Effect::Write(seat, id, write) => {
                    let result = self.shelf.write(write);
                    self.replica.handle(self.now(), Input::Wrote(seat, id, result));
                }
                Effect::ReadReference(seat) => {
                    self.replica.handle(self.now(), Input::Reference(seat, Ok(self.shelf.reference.clone())));
                }
                Effect::SetAside(..) | Effect::Resign(_) => {}
                Effect::Stopped => self.stopped = true,
                Effect::Watch(_) => {}
            }
        }
    }

    fn send(&mut self, attempt: AttemptId, sink: SinkId, notification: Notification) {
        let sink = self.settings.sink(sink).name.clone();
        if self.speechless.contains(&sink) {
            self.unanswered.push((attempt, notification));
            return;
        }
        let verdict = self.answers.get(&sink).cloned().unwrap_or(Verdict::Done);
        let arrived = self.arrives && matches!(verdict, Verdict::Retry { in_doubt: true, .. });
        if verdict == Verdict::Done || arrived {
            self.sent.push(Sent { seconds: self.boot.as_secs(), sink, notification });
        }
        self.replica.handle(self.now(), Input::Replied(attempt, verdict));
    }

    pub(crate) fn see(&mut self, kind: KindId, object: &Value) {
        let plan = alertkube_core::Plan { annotations: vec!["alert-silence-until".to_owned()] };
        let view = decode(&plan, kind, object.to_string().as_bytes()).expect("a readable object");
        self.input(Input::Watch(kind, WatchEvent::Seen(Box::new(view))));
    }

    pub(crate) fn gone(&mut self, kind: KindId, object: &Value) {
        let plan = alertkube_core::Plan::default();
        let view = decode(&plan, kind, object.to_string().as_bytes()).expect("a readable object");
        self.input(Input::Watch(kind, WatchEvent::Gone(view.key())));
    }

    pub(crate) fn begin(&mut self, kind: KindId, epoch: u32) {
        self.input(Input::Watch(kind, WatchEvent::Began(Epoch(epoch))));
    }

    pub(crate) fn sync(&mut self, kind: KindId, epoch: u32) {
        self.input(Input::Watch(kind, WatchEvent::Synced(Epoch(epoch))));
    }

    pub(crate) fn lose(&mut self, kind: KindId, why: LostWhy) {
        self.input(Input::Watch(kind, WatchEvent::Lost(why)));
    }

    pub(crate) fn sync_all(&mut self) {
        for kind in Kind::ALL {
            self.begin(kind.id, 1);
            self.sync(kind.id, 1);
        }
    }

    /// Lets time pass, stopping at every deadline on the way.
    pub(crate) fn advance(&mut self, span: Duration) {
        let end = self.boot + span;
        for _ in 0..100_000 {
            match self.replica.deadline() {
                Some((at, _)) if at <= end => {
                    self.boot = self.boot.max(at);
                    self.input(Input::Tick);
                }
                _ => {
                    self.boot = end;
                    self.input(Input::Tick);
                    return;
                }
            }
        }
        panic!("the replica is due for ever: {:?}", self.replica.deadline());
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// What one sink took, as `seconds action reason name` lines.
    pub(crate) fn told(&self, sink: &str) -> Vec<String> {
        let lines = self.sent.iter().filter(|sent| sent.sink == sink).map(|sent| {
            let first = sent.notification.reports.first().expect("a notification has a report");
            let action = sent.notification.action;
            match action {
                Action::Digest(_) => {
                    format!("{} {} {}", sent.seconds, action.as_str(), sent.notification.reports.len())
                }
                _ => format!("{} {} {} {}", sent.seconds, action.as_str(), first.reason, first.name),
            }
        });
        lines.collect()
    }

    pub(crate) fn alerts(&self) -> Vec<Standing> {
        match self.replica.ask(self.now(), &Question::Alerts { after: None }) {
            Answer::Alerts(alerts) => alerts,
            Answer::Status(_) => panic!("asked for alerts"),
        }
    }

    pub(crate) fn held(&self) -> Vec<Suppressed> {
        let by = |fact: &Fact| if let Fact::Held { by, .. } = fact { Some(by.clone()) } else { None };
        self.facts.iter().filter_map(by).collect()
    }

    /// Stops the replica in good order and gives what it has stored.
    pub(crate) fn stop(&mut self) -> Shelf {
        self.input(Input::Stop { by: self.boot + Duration::from_secs(5) });
        assert!(self.stopped, "nothing was in flight");
        self.shelf.clone()
    }
}

fn now(boot: Duration) -> Now {
    Now { wall: Stamp::from_millis(START * 1000 + boot.as_millis() as i64).timestamp(), boot }
}

impl Desk {
    /// Every kind but one is listed, and is empty.
    pub(crate) fn sync_all_but(&mut self, but: KindId) {
        for kind in Kind::ALL.iter().filter(|kind| kind.id != but) {
            self.begin(kind.id, 1);
            self.sync(kind.id, 1);
        }
    }
}
