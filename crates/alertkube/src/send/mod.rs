//! The only code that opens a socket outward: a notification and its sink to a verdict.

mod credentials;
mod gate;
mod line;
mod post;
mod proxy;
mod resolve;
mod tries;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use alertkube_core::{Notification, SendWithin, SinkId, Verdict, Why};
use alertkube_sinks::{Attempt, Request, Sink};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use self::credentials::Slot;
use self::gate::{Gate, Unsent};
use self::line::Lines;
use self::post::{Lane, Road};
use self::proxy::Proxies;
use self::resolve::Lookup;
use self::tries::Tries;
use crate::clock::Clock;
use crate::env::Environment;
use crate::lease::HeldUntil;
use crate::limits::{CREDENTIALS_EVERY, TRY_TIMEOUT};
use crate::telemetry::Telemetry;

/// Makes ring the crypto provider of this process: the one that kube and the sinks share. Later calls do nothing.
pub(crate) fn install_crypto() {
    // The error only says that there is a provider already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

/// The ways out of this process.
pub(crate) struct Outward {
    pub(crate) proxies: Proxies,
    pub(crate) lookup: Lookup,
    pub(crate) lines: Lines,
}

impl Outward {
    /// The system's resolver, the environment's proxies, and standard output.
    pub(crate) fn system(environment: &Environment) -> anyhow::Result<Outward> {
        let proxies = Proxies::read(|name| environment.get(name))?;
        Ok(Outward { proxies, lookup: resolve::system(), lines: Lines::new(std::io::stdout()) })
    }
}

/// Sends for every sink, each over connections of its own.
pub(crate) struct Sender {
    sinks: Vec<(Mutex<Slot>, Lane)>,
    renewed: mpsc::UnboundedSender<SinkId>,
    road: Road,
    lines: Lines,
    tries: Tries,
    held: HeldUntil,
    telemetry: Arc<Telemetry>,
}

impl Sender {
    /// A sender for these sinks; [`SinkId`] is the place in the list. Sinks with another credential are named to `renewed`.
    pub(crate) fn new(
        sinks: Vec<Slot>,
        clock: Clock,
        outward: Outward,
        (held, telemetry, renewed): (HeldUntil, Arc<Telemetry>, mpsc::UnboundedSender<SinkId>),
    ) -> Sender {
        install_crypto();
        let Outward { proxies, lookup, lines } = outward;
        let sinks = sinks.into_iter().map(|slot| (Mutex::new(slot), Lane::default())).collect();
        let road = Road { clock, proxies, lookup };
        Sender { sinks, renewed, road, lines, tries: Tries::default(), held, telemetry }
    }

    /// Looks at the files of credentials now and then, until nobody hears of them.
    pub(crate) async fn watch_credentials(self: Arc<Sender>) {
        let kept = |(slot, _): &(Mutex<Slot>, Lane)| slot.lock().is_ok_and(|slot| slot.has_files());
        if !self.sinks.iter().any(kept) {
            return;
        }
        while !self.renewed.is_closed() {
            for sink in (0..self.sinks.len()).map(SinkId) {
                // Whoever cannot be sent to says so when it is sent to.
                let _unusable = self.sink(sink);
            }
            let clock = self.road.clock;
            clock.sleep_until(clock.now().boot + CREDENTIALS_EVERY).await;
        }
    }

    /// The sink as its credentials make it now.
    fn sink(&self, id: SinkId) -> Result<(Arc<dyn Sink>, &Lane), Why> {
        let (slot, lane) = self.sinks.get(id.0).ok_or(Why::Unconfigured)?;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.look() {
            // The engine is gone only when nobody tries anything again.
            let _gone = self.renewed.send(id);
        }
        Ok((slot.sink()?, lane))
    }

    /// Words a notification for its sink, sends it, and lets the sink judge what came back. Whether it may still begin is
    /// asked immediately before the first byte, and so is whether it is still `known` to the replica that wants it.
    pub(crate) async fn attempt(
        &self,
        sink: SinkId,
        notification: &Notification,
        (within, known): (SendWithin, &CancellationToken),
    ) -> Verdict {
        let verdict = match self.sink(sink) {
            Ok((to, lane)) => self.try_once((sink, to.as_ref(), lane), notification, (within, known)).await,
            Err(why) => Verdict::Reject(why),
        };
        if !matches!(verdict, Verdict::Retry { .. }) {
            self.tries.settled(sink, &notification.delivery);
        }
        verdict
    }

    async fn try_once(
        &self,
        (id, sink, lane): (SinkId, &dyn Sink, &Lane),
        notification: &Notification,
        (within, known): (SendWithin, &CancellationToken),
    ) -> Verdict {
        let clock = self.road.clock;
        let number = self.tries.next(id, &notification.delivery);
        let request = match sink.render(notification, &Attempt { number, wall: clock.now().stamp() }) {
            Ok(request) => request,
            Err(why) => return Verdict::Reject(why),
        };
        let begun = clock.now().boot;
        let held = within.leased.then(|| self.held.clone());
        let gate = Gate { clock, within, held, known: known.clone() };
        if gate.ask().is_err() {
            return Verdict::Late;
        }
        let until = gate.until(begun + TRY_TIMEOUT);
        let reply = match request {
            Request::Post(post) => lane.post(&self.road, post, (&gate, until)).await,
            Request::Line(line) => self.lines.write((clock, &gate), line, until).await,
        };
        let verdict = match reply {
            Ok(reply) => sink.classify(&reply),
            Err(Unsent::Why(why)) => Verdict::Reject(why),
            Err(Unsent::Late) => return Verdict::Late,
        };
        let now = clock.now();
        let done = verdict == Verdict::Done;
        self.telemetry.tried(sink.name(), done, now.boot.saturating_sub(begun));
        if done {
            self.telemetry.took(sink.name(), now.stamp().since(notification.decided));
        }
        verdict
    }
}
