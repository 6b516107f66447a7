//! One pair that is frozen at some moments, one after the other.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::super::limits::{FROZEN, PASSED_SECONDS_MAX, REOPENED_MAX};
use super::moments::Moment;
use crate::cluster::Cluster;
use crate::limits;
use crate::line::Ground;
use crate::receiver::millis;
use crate::seats::{Chronicle, Illness, Pair, Plan, Sinks, Tally, Terms};

/// What one pause came to.
pub(super) struct Pause {
    pub(super) moment: Moment,
    /// When it was frozen and when it was woken, in milliseconds.
    pub(super) at: i64,
    pub(super) woken: i64,
    /// Seconds from the freeze to the other's first line about a fault that began after it.
    pub(super) takeover: f64,
    /// Lines of the frozen one from its freeze on, until it was started anew.
    pub(super) late: usize,
    /// Whether afterwards the other led alone, and this one followed.
    pub(super) in_order: bool,
    /// Sinks that had not heard all when it was over.
    pub(super) unsettled: usize,
    /// Exit codes other than 0 of both.
    pub(super) bad_ends: usize,
}

/// What a lane came to.
pub(super) struct Outcome {
    pub(super) pauses: Vec<Pause>,
    pub(super) tally: Tally,
    pub(super) terms: Terms,
    pub(super) knocks: usize,
    pub(super) both: usize,
    pub(super) faults: usize,
    /// Why it went no further, if it did not come to its end.
    pub(super) broken: Option<String>,
}

/// Faults of a storm, and their pitch.
const STORM: usize = 60;
const PITCH: Duration = Duration::from_millis(40);
/// One fault in this time while nobody storms.
const DRIP: Duration = Duration::from_secs(2);
/// So long after the freeze, which is after the takeover, half of what stands ends.
const ENDS: Duration = Duration::from_secs(42);
const MIX: [Sinks; 6] = [Sinks::Both, Sinks::Both, Sinks::Plain, Sinks::Both, Sinks::Both, Sinks::Keyed];

/// Runs a lane from its beginning to its end; a moment that fails ends it, and what was done until then counts.
pub(super) fn run(cluster: &Cluster, program: &Path, name: &str, moments: &[Moment]) -> Result<Outcome> {
    let ground = Ground::new(cluster, name)?;
    let mut pair = Pair::new(&ground, &Plan { name, program, warm: false, leases: &[] })?;
    for (sinks, count) in [(Sinks::Both, 130), (Sinks::Plain, 25), (Sinks::Keyed, 25)] {
        pair.herd.grow(&ground.ghost(), sinks, count * moments.len())?;
    }
    let mut chronicle = Chronicle::open(&ground, &[ground.namespace()])?;
    let (mut pauses, mut broken) = (Vec::new(), None);
    for (number, moment) in (1..).zip(moments) {
        match paused(&mut pair, *moment, number).with_context(|| moment.word()) {
            Ok(pause) => pauses.push(pause),
            Err(error) => {
                broken = Some(format!("{error:#}\n{}", pair.said(0)));
                break;
            }
        }
    }
    let (knocks, both) = pair.watchman.counts();
    let (tally, faults) = (pair.tally(), pair.herd.fates().len());
    let terms = Terms::of(chronicle.versions()?);
    Ok(Outcome { pauses, tally, terms, knocks, both, faults, broken })
}

fn paused(pair: &mut Pair<'_>, moment: Moment, number: usize) -> Result<Pause> {
    let mut birth = pair.birth()?;
    birth.stop_at = moment.variable();
    pair.start(0, &birth)?;
    pair.until("a leader, or one that froze before it led", limits::PROGRAM_DEED_MAX, |pair| {
        Ok((pair.watchman.leader() == Some(0) || pair.replicas[0].is_stopped()).then_some(()))
    })?;
    let other = pair.birth()?;
    pair.start(1, &other)?;
    if !pair.replicas[0].is_stopped() {
        pair.await_standby(1)?;
    }
    stormed(pair, moment, number)?;
    let (at, start) = (millis(), Instant::now());
    let begun = while_frozen(pair, start, number)?;
    let woken = pair.replicas[0].signal("CONT")?;
    let takeover = pair.first_from(1, &begun, false);
    let unsettled = pair.settle(limits::FAULT_TOLD_MAX)?;
    let roles = pair.until("one that leads and one that follows", limits::PROGRAM_DEED_MAX, |pair| {
        Ok((pair.watchman.now() == [Some(503), Some(200)]).then_some(()))
    });
    let unsettled = unsettled + pair.close()?;
    // What a frozen send opened again is closed once more when a Lease's time has passed.
    let closed = pair
        .until("that nothing is open", REOPENED_MAX, |pair| Ok(pair.tally().open.is_empty().then_some(())));
    let frozen = pair.replicas[0].address().to_owned();
    let late = pair.audience.lines().iter().filter(|line| line.from == frozen && line.at >= at).count();
    let codes = [pair.replicas[0].stop()?.0, pair.replicas[1].stop()?.0];
    Ok(Pause {
        moment,
        at,
        woken,
        takeover: takeover.map_or(f64::NAN, |first| (first - at) as f64 / 1000.0),
        late,
        in_order: roles.is_ok(),
        unsettled: unsettled + usize::from(closed.is_err()),
        bad_ends: codes.iter().filter(|code| **code != 0).count(),
    })
}

/// Faults begin and end until the first one is frozen.
fn stormed(pair: &mut Pair<'_>, moment: Moment, number: usize) -> Result<()> {
    let (start, mut begun, mut pending) = (Instant::now(), Vec::new(), Vec::new());
    while !pair.replicas[0].is_stopped() {
        match moment {
            Moment::After(time) if start.elapsed() >= time => {
                pair.replicas[0].signal("STOP")?;
            }
            _ if start.elapsed() > PASSED_SECONDS_MAX => bail!("it was never passed"),
            _ => {}
        }
        let step = begun.len();
        let (fault, patch) = pair.herd.sicken(MIX[step % MIX.len()], Illness::Quick, number)?;
        begun.push(fault);
        pending.push(patch);
        pair.look()?;
        let told = |fault: &usize| pair.herd.fates()[*fault].fixed.is_none() && pair.heard(&[*fault], false);
        if let Some(told) = begun.iter().copied().find(told).filter(|_| step % 3 == 2) {
            pair.herd.heal(&[told])?;
        }
        thread::sleep(if step < STORM { PITCH } else { Duration::from_secs(1) });
    }
    pending.into_iter().try_for_each(|patch| patch.wait().map(drop))
}

/// Faults begin, and half of what was told ends, until the pause is over; what began.
fn while_frozen(pair: &mut Pair<'_>, start: Instant, number: usize) -> Result<Vec<usize>> {
    let (mut begun, mut ended) = (Vec::new(), false);
    while start.elapsed() < FROZEN {
        ensure!(pair.replicas[0].is_stopped(), "somebody else woke it");
        let (fault, patch) = pair.herd.sicken(Sinks::Both, Illness::Quick, number)?;
        patch.wait()?;
        begun.push(fault);
        pair.look()?;
        if start.elapsed() >= ENDS && !std::mem::replace(&mut ended, true) {
            let told: Vec<usize> = pair.herd.standing(|_| true);
            let told: Vec<usize> = told.into_iter().filter(|fault| pair.heard(&[*fault], false)).collect();
            pair.herd.heal(&told[..told.len() / 2])?;
        }
        thread::sleep(DRIP.min(FROZEN.saturating_sub(start.elapsed())));
    }
    Ok(begun)
}
