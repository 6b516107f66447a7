//! The table of facts. Info is a state change that a user cares about, a warning is for tomorrow, an error is broken
//! now; whatever is said once for each of a thousand effects is debug.

use alertkube_core::{About, Action, Fact, Kind, KindId, LeaseNews, LostWhy, SeatFact, Suppressed, Why};
use tracing::{debug, error, info, warn};

use super::Telemetry;

impl Telemetry {
    /// Logs and counts one fact.
    pub(crate) fn record(&self, fact: &Fact) {
        match fact {
            Fact::KindLive { kind, objects } => info!(%kind, objects, "kind is listed and watched"),
            Fact::KindLost { kind, why, first } => self.kind_lost(*kind, why, *first),
            Fact::GateOpened { missing } => gate_opened(missing),
            Fact::Fired(about) => self.fired(about),
            Fact::Ended(about) => self.ended(about),
            Fact::Held { about, by } => self.held(about, by),
            Fact::Sending { sink, action, delivery, reports, about } => {
                let about = about.as_ref().map(name);
                debug!(sink, action = action.as_str(), delivery, reports, about, "sending");
            }
            Fact::Delivered { sink, action, delivery, attempts, reports } => {
                info!(sink, action = action.as_str(), delivery, attempts, reports, "delivered");
                if matches!(action, Action::Digest(_)) {
                    self.metrics.sinks.folded.add([sink], u64::try_from(*reports).unwrap_or(u64::MAX));
                }
                self.metrics.sinks.delivered.add([sink, action.as_str()], 1);
            }
            Fact::Retrying { sink, delivery, why, seconds } => {
                warn!(
                    sink,
                    delivery,
                    why = why.as_str(),
                    in_seconds = seconds,
                    "a try failed and will be repeated"
                );
                self.metrics.sinks.retries.add([sink, why.as_str()], 1);
                self.failed(sink, *why);
            }
            Fact::DeadLetter { sink, delivery, why } => {
                error!(sink, delivery, why = why.as_str(), "a sink refused a message for good");
                self.metrics.sinks.dead.inc();
                self.failed(sink, *why);
            }
            Fact::Breaker { sink, open } => self.breaker(sink, *open),
            Fact::Quarantined { kind, namespace, name } => {
                error!(%kind, namespace, name, "a condition panicked on this object; it is no longer looked at");
                self.metrics.alerts.quarantined.inc();
            }
            Fact::Seat(fact) => self.record_seat(fact),
            Fact::Bound(bound) => {
                warn!(bound, "a bound was reached");
                self.metrics.alerts.bounds.add([bound], 1);
            }
        }
    }

    /// An outage of the server is one line, not one for each kind.
    fn kind_lost(&self, kind: KindId, why: &LostWhy, first: bool) {
        match (why.is_away(), first) {
            (true, true) => warn!(%kind, %why, "the API server is not heard of; nothing ends until it is"),
            (true, false) => debug!(%kind, %why, "kind is not heard of either"),
            (false, _) => {
                warn!(%kind, %why, "kind is not heard of; its alerts neither fire nor end until it is")
            }
        }
        self.metrics.watch.lost.add([Kind::of(kind).name, why.label()], 1);
    }

    fn record_seat(&self, fact: &SeatFact) {
        match fact {
            SeatFact::Held { seat, term, alerts, first } => self.seat_held(seat.0, *term, *alerts, *first),
            SeatFact::Waits { seat } => {
                info!(seat = seat.0, "nothing is told from this seat before the layout has it");
            }
            SeatFact::Silent { seat, total } => {
                info!(seat = seat.0, total, "nothing is told while the number of shards changes");
            }
            SeatFact::Leaves { seat, holder } => {
                warn!(seat = seat.0, holder, "the elected holder lives; this replica leaves the seat to it");
            }
            SeatFact::Outdated { seat } => {
                info!(seat = seat.0, "what is seen is behind the stored state: everything is listed anew");
            }
            SeatFact::Relaid { seat, total, alerts, silent } => {
                let silent = silent.as_secs_f64();
                info!(
                    seat = seat.0,
                    total, alerts, silent, "this share of so many shards is told from now on"
                );
                self.metrics.seats.relaid.inc();
            }
            SeatFact::CalledOff { seat } => {
                warn!(seat = seat.0, "the change of the number of shards is called off; it is tried again");
            }
            SeatFact::Lost { seat, why } => {
                warn!(seat = seat.0, why, "the Lease is lost; this replica stops telling and follows");
                self.metrics.seats.lost.inc();
            }
            SeatFact::Fenced { seat, term, by } => {
                error!(
                    seat = seat.0,
                    term, by, "another replica has sealed the state; this one stops telling"
                );
                self.metrics.seats.fenced.inc();
            }
            SeatFact::Refused { why } => {
                error!(why, "the store does not take what is written; it is tried again");
                self.metrics.seats.refused.inc();
            }
            SeatFact::Unheard { why } => warn!(why, "the store does not answer; it is tried again"),
            SeatFact::Saved => info!("the store takes what is written again"),
            SeatFact::Unreadable { why } => error!(why, "stored state cannot be read and is left as it is"),
            SeatFact::SetAside { part, why } => {
                error!(
                    part,
                    why, "a part of the stored state could not be read and was set aside; the rest is used"
                );
            }
            SeatFact::Mended { what } => {
                warn!(what, "stored state was changed by another hand and is written anew")
            }
            SeatFact::Migrated { alerts, unseen, pending, silences, left_out } => {
                let what = "the snapshot of the Go program was read; what it told is not told again";
                info!(alerts, unseen, pending, left_out, "{what}");
                if *silences > 0 {
                    warn!(silences, "silences that were set in the Go program at run time are gone");
                }
            }
            SeatFact::NotMigrated { why } => {
                error!(why, "the snapshot of the Go program cannot be read; what it told is told again");
            }
            SeatFact::Strange(count) => {
                warn!(count, "stored facts about what is not known here are left alone")
            }
            SeatFact::Undurable { sink } => {
                warn!(sink, "a message is sent though the store did not take its intent");
                self.metrics.seats.undurable.add([sink], 1);
            }
        }
    }

    /// Counts what the election says; it logs for itself.
    pub(crate) fn lease(&self, news: &LeaseNews) {
        if matches!(news, LeaseNews::Foreign { .. } | LeaseNews::Held { .. }) {
            self.metrics.seats.foreign.set(i64::from(matches!(news, LeaseNews::Foreign { .. })));
        }
    }

    fn seat_held(&self, seat: u32, term: Option<u64>, alerts: usize, first: bool) {
        match (term, first) {
            (Some(term), true) => info!(seat, term, "the seat is held; there was no stored state"),
            (Some(term), false) => info!(seat, term, alerts, "the seat is held; its stored state is read"),
            (None, _) => info!(seat, "the seat is held; nothing of it is stored"),
        }
        self.metrics.seats.takeovers.inc();
    }

    fn fired(&self, about: &About) {
        let About { fingerprint, kind, namespace, name, reason, severity } = about;
        info!(fingerprint, kind, namespace, name, reason, %severity, "alert fires");
        self.metrics.alerts.fired.add([kind, severity.as_str(), reason], 1);
    }

    fn ended(&self, about: &About) {
        let About { fingerprint, kind, namespace, name, reason, severity } = about;
        info!(fingerprint, kind, namespace, name, reason, %severity, "alert ended");
        self.metrics.alerts.ended.add([kind, severity.as_str(), reason], 1);
    }

    fn held(&self, about: &About, by: &Suppressed) {
        let (fingerprint, alert, reason) = (&about.fingerprint, name(about), by.as_str());
        match by {
            Suppressed::Inhibited(cause) => info!(fingerprint, alert, reason, cause, "alert is held back"),
            Suppressed::Explained(cause) => debug!(fingerprint, alert, reason, cause, "alert is held back"),
            Suppressed::Silenced | Suppressed::Muted | Suppressed::Unrouted => {
                info!(fingerprint, alert, reason, "alert is held back");
            }
            Suppressed::Startup | Suppressed::Foreign => {
                debug!(fingerprint, alert, reason, "alert is held back")
            }
        }
        self.metrics.alerts.suppressed.add([reason], 1);
    }

    fn failed(&self, sink: &str, why: Why) {
        self.metrics.sinks.errors.add([sink], 1);
        if why == Why::Unconfigured {
            self.metrics.sinks.unconfigured.add([sink], 1);
        }
    }

    fn breaker(&self, sink: &str, open: bool) {
        if open {
            error!(sink, "a sink keeps failing; its breaker is open and it is only probed");
        } else {
            info!(sink, "a sink works again; its breaker is closed");
        }
        self.metrics.sinks.breaker.set([sink], i64::from(open));
    }
}

fn gate_opened(missing: &[KindId]) {
    if missing.is_empty() {
        info!("the picture is complete; telling begins");
    } else {
        let missing: Vec<&str> = missing.iter().map(|kind| Kind::of(*kind).name).collect();
        warn!(missing = missing.join(", "), "telling begins without these kinds, which are not synced");
    }
}

/// `Pod shop/web-0: OOMKilled`
fn name(about: &About) -> String {
    let slash = if about.namespace.is_empty() { "" } else { "/" };
    format!("{} {}{slash}{}: {}", about.kind, about.namespace, about.name, about.reason)
}
