//! Stage 6, group: several problems in one message. Here: what already stood when a first run began; a backlog is folded
//! by its lane, when it is taken.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::alert::Fingerprint;
use crate::limits::DIGEST_REPORTS_MAX;
use crate::severity::Severity;

/// What stood when a first run began, until it is told.
#[derive(Debug, Default)]
pub(crate) struct FirstRunStock {
    standing: BTreeSet<Fingerprint>,
    /// When the digest is made, on the boot clock.
    due: Option<Duration>,
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

    /// Whether an alert is left to the digest.
    pub(crate) fn keeps(&self, fingerprint: Fingerprint) -> bool {
        self.due.is_some() && self.standing.contains(&fingerprint)
    }

    /// The digest is made now: gives what stood; what is still pending is told by itself when it fires.
    pub(crate) fn close(&mut self) -> BTreeSet<Fingerprint> {
        self.due = None;
        std::mem::take(&mut self.standing)
    }
}

/// Cuts alerts into digests, worst first, none larger than the bound.
pub(crate) fn digests(mut members: Vec<(Severity, Fingerprint)>) -> Vec<Vec<Fingerprint>> {
    members.sort_by_key(|(severity, fingerprint)| (std::cmp::Reverse(*severity), *fingerprint));
    let members: Vec<_> = members.into_iter().map(|(_, fingerprint)| fingerprint).collect();
    members.chunks(DIGEST_REPORTS_MAX).map(<[Fingerprint]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_worst_first_and_bounded() {
        let name = |n: usize| Fingerprint::of("Pod", "a", &n.to_string(), "R");
        let members: Vec<_> = (0..=DIGEST_REPORTS_MAX)
            .map(|n| (if n == 7 { Severity::Critical } else { Severity::Info }, name(n)))
            .collect();
        let digests = digests(members);
        assert_eq!(digests.iter().map(Vec::len).collect::<Vec<_>>(), [DIGEST_REPORTS_MAX, 1]);
        assert_eq!(digests[0][0], name(7));
    }
}
