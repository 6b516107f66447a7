//! What waits for its turn on a lane.

use crate::alert::Fingerprint;
use crate::notification::{Action, Digest};
use crate::time::Stamp;

/// Something that waits to be told to one sink. What it says is decided when it is taken, not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// One alert, or the members of a digest.
    pub(crate) members: Vec<Fingerprint>,
    pub(crate) digest: Option<Digest>,
    pub(crate) tenor: Tenor,
    /// It repeats what the sink may have heard, so it must not be told in other words.
    pub(crate) in_doubt: bool,
    /// What the attempts so far said; a change begins a new delivery.
    pub(crate) said: Option<Said>,
    pub(crate) attempts: u32,
    /// Its place among its equals, which it keeps while it is tried again; zero until it is queued.
    pub(super) turn: u64,
}

/// What an attempt said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) action: Action,
    pub(crate) delivery: String,
    /// When that was decided.
    pub(crate) decided: Stamp,
}

/// What a job would say if it were taken now, as far as it matters to the queue: like folds with like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tenor {
    News,
    Repeat,
    End,
}

impl Tenor {
    pub(crate) const ALL: [Tenor; 3] = [Tenor::News, Tenor::Repeat, Tenor::End];

    pub(crate) const fn of(action: Action) -> Tenor {
        match action {
            Action::First | Action::Raised | Action::Digest(Digest::Standing | Digest::News) => Tenor::News,
            Action::Repeat | Action::Digest(Digest::Repeats) => Tenor::Repeat,
            Action::Resolved | Action::Digest(Digest::Ends) => Tenor::End,
        }
    }

    /// The digest of a backlog of these.
    pub(crate) const fn digest(self) -> Digest {
        match self {
            Tenor::News => Digest::News,
            Tenor::Repeat => Digest::Repeats,
            Tenor::End => Digest::Ends,
        }
    }
}

impl Job {
    pub(crate) fn one(fingerprint: Fingerprint, tenor: Tenor) -> Job {
        let members = vec![fingerprint];
        Job { members, digest: None, tenor, in_doubt: false, said: None, attempts: 0, turn: 0 }
    }

    pub(crate) fn digest(members: Vec<Fingerprint>, digest: Digest) -> Job {
        let tenor = Tenor::of(Action::Digest(digest));
        Job { members, digest: Some(digest), tenor, in_doubt: false, said: None, attempts: 0, turn: 0 }
    }

    /// Whether it may become a part of a digest.
    pub(super) fn folds(&self) -> bool {
        self.digest.is_none() && !self.in_doubt && self.said.is_none()
    }

    /// Whether it may say this of a member. What has changed meanwhile is told by itself.
    pub(crate) fn takes(&self, action: Action) -> bool {
        match self.digest {
            None => true,
            Some(Digest::Standing) => action == Action::First,
            Some(digest) => Tenor::of(action).digest() == digest,
        }
    }
}
