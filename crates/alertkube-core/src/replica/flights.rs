//! Attempts that are on their way, by number and by what they are about.

use std::collections::{BTreeMap, BTreeSet};

use super::sending::Flight;
use crate::alert::Fingerprint;
use crate::notification::{AttemptId, SinkId};

/// Attempts on their way. About one alert there is one at a sink, or two where a digest goes beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    by_number: BTreeMap<AttemptId, Flight>,
    about: BTreeSet<(Fingerprint, SinkId, AttemptId)>,
}

impl Flights {
    pub(super) fn insert(&mut self, attempt: AttemptId, flight: Flight) {
        self.about.extend(flight.members.iter().map(|member| (member.fingerprint, flight.sink, attempt)));
        self.by_number.insert(attempt, flight);
    }

    pub(super) fn remove(&mut self, attempt: AttemptId) -> Option<Flight> {
        let flight = self.by_number.remove(&attempt)?;
        for member in &flight.members {
            self.about.remove(&(member.fingerprint, flight.sink, attempt));
        }
        Some(flight)
    }

    pub(super) fn get(&self, attempt: AttemptId) -> Option<&Flight> {
        self.by_number.get(&attempt)
    }

    pub(super) fn get_mut(&mut self, attempt: AttemptId) -> Option<&mut Flight> {
        self.by_number.get_mut(&attempt)
    }

    /// The attempts about this alert at this sink, as they departed.
    pub(super) fn about(
        &self,
        fingerprint: Fingerprint,
        sink: SinkId,
    ) -> impl Iterator<Item = (AttemptId, &Flight)> {
        let all = (fingerprint, sink, AttemptId(0))..=(fingerprint, sink, AttemptId(u64::MAX));
        self.about.range(all).filter_map(|(.., attempt)| Some((*attempt, self.by_number.get(attempt)?)))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Flight> {
        self.by_number.values()
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }
}
