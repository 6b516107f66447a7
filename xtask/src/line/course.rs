//! One course of all faults: made, told, fixed, told to be over; and what the receiver counted.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::faults::{FAULTS, Fault};
use super::ground::Ground;
use super::heard::{Ear, Told};
use super::program::Program;
use super::seen::Eye;
use crate::limits;

/// When faults are fixed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixing {
    /// Each as soon as it was told.
    AtOnce,
    /// All, once all were told.
    Together,
    /// None: they stand for so long, and that is the end.
    Never(Duration),
}

/// What became of one fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// When the API first showed it, in milliseconds.
    pub(crate) appeared: Option<i64>,
    /// When it was due to be told.
    pub(crate) due: Option<i64>,
    /// When the receiver had each firing message.
    pub(crate) told: Vec<i64>,
    /// When it was fixed.
    pub(crate) fixed: Option<i64>,
    /// When the receiver had each message that it is over.
    pub(crate) resolved: Vec<i64>,
    /// The object and the events about it as they stood when the API first showed the fault, and its later states.
    pub(crate) shapes: Vec<Value>,
}

impl Row {
    /// Keeps the object's status when it is one of the first that differ.
    fn note(&mut self, object: &Value) {
        let known = self.shapes.iter().any(|shape| shape["status"] == object["status"]);
        if !known && self.shapes.len() < limits::SHAPES_MAX {
            let name = json!({"name": object["metadata"]["name"]});
            self.shapes.push(json!({"kind": object["kind"], "metadata": name, "status": object["status"]}));
        }
    }
}

/// All faults under watch.
pub(crate) struct Course<'a> {
    ground: &'a Ground<'a>,
    eye: Eye,
    ear: &'a Ear,
    default_for: bool,
    /// By the index of the fault.
    pub(crate) rows: Vec<Row>,
    /// Messages about objects of this run that belong to no fault.
    pub(crate) strays: Vec<Told>,
}

/// `conditions` with which each fault is told at once and is over five seconds after it ended.
pub(crate) fn at_once() -> Value {
    let rules = FAULTS.iter().map(|fault| (fault.reason.to_owned(), json!({"for": "0s", "holdDown": "5s"})));
    Value::Object(rules.collect())
}

impl<'a> Course<'a> {
    /// Opens the eye; `default_for` says that faults are told after their default time.
    pub(crate) fn new(ground: &'a Ground<'a>, ear: &'a Ear, default_for: bool) -> Result<Course<'a>> {
        let rows = vec![Row::default(); FAULTS.len()];
        Ok(Course { ground, eye: Eye::open(ground)?, ear, default_for, rows, strays: Vec::new() })
    }

    /// Makes every fault and follows it to its end.
    pub(crate) fn run(&mut self, program: &mut Program<'_>, fixing: Fixing) -> Result<()> {
        let objects: Vec<Value> = FAULTS.iter().map(|fault| fault.object(self.ground)).collect();
        self.ground.create(&objects)?;
        let mut since = Instant::now();
        let mut left = usize::MAX;
        loop {
            self.look()?;
            if !program.lives() {
                bail!("alertkube ended; it said:\n{}", program.log());
            }
            let now = self.open(fixing);
            if now != left {
                (left, since) = (now, Instant::now());
            }
            let at_most = match fixing {
                Fixing::Never(stand) if since.elapsed() >= stand => return Ok(()),
                Fixing::Never(stand) => stand,
                _ if left == 0 => return Ok(()),
                _ => limits::FAULT_TOLD_MAX.max(limits::FAULT_ENDED_MAX),
            };
            if since.elapsed() > at_most {
                bail!("not told, or not told to be over, within {} s: {}", at_most.as_secs(), self.missing());
            }
            self.fix(fixing)?;
            thread::sleep(limits::POLL_INTERVAL);
        }
    }

    /// Takes in what both sides saw.
    fn look(&mut self) -> Result<()> {
        self.eye.is_awake()?;
        let (ground, rows, default_for) = (self.ground, &mut self.rows, self.default_for);
        self.eye.look(|at, picture| {
            for (fault, row) in FAULTS.iter().zip(rows.iter_mut()) {
                let Some(since) = fault.shows(ground, picture) else { continue };
                if row.appeared.is_none() {
                    let hold_for = if default_for { fault.hold_for() } else { 0 };
                    row.appeared = Some(at);
                    row.due = Some(at.max(since.unwrap_or(at) + hold_for));
                    row.shapes = picture.about(fault.kind, &fault.name(ground));
                }
                row.note(picture.get(fault.kind, &fault.name(ground)));
            }
        });
        let (told, strays): (Vec<_>, Vec<_>) = self
            .ear
            .told()?
            .into_iter()
            .filter(|told| self.is_ours(told))
            .map(|told| (self.fault(&told), told))
            .partition(|(at, _)| at.is_some());
        self.strays = strays.into_iter().map(|(_, told)| told).collect();
        for row in &mut self.rows {
            row.told.clear();
            row.resolved.clear();
        }
        for (at, told) in told {
            let row = &mut self.rows[at.unwrap_or(0)];
            if told.resolved { row.resolved.push(told.at) } else { row.told.push(told.at) }
        }
        Ok(())
    }

    /// What was not told once and over once, and what nobody asked for, in words.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let counts = pairs(&self.rows).filter(|(_, row)| (row.told.len(), row.resolved.len()) != (1, 1));
        let counts = counts.map(|(fault, row)| {
            format!("{}: told {} times, over {} times", fault.reason, row.told.len(), row.resolved.len())
        });
        counts.chain(self.strays.iter().map(|stray| format!("nobody asked for this: {stray:?}"))).collect()
    }

    /// Takes in what came last; to be called when nothing more can come.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.look()
    }

    /// Other nodes may be anybody's.
    fn is_ours(&self, told: &Told) -> bool {
        told.namespace == self.ground.namespace() || told.name == self.ground.ghost()
    }

    fn fault(&self, told: &Told) -> Option<usize> {
        FAULTS.iter().position(|fault| {
            let named = told.reason == fault.reason || (told.reason == fault.also && !fault.also.is_empty());
            named && told.kind == fault.kind && told.name == fault.name(self.ground)
        })
    }

    /// How many steps are still to come.
    fn open(&self, fixing: Fixing) -> usize {
        if matches!(fixing, Fixing::Never(_)) {
            return 1;
        }
        let steps = |row: &Row| usize::from(row.told.is_empty()) + usize::from(row.resolved.is_empty());
        self.rows.iter().map(steps).sum()
    }

    fn missing(&self) -> String {
        let open =
            FAULTS.iter().zip(&self.rows).filter(|(_, row)| row.told.is_empty() || row.resolved.is_empty());
        let words = open.map(|(fault, row)| {
            let told = if row.told.is_empty() { "not told" } else { "not over" };
            let shown = if row.appeared.is_some() { "" } else { ", never shown by the API" };
            format!("{} ({told}{shown})", fault.reason)
        });
        words.collect::<Vec<_>>().join(", ")
    }

    fn fix(&mut self, fixing: Fixing) -> Result<()> {
        let all_told = self.rows.iter().all(|row| !row.told.is_empty());
        let now = fixing == Fixing::AtOnce || (fixing == Fixing::Together && all_told);
        for (fault, row) in FAULTS.iter().zip(&mut self.rows).filter(|_| now) {
            if row.fixed.is_none() && !row.told.is_empty() {
                fault.fix(self.ground, self.eye.picture())?;
                row.fixed = Some(crate::receiver::millis());
            }
        }
        Ok(())
    }
}

/// A fault with what became of it.
pub(crate) fn pairs(rows: &[Row]) -> impl Iterator<Item = (&'static Fault, &Row)> {
    FAULTS.iter().zip(rows)
}
