//! Proof `delivery-rate`: how many notifications a second leave, and how long each takes from its change.

mod course;
mod lag;
mod relay;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use self::course::{Load, Memory, Outcome, Programs};
use self::relay::{Relay, Written};
use super::limits::{
    DELIVERY_FILE_P99_MILLIS_MAX, DELIVERY_FILE_RATE_MIN, DELIVERY_OBJECT_P50_MILLIS_MAX,
    DELIVERY_OBJECT_RATE_MIN,
};
use super::verdict::{Figure, Table, Verdict};
use super::watch_budget::BenchCluster;
use super::{built, image_program, percentile, small};
use crate::cluster;
use crate::line::Ground;
use crate::seats::{self, Api};

pub(super) const SHOWS: &str = "With its memory in files, at least 5,000 notifications a second reach a local webhook, and \
    at 1,000 a second 99 of 100 arrive within 20 ms of the change that they tell; with its memory in ConfigMaps, 1,000 a \
    second are sustained and half of them arrive within 100 ms. Every intent is committed before its request leaves.";

/// As many as it can take: more than must be done.
const FLOOD: Load = Load { count: 60_000, rate: 8_000, standing: 0 };
/// Half of them beginnings, half of them ends.
const STEADY: Load = Load { count: 30_000, rate: 1_000, standing: 2_000 };
/// A little more than must be done, so that what is done is not less for the rounding of its ends.
const SUSTAINED: Load = Load { count: 30_000, rate: 1_020, standing: 2_000 };

const PROFILE: [&str; 2] = ["--profile", "dist"];

const NOTE: &str = "Changes come from the generating server of `watch-budget`, pods of about 10 kB over a watch, which \
    writes down when it sends each; the receiver is a process of its own and writes down when it has read each request, \
    in brief lines that it does not sync. All run on this one machine and share its cores. State files are on its disk \
    and synced. State objects are written to the real API server by way of a relay, which adds a service account's token \
    and takes the time of each write; its own share is in the figures.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let programs = match small() {
        Some(_) => Programs { ours: image_program()?, xtask: std::env::current_exe()? },
        None => Programs { ours: image_program()?, xtask: built("xtask", "xtask", &PROFILE)? },
    };
    let less = |load: Load| match small() {
        Some(part) => Load { count: load.count * part.min(10) / 10, ..load },
        None => load,
    };
    let mut verdict = Verdict::default();
    let mut table = Table::new(
        "Courses",
        &["course", "offered", "received a second", "p50", "p90", "p99", "slowest", "CPU each", "peak"],
    );
    let flood = course::run(&programs, &Memory::Folder, less(FLOOD)).context("the flood into files")?;
    verdict.figures.extend(whole("files, flood", &flood));
    let rate = flood.lags.rate;
    verdict.figures.push(Figure::at_least("files, notifications a second", rate, DELIVERY_FILE_RATE_MIN, ""));
    row(&mut table, "files, flood", FLOOD.rate, &flood);
    let steady = course::run(&programs, &Memory::Folder, less(STEADY)).context("a steady rate into files")?;
    verdict.figures.extend(whole("files, 1,000 a second", &steady));
    verdict.figures.push(Figure::at_most(
        "files, 1,000 a second: change to receiver, p99",
        steady.lags.percentile(99.0),
        DELIVERY_FILE_P99_MILLIS_MAX,
        "ms",
    ));
    row(&mut table, "files, steady", STEADY.rate, &steady);
    let (sustained, written) = in_objects(&programs, less(SUSTAINED)).context("into objects")?;
    verdict.figures.extend(whole("objects", &sustained));
    verdict.figures.extend(objects(&sustained, &written));
    row(&mut table, "objects", SUSTAINED.rate, &sustained);
    verdict.tables.push(table);
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

/// Everything was told, and once.
fn whole(of: &str, outcome: &Outcome) -> Vec<Figure> {
    let lags = &outcome.lags;
    vec![
        Figure::told(format!("{of}: changes made"), lags.made),
        Figure::exactly(format!("{of}: not told"), lags.missed, 0),
        Figure::exactly(format!("{of}: told twice"), lags.doubled, 0),
        Figure::exactly(format!("{of}: about anything else"), lags.strays, 0),
    ]
}

fn objects(outcome: &Outcome, written: &[Written]) -> Vec<Figure> {
    let lags = &outcome.lags;
    let mut millis: Vec<f64> = written.iter().filter(|write| write.head).map(|write| write.millis).collect();
    millis.sort_by(f64::total_cmp);
    // The first two seal the seat and say that it is served.
    let heads: Vec<_> = written.iter().filter(|write| write.head).skip(2).map(|write| write.begun).collect();
    let closest = heads.windows(2).map(|two| two[1].duration_since(two[0])).min().unwrap_or(Duration::MAX);
    let bytes: usize = written.iter().map(|write| write.bytes).sum();
    let span =
        heads.first().zip(heads.last()).map_or(f64::NAN, |(first, last)| (*last - *first).as_secs_f64());
    vec![
        Figure::at_least("objects, notifications a second", lags.rate, DELIVERY_OBJECT_RATE_MIN, ""),
        Figure::at_most(
            "objects: change to receiver, p50",
            lags.percentile(50.0),
            DELIVERY_OBJECT_P50_MILLIS_MAX,
            "ms",
        ),
        Figure::told("objects: change to receiver, p99", format!("{:.1} ms", lags.percentile(99.0))),
        Figure::told(
            "beside it, the API server's own writes of the head, p50 and p99",
            format!("{:.1} ms, {:.1} ms", percentile(&millis, 50.0), percentile(&millis, 99.0)),
        ),
        Figure::told("closest two commits", format!("{} ms", closest.as_millis())),
        Figure::told(
            "writes and bytes a second",
            format!("{:.1}, {:.0} KiB", written.len() as f64 / span, bytes as f64 / span / 1024.0),
        ),
    ]
}

fn row(table: &mut Table, name: &str, offered: u32, outcome: &Outcome) {
    let of = |part: f64| format!("{:.1} ms", outcome.lags.percentile(part));
    table.row(&[
        &name,
        &offered,
        &format!("{:.0}", outcome.lags.rate),
        &of(50.0),
        &of(90.0),
        &of(99.0),
        &of(100.0),
        &format!("{:.0} us", outcome.cpu_micros),
        &format!("{:.0} MiB", outcome.peak),
    ]);
}

fn in_objects(programs: &Programs, load: Load) -> Result<(Outcome, Vec<Written>)> {
    let cluster = cluster::up()?;
    let ground = Ground::new(&cluster, "rate")?;
    let kubeconfig = seats::state_account(&ground)?;
    let api = Arc::new(Api::reach_as(&cluster, &kubeconfig)?);
    let opened = Mutex::new(None);
    let by_way_of = |bench: &BenchCluster| {
        let relay = Relay::open(&api, bench.port())?;
        let path = relay.kubeconfig(&bench.kubeconfig()?, bench.port());
        *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(relay);
        path
    };
    let memory = Memory::Objects { namespace: ground.namespace(), by_way_of: &by_way_of };
    // Every process that it starts is in the cluster's network with it.
    let outcome = cluster.inside(|| course::run(programs, &memory, load))??;
    let relay = opened.into_inner().unwrap_or_else(PoisonError::into_inner).context("no relay was opened")?;
    Ok((outcome, relay.written()))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::lag::Lags;
    use super::*;

    fn outcome(rate: f64, millis: Vec<f64>) -> Outcome {
        let lags = Lags { made: millis.len(), rate, millis, ..Lags::default() };
        Outcome { lags, cpu_micros: 1.0, peak: 1.0 }
    }

    #[test]
    fn what_is_too_slow_or_not_told_is_red() {
        let begun = Instant::now();
        let written = [0, 100, 230].map(|at| Written {
            begun: begun + Duration::from_millis(at),
            millis: 5.0,
            bytes: 9,
            head: true,
        });
        let red = |outcome: &Outcome| {
            objects(outcome, &written)
                .into_iter()
                .chain(whole("x", outcome))
                .filter(|figure| !figure.holds)
                .count()
        };
        assert_eq!(red(&outcome(1_000.0, vec![50.0, 90.0])), 0);
        assert_eq!(red(&outcome(999.0, vec![101.0, 102.0])), 2);
        let mut lossy = outcome(1_000.0, vec![50.0]);
        lossy.lags.missed = 1;
        assert_eq!(red(&lossy), 1);
    }
}
