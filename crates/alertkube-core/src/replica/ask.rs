//! Questions to a replica: read only.

use std::time::Duration;

use crate::alert::Phase;
use crate::enrich::report;
use crate::fact::Suppressed;
use crate::limits::PAGE_MAX;
use crate::notification::{Report, SinkId, Why};
use crate::own::SeatId;
use crate::replica::Replica;
use crate::replica::tenure::{Hold, Tenure};
use crate::time::Now;
use crate::watch::{Kind, KindId};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// How the replica is.
    Status,
    /// Alerts in the order of their fingerprints, from behind this one on.
    Alerts {
        /// The last fingerprint of the page before.
        after: Option<String>,
    },
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Question::Status`].
    Status(Box<Status>),
    /// To [`Question::Alerts`]: one page; a full page may be followed by more.
    Alerts(Vec<Standing>),
}

/// How a replica is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether telling has begun.
    pub telling: bool,
    /// The watched kinds.
    pub kinds: Vec<KindStatus>,
    /// Alerts that fire or resolve.
    pub active: usize,
    /// Alerts that hold, but not yet for long enough.
    pub pending: usize,
    /// Objects whose views are kept.
    pub kept: usize,
    /// The sinks.
    pub sinks: Vec<SinkStatus>,
    /// The seat.
    pub seat: SeatStatus,
}

/// How the seat of this process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatStatus {
    /// The seat.
    pub seat: SeatId,
    /// How many there are, as far as this process goes by it.
    pub total: u32,
    /// How many there should be, as its environment has it.
    pub wish: u32,
    /// Whether a Lease decides who serves it.
    pub elected: bool,
    /// Where this process stands with it.
    pub hold: Holding,
    /// The term of its stored state, while it is held.
    pub term: Option<u64>,
    /// Who serves it, as far as this process knows.
    pub holder: Option<String>,
    /// Boot instant since which it stands so.
    pub since: Duration,
    /// Whether what is told outlives this process.
    pub kept: bool,
    /// Why the store does not take what is written, while that is so.
    pub unsaved: Option<String>,
    /// Attempts that began and are not settled.
    pub in_doubt: usize,
    /// Other seats that nobody serves.
    pub uncovered: Vec<u32>,
    /// A process that was fenced and serves this seat as well.
    pub doubled: Option<String>,
}

/// Where a process stands with a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Another serves it, or nobody.
    Follows,
    /// Its stored state is being read.
    Opens,
    /// It is served here.
    Holds,
    /// It is held here, and there is nothing to tell: the layout in force has no such seat, or is not known yet.
    Waits,
    /// It is held here, and nothing is told while the number of seats changes.
    Changes,
    /// Another took it, and this process stays silent until it ends.
    Fenced,
    /// This process stops.
    Closes,
}

/// How the watch of a kind is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindStatus {
    /// The kind.
    pub kind: KindId,
    /// Whether its picture is live.
    pub live: bool,
    /// Why it is not heard of, in words.
    pub lost: Option<String>,
    /// How many objects of it are known.
    pub objects: usize,
}

/// How a sink is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkStatus {
    /// The sink's name.
    pub name: String,
    /// Messages that wait or are on their way.
    pub depth: usize,
    /// Messages that are on their way.
    pub in_flight: usize,
    /// Whether its breaker is open.
    pub breaker_open: bool,
    /// Problems, or their ends, that it refused to be told: dead letters, which are tried again.
    pub refused: usize,
}

/// One alert as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// `pending`, `firing`, `resolving` or `over`.
    pub phase: &'static str,
    /// Who holds it back, when it is due and not told.
    pub held: Option<Suppressed>,
    /// The sinks that have been told that it stands.
    pub told: Vec<String>,
    /// The sinks that refused what they ought to hear of it, and why.
    pub refused: Vec<(String, Why)>,
    /// What a sink would be told.
    pub report: Report,
}

impl Replica {
    /// Answers a question; it changes nothing.
    pub fn ask(&self, now: Now, question: &Question) -> Answer {
        match question {
            Question::Status => Answer::Status(Box::new(self.status())),
            Question::Alerts { after } => Answer::Alerts(self.standing(now, after.as_deref())),
        }
    }

    fn status(&self) -> Status {
        let (mut active, mut pending) = (0, 0);
        for (_, alert) in self.tracker.iter().filter(|(_, alert)| alert.condition.event.is_none()) {
            active += usize::from(alert.stands());
            pending += usize::from(matches!(alert.phase, Phase::Pending { .. }));
        }
        Status {
            telling: self.gate.open(),
            kinds: Kind::ALL.iter().filter_map(|kind| self.picture.status(kind.id)).collect(),
            active,
            pending,
            kept: self.picture.kept_count(),
            sinks: self
                .settings
                .sinks
                .iter()
                .zip(&self.lanes)
                .zip((0..).map(SinkId))
                .map(|((plan, lane), sink)| SinkStatus {
                    name: plan.name.clone(),
                    depth: lane.depth(),
                    in_flight: lane.in_flight(),
                    breaker_open: !lane.breaker.closed(),
                    refused: self.memory.refused(sink).count(),
                })
                .collect(),
            seat: self.seat_status(),
        }
    }

    fn seat_status(&self) -> SeatStatus {
        let Tenure { hold, term, holder, since, refused, ledger, .. } = &self.tenure;
        SeatStatus {
            seat: self.station.seat,
            total: self.layouts.total,
            wish: self.station.total,
            elected: self.station.election.is_some(),
            hold: match hold {
                Hold::Follows => Holding::Follows,
                Hold::Opens => Holding::Opens,
                Hold::Holds if self.layouts.changes() => Holding::Changes,
                Hold::Holds if !self.layouts.tells => Holding::Waits,
                Hold::Holds => Holding::Holds,
                Hold::Fenced => Holding::Fenced,
                Hold::Closes { .. } | Hold::Ended => Holding::Closes,
            },
            term: *term,
            holder: holder.clone(),
            since: *since,
            kept: ledger.is_some(),
            unsaved: refused.as_ref().map(|(_, why)| why.clone()),
            in_doubt: self.flights.len(),
            uncovered: self.uncovered(),
            doubled: self.doubled().map(str::to_owned),
        }
    }

    fn standing(&self, now: Now, after: Option<&str>) -> Vec<Standing> {
        let court = self.court(now);
        let wanted =
            self.tracker.iter().filter(|(fp, _)| after.is_none_or(|after| fp.to_string().as_str() > after));
        wanted
            .take(PAGE_MAX)
            .map(|(fp, alert)| {
                let told = self.memory.sinks(fp).filter(|(_, told)| told.open && !told.silent);
                let severity = court.relations.severity(alert);
                let refused =
                    self.memory.sinks(fp).filter_map(|(sink, told)| Some((sink, told.refused?.why)));
                Standing {
                    refused: refused
                        .map(|(sink, why)| (self.settings.sink(sink).name.clone(), why))
                        .collect(),
                    phase: phase_word(alert.phase),
                    held: self.held.get(&fp).cloned(),
                    told: told.map(|(sink, _)| self.settings.sink(sink).name.clone()).collect(),
                    report: report(&court, alert, severity, alert.opened),
                }
            })
            .collect()
    }
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending { .. } => "pending",
        Phase::Firing => "firing",
        Phase::Resolving { .. } => "resolving",
        Phase::Over => "over",
    }
}
