//! Objects that are set aside because a condition, or anything else, panicked on them.

use std::collections::BTreeMap;

use crate::limits::{QUARANTINE_MAX, QUARANTINE_NAMED_MAX};
use crate::watch::Key;

/// The keys, and what each is called where that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quarantine(BTreeMap<Key, String>);

impl Quarantine {
    /// Sets an object aside; false when there is no room, so that it will be looked at again.
    pub(crate) fn insert(&mut self, key: Key, name: String) -> bool {
        let room = self.0.len() < QUARANTINE_MAX || self.0.contains_key(&key);
        if room {
            self.0.insert(key, name);
        }
        room
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// Lets an object go; true when it was set aside.
    pub(crate) fn remove(&mut self, key: &Key) -> bool {
        self.0.remove(key).is_some()
    }

    /// What is set aside, in one line; `None` if nothing is.
    pub(crate) fn text(&self) -> Option<String> {
        let named: Vec<&str> = self.0.values().take(QUARANTINE_NAMED_MAX).map(String::as_str).collect();
        let more = match self.0.len().checked_sub(named.len())? {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!named.is_empty()).then(|| format!("no longer looked at: {}{more}", named.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::{KindId, Uid};

    #[test]
    fn it_is_bounded_and_names_the_first_ones() {
        let mut quarantine = Quarantine::default();
        assert_eq!(quarantine.text(), None);
        let key = |n: usize| Key { kind: KindId::Pod, uid: Uid(n as u128) };
        for n in 0..QUARANTINE_MAX {
            assert!(quarantine.insert(key(n), format!("Pod a/{n}")));
        }
        assert!(
            !quarantine.insert(key(QUARANTINE_MAX), String::new())
                && quarantine.insert(key(0), "Pod a/x".into())
        );
        let text = quarantine.text().expect("they are many");
        assert!(
            text.starts_with("no longer looked at: Pod a/x, Pod a/1, ") && text.ends_with(" more"),
            "{text}"
        );
        assert!(quarantine.remove(&key(1)) && !quarantine.contains(&key(1)));
    }
}
