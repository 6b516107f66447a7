//! Who waits for whom: when an alert changes, whatever it holds back is found without a search.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::Fingerprint;

/// How one alert holds another back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It explains it, and stands.
    Explains,
    /// It may explain it, but is only pending.
    MayExplain,
    /// It is the source of an inhibition.
    Inhibits,
}

/// Every hold, from both ends. What an alert waits for is replaced as a whole, so that nothing of it is left behind.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    by_cause: BTreeMap<Fingerprint, BTreeMap<Fingerprint, Hold>>,
    by_effect: BTreeMap<Fingerprint, Vec<Fingerprint>>,
    /// Those that wait for a cause that is only pending.
    pending: BTreeSet<Fingerprint>,
}

impl Holders {
    /// Notes all that an alert waits for now; nothing for one that waits no longer.
    pub(crate) fn set(&mut self, effect: Fingerprint, causes: &[(Fingerprint, Hold)]) {
        for cause in self.by_effect.remove(&effect).unwrap_or_default() {
            if let Some(waiting) = self.by_cause.get_mut(&cause) {
                waiting.remove(&effect);
                if waiting.is_empty() {
                    self.by_cause.remove(&cause);
                }
            }
        }
        self.pending.remove(&effect);
        if causes.is_empty() {
            return;
        }
        if causes.iter().any(|(_, hold)| *hold == Hold::MayExplain) {
            self.pending.insert(effect);
        }
        for (cause, hold) in causes {
            self.by_cause.entry(*cause).or_default().insert(effect, *hold);
        }
        self.by_effect.insert(effect, causes.iter().map(|(cause, _)| *cause).collect());
    }

    /// What an alert waits for.
    pub(crate) fn causes_of(&self, effect: Fingerprint) -> impl Iterator<Item = Fingerprint> + '_ {
        self.by_effect.get(&effect).into_iter().flatten().copied()
    }

    /// All that waits for this alert.
    pub(crate) fn waiting_for(&self, cause: Fingerprint) -> Vec<(Fingerprint, Hold)> {
        let waiting = self.by_cause.get(&cause).into_iter().flatten();
        waiting.map(|(effect, hold)| (*effect, *hold)).collect()
    }

    /// Whether an alert waits for a cause that is only pending.
    pub(crate) fn waits_for_pending(&self, effect: Fingerprint) -> bool {
        self.pending.contains(&effect)
    }

    /// Whether any alert does: in a quiet cluster none.
    pub(crate) fn any_waits_for_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether anything waits for this alert.
    pub(crate) fn holds_any(&self, cause: Fingerprint) -> bool {
        self.by_cause.contains_key(&cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_alert_waits_for_is_replaced_as_a_whole_and_leaves_nothing_behind() {
        let mut holders = Holders::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| Fingerprint::of("Pod", "n", name, "R"));
        holders.set(a, &[(b, Hold::Explains), (c, Hold::Inhibits)]);
        assert_eq!(holders.waiting_for(b), [(a, Hold::Explains)]);
        assert!(!holders.any_waits_for_pending());
        holders.set(a, &[(b, Hold::MayExplain)]);
        assert!(holders.waits_for_pending(a) && !holders.waits_for_pending(b));
        holders.set(a, &[(c, Hold::Inhibits)]);
        assert!(!holders.holds_any(b) && holders.holds_any(c));
        assert_eq!(holders.causes_of(a).collect::<Vec<_>>(), [c]);
        holders.set(a, &[]);
        assert!(holders.by_cause.is_empty() && holders.by_effect.is_empty() && holders.pending.is_empty());
    }
}
