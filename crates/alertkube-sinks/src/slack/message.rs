//! What a message shows: a header that answers "how bad", the object, the cause, and in the attachment what else helps.

use alertkube_core::{Action, Digest, Notification, Report, Severity};
use serde::Serialize;
use serde_json::{Value, json};

use super::mrkdwn::{code, escaped, fenced};
use super::wish;
use crate::pretty::{counts, span};
use crate::sections::{Section, sections};
use crate::{kubectl, limits, text};

/// Text for whoever sees no blocks, blocks, and one attachment, whose colour is what its bar is for.
#[derive(Serialize)]
pub(super) struct Message {
    text: String,
    blocks: Vec<Value>,
    attachments: [Value; 1],
}

impl Message {
    /// Words for a notification of at least one report, the worst of them first.
    pub(super) fn of(notification: &Notification, reports: &[&Report], worst: &Report) -> Message {
        match notification.action {
            Action::Digest(kind) => digest(notification, kind, reports, worst.severity),
            Action::First | Action::Raised | Action::Repeat | Action::Resolved => single(notification, worst),
        }
    }
}

const RESOLVED: (&str, &str) = ("✅", "#2EB67D");

/// The circle and the colour of a severity.
fn signs(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("🔴", "#E01E5A"),
        Severity::Warning => ("🟡", "#ECB22E"),
        Severity::Info => ("🔵", "#4599DF"),
    }
}

fn single(notification: &Notification, report: &Report) -> Message {
    let resolved = text::resolved(notification, report);
    let (sign, color) = if resolved { RESOLVED } else { signs(report.severity) };
    let mut blocks = vec![header(&headline(notification, report, sign)), fields(notification, report)];
    let words = summary(notification, report, resolved);
    blocks.extend((!words.is_empty()).then(|| section(&words)));
    blocks.push(context(notification, report));
    blocks.extend(text::runbook(report).map(runbook));
    let title = text::title(report, resolved);
    let cluster = notification.cluster.as_str();
    let footer = joined(" | ", [cluster, &report.kind, &format!("fp={}", report.fingerprint)]);
    let body = if resolved { String::new() } else { body(report) };
    message(&joined(": ", [cluster, &title]), blocks, (color, &body, &footer))
}

fn message(text: &str, blocks: Vec<Value>, (color, body, footer): (&str, &str, &str)) -> Message {
    let text = escaped(text, limits::SLACK_TEXT_MAX);
    let footer = escaped(footer, limits::SLACK_TEXT_MAX);
    let mut attachment = json!({"color": color, "fallback": text, "footer": footer});
    if !body.is_empty() {
        attachment["text"] = body.into();
        attachment["mrkdwn_in"] = json!(["text"]);
    }
    Message { text, blocks, attachments: [attachment] }
}

fn headline(notification: &Notification, report: &Report, sign: &str) -> String {
    let severity = report.severity.as_str().to_uppercase();
    let told = match notification.action {
        _ if text::resolved(notification, report) => "RESOLVED".to_owned(),
        Action::Raised => format!("{severity} (raised)"),
        Action::Repeat => format!("{severity} (still)"),
        Action::First | Action::Resolved | Action::Digest(_) => severity,
    };
    format!("{sign} {told}: {} {}", report.kind, report.reason)
}

fn header(words: &str) -> Value {
    let text = escaped(words, limits::SLACK_HEADER_MAX);
    json!({"type": "header", "text": {"type": "plain_text", "text": text, "emoji": false}})
}

fn section(words: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": words}})
}

fn runbook(link: &str) -> Value {
    json!({"type": "actions", "elements": [
        {"type": "button", "text": {"type": "plain_text", "text": "Runbook"}, "url": link},
    ]})
}

/// What it is about, at a glance; what is empty is left out.
fn fields(notification: &Notification, report: &Report) -> Value {
    let node = if report.kind == "Node" { "" } else { report.node.as_str() };
    let owner = report.owners.last().map(|(kind, name)| format!("{kind}/{name}")).unwrap_or_default();
    let named = [
        ("Cluster", notification.cluster.as_str()),
        ("Namespace", &report.namespace),
        ("Name", &report.name),
        ("Reason", &report.reason),
        ("Node", node),
        ("Owner", &owner),
    ];
    let fields = named.iter().filter(|(_, value)| !value.is_empty()).map(|(label, value)| {
        let value = code(value, limits::SLACK_FIELD_MAX);
        json!({"type": "mrkdwn", "text": format!("*{label}*\n{value}")})
    });
    json!({"type": "section", "fields": fields.collect::<Vec<_>>()})
}

/// The cause, and the one command that looks further; of an end, how long it stood.
fn summary(notification: &Notification, report: &Report, resolved: bool) -> String {
    let cause = escaped(&report.text, limits::SLACK_CAUSE_MAX);
    let mut lines = Vec::new();
    if resolved {
        let stood = span(report.ends.unwrap_or(notification.decided).since(report.starts));
        lines.push(format!("*Summary:* stood {stood}, was {}", report.severity));
        lines.extend((!cause.is_empty()).then(|| format!("*It was:* {cause}")));
    } else {
        lines.extend((!cause.is_empty()).then(|| format!("*Summary:* {cause}")));
        let look = kubectl::look(report);
        lines.extend(look.map(|look| format!("*Look:* {}", code(&look, limits::SLACK_LOOK_MAX))));
    }
    lines.join("\n")
}

/// The small print: the key that other sinks know it by, since when, and what was asked for in vain.
fn context(notification: &Notification, report: &Report) -> Value {
    let since = if report.event { "at" } else { "since" };
    let fingerprint = code(&report.fingerprint, limits::SLACK_FIELD_MAX);
    let mut words = vec![format!("fp {fingerprint}"), format!("{since} {}", text::instant(report.starts))];
    if let Some(ends) = report.ends {
        words.push(format!("ended {}", text::instant(ends)));
    }
    if let Some(Err(asked)) = wish(notification, report) {
        let asked = code(asked, limits::SLACK_FIELD_MAX);
        words.push(format!("the annotation alert-slack-channel is no channel name: {asked}"));
    }
    json!({"type": "context", "elements": [{"type": "mrkdwn", "text": words.join("  ·  ")}]})
}

/// Whole sections, as many as fit, and how many do not.
fn body(report: &Report) -> String {
    // The field above the attachment names the owner already.
    let all: Vec<String> = sections(report).iter().filter(|it| it.heading != "Owner").map(fence).collect();
    let total = all.len();
    let mut kept = text::fitting(all.into_iter(), 1, limits::SLACK_BODY_MAX);
    match total - kept.len() {
        0 => {}
        1 => kept.push("_1 section left out_".to_owned()),
        more => kept.push(format!("_{more} sections left out_")),
    }
    kept.join("\n")
}

/// A heading and its lines in a fence: the first that fit, and how many do not.
fn fence(section: &Section) -> String {
    let lines = section.lines.iter().map(|line| fenced(line, limits::LINE_MAX));
    let mut kept = text::fitting(lines, 1, limits::SLACK_SECTION_MAX);
    match section.lines.len() - kept.len() {
        0 => {}
        more => kept.push(format!("+{more} lines")),
    }
    format!("*{}*\n```\n{}\n```", section.heading, kept.join("\n"))
}

fn digest(notification: &Notification, kind: Digest, reports: &[&Report], worst: Severity) -> Message {
    let (sign, color) = if kind == Digest::Ends { RESOLVED } else { signs(worst) };
    let title = text::gathered(kind, reports.len());
    let cluster = notification.cluster.as_str();
    let in_cluster = match cluster {
        "" => String::new(),
        cluster => format!("in {}: ", code(cluster, limits::SLACK_FIELD_MAX)),
    };
    let blocks =
        vec![header(&format!("{sign} {title}")), section(&format!("{in_cluster}{}", counts(reports)))];
    let lines = reports.iter().take(limits::DIGEST_LINES_MAX).map(|report| row(notification, report));
    let mut lines: Vec<String> = lines.collect();
    let rest = &reports[lines.len()..];
    if !rest.is_empty() {
        lines.push(format!("+{} more: {}", rest.len(), counts(rest)));
    }
    message(&joined(": ", [cluster, &title]), blocks, (color, &lines.join("\n"), cluster))
}

/// One line of a digest: how bad, what, and for how long it has stood, or stood.
fn row(notification: &Notification, report: &Report) -> String {
    let (sign, _) = signs(report.severity);
    let age = span(report.ends.unwrap_or(notification.decided).since(report.starts));
    let reason = code(&report.reason, limits::SLACK_ROW_REASON_MAX);
    let object = escaped(&text::object(report), limits::SLACK_ROW_OBJECT_MAX);
    format!("{sign} {reason} {object}, {age}")
}

/// Those of the words that are there.
fn joined<const N: usize>(between: &str, words: [&str; N]) -> String {
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(between)
}
