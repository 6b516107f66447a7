//! Stage 9, decide: what a sink must hear of an alert now, against what it has already been told.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, Fingerprint, Phase};
use crate::limits::REFUSED_RETRY;
use crate::notification::{Action, Digest, SinkId, Why};
use crate::settings::Behavior;
use crate::severity::Severity;
use crate::time::Stamp;

/// What one sink knows of one alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The episode it was told of.
    pub(crate) episode: Stamp,
    /// The severity it was told.
    pub(crate) severity: Severity,
    /// When it was last told that the problem stands.
    pub(crate) at: Stamp,
    /// How often in this episode it was told so: what tells its reminders and its end from each other, whatever a calendar
    /// says.
    pub(crate) times: u32,
    /// Told that it stands, and not yet that it ended.
    pub(crate) open: bool,
    /// The firing may have arrived or not: it is sent again, and its end is told in any case.
    pub(crate) doubt: bool,
    /// It was once in doubt: a late arrival may open it again after its end.
    pub(crate) doubted: bool,
    /// The end may have arrived or not: should the problem return, it is told anew.
    pub(crate) closing: bool,
    /// When the end is told once more, so that a late arrival of the firing cannot stay open.
    pub(crate) again: Option<Stamp>,
    /// Taken as told without a message (`firstRun: silent`): nothing more is said of this episode.
    pub(crate) silent: bool,
    /// The dead letter: when the sink last refused for good what is due, and why.
    pub(crate) refused: Option<Refused>,
    /// The digest that says it, or said it, while it is not known whether that arrived.
    pub(crate) digest: Option<InDigest>,
}

/// A refusal for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) at: Stamp,
    pub(crate) why: Why,
    /// Whether it is a reason to wait. One from before a restart is none, nor one whose cause has gone: settings,
    /// credentials or the sink may have changed.
    pub(crate) holds: bool,
}

/// A digest, by what it is of and by its delivery id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InDigest {
    pub(crate) digest: Digest,
    pub(crate) delivery: Fingerprint,
}

impl Told {
    /// What a sink knows of an episode that was told nothing.
    pub(crate) fn nothing(episode: Stamp, severity: Severity) -> Told {
        Told {
            episode,
            severity,
            at: Stamp::default(),
            times: 0,
            open: false,
            doubt: false,
            doubted: false,
            closing: false,
            again: None,
            silent: false,
            refused: None,
            digest: None,
        }
    }

    /// Whether all that is known of its sink is that it refused this episode.
    pub(crate) fn is_unheard(&self) -> bool {
        self.refused.is_some() && !self.open && !self.doubt && self.at == Stamp::default()
    }
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Tell it.
    Tell(Action),
    /// The end of something that was never said aloud: forget it.
    Drop,
    /// Held until then because its last message is too fresh.
    Muted(Stamp),
    /// Nothing before then.
    Wait(Stamp),
    /// Nothing.
    Nothing,
}

/// Decides for one alert, at the severity that counts, and one sink.
pub(crate) fn decide(
    behavior: &Behavior,
    alert: &Alert,
    severity: Severity,
    told: Option<&Told>,
    now: Stamp,
) -> Decision {
    let refused = told.and_then(|told| told.refused).filter(|refused| refused.holds);
    let refused = refused.map(|refused| refused.at.plus(REFUSED_RETRY));
    match (due(behavior, alert, severity, told, now), refused.filter(|until| now < *until)) {
        // The end is another message, which the sink may well take, unless that is what it refused.
        (Decision::Tell(action), Some(until))
            if action != Action::Resolved || told.is_some_and(|told| told.closing) =>
        {
            Decision::Wait(until)
        }
        (decision, _) => decision,
    }
}

fn due(behavior: &Behavior, alert: &Alert, severity: Severity, told: Option<&Told>, now: Stamp) -> Decision {
    let event = alert.condition.event.is_some();
    let firing = matches!(alert.phase, Phase::Firing);
    let heard = |told: &Told| told.episode == alert.opened && !told.doubt && told.refused.is_none();
    match told {
        Some(told) if event && heard(told) => Decision::Nothing,
        Some(told) if told.open && !told.doubt && told.silent => silent(alert),
        Some(told) if told.open && !event => open(behavior, alert, severity, told, now),
        Some(Told { again: Some(at), .. })
            if !alert.stands() && !matches!(alert.phase, Phase::Pending { .. }) =>
        {
            if *at <= now {
                Decision::Tell(Action::Resolved)
            } else {
                Decision::Wait(*at)
            }
        }
        Some(told) if firing && !event && !told.doubt && now < told.at.plus(behavior.mute) => {
            Decision::Muted(told.at.plus(behavior.mute))
        }
        _ if firing || (event && is_news(behavior, alert, now)) => Decision::Tell(Action::First),
        _ => Decision::Nothing,
    }
}

/// An event happened even if its object is gone: it is told until its time has passed, unless it was a line in the
/// message of something that is over.
pub(crate) fn is_news(behavior: &Behavior, alert: &Alert, now: Stamp) -> bool {
    alert.phase == Phase::Over && alert.explained.is_none() && now < alert.opened.plus(behavior.event_ttl)
}

fn silent(alert: &Alert) -> Decision {
    if alert.stands() { Decision::Nothing } else { Decision::Drop }
}

fn open(behavior: &Behavior, alert: &Alert, severity: Severity, told: &Told, now: Stamp) -> Decision {
    if !alert.stands() {
        return Decision::Tell(Action::Resolved);
    }
    if told.doubt {
        return Decision::Tell(Action::First);
    }
    if severity > told.severity {
        return Decision::Tell(Action::Raised);
    }
    let repeat = behavior.repeat.filter(|_| alert.phase == Phase::Firing);
    match repeat.map(|repeat| told.at.plus(repeat)) {
        Some(due) if due <= now => Decision::Tell(Action::Repeat),
        Some(due) => Decision::Wait(due),
        None => Decision::Nothing,
    }
}

/// Every told record, by alert and sink.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    told: BTreeMap<(Fingerprint, SinkId), Told>,
    /// What changed since that was last asked.
    touched: BTreeSet<(Fingerprint, SinkId)>,
    /// Records that hold a refusal.
    refused: BTreeSet<(SinkId, Fingerprint)>,
}

impl Memory {
    pub(crate) fn get(&self, fingerprint: Fingerprint, sink: SinkId) -> Option<&Told> {
        self.told.get(&(fingerprint, sink))
    }

    pub(crate) fn set(&mut self, fingerprint: Fingerprint, sink: SinkId, told: Told) {
        match told.refused {
            Some(_) => self.refused.insert((sink, fingerprint)),
            None => self.refused.remove(&(sink, fingerprint)),
        };
        self.told.insert((fingerprint, sink), told);
        self.touched.insert((fingerprint, sink));
    }

    /// An episode has another name than was thought.
    pub(crate) fn rename(&mut self, fingerprint: Fingerprint, from: Stamp, to: Stamp) {
        for ((_, sink), told) in
            self.told.range_mut((fingerprint, SinkId(0))..=(fingerprint, SinkId(usize::MAX)))
        {
            if told.episode == from && from != to {
                told.episode = to;
                self.touched.insert((fingerprint, *sink));
            }
        }
    }

    pub(crate) fn forget(&mut self, fingerprint: Fingerprint, sink: SinkId) {
        if self.told.remove(&(fingerprint, sink)).is_some() {
            self.refused.remove(&(sink, fingerprint));
            self.touched.insert((fingerprint, sink));
        }
    }

    /// The sinks that know something of an alert.
    pub(crate) fn sinks(&self, fingerprint: Fingerprint) -> impl Iterator<Item = (SinkId, &Told)> {
        self.told
            .range((fingerprint, SinkId(0))..=(fingerprint, SinkId(usize::MAX)))
            .map(|((_, sink), told)| (*sink, told))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fingerprint, SinkId, &Told)> {
        self.told.iter().map(|((fingerprint, sink), told)| (*fingerprint, *sink, told))
    }

    /// What a sink refuses, by why.
    pub(crate) fn refused(&self, sink: SinkId) -> impl Iterator<Item = (Fingerprint, Why)> + '_ {
        let of = self.refused.range((sink, Fingerprint::from_bits(0))..);
        let of = of.take_while(move |(other, _)| *other == sink);
        of.filter_map(|(sink, fingerprint)| Some((*fingerprint, self.get(*fingerprint, *sink)?.refused?.why)))
    }

    /// What a sink refused for such a reason need not wait any longer; gives what that is.
    pub(crate) fn forgive(&mut self, sink: SinkId, which: impl Fn(Why) -> bool) -> Vec<Fingerprint> {
        let forgiven = self.refused(sink).filter(|(_, why)| which(*why));
        let forgiven: Vec<_> = forgiven.map(|(fingerprint, _)| fingerprint).collect();
        for fingerprint in &forgiven {
            if let Some(refused) =
                self.told.get_mut(&(*fingerprint, sink)).and_then(|told| told.refused.as_mut())
            {
                refused.holds = false;
            }
        }
        forgiven
    }

    /// The wall clock was put back: what was told later than now was told now, or it would mute for long.
    pub(crate) fn clamp(&mut self, now: Stamp) {
        for told in self.told.values_mut() {
            told.at = told.at.min(now);
            told.refused = told.refused.map(|refused| Refused { at: refused.at.min(now), ..refused });
        }
    }

    /// Whether any sink waits to hear of the end, or to hear of it once more.
    pub(crate) fn open(&self, fingerprint: Fingerprint) -> bool {
        self.sinks(fingerprint).any(|(_, told)| told.open || told.again.is_some())
    }

    /// A record is to be written down though it did not change: an attempt about it begins.
    pub(crate) fn touch(&mut self, fingerprint: Fingerprint, sink: SinkId) {
        self.touched.insert((fingerprint, sink));
    }

    /// What changed since this was last asked.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<(Fingerprint, SinkId)> {
        std::mem::take(&mut self.touched)
    }
}
