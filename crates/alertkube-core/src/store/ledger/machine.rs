//! The ledger as its shell sees it: told the time, the answers of the store and the facts; asked for effects.

use std::time::Duration;

use super::commit::Open;
use super::interface::{Accord, Claim, EntryKey, LedgerEffect, LedgerNews, Pace, Seq};
use super::judge::Judged;
use super::outbox::Outbox;
use super::part::{Part, StoreTrouble, Version};
use super::take::{Progress, ReadPart, Taking};
use crate::store::WriteId;
use crate::time::Now;

/// The durable memory of one seat: facts by key, the last writer wins.
///
/// Its driver repeats: hand in what happened (answers by [`Ledger::read`] and [`Ledger::wrote`], facts by
/// [`Ledger::put`]), call [`Ledger::tick`], drain [`Ledger::poll`], and call again at [`Ledger::deadline`].
pub struct Ledger {
    claim: Claim,
    pace: Pace,
    stage: Stage,
    out: Outbox,
}

enum Stage {
    New,
    Taking(Box<Taking>),
    Open(Box<Open>),
    /// Fenced or closed.
    Over,
}

impl Ledger {
    /// A ledger that has yet to be opened. The seed is for the jitter of back-off.
    pub fn new(claim: Claim, pace: Pace, seed: u64) -> Ledger {
        Ledger { claim, pace, stage: Stage::New, out: Outbox::new(seed) }
    }

    /// Begins to take the seat; [`LedgerNews::Opened`] says that it is taken.
    pub fn open(&mut self, _now: Now) {
        if matches!(self.stage, Stage::New) {
            self.stage = Stage::Taking(Box::new(Taking::new(self.claim.clone(), &mut self.out)));
        }
    }

    /// The answer to a [`LedgerEffect::Read`], whole or part by part; `None` is a part that does not exist.
    pub fn read(&mut self, now: Now, results: Vec<(Part, ReadPart)>) {
        let (heads, parts): (Vec<_>, Vec<_>) = results.into_iter().partition(|(part, _)| *part == Part::Head);
        for (_, result) in heads {
            let number = self.out.head_came();
            match &mut self.stage {
                Stage::Taking(taking) => {
                    let progress = taking.head(now, number, result, &mut self.out);
                    self.progress(now, progress);
                }
                Stage::Open(open) => {
                    let judged = open.read_head(now.boot, number, result, &mut self.out);
                    self.judged(judged);
                }
                Stage::New | Stage::Over => {}
            }
        }
        match &mut self.stage {
            Stage::Taking(taking) if !parts.is_empty() => {
                let progress = taking.parts(now.boot, parts, &mut self.out);
                self.progress(now, progress);
            }
            Stage::Open(open) => {
                for (part, result) in parts {
                    if let Some(outcome) = open.background.read(now.boot, part, result, &mut self.out) {
                        open.settle(part, outcome);
                    }
                }
            }
            Stage::Taking(_) | Stage::New | Stage::Over => {}
        }
        self.tick(now);
    }

    /// The answer to a [`LedgerEffect::Write`] or a [`LedgerEffect::SetAside`].
    pub fn wrote(&mut self, now: Now, id: WriteId, result: Result<Version, StoreTrouble>) {
        match &mut self.stage {
            Stage::Taking(taking) => {
                let progress = taking.wrote(now.boot, id, result, &mut self.out);
                self.progress(now, progress);
            }
            Stage::Open(open) => {
                if open.wrote(now.boot, id, result, &mut self.out) {
                    self.judged(Judged::Closed);
                }
            }
            Stage::New | Stage::Over => {}
        }
        self.tick(now);
    }

    /// Puts a fact, or removes it with `None`. It leaves at the next [`Ledger::tick`] that may commit; facts that are
    /// put between two ticks are committed together unless they are more than one commit takes.
    ///
    /// The number promises: when [`Ledger::committed`] has reached it, the fact is durable. A fact that is so
    /// already writes nothing. Without an open seat there is no promise and nothing is taken.
    pub fn put(&mut self, key: EntryKey, value: Option<Box<[u8]>>) -> Option<Seq> {
        match &mut self.stage {
            Stage::Open(open) => Some(open.put(key, value, &mut self.out)),
            Stage::New | Stage::Taking(_) | Stage::Over => None,
        }
    }

    /// The latest value of a fact, committed or not.
    pub fn get(&self, key: &EntryKey) -> Option<&[u8]> {
        self.seat()?.get(key)
    }

    /// Every committed fact, in an order that depends on the keys alone.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryKey, &[u8])> {
        self.seat().into_iter().flat_map(|open| open.fold.iter())
    }

    /// The last commit up to which every promise is kept.
    pub fn committed(&self) -> Seq {
        self.seat().map_or(Seq(0), Open::committed)
    }

    /// Our term, while the seat is open.
    pub fn term(&self) -> Option<u64> {
        self.seat().map(|open| open.head.term)
    }

    /// Somebody waits for a commit that rests between two tries: the next is made soon.
    pub fn rouse(&mut self) {
        if let Stage::Open(open) = &mut self.stage {
            open.rouse();
        }
    }

    /// Bytes of facts that wait to be cut into a commit.
    pub fn waiting(&self) -> usize {
        self.seat().map_or(0, Open::waiting)
    }

    /// What the head records of the layout, or is about to.
    pub(crate) fn accord(&self) -> Option<Accord> {
        Some(self.seat()?.accord)
    }

    /// What the committed head records of the layout.
    pub(crate) fn recorded(&self) -> Option<Accord> {
        Some(self.seat()?.head.accord)
    }

    /// Records this with the next commit.
    pub(crate) fn set_accord(&mut self, accord: Accord) {
        if let Stage::Open(open) = &mut self.stage
            && open.accord != accord
        {
            open.accord = accord;
            open.wanted = true;
        }
    }

    /// Whether every fact that was put is committed.
    pub(crate) fn is_settled(&self) -> bool {
        self.seat().is_some_and(Open::is_settled)
    }

    /// Commits a head also without facts, so that others see a seat without a Lease alive.
    pub fn beat(&mut self) {
        if let Stage::Open(open) = &mut self.stage {
            open.wanted = true;
        }
    }

    /// From now on no commit waits for the one before it to be so long ago: the end is near, and somebody waits for it.
    pub(crate) fn hurry(&mut self) {
        if let Stage::Open(open) = &mut self.stage {
            open.hurries = true;
        }
    }

    /// Commits what waits, marks the head as released if so told, and ends with [`LedgerNews::Closed`].
    pub fn close(&mut self, now: Now, release: bool) {
        match &mut self.stage {
            Stage::Open(open) => open.close(release),
            Stage::New | Stage::Taking(_) => self.judged(Judged::Closed),
            Stage::Over => {}
        }
        self.tick(now);
    }

    /// The boot instant at which [`Ledger::tick`] is to be called.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Taking(taking) => taking.deadline(),
            Stage::Open(open) => open.deadline(),
            Stage::New | Stage::Over => None,
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now) {
        match &mut self.stage {
            Stage::Taking(taking) => taking.tick(now.boot, &mut self.out),
            Stage::Open(open) => {
                if open.tick(now, &mut self.out) {
                    self.judged(Judged::Closed);
                }
            }
            Stage::New | Stage::Over => {}
        }
    }

    /// The next effect.
    pub fn poll(&mut self) -> Option<LedgerEffect> {
        self.out.poll()
    }

    fn seat(&self) -> Option<&Open> {
        match &self.stage {
            Stage::Open(open) => Some(open),
            Stage::New | Stage::Taking(_) | Stage::Over => None,
        }
    }

    fn progress(&mut self, now: Now, progress: Progress) {
        match progress {
            Progress::Going => {}
            Progress::Taken(taken) => {
                let open = Open::new(self.claim.clone(), self.pace, *taken, now.boot, &mut self.out);
                self.stage = Stage::Open(Box::new(open));
            }
            Progress::Fenced { term, by, released } => self.judged(Judged::Fenced { term, by, released }),
        }
    }

    fn judged(&mut self, judged: Judged) {
        let news = match judged {
            Judged::Going => return,
            Judged::Closed => LedgerNews::Closed,
            Judged::Fenced { term, by, released } => LedgerNews::Fenced { term, by, released },
        };
        self.stage = Stage::Over;
        self.out.shut();
        self.out.say(news);
    }
}
