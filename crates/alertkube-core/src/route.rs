//! Stage 5, route: which sinks an alert goes to, by the first route that matches and what each sink takes.

use crate::alert::Face;
use crate::notification::{SinkClass, SinkId};
use crate::settings::Settings;
use crate::severity::Severity;

/// The sinks of an alert; what concerns a failing sink never goes to that sink alone.
pub(crate) fn route<'a>(settings: &'a Settings, face: &Face<'_>) -> Routed<'a> {
    let matching = settings.routes.iter().find(|route| route.matcher.matches(face));
    Routed {
        settings,
        named: matching.map_or(settings.default_sinks.as_slice(), |route| route.sinks.as_slice()),
        severity: face.severity,
        event: face.alert.condition.event.is_some(),
    }
}

/// Where an alert goes: of the sinks that its route names, those that take it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routed<'a> {
    settings: &'a Settings,
    named: &'a [SinkId],
    severity: Severity,
    event: bool,
}

impl Routed<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        !self.named.iter().any(|sink| self.taken_by(*sink))
    }

    pub(crate) fn to_vec(self) -> Vec<SinkId> {
        self.named.iter().copied().filter(|sink| self.taken_by(*sink)).collect()
    }

    /// A keyed sink opens an incident for whatever it is told, and an event has no end that would close it.
    fn taken_by(&self, sink: SinkId) -> bool {
        let closes = !self.event || self.settings.sink(sink).class != SinkClass::Keyed;
        closes && self.settings.takes(sink, self.severity)
    }
}

/// The sinks of an alert about the failing sink itself: all others that any route names, else every other sink; of
/// those the ones that take it.
pub(crate) fn around(settings: &Settings, routed: Routed<'_>, failing: &str) -> Vec<SinkId> {
    let other = |id: &SinkId| settings.sink(*id).name != failing && routed.taken_by(*id);
    let chosen: Vec<SinkId> = routed.named.iter().copied().filter(other).collect();
    if !chosen.is_empty() {
        return chosen;
    }
    let mut named: Vec<SinkId> =
        settings.routes.iter().flat_map(|route| route.sinks.iter().copied()).collect();
    named.extend(settings.default_sinks.iter().copied());
    named.retain(other);
    named.sort();
    named.dedup();
    if named.is_empty() { (0..settings.sinks.len()).map(SinkId).filter(other).collect() } else { named }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use super::*;
    use crate::alert::{Alert, Fingerprint, Phase, Subject};
    use crate::detect::{Finding, find_condition};
    use crate::settings::{Rate, SinkPlan};
    use crate::time::Stamp;

    const CHAT: SinkId = SinkId(0);
    const KEYED: SinkId = SinkId(1);

    /// A chat sink and a keyed one; the keyed one takes what is critical.
    fn settings() -> Settings {
        let sink = |name: &str, class| SinkPlan {
            name: name.to_owned(),
            class,
            rate: Rate { per_second: 1.0, burst: 5 },
        };
        let sinks = vec![sink("chat", SinkClass::Chat), sink("keyed", SinkClass::Keyed)];
        let severities = BTreeMap::from([(KEYED, BTreeSet::from([Severity::Critical]))]);
        Settings { severities, ..Settings::with_sinks(sinks) }
    }

    fn alert(kind: &str, reason: &str) -> Alert {
        let condition = find_condition(kind, reason).expect("a condition");
        Alert {
            fingerprint: Fingerprint::of(kind, "shop", "a", reason),
            condition,
            subject: Arc::new(Subject { kind: condition.kind, ..Subject::default() }),
            finding: Finding {
                since: None,
                until: None,
                shown: None,
                text: String::new(),
                parts: Vec::new(),
            },
            severity: condition.severity,
            since: Stamp::default(),
            phase: Phase::Firing,
            opened: Stamp::default(),
            ended: None,
            deleted: false,
            flapping: false,
            explained: None,
            inherited: None,
        }
    }

    fn sinks(settings: &Settings, alert: &Alert, severity: Severity) -> Vec<SinkId> {
        let routed = route(settings, &Face { alert, severity });
        assert_eq!(routed.is_empty(), routed.to_vec().is_empty());
        routed.to_vec()
    }

    #[test]
    fn a_sink_is_told_the_severities_that_it_takes_and_no_others() {
        let (settings, alert) = (settings(), alert("Pod", "CrashLoopBackOff"));
        assert_eq!(sinks(&settings, &alert, Severity::Critical), [CHAT, KEYED]);
        assert_eq!(sinks(&settings, &alert, Severity::Warning), [CHAT]);
        let all = Settings { severities: BTreeMap::new(), ..settings };
        assert_eq!(sinks(&all, &alert, Severity::Info), [CHAT, KEYED]);
    }

    #[test]
    fn an_alert_that_no_sink_takes_goes_nowhere() {
        let only = Settings { default_sinks: vec![KEYED], ..settings() };
        let alert = alert("Pod", "CrashLoopBackOff");
        assert_eq!(sinks(&only, &alert, Severity::Warning), []);
        assert_eq!(sinks(&only, &alert, Severity::Critical), [KEYED]);
    }

    #[test]
    fn an_event_opens_no_incident_that_nothing_would_close() {
        let event = alert("Pod", "ContainerRestart");
        assert_eq!(sinks(&settings(), &event, Severity::Critical), [CHAT]);
    }

    #[test]
    fn what_concerns_a_failing_sink_goes_around_it_to_those_that_take_it() {
        let settings = settings();
        let alert = alert("Alertkube", "SinkFailing");
        let past = |severity, failing| {
            around(&settings, route(&settings, &Face { alert: &alert, severity }), failing)
        };
        assert_eq!(past(Severity::Warning, "keyed"), [CHAT]);
        assert_eq!(past(Severity::Critical, "chat"), [KEYED]);
        assert_eq!(past(Severity::Warning, "chat"), []);
    }
}
