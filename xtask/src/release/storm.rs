//! Pods that fail and recover all the time, on a thread of its own, while somebody works on the release; and two
//! receivers, whose lines are all that counts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::limits;
use crate::line::Ground;
use crate::receiver::millis;
use crate::seats::{Api, Audience, Fate, Herd, Illness, Node, Sinks, Tally, configuration};

/// The faults, one after the other: told at once, and over after 2 s or, so that ends are pending at every moment, 12 s.
const ILLNESSES: [Illness; 3] = [Illness::Quick, Illness::Lingering, Illness::Quick];

/// The weather; it ends with its owner.
pub(crate) struct Storm {
    yard: Arc<Mutex<Yard>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    namespace: String,
}

struct Yard {
    herd: Herd,
    audience: Audience,
    /// Between two faults; none while it is calm.
    pace: Option<Duration>,
    next: Instant,
    round: usize,
    broken: Option<anyhow::Error>,
    _node: Node,
}

impl Storm {
    /// Sets up so many pods, all well; nothing fails yet.
    pub(crate) fn gather(ground: &Ground<'_>, pods: usize) -> Result<Storm> {
        let api = Arc::new(Api::reach(ground.cluster())?);
        let node = Node::make(&api, &ground.ghost())?;
        let mut herd = Herd::new(&api, ground.namespace());
        herd.grow(&ground.ghost(), Sinks::Both, pods)?;
        let audience = Audience::open(ground.cluster(), ground.folder())?;
        let (next, pace, broken) = (Instant::now(), None, None);
        let yard = Yard { herd, audience, pace, next, round: 0, broken, _node: node };
        let (yard, stop) = (Arc::new(Mutex::new(yard)), Arc::new(AtomicBool::new(false)));
        let (shared, told) = (Arc::clone(&yard), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                lock(&shared).step();
                thread::sleep(limits::STORM_STEP);
            }
        });
        Ok(Storm { yard, stop, thread: Some(thread), namespace: ground.namespace().to_owned() })
    }

    /// The values by which a release tells these receivers of these pods, and of nothing else.
    pub(crate) fn values(&self) -> Value {
        let yard = lock(&self.yard);
        let mut of = configuration(&self.namespace, yard.audience.incidents());
        let mut take = |key: &str| of[key].take();
        let mut values = json!({
            "cluster": "test",
            "genericWebhook": {"url": yard.audience.hook()},
            "pagerduty": {"routingKey": "a-key-of-a-test"},
        });
        for key in ["filters", "behavior", "conditions", "sinks", "sinkRates"] {
            values[key] = take(key);
        }
        values["routing"] = json!([{"match": {}, "sinks": ["webhook", "pagerduty"]}]);
        values
    }

    /// From now on a pod fails every so often, and is well again some time after its fault was told.
    pub(crate) fn blow(&self, every: Duration) {
        lock(&self.yard).pace = Some(every);
    }

    /// What follows counts to this round.
    pub(crate) fn round(&self, round: usize) {
        lock(&self.yard).round = round;
    }

    /// So many faults at once.
    pub(crate) fn gust(&self, faults: usize) -> Result<()> {
        let mut yard = lock(&self.yard);
        (0..faults).try_for_each(|_| yard.sicken())
    }

    /// Waits for the first line about a fault that began at that time or later, from another address than this one.
    pub(crate) fn first_from_others(&self, than: &str, since: i64, at_most: Duration) -> Result<Option<i64>> {
        let start = Instant::now();
        loop {
            if let Some(at) = lock(&self.yard).first_from_others(than, since)? {
                return Ok(Some(at));
            }
            if start.elapsed() > at_most {
                return Ok(None);
            }
            thread::sleep(limits::STORM_STEP);
        }
    }

    /// No more faults, all that stand are ended, and all is told; how many sinks did not hear all in that time.
    pub(crate) fn calm(&self) -> Result<usize> {
        let mut yard = lock(&self.yard);
        yard.pace = None;
        drop(yard);
        let told = self.settled(|fate| fate.fixed.is_none())?;
        yard = lock(&self.yard);
        let standing = yard.herd.standing(|_| true);
        yard.herd.heal(&standing)?;
        drop(yard);
        Ok(told + self.settled(|_| true)?)
    }

    /// What the lines so far say.
    pub(crate) fn tally(&self) -> Result<Tally> {
        let yard = lock(&self.yard);
        if let Some(error) = &yard.broken {
            bail!("the storm broke off: {error:#}");
        }
        Ok(yard.audience.tally(yard.herd.fates()))
    }

    /// Seconds from a fault until a receiver first heard of it, the slowest of all that were told.
    pub(crate) fn slowest_told(&self) -> f64 {
        let yard = lock(&self.yard);
        let waits = yard.herd.fates().iter().flat_map(|fate| {
            yard.audience.firsts(fate, false).map(|(at, _)| (at - fate.began) as f64 / 1000.0)
        });
        waits.fold(0.0, f64::max)
    }

    /// How many faults were made.
    pub(crate) fn faults(&self) -> usize {
        lock(&self.yard).herd.fates().len()
    }

    fn settled(&self, of: impl Fn(&Fate) -> bool) -> Result<usize> {
        let start = Instant::now();
        loop {
            let mut yard = lock(&self.yard);
            yard.audience.look()?;
            let meant: Vec<Fate> = yard.herd.fates().iter().filter(|fate| of(fate)).cloned().collect();
            let left = yard.audience.left(&meant);
            drop(yard);
            if left == 0 || start.elapsed() > limits::STORM_SETTLED_MAX {
                return Ok(left);
            }
            thread::sleep(limits::STORM_STEP);
        }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic there has been shown already.
            let _ended = thread.join();
        }
    }
}

impl Yard {
    /// One step of the weather; what breaks it is kept, and it rests from then on.
    fn step(&mut self) {
        if self.broken.is_none() {
            self.broken = self.weather().err();
        }
    }

    fn weather(&mut self) -> Result<()> {
        self.audience.look()?;
        let Some(pace) = self.pace else { return Ok(()) };
        if Instant::now() >= self.next {
            self.next = Instant::now() + pace;
            self.sicken()?;
        }
        // One that was told may end at any moment, also while nobody tells anything.
        let ripe = millis() - i64::try_from(limits::FAULT_STANDS.as_millis()).unwrap_or(i64::MAX);
        let ends = |fate: &Fate| fate.began < ripe && self.audience.deaf(fate, false) == 0;
        let ripe = self.herd.standing(ends);
        self.herd.heal(&ripe)
    }

    fn sicken(&mut self) -> Result<()> {
        let illness = ILLNESSES[self.herd.fates().len() % ILLNESSES.len()];
        let (_, pending) = self.herd.sicken(Sinks::Both, illness, self.round)?;
        pending.wait().map(drop).context("make a pod fail")
    }

    fn first_from_others(&mut self, than: &str, since: i64) -> Result<Option<i64>> {
        self.audience.look()?;
        let fresh = self.herd.fates().iter().rev().take_while(|fate| fate.began >= since);
        let lines = fresh.flat_map(|fate| self.audience.firsts(fate, false));
        Ok(lines.filter(|(_, from)| from != than).map(|(at, _)| *at).min())
    }
}

fn lock(yard: &Mutex<Yard>) -> MutexGuard<'_, Yard> {
    yard.lock().unwrap_or_else(PoisonError::into_inner)
}
