//! When to look at what again: one deadline per thing, the earliest first.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::time::Duration;

use crate::table::Table;

/// Deadlines on the boot clock. A thing has at most one; setting it again moves it.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    order: BTreeSet<(Duration, T)>,
    /// A table: nearly every event cancels a deadline that was never set.
    at: Table<T, Duration>,
}

impl<T: Ord + Hash + Clone> Agenda<T> {
    pub(crate) fn new() -> Agenda<T> {
        Agenda { order: BTreeSet::new(), at: Table::default() }
    }

    /// Moves the deadline of `what` to `at`.
    pub(crate) fn set(&mut self, what: T, at: Duration) {
        if let Some(before) = self.at.insert(what.clone(), at) {
            self.order.remove(&(before, what.clone()));
        }
        self.order.insert((at, what));
    }

    /// Sets the deadline unless an earlier one stands.
    pub(crate) fn set_earlier(&mut self, what: T, at: Duration) {
        if self.at.get(&what).is_none_or(|before| *before > at) {
            self.set(what, at);
        }
    }

    pub(crate) fn cancel(&mut self, what: &T) {
        if let Some(before) = self.at.remove(what) {
            self.order.remove(&(before, what.clone()));
        }
    }

    /// The earliest deadline and what it is for.
    pub(crate) fn next(&self) -> Option<(Duration, T)> {
        self.order.first().cloned()
    }

    /// Takes one thing whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<T> {
        let (at, _) = self.order.first()?;
        if *at > now {
            return None;
        }
        let (_, what) = self.order.pop_first()?;
        self.at.remove(&what);
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_has_one_deadline_and_the_earliest_comes_first() {
        let mut agenda = Agenda::new();
        agenda.set("b", Duration::from_secs(2));
        agenda.set("a", Duration::from_secs(3));
        agenda.set("b", Duration::from_secs(5));
        agenda.set_earlier("a", Duration::from_secs(4));
        assert_eq!(agenda.next(), Some((Duration::from_secs(3), "a")));
        assert_eq!(agenda.pop_due(Duration::from_secs(2)), None);
        assert_eq!(agenda.pop_due(Duration::from_secs(9)), Some("a"));
        agenda.cancel(&"b");
        assert_eq!(agenda.next(), None);
    }
}
