//! What the outside learns of the inside: one table turns each fact into a log line and a counter.

pub(crate) mod logs;

mod book;
mod facts;
mod metrics;
mod process;

#[cfg(test)]
mod tests;

use std::time::Duration;

use alertkube_core::{Holding, Kind, KindId, Part, SeatStatus, Status, StoreTrouble};
use prometheus_client::metrics::gauge::Gauge;

use self::metrics::Metrics;

/// Why an alert may be held back: our words, and those of the reference that this build does not need.
const HOLDERS: [&str; 11] = [
    "startup",
    "silenced",
    "inhibited",
    "explained",
    "muted",
    "foreign_shard",
    "unrouted",
    "maintenance",
    "grouped",
    "ratelimited",
    "circuit_open",
];

/// Logs and counts.
pub(crate) struct Telemetry {
    metrics: Metrics,
}

impl Telemetry {
    /// Everything at zero, for these sinks.
    pub(crate) fn new<'a>(version: &str, sinks: impl IntoIterator<Item = &'a str>) -> Telemetry {
        let metrics = Metrics::new();
        metrics.process.build.set([version], 1);
        HOLDERS.iter().for_each(|holder| metrics.alerts.suppressed.add([holder], 0));
        for kind in Kind::ALL {
            metrics.watch.live.set([kind.name], 0);
            metrics.watch.unreadable.add([kind.name], 0);
        }
        for sink in sinks {
            metrics.sinks.errors.add([sink], 0);
            metrics.sinks.folded.add([sink], 0);
            metrics.sinks.unconfigured.add([sink], 0);
            metrics.sinks.breaker.set([sink], 0);
            metrics.sinks.refused.set([sink], 0);
            metrics.sinks.in_flight.set([sink], 0);
            metrics.sinks.depth.set([sink], 0);
        }
        Telemetry { metrics }
    }

    /// These sinks would be told by default, had they a credential.
    pub(crate) fn left_out(&self, sinks: &[&'static str]) {
        for sink in sinks {
            self.metrics.sinks.left_out.set([sink], 1);
        }
    }

    /// One try at a sink is over.
    pub(crate) fn tried(&self, sink: &str, done: bool, took: Duration) {
        let result = if done { "ok" } else { "error" };
        self.metrics.sinks.send.observe([sink, result], took.as_secs_f64());
    }

    /// A sink took a message this long after it was decided what to tell.
    pub(crate) fn took(&self, sink: &str, since_decided: Duration) {
        self.metrics.sinks.delivery.observe([sink], since_decided.as_secs_f64());
    }

    /// Objects or lines of a kind were passed over; `last` says what was wrong with the last of them.
    pub(crate) fn unreadable(&self, kind: KindId, count: u64, last: &str) {
        tracing::warn!(%kind, count, last, "objects were passed over because they cannot be read");
        self.metrics.watch.unreadable.add([Kind::of(kind).name], count);
    }

    /// The state of the replica, once in a while.
    pub(crate) fn status(&self, status: &Status) {
        // Destructured, so that a new figure cannot be forgotten.
        let Status { telling, kinds, active, pending, kept, sinks, seat } = status;
        self.seat(seat);
        let Metrics { alerts, sinks: sending, watch, .. } = &self.metrics;
        set(&watch.telling, usize::from(*telling));
        set(&alerts.active, *active);
        set(&alerts.pending, *pending);
        set(&watch.kept, *kept);
        for kind in kinds {
            let name = Kind::of(kind.kind).name;
            watch.live.set([name], i64::from(kind.live));
            watch.objects.set([name], whole(kind.objects));
        }
        let (mut waiting, mut unsettled) = (0, 0);
        for sink in sinks {
            let waits = sink.depth.saturating_sub(sink.in_flight);
            sending.in_flight.set([&sink.name], whole(sink.in_flight));
            sending.depth.set([&sink.name], whole(waits));
            sending.breaker.set([&sink.name], i64::from(sink.breaker_open));
            sending.refused.set([&sink.name], whole(sink.refused));
            waiting += waits;
            unsettled += sink.depth;
        }
        set(&sending.queued, waiting);
        set(&sending.unsettled, unsettled);
    }

    fn seat(&self, status: &SeatStatus) {
        let seats = &self.metrics.seats;
        let holds = status.hold == Holding::Holds;
        let name = status.seat.0.to_string();
        seats.leader.set(i64::from(holds));
        seats.held.set([&name], i64::from(holds));
        let term = status.term.filter(|_| holds).unwrap_or(0);
        seats.term.set([&name], i64::try_from(term).unwrap_or(i64::MAX));
        seats.unsaved.set(i64::from(status.unsaved.is_some()));
        set(&seats.in_doubt, status.in_doubt);
        set(&seats.shards, usize::try_from(status.total).unwrap_or(usize::MAX));
        set(&seats.uncovered, status.uncovered.len());
        let fenced = status.hold == Holding::Fenced && status.total > 1;
        seats.doubled.set(i64::from(status.doubled.is_some() || fenced));
    }

    /// A write of stored state ended after this long.
    pub(crate) fn wrote(&self, part: Part, bytes: usize, took: Duration, trouble: Option<&StoreTrouble>) {
        let seats = &self.metrics.seats;
        let (word, result) = match trouble {
            None => ("ok", "ok"),
            Some(StoreTrouble::Conflict) => ("conflict", "error"),
            Some(StoreTrouble::Refused { .. }) => ("refused", "error"),
            Some(StoreTrouble::Unknown(_)) => ("unknown", "error"),
        };
        let name = match part {
            Part::Head => "head",
            Part::Segment(_) => "journal",
            Part::Bucket(_) => "bucket",
        };
        seats.writes.add([name, word], 1);
        if part == Part::Head {
            seats.commits.observe([result], took.as_secs_f64());
            set(&seats.bytes, bytes);
        }
    }

    /// All metrics in the plain text format of Prometheus, version 0.0.4.
    pub(crate) fn text(&self) -> String {
        let process = &self.metrics.process;
        if let Some(bytes) = process::resident_bytes() {
            process.resident.set(bytes);
        }
        if let Some(seconds) = process::cpu_seconds() {
            // Two scrapes at once may both add a little; the next one is right again, since it adds what is missing.
            process.cpu.inc_by((seconds - process.cpu.get()).max(0.0));
        }
        self.metrics.book.text()
    }
}

fn set(gauge: &Gauge, to: usize) {
    gauge.set(whole(to));
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
