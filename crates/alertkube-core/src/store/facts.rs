//! What is written down of an alert: three kinds of fact, each under a key of its own, the last word of each counts.
//!
//! They are JSON, so that `kubectl get configmap` and a pipe through `gunzip` show them, and they hold no details, logs,
//! URLs or credentials. A field that a later version adds has a default; one that it drops is ignored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Fingerprint, Inherited, Phase, Subject};
use crate::decide::{InDigest, Memory, Refused, Told};
use crate::detect::{Condition, Finding, INHERITED, Part, find_condition, inherited_kind};
use crate::notification::{Action, Digest, Why};
use crate::settings::Settings;
use crate::severity::Severity;
use crate::store::ledger::EntryKey;
use crate::time::{Now, Stamp};
use crate::track::Tracker;
use crate::watch::{Kind, Owner, Packed, Uid};

/// The alert itself: what it is about, and where it stands.
#[derive(Debug, Serialize, Deserialize)]
struct AlertFact {
    id: String,
    kind: String,
    namespace: String,
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    node: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owners: Vec<(String, String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<(String, String)>,
    reason: String,
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    severity: Severity,
    since: Stamp,
    opened: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Stamp>,
    state: State,
    /// When the hold-down ends, while the state is `resolving`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    explained: Option<Stamp>,
    #[serde(default, skip_serializing_if = "is_false")]
    deleted: bool,
    /// The episode that sinks know by another key, and that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inherited: Option<(Stamp, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Pending,
    Firing,
    Resolving,
    Over,
}

/// What a sink knows of the alert.
#[derive(Debug, Serialize, Deserialize)]
struct ToldFact {
    episode: Stamp,
    severity: Severity,
    at: Stamp,
    #[serde(default, skip_serializing_if = "is_zero")]
    times: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    open: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    doubt: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    doubted: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    closing: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again: Option<Stamp>,
    #[serde(default, skip_serializing_if = "is_false")]
    silent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Kind and delivery id of the digest that says it, as `digest_news/4f0c1d2e3a5b6978`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// The number of the attempt that is on its way; 0 when none is.
    #[serde(default, skip_serializing_if = "is_zero")]
    attempts: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The key of an alert's own fact.
pub(crate) fn alert_key(fingerprint: Fingerprint) -> EntryKey {
    EntryKey { subject: fingerprint.bits(), what: "a".into() }
}

/// The key of what a sink knows of an alert.
pub(crate) fn told_key(fingerprint: Fingerprint, sink: &str) -> EntryKey {
    EntryKey { subject: fingerprint.bits(), what: format!("t/{sink}").into() }
}

/// The key of when an alert fired lately.
pub(crate) fn flaps_key(fingerprint: Fingerprint) -> EntryKey {
    EntryKey { subject: fingerprint.bits(), what: "f".into() }
}

/// The fact of an alert as it stands.
pub(crate) fn alert_fact(alert: &Alert, now: Now) -> Box<[u8]> {
    let subject = &alert.subject;
    let pairs = |packed: &Packed| packed.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let (state, until) = match alert.phase {
        Phase::Pending { .. } => (State::Pending, None),
        Phase::Firing => (State::Firing, None),
        Phase::Resolving { until } => {
            (State::Resolving, Some(now.stamp().plus(until.saturating_sub(now.boot))))
        }
        Phase::Over => (State::Over, None),
    };
    bytes(&AlertFact {
        id: format!("{:032x}", subject.id.0),
        kind: subject.kind.to_owned(),
        namespace: subject.namespace.to_string(),
        name: subject.name.to_string(),
        node: subject.node.to_string(),
        owners: subject.owners.iter().map(owner_record).collect(),
        labels: pairs(&subject.labels),
        annotations: pairs(&subject.annotations),
        reason: alert.condition.reason.to_owned(),
        text: alert.finding.text.clone(),
        parts: alert.finding.parts.clone(),
        severity: alert.severity,
        since: alert.since,
        opened: alert.opened,
        ended: alert.ended,
        state,
        until,
        explained: alert.explained,
        deleted: alert.deleted,
        inherited: alert.inherited.as_ref().map(|it| (it.episode, it.key.to_string())),
    })
}

/// The fact of what a sink knows.
pub(crate) fn told_fact(told: &Told) -> Box<[u8]> {
    told_attempt(told, 0)
}

/// The same while an attempt is on its way. Its number makes every attempt a commit of its own.
pub(crate) fn told_attempt(told: &Told, attempts: u32) -> Box<[u8]> {
    let Told { episode, severity, at, times, open, doubt, doubted, closing, again, silent, refused, digest } =
        *told;
    bytes(&ToldFact {
        episode,
        severity,
        at,
        times,
        open,
        doubt,
        doubted,
        closing,
        again,
        silent,
        refused: refused.map(|refused| refused.at),
        why: refused.map(|refused| refused.why.as_str().to_owned()),
        digest: digest.map(digest_word),
        attempts,
    })
}

/// The fact of when an alert fired lately.
pub(crate) fn flaps_fact(times: &[Stamp]) -> Box<[u8]> {
    bytes(&times)
}

fn bytes(fact: &impl Serialize) -> Box<[u8]> {
    serde_json::to_vec(fact).expect("facts have string keys and finite numbers only").into()
}

fn owner_record(owner: &Owner) -> (String, String, String) {
    (owner.kind.to_string(), owner.name.to_string(), format!("{:032x}", owner.uid.0))
}

/// Of an alert's fact, what decides whose it is: kind, namespace, name and reason.
pub(crate) fn subject_of(value: &[u8]) -> Option<[String; 4]> {
    let fact: AlertFact = parsed(value)?;
    Some([fact.kind, fact.namespace, fact.name, fact.reason])
}

/// A fact as another seat takes it over: an attempt that was on its way there is none of this seat's.
pub(crate) fn taken_over(key: &EntryKey, value: Box<[u8]>) -> Box<[u8]> {
    match parsed::<ToldFact>(&value).filter(|fact| key.what.starts_with("t/") && fact.attempts > 0) {
        Some(fact) => bytes(&ToldFact { attempts: 0, ..fact }),
        None => value,
    }
}

/// Whether a fact says that an attempt is on its way.
pub(crate) fn is_on_its_way(key: &EntryKey, value: &[u8]) -> bool {
    key.what.starts_with("t/") && parsed::<ToldFact>(value).is_some_and(|fact| fact.attempts > 0)
}

/// What came of reading facts back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The alerts that there are now because of it.
    pub(crate) alerts: Vec<Fingerprint>,
    /// Facts about conditions or sinks that this build or configuration does not have, or that cannot be read.
    pub(crate) strange: usize,
}

/// Puts facts back into memory. What is alive already stays as it is, but learns what its sinks were told.
pub(crate) fn restore<'a>(
    facts: impl Iterator<Item = (&'a EntryKey, &'a [u8])>,
    (tracker, memory): (&mut Tracker, &mut Memory),
    settings: &Settings,
    now: Now,
) -> Restored {
    let mut restored = Restored::default();
    for (key, value) in facts {
        let fingerprint = Fingerprint::from_bits(key.subject);
        let known = match key.what.split_once('/') {
            None if &*key.what == "a" => {
                parsed(value).and_then(|fact| alive(fingerprint, fact, now)).map(|alert| {
                    restored.alerts.push(alert.fingerprint);
                    tracker.restore(alert);
                })
            }
            None if &*key.what == "f" => {
                parsed(value).map(|times: Vec<Stamp>| tracker.restore_flaps(fingerprint, times))
            }
            Some(("t", sink)) => {
                settings.sink_named(sink).zip(parsed::<ToldFact>(value)).map(|(sink, fact)| {
                    // What it refused of one that told before the state could be read, it may have taken of another.
                    if memory.get(fingerprint, sink).is_none_or(Told::is_unheard) {
                        memory.set(fingerprint, sink, fact.into());
                    }
                })
            }
            _ => None,
        };
        restored.strange += usize::from(known.is_none());
    }
    restored
}

fn parsed<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

impl From<ToldFact> for Told {
    fn from(fact: ToldFact) -> Told {
        let ToldFact {
            episode,
            severity,
            at,
            times,
            open,
            doubt,
            doubted,
            closing,
            again,
            silent,
            refused,
            ..
        } = fact;
        let digest = fact.digest.as_deref().and_then(digest_of);
        let why = Why::ALL.into_iter().find(|why| fact.why.as_deref() == Some(why.as_str()));
        let refused = refused.map(|at| Refused { at, why: why.unwrap_or(Why::Refused), holds: false });
        Told { episode, severity, at, times, open, doubt, doubted, closing, again, silent, refused, digest }
    }
}

fn digest_word(InDigest { digest, delivery }: InDigest) -> String {
    format!("{}/{delivery}", Action::Digest(digest).as_str())
}

fn digest_of(word: &str) -> Option<InDigest> {
    let (kind, delivery) = word.split_once('/')?;
    let digest = Digest::ALL.into_iter().find(|digest| Action::Digest(*digest).as_str() == kind)?;
    Some(InDigest { digest, delivery: Fingerprint::parse(delivery)? })
}

/// The alert of a fact; `None` if this build has no such condition.
fn alive(fingerprint: Fingerprint, fact: AlertFact, now: Now) -> Option<Alert> {
    let inherited = || Some(fact.reason.as_str()).filter(|it| *it == INHERITED.reason).map(|_| &INHERITED);
    let condition: &'static Condition = find_condition(&fact.kind, &fact.reason).or_else(inherited)?;
    let pairs = |pairs: &[(String, String)]| Packed::of(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let uid = |text: &str| Uid(u128::from_str_radix(text, 16).unwrap_or_default());
    let owner = |(kind, name, id): &(String, String, String)| Owner {
        kind: kind.as_str().into(),
        name: name.as_str().into(),
        uid: uid(id),
    };
    let subject = Subject {
        id: uid(&fact.id),
        watched: Kind::ALL.iter().find(|kind| kind.name == condition.kind).map(|kind| kind.id),
        kind: if condition.reason == INHERITED.reason { inherited_kind(&fact.kind) } else { condition.kind },
        namespace: fact.namespace.into(),
        name: fact.name.into(),
        node: fact.node.into(),
        owners: fact.owners.iter().map(owner).collect(),
        labels: pairs(&fact.labels),
        annotations: pairs(&fact.annotations),
    };
    Some(Alert {
        fingerprint,
        condition,
        subject: Arc::new(subject),
        finding: Finding { since: None, until: None, shown: None, text: fact.text, parts: fact.parts },
        severity: fact.severity,
        since: fact.since,
        phase: match fact.state {
            State::Pending => Phase::Pending { due: now.boot_at(fact.since.plus(condition.hold_for)) },
            State::Firing => Phase::Firing,
            State::Resolving => Phase::Resolving { until: fact.until.map_or(now.boot, |at| now.boot_at(at)) },
            State::Over => Phase::Over,
        },
        opened: fact.opened,
        ended: fact.ended,
        deleted: fact.deleted,
        flapping: false,
        explained: fact.explained,
        inherited: fact.inherited.map(|(episode, key)| Inherited { episode, key: key.into() }),
    })
}
