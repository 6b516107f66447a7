//! The watch of one kind, as a machine that is told the time and what the server sends, and answers with what
//! to ask the server next and what to tell the replica.
//!
//! It owns no connection. Its driver repeats: ask [`Follow::next`], drain [`Follow::poll`], do what was asked
//! for, and hand in what comes back by [`Follow::frame`]. At most one request is in flight.

mod answer;
mod backoff;
mod flight;
mod line;
mod page;
mod refusal;
mod request;
mod told;

use std::sync::Arc;
use std::time::Duration;

use crate::watch::event::{LostWhy, WatchEvent};
use crate::watch::kinds::Kind;
use crate::watch::limits::{PAGE_ITEMS, SILENT_TRIES, STREAM_TRIES, WATCH_JITTER_SECONDS, WATCH_SECONDS};
use crate::watch::view::Plan;
use backoff::Backoff;
use flight::{Flight, Stage};
use told::Told;

pub use request::WatchRequest;
pub use told::Skipped;

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Drop what is in flight, and send this.
    Get(WatchRequest),
    /// Go on reading the answer in flight, and ask again at this boot instant at the latest.
    Read(Duration),
    /// Drop what is in flight, and ask again at this boot instant.
    Sleep(Duration),
}

/// What came back for the request in flight.
#[derive(Clone, Copy, Debug)]
pub enum Frame<'a> {
    /// The head of the answer.
    Head {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<Duration>,
    },
    /// A line of a stream (asked for with [`WatchRequest::stream`], and answered with 200).
    Line(&'a [u8]),
    /// The whole body of any other answer.
    Body(&'a [u8]),
    /// A line or a body was longer than the driver takes, and was thrown away.
    TooLong,
    /// A stream ended in order.
    Closed,
    /// The connection was refused, reset or broken; the text says how.
    Failed(&'a str),
}

/// What is wanted of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    /// A list from scratch, streaming if the server can.
    List,
    /// The next page of a list; without a token, the first.
    Page(Option<String>),
    /// A watch from `version` on.
    Watch,
    /// A look at the server's version, after a watch that never said a word: a store that was restored from
    /// an older copy answers such a watch, and stays silent until it has caught up.
    Probe,
}

enum Phase {
    Resting { until: Duration },
    Asked(Flight),
}

/// How often in a row what has gone wrong.
#[derive(Default)]
struct Streaks {
    /// Streaming lists that ended too early.
    streams: u32,
    /// "Too large resource version".
    too_large: u32,
    /// Silences.
    silent: u32,
    /// Watches that ended at once.
    brief: u32,
    /// 401
    unauthorised: u32,
}

/// The watch of one kind.
pub struct Follow {
    kind: &'static Kind,
    namespace: Option<String>,
    plan: Arc<Plan>,
    told: Told,
    backoff: Backoff,
    streaks: Streaks,
    goal: Goal,
    phase: Phase,
    /// Where a watch goes on from.
    version: String,
    /// Whether the server is thought to stream lists.
    streams: bool,
    page_items: u32,
}

impl Follow {
    /// The watch of a kind, cluster wide or in one namespace, that has yet to begin.
    pub fn new(kind: &'static Kind, namespace: Option<String>, plan: Arc<Plan>, seed: u64) -> Follow {
        Follow {
            kind,
            namespace,
            plan,
            told: Told::default(),
            backoff: Backoff::new(seed),
            streaks: Streaks::default(),
            goal: Goal::List,
            phase: Phase::Resting { until: Duration::ZERO },
            version: String::new(),
            streams: true,
            page_items: PAGE_ITEMS,
        }
    }

    /// The kind that is watched.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// What to do now.
    pub fn next(&mut self, now: Duration) -> Ask {
        if let Phase::Asked(flight) = &self.phase {
            if now >= flight.deadline() {
                self.overdue(now);
            } else if now >= flight.wake() {
                self.settle();
            }
        }
        match &self.phase {
            Phase::Resting { until } if now < *until => Ask::Sleep(*until),
            Phase::Resting { .. } => self.ask(now),
            Phase::Asked(flight) => Ask::Read(flight.wake()),
        }
    }

    /// Takes what came back. Anything that does not belong to the request in flight is left aside.
    pub fn frame(&mut self, now: Duration, frame: Frame<'_>) {
        let Phase::Asked(flight) = &mut self.phase else { return };
        flight.heard = now;
        match frame {
            Frame::Head { status, retry_after } => flight.answered(now, status, retry_after),
            Frame::Line(bytes) if flight.streams() => self.line(now, bytes),
            Frame::Body(bytes) if !flight.streams() => self.body(now, bytes),
            Frame::Line(_) | Frame::Body(_) => {}
            Frame::TooLong => self.too_long(now),
            Frame::Closed => self.closed(now),
            Frame::Failed(why) => self.broken(now, why),
        }
    }

    /// The next thing to tell the replica.
    pub fn poll(&mut self) -> Option<WatchEvent> {
        self.told.poll()
    }

    /// What had to be passed over since the last call.
    pub fn take_skipped(&mut self) -> Option<Skipped> {
        self.told.take_skipped()
    }

    fn ask(&mut self, now: Duration) -> Ask {
        if self.goal == Goal::List && !self.streams {
            self.goal = Goal::Page(None);
        }
        let seconds =
            WATCH_SECONDS + self.backoff.jitter(Duration::from_secs(WATCH_JITTER_SECONDS)).as_secs();
        let namespace = self.namespace.as_deref();
        let (stage, request) = match &self.goal {
            Goal::List => (Stage::Initial, WatchRequest::streaming_list(self.kind, namespace, seconds)),
            Goal::Page(token) => {
                (Stage::Page, WatchRequest::page(self.kind, namespace, self.page_items, token.as_deref()))
            }
            Goal::Watch => (Stage::Watch, WatchRequest::watch(self.kind, namespace, &self.version, seconds)),
            Goal::Probe => (Stage::Probe, WatchRequest::page(self.kind, namespace, 1, None)),
        };
        self.phase = Phase::Asked(Flight::new(stage, now));
        Ask::Get(request)
    }

    /// Nothing came for too long.
    fn overdue(&mut self, now: Duration) {
        let Phase::Asked(flight) = &self.phase else { return };
        if !flight.streams() {
            return self.unreachable(now, "no answer in time");
        }
        let stage = flight.stage;
        self.told.lost(LostWhy::Silent);
        self.streaks.silent += 1;
        match stage {
            Stage::Initial => self.list_again(),
            _ if self.streaks.silent >= SILENT_TRIES => self.goal = Goal::List,
            _ => {}
        }
        self.rest(now);
    }

    /// A watch stands: whatever went wrong before is over.
    fn settle(&mut self) {
        let Phase::Asked(flight) = &mut self.phase else { return };
        if flight.settle() {
            self.backoff.reset();
            self.streaks = Streaks { silent: self.streaks.silent, ..Streaks::default() };
            if self.told.is_lost() {
                self.told.synced();
            }
        }
    }

    /// A streaming list came to nothing: once more, and after some in a row in pages.
    fn list_again(&mut self) {
        self.streaks.streams += 1;
        self.goal = if self.streaks.streams < STREAM_TRIES { Goal::List } else { Goal::Page(None) };
    }

    /// Nothing came of it: says so, and tries again later.
    fn unreachable(&mut self, now: Duration, why: &str) {
        self.told.lost(LostWhy::Unreachable(why.to_owned()));
        let wait = self.backoff.wait();
        self.rest(now + wait);
    }

    fn rest(&mut self, until: Duration) {
        self.phase = Phase::Resting { until };
    }
}

#[cfg(test)]
mod tests;
