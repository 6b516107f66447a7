//! One replica with a Lease, whose state is refused for a while.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use alertkube_core::Stamp;
use anyhow::{Context, Result};
use serde_json::Value;

use super::troubles::Trouble;
use super::webhook::Webhook;
use crate::cluster::Cluster;
use crate::limits;
use crate::line::{Ground, get};
use crate::prove::limits::{REFUSAL_HOLDS, SAVED_MAX, UNSAVED_ENDS_MAX};
use crate::receiver::millis;
use crate::seats::{Illness, Pair, Plan, Sinks, Tally};

/// The alert about it.
pub(super) const NOT_SAVED: &str = "AlertStateNotSaved";

/// What the store's refusal is called in the log.
const REFUSED: &str = "the store does not take what is written";

/// What a refusal came to. Times are seconds from the first refusal of a commit, or from the first fault if that began
/// before; where the refusal was there first, from the start.
pub(super) struct Found {
    /// From the first fault, or the start, to the first refusal.
    pub(super) first: f64,
    pub(super) critical: Vec<f64>,
    pub(super) others: Vec<f64>,
    /// A critical one after the refusal had lasted.
    pub(super) later: f64,
    /// Lines that came while the store refused, and sends that the replica counted as undurable.
    pub(super) undurable: usize,
    pub(super) counted: f64,
    /// Messages that the state is not saved, and that it is again, at both receivers.
    pub(super) raised: usize,
    pub(super) resolved: usize,
    /// Lines of the log about the refusal, and whether they name it.
    pub(super) said: usize,
    pub(super) named: bool,
    /// Seconds from the end of the trouble until the state was saved.
    pub(super) saved: f64,
    /// The exit code of the stop after it.
    pub(super) code: i32,
    pub(super) unsettled: usize,
    pub(super) tally: Tally,
}

/// What went on while the store refused.
struct Endured {
    critical: Vec<usize>,
    others: Vec<usize>,
    later: usize,
    /// When the first fault began, or the replica was started.
    begun: i64,
    undurable: usize,
    counted: f64,
}

/// Plays it.
pub(super) fn play(
    cluster: &Cluster,
    program: &Path,
    webhook: &Webhook,
    trouble: &Trouble,
    lane: &str,
) -> Result<Found> {
    let ground = Ground::new(cluster, lane)?;
    let mut pair = Pair::new(&ground, &Plan { name: lane, program, warm: false, leases: &[] })?;
    pair.herd.grow(&ground.ghost(), Sinks::Both, 10)?;
    pair.herd.grow(&ground.ghost(), Sinks::Plain, 4)?;
    if !trouble.at_start {
        let birth = pair.birth()?;
        pair.start(0, &birth)?;
        pair.await_leader()?;
        pair.herd.storm(&[(Sinks::Both, Illness::Quick); 3], 10, 0)?;
        pair.settle(limits::FAULT_TOLD_MAX)?;
    }
    trouble.make(&ground, &pair, webhook)?;
    let endured = endured(&mut pair, trouble)?;
    let (ended, saved) = (Instant::now(), "the store takes what is written again");
    trouble.end(&ground, &pair)?;
    pair.until("state that is saved", SAVED_MAX, |pair| {
        Ok(pair.replicas[0].log().contains(saved).then_some(()))
    })?;
    let saved = ended.elapsed().as_secs_f64();
    pair.until("the end of what is said about it", UNSAVED_ENDS_MAX, |pair| {
        let over = pair.audience.lines().iter().filter(|line| line.reason == NOT_SAVED && line.over);
        Ok((over.count() >= 2).then_some(()))
    })?;
    let log = pair.replicas[0].log();
    let refusals: Vec<&str> = log.lines().filter(|line| line.contains(REFUSED)).collect();
    let (said, named) = (refusals.len(), refusals.iter().any(|line| line.contains(trouble.word)));
    let code = restarted(&mut pair)?;
    let unsettled = pair.close()?;
    let after = |fault: &usize, since: i64| {
        pair.firsts(*fault, false).map(|(at, _)| (*at - since) as f64 / 1000.0).fold(f64::NAN, f64::max)
    };
    let Endured { critical, others, later, begun, undurable, counted } = endured;
    // What was yet to be written of before may be refused before the first fault: the wait counts from there.
    let first = first_refusal(&log).context("the log does not say when the first commit was refused")?;
    let since = begun.min(first);
    let own = |over| {
        pair.audience.lines().iter().filter(|line| line.reason == NOT_SAVED && line.over == over).count()
    };
    Ok(Found {
        first: (first - begun) as f64 / 1000.0,
        critical: critical.iter().map(|fault| after(fault, since)).collect(),
        others: others.iter().map(|fault| after(fault, since)).collect(),
        later: after(&later, pair.herd.fates()[later].began),
        undurable,
        counted,
        raised: own(false),
        resolved: own(true),
        said,
        named,
        saved,
        code,
        unsettled,
        tally: pair.tally(),
    })
}

/// When a commit, which is a write of the head, was first refused, by the replica's own log.
fn first_refusal(log: &str) -> Option<i64> {
    let lines = log.lines().filter(|line| line.contains(REFUSED));
    let mut said = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_head = said.find(|line| line["why"].as_str().is_some_and(|why| why.starts_with("head:")))?;
    Stamp::parse(of_head["timestamp"].as_str()?).map(Stamp::millis)
}

/// Faults of both kinds while the store refuses, and one more when it has refused for long.
fn endured(pair: &mut Pair<'_>, trouble: &Trouble) -> Result<Endured> {
    let from = pair.audience.lines().len();
    let critical = pair.herd.storm(&[(Sinks::Both, Illness::Quick); 3], 20, 1)?;
    let others = pair.herd.storm(&[(Sinks::Plain, Illness::Mild); 3], 20, 1)?;
    let mut begun = pair.herd.fates()[critical[0]].began;
    if trouble.at_start {
        begun = millis();
        let birth = pair.birth()?;
        pair.start(0, &birth)?;
    }
    let start = Instant::now();
    pair.until("what is told though it is not saved", limits::FAULT_TOLD_MAX, |pair| {
        let told = pair.heard(&critical, false) && pair.heard(&others, false);
        Ok((told && pair.audience.lines().iter().any(|line| line.reason == NOT_SAVED)).then_some(()))
    })?;
    thread::sleep(REFUSAL_HOLDS.saturating_sub(start.elapsed()));
    let (later, patch) = pair.herd.sicken(Sinks::Both, Illness::Quick, 2)?;
    patch.wait()?;
    pair.until("what is told at once", limits::FAULT_TOLD_MAX, |pair| {
        Ok(pair.heard(&[later], false).then_some(()))
    })?;
    let counted = counted(pair)?;
    Ok(Endured { critical, others, later, begun, undurable: pair.audience.lines().len() - from, counted })
}

/// Ends the replica in good order and starts another in its place, which tells of one more fault; the exit code.
pub(super) fn restarted(pair: &mut Pair<'_>) -> Result<i32> {
    let code = pair.replicas[0].stop()?.0;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    let (fault, patch) = pair.herd.sicken(Sinks::Both, Illness::Quick, 3)?;
    patch.wait()?;
    pair.until("a fault after the restart", limits::FAULT_TOLD_MAX, |pair| {
        Ok(pair.heard(&[fault], false).then_some(()))
    })?;
    // What it would tell again it tells by now.
    thread::sleep(Duration::from_secs(3));
    pair.look()?;
    Ok(code)
}

/// Sends that the replica counted as undurable.
fn counted(pair: &Pair<'_>) -> Result<f64> {
    let door = pair.replicas[0].door()?.to_string();
    let text = pair.kit.ground.cluster().inside(|| get(&door, "/metrics"))??;
    let of = text.lines().filter(|line| line.starts_with("alertkube_undurable_total{"));
    of.map(|line| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).context("no number"))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_is_that_of_a_head() {
        let line = |at: u32, why: &str, message: &str| {
            format!(r#"{{"timestamp":"2026-11-29T00:10:{at:02}.25Z","why":"{why}","message":"{message}"}}"#)
        };
        let of = |lines: &[String]| first_refusal(&lines.join("\n"));
        let refused = format!("{REFUSED}; it is tried again");
        let (bucket, head) = (line(1, "b03: quota: no", &refused), line(2, "head: quota: no", &refused));
        let later = line(3, "head: quota: no", &refused);
        let first = Stamp::parse("2026-11-29T00:10:02.25Z").map(Stamp::millis);
        assert_eq!(of(&["no JSON".to_owned(), bucket.clone(), head, later]), first);
        assert_eq!(of(&[bucket, line(2, "head: quota: no", "something else")]), None);
    }
}
