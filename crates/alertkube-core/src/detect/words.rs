//! Plain words for what the cluster reports: one line, bounded, without control characters.

use crate::detect::condition::Part;
use crate::detect::limits::{NAMED_PARTS_MAX, QUOTE_MAX};
use crate::watch::{StatusCondition, Terminated};

/// A text as one line of at most `max` characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    if text.len() <= max && is_plain_line(text) {
        return text.to_owned();
    }
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty()) {
        for c in (if line.is_empty() { "" } else { " " }).chars().chain(word.chars()) {
            if length == max {
                line.pop();
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

/// Whether a text is one line of ASCII words with single spaces between them, as nearly all are.
fn is_plain_line(text: &str) -> bool {
    let mut before = b' ';
    for byte in text.bytes() {
        if !matches!(byte, b' '..=b'~') || (byte == b' ' && before == b' ') {
            return false;
        }
        before = byte;
    }
    text.is_empty() || before != b' '
}

/// A text that the cluster wrote, fit to be part of ours.
pub(super) fn quote(text: &str) -> String {
    one_line(text, QUOTE_MAX)
}

/// How a container ended: by which signal, with which exit code, for which reason.
pub(super) fn ending(end: &Terminated) -> String {
    let code = end.exit_code;
    let signal = if end.signal > 0 { end.signal } else { code.saturating_sub(128) };
    match (&*end.reason, signal_name(signal)) {
        ("" | "Error" | "Completed", Some(name)) => format!("{name} (exit {code})"),
        ("" | "Error" | "Completed", None) if end.signal > 0 => format!("signal {signal} (exit {code})"),
        ("" | "Error" | "Completed", None) => format!("exit {code}"),
        (reason, _) => format!("{} (exit {code})", quote(reason)),
    }
}

/// How a container ended, with the message if the container runtime wrote it: one that the program itself left
/// behind may hold anything, and is not told.
pub(super) fn ending_and_why(end: &Terminated) -> String {
    let from_runtime = matches!(&*end.reason, "StartError" | "ContainerCannotRun" | "CreateContainerError");
    match quote(&end.message) {
        message if from_runtime && !message.is_empty() => format!("{}: {message}", ending(end)),
        _ => ending(end),
    }
}

fn signal_name(signal: i64) -> Option<&'static str> {
    match signal {
        2 => Some("SIGINT"),
        6 => Some("SIGABRT"),
        9 => Some("SIGKILL"),
        11 => Some("SIGSEGV"),
        15 => Some("SIGTERM"),
        _ => None,
    }
}

/// `1 restart`, `2 restarts`.
pub(super) fn counted(count: i64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Reason and message of whatever has both, either or none.
pub(super) fn reason_and_message(reason: &str, message: &str) -> String {
    match (quote(reason), quote(message)) {
        (reason, message) if message.is_empty() => reason,
        (reason, message) if reason.is_empty() => message,
        (reason, message) => format!("{reason}: {message}"),
    }
}

/// What a status condition says of itself.
pub(super) fn stated(condition: &StatusCondition) -> String {
    reason_and_message(&condition.reason, &condition.message)
}

/// `lead` and what a status condition says of itself.
pub(super) fn lead_and_stated(lead: &str, condition: &StatusCondition) -> String {
    match stated(condition) {
        stated if stated.is_empty() => lead.to_owned(),
        stated => format!("{lead}: {stated}"),
    }
}

/// The first parts in full, then a count.
pub(super) fn parts_in_one(parts: &[Part]) -> String {
    let named: Vec<String> =
        parts.iter().take(NAMED_PARTS_MAX).map(|part| format!("{}: {}", part.name, part.text)).collect();
    match parts.len().saturating_sub(NAMED_PARTS_MAX) {
        0 => named.join("; "),
        more => format!("{}; and {more} more", named.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_bounded_line() {
        assert_eq!(one_line("  a\n\tb\u{1b}[31m c\u{2028}d ", 100), "a b [31m c d");
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("äbcdefg", 6), "äbcde…");
        assert_eq!(one_line(&"x".repeat(100_000), 1000).chars().count(), 1000);
        assert_eq!(one_line("\n\n", 5), "");
        for (text, line) in
            [("a b", "a b"), ("a  b", "a b"), (" a b", "a b"), ("a b ", "a b"), ("a\tb", "a b"), ("", "")]
        {
            assert_eq!(one_line(text, 9), line, "{text:?}");
        }
    }

    #[test]
    fn an_end_is_named_by_reason_then_signal_then_exit_code() {
        let end = |reason: &str, exit_code, signal| {
            ending(&Terminated { reason: reason.into(), exit_code, signal, ..Terminated::default() })
        };
        assert_eq!(end("Error", 137, 0), "SIGKILL (exit 137)");
        assert_eq!(end("", 143, 0), "SIGTERM (exit 143)");
        assert_eq!(end("Error", 0, 11), "SIGSEGV (exit 0)");
        assert_eq!(end("Error", 130, 0), "SIGINT (exit 130)");
        assert_eq!(end("Error", 134, 6), "SIGABRT (exit 134)");
        assert_eq!(end("Error", 135, 7), "signal 7 (exit 135)");
        assert_eq!(end("OOMKilled", 137, 9), "OOMKilled (exit 137)");
        assert_eq!(end("Error", 1, 0), "exit 1");
        assert_eq!(end("Completed", 0, 0), "exit 0");
    }

    #[test]
    fn only_the_runtimes_message_is_told() {
        let end = |reason: &str| {
            ending_and_why(&Terminated {
                reason: reason.into(),
                message: "no such\nfile".into(),
                exit_code: 128,
                ..Terminated::default()
            })
        };
        assert_eq!(end("StartError"), "StartError (exit 128): no such file");
        assert_eq!(end("Error"), "exit 128");
    }

    #[test]
    fn parts_beyond_the_third_are_counted() {
        let part = |name: &str| Part { name: name.to_owned(), text: "bad".to_owned() };
        let parts = ["a", "b", "c", "d", "e"].map(part);
        assert_eq!(parts_in_one(&parts[..2]), "a: bad; b: bad");
        assert_eq!(parts_in_one(&parts), "a: bad; b: bad; c: bad; and 2 more");
    }
}
