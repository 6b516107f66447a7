//! Which try of a delivery this is: a word for receivers, on which no decision depends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alertkube_core::SinkId;

use crate::limits::DELIVERIES_MAX;

type Key = (SinkId, String);

/// Counts the tries of what is not settled.
#[derive(Default)]
pub(super) struct Tries(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    tries: BTreeMap<Key, u32>,
    order: VecDeque<Key>,
}

impl Tries {
    /// The number of the next try, 1 for the first.
    pub(super) fn next(&self, sink: SinkId, delivery: &str) -> u32 {
        let key = (sink, delivery.to_owned());
        let mut counts = self.counts();
        if let Some(tries) = counts.tries.get_mut(&key) {
            *tries = tries.saturating_add(1);
            return *tries;
        }
        while counts.order.len() >= DELIVERIES_MAX
            && let Some(oldest) = counts.order.pop_front()
        {
            counts.tries.remove(&oldest);
        }
        counts.order.push_back(key.clone());
        counts.tries.insert(key, 1);
        1
    }

    /// Forgets a delivery that is settled.
    pub(super) fn settled(&self, sink: SinkId, delivery: &str) {
        let key = (sink, delivery.to_owned());
        let mut counts = self.counts();
        if counts.tries.remove(&key).is_some() {
            counts.order.retain(|known| *known != key);
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_count_up_until_settled_and_are_bounded() {
        let tries = Tries::default();
        assert_eq!(
            [tries.next(SinkId(0), "a"), tries.next(SinkId(0), "a"), tries.next(SinkId(1), "a")],
            [1, 2, 1]
        );
        tries.settled(SinkId(0), "a");
        assert_eq!(tries.next(SinkId(0), "a"), 1);
        for n in 0..2 * DELIVERIES_MAX {
            tries.next(SinkId(0), &n.to_string());
        }
        let counts = tries.counts();
        assert_eq!((counts.tries.len(), counts.order.len()), (DELIVERIES_MAX, DELIVERIES_MAX));
    }
}
