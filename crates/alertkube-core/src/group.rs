//! Stage 6, group: several problems in one message. So far: what already stood when a first run began.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::Fingerprint;
use crate::limits::DIGEST_REPORTS_MAX;
use crate::notification::SinkId;
use crate::severity::Severity;

/// What stood when a first run began, and which of it waits inside a digest.
#[derive(Debug, Default)]
pub(crate) struct FirstRunStock {
    standing: BTreeSet<Fingerprint>,
    /// When the digest is made, on the boot clock.
    due: Option<Duration>,
    digesting: BTreeMap<SinkId, BTreeSet<Fingerprint>>,
}

impl FirstRunStock {
    /// A part of the picture is complete for the first time: this is what stood, to be told at `due`, or together
    /// with what waits already. Gives when.
    pub(crate) fn open(
        &mut self,
        standing: impl IntoIterator<Item = Fingerprint>,
        due: Duration,
    ) -> Duration {
        self.standing.extend(standing);
        *self.due.get_or_insert(due)
    }

    pub(crate) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Whether an alert is left to the digest, at this sink.
    pub(crate) fn keeps(&self, fingerprint: Fingerprint, sink: SinkId) -> bool {
        (self.due.is_some() && self.standing.contains(&fingerprint))
            || self.digesting.get(&sink).is_some_and(|set| set.contains(&fingerprint))
    }

    /// The digest is made now: gives what stood; what is still pending is told by itself when it fires.
    pub(crate) fn close(&mut self) -> BTreeSet<Fingerprint> {
        self.due = None;
        std::mem::take(&mut self.standing)
    }

    /// Puts alerts into digests for a sink, worst first, none larger than the bound.
    pub(crate) fn digest(
        &mut self,
        sink: SinkId,
        mut members: Vec<(Severity, Fingerprint)>,
    ) -> Vec<Vec<Fingerprint>> {
        members.sort_by_key(|(severity, fingerprint)| (std::cmp::Reverse(*severity), *fingerprint));
        let members: Vec<_> = members.into_iter().map(|(_, fingerprint)| fingerprint).collect();
        self.keep(sink, &members);
        members.chunks(DIGEST_REPORTS_MAX).map(<[Fingerprint]>::to_vec).collect()
    }

    /// A digest is tried again: until then its members are not told by themselves.
    pub(crate) fn keep(&mut self, sink: SinkId, members: &[Fingerprint]) {
        self.digesting.entry(sink).or_default().extend(members.iter().copied());
    }

    /// A digest was told, or fell apart: its members stand for themselves again.
    pub(crate) fn release(&mut self, sink: SinkId, members: &[Fingerprint]) {
        if let Some(set) = self.digesting.get_mut(&sink) {
            for member in members {
                set.remove(member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_worst_first_bounded_and_keeps_its_members_until_released() {
        let mut stock = FirstRunStock::default();
        let name = |n: usize| Fingerprint::of("Pod", "a", &n.to_string(), "R");
        let members: Vec<_> = (0..=DIGEST_REPORTS_MAX)
            .map(|n| (if n == 7 { Severity::Critical } else { Severity::Info }, name(n)))
            .collect();
        let digests = stock.digest(SinkId(0), members);
        assert_eq!(digests.iter().map(Vec::len).collect::<Vec<_>>(), [DIGEST_REPORTS_MAX, 1]);
        assert_eq!(digests[0][0], name(7));
        assert!(stock.keeps(name(7), SinkId(0)) && !stock.keeps(name(7), SinkId(1)));
        stock.release(SinkId(0), &digests[0]);
        assert!(!stock.keeps(name(7), SinkId(0)));
        stock.keep(SinkId(0), &digests[0]);
        assert!(stock.keeps(name(7), SinkId(0)));
    }
}
