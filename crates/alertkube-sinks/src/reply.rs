//! What came back from a sink, and the verdict that most sinks share.

use std::time::Duration;

use alertkube_core::{Stamp, Verdict, Why};
use jiff::fmt::rfc2822;

use crate::limits;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP answer.
    Answer {
        /// The status code.
        status: u16,
        /// `Retry-After`, as a wait from now.
        retry_after: Option<Duration>,
        /// The first bytes of the body.
        body: Vec<u8>,
    },
    /// No answer.
    Failed(Failure),
    /// The line was written.
    Written,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The name did not resolve.
    Dns,
    /// Every address of the name is forbidden by the guard.
    Blocked,
    /// Nobody accepted the connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// No answer in time; the request may have arrived.
    Timeout,
    /// The connection broke after bytes were sent; the request may have arrived.
    Broken,
}

impl Reply {
    /// Bytes of a body that are worth reading; the rest may be dropped unread.
    pub const BODY_MAX: usize = limits::REPLY_BODY_MAX;

    /// An HTTP answer as it was read: `retry_after` is the header's text, `wall` is when it came.
    pub fn answer(status: u16, retry_after: Option<&str>, wall: Stamp, body: &[u8]) -> Reply {
        let retry_after = retry_after.and_then(|text| wait(text, wall));
        Reply::Answer { status, retry_after, body: body[..body.len().min(Reply::BODY_MAX)].to_vec() }
    }

    /// The verdict of any sink that answers in plain HTTP statuses.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Reply::Written => Verdict::Done,
            Reply::Answer { status, retry_after, .. } => of_status(*status, *retry_after),
            Reply::Failed(failure) => of_failure(*failure),
        }
    }
}

/// 5xx and the three "not now" statuses are tried again. A redirect is refused, since it would lead past the guard; of
/// the server errors only a gateway's may hide that the request was taken.
fn of_status(status: u16, after: Option<Duration>) -> Verdict {
    let after = after.map(|wait| wait.min(limits::RETRY_AFTER_MAX));
    match status {
        200..=299 => Verdict::Done,
        408 | 425 | 429 => Verdict::Retry { why: Why::Throttled, after, in_doubt: false },
        500..=599 => Verdict::Retry { why: Why::ServerError, after, in_doubt: matches!(status, 502 | 504) },
        401 | 403 => Verdict::Reject(Why::Unauthorized),
        _ => Verdict::Reject(Why::Refused),
    }
}

fn of_failure(failure: Failure) -> Verdict {
    let retry = |why, in_doubt| Verdict::Retry { why, after: None, in_doubt };
    match failure {
        Failure::Dns | Failure::Connect | Failure::Tls => retry(Why::Unreachable, false),
        Failure::Timeout => retry(Why::Timeout, true),
        Failure::Broken => retry(Why::Unreachable, true),
        Failure::Blocked => Verdict::Reject(Why::Blocked),
    }
}

/// Reads both forms of `Retry-After`: seconds, or the HTTP date that RFC 9110 tells servers to write.
fn wait(text: &str, wall: Stamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let asked = text.parse().map_or(limits::RETRY_AFTER_MAX, Duration::from_secs);
        return Some(asked.min(limits::RETRY_AFTER_MAX));
    }
    let until = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Stamp::from(until).since(wall).min(limits::RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<Duration> {
        let wall = Stamp::parse("1994-11-06T08:48:37Z").expect("a time stamp");
        match Reply::answer(429, Some(text), wall, b"") {
            Reply::Answer { retry_after, .. } => retry_after,
            other => panic!("not an answer: {other:?}"),
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked(" 0 "), Some(Duration::ZERO));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO), "the past means now");
        assert_eq!(asked("99999999999999999999999999"), Some(limits::RETRY_AFTER_MAX));
        assert_eq!(asked("Fri, 31 Dec 1999 23:59:59 GMT"), Some(limits::RETRY_AFTER_MAX));
        for nonsense in ["", "soon", "-1", "1.5", "1 minute", "\u{0}"] {
            assert_eq!(asked(nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn a_long_body_is_kept_in_part() {
        let reply = Reply::answer(200, None, Stamp::default(), &vec![b'x'; 2 * Reply::BODY_MAX]);
        assert!(matches!(reply, Reply::Answer { body, .. } if body.len() == Reply::BODY_MAX));
    }

    #[test]
    fn every_status_has_a_verdict() {
        for status in 0..=999 {
            let verdict = of_status(status, None);
            assert_eq!(verdict == Verdict::Done, (200..300).contains(&status), "{status}");
            let retried = matches!(verdict, Verdict::Retry { .. });
            assert_eq!(
                retried,
                (500..600).contains(&status) || [408, 425, 429].contains(&status),
                "{status}"
            );
        }
    }
}
