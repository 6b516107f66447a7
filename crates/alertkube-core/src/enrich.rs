//! Stage 10, enrich: a told alert becomes a report that is complete without the core. So far it draws on the picture
//! alone; events and logs come with their own effect.

use crate::alert::Alert;
use crate::judge::Court;
use crate::limits::EFFECT_LINES_MAX;
use crate::notification::{Report, ReportPart};
use crate::severity::Severity;
use crate::time::Stamp;

/// The report of an alert as it stands now, told under `episode` at `severity`.
pub(crate) fn report(court: &Court<'_>, alert: &Alert, severity: Severity, episode: Stamp) -> Report {
    let subject = &alert.subject;
    let inherited = alert.inherited.as_ref().filter(|inherited| inherited.episode == episode);
    let over = !alert.stands() && alert.condition.event.is_none();
    Report {
        fingerprint: alert.fingerprint.to_string(),
        key: inherited.map(|inherited| inherited.key.to_string()),
        episode: format!("{:x}", episode.millis()),
        kind: subject.kind.to_owned(),
        namespace: subject.namespace.to_string(),
        name: subject.name.to_string(),
        node: subject.node.to_string(),
        owners: subject.owners.iter().map(|owner| (owner.kind.to_string(), owner.name.to_string())).collect(),
        severity,
        reason: alert.shown().to_owned(),
        text: alert.finding.text.clone(),
        parts: alert
            .finding
            .parts
            .iter()
            .map(|part| ReportPart { name: part.name.clone(), text: part.text.clone() })
            .collect(),
        effects: if over { Vec::new() } else { effect_lines(court, alert) },
        labels: subject.labels.clone(),
        annotations: subject.annotations.clone(),
        starts: alert.since,
        ends: alert.ended.filter(|_| over),
        event: alert.condition.event.is_some(),
        flapping: alert.flapping,
    }
}

fn effect_lines(court: &Court<'_>, alert: &Alert) -> Vec<String> {
    let effects = court.relations.effects(alert);
    let mut lines: Vec<String> = effects
        .iter()
        .filter_map(|effect| court.relations.tracker.get(*effect))
        .take(EFFECT_LINES_MAX)
        .map(|effect| line(alert, effect))
        .collect();
    if effects.len() > EFFECT_LINES_MAX {
        lines.push(format!("+{} more", effects.len() - EFFECT_LINES_MAX));
    }
    lines
}

/// The object is named only where it is another one.
fn line(cause: &Alert, effect: &Alert) -> String {
    let subject = &effect.subject;
    if subject.id == cause.subject.id {
        return format!("{}: {}", effect.shown(), effect.finding.text);
    }
    let place = if subject.namespace.is_empty() { String::new() } else { format!("{}/", subject.namespace) };
    format!("{} {place}{} {}: {}", subject.kind, subject.name, effect.shown(), effect.finding.text)
}
