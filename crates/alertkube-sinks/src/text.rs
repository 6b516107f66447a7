//! Words and cuts that all sinks share; whatever a cluster's names hold, it comes out as visible text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use alertkube_core::{Digest, Notification, Packed, Report, Stamp};
use serde::Serialize;

use crate::limits;

/// The annotation that links to a runbook.
const RUNBOOK: &str = "runbook-url";

/// The reference's title: `[sev] Kind ns/name: reason`.
pub(crate) fn title(report: &Report, resolved: bool) -> String {
    let prefix = if resolved { "[resolved] " } else { "" };
    format!("{prefix}[{}] {}: {}", report.severity, object(report), cut(&report.reason, limits::NAME_MAX))
}

/// `Kind ns/name`, or `Kind name` for what has no namespace.
pub(crate) fn object(report: &Report) -> String {
    format!("{} {}", cut(&report.kind, limits::NAME_MAX), place(report))
}

/// `ns/name`, or the name alone.
pub(crate) fn place(report: &Report) -> String {
    let name = cut(&report.name, limits::NAME_MAX);
    match report.namespace.as_str() {
        "" => name.into_owned(),
        namespace => format!("{}/{name}", cut(namespace, limits::NAME_MAX)),
    }
}

/// RFC 3339 in UTC.
pub(crate) fn instant(at: Stamp) -> String {
    at.timestamp().to_string()
}

/// Whether this report of this notification tells of an end.
pub(crate) fn resolved(notification: &Notification, report: &Report) -> bool {
    notification.action.ends() || report.ends.is_some()
}

/// What a digest of so many problems says of them.
pub(crate) fn gathered(digest: Digest, count: usize) -> String {
    let problems = if count == 1 { "problem" } else { "problems" };
    match digest {
        Digest::Standing => format!("{count} {problems} already here at the first look"),
        Digest::News => format!("{count} new {problems}"),
        Digest::Repeats => format!("{count} {problems} still here"),
        Digest::Ends => format!("{count} {problems} ended"),
    }
}

/// The reports with the worst first, in their own order within a severity.
pub(crate) fn worst_first(notification: &Notification) -> Vec<&Report> {
    let mut reports: Vec<&Report> = notification.reports.iter().collect();
    reports.sort_by_key(|report| std::cmp::Reverse(report.severity));
    reports
}

/// The key by which whoever folds knows the problem.
pub(crate) fn key(report: &Report) -> &str {
    report.key.as_deref().unwrap_or(&report.fingerprint)
}

/// The runbook link, if it is one that may be shown as a link.
pub(crate) fn runbook(report: &Report) -> Option<&str> {
    let spoils = |c: char| c.is_whitespace() || hidden(c) || matches!(c, '"' | '\'' | '`' | '<' | '>');
    let link = report.annotations.get(RUNBOOK)?;
    let host = link.strip_prefix("https://")?;
    (!host.is_empty() && link.len() <= limits::ANNOTATION_MAX && !link.contains(spoils)).then_some(link)
}

/// A name, a kind or a label key.
pub(crate) fn short(name: &str) -> String {
    cut(name, limits::NAME_MAX).into_owned()
}

/// The text of a part or an effect.
pub(crate) fn line(words: &str) -> String {
    cut(words, limits::LINE_MAX).into_owned()
}

/// The first pairs of a list, sorted by key.
pub(crate) fn pairs(packed: &Packed, count: usize, bytes: usize) -> BTreeMap<String, String> {
    packed.iter().take(count).map(|(key, value)| (short(key), cut(value, bytes).into_owned())).collect()
}

/// The text up to `max` bytes, never within a character, and how much is missing.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let kept = text.floor_char_boundary(max);
    Cow::Owned(format!("{}… (+{} bytes)", &text[..kept], text.len() - kept))
}

/// Whether a character is not what it looks like: terminals obey it, or it hides or reorders its neighbours.
pub(crate) fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text up to `max` bytes on one line, with every hidden character spelled out.
pub(crate) fn visible(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for c in cut(text, max).chars() {
        if hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// JSON on one line in which hidden characters are escapes, so that a log of it can be read on a terminal.
pub(crate) fn json(value: &impl Serialize) -> String {
    let plain = serde_json::to_string(value).expect("maps have string keys and nothing else can fail");
    if !plain.contains(hidden) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len() * 2);
    for c in plain.chars() {
        if !hidden(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}").expect("a String takes all");
        }
    }
    out
}

/// Those texts, in order, that fit into `budget` bytes with `overhead` bytes between them. One that is too long does
/// not hide the rest, but after a few of them the budget counts as spent and nothing more is made.
pub(crate) fn fitting<T: AsRef<str>>(
    texts: impl Iterator<Item = T>,
    overhead: usize,
    budget: usize,
) -> Vec<T> {
    let (mut left, mut misses) = (budget, 0);
    let mut kept = Vec::new();
    for text in texts {
        match left.checked_sub(text.as_ref().len() + overhead) {
            Some(rest) => {
                left = rest;
                kept.push(text);
            }
            None if misses == limits::DIGEST_MISSES_MAX => break,
            None => misses += 1,
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_says_how_much_is_missing() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 4), "long… (+2 bytes)");
        assert_eq!(cut("añb", 2), "a… (+3 bytes)", "never within a character");
    }

    #[test]
    fn hidden_characters_are_spelled_out() {
        assert_eq!(visible("a\n\u{1b}[2J\u{202e}\u{9b}b", 99), "a\\n\\u{1b}[2J\\u{202e}\\u{9b}b");
        assert_eq!(json(&"a\u{202e}\u{7f}\u{e0041}\n"), r#""a\u202e\u007f\udb40\udc41\n""#);
    }

    #[test]
    fn only_a_plain_https_link_is_a_runbook() {
        let long = format!("https://x/{}", "y".repeat(2048));
        let refused = [
            "http://x/",
            "https://",
            "javascript:alert(1)",
            "https://x/ y",
            "https://x/\"",
            "https://x/<b>",
            "https://x/\u{202e}",
            &long,
        ];
        for link in refused {
            assert_eq!(runbook(&linked(link)), None, "{link}");
        }
        let link = "https://runbooks.example.com/oom?a=b&c=d#e";
        assert_eq!(runbook(&linked(link)), Some(link));
    }

    #[test]
    fn one_long_text_does_not_hide_the_rest() {
        assert_eq!(fitting(["aa", "bbbbbbbb", "cc", "dd"].into_iter(), 1, 6), ["aa", "cc"]);
    }

    proptest! {
        #[test]
        fn json_stays_the_same_value_and_shows_all(text in any::<String>()) {
            let out = json(&text);
            prop_assert!(!out.contains(hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
        }

        #[test]
        fn visible_text_has_one_line_and_a_bound(text in any::<String>(), max in 0_usize..64) {
            let out = visible(&text, max);
            prop_assert!(!out.contains(hidden));
            prop_assert!(out.len() <= max * 4 + 40);
        }
    }

    fn linked(link: &str) -> Report {
        Report {
            fingerprint: String::new(),
            key: None,
            episode: String::new(),
            kind: "Node".to_owned(),
            namespace: String::new(),
            name: "n1".to_owned(),
            node: String::new(),
            owners: Vec::new(),
            severity: alertkube_core::Severity::Info,
            reason: String::new(),
            text: String::new(),
            parts: Vec::new(),
            effects: Vec::new(),
            labels: Packed::default(),
            annotations: Packed::of([(RUNBOOK, link)]),
            starts: Stamp::default(),
            ends: None,
            event: false,
            flapping: false,
        }
    }
}
