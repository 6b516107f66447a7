//! The one request in flight.

use std::time::Duration;

use crate::watch::limits::{PAGE_TIMEOUT, SETTLE, SILENCE};

/// What the answer is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The objects of a streaming list, up to its bookmark.
    Initial,
    /// One page of a list.
    Page,
    /// The events of a watch.
    Watch,
    /// A page that is asked for its version alone.
    Probe,
}

/// A request that was sent, and what has come back.
pub(super) struct Flight {
    pub(super) stage: Stage,
    pub(super) status: Option<u16>,
    pub(super) retry_after: Option<Duration>,
    /// When something last came back, or the request was sent.
    pub(super) heard: Duration,
    /// Whether any line came.
    pub(super) spoke: bool,
    sent: Duration,
    answered: Duration,
    settled: bool,
}

impl Flight {
    pub(super) fn new(stage: Stage, now: Duration) -> Flight {
        Flight {
            stage,
            status: None,
            retry_after: None,
            heard: now,
            spoke: false,
            sent: now,
            answered: now,
            settled: false,
        }
    }

    /// The head of the answer is there.
    pub(super) fn answered(&mut self, now: Duration, status: u16, retry_after: Option<Duration>) {
        (self.status, self.retry_after, self.answered) = (Some(status), retry_after, now);
    }

    /// The list is complete, and the stream goes on as a watch.
    pub(super) fn completed(&mut self, now: Duration) {
        (self.stage, self.answered) = (Stage::Watch, now);
    }

    /// Whether lines are coming, or are to come.
    pub(super) fn streams(&self) -> bool {
        matches!(self.stage, Stage::Initial | Stage::Watch) && self.status == Some(200)
    }

    /// When it is given up.
    pub(super) fn deadline(&self) -> Duration {
        if self.streams() { self.heard + SILENCE } else { self.sent + PAGE_TIMEOUT }
    }

    /// When it wants to be looked at, at the latest.
    pub(super) fn wake(&self) -> Duration {
        if self.settled || self.stage != Stage::Watch || self.status != Some(200) {
            return self.deadline();
        }
        self.answered + SETTLE
    }

    /// A watch was answered and has not been taken back since. Says whether that is news.
    pub(super) fn settle(&mut self) -> bool {
        !std::mem::replace(&mut self.settled, true)
    }

    /// Whether it stood for a while.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }
}
