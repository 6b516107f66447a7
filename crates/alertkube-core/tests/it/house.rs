//! A house of replicas: one virtual clock, one cluster, one store, one pair of sinks; Leases are dealt by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{
    Action, Answer, AttemptId, Claim, Effect, Epoch, Fact, Input, Keep, KindId, LeaseNews, LostLease,
    LostWhy, Notification, Now, Pace, PartWrite, Plan, Question, Refusal, Replica, SeatFact, SeatId,
    Settings, SinkClass, SinkId, Stamp, Standby, Standing, Station, Status, StoreTrouble, Verdict, Version,
    WatchEvent, WriteId, decode,
};
use serde_json::Value;

use crate::desk::{START, sink};
use crate::objects::crashing;
use crate::shelf::Shelf;

/// How a replica's line to the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Open,
    /// Writes wait outside; they have not been applied.
    Stuck,
    /// Writes are applied; their answers wait.
    Deaf,
    /// Writes are applied; the answer says that nobody knows.
    Broken,
    /// Neither reads nor writes arrive, and that is said.
    Down,
    /// Writes are answered; reads do not arrive, and that is said.
    Blind,
    /// Every write is refused.
    Refuses,
}

/// One message that a sink took.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) seconds: u64,
    pub(crate) by: usize,
    pub(crate) sink: String,
    pub(crate) said: Notification,
}

pub(crate) struct Member {
    pub(crate) replica: Replica,
    pub(crate) alive: bool,
    pub(crate) line: Line,
    /// Answers of the store that wait, and writes that were never applied.
    pub(crate) answers: Vec<Input>,
    stuck: Vec<(SeatId, WriteId, PartWrite)>,
    /// Kinds that it watches.
    pub(crate) watches: Vec<KindId>,
    /// Kinds that it may not read.
    pub(crate) blind: BTreeSet<KindId>,
    /// What it said of its seat and everything else, and when.
    pub(crate) facts: Vec<(u64, Fact)>,
    pub(crate) resigned: usize,
    pub(crate) stopped: bool,
    /// Sends that it was late for.
    pub(crate) late: usize,
    /// Writes until it dies, and whether the last one is still applied.
    pub(crate) dies_after: Option<(usize, bool)>,
}

pub(crate) struct House {
    pub(crate) settings: Arc<Settings>,
    pub(crate) boot: Duration,
    pub(crate) members: Vec<Member>,
    pub(crate) shelves: BTreeMap<SeatId, Shelf>,
    pub(crate) heard: Vec<Heard>,
    /// What a sink answers, when it does not take everything.
    pub(crate) verdicts: BTreeMap<String, Verdict>,
    /// Sinks that take what comes and do not answer; who waits for which answer.
    pub(crate) speechless: BTreeSet<String>,
    pub(crate) unanswered: Vec<(usize, AttemptId)>,
    cluster: BTreeMap<(KindId, String), Value>,
    epoch: u32,
    /// By how many seconds the wall clock of a member is ahead of the others'.
    pub(crate) ahead: BTreeMap<usize, i64>,
    /// Whether the API server does not answer watches, and whether it does not even refuse them.
    pub(crate) is_dark: bool,
    pub(crate) is_silent: bool,
}

/// A chat sink, a keyed one and a webhook, told everything, and nothing twice for the sake of it.
pub(crate) fn settings() -> Settings {
    let sinks = [("chat", SinkClass::Chat), ("keyed", SinkClass::Keyed), ("hook", SinkClass::Webhook)];
    let mut settings = Settings::with_sinks(sinks.map(|(name, class)| sink(name, class)).to_vec());
    settings.behavior.repeat = None;
    settings
}

/// One of several that are elected to one seat.
pub(crate) fn elected(standby: Standby) -> Station {
    let keep = Keep { claim: claim(true), pace: Pace::FILES };
    Station { election: Some(standby), keep: Some(keep), ..Station::alone() }
}

/// One that serves its seat without asking.
pub(crate) fn unelected() -> Station {
    Station { keep: Some(Keep { claim: claim(false), pace: Pace::FILES }), ..Station::alone() }
}

fn claim(elected: bool) -> Claim {
    Claim { seat: 0, incarnation: String::new(), holder: String::new(), elected, wish: 1 }
}

pub(crate) fn lost_sight() -> LeaseNews {
    LeaseNews::Lost { why: LostLease::Expired { because: Some("connection refused".to_owned()) } }
}

pub(crate) fn taken() -> LeaseNews {
    LeaseNews::Lost { why: LostLease::Taken { holder: "another".to_owned() } }
}

impl House {
    pub(crate) fn new(settings: Settings) -> House {
        House {
            settings: Arc::new(settings),
            boot: Duration::ZERO,
            members: Vec::new(),
            shelves: BTreeMap::new(),
            heard: Vec::new(),
            verdicts: BTreeMap::new(),
            speechless: BTreeSet::new(),
            unanswered: Vec::new(),
            cluster: BTreeMap::new(),
            epoch: 0,
            ahead: BTreeMap::new(),
            is_dark: false,
            is_silent: false,
        }
    }

    /// Two that are elected to one seat; the first holds it, over an empty cluster.
    pub(crate) fn pair(standby: Standby) -> House {
        let mut house = House::new(settings());
        house.join(elected(standby));
        house.join(elected(standby));
        house.hold(0);
        house
    }

    /// A process starts.
    pub(crate) fn join(&mut self, station: Station) -> usize {
        self.join_over(station, Line::Open)
    }

    pub(crate) fn join_over(&mut self, mut station: Station, line: Line) -> usize {
        let index = self.members.len();
        station.identity = format!("replica-{index}");
        if let Some(keep) = &mut station.keep {
            keep.claim.incarnation = format!("house-{index}");
            keep.claim.holder.clone_from(&station.identity);
        }
        let now = self.now(index);
        self.members.push(Member {
            replica: Replica::stationed(Arc::clone(&self.settings), station, 7 + index as u64, now),
            alive: true,
            line,
            answers: Vec::new(),
            stuck: Vec::new(),
            watches: Vec::new(),
            blind: BTreeSet::new(),
            facts: Vec::new(),
            resigned: 0,
            stopped: false,
            late: 0,
            dies_after: None,
        });
        self.drain(index);
        index
    }

    /// Now, as one of them has it.
    pub(crate) fn now(&self, index: usize) -> Now {
        let ahead = self.ahead.get(&index).map_or(0, |seconds| seconds * 1000);
        let wall = Stamp::from_millis(START * 1000 + self.boot.as_millis() as i64 + ahead);
        Now { wall: wall.timestamp(), boot: self.boot }
    }

    /// The wall time `ago` seconds before now, as the API writes it.
    pub(crate) fn time(&self, ago: i64) -> String {
        Stamp::from_seconds(START + self.boot.as_secs() as i64 - ago).timestamp().to_string()
    }

    pub(crate) fn input(&mut self, index: usize, input: Input) {
        if !self.members[index].alive {
            return;
        }
        let now = self.now(index);
        self.members[index].replica.handle(now, input);
        self.drain(index);
    }

    fn drain(&mut self, index: usize) {
        while let Some(effect) = self.members[index].replica.poll() {
            let member = &mut self.members[index];
            match effect {
                Effect::Send(attempt, sink, said, within) => {
                    let late = self.boot >= within.begin;
                    member.late += usize::from(late);
                    match late {
                        true => self.input(index, Input::Replied(attempt, Verdict::Late)),
                        false => self.send(index, attempt, sink, *said),
                    }
                }
                Effect::Fact(fact) => member.facts.push((self.boot.as_secs(), fact)),
                Effect::Read(seat, parts) => {
                    let shelf = self.shelves.entry(seat).or_default();
                    let down = matches!(member.line, Line::Down | Line::Blind);
                    let read = |part| match down {
                        true => Err(StoreTrouble::Unknown("no answer".to_owned())),
                        false => shelf.read(part),
                    };
                    let read = parts.into_iter().map(|part| (part, read(part))).collect();
                    self.input(index, Input::Read(seat, read));
                }
                Effect::Write(seat, id, write) => self.write(index, seat, id, write),
                Effect::ReadReference(seat) => {
                    let shelf = self.shelves.entry(seat).or_default();
                    let found = match shelf.unanswered {
                        0 => Ok(shelf.reference.clone()),
                        _ => Err(StoreTrouble::Unknown("no answer".to_owned())),
                    };
                    shelf.unanswered = shelf.unanswered.saturating_sub(1);
                    self.input(index, Input::Reference(seat, found));
                }
                Effect::Watch(plan) => {
                    member.watches.clone_from(&plan.kinds);
                    self.list(index, &plan.kinds);
                }
                Effect::SetAside(..) => panic!("nothing is unreadable here"),
                Effect::Resign(_) => member.resigned += 1,
                Effect::Stopped => member.stopped = true,
            }
        }
    }

    fn send(&mut self, by: usize, attempt: AttemptId, sink: SinkId, said: Notification) {
        let sink = self.settings.sink(sink).name.clone();
        let verdict = self.verdicts.get(&sink).cloned().unwrap_or(Verdict::Done);
        let silent = self.speechless.contains(&sink);
        if silent || verdict == Verdict::Done {
            self.heard.push(Heard { seconds: self.boot.as_secs(), by, sink, said });
        }
        match silent {
            true => self.unanswered.push((by, attempt)),
            false => self.input(by, Input::Replied(attempt, verdict)),
        }
    }

    fn write(&mut self, index: usize, seat: SeatId, id: WriteId, write: PartWrite) {
        let member = &mut self.members[index];
        let shelf = self.shelves.entry(seat).or_default();
        match &mut member.dies_after {
            Some((0, applied)) => {
                if *applied {
                    drop(shelf.write(write));
                }
                return self.crash(index);
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        let unknown = || Err(StoreTrouble::Unknown("no answer".to_owned()));
        let answer: Result<Version, StoreTrouble> = match member.line {
            Line::Open | Line::Blind => shelf.write(write),
            Line::Stuck => return member.stuck.push((seat, id, write)),
            Line::Deaf => {
                let result = shelf.write(write);
                return member.answers.push(Input::Wrote(seat, id, result));
            }
            Line::Broken => shelf.write(write).and_then(|_| unknown()),
            Line::Down => unknown(),
            Line::Refuses => {
                Err(StoreTrouble::Refused { why: Refusal::Quota, text: "exceeded quota".to_owned() })
            }
        };
        self.input(index, Input::Wrote(seat, id, answer));
    }

    /// How many writes into a seat's state are stuck.
    pub(crate) fn stuck(&self, index: usize, seat: u32) -> usize {
        self.members[index].stuck.iter().filter(|(of, ..)| of.0 == seat).count()
    }

    /// What is stuck now is applied and answered; what follows is stuck again.
    pub(crate) fn step(&mut self, index: usize) -> usize {
        let stuck = std::mem::take(&mut self.members[index].stuck);
        let count = stuck.len();
        for (seat, id, write) in stuck {
            let result = self.shelves.entry(seat).or_default().write(write);
            self.input(index, Input::Wrote(seat, id, result));
        }
        count
    }

    /// The line opens: what was stuck is applied now, and every answer arrives.
    pub(crate) fn reconnect(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.line = Line::Open;
        let answers = std::mem::take(&mut member.answers);
        for (seat, id, write) in std::mem::take(&mut member.stuck) {
            self.write(index, seat, id, write);
        }
        for answer in answers {
            self.input(index, answer);
        }
    }

    fn list(&mut self, index: usize, kinds: &[KindId]) {
        self.epoch += 1;
        let epoch = Epoch(self.epoch);
        for kind in kinds.iter().copied() {
            if self.is_silent {
                return;
            }
            let forbidden = self.members[index].blind.contains(&kind);
            if forbidden || self.is_dark {
                let why = match forbidden {
                    true => LostWhy::Forbidden("forbidden".to_owned()),
                    false => LostWhy::Unreachable("connection refused".to_owned()),
                };
                self.input(index, Input::Watch(kind, WatchEvent::Lost(why)));
                continue;
            }
            self.input(index, Input::Watch(kind, WatchEvent::Began(epoch)));
            let objects: Vec<_> = self.cluster.iter().filter(|((of, _), _)| *of == kind).collect();
            let seen: Vec<_> = objects.into_iter().map(|(_, object)| view(kind, object)).collect();
            for view in seen {
                self.input(index, Input::Watch(kind, WatchEvent::Seen(Box::new(view))));
            }
            self.input(index, Input::Watch(kind, WatchEvent::Synced(epoch)));
        }
    }

    /// The API server goes away, or is back: every watch breaks, or begins anew.
    pub(crate) fn dark(&mut self, is_dark: bool) {
        self.is_dark = is_dark;
        for index in 0..self.members.len() {
            let kinds = self.members[index].watches.clone();
            self.list(index, &kinds);
        }
    }

    /// An object is created or changed; whoever watches sees it.
    pub(crate) fn put(&mut self, kind: KindId, object: Value) {
        let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
        for index in 0..self.members.len() {
            if self.members[index].watches.contains(&kind) {
                let seen = WatchEvent::Seen(Box::new(view(kind, &object)));
                self.input(index, Input::Watch(kind, seen));
            }
        }
        self.cluster.insert((kind, name), object);
    }

    /// An object is deleted.
    pub(crate) fn delete(&mut self, kind: KindId, name: &str) {
        let object = self.cluster.remove(&(kind, name.to_owned())).expect("it was there");
        for index in 0..self.members.len() {
            if self.members[index].watches.contains(&kind) {
                let gone = WatchEvent::Gone(view(kind, &object).key());
                self.input(index, Input::Watch(kind, gone));
            }
        }
    }

    pub(crate) fn lease(&mut self, index: usize, news: LeaseNews) {
        self.input(index, Input::Lease(SeatId::default(), news));
    }

    /// Deals the Lease of a replica's own seat to it.
    pub(crate) fn hold_seat(&mut self, index: usize) {
        let (seat, until) = (self.status(index).seat.seat, self.boot + Duration::from_secs(36_000));
        self.input(index, Input::Lease(seat, LeaseNews::Held { until, early: false }));
    }

    /// Deals the Lease of the seat to a replica, for an hour of virtual time.
    pub(crate) fn hold(&mut self, index: usize) {
        let until = self.boot + Duration::from_secs(36_000);
        self.lease(index, LeaseNews::Held { until, early: false });
    }

    /// A process dies: nothing that is on its way reaches it.
    pub(crate) fn crash(&mut self, index: usize) {
        let member = &mut self.members[index];
        (member.alive, member.watches) = (false, Vec::new());
        member.stuck.clear();
        self.unanswered.retain(|(by, _)| *by != index);
    }

    pub(crate) fn stop(&mut self, index: usize) {
        self.input(index, Input::Stop { by: self.boot + Duration::from_secs(5) });
    }

    /// Every sink answers what it has left open.
    pub(crate) fn answer(&mut self, verdict: &Verdict) {
        for (by, attempt) in std::mem::take(&mut self.unanswered) {
            self.input(by, Input::Replied(attempt, verdict.clone()));
        }
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// Lets time pass, stopping at every deadline of everybody on the way.
    pub(crate) fn advance(&mut self, span: Duration) {
        let end = self.boot + span;
        for _ in 0..100_000 {
            let living = self.members.iter().enumerate().filter(|(_, member)| member.alive);
            let next = living.filter_map(|(index, member)| Some((member.replica.deadline()?.0, index))).min();
            match next {
                Some((at, index)) if at <= end => {
                    self.boot = self.boot.max(at);
                    self.input(index, Input::Tick);
                }
                _ => {
                    self.boot = end;
                    return;
                }
            }
        }
        panic!("somebody is due for ever");
    }

    /// What one sink took, as `action reason name` lines.
    pub(crate) fn told(&self, sink: &str) -> Vec<String> {
        self.lines(sink).into_iter().map(|(_, line)| line).collect()
    }

    /// The same, with the second and the teller.
    pub(crate) fn lines(&self, sink: &str) -> Vec<((u64, usize), String)> {
        let heard = self.heard.iter().filter(|heard| heard.sink == sink);
        let line = |said: &Notification| match said.action {
            Action::Digest(_) => format!("{} {}", said.action.as_str(), said.reports.len()),
            action => format!("{} {} {}", action.as_str(), said.reports[0].reason, said.reports[0].name),
        };
        heard.map(|heard| ((heard.seconds, heard.by), line(&heard.said))).collect()
    }

    /// What is different at a sink that folds by fingerprint, episode and action.
    pub(crate) fn folded(&self, sink: &str, action: Action) -> BTreeSet<(String, String)> {
        let heard = self.heard.iter().filter(|heard| heard.sink == sink && heard.said.action == action);
        let reports = heard.flat_map(|heard| &heard.said.reports);
        reports.map(|report| (report.fingerprint.clone(), report.episode.clone())).collect()
    }

    /// The ids of everything of an action that a sink took.
    pub(crate) fn deliveries(&self, sink: &str, action: Action) -> BTreeSet<String> {
        let heard = self.heard.iter().filter(|heard| heard.sink == sink && heard.said.action == action);
        heard.map(|heard| heard.said.delivery.clone()).collect()
    }

    pub(crate) fn seat_facts(&self, index: usize) -> Vec<SeatFact> {
        let facts = self.members[index].facts.iter();
        facts
            .filter_map(|(_, fact)| if let Fact::Seat(fact) = fact { Some(fact.clone()) } else { None })
            .collect()
    }

    pub(crate) fn status(&self, index: usize) -> Status {
        match self.members[index].replica.ask(self.now(index), &Question::Status) {
            Answer::Status(status) => *status,
            Answer::Alerts(_) => panic!("asked for the status"),
        }
    }

    pub(crate) fn alerts(&self, index: usize) -> Vec<Standing> {
        match self.members[index].replica.ask(self.now(index), &Question::Alerts { after: None }) {
            Answer::Alerts(alerts) => alerts,
            Answer::Status(_) => panic!("asked for alerts"),
        }
    }

    /// A replica panics and is rebuilt by its process. What its watches had shown is lost with it: only a list shows that
    /// again.
    pub(crate) fn rebuild(&mut self, index: usize) {
        let now = self.now(index);
        self.members[index].watches.clear();
        let heir = self.members[index].replica.rebuilt(now, None);
        self.members[index].replica = heir;
        self.drain(index);
    }
}

/// A pod of that name crashes.
pub(crate) fn sick(house: &mut House, name: &str) {
    let object = crashing(name, &house.time(5));
    house.put(KindId::Pod, object);
}

fn view(kind: KindId, object: &Value) -> alertkube_core::View {
    let plan = Plan { annotations: vec!["alert-silence-until".to_owned()] };
    decode(&plan, kind, object.to_string().as_bytes()).expect("a readable object")
}
