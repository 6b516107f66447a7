//! The sink `pagerduty`: incidents that are opened and closed under one key, by the Events API v2.
//!
//! Its reference page is docs/reference/pagerduty.md.

use std::collections::BTreeMap;

use alertkube_core::{Action, Notification, Report, SinkClass, Why};
use secrecy::SecretString;
use serde::Serialize;

use crate::guard::Guard;
use crate::sink::{Attempt, Post, Request, Sink, given, headers_of, owned};
use crate::text::{line, pairs, short};
use crate::{limits, text};

/// The settings of the sink `pagerduty`, and the sink itself.
#[derive(Clone, Debug, Default)]
pub struct PagerDuty {
    /// `PAGERDUTY_ROUTING_KEY`; without it every delivery is refused as unconfigured.
    pub routing_key: Option<SecretString>,
    /// Where events go; nothing is [`PagerDuty::US`].
    pub url: Option<SecretString>,
    /// Where requests may go.
    pub guard: Guard,
}

/// PagerDuty refuses an event without a source; this is it where the cluster has no name.
const UNNAMED_CLUSTER: &str = "kubernetes";

impl PagerDuty {
    /// Where accounts of the US region take events.
    pub const US: &str = "https://events.pagerduty.com/v2/enqueue";
    /// Where accounts of the EU region take events.
    pub const EU: &str = "https://events.eu.pagerduty.com/v2/enqueue";

    pub(crate) fn credentials(&mut self) -> Vec<(&'static str, &mut Option<SecretString>)> {
        vec![("PAGERDUTY_ROUTING_KEY", &mut self.routing_key)]
    }
}

impl Sink for PagerDuty {
    fn name(&self) -> &'static str {
        "pagerduty"
    }

    fn class(&self) -> SinkClass {
        SinkClass::Keyed
    }

    /// A digest is refused: an incident that is many problems has no key under which any of them could end.
    fn render(&self, notification: &Notification, _attempt: &Attempt) -> Result<Request, Why> {
        let routing_key = given(self.routing_key.as_ref()).ok_or(Why::Unconfigured)?;
        let url = given(self.url.as_ref()).unwrap_or(PagerDuty::US);
        self.guard.check_url(url)?;
        let report = match (notification.action, notification.reports.as_slice()) {
            (Action::Digest(_), _) | (_, []) => return Err(Why::Unrenderable),
            (_, [report, ..]) => report,
        };
        let body = body(routing_key, notification, report).ok_or(Why::Unrenderable)?;
        let headers = owned(headers_of(notification));
        let (url, guard) = (SecretString::from(url), self.guard.clone());
        Ok(Request::Post(Post { url, headers, body: body.into_bytes(), guard }))
    }
}

/// The key under which the incident of a problem is opened, repeated and closed.
fn dedup_key(report: &Report) -> Option<&str> {
    let key = text::key(report);
    (!key.is_empty() && key.len() <= limits::PAGERDUTY_KEY_MAX).then_some(key)
}

/// Everything if it fits, else what an incident cannot do without.
fn body(routing_key: &str, notification: &Notification, report: &Report) -> Option<String> {
    let details = [Details::of, Details::brief];
    let mut bodies = details.iter().filter_map(|details| {
        let resolved = text::resolved(notification, report);
        Some(text::json(&Event {
            routing_key,
            event_action: if resolved { "resolve" } else { "trigger" },
            dedup_key: dedup_key(report)?,
            client: "alertkube",
            links: text::runbook(report).map(|href| Link { href, text: "Runbook" }).into_iter().collect(),
            payload: Payload::of(notification, report, details(notification, report)),
        }))
    });
    bodies.find(|body| body.len() <= limits::PAGERDUTY_BODY_MAX)
}

#[derive(Serialize)]
struct Event<'a> {
    routing_key: &'a str,
    event_action: &'static str,
    dedup_key: &'a str,
    client: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link<'a>>,
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Link<'a> {
    href: &'a str,
    text: &'static str,
}

#[derive(Serialize)]
struct Payload<'a> {
    summary: String,
    source: String,
    severity: &'static str,
    timestamp: String,
    component: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    class: String,
    custom_details: Details<'a>,
}

impl<'a> Payload<'a> {
    fn of(notification: &Notification, report: &Report, custom_details: Details<'a>) -> Payload<'a> {
        let summary = format!("{}: {}", text::place(report), short(&report.reason));
        let source = if notification.cluster.is_empty() { UNNAMED_CLUSTER } else { &notification.cluster };
        Payload {
            summary: summary.chars().take(limits::PAGERDUTY_SUMMARY_MAX).collect(),
            source: short(source),
            severity: report.severity.as_str(),
            timestamp: text::instant(report.ends.unwrap_or(report.starts)),
            component: short(&report.kind),
            group: short(&report.namespace),
            class: short(&report.reason),
            custom_details,
        }
    }
}

/// What the incident's page shows below its title; what is empty is left out.
#[derive(Default, Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    effects: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    node: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    flapping: bool,
    episode: String,
    delivery: &'a str,
}

impl<'a> Details<'a> {
    fn of(notification: &'a Notification, report: &'a Report) -> Details<'a> {
        let parts = report.parts.iter().map(|part| format!("{}: {}", short(&part.name), line(&part.text)));
        let owners = report.owners.iter().map(|(kind, name)| format!("{}/{}", short(kind), short(name)));
        Details {
            parts: first(parts),
            effects: first(report.effects.iter().map(|effect| line(effect))),
            owners: first(owners),
            labels: pairs(&report.labels, limits::LABELS_MAX, limits::LABEL_MAX),
            annotations: pairs(&report.annotations, limits::ANNOTATIONS_MAX, limits::ANNOTATION_MAX),
            ..Details::brief(notification, report)
        }
    }

    /// Without the lists.
    fn brief(notification: &'a Notification, report: &'a Report) -> Details<'a> {
        Details {
            text: text::cut(&report.text, limits::TEXT_MAX).into_owned(),
            node: short(&report.node),
            flapping: report.flapping,
            episode: short(&report.episode),
            delivery: &notification.delivery,
            ..Details::default()
        }
    }
}

/// The first entries, and how many more there are.
fn first(entries: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = entries.len().saturating_sub(limits::ENTRIES_MAX);
    let mark = (more > 0).then(|| format!("+{more} more"));
    entries.take(limits::ENTRIES_MAX).chain(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_entries_are_missing() {
        let names = |count: usize| first((0..count).map(|n| n.to_string()).collect::<Vec<_>>().into_iter());
        assert_eq!(names(limits::ENTRIES_MAX).len(), limits::ENTRIES_MAX);
        let longer = names(limits::ENTRIES_MAX + 3);
        assert_eq!(longer.last().map(String::as_str), Some("+3 more"));
    }
}
