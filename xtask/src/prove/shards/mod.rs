//! Proof `shards`: three static shards, one of them an elected pair; then four, then two, by rollout in a storm.

mod figures;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::limits::{EMPTIED_MAX, LAYOUT_MAX, NOTES_MAX, WARM_UP_RATE};
use super::program;
use super::verdict::{Table, Verdict};
use crate::cluster::{self, Cluster};
use crate::limits;
use crate::line::Ground;
use crate::seats::{Fate, Flock, Herd, Illness, Line, Plan, Sinks, Tally, inhibition};

use figures::figures;

pub(super) const SHOWS: &str = "Three static shards, one of them an elected pair: every object is told by exactly one, for \
    100 pods by the one that the formula names; an inhibition holds whose source and targets belong to different shards. \
    3 -> 4 -> 2 by rollout in a storm: nothing lost, nothing twice, and nothing is left in the state of shards that are no \
    more.";

/// Pods by which the formula is checked.
const NAMED: usize = 100;
/// Targets of the inhibition.
const TARGETS: usize = 12;
/// Shards at most, and the one that is a pair.
const SHARDS: usize = 4;
const PAIR: usize = 1;
/// Pods of the storm.
const STORM: usize = 1_500;
/// In the storm a fault begins so often, and the oldest ends,
const DRIP: Duration = Duration::from_millis(150);
/// and so many stand: each lasts 45 s, longer than its shard is told by nobody.
const STANDING: usize = 300;
/// How long the inhibition is watched.
const HELD_FOR: Duration = Duration::from_secs(8);
/// The storm goes on for so long after a change.
const AFTER_CHANGE: Duration = Duration::from_secs(5);

/// What one course came to.
struct Found {
    tally: Tally,
    faults: usize,
    /// How many of them ended while the number of shards changed.
    ended: usize,
    /// Of the pods that were checked: told first by another shard than the formula's, and by more than one.
    misplaced: usize,
    shared: usize,
    shards: usize,
    /// Of the inhibition: lines about targets while the source stood, and shards other than the source's that had some.
    early: usize,
    crossed: usize,
    /// Seconds until each layout was told by all, and for which telling paused at most.
    changes: Vec<(usize, f64)>,
    pause: f64,
    unsettled: usize,
    /// What seats that are no more still hold.
    orphans: Vec<String>,
    objects: usize,
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let found = course(&cluster, &program)?;
    let mut table = Table::new("Changes", &["shards", "told by all, seconds after the rollout"]);
    for (total, seconds) in &found.changes {
        table.row(&[total, &format!("{seconds:.2}")]);
    }
    let mut notes = found.tally.notes("shards", NOTES_MAX);
    notes.extend(found.orphans.iter().take(NOTES_MAX).cloned());
    notes.push(NOTE.to_owned());
    Ok(Verdict { figures: figures(&found), tables: vec![table], notes })
}

const NOTE: &str = "Which shard tells is judged by the address that a line came from. A rollout replaces the processes one \
    by one from the highest shard on, as a StatefulSet does; shards that are too many end before it, and shards that are \
    new begin before it. The storm goes on meanwhile.";

fn course(cluster: &Cluster, program: &Path) -> Result<Found> {
    let ground = Ground::new(cluster, "shards")?;
    let plan = Plan { name: "shards", program, warm: false, leases: &[] };
    let (source, target) = (Illness::Mild, Illness::Lingering);
    let rule = inhibition(source.reason(), target.reason());
    let mut flock = Flock::new(&ground, &plan, SHARDS, &[PAIR], &rule)?;
    flock.stage.herd.grow(&ground.ghost(), Sinks::Both, NAMED + TARGETS + STORM)?;
    flock.stage.herd.grow(&ground.ghost(), Sinks::Plain, 1)?;
    (0..3).try_for_each(|shard| flock.start(shard, 3))?;
    let mut changes = vec![(3, flock.await_layout(3, LAYOUT_MAX)?.as_secs_f64())];
    let named = flock.stage.herd.storm(&[(Sinks::Both, Illness::Quick); NAMED], WARM_UP_RATE, 0)?;
    flock.settle(limits::FAULT_TOLD_MAX)?;
    let (misplaced, shared, shards) = placed(&flock, ground.namespace(), &named);
    let (early, crossed) = inhibited(&mut flock, ground.namespace(), source, target)?;
    let standing = flock.stage.herd.standing(|_| true).len();
    let more = vec![(Sinks::Both, Illness::Quick); STANDING.saturating_sub(standing)];
    flock.stage.herd.storm(&more, WARM_UP_RATE, 2)?;
    flock.settle(limits::FAULT_TOLD_MAX)?;
    let (mut pause, before) = (0.0_f64, ended(&flock.stage.herd));
    for total in [4, 2] {
        changes.push((total, change(&mut flock, total)?));
        pause = flock.pauses().into_iter().fold(pause, f64::max);
    }
    let ended = ended(&flock.stage.herd) - before;
    let standing = flock.stage.herd.standing(|_| true);
    flock.settle(limits::FAULT_TOLD_MAX)?;
    flock.stage.herd.heal(&standing)?;
    let unsettled = flock.settle(limits::FAULT_TOLD_MAX)?;
    let (orphans, objects) = orphans(&mut flock)?;
    Ok(Found {
        tally: flock.stage.audience.tally(flock.stage.herd.fates()),
        faults: flock.stage.herd.fates().len(),
        ended,
        misplaced,
        shared,
        shards,
        early,
        crossed,
        changes,
        pause,
        unsettled,
        orphans,
        objects,
    })
}

/// A rollout to so many shards in a storm; how many seconds after it all of them were told.
fn change(flock: &mut Flock<'_>, total: usize) -> Result<f64> {
    let (mut herd, over) = (flock.take_herd(), AtomicBool::new(false));
    let rolled = thread::scope(|scope| {
        let storm = scope.spawn(|| blow(&mut herd, &over));
        let rolled = flock.roll(total).and_then(|()| flock.await_layout(total, LAYOUT_MAX));
        thread::sleep(AFTER_CHANGE);
        over.store(true, Ordering::Relaxed);
        storm.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(rolled)
    });
    flock.stage.herd = herd;
    Ok(rolled?.as_secs_f64())
}

/// The formula of the seed page, written down once more.
fn shard_of(namespace: &str, pod: &str, total: u32) -> usize {
    let text = format!("Pod/{namespace}/{pod}");
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash % total) as usize
}

/// Of these faults: how many another shard told than the formula's, how many more than one told, and by how many shards
/// all of them were told.
fn placed(flock: &Flock<'_>, namespace: &str, of: &[usize]) -> (usize, usize, usize) {
    let (mut misplaced, mut shared, mut tellers) = (0, 0, BTreeMap::new());
    for number in of {
        let fate = &flock.stage.herd.fates()[*number];
        let shard = shard_of(namespace, &fate.name, 3);
        let own = |line: &&Line| flock.addresses(shard).any(|address| address == line.from);
        let lines: Vec<&Line> = told(flock, fate).collect();
        misplaced += usize::from(lines.is_empty() || !lines.iter().all(own));
        let from: std::collections::BTreeSet<&str> = lines.iter().map(|line| line.from.as_str()).collect();
        shared += usize::from(from.len() != 1);
        *tellers.entry(shard).or_insert(0) += 1;
    }
    (misplaced, shared, tellers.len())
}

fn told<'f>(flock: &'f Flock<'_>, fate: &'f Fate) -> impl Iterator<Item = &'f Line> {
    flock.stage.audience.lines().iter().filter(|line| line.fingerprint == fate.fingerprint)
}

/// A source stands, and targets of every shard begin: lines about them before its end, and shards that had to be held by
/// a source of another one.
fn inhibited(
    flock: &mut Flock<'_>,
    namespace: &str,
    source: Illness,
    target: Illness,
) -> Result<(usize, usize)> {
    let source = flock.stage.herd.storm(&[(Sinks::Plain, source)], WARM_UP_RATE, 1)?;
    flock.settle(limits::FAULT_TOLD_MAX)?;
    let targets = flock.stage.herd.storm(&[(Sinks::Both, target); TARGETS], WARM_UP_RATE, 1)?;
    let start = Instant::now();
    while start.elapsed() < HELD_FOR {
        flock.look()?;
        thread::sleep(DRIP);
    }
    let fates = flock.stage.herd.fates();
    let early = targets.iter().map(|number| told(flock, &fates[*number]).count()).sum();
    let home = shard_of(namespace, &fates[source[0]].name, 3);
    let shards: std::collections::BTreeSet<usize> =
        targets.iter().map(|number| shard_of(namespace, &fates[*number].name, 3)).collect();
    let crossed = shards.iter().filter(|shard| **shard != home).count();
    flock.stage.herd.heal(&source)?;
    flock.settle(limits::FAULT_TOLD_MAX)?;
    Ok((early, crossed))
}

fn ended(herd: &Herd) -> usize {
    herd.fates().iter().filter(|fate| fate.fixed.is_some()).count()
}

/// Faults begin, and the oldest end, until it is over.
fn blow(herd: &mut Herd, over: &AtomicBool) -> Result<()> {
    while !over.load(Ordering::Relaxed) {
        let (_, patch) = herd.sicken(Sinks::Both, Illness::Quick, 2)?;
        patch.wait()?;
        if let Some(oldest) = herd.standing(|_| true).first() {
            herd.heal(&[*oldest])?;
        }
        thread::sleep(DRIP);
    }
    Ok(())
}

/// What seats that are no more still hold, and how many state objects they have.
fn orphans(flock: &mut Flock<'_>) -> Result<(Vec<String>, usize)> {
    let start = Instant::now();
    loop {
        flock.look()?;
        let left = flock.left_of(2, SHARDS)?;
        let full = |(name, bytes, meta): &(String, usize, serde_json::Value)| {
            let head = name.ends_with("-head");
            let kept = head && (meta["released"] != true || meta["layout"]["total"] != 2);
            (kept || *bytes > EMPTY_BYTES).then(|| format!("{name} holds {bytes} bytes: {meta}"))
        };
        let orphans: Vec<String> = left.iter().filter_map(full).collect();
        if orphans.is_empty() || start.elapsed() > EMPTIED_MAX {
            return Ok((orphans, left.len()));
        }
        thread::sleep(DRIP);
    }
}

/// A body without a fact: one empty gzip stream.
const EMPTY_BYTES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_gives_what_the_vectors_say() {
        assert_eq!(shard_of("default", "web-0", 3), 1);
        assert_eq!(shard_of("default", "web-0", 1), 0);
    }
}
