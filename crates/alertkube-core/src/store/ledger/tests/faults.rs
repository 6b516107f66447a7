//! Many processes, one after another and at once, on one store with every fault there is, by seed. After every
//! single change of the store, what a new process would read is exactly what was committed.

use super::codec::Facts;
use super::*;

const SEEDS: u64 = 1000;
const STEPS: u64 = 220;

/// One process.
struct Process {
    ledger: Ledger,
    /// Effects that are on their way, in no order.
    sent: Vec<LedgerEffect>,
    /// Facts by the number that they were promised.
    promised: BTreeMap<Seq, Facts>,
    term: Option<u64>,
    fenced: bool,
}

struct World {
    dice: Dice,
    at: Duration,
    store: Store,
    truth: Plain,
    processes: Vec<Process>,
    /// Writes without a sender: they may be applied at any time.
    late: Vec<PartWrite>,
    /// The highest number committed, with its term.
    last: (u64, Seq),
    started: u64,
    /// Faults happen.
    stormy: bool,
    commits: u64,
}

impl World {
    fn new(seed: u64) -> World {
        let mut world = World {
            dice: Dice(seed),
            at: Duration::from_secs(100),
            store: Store::default(),
            truth: Plain::new(),
            processes: Vec::new(),
            late: Vec::new(),
            last: (0, Seq(0)),
            started: 0,
            stormy: true,
            commits: 0,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        self.started += 1;
        let claim = claim(&format!("p{}", self.started), true);
        let mut ledger = Ledger::new(claim, SMALL, self.dice.draw());
        ledger.open(now(self.at));
        self.processes.push(Process {
            ledger,
            sent: Vec::new(),
            promised: BTreeMap::new(),
            term: None,
            fenced: false,
        });
        self.drain(self.processes.len() - 1);
    }

    /// Takes what a process has to say.
    fn drain(&mut self, index: usize) {
        let process = &mut self.processes[index];
        while let Some(effect) = process.ledger.poll() {
            match effect {
                LedgerEffect::News(LedgerNews::Opened { term, set_aside, .. }) => {
                    assert_eq!(set_aside, [], "nothing is ever damaged by our own doing");
                    process.term = Some(term);
                }
                LedgerEffect::News(LedgerNews::Committed(seq)) => {
                    // What was promised was applied, and is taken off the list when it is.
                    let open = process.promised.range(..=seq).next();
                    assert_eq!(open.map(|(seq, _)| *seq), None, "said to be committed: {seq:?}");
                }
                LedgerEffect::News(LedgerNews::Fenced { .. }) => process.fenced = true,
                LedgerEffect::News(LedgerNews::Overwritten { why }) => panic!("nobody edits: {why}"),
                LedgerEffect::News(_) => {}
                effect => process.sent.push(effect),
            }
        }
    }

    fn step(&mut self) {
        let index = self.dice.below(self.processes.len() as u64) as usize;
        match self.dice.below(20) {
            0..4 => self.put(index),
            4..6 => self.wait(),
            6 if self.stormy && !self.late.is_empty() => self.apply_late(),
            7 if self.stormy && self.dice.one_in(8) => self.crash(index),
            8 if self.stormy && self.dice.one_in(10) && self.processes.len() < 3 => self.start(),
            _ => self.deliver(index),
        }
    }

    fn put(&mut self, index: usize) {
        for _ in 0..=self.dice.below(3) {
            let key = EntryKey::new(self.dice.below(48), if self.dice.one_in(3) { "t/x" } else { "a" });
            let length = self.dice.below(60) as usize;
            let value =
                (!self.dice.one_in(5)).then(|| vec![self.dice.draw() as u8; length].into_boxed_slice());
            let process = &mut self.processes[index];
            let same = process.ledger.get(&key) == value.as_deref();
            let Some(seq) = process.ledger.put(key.clone(), value.clone()) else { return };
            assert!(same || seq > process.ledger.committed());
            if !same {
                process.promised.entry(seq).or_default().insert(key, value);
            }
        }
        self.tick(index);
    }

    fn tick(&mut self, index: usize) {
        self.processes[index].ledger.tick(now(self.at));
        self.drain(index);
    }

    fn wait(&mut self) {
        self.at += match self.dice.below(40) {
            0 => Duration::from_secs(61),
            1..4 => Duration::from_secs(5),
            _ => Duration::from_millis(self.dice.below(400)),
        };
        (0..self.processes.len()).for_each(|index| self.tick(index));
    }

    /// The process is gone; what it sent may still arrive.
    fn crash(&mut self, index: usize) {
        let process = self.processes.swap_remove(index);
        for effect in process.sent {
            if let LedgerEffect::Write(_, write) = effect {
                self.late.push(write);
            }
        }
        if self.processes.is_empty() {
            self.start();
        }
    }

    fn apply_late(&mut self) {
        let index = self.dice.below(self.late.len() as u64) as usize;
        let write = self.late.swap_remove(index);
        let _ = self.apply(&write);
    }

    fn deliver(&mut self, index: usize) {
        let count = self.processes[index].sent.len() as u64;
        if count == 0 {
            return;
        }
        let effect = self.processes[index].sent.swap_remove(self.dice.below(count) as usize);
        let fault = if self.stormy { self.dice.below(16) } else { 99 };
        let trouble = || StoreTrouble::Unknown("weather".to_owned());
        let at = now(self.at);
        match effect {
            LedgerEffect::Read(parts) => {
                let read = |part| if fault == 0 { Err(trouble()) } else { Ok(self.store.get(part)) };
                let results = parts.into_iter().map(|part| (part, read(part))).collect();
                self.processes[index].ledger.read(at, results);
            }
            LedgerEffect::Write(id, write) => {
                let result = match fault {
                    0 => Err(trouble()),
                    1 => {
                        self.late.push(write);
                        Err(trouble())
                    }
                    2 => self.apply(&write).and(Err(trouble())),
                    3 => Err(StoreTrouble::Refused { why: Refusal::Quota, text: String::new() }),
                    _ => self.apply(&write),
                };
                self.processes[index].ledger.wrote(at, id, result);
            }
            effect => panic!("nothing is set aside: {effect:?}"),
        }
        self.drain(index);
    }

    /// The store is changed. Then it is looked at.
    fn apply(&mut self, write: &PartWrite) -> Result<Version, StoreTrouble> {
        let result = self.store.write(write);
        if result.is_ok() {
            if write.part == Part::Head {
                self.head_written(write);
            }
            let read = recovered(&self.store);
            assert_eq!(read, self.truth, "after a write of {}: {}", write.part, write.content.meta);
        }
        result
    }

    fn head_written(&mut self, write: &PartWrite) {
        let head = self.store.head();
        let seal = head.term > self.last.0;
        assert!(seal || (head.term == self.last.0 && head.seq > self.last.1), "{:?}", write.content);
        self.last = (head.term, head.seq);
        let ours = |process: &&mut Process| process.term == Some(head.term);
        let Some(process) = self.processes.iter_mut().find(ours).filter(|_| !seal) else {
            // A seal, or the commit of one that is gone: its facts are in the record itself.
            let (_, records) = Head::read(&write.content).expect("a whole head");
            for record in records.into_iter().filter(|record| record.at == head.at() && !seal) {
                commit(&mut self.truth, record.facts);
            }
            return;
        };
        self.commits += 1;
        commit(&mut self.truth, process.promised.remove(&head.seq).unwrap_or_default());
    }

    fn calm(&mut self) {
        self.stormy = false;
        self.late.clear();
        self.start();
        let last = self.processes.len() - 1;
        self.processes.drain(..last);
        for _ in 0..1200 {
            self.step();
        }
        for _ in 0..400 {
            self.at += Duration::from_millis(100);
            self.tick(0);
            while !self.processes[0].sent.is_empty() {
                self.deliver(0);
            }
        }
        assert_eq!(plain(&self.processes[0].ledger), self.truth);
        assert_eq!(recovered(&self.store), self.truth);
        assert!(!self.processes[0].fenced);
        assert_eq!(self.processes[0].promised, BTreeMap::new());
    }
}

fn commit(truth: &mut Plain, facts: Facts) {
    for (key, value) in facts {
        match value {
            Some(value) => drop(truth.insert(key, value.into_vec())),
            None => drop(truth.remove(&key)),
        }
    }
}

fn run(seed: u64) -> World {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        world.step();
    }
    world
}

#[test]
fn whatever_happens_the_store_holds_what_was_committed() {
    let mut commits = 0;
    let mut deepest = (0, 0);
    for seed in 0..SEEDS {
        let world = run(seed);
        commits += world.commits;
        let head = world.store.parts.contains_key(&Part::Head).then(|| world.store.head());
        let sizes = head.map_or((0, 0), |head| (head.ring.len(), head.buckets.len()));
        deepest = (deepest.0.max(sizes.0), deepest.1.max(sizes.1));
    }
    assert!(commits > SEEDS * 5, "{commits} commits");
    assert!(deepest.0 >= 6 && deepest.1 >= 8, "{deepest:?}");
}

#[test]
fn when_it_calms_down_everything_that_was_put_is_committed() {
    for seed in 0..8 {
        let mut world = run(10_000 + seed);
        world.calm();
        assert!(world.store.head().buckets.len() > 1, "seed {seed}");
    }
}
