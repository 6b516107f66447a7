//! What Kubernetes' Warning events say of objects: remembered for as long as a condition would read it.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::limits::{HINT_AGE_MAX, HINT_MESSAGE_MAX, HINT_SUBJECTS_MAX, HINTS_PER_SUBJECT_MAX};
use crate::detect::words::one_line;
use crate::time::{Now, Stamp};
use crate::watch::{Event, Uid};

/// The reasons of events that conditions read; all others are passed over.
const READ: &[&str] = &["Unhealthy", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"];

/// A recent Warning event about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    /// Which event says so.
    pub(super) event: Uid,
    /// Its reason, one of those that conditions read.
    pub(crate) reason: &'static str,
    /// The container that it names, if any.
    pub(crate) container: Box<str>,
    /// Its message, as one bounded line.
    pub(crate) message: Box<str>,
    /// How often it was seen.
    pub(crate) count: i64,
    /// When it was first seen.
    pub(crate) first: Stamp,
    /// When it was last seen; never ahead of us.
    pub(crate) last: Stamp,
}

/// Recent Warning events, by the object that they are about.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    by_subject: BTreeMap<Uid, Vec<Hint>>,
    /// When the newest hint of each subject expires.
    expiries: BTreeSet<(Stamp, Uid)>,
}

impl Hints {
    /// Takes note of an event; gives the pod that it is about if a condition may now judge it differently.
    pub(crate) fn note(&mut self, event: &Event, now: Now) -> Option<Uid> {
        let hint = read(event, now).filter(|hint| hint.expiry() > now.stamp())?;
        let subject = event.about;
        let mut hints = self.take(subject);
        let before = hints.clone();
        insert(&mut hints, hint);
        let changed = hints != before;
        self.put(subject, hints);
        (changed && self.by_subject.contains_key(&subject)).then_some(subject)
    }

    /// What is known about an object, the latest first.
    pub(crate) fn about(&self, subject: Uid) -> &[Hint] {
        self.by_subject.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// Forgets what is known about an object that is gone.
    pub(crate) fn forget(&mut self, subject: Uid) {
        self.take(subject);
    }

    /// Forgets what has expired.
    pub(crate) fn sweep(&mut self, now: Now) {
        while let Some((_, subject)) = self.expiries.first().copied().filter(|(at, _)| *at <= now.stamp()) {
            self.take(subject);
        }
    }

    fn take(&mut self, subject: Uid) -> Vec<Hint> {
        let hints = self.by_subject.remove(&subject).unwrap_or_default();
        if let Some(newest) = hints.first() {
            self.expiries.remove(&(newest.expiry(), subject));
        }
        hints
    }

    fn put(&mut self, subject: Uid, hints: Vec<Hint>) {
        let Some(newest) = hints.first() else { return };
        self.expiries.insert((newest.expiry(), subject));
        self.by_subject.insert(subject, hints);
        if self.by_subject.len() > HINT_SUBJECTS_MAX
            && let Some((_, first)) = self.expiries.first().copied()
        {
            self.take(first);
        }
    }
}

impl Hint {
    fn expiry(&self) -> Stamp {
        self.last.plus(HINT_AGE_MAX)
    }
}

fn read(event: &Event, now: Now) -> Option<Hint> {
    let reason = *READ.iter().find(|reason| **reason == &*event.reason)?;
    if &*event.about_kind != "Pod" {
        return None;
    }
    // The reporter's clock may run ahead of ours; what it says must expire all the same.
    let last = event.last.or(event.first).or(event.meta.created)?.min(now.stamp());
    Some(Hint {
        event: event.meta.uid,
        reason,
        container: event.container.clone(),
        message: one_line(&event.message, HINT_MESSAGE_MAX).into(),
        count: event.count.max(1),
        first: event.first.unwrap_or(last).min(last),
        last,
    })
}

/// Puts a hint in the place of an older state of the same event and keeps the latest ones, latest first.
fn insert(hints: &mut Vec<Hint>, hint: Hint) {
    match hints.iter_mut().find(|known| known.event == hint.event) {
        Some(known) if (known.last, known.count) <= (hint.last, hint.count) => *known = hint,
        Some(_) => {}
        None => hints.push(hint),
    }
    hints.sort_by_key(|hint| (std::cmp::Reverse(hint.last), hint.event));
    hints.truncate(HINTS_PER_SUBJECT_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{NOON, ago, now_after};
    use crate::watch::Meta;

    fn event(id: u128, about: u128, seen: Stamp) -> Event {
        Event {
            meta: Meta { uid: Uid(id), ..Meta::default() },
            about_kind: "Pod".into(),
            about: Uid(about),
            reason: "Unhealthy".into(),
            message: "Readiness probe failed:\n500".into(),
            count: 1,
            first: Some(seen),
            last: Some(seen),
            ..Event::default()
        }
    }

    #[test]
    fn an_event_is_remembered_once_and_told_only_when_it_says_something_new() {
        let mut hints = Hints::default();
        let first = event(1, 7, ago(60));
        let again = Event { count: 2, last: Some(ago(10)), ..first.clone() };
        assert_eq!(hints.note(&first, now_after(0)), Some(Uid(7)));
        assert_eq!(hints.note(&first, now_after(0)), None);
        assert_eq!(hints.note(&again, now_after(0)), Some(Uid(7)));
        assert_eq!(hints.note(&first, now_after(0)), None, "an older state of the same event says nothing");
        let known = hints.about(Uid(7));
        assert_eq!(known.len(), 1);
        assert_eq!((known[0].count, known[0].first, known[0].last), (2, ago(60), ago(10)));
        assert_eq!(&*known[0].message, "Readiness probe failed: 500");
    }

    #[test]
    fn what_no_condition_reads_is_passed_over() {
        let mut hints = Hints::default();
        let now = now_after(0);
        assert_eq!(hints.note(&Event { reason: "BackOff".into(), ..event(1, 7, ago(1)) }, now), None);
        assert_eq!(hints.note(&Event { about_kind: "Node".into(), ..event(1, 7, ago(1)) }, now), None);
        assert_eq!(hints.note(&event(1, 7, ago(300)), now), None, "expired");
        assert_eq!(hints.note(&Event { first: None, last: None, ..event(1, 7, ago(1)) }, now), None);
        assert!(hints.about(Uid(7)).is_empty());
    }

    #[test]
    fn hints_expire_and_are_forgotten_with_their_object() {
        let mut hints = Hints::default();
        hints.note(&event(1, 7, ago(200)), now_after(0));
        hints.note(&event(2, 8, ago(100)), now_after(0));
        hints.note(&event(3, 9, ago(50)), now_after(0));
        hints.forget(Uid(9));
        hints.sweep(now_after(100));
        assert!(hints.about(Uid(7)).is_empty());
        assert_eq!(hints.about(Uid(8)).len(), 1);
        hints.sweep(now_after(200));
        assert!(hints.by_subject.is_empty() && hints.expiries.is_empty());
    }

    #[test]
    fn a_clock_that_runs_ahead_does_not_keep_a_hint_alive() {
        let mut hints = Hints::default();
        hints.note(&event(1, 7, NOON.plus(HINT_AGE_MAX * 100)), now_after(0));
        assert_eq!(hints.about(Uid(7))[0].last, NOON);
    }

    #[test]
    fn subjects_and_hints_are_bounded_and_the_oldest_go() {
        let mut hints = Hints::default();
        for id in 0..=HINT_SUBJECTS_MAX as u128 {
            let seen = ago(if id == 3 { 100 } else { 50 });
            assert_eq!(hints.note(&event(id, id, seen), now_after(0)), Some(Uid(id)));
        }
        assert_eq!(hints.by_subject.len(), HINT_SUBJECTS_MAX);
        assert!(hints.about(Uid(3)).is_empty());
        assert_eq!(
            hints.note(&event(1, 1 << 100, ago(200)), now_after(0)),
            None,
            "older than all that is known"
        );
        for id in 0..=HINTS_PER_SUBJECT_MAX as i64 {
            hints.note(&event(id as u128, 1, ago(100 - id)), now_after(0));
        }
        assert_eq!(hints.about(Uid(1)).len(), HINTS_PER_SUBJECT_MAX);
        assert!(hints.about(Uid(1)).iter().all(|hint| hint.last != ago(100)));
    }
}
