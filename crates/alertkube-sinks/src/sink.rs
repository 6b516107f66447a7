//! What a sink is: from a notification to a request, from a reply to a verdict.

use alertkube_core::{Action, Notification, SinkClass, Stamp, Verdict, Why};
use secrecy::{ExposeSecret, SecretString};

use crate::guard::{Destination, Guard};
use crate::limits;
use crate::reply::Reply;

/// A sink. It keeps no state and does no I/O: the same notification and attempt always give the same request.
pub trait Sink: Send + Sync {
    /// The name in configuration, logs and metric labels.
    fn name(&self) -> &'static str;

    /// How it tells a repeat from news.
    fn class(&self) -> SinkClass;

    /// Words a notification for this sink.
    fn render(&self, notification: &Notification, attempt: &Attempt) -> Result<Request, Why>;

    /// Judges what came back.
    fn classify(&self, reply: &Reply) -> Verdict {
        reply.verdict()
    }
}

/// Which try of a notification this is, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// The wall clock as the request leaves.
    pub wall: Stamp,
}

/// What the shell has to do.
#[derive(Clone, Debug)]
pub enum Request {
    /// Send it by HTTP.
    Post(Post),
    /// Write it to standard output, with a line end behind it.
    Line(String),
}

/// An HTTP POST; redirects are not to be followed.
#[derive(Clone)]
pub struct Post {
    /// Where to. Its path and query are credentials with many services.
    pub url: SecretString,
    /// All headers, besides those that HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What decides which addresses may be connected to.
    pub guard: Guard,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let to = Destination::of(self.url.expose_secret()).map(|to| to.to_string());
        f.debug_struct("Post")
            .field("to", &to.as_deref().unwrap_or("an address that cannot be read"))
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A credential that is set; files end in a line feed, and an empty variable is one that is not set.
pub(crate) fn given(credential: Option<&SecretString>) -> Option<&str> {
    credential.map(|text| text.expose_secret().trim()).filter(|text| !text.is_empty())
}

/// What the headers of every JSON body say, the same on every try. A digest has many episodes and names none.
pub(crate) fn headers_of(notification: &Notification) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "alertkube".to_owned()),
        ("X-Alertkube-Delivery", printable(&notification.delivery)),
    ];
    if let ([report], false) =
        (notification.reports.as_slice(), matches!(notification.action, Action::Digest(_)))
    {
        headers.push(("X-Alertkube-Episode", printable(&report.episode)));
    }
    headers
}

/// Headers as a [`Post`] has them.
pub(crate) fn owned(headers: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A header's value cannot hold anything but visible ASCII.
fn printable(value: &str) -> String {
    value.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(limits::NAME_MAX).collect()
}
