//! The words of alerts: what identifies one, what it is about.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::detect::{Condition, Finding};
use crate::severity::Severity;
use crate::time::Stamp;
use crate::watch::{KindId, Owner, Packed, Uid};

/// What identifies an alert: SHA-256 over kind, namespace, name and reason, each behind its length (version 2 of the
/// reference), cut to 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a problem.
    pub fn of(kind: &str, namespace: &str, name: &str, reason: &str) -> Fingerprint {
        let mut hash = Sha256::new();
        for part in [kind, namespace, name, reason] {
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        Fingerprint(digest[..8].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    /// The 64 bits.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// The fingerprint of these 64 bits.
    pub(crate) fn from_bits(bits: u64) -> Fingerprint {
        Fingerprint(bits)
    }

    /// Reads the 16 hex digits.
    pub fn parse(text: &str) -> Option<Fingerprint> {
        (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok().map(Fingerprint)).flatten()
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What an alert is about: an object, or a part of ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The object's uid, or a name's hash for what is about ourselves.
    pub(crate) id: Uid,
    /// The watched kind; `None` for what is about ourselves.
    pub(crate) watched: Option<KindId>,
    pub(crate) kind: &'static str,
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
    /// The node it runs on, or is.
    pub(crate) node: Box<str>,
    /// From the nearest owner to the top.
    pub(crate) owners: Vec<Owner>,
    pub(crate) labels: Packed,
    pub(crate) annotations: Packed,
}

/// Where an alert stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It holds, and fires at `due` on the boot clock.
    Pending { due: Duration },
    /// It holds and is a problem.
    Firing,
    /// It no longer holds, and is over at `until` on the boot clock.
    Resolving { until: Duration },
    /// It is over; kept until every sink that was told has been told so, an event until it may fire again.
    Over,
}

/// One problem of one object.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) condition: &'static Condition,
    pub(crate) subject: Arc<Subject>,
    pub(crate) finding: Finding,
    /// Overrides included, raises not.
    pub(crate) severity: Severity,
    /// Since when it holds.
    pub(crate) since: Stamp,
    pub(crate) phase: Phase,
    /// When it last began to fire; names the episode.
    pub(crate) opened: Stamp,
    /// When it last ceased to hold, if it ever fired before.
    pub(crate) ended: Option<Stamp>,
    /// Whether the object was deleted: its successor of the same name starts afresh.
    pub(crate) deleted: bool,
    /// Whether it has fired often lately.
    pub(crate) flapping: bool,
    /// When it was last explained by another alert that stood.
    pub(crate) explained: Option<Stamp>,
    /// The key of the incidents that another program opened for it.
    pub(crate) inherited: Option<Inherited>,
}

/// A key that sinks know one life of a problem by, and that is not its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inherited {
    /// The life: later ones are known by the fingerprint.
    pub(crate) episode: Stamp,
    pub(crate) key: Box<str>,
}

impl Alert {
    /// It fired and is not over.
    pub(crate) fn stands(&self) -> bool {
        matches!(self.phase, Phase::Firing | Phase::Resolving { .. })
    }

    /// The reason to show.
    pub(crate) fn shown(&self) -> &'static str {
        self.finding.shown.unwrap_or(self.condition.reason)
    }
}

/// An alert as matchers see it, at the severity that counts at that point.
pub(crate) struct Face<'a> {
    pub(crate) alert: &'a Alert,
    pub(crate) severity: Severity,
}

impl alertkube_lang::Subject for Face<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        let subject = &self.alert.subject;
        match name {
            "severity" => Some(self.severity.as_str()),
            "kind" => Some(subject.kind),
            "namespace" => Some(&subject.namespace),
            "node" => Some(&subject.node),
            "reason" => Some(self.alert.condition.reason),
            "name" => Some(&subject.name),
            _ => None,
        }
    }

    fn label(&self, name: &str) -> Option<&str> {
        self.alert.subject.labels.get(name)
    }

    fn reasons(&self) -> [&str; 2] {
        [self.alert.condition.reason, self.alert.shown()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_version_2_of_the_reference() {
        let fingerprint = Fingerprint::of("Pod", "default", "web-server-xyz", "CrashLoopBackOff");
        assert_eq!(fingerprint.to_string(), "f0b03a99c75e3eac");
        assert_eq!(Fingerprint::parse("f0b03a99c75e3eac"), Some(fingerprint));
        assert_eq!(Fingerprint::parse("f0b0"), None);
    }
}
