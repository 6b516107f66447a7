//! The document `alertkube.io/v1`: our own schema, on standard output and at webhooks.
//!
//! Its reference page is docs/reference/webhook.md, its JSON Schema stands beside that. Fields may be added; none is
//! renamed, removed or given another meaning within v1.

use std::collections::BTreeMap;

use alertkube_core::{Action, Notification, Report};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::text::{line, pairs, short};
use crate::{limits, text};

const SCHEMA: &str = "alertkube.io/v1";

/// The notification as one line of JSON.
pub(crate) fn document(notification: &Notification) -> String {
    let reports = text::worst_first(notification);
    let alerts = reports.iter().map(|report| Json(text::json(&Alert::of(notification, report))));
    let (alerts, fingerprints) = if matches!(notification.action, Action::Digest(_)) {
        let fingerprints = reports.iter().map(|report| report.fingerprint.as_str());
        (
            text::fitting(alerts, 1, limits::DIGEST_ALERTS_BYTES_MAX),
            Some(text::fitting(fingerprints, 3, limits::DIGEST_FINGERPRINTS_BYTES_MAX)),
        )
    } else {
        (alerts.take(1).collect(), None)
    };
    text::json(&Document {
        schema: SCHEMA,
        delivery: &notification.delivery,
        action: notification.action.as_str(),
        cluster: &text::cut(&notification.cluster, limits::NAME_MAX),
        decided_at: text::instant(notification.decided),
        total: reports.len(),
        omitted: reports.len() - alerts.len(),
        alerts: alerts.into_iter().map(Json::raw).collect(),
        fingerprints,
    })
}

/// A JSON text that was made here.
struct Json(String);

impl AsRef<str> for Json {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Json {
    fn raw(self) -> Box<RawValue> {
        RawValue::from_string(self.0).expect("it was written as JSON")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    delivery: &'a str,
    action: &'static str,
    cluster: &'a str,
    decided_at: String,
    total: usize,
    omitted: usize,
    alerts: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprints: Option<Vec<&'a str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    fingerprint: &'a str,
    episode: &'a str,
    status: &'static str,
    severity: &'static str,
    reason: String,
    kind: String,
    namespace: String,
    name: String,
    node: String,
    owners: Vec<Owner>,
    summary: String,
    text: String,
    parts: Vec<Part>,
    effects: Vec<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: Option<String>,
    event: bool,
    flapping: bool,
    omitted: usize,
}

#[derive(Serialize)]
struct Owner {
    kind: String,
    name: String,
}

#[derive(Serialize)]
struct Part {
    name: String,
    text: String,
}

impl<'a> Alert<'a> {
    fn of(notification: &Notification, report: &'a Report) -> Alert<'a> {
        let resolved = text::resolved(notification, report);
        let part = |(name, words): (&str, &str)| Part { name: short(name), text: line(words) };
        Alert {
            fingerprint: &report.fingerprint,
            episode: &report.episode,
            status: if resolved { "resolved" } else { "firing" },
            severity: report.severity.as_str(),
            reason: short(&report.reason),
            kind: short(&report.kind),
            namespace: short(&report.namespace),
            name: short(&report.name),
            node: short(&report.node),
            owners: first(
                report.owners.iter().map(|(kind, name)| Owner { kind: short(kind), name: short(name) }),
            ),
            summary: text::title(report, resolved),
            text: text::cut(&report.text, limits::TEXT_MAX).into_owned(),
            parts: first(report.parts.iter().map(|it| part((&it.name, &it.text)))),
            effects: first(report.effects.iter().map(|effect| line(effect))),
            labels: pairs(&report.labels, limits::LABELS_MAX, limits::LABEL_MAX),
            annotations: pairs(&report.annotations, limits::ANNOTATIONS_MAX, limits::ANNOTATION_MAX),
            starts_at: text::instant(report.starts),
            ends_at: report.ends.map(text::instant),
            event: report.event,
            flapping: report.flapping,
            omitted: omitted(report),
        }
    }
}

/// How many entries of its lists an alert does not name.
fn omitted(report: &Report) -> usize {
    let lists = [report.owners.len(), report.parts.len(), report.effects.len()];
    lists.iter().map(|len| len.saturating_sub(limits::ENTRIES_MAX)).sum::<usize>()
        + report.labels.iter().count().saturating_sub(limits::LABELS_MAX)
        + report.annotations.iter().count().saturating_sub(limits::ANNOTATIONS_MAX)
}

fn first<T>(entries: impl Iterator<Item = T>) -> Vec<T> {
    entries.take(limits::ENTRIES_MAX).collect()
}
