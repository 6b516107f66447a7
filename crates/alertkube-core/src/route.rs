//! Stage 5, route: which sinks an alert goes to, by the first route that matches.

use crate::alert::Face;
use crate::notification::SinkId;
use crate::settings::Settings;

/// The sinks of an alert; what concerns a failing sink never goes to that sink alone.
pub(crate) fn route<'a>(settings: &'a Settings, face: &Face<'_>) -> &'a [SinkId] {
    let matching = settings.routes.iter().find(|route| route.matcher.matches(face));
    matching.map_or(settings.default_sinks.as_slice(), |route| route.sinks.as_slice())
}

/// The sinks of an alert about the failing sink itself: all others that any route names, else every other sink.
pub(crate) fn around(settings: &Settings, sinks: &[SinkId], failing: &str) -> Vec<SinkId> {
    let other = |id: &SinkId| settings.sink(*id).name != failing;
    let routed: Vec<SinkId> = sinks.iter().copied().filter(other).collect();
    if !routed.is_empty() {
        return routed;
    }
    let mut named: Vec<SinkId> =
        settings.routes.iter().flat_map(|route| route.sinks.iter().copied()).collect();
    named.extend(settings.default_sinks.iter().copied());
    named.retain(other);
    named.sort();
    named.dedup();
    if named.is_empty() { (0..settings.sinks.len()).map(SinkId).filter(other).collect() } else { named }
}
