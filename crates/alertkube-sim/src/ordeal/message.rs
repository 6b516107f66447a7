//! Messages as the oracle keeps them: who sent what about which problems, and what became of it.

use alertkube_core::{Action, Notification, Verdict};

use super::clock::At;
use super::intents::Stream;

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub(super) life: usize,
    /// The seat, and among how many.
    pub(super) seat: (u32, u32),
    pub(super) elected: bool,
    pub(super) term: Option<u64>,
    /// Which hold of that process.
    pub(super) hold: u64,
    /// Whether a head that was issued after the message was made has been applied.
    pub(super) committed: bool,
    pub(super) undurable: bool,
    /// It opened the seat without the store, and has read of nobody else since.
    pub(super) unsealed: bool,
    /// It has no Lease, and has heard nothing of the store for a while: it cannot know of another.
    pub(super) deaf: bool,
    /// The term in the head as it stands.
    pub(super) in_force: u64,
}

impl Sender {
    /// Whether another has sealed its seat since.
    pub(super) fn is_sealed_over(&self) -> bool {
        self.term.is_some_and(|term| term < self.in_force)
    }
}

/// One problem in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) fingerprint: String,
    pub(super) episode: String,
    pub(super) reason: String,
    pub(super) name: String,
    pub(super) event: bool,
    pub(super) own: bool,
}

impl Said {
    /// What it is about at a sink.
    pub(super) fn stream(&self, sink: usize) -> Stream {
        (sink, self.fingerprint.clone(), self.episode.clone())
    }

    /// Every problem of a message.
    pub(super) fn all(said: &Notification) -> Vec<Said> {
        said.reports
            .iter()
            .map(|report| Said {
                fingerprint: report.fingerprint.clone(),
                episode: report.episode.clone(),
                reason: report.reason.clone(),
                name: report.name.clone(),
                event: report.event,
                own: report.kind == "Alertkube",
            })
            .collect()
    }
}

/// One message whose first byte has left.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) at: At,
    pub(super) sink: usize,
    pub(super) sender: Sender,
    pub(super) action: Action,
    pub(super) delivery: String,
    pub(super) about: Vec<Said>,
    /// What its sender heard, and how many heads that had issued by then.
    pub(super) outcome: Option<(Verdict, u64)>,
}

impl Message {
    /// Whether its sink may have taken it, as far as its sender knows.
    pub(super) fn may_be_taken(&self) -> bool {
        let outcome = self.outcome.as_ref().map(|(verdict, _)| verdict);
        matches!(outcome, None | Some(Verdict::Done | Verdict::Retry { in_doubt: true, .. }))
    }
}
