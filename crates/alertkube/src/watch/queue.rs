//! What one kind has to tell while the engine is busy: the newest of every object, and nothing that a new
//! list says again.

use std::collections::{BTreeMap, VecDeque};

use alertkube_core::{Key, WatchEvent};

/// Steps in order, at most one for each object.
#[derive(Default)]
pub(crate) struct Queue {
    steps: VecDeque<WatchEvent>,
    /// The place of every object's step, counted from the first step ever.
    places: BTreeMap<Key, u64>,
    /// The place of the first step that still waits.
    first: u64,
}

impl Queue {
    /// Adds a step.
    pub(crate) fn push(&mut self, step: WatchEvent) {
        match object(&step) {
            Some(key) => self.push_object(key, step),
            None => self.push_mark(step),
        }
    }

    /// The next step.
    pub(crate) fn pop(&mut self) -> Option<WatchEvent> {
        let step = self.steps.pop_front()?;
        self.first += 1;
        if let Some(key) = object(&step) {
            self.places.remove(&key);
        }
        Some(step)
    }

    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// An object that already waits is told as it is now, where it stands: later than it was, never earlier.
    fn push_object(&mut self, key: Key, step: WatchEvent) {
        let end = self.first + self.steps.len() as u64;
        let place = *self.places.entry(key).or_insert(end);
        let index = usize::try_from(place - self.first).unwrap_or(usize::MAX);
        match self.steps.get_mut(index) {
            Some(waiting) => *waiting = step,
            None => self.steps.push_back(step),
        }
    }

    /// A new list says everything again, so nothing before it counts; of two marks in a row the later one
    /// does.
    fn push_mark(&mut self, step: WatchEvent) {
        if matches!(step, WatchEvent::Began(_)) {
            self.first += self.steps.len() as u64;
            self.steps.clear();
            self.places.clear();
        }
        match (self.steps.back_mut(), &step) {
            (
                Some(last @ (WatchEvent::Synced(_) | WatchEvent::Lost(_))),
                WatchEvent::Synced(_) | WatchEvent::Lost(_),
            ) => *last = step,
            _ => self.steps.push_back(step),
        }
    }
}

fn object(step: &WatchEvent) -> Option<Key> {
    match step {
        WatchEvent::Seen(view) => Some(view.key()),
        WatchEvent::Gone(key) => Some(*key),
        WatchEvent::Began(_) | WatchEvent::Synced(_) | WatchEvent::Lost(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use alertkube_core::{Epoch, KindId, LostWhy, Plan, decode};

    use super::*;

    fn seen(name: &str, version: u32) -> WatchEvent {
        let object = format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}"#);
        let view = decode(&Plan::default(), KindId::Pod, object.as_bytes()).expect("readable");
        WatchEvent::Seen(Box::new(view))
    }

    fn gone(name: &str) -> WatchEvent {
        WatchEvent::Gone(object(&seen(name, 0)).expect("an object"))
    }

    fn through(steps: impl IntoIterator<Item = WatchEvent>) -> Vec<WatchEvent> {
        let mut queue = Queue::default();
        for step in steps {
            queue.push(step);
        }
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn the_newest_of_an_object_takes_the_place_of_the_one_before() {
        let synced = WatchEvent::Synced(Epoch(1));
        let got =
            through([seen("a", 1), seen("b", 1), synced.clone(), seen("a", 2), gone("b"), seen("c", 1)]);
        assert_eq!(got, [seen("a", 2), gone("b"), synced, seen("c", 1)]);
    }

    #[test]
    fn a_new_list_voids_what_waits() {
        let began = WatchEvent::Began(Epoch(2));
        let got = through([seen("a", 1), WatchEvent::Lost(LostWhy::Silent), began.clone(), seen("a", 2)]);
        assert_eq!(got, [began, seen("a", 2)]);
    }

    #[test]
    fn of_marks_in_a_row_the_last_counts() {
        let (lost, synced) = (WatchEvent::Lost(LostWhy::Silent), WatchEvent::Synced(Epoch(1)));
        assert_eq!(through([lost.clone(), synced.clone(), lost.clone()]).len(), 1);
        assert_eq!(
            through([lost.clone(), seen("a", 1), synced.clone()]),
            [lost, seen("a", 1), synced],
            "not across an object"
        );
    }

    #[test]
    fn an_object_that_was_taken_waits_anew() {
        let mut queue = Queue::default();
        queue.push(seen("a", 1));
        queue.push(seen("b", 1));
        assert_eq!(queue.pop(), Some(seen("a", 1)));
        queue.push(seen("a", 2));
        queue.push(seen("b", 2));
        assert_eq!(queue.len(), 2);
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(seen("b", 2)), Some(seen("a", 2)), None));
        assert!(queue.is_empty());
    }
}
