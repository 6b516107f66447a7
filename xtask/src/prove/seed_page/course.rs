//! One course: a release from its installation to its last change, under a storm of failing pods.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::limits::{
    MEMORY_LIMIT_MIB, SEED_FAULT_EVERY, SEED_GUST, SEED_PODS, TAKEN_OVER_SECONDS_MAX,
};
use super::super::verdict::Figure;
use super::page::{self, UPGRADE};
use crate::cluster::Cluster;
use crate::line::Ground;
use crate::receiver::millis;
use crate::release::{Console, Pod, Release, Seats, Storm, Use, image_values};
use crate::seats::{Chronicle, Tally, holder, taken_from};

/// What the release is installed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// One replica, and the chart's own values.
    OneReplica,
    /// Every value that the Go program's chart has.
    ReferenceValues,
}

impl Start {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Start::OneReplica => "one replica",
            Start::ReferenceValues => "reference's values",
        }
    }

    /// The memory that a container may have, in MiB: the Go program's chart gives more, and values win.
    pub(super) const fn memory_limit_mib(self) -> f64 {
        match self {
            Start::OneReplica => MEMORY_LIMIT_MIB,
            Start::ReferenceValues => 2.0 * MEMORY_LIMIT_MIB,
        }
    }

    const fn options(self) -> &'static str {
        match self {
            Start::OneReplica => "",
            Start::ReferenceValues => "--values ./helm/ci/reference-values.yaml ",
        }
    }
}

/// Seconds from the deletion of a leader until something was so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Takeover {
    /// Another holds the Lease.
    pub(super) lease: f64,
    /// Another answers 200 on `/readyz`.
    pub(super) ready: f64,
    /// Another told of a fault that began after the deletion.
    pub(super) told: f64,
}

impl Takeover {
    /// Until all of it was so.
    pub(super) fn seconds(&self) -> f64 {
        super::super::verdict::slowest([self.lease, self.ready, self.told])
    }
}

/// What a course came to.
pub(super) struct Outcome {
    pub(super) start: Start,
    pub(super) figures: Vec<Figure>,
    pub(super) takeovers: Vec<Takeover>,
    /// Each change after the takeovers, and the seconds that helm took for it.
    pub(super) changes: Vec<(&'static str, f64)>,
    pub(super) tally: Tally,
    pub(super) faults: usize,
    /// Sinks that had not heard all at the end.
    pub(super) unsettled: usize,
    pub(super) used: Use,
    pub(super) restarts: u64,
}

struct Course<'a> {
    console: &'a Console<'a>,
    release: Release<'a>,
    storm: Storm,
    chronicle: Chronicle,
    used: Use,
    restarts: u64,
}

/// Runs it.
pub(super) fn run(cluster: &Cluster, start: Start, rounds: usize) -> Result<Outcome> {
    let ground = Ground::new(cluster, "seed")?;
    let outside = Ground::new(cluster, "gale")?;
    let console = Console::open(&ground)?;
    let release = Release::new(&console)?;
    let storm = Storm::gather(&outside, SEED_PODS)?;
    let mut values = storm.values();
    values["image"] = image_values();
    let chronicle = Chronicle::open(&ground, &["kube-system"])?;
    let (used, restarts) = (Use::default(), 0);
    let mut course = Course { console: &console, release, storm, chronicle, used, restarts };
    course.all(start, &values, rounds)
}

impl Course<'_> {
    fn all(&mut self, start: Start, values: &Value, rounds: usize) -> Result<Outcome> {
        let file = self.console.values(start.word().split(['\'', ' ']).next().unwrap_or("x"), values)?;
        self.release.install(&format!("{}--values {file}", start.options()))?;
        self.release.seated(1)?;
        self.storm.blow(SEED_FAULT_EVERY);
        let upgraded = self.console.types(UPGRADE)?;
        // A record's table has one line for each figure.
        let words = UPGRADE.replace("\\\n  ", "");
        let mut figures = vec![Figure::exactly(format!("`{words}`: exit"), upgraded.code, 0)];
        let seats = self.release.seated(2).with_context(|| upgraded.err.clone())?;
        figures.extend(page::followed(self.console, &seats)?);
        let mut takeovers = Vec::new();
        for round in 1..=rounds {
            self.storm.round(round);
            takeovers.push(self.takeover().with_context(|| format!("takeover {round}"))?);
        }
        let changes = self.changes(&format!("{}--values {file}", start.options()), rounds, &mut figures)?;
        let unsettled = self.storm.calm()?;
        self.sample(&self.release.pods()?)?;
        Ok(Outcome {
            start,
            figures,
            takeovers,
            changes,
            tally: self.storm.tally()?,
            faults: self.storm.faults(),
            unsettled,
            used: self.used,
            restarts: self.restarts,
        })
    }

    /// Deletes the leader, and looks until another leads and tells.
    fn takeover(&mut self) -> Result<Takeover> {
        let Seats { leader, followers } = self.release.seated(2)?;
        let address = leader.address.context("a leader has an address")?.to_string();
        self.sample(std::iter::once(&leader).chain(&followers))?;
        let before = holder(self.chronicle.versions()?).unwrap_or_default().to_owned();
        self.storm.gust(SEED_GUST)?;
        let at = millis();
        // What the page asks for in words.
        self.console.does(&format!("kubectl delete pod {} --wait=false", leader.name))?;
        self.storm.gust(SEED_GUST)?;
        let ready = self.flipped(&leader, followers)?;
        let told = self.storm.first_from_others(&address, at, TAKEN_OVER_SECONDS_MAX)?;
        let lease = taken_from(self.chronicle.versions()?, &before, at);
        let seconds = |then: Option<i64>| then.map_or(f64::NAN, |then| (then - at) as f64 / 1000.0);
        Ok(Takeover { lease: seconds(lease), ready: seconds(ready), told: seconds(told) })
    }

    /// When `/readyz` of another pod than this one turned 200: one that is there, or one that comes.
    fn flipped(&self, old: &Pod, mut pods: Vec<Pod>) -> Result<Option<i64>> {
        let (start, mut listed) = (Instant::now(), Instant::now());
        while start.elapsed() < TAKEN_OVER_SECONDS_MAX {
            for pod in &pods {
                if pod.status(self.console, "/readyz")? == Some(200) {
                    return Ok(Some(millis()));
                }
            }
            if listed.elapsed() > Duration::from_secs(1) {
                pods = self.release.pods()?;
                pods.retain(|pod| pod.uid != old.uid && !pod.ends);
                listed = Instant::now();
            }
            std::thread::sleep(crate::limits::POLL_INTERVAL);
        }
        Ok(None)
    }

    /// What else a person does to it: the Lease moves and moves back, the release is installed anew, and one is enough.
    fn changes(
        &mut self,
        options: &str,
        rounds: usize,
        figures: &mut Vec<Figure>,
    ) -> Result<Vec<(&'static str, f64)>> {
        let mut changes = Vec::new();
        let mut done = |what, since: Instant| changes.push((what, since.elapsed().as_secs_f64()));
        self.storm.round(rounds + 1);
        let start = Instant::now();
        self.release.upgrade("--set leaderElection.namespace=")?;
        done("the Lease moves to the release's namespace", start);
        self.sample(&self.release.pods()?)?;
        self.release.seated(2)?;
        let start = Instant::now();
        self.release.upgrade("--set leaderElection.namespace=kube-system")?;
        done("and back", start);
        self.release.seated(2)?;
        self.storm.round(rounds + 2);
        self.sample(&self.release.pods()?)?;
        let start = Instant::now();
        let uid = "kubectl get lease alertkube -n kube-system -o jsonpath={.metadata.uid}";
        let lease = self.console.does(uid)?;
        self.release.retire()?;
        let two = "--set replicaCount=2 --set leaderElection.enabled=true --set leaderElection.namespace=kube-system";
        self.release.install(&format!("{options} {two}"))?;
        done("uninstalled and installed", start);
        self.release.seated(2)?;
        let kept = self.console.does(uid)? == lease;
        figures.push(Figure::exactly("the Lease outlived the release", kept, true));
        self.storm.round(rounds + 3);
        self.sample(&self.release.pods()?)?;
        let start = Instant::now();
        self.release.upgrade("--set replicaCount=1 --set leaderElection.enabled=false")?;
        done("one replica without election", start);
        self.release.seated(1)?;
        let strategy = page::strategy(self.console, "Recreate")?;
        figures.push(Figure { what: format!("{}, without election", strategy.what), ..strategy });
        Ok(changes)
    }

    /// Notes what these pods used so far.
    fn sample<'p>(&mut self, pods: impl IntoIterator<Item = &'p Pod>) -> Result<()> {
        for pod in pods.into_iter().filter(|pod| !pod.ends && pod.ready) {
            self.restarts += pod.restarts;
            self.used = self.used.worse(Use::of(self.console.cluster(), pod)?);
        }
        Ok(())
    }
}
