//! The loop around one ledger, as the engine's: effects out, answers in.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{
    Claim, EntryKey, Ledger, LedgerEffect, LedgerNews, Now, Pace, Part, PartRead, Seq, StoreTrouble, Version,
    WriteId,
};
use anyhow::{Context, bail};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::records::{alert, told};
use crate::store::Store;

/// What a request came to.
enum Answer {
    Read(Vec<(Part, PartRead)>),
    Wrote(WriteId, Result<Version, StoreTrouble>),
}

/// The loop.
pub(crate) struct Drive {
    pub(crate) ledger: Ledger,
    store: Arc<Store>,
    clock: Clock,
    answers: (mpsc::UnboundedSender<Answer>, mpsc::UnboundedReceiver<Answer>),
    entries: Option<usize>,
    closed: bool,
    /// Requests whose answers are still to come.
    asked: usize,
    /// Promises that are not kept yet: since when, and what follows when they are.
    waiting: VecDeque<(Seq, Duration, Option<u64>)>,
}

/// Between two portions of what is put.
const STEP: Duration = Duration::from_millis(20);

impl Drive {
    /// A ledger that is not opened yet.
    pub(crate) fn new(store: Store, clock: Clock) -> Drive {
        let now = clock.now();
        let incarnation = format!("drill-{}-{}", std::process::id(), now.boot.as_nanos());
        let claim = Claim { seat: 0, incarnation, holder: "drill".to_owned(), elected: true, wish: 1 };
        let ledger = Ledger::new(claim, Pace::API, now.boot.as_nanos() as u64);
        let (answers, entries) = (mpsc::unbounded_channel(), None);
        Drive {
            ledger,
            store: Arc::new(store),
            clock,
            answers,
            entries,
            closed: false,
            asked: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Opens it; how many entries there were.
    pub(crate) async fn open(&mut self) -> anyhow::Result<usize> {
        self.ledger.open(self.clock.now());
        let end = self.clock.now().boot + Duration::from_secs(60);
        while self.entries.is_none() && self.clock.now().boot < end {
            self.turn(STEP).await?;
        }
        self.entries.context("the ledger did not open")
    }

    /// Closes it in good order.
    pub(crate) async fn close(&mut self) -> anyhow::Result<()> {
        self.ledger.close(self.clock.now(), true);
        while !self.closed {
            self.turn(STEP).await?;
        }
        Ok(())
    }

    /// Puts a fact; says so when it is committed. `then` is the alert whose outcome follows.
    pub(crate) fn put(
        &mut self,
        key: EntryKey,
        value: Option<Box<[u8]>>,
        then: Option<u64>,
    ) -> anyhow::Result<()> {
        let seq = self.ledger.put(key, value).context("the seat is not open")?;
        self.waiting.push_back((seq, self.clock.now().boot, then));
        Ok(())
    }

    /// Tells of these alerts at a rate: an intent for two sinks, and once it is committed both outcomes.
    pub(crate) async fn tell(&mut self, alerts: Range<u64>, rate: u32) -> anyhow::Result<()> {
        let (begun, mut next) = (self.clock.now().boot, alerts.start);
        while next < alerts.end || !self.waiting.is_empty() {
            let passed = self.clock.now().boot.saturating_sub(begun);
            let due = alerts.start + (passed.as_secs_f64() * f64::from(rate)) as u64;
            while next < due.min(alerts.end) {
                let (subject, text) = alert(next);
                self.put(EntryKey::new(subject, "a"), Some(text), None)?;
                self.put(EntryKey::new(subject, "t/webhook"), Some(told(next, true)), None)?;
                self.put(EntryKey::new(subject, "t/pagerduty"), Some(told(next, true)), Some(next))?;
                next += 1;
            }
            self.turn(STEP).await?;
        }
        println!("told {next}");
        Ok(())
    }

    /// Waits until nothing is due any more, at most so long; then for a while in which nothing may be written.
    pub(crate) async fn calm(&mut self, at_most: Duration) -> anyhow::Result<()> {
        let end = self.clock.now().boot + at_most;
        // Nothing is due either while an answer is awaited.
        while (self.asked > 0 || self.ledger.deadline().is_some()) && self.clock.now().boot < end {
            self.turn(STEP).await?;
        }
        println!("calm");
        self.pass(Duration::from_secs(20)).await
    }

    /// Lets time pass.
    pub(crate) async fn pass(&mut self, time: Duration) -> anyhow::Result<()> {
        let end = self.clock.now().boot + time;
        while self.clock.now().boot < end {
            self.turn(end.saturating_sub(self.clock.now().boot).min(STEP)).await?;
        }
        Ok(())
    }

    /// Every committed fact.
    pub(crate) fn plain(&self) -> BTreeMap<EntryKey, Vec<u8>> {
        self.ledger.iter().map(|(key, value)| (key.clone(), value.to_vec())).collect()
    }

    /// Does what is due and waits for an answer or the next deadline, no longer than this.
    pub(crate) async fn turn(&mut self, at_most: Duration) -> anyhow::Result<()> {
        let now = self.clock.now();
        self.ledger.tick(now);
        self.drain(now)?;
        let now = self.clock.now().boot;
        let wake = self.ledger.deadline().map_or(now + at_most, |at| at.min(now + at_most));
        let answer = tokio::select! {
            biased;
            answer = self.answers.1.recv() => Some(answer.context("nobody asks any more")?),
            () = self.clock.sleep_until(wake) => None,
        };
        let now = self.clock.now();
        if let Some(answer) = answer {
            self.asked -= 1;
            match answer {
                Answer::Read(parts) => self.ledger.read(now, parts),
                Answer::Wrote(id, result) => self.ledger.wrote(now, id, result),
            }
        }
        self.drain(now)
    }

    /// Does what the ledger decided at this instant.
    fn drain(&mut self, decided: Now) -> anyhow::Result<()> {
        while let Some(effect) = self.ledger.poll() {
            self.asked += usize::from(!matches!(effect, LedgerEffect::News(_)));
            let (store, answers, clock) = (Arc::clone(&self.store), self.answers.0.clone(), self.clock);
            match effect {
                LedgerEffect::Read(parts) => drop(tokio::spawn(async move {
                    let mut read = Vec::new();
                    for part in parts {
                        read.push((part, store.read(part).await));
                    }
                    answers.send(Answer::Read(read))
                })),
                LedgerEffect::Write(id, write) => drop(tokio::spawn(async move {
                    let (part, body, meta) = (write.part, write.content.body.len(), write.content.meta.len());
                    let begun = clock.now();
                    let result = store.write(write).await;
                    let took = clock.now().boot.saturating_sub(begun.boot);
                    let word = match result {
                        Ok(_) => "write",
                        // Something is there, or is another: it is read, and written again.
                        Err(StoreTrouble::Conflict) => "conflict",
                        Err(_) => "refused",
                    };
                    // In base64, as it goes over the wire and lies in the store.
                    let bytes = meta + body.div_ceil(3) * 4;
                    println!("{word} {} {part} {bytes} {}", decided.boot.as_millis(), took.as_micros());
                    answers.send(Answer::Wrote(id, result))
                })),
                LedgerEffect::SetAside(id, part, content) => drop(tokio::spawn(async move {
                    let kept = store.set_aside(part, content).await;
                    answers.send(Answer::Wrote(id, kept.map(|()| Version(String::new()))))
                })),
                LedgerEffect::News(news) => self.news(news)?,
            }
        }
        Ok(())
    }

    fn news(&mut self, news: LedgerNews) -> anyhow::Result<()> {
        match news {
            LedgerNews::Opened { entries, set_aside, .. } => {
                if !set_aside.is_empty() {
                    bail!("parts could not be read: {set_aside:?}");
                }
                self.entries = Some(entries);
            }
            LedgerNews::Committed(seq) => self.committed(seq)?,
            LedgerNews::Closed => self.closed = true,
            LedgerNews::Fenced { .. } | LedgerNews::TooLong { .. } => bail!("{news:?}"),
            news => println!("news {news:?}"),
        }
        Ok(())
    }

    fn committed(&mut self, seq: Seq) -> anyhow::Result<()> {
        let now = self.clock.now().boot;
        while let Some((_, since, then)) = self.waiting.pop_front_if(|(wanted, ..)| *wanted <= seq) {
            let Some(number) = then else { continue };
            println!("commit {}", now.saturating_sub(since).as_micros());
            let (subject, _) = alert(number);
            for sink in ["t/webhook", "t/pagerduty"] {
                self.put(EntryKey::new(subject, sink), Some(told(number, false)), None)?;
            }
        }
        Ok(())
    }

    /// Puts that are not known to be committed.
    pub(crate) fn behind(&self) -> usize {
        self.waiting.len()
    }
}
