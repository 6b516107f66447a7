//! What a sink is: from a notification to a request, from a reply to a verdict.

use alertkube_core::{Notification, SinkClass, Stamp, Verdict, Why};
use secrecy::{ExposeSecret, SecretString};

use crate::guard::{Destination, Guard};
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
