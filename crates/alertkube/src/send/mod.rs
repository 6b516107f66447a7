//! The only code that opens a socket outward: a notification and its sink to a verdict.

mod gate;
mod line;
mod post;
mod proxy;
mod resolve;
mod tries;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use alertkube_core::{Notification, SendWithin, SinkId, Verdict, Why};
use alertkube_sinks::{Attempt, Request, Sink};

use self::gate::{Gate, Unsent};
use self::line::Lines;
use self::post::{Lane, Road};
use self::proxy::Proxies;
use self::resolve::Lookup;
use self::tries::Tries;
use crate::clock::Clock;
use crate::env::Environment;
use crate::lease::HeldUntil;
use crate::limits::TRY_TIMEOUT;
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
    sinks: Vec<(Arc<dyn Sink>, Lane)>,
    road: Road,
    lines: Lines,
    tries: Tries,
    held: HeldUntil,
    telemetry: Arc<Telemetry>,
}

impl Sender {
    /// A sender for these sinks; [`SinkId`] is the place in the list.
    pub(crate) fn new(
        sinks: Vec<Arc<dyn Sink>>,
        clock: Clock,
        outward: Outward,
        (held, telemetry): (HeldUntil, Arc<Telemetry>),
    ) -> Sender {
        install_crypto();
        let Outward { proxies, lookup, lines } = outward;
        let sinks = sinks.into_iter().map(|sink| (sink, Lane::default())).collect();
        let road = Road { clock, proxies, lookup };
        Sender { sinks, road, lines, tries: Tries::default(), held, telemetry }
    }

    /// Words a notification for its sink, sends it, and lets the sink judge what came back. Whether it may still begin is
    /// asked immediately before the first byte.
    pub(crate) async fn attempt(
        &self,
        sink: SinkId,
        notification: &Notification,
        within: SendWithin,
    ) -> Verdict {
        let verdict = match self.sinks.get(sink.0) {
            Some((to, lane)) => self.try_once((sink, to.as_ref(), lane), notification, within).await,
            None => Verdict::Reject(Why::Unconfigured),
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
        within: SendWithin,
    ) -> Verdict {
        let clock = self.road.clock;
        let number = self.tries.next(id, &notification.delivery);
        let request = match sink.render(notification, &Attempt { number, wall: clock.now().stamp() }) {
            Ok(request) => request,
            Err(why) => return Verdict::Reject(why),
        };
        let begun = clock.now().boot;
        let gate = Gate { clock, within, held: within.leased.then(|| self.held.clone()) };
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
