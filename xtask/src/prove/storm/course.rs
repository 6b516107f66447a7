//! The storm on the real cluster: pods that were made before fail, and are well again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::super::limits::{STORM_CRITICAL_EVERY, STORM_SECONDS, STORM_SETTLED_MAX};
use crate::cluster::Cluster;
use crate::line::Ground;
use crate::receiver::millis;
use crate::seats::{Illness, Line, Pair, Plan, Sinks};

/// What is critical in this storm, and what is not.
const CRITICAL: Illness = Illness::Quick;
const MILD: Illness = Illness::Lingering;

/// What the storm came to.
pub(super) struct Found {
    /// The fingerprints of all that failed, in that order.
    pub(super) failed: Vec<String>,
    pub(super) critical: BTreeSet<String>,
    /// When the first patch was sent and the last was answered, in milliseconds.
    pub(super) began: i64,
    pub(super) ended: i64,
    /// When the first of them was made well.
    pub(super) healed: i64,
    pub(super) lines: Vec<Line>,
}

/// Lets so many pods fail within the minute, and lets them be well when all that was told.
pub(super) fn run(cluster: &Cluster, program: &Path, pods: usize) -> Result<Found> {
    let ground = Ground::new(cluster, "storm")?;
    let mut pair = Pair::new(&ground, &Plan { name: "storm", program, warm: false, leases: &[] })?;
    limit(&pair.kit.config)?;
    pair.herd.grow(&ground.ghost(), Sinks::Both, pods)?;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    let illness = |number: usize| if number.is_multiple_of(STORM_CRITICAL_EVERY) { CRITICAL } else { MILD };
    let faults: Vec<_> = (0..pods).map(|number| (Sinks::Both, illness(number))).collect();
    let rate = u32::try_from(pods)?.div_ceil(STORM_SECONDS);
    let began = millis();
    pair.herd.storm(&faults, rate, 0)?;
    let ended = millis();
    pair.settle(STORM_SETTLED_MAX)?;
    let healed = millis();
    pair.close()?;
    pair.replicas[0].stop()?;
    pair.look()?;
    let failed: Vec<String> = pair.herd.fates().iter().map(|fate| fate.fingerprint.clone()).collect();
    let critical = failed.iter().step_by(STORM_CRITICAL_EVERY).cloned().collect();
    Ok(Found { failed, critical, began, ended, healed, lines: pair.audience.lines().to_vec() })
}

/// Gives the plain sink the default rate, and the milder illness its severity.
fn limit(config: &Path) -> Result<()> {
    let text = fs::read_to_string(config).context("read the configuration")?;
    let mut all: Value = serde_json::from_str(&text).context("the configuration is JSON")?;
    all["sinkRates"]["webhook"] = json!({"perSecond": 1, "burst": 5});
    all["conditions"][MILD.reason()]["severity"] = "warning".into();
    all["sinks"]["pagerduty"]["severities"] = json!(["critical", "warning", "info"]);
    fs::write(config, all.to_string()).context("write the configuration")
}
