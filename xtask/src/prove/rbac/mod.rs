//! Proof `rbac`: what the pod's account may do, and what happens when it may not.

mod asked;
mod missing;
mod reasons;

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use self::asked::{Ask, Asker, resources};
use self::missing::{CASES, without};
use self::reasons::{Scope, named, reason};
use super::image_program;
use super::verdict::{Figure, Table, Verdict};
use crate::cluster::{self, Cluster};
use crate::image;
use crate::line::Ground;
use crate::release::{Console, Release, image_values};

pub(super) const SHOWS: &str = "Every verb that the pod's service account has on any resource of the API server is there for a \
    named reason, and every other is answered with a real 403: in the release's namespace, in that of the Lease and in another \
    one, in cluster scope and in namespace scope. Rights that are taken away one at a time are each a clear line in the log, \
    and the container goes on.";

const LEASES_IN: &str = "kube-system";
/// With this the API server does not stream its lists, as those before 1.34 do not.
const PLAIN_LISTS: &str = "--feature-gates=WatchList=false";
/// A namespace that neither the release nor its Lease lies in.
const ELSEWHERE: &str = "default";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let cluster = cluster::up()?;
    image::load(&cluster, &image_program()?)?;
    let mut verdict = Verdict::default();
    for scope in [Scope::Cluster, Scope::Namespace] {
        course(&cluster, scope, &mut verdict).with_context(|| scope.word())?;
    }
    Ok(verdict)
}

fn course(cluster: &Cluster, scope: Scope, verdict: &mut Verdict) -> Result<()> {
    let ground = Ground::new(cluster, "rights")?;
    let console = Console::open(&ground)?;
    let release = Release::new(&console)?;
    let values =
        console.values("rights", &serde_json::json!({ "cluster": "test", "image": image_values() }))?;
    let sets = format!("--set rbac.scope={} --set leaderElection.enabled=true", scope.word());
    release.install(&format!("--values {values} {sets} --set leaderElection.namespace={LEASES_IN}"))?;
    release.seated(1)?;
    asked(&ground, scope, verdict)?;
    if scope == Scope::Cluster {
        taken_away(&console, &release, verdict)?;
    }
    Ok(())
}

/// Asks for everything, as the pod's account.
fn asked(ground: &Ground<'_>, scope: Scope, verdict: &mut Verdict) -> Result<()> {
    let asker = Asker::open(ground)?;
    let mut asks = Vec::new();
    for resource in resources(&asker)? {
        let places: &[&str] =
            if resource.namespaced { &[ground.namespace(), LEASES_IN, ELSEWHERE, ""] } else { &[""] };
        for place in places {
            asks.extend(resource.asks(place));
        }
    }
    asks.extend(named(ground.namespace()));
    let codes = asker.codes(&asks)?;
    let (mut granted, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new());
    let mut refused = 0;
    for (ask, code) in asks.iter().zip(codes) {
        match (reason(scope, ground.namespace(), LEASES_IN, ask), code) {
            (None, 403) => refused += 1,
            (Some(reason), code) if code != 403 => *granted.entry(reason).or_default() += 1,
            (Some(reason), _) => wrong.push(format!("- {ask} is refused, and is there for: {reason}")),
            (None, code) => {
                wrong.push(format!("- {ask} is answered with {code}, and there is no reason for it"))
            }
        }
    }
    let word = scope.word();
    let mut table =
        Table::new(format!("Rights in scope {word}, by their reason"), &["reason", "requests let through"]);
    granted.iter().for_each(|(reason, count)| table.row(&[reason, count]));
    verdict.figures.extend([
        Figure::at_least(format!("{word}: requests made as the account"), asks.len() as f64, 500.0, ""),
        Figure::at_least(format!("{word}: refused with 403"), f64::from(refused), 300.0, ""),
        Figure::exactly(format!("{word}: otherwise than its reason says"), wrong.len(), 0),
    ]);
    verdict.tables.push(table);
    verdict.notes.extend(wrong);
    Ok(())
}

/// Takes rights away one at a time.
fn taken_away(console: &Console<'_>, release: &Release<'_>, verdict: &mut Verdict) -> Result<()> {
    let mut table = Table::new("Rights taken away one at a time", &["right", "what the log says"]);
    let (mut silent, mut restarts) = (0, 0);
    for plain in [true, false] {
        console.cluster().restart_api_server(if plain { &[PLAIN_LISTS] } else { &[] })?;
        for case in CASES.iter().filter(|case| case.is_of_plain_lists() == plain) {
            let outcome = without(console, release, case).with_context(|| case.to_string())?;
            silent += usize::from(outcome.line.is_none());
            restarts += outcome.restarts;
            table.row(&[&case, &outcome.line.as_deref().unwrap_or("**nothing**")]);
        }
    }
    verdict.figures.extend([
        Figure::exactly("rights that were taken away", CASES.len(), CASES.len()),
        Figure::exactly("of which the log says nothing", silent, 0),
        Figure::exactly("restarts of containers meanwhile", restarts, 0),
    ]);
    verdict.tables.push(table);
    verdict.notes.push(NOTE.to_owned());
    Ok(())
}

const NOTE: &str = "The rights to list are taken away before an API server that does not stream its lists \
    (`--feature-gates=WatchList=false`): one that streams them asks for `watch` alone, and nothing is missed there. The \
    right to watch the Lease is taken from two replicas, since only a follower watches it.";

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (group, place) = (&self.group, &self.place);
        let group = if group.is_empty() { String::new() } else { format!(".{group}") };
        let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
        write!(f, "{} {}{group}{place}", self.verb, self.resource)
    }
}
