//! A message for somebody who was woken up: its first line answers "now or tomorrow", the rest says what to do.

use std::time::Duration;

use alertkube_core::{Action, Digest, Notification, Report, Severity, Stamp};

use crate::text::visible;
use crate::{kubectl, limits, text};

/// The message, several lines without a line end behind the last.
pub(crate) fn message(notification: &Notification, color: bool) -> String {
    let page = Page { paint: Paint { color }, notification };
    let reports = text::worst_first(notification);
    let lines = match (notification.action, reports.first()) {
        (Action::Digest(digest), _) => page.digest(digest, &reports),
        (_, None) => Vec::new(),
        (_, Some(report)) if text::resolved(notification, report) => vec![page.resolved(report)],
        (_, Some(report)) => page.firing(report),
    };
    lines.join("\n")
}

/// Where words get their colours.
struct Paint {
    color: bool,
}

impl Paint {
    fn with(&self, style: &str, words: &str) -> String {
        if self.color { format!("\u{1b}[{style}m{words}\u{1b}[0m") } else { words.to_owned() }
    }

    /// A word of eight columns.
    fn badge(&self, severity: Severity) -> String {
        match severity {
            Severity::Critical => self.with("1;97;41", "CRITICAL"),
            Severity::Warning => self.with("1;33", "WARNING "),
            Severity::Info => self.with("1;36", "INFO    "),
        }
    }

    /// A word of eight columns too.
    fn resolved(&self) -> String {
        self.with("1;32", "RESOLVED")
    }

    fn dim(&self, words: &str) -> String {
        self.with("2", words)
    }

    fn bold(&self, words: &str) -> String {
        self.with("1", words)
    }
}

/// One message on its way to the terminal.
struct Page<'a> {
    paint: Paint,
    notification: &'a Notification,
}

impl Page<'_> {
    fn firing(&self, report: &Report) -> Vec<String> {
        let mut lines = vec![self.headline(report)];
        self.field(&mut lines, "cause", &visible(&report.text, limits::PRETTY_TEXT_MAX));
        let parts = report.parts.iter().map(|part| {
            let name = visible(&part.name, limits::NAME_MAX);
            format!("{name}: {}", visible(&part.text, limits::PRETTY_TEXT_MAX))
        });
        let label = if report.kind == "Pod" { "failing" } else { "details" };
        // A single part is the cause itself, named once.
        if report.parts.len() > 1 {
            self.fields(&mut lines, label, parts, report.parts.len());
        }
        let effects = report.effects.iter().map(|effect| visible(effect, limits::PRETTY_TEXT_MAX));
        self.fields(&mut lines, "effects", effects, report.effects.len());
        if report.kind != "Node" {
            self.field(&mut lines, "node", &visible(&report.node, limits::NAME_MAX));
        }
        self.field(&mut lines, "look", &kubectl::look(report).unwrap_or_default());
        self.field(&mut lines, "runbook", text::runbook(report).unwrap_or_default());
        lines
    }

    /// Severity, what is wrong, with what, whose it is, where, since when.
    fn headline(&self, report: &Report) -> String {
        let told = match self.notification.action {
            Action::Raised => " raised",
            Action::Repeat => " still",
            Action::First | Action::Resolved | Action::Digest(_) => "",
        };
        let flapping = if report.flapping { " (flapping)" } else { "" };
        let reason = visible(&report.reason, limits::NAME_MAX);
        format!(
            "{} {}{told} {}{flapping}  {}{}{}  {}",
            self.time(),
            self.paint.badge(report.severity),
            self.paint.bold(&reason),
            self.paint.bold(&object(report)),
            owner(report),
            self.cluster(),
            self.since(report),
        )
    }

    fn resolved(&self, report: &Report) -> String {
        let stood = report.ends.unwrap_or(self.notification.decided).since(report.starts);
        format!(
            "{} {} {}  {}{}{}  stood {}, was {}",
            self.time(),
            self.paint.resolved(),
            visible(&report.reason, limits::NAME_MAX),
            object(report),
            owner(report),
            self.cluster(),
            span(stood),
            report.severity,
        )
    }

    fn digest(&self, digest: Digest, reports: &[&Report]) -> Vec<String> {
        let worst = reports.first().map_or(Severity::Info, |report| report.severity);
        let ended = digest == Digest::Ends;
        let mut lines = vec![format!(
            "{} {} {}{}  {}",
            self.time(),
            if ended { self.paint.resolved() } else { self.paint.badge(worst) },
            self.paint.bold(&text::gathered(digest, reports.len())),
            self.cluster(),
            counts(reports),
        )];
        let (shown, rest) = reports.split_at(reports.len().min(limits::DIGEST_LINES_MAX));
        let width = shown.iter().map(|report| report.reason.chars().count()).max().unwrap_or(0).min(28);
        lines.extend(shown.iter().map(|report| self.row(report, width)));
        if !rest.is_empty() {
            lines.push(format!("    {}", self.paint.dim(&format!("+{} more: {}", rest.len(), counts(rest)))));
        }
        lines
    }

    /// One problem: its severity, and for how long it has stood, or stood.
    fn row(&self, report: &Report, width: usize) -> String {
        let age = span(report.ends.unwrap_or(self.notification.decided).since(report.starts));
        let reason = format!("{:<width$}", visible(&report.reason, limits::NAME_MAX));
        let badge = self.paint.badge(report.severity);
        format!("    {badge} {age:>6}  {}  {}{}", self.paint.bold(&reason), object(report), owner(report))
    }

    fn time(&self) -> String {
        self.paint.dim(&self.notification.decided.timestamp().strftime("%H:%M:%SZ").to_string())
    }

    fn cluster(&self) -> String {
        match self.notification.cluster.as_str() {
            "" => String::new(),
            cluster => format!("  in {}", visible(cluster, limits::NAME_MAX)),
        }
    }

    fn since(&self, report: &Report) -> String {
        let word = if report.event { "at" } else { "since" };
        let decided = self.notification.decided;
        let age = self.paint.bold(&span(decided.since(report.starts)));
        format!("{word} {} ({age} ago)", clock(report.starts, decided))
    }

    fn field(&self, lines: &mut Vec<String>, label: &str, words: &str) {
        if !words.is_empty() {
            lines.push(format!("    {} {words}", self.paint.dim(&format!("{label:<8}"))));
        }
    }

    /// A list under one label, and how many of its lines are missing.
    fn fields(
        &self,
        lines: &mut Vec<String>,
        label: &str,
        words: impl Iterator<Item = String>,
        total: usize,
    ) {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        for (label, words) in labels.zip(words.take(limits::PRETTY_LINES_MAX)) {
            self.field(lines, label, &words);
        }
        match total.saturating_sub(limits::PRETTY_LINES_MAX) {
            0 => {}
            more => self.field(lines, "", &format!("+{more} more")),
        }
    }
}

fn object(report: &Report) -> String {
    visible(&text::object(report), usize::MAX)
}

/// The top of the owner chain: what people know the thing by.
fn owner(report: &Report) -> String {
    report.owners.last().map_or_else(String::new, |(kind, name)| {
        format!("  of {} {}", visible(kind, limits::NAME_MAX), visible(name, limits::NAME_MAX))
    })
}

/// `3 critical, 12 warning`
pub(crate) fn counts(reports: &[&Report]) -> String {
    let count = |severity| reports.iter().filter(|report| report.severity == severity).count();
    let counted =
        [Severity::Critical, Severity::Warning, Severity::Info].map(|severity| (count(severity), severity));
    let words =
        counted.iter().filter(|(count, _)| *count > 0).map(|(count, severity)| format!("{count} {severity}"));
    words.collect::<Vec<_>>().join(", ")
}

/// An instant in UTC, no longer than it must be on the day of `today`.
fn clock(at: Stamp, today: Stamp) -> String {
    let (at, today) = (at.timestamp(), today.timestamp());
    let same = |format: &str| at.strftime(format).to_string() == today.strftime(format).to_string();
    let format = match (same("%F"), same("%Y")) {
        (true, _) => "%H:%M:%SZ",
        (false, true) => "%-d %b %H:%MZ",
        (false, false) => "%-d %b %Y",
    };
    at.strftime(format).to_string()
}

/// A duration in its two largest units, which fit into six columns for three years and more.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        (1..10, _, _) => format!("{days}d{hours:02}h"),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let words =
            [0, 59, 60, 3599, 3600, 86399, 86400, 863_999, 864_000].map(|s| span(Duration::from_secs(s)));
        assert_eq!(words, ["0s", "59s", "1m00s", "59m59s", "1h00m", "23h59m", "1d00h", "9d23h", "10d"]);
    }

    #[test]
    fn an_instant_names_its_day_only_when_it_is_another() {
        let at = |text: &str| Stamp::parse(text).expect("a time stamp");
        let today = at("2026-01-02T04:05:12Z");
        assert_eq!(clock(at("2026-01-02T00:00:01Z"), today), "00:00:01Z");
        assert_eq!(clock(at("2026-01-01T23:59:01Z"), today), "1 Jan 23:59Z");
        assert_eq!(clock(at("2025-12-31T23:59:01Z"), today), "31 Dec 2025");
    }
}
