//! `Status` objects: what a server says when it does not do what was asked, as an answer or inside a stream.

use std::borrow::Cow;
use std::time::Duration;

use crate::watch::decode::json::Reader;
use crate::watch::decode::word::cut;
use crate::watch::limits::QUOTE_BYTES;

/// A refusal, from its HTTP head and its `Status` body, where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) message: String,
    /// When the server wants to be asked again.
    pub(super) retry_after: Option<Duration>,
    /// A token with which an expired list can go on, inconsistently.
    pub(super) token: Option<String>,
    too_large: bool,
}

impl Refusal {
    /// A refusal as an HTTP answer; the body may be anything.
    pub(super) fn of_answer(code: u16, retry_after: Option<Duration>, body: &[u8]) -> Refusal {
        let mut refusal = Refusal::read(&mut Reader::new(body));
        refusal.code = code;
        refusal.retry_after = retry_after.or(refusal.retry_after);
        if refusal.message.is_empty() {
            refusal.message = cut(&String::from_utf8_lossy(body), QUOTE_BYTES).trim().to_owned();
        }
        refusal
    }

    /// A refusal as the object of an `ERROR` event.
    pub(super) fn read(reader: &mut Reader<'_>) -> Refusal {
        let mut refusal = Refusal::default();
        reader.fields(|reader, key| match key {
            b"code" => refusal.code = reader.integer().and_then(|code| code.try_into().ok()).unwrap_or(0),
            b"message" => refusal.message = cut(&text(reader), QUOTE_BYTES).to_owned(),
            b"metadata" => {
                reader.fields(|reader, key| {
                    if key == b"continue" {
                        refusal.token = Some(text(reader).into_owned()).filter(|token| !token.is_empty());
                    }
                });
            }
            b"details" => refusal.details(reader),
            _ => {}
        });
        refusal.too_large |= refusal.message.contains("Too large resource version");
        refusal
    }

    fn details(&mut self, reader: &mut Reader<'_>) {
        reader.fields(|reader, key| match key {
            b"retryAfterSeconds" => {
                let seconds = reader.integer().and_then(|seconds| u64::try_from(seconds).ok());
                self.retry_after = seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
            }
            b"causes" => {
                reader.items(|reader| {
                    reader.fields(|reader, key| {
                        self.too_large |= key == b"reason" && text(reader) == "ResourceVersionTooLarge";
                    });
                });
            }
            _ => {}
        });
    }

    /// Whether the server has not yet seen the version that we asked for.
    pub(super) fn too_large(&self) -> bool {
        self.too_large && matches!(self.code, 504 | 500)
    }

    /// Whether the server's store cannot tell when a streaming list is complete.
    pub(super) fn no_progress(&self) -> bool {
        self.code == 500 && self.message.contains("RequestWatchProgress")
    }

    /// Code and message, for people.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.code, self.message).trim_end().to_owned()
    }
}

fn text<'a>(reader: &mut Reader<'a>) -> Cow<'a, str> {
    reader.text().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_status_is_quoted() {
        let refusal = Refusal::of_answer(502, None, b"<html>bad gateway</html>\n");
        assert_eq!(refusal.text(), "502 <html>bad gateway</html>");
        let long = Refusal::of_answer(500, None, &[b'x'; 10_000]);
        assert_eq!(long.message.len(), QUOTE_BYTES);
        assert_eq!(Refusal::of_answer(503, None, b"").text(), "503");
    }

    #[test]
    fn the_header_wins_over_the_body() {
        let body = br#"{"kind":"Status","details":{"retryAfterSeconds":1},"message":"m","code":1}"#;
        let with = Refusal::of_answer(429, Some(Duration::from_secs(9)), body);
        assert_eq!((with.code, with.retry_after), (429, Some(Duration::from_secs(9))));
        assert_eq!(Refusal::of_answer(429, None, body).retry_after, Some(Duration::from_secs(1)));
    }
}
