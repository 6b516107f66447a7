//! Whether a send may still begin, asked when everything else is ready: a pause of the process, of any length and at any
//! moment before that, then starts nothing.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use alertkube_core::{SendWithin, Why};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::lease::HeldUntil;
use crate::stop_at;

/// The right to begin one send.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) clock: Clock,
    pub(super) within: SendWithin,
    /// The Lease that must be held, if one must.
    pub(super) held: Option<HeldUntil>,
    /// Cancelled when nobody knows of the send any more.
    pub(super) known: CancellationToken,
}

/// Why nothing has left this process.
#[derive(Debug)]
pub(super) enum Unsent {
    /// It never will.
    Why(Why),
    /// The right to begin had run out.
    Late,
}

/// The right to begin has run out.
#[derive(Debug, thiserror::Error)]
#[error("it is too late to begin")]
pub(super) struct Late;

impl Gate {
    /// Asks, now, and for the last time.
    pub(super) fn pass(&self) -> Result<(), Unsent> {
        stop_at::pass("send");
        self.ask()
    }

    /// Asks, now: what is too late already is not prepared.
    pub(super) fn ask(&self) -> Result<(), Unsent> {
        let now = self.clock.now().boot;
        let held = self.held.as_ref().is_none_or(|held| held.allows(now));
        if held && now < self.within.begin && !self.known.is_cancelled() { Ok(()) } else { Err(Unsent::Late) }
    }

    /// Until when an answer is waited for: no longer than the Lease lasts.
    pub(super) fn until(&self, wish: Duration) -> Duration {
        wish.min(self.within.end)
    }

    /// A body that asks when the connection takes it: over HTTP/1.1 that is before any byte of the request is flushed,
    /// over HTTP/2 before the request is whole.
    pub(super) fn before(&self, body: Vec<u8>) -> Gated {
        Gated { gate: self.clone(), body: Some(Bytes::from(body)) }
    }
}

/// A body behind a gate.
pub(super) struct Gated {
    gate: Gate,
    body: Option<Bytes>,
}

impl Body for Gated {
    type Data = Bytes;
    type Error = Late;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Late>>> {
        let Some(body) = self.body.take() else { return Poll::Ready(None) };
        let passed = self.gate.pass();
        Poll::Ready(Some(passed.map(|()| Frame::data(body)).map_err(|_| Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_begin_any_more_stays_though_an_answer_could_still_be_waited_for() {
        let clock = Clock::real();
        let (now, later) = (clock.now().boot, clock.now().boot + Duration::from_secs(3600));
        let known = CancellationToken::new();
        let gate = |begin| Gate {
            clock,
            within: SendWithin { begin, end: later, leased: false },
            held: None,
            known: known.clone(),
        };
        assert!(matches!(gate(now).ask(), Err(Unsent::Late)));
        assert!(gate(later).ask().is_ok());
        known.cancel();
        assert!(matches!(gate(later).ask(), Err(Unsent::Late)), "its replica panicked meanwhile");
    }
}
