//! What was laid down to be said: who takes over from one that died then cannot know whether it was.

use std::collections::BTreeMap;

use alertkube_core::About;

use super::settings::CLASSES;
use super::world::World;

/// A sink, an alert and its episode.
pub(super) type Stream = (usize, String, String);

/// Beginnings, rises and reminders by what they are about: whose intent it was, and how many heads it had issued by
/// then.
#[derive(Debug, Default)]
pub(super) struct Intents(BTreeMap<Stream, Vec<(usize, u64)>>);

impl Intents {
    /// Whether a head that was issued after such an intent was applied.
    pub(super) fn committed(&self, stream: &Stream, saved: &dyn Fn(usize, u64) -> bool) -> bool {
        self.0.get(stream).is_some_and(|laid| laid.iter().any(|(life, heads)| saved(*life, *heads)))
    }
}

impl World {
    /// A process is about to say something other than an end. A digest names the first of its problems alone: it may be
    /// about all that its teller knows.
    pub(super) fn intends(&mut self, life: usize, sink: &str, (first, reports): (Option<&About>, usize)) {
        let Some(sink) = CLASSES.iter().position(|(name, _)| *name == sink) else { return };
        let heads = self.lives[life].heads.issued();
        for alert in self.alerts(life) {
            let report = alert.report;
            let is_first = first.is_some_and(|first| first.fingerprint == report.fingerprint);
            if reports > 1 || is_first {
                let stream = (sink, report.fingerprint, report.episode);
                self.oracle.intents.0.entry(stream).or_default().push((life, heads));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_counts_at_its_sink_for_its_episode_once_it_is_committed() {
        let stream = |sink, episode: &str| (sink, "web".to_owned(), episode.to_owned());
        let intents = Intents(BTreeMap::from([(stream(1, "a"), vec![(0, 3), (2, 5)])]));
        let applied = |heads: u64| move |life: usize, laid: u64| life == 2 && heads > laid;
        assert!(intents.committed(&stream(1, "a"), &applied(6)));
        assert!(!intents.committed(&stream(1, "a"), &applied(5)));
        assert!(!intents.committed(&stream(1, "b"), &applied(6)));
        assert!(!intents.committed(&stream(0, "a"), &applied(6)));
    }
}
