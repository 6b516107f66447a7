//! What was sent beside what was expected.

use std::time::Duration;

use alertkube_core::SinkClass;

use super::transcript::{Sent, object};
use crate::scenario::{Expected, Told};

/// How far a time may be off: what a sink may take for an answer, and the rounding of times to seconds.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Which expectation each notification meets.
struct Match {
    /// By the place of the notification.
    met: Vec<Option<usize>>,
    missing: Vec<usize>,
    /// Notifications of chat sinks that came in another order than expected.
    disordered: Vec<usize>,
}

/// Lines that differ, among those that do not; none when all agree.
pub(super) fn differences(sends: &[Sent], expected: &[Expected]) -> Option<String> {
    let found = matched(sends, expected);
    let unexpected = found.met.iter().filter(|met| met.is_none()).count();
    if unexpected + found.missing.len() + found.disordered.len() == 0 {
        return None;
    }
    let mut lines: Vec<(Duration, usize, String)> = Vec::new();
    for (place, (sent, met)) in sends.iter().zip(&found.met).enumerate() {
        let line = match met {
            Some(met) if found.disordered.contains(&place) => {
                format!("~ {}  (not in this order)", expected[*met].text)
            }
            Some(met) => format!("  {}", expected[*met].text),
            None => format!("+ {}{}", sent.line(), sent.details()),
        };
        lines.push((sent.at, place, line));
    }
    for missing in &found.missing {
        let expected = &expected[*missing];
        lines.push((expected.at, 0, format!("- {}", expected.text)));
    }
    lines.sort();
    let head = format!(
        "{} expected and not sent (-), {unexpected} sent and not expected (+)\n",
        found.missing.len()
    );
    Some(lines.into_iter().fold(head, |text, (_, _, line)| text + &line + "\n"))
}

/// What was sent as expectations; those that were met stay as they were written.
pub(super) fn rewritten(sends: &[Sent], expected: &[Expected]) -> String {
    let found = matched(sends, expected);
    let line = |(sent, met): (&Sent, &Option<usize>)| match met {
        Some(met) => format!("{}\n", expected[*met].text),
        None => format!("{}\n", sent.line()),
    };
    sends.iter().zip(&found.met).map(line).collect()
}

fn matched(sends: &[Sent], expected: &[Expected]) -> Match {
    let mut met: Vec<Option<usize>> = vec![None; sends.len()];
    let mut missing = Vec::new();
    for (place, wanted) in expected.iter().enumerate() {
        let free = sends.iter().zip(&met).position(|(sent, met)| met.is_none() && meets(sent, wanted));
        match free {
            Some(free) => met[free] = Some(place),
            None => missing.push(place),
        }
    }
    let disordered = disordered(sends, &met);
    Match { met, missing, disordered }
}

/// A chat is read from top to bottom: what it says must come in the order of the expectations.
fn disordered(sends: &[Sent], met: &[Option<usize>]) -> Vec<usize> {
    let (mut latest, mut wrong) = (std::collections::BTreeMap::<&str, usize>::new(), Vec::new());
    for (place, (sent, met)) in sends.iter().zip(met).enumerate() {
        let (Some(met), SinkClass::Chat) = (met, sent.class) else { continue };
        let latest = latest.entry(&sent.sink).or_default();
        if met < latest {
            wrong.push(place);
        }
        *latest = (*latest).max(*met);
    }
    wrong
}

fn meets(sent: &Sent, wanted: &Expected) -> bool {
    let near = sent.at.abs_diff(wanted.at) <= TOLERANCE;
    near && sent.sink == wanted.sink && sent.notification.action == wanted.action && says(sent, wanted)
}

fn says(sent: &Sent, wanted: &Expected) -> bool {
    let reports = &sent.notification.reports;
    let Some(first) = reports.first() else { return false };
    let told = match &wanted.told {
        Told::Digest { reports: count } => reports.len() == *count,
        Told::One { reason, object: name } => first.reason == *reason && object(first) == *name,
    };
    let names = || first.parts.iter().map(|part| part.name.as_str());
    told && wanted.severity.is_none_or(|severity| severity == first.severity)
        && wanted.effects.is_none_or(|effects| effects == first.effects.len())
        && wanted.names.as_ref().is_none_or(|wanted| wanted.iter().map(String::as_str).eq(names()))
        && wanted.says.iter().all(|text| sent.text.contains(text))
}
