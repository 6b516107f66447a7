//! The sink `webhook`: a JSON body by POST to any endpoint, signed if there is a secret.

use alertkube_core::{Notification, SinkClass, Stamp, Why};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use serde::Deserialize;
use sha2::Sha256;

use crate::guard::Guard;
use crate::sink::{Attempt, Post, Request, Sink, given, headers_of, owned};
use crate::{limits, reference, v1};

/// The settings of the sink `webhook`, and the sink itself.
#[derive(Clone, Debug, Default)]
pub struct Webhook {
    /// `GENERIC_WEBHOOK_URL`; without it every delivery is refused as unconfigured.
    pub url: Option<SecretString>,
    /// `GENERIC_WEBHOOK_SECRET`: signs every request.
    pub secret: Option<SecretString>,
    /// `sinks.webhook.format`
    pub format: WebhookFormat,
    /// Where requests may go.
    pub guard: Guard,
}

/// The body's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// The alert of the Go reference, under its field names.
    #[default]
    Reference,
    /// Our own stable schema, `alertkube.io/v1`.
    V1,
}

impl Sink for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn class(&self) -> SinkClass {
        SinkClass::Webhook
    }

    fn render(&self, notification: &Notification, attempt: &Attempt) -> Result<Request, Why> {
        let url = given(self.url.as_ref()).ok_or(Why::Unconfigured)?;
        self.guard.check_url(url)?;
        let body = match self.format {
            WebhookFormat::Reference => reference::document(notification),
            WebhookFormat::V1 => (!notification.reports.is_empty()).then(|| v1::document(notification)),
        };
        let body = body.filter(|body| body.len() <= limits::BODY_MAX).ok_or(Why::Unrenderable)?;
        let headers = self.headers(notification, attempt, body.as_bytes());
        let (url, guard) = (SecretString::from(url), self.guard.clone());
        Ok(Request::Post(Post { url, headers, body: body.into_bytes(), guard }))
    }
}

impl Webhook {
    pub(crate) fn credentials(&mut self) -> Vec<(&'static str, &mut Option<SecretString>)> {
        vec![("GENERIC_WEBHOOK_URL", &mut self.url), ("GENERIC_WEBHOOK_SECRET", &mut self.secret)]
    }

    fn headers(&self, notification: &Notification, attempt: &Attempt, body: &[u8]) -> Vec<(String, String)> {
        let timestamp = seconds(attempt.wall);
        let mut headers = headers_of(notification);
        headers.push(("X-Alertkube-Attempt", attempt.number.to_string()));
        if let Some(secret) = given(self.secret.as_ref()) {
            headers.push(("X-Alertkube-Signature", signature(secret, &timestamp, body)));
        }
        headers.push(("X-Alertkube-Timestamp", timestamp));
        owned(headers)
    }
}

/// `sha256=<hex HMAC-SHA256 over timestamp + "." + body>`
fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// RFC 3339 in UTC without fractions, as Go's `time.RFC3339` writes it.
fn seconds(at: Stamp) -> String {
    at.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_programs_compute() {
        let found = signature("It's a Secret", "2026-11-23T04:05:12Z", br#"{"a":1}"#);
        assert_eq!(found, "sha256=cb32ab698f31e71501293832b6877c2c0c0f83fefec1be5bb23b3bfd0ad9c689");
    }
}
