//! Proof `line-faults`: real faults on a real cluster reach a receiver in time, once, and so do their ends.

use alertkube_core::Stamp;
use anyhow::Result;
use serde_json::{Value, json};

use super::binary::built;
use super::limits::{DEFAULTS_STAND, TOLD_SECONDS_EARLY_MAX, TOLD_SECONDS_MAX};
use super::verdict::{Figure, Table, Verdict};
use crate::cluster;
use crate::line::{Course, Ear, Fixing, Ground, Program, Row, Setup, Told, at_once, pairs};

pub(super) const SHOWS: &str = "Pods of a real cluster that crash, are OOM-killed, cannot pull, cannot be scheduled, \
    fail a probe or miss a Secret, a failing Job, a Deployment past its deadline and a node without a kubelet: each \
    problem reaches a receiver within 2 s of its `for` having passed since the API showed it, once; and so does its end.";

/// One run with one set of settings.
struct Run {
    title: &'static str,
    conditions: Value,
    fixing: Fixing,
}

/// What was found in it.
struct Found {
    rows: Vec<Row>,
    strays: Vec<Told>,
    code: i32,
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = built("alertkube", "alertkube", &["--release"])?;
    let cluster = cluster::up()?;
    let runs = [
        Run { title: "`for: 0s`, `holdDown: 5s`", conditions: at_once(), fixing: Fixing::Together },
        Run { title: "default settings", conditions: json!({}), fixing: Fixing::Never(DEFAULTS_STAND) },
    ];
    let mut verdict = Verdict::default();
    for run in runs {
        let ground = Ground::new(&cluster, "faults")?;
        let ear = Ear::open(&cluster, ground.folder())?;
        let kubeconfig = ground.account("alertkube", None)?;
        let setup = Setup {
            program: &program,
            name: "main",
            kubeconfig: &kubeconfig,
            hook: Some(ear.url()),
            conditions: run.conditions.clone(),
            state: None,
        };
        let mut alertkube = Program::start(&ground, &setup)?;
        alertkube.await_telling()?;
        let ends = !matches!(run.fixing, Fixing::Never(_));
        let mut course = Course::new(&ground, &ear, !ends)?;
        if let Err(error) = course.run(&mut alertkube, run.fixing) {
            verdict.figures.push(Figure::exactly(format!("{}: ran to its end", run.title), false, true));
            verdict.notes.push(format!("{error:#}"));
        }
        let code = alertkube.stop()?;
        course.settle()?;
        let found = Found { rows: course.rows, strays: course.strays, code };
        verdict.figures.extend(figures(&run, &found, ends));
        verdict.tables.push(table(&run, &found.rows));
        verdict.notes.extend(found.strays.iter().map(|stray| format!("Nobody asked for this: {stray:?}")));
    }
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "*in the API at*: when a watch of our own, by kubectl, first saw a status that satisfies the condition. \
    *due at*: then, or when its `for` had passed since the object's own time stamp, where it has one. *told at* and *over \
    at*: when the receiver, a process of its own, had read the request. Times are UTC.";

fn figures(run: &Run, found: &Found, ends: bool) -> Vec<Figure> {
    let late: Vec<f64> = found.rows.iter().map(|row| late(row).unwrap_or(f64::NAN)).collect();
    let worst = late.iter().copied().fold(f64::NEG_INFINITY, nan_or(f64::max));
    let first = late.iter().copied().fold(f64::INFINITY, nan_or(f64::min));
    let wanted = usize::from(ends);
    let not_once = found.rows.iter().filter(|row| row.told.len() != 1).count();
    let not_over = found.rows.iter().filter(|row| row.resolved.len() != wanted).count();
    let what = |words: &str| format!("{}: {words}", run.title);
    vec![
        Figure::at_most(what("latest message after it was due"), worst, TOLD_SECONDS_MAX, "s"),
        Figure::at_least(what("earliest message after it was due"), first, -TOLD_SECONDS_EARLY_MAX, "s"),
        Figure::exactly(what("problems that were not told just once"), not_once, 0),
        Figure::exactly(what("problems that were not told to be over as often as they ended"), not_over, 0),
        Figure::exactly(what("messages about anything else"), found.strays.len(), 0),
        Figure::exactly(what("exit code on SIGTERM"), found.code, 0),
    ]
}

/// One that was never told, or never shown, spoils the whole figure.
fn nan_or(pick: impl Fn(f64, f64) -> f64) -> impl Fn(f64, f64) -> f64 {
    move |one, other| if one.is_nan() || other.is_nan() { f64::NAN } else { pick(one, other) }
}

/// Seconds between when it was due and when it was told.
fn late(row: &Row) -> Option<f64> {
    Some((row.told.first()? - row.due?) as f64 / 1000.0)
}

fn table(run: &Run, rows: &[Row]) -> Table {
    let head = ["reason", "in the API at", "due at", "told at", "late by", "ended by", "over at", "messages"];
    let mut table = Table::new(format!("With {}", run.title), &head);
    for (fault, row) in pairs(rows) {
        let late = late(row).map_or_else(|| "-".to_owned(), |late| format!("{late:.2} s"));
        let ending = row.fixed.map_or("-", |_| fault.ending());
        let messages = format!("{} + {}", row.told.len(), row.resolved.len());
        let (told, over) = (clock(row.told.first().copied()), clock(row.resolved.first().copied()));
        let cells = (clock(row.appeared), clock(row.due));
        table.row(&[&fault.reason, &cells.0, &cells.1, &told, &late, &ending, &over, &messages]);
    }
    table
}

/// A time of day, to the millisecond.
fn clock(at: Option<i64>) -> String {
    let Some(at) = at else { return "-".to_owned() };
    Stamp::from_millis(at).timestamp().strftime("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(told: &[i64]) -> Found {
        let row = Row { due: Some(1_000), told: told.to_vec(), resolved: vec![9_000], ..Row::default() };
        Found { rows: vec![row], strays: Vec::new(), code: 0 }
    }

    fn holds(found: &Found) -> bool {
        let run = Run { title: "x", conditions: json!({}), fixing: Fixing::Together };
        figures(&run, found, true).iter().all(|figure| figure.holds)
    }

    #[test]
    fn in_time_and_once_holds_and_nothing_else() {
        assert!(holds(&found(&[3_000])));
        assert!(!holds(&found(&[3_001])), "too late");
        assert!(!holds(&found(&[0, 10])), "twice");
        assert!(!holds(&found(&[-1])), "too early");
        assert!(!holds(&found(&[])), "never");
        assert!(!holds(&Found { code: 1, ..found(&[3_000]) }), "no clean end");
    }

    #[test]
    fn times_are_read_as_times() {
        assert_eq!(clock(Some(1_795_411_676_808)), "05:27:56.808");
        assert_eq!(clock(None), "-");
    }
}
