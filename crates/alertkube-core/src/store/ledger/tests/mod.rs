//! A store that tests play, and a ledger on it.

mod faults;
mod rates;
mod rules;
mod zombies;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::head::Head;
use super::recover::{Damage, needed, recover};
use super::*;
use crate::time::{Now, Stamp};

/// The state of every part, as an API server keeps it.
#[derive(Clone, Default)]
pub(super) struct Store {
    pub(super) parts: BTreeMap<Part, (Content, Version)>,
    pub(super) kept: BTreeMap<Part, Content>,
    pub(super) writes: u64,
}

impl Store {
    pub(super) fn get(&self, part: Part) -> Option<(Content, Version)> {
        self.parts.get(&part).cloned()
    }

    pub(super) fn write(&mut self, write: &PartWrite) -> Result<Version, StoreTrouble> {
        if self.parts.get(&write.part).map(|(_, version)| version) != write.expect.as_ref() {
            return Err(StoreTrouble::Conflict);
        }
        Ok(self.replace(write.part, write.content.clone()))
    }

    /// A write by somebody who looks at no version.
    pub(super) fn replace(&mut self, part: Part, content: Content) -> Version {
        self.writes += 1;
        let version = Version(self.writes.to_string());
        self.parts.insert(part, (content, version.clone()));
        version
    }

    pub(super) fn head(&self) -> Head {
        Head::read(&self.get(Part::Head).expect("a head").0).expect("a whole head").0
    }

    pub(super) fn edit(&mut self, part: Part, change: impl FnOnce(&mut Content)) {
        let mut content = self.get(part).expect("a part").0;
        change(&mut content);
        self.replace(part, content);
    }
}

/// A fold, in order.
pub(super) type Plain = BTreeMap<EntryKey, Vec<u8>>;

pub(super) fn now(boot: Duration) -> Now {
    Now { wall: Stamp::from_millis(1_700_000_000_000 + boot.as_millis() as i64).timestamp(), boot }
}

pub(super) fn claim(name: &str, elected: bool) -> Claim {
    Claim { seat: 0, incarnation: format!("{name}-i"), holder: name.to_owned(), elected, wish: 1 }
}

/// Small portions, so that everything happens with little data.
pub(super) const SMALL: Pace = Pace {
    sizes: Sizes {
        commit: 4096,
        tail_raw: 300,
        tail_packed: 32 * 1024,
        tail_max: 384 * 1024,
        bucket_subjects: 4,
        bucket_bytes: 1024 * 1024,
    },
    ..Pace::API
};

pub(super) fn plain(ledger: &Ledger) -> Plain {
    ledger.iter().map(|(key, value)| (key.clone(), value.to_vec())).collect()
}

/// A ledger whose effects are done at once, on one store and one clock.
pub(super) struct Bench {
    pub(super) ledger: Ledger,
    pub(super) store: Store,
    pub(super) at: Duration,
    pub(super) news: Vec<LedgerNews>,
    /// Answers to the next writes of a part, in place of the store's.
    pub(super) answers: VecDeque<(Part, Answer)>,
    pub(super) held: Vec<PartWrite>,
    /// Every write that reached the store, with its instant and its length.
    pub(super) log: Vec<(Duration, Part, usize)>,
}

/// What a store does instead of what it should.
#[derive(Clone)]
pub(super) enum Answer {
    /// Nothing is written.
    Trouble(StoreTrouble),
    /// It is written, and the answer is lost.
    Lost,
    /// Nothing is written yet, and there is no answer at all: the sender is as good as dead.
    Held,
}

impl Bench {
    pub(super) fn new(claim: Claim, pace: Pace, store: Store) -> Bench {
        let mut ledger = Ledger::new(claim, pace, 7);
        let at = Duration::from_secs(1000);
        ledger.open(now(at));
        let mut bench = Bench {
            ledger,
            store,
            at,
            news: Vec::new(),
            answers: VecDeque::new(),
            held: Vec::new(),
            log: Vec::new(),
        };
        bench.work();
        bench
    }

    /// A seat that is taken, in small portions.
    pub(super) fn small(name: &str, store: Store) -> Bench {
        Bench::new(claim(name, true), SMALL, store)
    }

    pub(super) fn now(&self) -> Now {
        now(self.at)
    }

    /// Does every effect until there is none.
    pub(super) fn work(&mut self) {
        let now = self.now();
        self.ledger.tick(now);
        while let Some(effect) = self.ledger.poll() {
            match effect {
                LedgerEffect::Read(parts) => {
                    let results = parts.iter().map(|part| (*part, Ok(self.store.get(*part)))).collect();
                    self.ledger.read(now, results);
                }
                LedgerEffect::Write(id, write) => {
                    if let Some(result) = self.write(&write) {
                        self.ledger.wrote(now, id, result);
                    }
                }
                LedgerEffect::SetAside(id, part, content) => {
                    self.store.kept.insert(part, content);
                    self.ledger.wrote(now, id, Ok(Version(String::new())));
                }
                LedgerEffect::News(news) => self.news.push(news),
            }
        }
    }

    fn write(&mut self, write: &PartWrite) -> Option<Result<Version, StoreTrouble>> {
        self.log.push((self.at, write.part, write.content.len()));
        let planned = self.answers.iter().position(|(part, _)| *part == write.part);
        match planned.and_then(|at| self.answers.remove(at)) {
            None => Some(self.store.write(write)),
            Some((_, Answer::Trouble(trouble))) => Some(Err(trouble)),
            Some((_, Answer::Lost)) => {
                self.store.write(write).expect("a version that fits");
                Some(Err(StoreTrouble::Unknown("the answer is lost".to_owned())))
            }
            Some((_, Answer::Held)) => {
                self.held.push(write.clone());
                None
            }
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.at + time;
        self.work();
        let mut steps = 0;
        while let Some(at) = self.ledger.deadline().filter(|at| *at <= end) {
            steps += 1;
            assert!(steps < 100_000, "it is always due: {at:?}");
            self.at = self.at.max(at);
            self.work();
        }
        self.at = end;
    }

    pub(super) fn put(&mut self, subject: u64, what: &str, value: &str) -> Seq {
        let value = (!value.is_empty()).then(|| value.as_bytes().into());
        self.ledger.put(EntryKey::new(subject, what), value).expect("an open seat")
    }

    /// The news since the last call, without commits.
    pub(super) fn told(&mut self) -> Vec<LedgerNews> {
        let mut news = std::mem::take(&mut self.news);
        news.retain(|news| !matches!(news, LedgerNews::Committed(_)));
        news
    }
}

/// What a process that starts now would read.
pub(super) fn recovered(store: &Store) -> Plain {
    let (plain, damage) = salvaged(store);
    assert!(damage.is_empty(), "{damage:?}");
    plain
}

/// The same, whatever is wrong with the parts.
pub(super) fn salvaged(store: &Store) -> (Plain, Vec<Damage>) {
    let (head, tail) = Head::read(&store.get(Part::Head).expect("a head").0).expect("a whole head");
    let found = needed(&head).into_iter().map(|part| (part, store.get(part))).collect();
    let recovered = recover(&head, tail, &found);
    let plain = recovered.fold.iter().map(|(key, value)| (key.clone(), value.to_vec())).collect();
    (plain, recovered.damage)
}

/// SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.draw() % most
    }

    /// True once in `many`.
    pub(super) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}
