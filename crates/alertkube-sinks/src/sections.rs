//! What stands below the title and the cause of a message, under the headings of the Go program and in the order in
//! which it helps.

use alertkube_core::Report;

use crate::limits;
use crate::text::{line, short};

/// Lines under one heading.
pub(crate) struct Section {
    pub(crate) heading: &'static str,
    /// At least one; the last may say how many are missing.
    pub(crate) lines: Vec<String>,
}

/// The sections of a report; an empty one is left out.
pub(crate) fn sections(report: &Report) -> Vec<Section> {
    let parts = report.parts.iter().map(|part| format!("{}: {}", short(&part.name), line(&part.text)));
    let effects = report.effects.iter().map(|effect| line(effect));
    let owners = report.owners.iter().map(|(kind, name)| format!("{}/{}", short(kind), short(name)));
    let flapping = if report.flapping { vec!["fired often lately".to_owned()] } else { Vec::new() };
    let entries = limits::ENTRIES_MAX;
    [
        (state_of(&report.kind), list(parts, report.parts.len(), entries)),
        ("Effects", list(effects, report.effects.len(), entries)),
        ("Owner", list(owners, report.owners.len(), entries)),
        ("Flapping", flapping),
    ]
    .into_iter()
    .filter(|(_, lines)| !lines.is_empty())
    .map(|(heading, lines)| Section { heading, lines })
    .collect()
}

fn state_of(kind: &str) -> &'static str {
    match kind {
        "Pod" => "Container State",
        "Node" => "Node Status",
        "Deployment" => "Deployment Status",
        "StatefulSet" => "StatefulSet Status",
        "DaemonSet" => "DaemonSet Status",
        "Job" => "Job Status",
        _ => "Status",
    }
}

/// At most `max` lines, and how many of `total` are missing.
pub(crate) fn list(lines: impl Iterator<Item = String>, total: usize, max: usize) -> Vec<String> {
    let mut lines: Vec<String> = lines.take(max).collect();
    if total > lines.len() {
        lines.push(format!("+{} more", total - lines.len()));
    }
    lines
}
