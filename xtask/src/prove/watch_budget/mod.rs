//! Proof `watch-budget`: what watching a large cluster costs, beside a kube-rs reflector of full typed pods.

mod client;
mod cluster;
mod crowd;
mod instructions;
mod server;
mod stream;

use std::io::BufRead as _;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::binary::built;
use super::host;
use super::limits::{
    BENCH_SMALL_EVENTS, BENCH_SMALL_PODS, COLD_PODS, COLD_SECONDS_MAX, EVENT_INSTRUCTIONS_MAX,
    EVENT_MICROS_MAX, EVENTS, NODES, OPPONENT_BYTES_FREE_MIN, OPPONENT_MAX, OURS_MAX, PEAK_MIB_AIM,
    PEAK_MIB_MAX, PODS, REPLICA_SETS,
};
use super::verdict::{Figure, Table, Verdict};
use super::{image_program, small};
use client::Usage;

pub(super) use client::Client;
pub(super) use cluster::{BenchCluster, Lists};
pub(super) use crowd::Size;
pub(crate) use server::BenchServer;
pub(super) use stream::{Change, Stream, emitted};

pub(super) const SHOWS: &str = "A cluster of 150,000 pods of about 10 kB, 20,000 ReplicaSets and 5,000 nodes, 2 % of \
    the pods failing, is watched within its budget of memory, time and instructions, a relist included; beside it, on \
    the same generated cluster and after ours has ended, a kube-rs reflector of full typed pods without a relist.";

const FULL: Size = Size { pods: PODS, replica_sets: REPLICA_SETS, nodes: NODES };
const COLD: Size = Size { pods: COLD_PODS, replica_sets: REPLICA_SETS / 15, nodes: NODES / 15 };
const EMPTY: Size = Size { pods: 0, replica_sets: 0, nodes: 0 };

/// The profile of the image, in which final figures are taken; the opponent is built with it too.
const PROFILE: [&str; 2] = ["--profile", "dist"];

/// The programs that take part.
struct Programs {
    ours: PathBuf,
    opponent: PathBuf,
    xtask: PathBuf,
}

/// What the clients are put to.
#[derive(Clone, Copy)]
struct Load {
    size: Size,
    events: usize,
}

impl Load {
    /// The load of the budget; made in small, so many times a fifteenth of its cluster.
    fn chosen() -> Load {
        match small() {
            None => Load { size: FULL, events: EVENTS },
            Some(times) => {
                let part = |whole: usize| whole * BENCH_SMALL_PODS * times / PODS;
                let size = Size { pods: part(PODS), replica_sets: part(REPLICA_SETS), nodes: part(NODES) };
                Load { size, events: BENCH_SMALL_EVENTS }
            }
        }
    }
}

/// What one client used.
#[derive(Default)]
struct Course {
    pods: usize,
    events: usize,
    base: Usage,
    synced: Usage,
    /// After the events.
    changed: Usage,
    /// After the relist; the opponent has none.
    relisted: Option<Usage>,
}

/// Makes the proof; in small, without the opponent.
pub(super) fn prove() -> Result<Verdict> {
    let with_opponent = [&PROFILE[..], &["--features", "opponent"]].concat();
    let options = if small().is_some() { &PROFILE[..] } else { &with_opponent };
    let programs = Programs {
        ours: image_program()?,
        xtask: built("xtask", "xtask", options)?,
        opponent: small().map_or_else(|| built("xtask", "reflector", options), |_| Ok(PathBuf::new()))?,
    };
    let load = Load::chosen();
    let ours = ours(&programs, load).context("our own course")?;
    let paged = paged(&programs, load).context("our own course with lists in pages")?;
    let cold = cold_start(&programs).context("the cold start")?;
    let instructions = instructions::per_event(&programs.xtask, |cluster, under| {
        Client::ours(&programs.ours, cluster, under, Stdio::null())
    })?;
    let mut verdict = Verdict { figures: bounded(&ours, cold, instructions), ..Verdict::default() };
    verdict
        .figures
        .push(Figure::told("the same with lists in pages", format!("{:.1} MiB", mebibytes(paged))));
    if small().is_some() {
        return Ok(verdict);
    }
    let theirs = opponent(&programs, load).context("the opponent's course");
    verdict.figures.push(Figure::exactly("the opponent ran beside it", theirs.is_ok(), true));
    match &theirs {
        Ok((course, instructions)) => verdict.figures.extend(ratios(&ours, course, *instructions)),
        Err(error) => verdict.notes.push(format!("The opponent did not run: {error:#}")),
    }
    let theirs = theirs.unwrap_or_default();
    verdict.tables.push(table(&ours, instructions, &theirs));
    verdict.notes.push(NOTE.replace('\n', " "));
    Ok(verdict)
}

const NOTE: &str = "Memory is the kernel's (VmRSS, VmHWM), CPU user and system time of all threads. Ours lists and
watches all of its kinds, the opponent pods alone. Each course: list, then changes as fast as the client reads them,
then (ours only) a watch that expires and the list anew. Bytes for each pod are what is resident after the list, less
what the program has resident on an empty cluster. Instructions are counted by callgrind, as the difference between two
runs on a small cluster, with and without events.";

fn ours(programs: &Programs, load: Load) -> Result<Course> {
    let start = |cluster: &BenchCluster| Client::ours(&programs.ours, cluster, &[], Stdio::null());
    let base = empty(programs, start)?;
    let Load { size, events } = load;
    let cluster = BenchCluster::start(&programs.xtask, size, Lists::Streamed)?;
    let mut client = start(&cluster)?;
    for (kind, count) in [("Node", size.nodes), ("ReplicaSet", size.replica_sets), ("Pod", size.pods)] {
        client.knows(kind, count, OURS_MAX)?;
    }
    let synced = client.calm()?;
    cluster.events(events)?;
    client.knows("Pod", size.pods + 1, OURS_MAX)?;
    let changed = client.calm()?;
    cluster.expire()?;
    client.knows("Pod", size.pods + 2, OURS_MAX)?;
    let relisted = Some(client.calm()?);
    client.stop()?;
    Ok(Course { pods: size.pods, events, base, synced, changed, relisted })
}

/// Bytes resident at the peak against a server that streams no lists, a list anew included.
fn paged(programs: &Programs, Load { size, .. }: Load) -> Result<u64> {
    let cluster = BenchCluster::start(&programs.xtask, size, Lists::Paged)?;
    let mut client = Client::ours(&programs.ours, &cluster, &[], Stdio::null())?;
    client.knows("Pod", size.pods, OURS_MAX)?;
    client.calm()?;
    cluster.expire()?;
    client.knows("Pod", size.pods + 1, OURS_MAX)?;
    let peak = client.calm()?.peak;
    client.stop()?;
    Ok(peak)
}

fn opponent(programs: &Programs, load: Load) -> Result<(Course, f64)> {
    let free = host::memory("MemAvailable")?;
    anyhow::ensure!(
        free >= OPPONENT_BYTES_FREE_MIN,
        "{} MiB of memory are free, it takes about 10 GiB",
        free >> 20
    );
    let start = |cluster: &BenchCluster| Client::opponent(&programs.opponent, cluster, &[]);
    let base = empty(programs, start)?;
    let Load { size: Size { pods, .. }, events } = load;
    let cluster = BenchCluster::start(&programs.xtask, load.size, Lists::Streamed)?;
    let mut client = start(&cluster)?;
    client.knows("Pod", pods, OPPONENT_MAX)?;
    let synced = client.calm()?;
    cluster.events(events)?;
    client.knows("Pod", pods + 1, OPPONENT_MAX)?;
    let changed = client.calm()?;
    drop((client, cluster));
    let instructions = instructions::per_event(&programs.xtask, |cluster, under| {
        Client::opponent(&programs.opponent, cluster, under)
    })?;
    Ok((Course { pods, events, base, synced, changed, relisted: None }, instructions))
}

/// What a client uses on an empty cluster, once it has seen that it is: one pod appears.
fn empty(programs: &Programs, start: impl Fn(&BenchCluster) -> Result<Client>) -> Result<Usage> {
    let cluster = BenchCluster::start(&programs.xtask, EMPTY, Lists::Streamed)?;
    let mut client = start(&cluster)?;
    crate::run::until("a watch of the empty cluster", OURS_MAX, || cluster.events(0).map(Some))?;
    client.knows("Pod", 1, OURS_MAX)?;
    client.calm()
}

/// Seconds from the start of the process to the first message about a fault that already stood.
fn cold_start(programs: &Programs) -> Result<f64> {
    let cluster = BenchCluster::start(&programs.xtask, COLD, Lists::Streamed)?;
    let mut client = Client::ours(&programs.ours, &cluster, &[], Stdio::piped())?;
    for line in client.lines()?.lines() {
        if line.context("read the messages")?.contains("OOMKilled") {
            return Ok(client.seconds());
        }
    }
    anyhow::bail!("it ended without a word about the standing faults")
}

fn bounded(ours: &Course, cold: f64, instructions: f64) -> Vec<Figure> {
    let peak = mebibytes(ours.relisted.unwrap_or(ours.changed).peak);
    vec![
        Figure::at_most("resident at the peak, relist included", peak, PEAK_MIB_MAX, "MiB"),
        Figure::told(
            format!("of that, beyond the aim of {PEAK_MIB_AIM} MiB"),
            format!("{:.1} MiB", (peak - PEAK_MIB_AIM).max(0.0)),
        ),
        Figure::at_most("CPU for each event", event_micros(ours), EVENT_MICROS_MAX, "us"),
        Figure::at_most("instructions for each event", instructions, EVENT_INSTRUCTIONS_MAX, ""),
        Figure::at_most(format!("start to first alert, {COLD_PODS} pods"), cold, COLD_SECONDS_MAX, "s"),
        Figure::told("CPU from start to synced", format!("{:.2} s", ours.synced.cpu)),
        Figure::told("bytes for each pod", format!("{:.0}", pod_bytes(ours))),
    ]
}

fn ratios(ours: &Course, theirs: &Course, instructions: f64) -> Vec<Figure> {
    let times =
        |what: &str, ours: f64, theirs: f64| Figure::told(what, format!("{:.1} times ours", theirs / ours));
    let peak = |course: &Course| course.relisted.unwrap_or(course.changed).peak as f64;
    let mut figures = vec![
        times("opponent: resident at the peak", peak(ours), peak(theirs)),
        times("opponent: CPU from start to synced", ours.synced.cpu, theirs.synced.cpu),
        times("opponent: CPU for each event", event_micros(ours), event_micros(theirs)),
    ];
    figures.push(Figure::told("opponent: instructions for each event", format!("{instructions:.0}")));
    figures
}

fn table(ours: &Course, instructions: f64, (theirs, their_instructions): &(Course, f64)) -> Table {
    let mut table = Table::new("Both courses", &["what", "ours", "reflector of full pods"]);
    let mut row = |what: &str, value: &dyn Fn(&Course) -> f64, unit: &str| {
        let cell = |course| format!("{:.1} {unit}", value(course)).trim_end().to_owned();
        table.row(&[&what, &cell(ours), &cell(theirs)]);
    };
    row("resident, empty cluster", &|course| mebibytes(course.base.resident), "MiB");
    row("resident, synced", &|course| mebibytes(course.synced.resident), "MiB");
    row("peak until synced", &|course| mebibytes(course.synced.peak), "MiB");
    row("resident, after the events", &|course| mebibytes(course.changed.resident), "MiB");
    row("peak after the relist", &|course| mebibytes(course.relisted.unwrap_or_default().peak), "MiB");
    row("bytes for each pod", &pod_bytes, "");
    row("CPU from start to synced", &|course| course.synced.cpu, "s");
    row(
        "CPU of the relist",
        &|course| course.relisted.map_or(0.0, |usage| usage.cpu - course.changed.cpu),
        "s",
    );
    row("CPU for each event", &event_micros, "us");
    table.row(&[
        &"instructions for each event",
        &format!("{instructions:.0}"),
        &format!("{their_instructions:.0}"),
    ]);
    table
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn pod_bytes(course: &Course) -> f64 {
    (course.synced.resident as f64 - course.base.resident as f64) / course.pods as f64
}

fn event_micros(course: &Course) -> f64 {
    (course.changed.cpu - course.synced.cpu) * 1e6 / course.events as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(cpu: [f64; 3], resident: u64) -> Course {
        let usage = |cpu| Usage { cpu, resident, peak: resident };
        let [synced, changed, relisted] = cpu.map(usage);
        Course {
            pods: PODS,
            events: EVENTS,
            base: Usage::default(),
            synced,
            changed,
            relisted: Some(relisted),
        }
    }

    #[test]
    fn the_budget_is_held_against_what_was_measured() {
        let good = course([2.0, 2.0 + EVENTS as f64 * 15e-6, 5.0], 60 << 20);
        assert!(bounded(&good, 3.0, 150_000.0).iter().all(|figure| figure.holds));
        assert!(!bounded(&good, 5.1, 150_000.0).iter().all(|figure| figure.holds), "too late");
        assert!(!bounded(&good, 3.0, 200_001.0).iter().all(|figure| figure.holds), "too many instructions");
        let slow = course([2.0, 2.0 + EVENTS as f64 * 21e-6, 5.0], 60 << 20);
        assert!(!bounded(&slow, 3.0, 150_000.0).iter().all(|figure| figure.holds));
        let large = course([2.0, 2.1, 5.0], 65 << 20);
        assert!(!bounded(&large, 3.0, 150_000.0).iter().all(|figure| figure.holds));
    }
}
