//! What is done to a seat, scene by scene.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::super::limits::RESTARTED_SECONDS_MAX;
use super::stage::{Scene, Stage};
use crate::seats::Birth;

const SHORT: Duration = Duration::from_secs(4);
/// Longer than a Lease lasts.
const LONG: Duration = Duration::from_secs(45);

const fn scene(name: &'static str, play: fn(&mut Stage<'_>) -> Result<()>) -> Scene {
    Scene { name, whole: true, overlaps: false, restart_max: None, play }
}

const fn overlap(name: &'static str, play: fn(&mut Stage<'_>) -> Result<()>) -> Scene {
    Scene { overlaps: true, ..scene(name, play) }
}

const fn broken(name: &'static str, play: fn(&mut Stage<'_>) -> Result<()>) -> Scene {
    Scene { whole: false, ..scene(name, play) }
}

pub(super) const SCENES: &[Scene] = &[
    scene("Lease deleted under the leader", lease_deleted),
    overlap("Lease namespace changed by a rollout", lease_moved),
    scene("two processes with one POD_NAME", one_name),
    Scene {
        restart_max: Some(RESTARTED_SECONDS_MAX),
        ..scene("container restarted in place, five times", restarted)
    },
    scene("foreign annotations on the head", |stage| {
        stage.pair.start_both()?;
        for number in 0..10 {
            stage.drip(SHORT / 4)?;
            stage
                .patch_head(|_| Ok(json!({"metadata": {"annotations": {"stranger": number.to_string()}}})))?;
        }
        stage.drip(SHORT)
    }),
    overlap("a stranger's term in the head", |stage| {
        edited(stage, |meta| {
            meta["term"] = (meta["term"].as_i64().unwrap_or(0) + 10).into();
            for field in ["holder", "incarnation"] {
                if !meta[field].is_null() {
                    meta[field] = "stranger_00000000".into();
                }
            }
        })
    }),
    broken("the head's count of writes set back", |stage| {
        edited(stage, |meta| meta["seq"] = (meta["seq"].as_i64().unwrap_or(0) - 3).max(0).into())
    }),
    broken("nonsense in the head", |stage| {
        stage.pair.start_both()?;
        stage.drip(SHORT)?;
        stage.patch_head(|_| Ok(json!({"data": {"meta": "nonsense"}})))?;
        stage.drip(LONG)
    }),
    broken("the head deleted", |stage| {
        stage.pair.start_both()?;
        stage.drip(SHORT)?;
        stage.delete_head()?;
        stage.drip(LONG)
    }),
    overlap("an elected one joins an unelected one", unelected_first),
    overlap("an unelected one joins an elected one", unelected_last),
];

fn edited(stage: &mut Stage<'_>, edit: fn(&mut serde_json::Value)) -> Result<()> {
    stage.pair.start_both()?;
    stage.drip(SHORT)?;
    stage.edit_head(edit)?;
    stage.drip(LONG)
}

fn lease_deleted(stage: &mut Stage<'_>) -> Result<()> {
    stage.pair.start_both()?;
    stage.drip(SHORT)?;
    stage.delete_lease()?;
    stage.drip(LONG)
}

fn lease_moved(stage: &mut Stage<'_>) -> Result<()> {
    let old = stage.pair.birth()?;
    stage.pair.start(0, &old)?;
    stage.pair.await_leader()?;
    stage.drip(SHORT)?;
    let new = Birth { lease: Some(stage.elsewhere.clone()), ..stage.pair.birth()? };
    stage.pair.start(1, &new)?;
    stage.drip(LONG / 2)?;
    let (code, _) = stage.pair.replicas[0].stop()?;
    ensure!(code == 0, "the old one ended with {code}");
    stage.drip_until_leads(1)?;
    stage.drip(SHORT)
}

fn one_name(stage: &mut Stage<'_>) -> Result<()> {
    // Nor does anything else tell them apart.
    let name = Birth { uid: None, ..stage.pair.birth()? };
    stage.pair.start(0, &name)?;
    stage.pair.await_leader()?;
    stage.pair.start(1, &name)?;
    stage.drip(SHORT * 2)?;
    let first = stage.pair.await_leader()?;
    stage.pair.replicas[first].stop()?;
    stage.drip_until_leads(1 - first)?;
    stage.pair.start(first, &name)?;
    stage.drip(SHORT)?;
    stage.pair.replicas[1 - first].kill()?;
    stage.drip_until_leads(first)?;
    stage.drip(SHORT)
}

fn restarted(stage: &mut Stage<'_>) -> Result<()> {
    let births = [stage.pair.birth()?, stage.pair.birth()?];
    stage.pair.start(0, &births[0])?;
    stage.pair.await_leader()?;
    stage.pair.start(1, &births[1])?;
    for _ in 0..5 {
        stage.pair.await_standby(1)?;
        stage.drip(SHORT)?;
        let at = stage.pair.replicas[0].signal("KILL")?;
        stage.pair.replicas[0].ended()?;
        stage.pair.start(0, &births[0])?;
        let seconds = stage.drip_until_tells(0, at)?;
        stage.measured.push(seconds);
    }
    stage.drip(SHORT)
}

fn unelected_first(stage: &mut Stage<'_>) -> Result<()> {
    let old = stage.unelected()?;
    stage.pair.start(0, &old)?;
    stage.pair.await_leader()?;
    stage.drip(SHORT)?;
    let new = stage.pair.birth()?;
    stage.pair.start(1, &new)?;
    stage.drip_until_leads(1)?;
    stage.drip(LONG)?;
    stage.pair.replicas[0].stop()?;
    stage.drip(SHORT)
}

fn unelected_last(stage: &mut Stage<'_>) -> Result<()> {
    let elected = stage.pair.birth()?;
    stage.pair.start(0, &elected)?;
    stage.pair.await_leader()?;
    stage.drip(SHORT)?;
    let late = stage.unelected()?;
    stage.pair.start(1, &late)?;
    stage.drip(LONG)?;
    stage.pair.replicas[1].stop()?;
    stage.drip_until_leads(0)?;
    stage.drip(SHORT)
}
