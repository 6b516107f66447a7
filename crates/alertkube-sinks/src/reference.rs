//! The webhook body of the Go reference, field by field; what it has no field for stands in `Details`.

use std::collections::BTreeMap;

use alertkube_core::{Action, Digest, Notification, Report, Stamp};
use serde::Serialize;

use crate::sections::{list, sections};
use crate::text::{pairs, short};
use crate::{limits, text};

/// What Go writes for a time that is not set.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// The notification as the reference's alert; a digest becomes the reference's summary of a group.
pub(crate) fn document(notification: &Notification) -> Option<String> {
    let reports = text::worst_first(notification);
    let worst = *reports.first()?;
    Some(text::json(&match notification.action {
        Action::Digest(digest) => grouped(notification, digest, &reports, worst),
        Action::First | Action::Raised | Action::Repeat | Action::Resolved => single(notification, worst),
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Alert<'a> {
    fingerprint: &'a str,
    kind: String,
    namespace: String,
    name: String,
    node_name: String,
    severity: &'static str,
    reason: String,
    summary: String,
    cluster: String,
    details: BTreeMap<&'static str, String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    resolved: bool,
    event: bool,
    /// Topology correlation, which the reference never built.
    correlation: (),
}

/// A time as Go can read it: no year before 0, and no object began before the epoch.
fn time(at: Option<Stamp>) -> String {
    at.filter(|at| at.millis() >= 0).map_or_else(|| ZERO_TIME.to_owned(), text::instant)
}

fn single<'a>(notification: &'a Notification, report: &'a Report) -> Alert<'a> {
    let resolved = text::resolved(notification, report);
    let title = text::title(report, resolved);
    Alert {
        fingerprint: text::key(report),
        kind: short(&report.kind),
        namespace: short(&report.namespace),
        name: short(&report.name),
        node_name: short(&report.node),
        severity: report.severity.as_str(),
        reason: short(&report.reason),
        summary: match cause(report) {
            cause if cause.is_empty() => title,
            cause => format!("{title}: {cause}"),
        },
        cluster: short(&notification.cluster),
        details: details(report),
        labels: pairs(&report.labels, limits::LABELS_MAX, limits::LABEL_MAX),
        annotations: pairs(&report.annotations, limits::ANNOTATIONS_MAX, limits::ANNOTATION_MAX),
        starts_at: time(Some(report.starts)),
        ends_at: time(report.ends),
        resolved,
        event: report.event,
        correlation: (),
    }
}

fn cause(report: &Report) -> String {
    text::cut(&report.text, limits::TEXT_MAX).into_owned()
}

/// Texts by heading.
fn details(report: &Report) -> BTreeMap<&'static str, String> {
    let cause = Some(("Cause", cause(report))).filter(|(_, words)| !words.is_empty());
    let below = sections(report).into_iter().map(|section| (section.heading, section.lines.join("\n")));
    cause.into_iter().chain(below).collect()
}

/// Several problems as the summary of one group. It is an event: nobody will resolve it, its members each resolve under
/// their own fingerprints.
fn grouped<'a>(
    notification: &'a Notification,
    digest: Digest,
    reports: &[&Report],
    worst: &Report,
) -> Alert<'a> {
    let resolved = notification.action.ends();
    let titles: Vec<String> = reports.iter().map(|report| text::title(report, resolved)).collect();
    let mixed = if digest == Digest::Standing { "FirstRunDigest" } else { "Grouped" };
    let shared = |field: fn(&Report) -> &str, otherwise: &str| {
        let same = reports.iter().all(|report| field(report) == field(worst));
        if same { short(field(worst)) } else { otherwise.to_owned() }
    };
    Alert {
        fingerprint: &notification.delivery,
        kind: shared(|report| &report.kind, "Derived"),
        namespace: shared(|report| &report.namespace, ""),
        name: format!("{}-grouped", reports.len()),
        node_name: String::new(),
        severity: worst.severity.as_str(),
        reason: shared(|report| &report.reason, mixed),
        summary: grouped_summary(digest, &titles),
        cluster: short(&notification.cluster),
        details: grouped_details(reports, titles),
        labels: BTreeMap::from([("alertkube-grouped".to_owned(), "true".to_owned())]),
        annotations: BTreeMap::new(),
        starts_at: time(reports.iter().map(|report| report.starts).min()),
        ends_at: time(reports.iter().filter_map(|report| report.ends).max().filter(|_| resolved)),
        resolved,
        event: true,
        correlation: (),
    }
}

fn grouped_summary(digest: Digest, titles: &[String]) -> String {
    let (named, rest) = titles.split_at(titles.len().min(limits::SUMMARY_MEMBERS_MAX));
    let more = if rest.is_empty() { String::new() } else { format!("; +{} more", rest.len()) };
    format!("{}: {}{more}", text::gathered(digest, titles.len()), named.join("; "))
}

fn grouped_details(reports: &[&Report], titles: Vec<String>) -> BTreeMap<&'static str, String> {
    let fingerprints = reports.iter().map(|report| report.fingerprint.as_str());
    let fitting = text::fitting(fingerprints, 2, limits::DIGEST_FINGERPRINTS_BYTES_MAX);
    let shown = fitting.len();
    let fingerprints = list(fitting.into_iter().map(str::to_owned), reports.len(), shown);
    BTreeMap::from([
        ("Grouped Resources", list(titles.into_iter(), reports.len(), limits::GROUPED_MAX).join("\n")),
        ("Fingerprints", fingerprints.join("\n")),
    ])
}
