//! Proof `sharded-install`: shards as a StatefulSet of elected pairs, and as releases of their own.

use std::thread;

use anyhow::{Context, Result};
use serde_json::json;

use super::limits::{SHARDED_FAULT_EVERY, SHARDED_PODS, SHARDED_STORM, SHARDS_SEATED_MAX};
use super::verdict::{Figure, Verdict};
use super::{image_program, small, weathered};
use crate::cluster::{self, Cluster};
use crate::image;
use crate::line::Ground;
use crate::release::{Console, Pod, Release, Storm, image_values};
use crate::run;

pub(super) const SHOWS: &str = "Three shards, each an elected pair, as one StatefulSet with the index from the ordinal; and three \
    releases in one namespace with an index each through extraEnv and one common name of their state. Under a storm, in which \
    a leader is deleted, each problem and each end is told once.";

/// How many shards.
const TOTAL: usize = 3;

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let cluster = cluster::up()?;
    image::load(&cluster, &image_program()?)?;
    let mut verdict = Verdict::default();
    for (word, pods, install) in [
        ("StatefulSet of pairs", 2 * TOTAL, pairs as fn(&Console<'_>, &str) -> Result<()>),
        ("three releases", TOTAL, releases),
    ] {
        course(&cluster, (word, pods), install, &mut verdict).with_context(|| word)?;
    }
    Ok(verdict)
}

fn course(
    cluster: &Cluster,
    (word, pods): (&str, usize),
    install: fn(&Console<'_>, &str) -> Result<()>,
    verdict: &mut Verdict,
) -> Result<()> {
    let ground = Ground::new(cluster, "shards")?;
    let outside = Ground::new(cluster, "gale")?;
    let console = Console::open(&ground)?;
    let release = Release::new(&console)?;
    let storm = Storm::gather(&outside, SHARDED_PODS)?;
    let mut values = storm.values();
    values["image"] = image_values();
    let _removed_with_it = Releases(&console);
    install(&console, &console.values("sharded", &values)?)?;
    let leaders = seated(&console, &release, pods)?;
    verdict.figures.push(Figure::exactly(format!("{word}: shards that are led"), leaders.len(), TOTAL));
    storm.blow(SHARDED_FAULT_EVERY);
    let half = if small().is_some() { SHARDED_STORM / 8 } else { SHARDED_STORM / 2 };
    thread::sleep(half);
    storm.round(1);
    let leader = &leaders[0].name;
    console.does(&format!("kubectl delete pod {leader} --wait=false"))?;
    thread::sleep(half);
    let leaders = seated(&console, &release, pods)?;
    verdict.figures.push(Figure::exactly(
        format!("{word}: and after a leader's deletion"),
        leaders.len(),
        TOTAL,
    ));
    let restarts: u64 = release.pods()?.iter().map(|pod| pod.restarts).sum();
    verdict.figures.push(Figure::exactly(format!("{word}: restarts of containers"), restarts, 0));
    weathered::settle(&storm, word, verdict)
}

/// One release: a StatefulSet whose pods are shards by their ordinals, and pairs.
fn pairs(console: &Console<'_>, values: &str) -> Result<()> {
    let sets = "--set sharding.total=3 --set replicaCount=2 --set leaderElection.enabled=true";
    console
        .does(&format!("helm install alertkube ./helm --values {values} {sets} --wait --timeout 3m"))
        .map(drop)
}

/// The page's N separate Deployments.
fn releases(console: &Console<'_>, values: &str) -> Result<()> {
    for index in 0..TOTAL {
        let variable = |name: &str, value: usize| json!({"name": name, "value": value.to_string()});
        let own = json!({
            "extraEnv": [variable("ALERTKUBE_SHARD_TOTAL", TOTAL), variable("ALERTKUBE_SHARD_INDEX", index)],
            "persistence": {"configMapName": "alertkube-state"},
        });
        let own = console.values(&format!("shard-{index}"), &own)?;
        let words = format!("helm install alertkube-{index} ./helm --values {values} --values {own}");
        console.does(&words)?;
    }
    Ok(())
}

/// Waits until so many pods are there and ready and each shard is led, and gives those that lead.
fn seated(console: &Console<'_>, release: &Release<'_>, pods: usize) -> Result<Vec<Pod>> {
    let look = || {
        let all = release.pods()?;
        if all.len() != pods || all.iter().any(|pod| pod.ends || !pod.ready) {
            return Ok(None);
        }
        let mut leaders = Vec::new();
        for pod in all {
            if pod.status(console, "/readyz")? == Some(200) {
                leaders.push(pod);
            }
        }
        Ok((leaders.len() == TOTAL).then_some(leaders))
    };
    run::until("ready pods and a leader of each shard", SHARDS_SEATED_MAX, look)
        .with_context(|| release.wreck())
}

/// What a course installed beside the release that is removed by itself.
struct Releases<'a>(&'a Console<'a>);

impl Drop for Releases<'_> {
    fn drop(&mut self) {
        for index in 0..TOTAL {
            // The namespace goes anyway; only what is not in it would stay.
            let _left = self.0.types(&format!("helm uninstall alertkube-{index} --ignore-not-found"));
        }
    }
}
