//! Where a scene plays: a pair whose faults go on to begin and end while something is done to its seat.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use super::super::limits::TAKEN_OVER_SECONDS_MAX;
use super::super::verdict::slowest;
use crate::cluster::Cluster;
use crate::limits;
use crate::line::Ground;
use crate::seats::{Birth, Chronicle, Illness, LEASE, Pair, Plan, Sinks, Tally, Terms, head};

/// A scene: what is done to the seat.
pub(super) struct Scene {
    pub(super) name: &'static str,
    /// Whether all state stays readable, so that nothing may be told twice.
    pub(super) whole: bool,
    /// Whether two hold a Lease, or need none, so that the one that lost the seat learns it at its next commit.
    pub(super) overlaps: bool,
    /// Seconds after which a restarted container must tell; none where that is not the subject.
    pub(super) restart_max: Option<f64>,
    pub(super) play: fn(&mut Stage<'_>) -> Result<()>,
}

/// What a scene came to.
pub(super) struct Found {
    pub(super) tally: Tally,
    pub(super) terms: Terms,
    pub(super) both: usize,
    /// Changes of the sender of lines.
    pub(super) switches: usize,
    /// The longest time, in seconds, that a fault took to be told.
    pub(super) longest: f64,
    /// Whether just one of those that run leads at the end.
    pub(super) one_leads: bool,
    pub(super) unsettled: usize,
    pub(super) faults: usize,
    /// Takeovers that the scene itself measured, in seconds.
    pub(super) measured: Vec<f64>,
}

/// The place.
pub(super) struct Stage<'a> {
    pub(super) pair: Pair<'a>,
    chronicle: Chronicle,
    /// Another namespace in which a Lease may lie.
    pub(super) elsewhere: String,
    pub(super) measured: Vec<f64>,
}

/// A fault in this time.
const DRIP: Duration = Duration::from_millis(400);
/// Faults that a scene has at most.
const PODS: usize = 420;

/// Plays a scene.
pub(super) fn play(cluster: &Cluster, program: &Path, lane: &str, scene: &Scene) -> Result<Found> {
    let (ground, other) = (Ground::new(cluster, lane)?, Ground::new(cluster, "elsewhere")?);
    let leases = [other.namespace()];
    let mut pair = Pair::new(&ground, &Plan { name: lane, program, warm: false, leases: &leases })?;
    pair.herd.grow(&ground.ghost(), Sinks::Both, PODS)?;
    let chronicle = Chronicle::open(&ground, &[ground.namespace()])?;
    let elsewhere = other.namespace().to_owned();
    let mut stage = Stage { pair, chronicle, elsewhere, measured: Vec::new() };
    (scene.play)(&mut stage)?;
    stage.found()
}

impl Stage<'_> {
    /// Lets faults begin, and some of those that were told end, for so long.
    pub(super) fn drip(&mut self, long: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < long {
            self.drop()?;
        }
        Ok(())
    }

    /// The same until this one leads.
    pub(super) fn drip_until_leads(&mut self, which: usize) -> Result<()> {
        let start = Instant::now();
        while self.pair.watchman.leader() != Some(which) {
            anyhow::ensure!(
                start.elapsed() < TAKEN_OVER_SECONDS_MAX,
                "it never led; it said:\n{}",
                self.pair.said(which)
            );
            self.drop()?;
        }
        Ok(())
    }

    /// The same until this one tells a fault that began at or after a time; the seconds since then.
    pub(super) fn drip_until_tells(&mut self, which: usize, since: i64) -> Result<f64> {
        let start = Instant::now();
        loop {
            self.drop()?;
            let fates = self.pair.herd.fates().iter().enumerate();
            let fresh: Vec<usize> =
                fates.filter(|(_, fate)| fate.began >= since).map(|(number, _)| number).collect();
            if let Some(told) = self.pair.first_from(which, &fresh, false) {
                return Ok((told - since) as f64 / 1000.0);
            }
            anyhow::ensure!(
                start.elapsed() < TAKEN_OVER_SECONDS_MAX,
                "it told nothing; it said:\n{}",
                self.pair.said(which)
            );
        }
    }

    /// Changes the head's own account of itself.
    pub(super) fn edit_head(&mut self, edit: impl Fn(&mut Value)) -> Result<()> {
        self.patch_head(|object| {
            let text = object["data"]["meta"].as_str().context("the head has no data.meta")?;
            let mut meta: Value = serde_json::from_str(text).context("data.meta is no JSON")?;
            edit(&mut meta);
            Ok(json!({"data": {"meta": meta.to_string()}}))
        })
    }

    /// Patches the head as it stands just now.
    pub(super) fn patch_head(&mut self, patch: impl Fn(&Value) -> Result<Value>) -> Result<()> {
        let path = self.path_of_head();
        self.pair.until("a head that nobody else wrote meanwhile", limits::PROGRAM_DEED_MAX, |pair| {
            let object = pair.api.get(&path)?;
            let mut patch = patch(&object)?;
            patch["metadata"]["resourceVersion"] = object["metadata"]["resourceVersion"].clone();
            Ok(pair.api.go(Method::PATCH, &path, Some(&patch)).wait().ok().map(drop))
        })
    }

    pub(super) fn delete_head(&mut self) -> Result<()> {
        self.pair.api.delete(&self.path_of_head())
    }

    pub(super) fn delete_lease(&mut self) -> Result<()> {
        let namespace = self.pair.kit.ground.namespace();
        self.pair.api.delete(&format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{LEASE}"))
    }

    /// A new pod without election.
    pub(super) fn unelected(&mut self) -> Result<Birth> {
        Ok(Birth { lease: None, ..self.pair.birth()? })
    }

    fn path_of_head(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{}", self.pair.kit.ground.namespace(), head())
    }

    fn drop(&mut self) -> Result<()> {
        let pair = &mut self.pair;
        let (fault, patch) = pair.herd.sicken(Sinks::Both, Illness::Quick, 1)?;
        patch.wait()?;
        if fault % 4 == 3 {
            let told = pair.herd.standing(|_| true).into_iter().find(|fault| pair.heard(&[*fault], false));
            pair.herd.heal(&told.into_iter().collect::<Vec<_>>())?;
        }
        pair.look()?;
        thread::sleep(DRIP);
        Ok(())
    }

    fn found(mut self) -> Result<Found> {
        let pair = &mut self.pair;
        let calm = pair.settle(limits::FAULT_TOLD_MAX)?;
        let one_leads = pair.await_leader().is_ok();
        let waits = (0..pair.herd.fates().len()).map(|number| {
            let told = pair.firsts(number, false).map(|(at, _)| *at).min();
            told.map_or(f64::NAN, |at| (at - pair.herd.fates()[number].began) as f64 / 1000.0)
        });
        let longest = slowest(waits);
        let unsettled = calm + pair.close()?;
        let mut lines: Vec<_> =
            pair.audience.lines().iter().filter(|line| line.reason != "ApiServerUnreachable").collect();
        lines.sort_by_key(|line| line.at);
        let switches = lines.windows(2).filter(|two| two[0].from != two[1].from).count();
        Ok(Found {
            tally: pair.tally(),
            terms: Terms::of(self.chronicle.versions()?),
            both: pair.watchman.counts().1,
            switches,
            longest,
            one_leads,
            unsettled,
            faults: pair.herd.fates().len(),
            measured: self.measured,
        })
    }
}
