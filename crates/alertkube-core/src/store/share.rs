//! Whose each fact is when the subjects are cut into so many seats.

use std::collections::BTreeMap;

use crate::own::{stays, subject_number};
use crate::store::facts::subject_of;
use crate::store::ledger::EntryKey;

/// To whom an alert's facts belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The seat of this number, modulo the total.
    Number(u32),
    /// The seat that has them.
    Holder,
}

/// Who owns the facts of one seat's ledger.
#[derive(Debug, Default)]
pub(crate) struct Owners(BTreeMap<u64, Owner>);

impl Owners {
    /// Learns from the alerts among some facts.
    pub(crate) fn of<'a>(facts: impl Iterator<Item = (&'a EntryKey, &'a [u8])>) -> Owners {
        let alerts = facts.filter(|(key, _)| &*key.what == "a");
        let owner = |value| {
            let [kind, namespace, name, reason] = subject_of(value)?;
            match stays(&kind, &reason) {
                true => Some(Owner::Holder),
                false => Some(Owner::Number(subject_number(&kind, &namespace, &name))),
            }
        };
        Owners(alerts.filter_map(|(key, value)| Some((key.subject, owner(value)?))).collect())
    }

    /// The seat, among `total`, of a fact that the seat `here` has. `None`: of an alert that is over only its mute and
    /// its flaps are left, which expire by themselves, and without the alert nobody knows whose they are: every seat
    /// takes them along.
    pub(crate) fn seat(&self, key: &EntryKey, here: u32, total: u32) -> Option<u32> {
        let total = total.max(1);
        match self.0.get(&key.subject) {
            Some(Owner::Number(number)) => Some(number % total),
            Some(Owner::Holder) => Some(here % total),
            None if &*key.what == "f" || key.what.starts_with("t/") => None,
            None => Some((key.subject % u64::from(total)) as u32),
        }
    }

    /// Whether a fact that the seat `here` has is the seat's own.
    pub(crate) fn is_own(&self, key: &EntryKey, here: u32, total: u32) -> bool {
        self.seat(key, here, total).is_none_or(|seat| seat == here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(kind: &str, name: &str, reason: &str) -> Box<[u8]> {
        let text = format!(
            r#"{{"id":"1","kind":"{kind}","namespace":"default","name":"{name}","reason":"{reason}","text":"",
                "severity":"critical","since":0,"opened":0,"state":"firing"}}"#
        );
        text.into_bytes().into()
    }

    #[test]
    fn a_fact_follows_its_alert_and_what_is_left_of_none_goes_with_everybody() {
        let pod = (EntryKey::new(1, "a"), alert("Pod", "web-0", "CrashLoopBackOff"));
        let own = (EntryKey::new(2, "a"), alert("Alertkube", "shard-4", "ShardUncovered"));
        let owners = Owners::of([&pod, &own].into_iter().map(|(key, value)| (key, &**value)));
        let seat = |subject, what, here| owners.seat(&EntryKey::new(subject, what), here, 3);
        assert_eq!((seat(1, "a", 2), seat(1, "t/chat", 2), seat(1, "f", 0)), (Some(1), Some(1), Some(1)));
        assert_eq!((seat(2, "t/chat", 2), seat(2, "a", 4)), (Some(2), Some(1)));
        assert_eq!((seat(7, "t/chat", 0), seat(7, "f", 0), seat(7, "d/chat", 0)), (None, None, Some(1)));
    }
}
