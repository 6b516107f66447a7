//! Proof `state-size`: how much is stored of 100,000 alerts, how fast, and what a kill leaves.

mod drill;
mod idle;
mod kills;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use self::drill::{Kit, Said};
use self::idle::Idle;
use self::kills::Kills;
use super::limits::{
    CHECKPOINT_BYTES_MAX, CHECKPOINT_WRITES_MAX, IDLE, IDLE_LEASE_WRITES_MAX, NOTES_MAX, STATE_ALERTS,
    STATE_FILL_RATE, STATE_KILLS, STATE_SEGMENTS, STORM_ALERTS, STORM_BYTES_MAX, STORM_RATE,
    STORM_WRITES_MAX,
};
use super::verdict::{Figure, Verdict};
use super::{built, percentile, program, small};
use crate::cluster;
use crate::line::Ground;
use crate::seats::{Api, STATE, state_account};

pub(super) const SHOWS: &str = "The records of 100,000 active alerts in ConfigMaps of a real API server: objects, bytes, \
    commits, and how long a restart reads; 10,000 alerts in a minute are written within 12 writes and 0.5 MiB a second, \
    checkpoints within 2 and 1 MiB, and an idle replica renews its Lease and writes nothing else; after each of 100 kills \
    amid writes what is read is just what was committed.";

const NOTE: &str = "A driver puts facts into the very ledger and store that ship, with a service account's token: for each \
    alert the alert itself and an intent for each of two sinks, and when these are committed two outcomes. Bytes are meta \
    and body in base64, as they go over the wire. Rates are the most in any second, by when the ledger decided upon each \
    write. The killed driver writes down what it is about to do before it does it, and the commits that it heard of; the \
    next one does the same in order to a map of its own and compares. *idle* is the real program.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let driver = driver()?;
    let part = |whole: usize| small().map_or(whole, |tenths| whole * tenths.min(10) / 10);
    let cluster = cluster::up()?;
    let mut verdict = Verdict::default();
    let ground = Ground::new(&cluster, "size")?;
    let kit = Kit { ground: &ground, program: &driver, kubeconfig: state_account(&ground)? };
    let alerts = STORM_ALERTS.to_string();
    let storm =
        kit.run("tell", &["--alerts", &alerts, "--rate", &STORM_RATE.to_string()]).context("the storm")?;
    verdict.figures.extend(stormed(&storm));
    verdict.notes.extend(troubles("storm", &storm));
    let (from, more) = (alerts, part(STATE_ALERTS).saturating_sub(STORM_ALERTS).to_string());
    let words = ["--from", &from, "--alerts", &more, "--rate", &STATE_FILL_RATE.to_string()];
    let filled = kit.run("tell", &words).context("filling")?;
    verdict.notes.extend(troubles("filling", &filled));
    let api = Api::reach(&cluster)?;
    let opened = kit.run("open", &[]).context("opening")?;
    verdict.figures.extend(sized(&api, &ground, part(STATE_ALERTS).max(STORM_ALERTS), &filled, &opened)?);
    let other = Ground::new(&cluster, "kills")?;
    let kit = Kit { ground: &other, program: &driver, kubeconfig: state_account(&other)? };
    let kills = part(STATE_KILLS);
    verdict.figures.extend(killed(&kills::run(&kit, kills)?, kills));
    verdict.figures.extend(idled(&idle::watch(&cluster, &program()?)?));
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

/// The driver, built for speed; in small the one beside the program that is taken.
fn driver() -> Result<PathBuf> {
    match small() {
        Some(_) => Ok(program()?.with_file_name("ledger-drill")),
        None => built("alertkube", "ledger-drill", &["--features", "drill", "--profile", "dist"]),
    }
}

fn stormed(said: &Said) -> Vec<Figure> {
    let mebi = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (writes, bytes) = said.most(|write| !write.bucket);
    let (buckets, bucket_bytes) = said.most(|write| write.bucket);
    let calm = said.calm.map_or(0, |calm| said.writes.len() - calm);
    let mut commits = said.commits.clone();
    commits.sort_by(f64::total_cmp);
    vec![
        Figure::at_most("storm: writes a second", writes as f64, STORM_WRITES_MAX, ""),
        Figure::at_most("storm: bytes a second", mebi(bytes), STORM_BYTES_MAX, "MiB"),
        Figure::at_most("storm: checkpoints a second", buckets as f64, CHECKPOINT_WRITES_MAX, ""),
        Figure::at_most(
            "storm: bytes of checkpoints a second",
            mebi(bucket_bytes),
            CHECKPOINT_BYTES_MAX,
            "MiB",
        ),
        Figure::at_least("storm: intents committed", commits.len() as f64, STORM_ALERTS as f64, ""),
        Figure::told(
            "storm: put to commit, p50 and p99",
            format!("{:.0} ms, {:.0} ms", percentile(&commits, 50.0), percentile(&commits, 99.0)),
        ),
        // The ledger is closed, which is one.
        Figure::at_most("storm: writes in 20 s after all is calm", calm.saturating_sub(1) as f64, 0.0, ""),
        Figure::exactly("storm: troubles", said.trouble.len() + said.conflicts, 0),
    ]
}

fn sized(api: &Api, ground: &Ground<'_>, alerts: usize, filled: &Said, opened: &Said) -> Result<Vec<Figure>> {
    let list = api.get(&format!("/api/v1/namespaces/{}/configmaps", ground.namespace()))?;
    let sizes = sizes(&list);
    let (took, entries) = opened.opened.context("it did not say that it opened")?;
    let mut commits: Vec<f64> =
        filled.writes.iter().filter(|write| write.head).map(|write| write.millis).collect();
    commits.sort_by(f64::total_cmp);
    let all: usize = sizes.iter().sum();
    Ok(vec![
        Figure::exactly("facts read back", entries, alerts * 3),
        Figure::told("objects", sizes.len()),
        Figure::told("bytes of all", format!("{:.2} MiB", all as f64 / f64::from(1 << 20))),
        Figure::told("bytes for each alert", all / alerts.max(1)),
        Figure::at_most(
            "largest object",
            sizes.iter().copied().max().unwrap_or(0) as f64 / f64::from(1 << 20),
            1.0,
            "MiB",
        ),
        Figure::told(
            "writes of the head while they were put, p50 and p99",
            format!("{:.1} ms, {:.1} ms", percentile(&commits, 50.0), percentile(&commits, 99.0)),
        ),
        Figure::told("restart: from asking for the head to ready", format!("{took} ms")),
        Figure::at_most(
            "filling: writes that met a segment of the life before",
            filled.conflicts as f64,
            STATE_SEGMENTS,
            "",
        ),
        Figure::exactly("filling: troubles", filled.trouble.len(), 0),
    ])
}

/// The first of what a life said that it should not have to say.
fn troubles(of: &str, said: &Said) -> Option<String> {
    let first: Vec<_> = said.trouble.iter().take(NOTES_MAX).map(String::as_str).collect();
    (!first.is_empty()).then(|| format!("{of}: {}", first.join("; ")))
}

/// Bytes of what each state object holds.
fn sizes(list: &Value) -> Vec<usize> {
    let objects = list["items"].as_array().into_iter().flatten();
    let ours = objects.filter(|object| {
        object["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(&format!("{STATE}-")))
    });
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    ours.map(|object| length(&object["data"]["meta"]) + length(&object["binaryData"]["body"])).collect()
}

fn killed(kills: &Kills, wanted: usize) -> Vec<Figure> {
    let mut figures = vec![
        Figure::exactly("kills after which just what was committed was read", kills.equal, wanted),
        Figure::told("entries that were read back, at most", kills.entries),
    ];
    figures.extend(kills.broken.iter().map(|why| Figure::exactly(format!("kills: {why}"), false, true)));
    figures
}

fn idled(idle: &Idle) -> Vec<Figure> {
    let seconds = IDLE.as_secs();
    vec![
        Figure::exactly(format!("idle for {seconds} s: writes of state"), idle.heads, 0),
        Figure::at_most(
            format!("idle for {seconds} s: writes of the Lease"),
            idle.leases as f64,
            IDLE_LEASE_WRITES_MAX,
            "",
        ),
        Figure::at_least("which is alive", idle.leases as f64, 1.0, ""),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn red(figures: &[Figure]) -> usize {
        figures.iter().filter(|figure| !figure.holds).count()
    }

    #[test]
    fn a_budget_that_is_not_kept_is_red() {
        let mut said = Said { commits: vec![1.0; STORM_ALERTS], ..Said::default() };
        for at in 0..12 {
            said.hear(&format!("write {} head 1000 1", at * 80));
        }
        assert_eq!(red(&stormed(&said)), 0);
        said.hear("write 5 j01 600000 1");
        assert_eq!(red(&stormed(&said)), 2);
        said.hear("calm");
        said.hear("write 9000 head 1 1");
        assert_eq!(red(&stormed(&said)), 2);
        said.hear("write 9100 head 1 1");
        assert_eq!(red(&stormed(&said)), 3);
    }

    #[test]
    fn one_life_that_reads_something_else_is_red() {
        let kills = |equal, broken: &[&str]| Kills {
            equal,
            broken: broken.iter().map(|why| (*why).to_owned()).collect(),
            entries: 1,
        };
        assert_eq!(red(&killed(&kills(100, &[]), 100)), 0);
        assert_eq!(red(&killed(&kills(40, &["life 41"]), 100)), 2);
        assert_eq!(red(&idled(&Idle { heads: 1, leases: 0 })), 2);
    }

    #[test]
    fn only_state_objects_have_a_size() {
        let object = |name: &str| json!({"metadata": {"name": name}, "data": {"meta": "{}"}, "binaryData": {"body": "YWJj"}});
        let list = json!({"items": [object("alertkube-state-head"), object("kube-root-ca.crt"), object("alertkube-state-b00")]});
        assert_eq!(sizes(&list), [6, 6]);
    }
}
