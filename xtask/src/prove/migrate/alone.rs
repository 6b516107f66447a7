//! Our program by itself, started where the Go program's snapshot lies.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::scene::{Form, RECEIVED, Scene};
use super::{Found, hasty, heard, quick_conditions};
use crate::cluster::Cluster;
use crate::line::Ground;
use crate::prove::limits::{MIGRATED_MAX, MIGRATION_QUIET};
use crate::receiver::millis;
use crate::seats::{Ledger, Line, Pair, Plan, STATE};

pub(super) fn migrate(cluster: &Cluster, program: &Path, form: Form) -> Result<Found> {
    let name = match form {
        Form::Gzip => "mig-gzip",
        Form::Plain => "mig-plain",
    };
    let ground = Ground::new(cluster, name)?;
    let mut pair = Pair::new(&ground, &Plan { name, program, warm: false, leases: &[] })?;
    configure(&pair)?;
    let api = pair.api.clone();
    let scene = Scene { api: &api, pods: &ground, home: &ground, state: STATE.to_owned(), form };
    scene.populate()?;
    let unmuted = scene.save_last()?;
    let before = scene.object()?;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    scene.make("news", true)?;
    for pod in ["news", "soon"] {
        let first = Line::is_of("trigger", &scene.crashes(pod));
        pair.until("what began after the change", MIGRATED_MAX, |pair| {
            Ok(pair.audience.lines().iter().any(&first).then_some(()))
        })?;
    }
    // What ends without being seen has 15 s; the rest of what must not come has as long.
    let lapsed = Line::is_of("resolve", RECEIVED);
    pair.until("the end of what was received", MIGRATED_MAX, |pair| {
        Ok(pair.audience.lines().iter().any(&lapsed).then_some(()))
    })?;
    // A restart tells nothing anew.
    pair.replicas[0].signal("TERM")?;
    pair.replicas[0].ended()?;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    let until = millis() + i64::try_from(MIGRATION_QUIET.as_millis()).unwrap_or(0);
    pair.until("a quiet time", MIGRATED_MAX, |_| Ok((millis() >= until).then_some(())))?;
    let standing = scene.crashes("stands");
    let early = pair.audience.lines().iter().filter(|line| line.fingerprint == standing).count();
    for pod in ["stands", "sent"] {
        scene.set(pod, false)?;
    }
    for key in [&standing, &scene.crashes("sent")] {
        let over = Line::is_of("resolve", key);
        pair.until("the end of what stood", MIGRATED_MAX, |pair| {
            Ok(pair.audience.lines().iter().any(&over).then_some(()))
        })?;
    }
    Ok(Found {
        what: format!("{form:?}"),
        about: scene.about(),
        heard: heard(pair.audience.lines().iter().filter(|line| line.ledger == Ledger::Keyed)),
        expected: scene.expected(Ledger::Keyed),
        early,
        hasty: hasty(pair.audience.lines(), &scene, unmuted),
        untouched: scene.object()? == before,
    })
}

/// The routes of the ground, and conditions of the Go program with short times.
fn configure(pair: &Pair<'_>) -> Result<()> {
    let text = fs::read_to_string(&pair.kit.config).context("read the configuration")?;
    let mut config: Value = serde_json::from_str(&text).context("the configuration is JSON")?;
    if let (Some(all), Some(quick)) = (config["conditions"].as_object_mut(), quick_conditions().as_object()) {
        all.extend(quick.clone());
    }
    fs::write(&pair.kit.config, json!(config).to_string()).context("write the configuration")
}
