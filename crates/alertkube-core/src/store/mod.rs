//! Stage 11, store: the memory that outlives a process. So far one record set per seat, written at a clean stop; the
//! ledger will commit intents and outcomes as they happen.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Fingerprint, Phase, Subject};
use crate::decide::{Memory, Told};
use crate::detect::{Condition, Finding, Part, find_condition};
use crate::settings::Settings;
use crate::severity::Severity;
use crate::time::{Now, Stamp};
use crate::track::{Flaps, Tracker};
use crate::watch::{Kind, Owner, Packed, Uid};

/// Names one write, so that its outcome can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);

/// The memory of one seat, as it is stored. The text form is JSON; it holds no details, logs, URLs or credentials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Records {
    version: u32,
    saved: Stamp,
    alerts: Vec<AlertRecord>,
    flaps: Vec<(String, Vec<Stamp>)>,
}

/// The only version there is.
const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AlertRecord {
    id: String,
    kind: String,
    namespace: String,
    name: String,
    node: String,
    owners: Vec<(String, String, String)>,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    reason: String,
    text: String,
    parts: Vec<Part>,
    severity: Severity,
    since: Stamp,
    opened: Stamp,
    ended: Option<Stamp>,
    state: State,
    /// Milliseconds of hold-down that were left.
    left: u64,
    explained: Option<Stamp>,
    #[serde(default)]
    deleted: bool,
    told: Vec<ToldRecord>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Pending,
    Firing,
    Resolving,
    Over,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ToldRecord {
    sink: String,
    episode: Stamp,
    severity: Severity,
    at: Stamp,
    open: bool,
    doubt: bool,
    #[serde(default)]
    closing: bool,
    silent: bool,
    refused: Option<Stamp>,
}

impl Records {
    /// Writes down everything that the cluster cannot tell again.
    pub(crate) fn write(tracker: &Tracker, memory: &Memory, settings: &Settings, now: Now) -> Records {
        Records {
            version: VERSION,
            saved: now.stamp(),
            alerts: tracker
                .iter()
                .map(|(fp, alert)| alert_record(fp, alert, memory, settings, now))
                .collect(),
            flaps: tracker.flaps().iter().map(|(fp, times)| (fp.to_string(), times.to_vec())).collect(),
        }
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// A text that is no record set, or one of a later version; the state it came from must not be overwritten.
    pub fn parse(text: &str) -> Result<Records, String> {
        let records: Records =
            serde_json::from_str(text).map_err(|error| format!("not a record set: {error}"))?;
        if records.version > VERSION {
            return Err(format!(
                "version {} is newer than {VERSION}, which this build writes",
                records.version
            ));
        }
        Ok(records)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("records have string keys and finite numbers only")
    }

    /// How many alerts there are.
    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    /// Whether there is no alert.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Puts the memory back; a sink or condition that no longer exists is left out.
    pub(crate) fn read(self, tracker: &mut Tracker, memory: &mut Memory, settings: &Settings, now: Now) {
        let flaps = self.flaps.into_iter();
        let flaps = flaps.filter_map(|(fp, times)| Some((Fingerprint::parse(&fp)?, times)));
        tracker.restore_flaps(flaps.collect::<Flaps>());
        for record in self.alerts {
            let Some(condition) = find_condition(&record.kind, &record.reason) else { continue };
            let told = record.told.clone();
            let alert = restored(condition, record, now);
            let fingerprint = alert.fingerprint;
            tracker.restore(alert);
            for told in told {
                if let Some(sink) = settings.sink_named(&told.sink) {
                    memory.set(fingerprint, sink, told.into());
                }
            }
        }
    }
}

fn alert_record(
    fp: Fingerprint,
    alert: &Alert,
    memory: &Memory,
    settings: &Settings,
    now: Now,
) -> AlertRecord {
    let subject = &alert.subject;
    let pairs = |packed: &Packed| packed.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let (state, left) = match alert.phase {
        Phase::Pending { .. } => (State::Pending, Duration::ZERO),
        Phase::Firing => (State::Firing, Duration::ZERO),
        Phase::Resolving { until } => (State::Resolving, until.saturating_sub(now.boot)),
        Phase::Over => (State::Over, Duration::ZERO),
    };
    AlertRecord {
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
        left: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
        explained: alert.explained,
        deleted: alert.deleted,
        told: memory.sinks(fp).map(|(sink, told)| told_record(&settings.sink(sink).name, told)).collect(),
    }
}

fn owner_record(owner: &Owner) -> (String, String, String) {
    (owner.kind.to_string(), owner.name.to_string(), format!("{:032x}", owner.uid.0))
}

fn told_record(sink: &str, told: &Told) -> ToldRecord {
    ToldRecord {
        sink: sink.to_owned(),
        episode: told.episode,
        severity: told.severity,
        at: told.at,
        open: told.open,
        doubt: told.doubt,
        closing: told.closing,
        silent: told.silent,
        refused: told.refused,
    }
}

impl From<ToldRecord> for Told {
    fn from(record: ToldRecord) -> Told {
        Told {
            episode: record.episode,
            severity: record.severity,
            at: record.at,
            open: record.open,
            doubt: record.doubt,
            closing: record.closing,
            silent: record.silent,
            refused: record.refused,
        }
    }
}

fn restored(condition: &'static Condition, record: AlertRecord, now: Now) -> Alert {
    let pairs = |pairs: &[(String, String)]| Packed::of(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let uid = |text: &str| Uid(u128::from_str_radix(text, 16).unwrap_or_default());
    let subject = Subject {
        id: uid(&record.id),
        watched: Kind::ALL.iter().find(|kind| kind.name == condition.kind).map(|kind| kind.id),
        kind: condition.kind,
        namespace: record.namespace.into(),
        name: record.name.into(),
        node: record.node.into(),
        owners: record
            .owners
            .iter()
            .map(|(kind, name, id)| Owner {
                kind: kind.as_str().into(),
                name: name.as_str().into(),
                uid: uid(id),
            })
            .collect(),
        labels: pairs(&record.labels),
        annotations: pairs(&record.annotations),
    };
    Alert {
        fingerprint: Fingerprint::of(subject.kind, &subject.namespace, &subject.name, condition.reason),
        condition,
        subject: Arc::new(subject),
        finding: Finding { since: None, until: None, shown: None, text: record.text, parts: record.parts },
        severity: record.severity,
        since: record.since,
        phase: match record.state {
            State::Pending => Phase::Pending { due: now.boot_at(record.since.plus(condition.hold_for)) },
            State::Firing => Phase::Firing,
            State::Resolving => Phase::Resolving { until: now.boot + Duration::from_millis(record.left) },
            State::Over => Phase::Over,
        },
        opened: record.opened,
        ended: record.ended,
        deleted: record.deleted,
        flapping: false,
        explained: record.explained,
    }
}
