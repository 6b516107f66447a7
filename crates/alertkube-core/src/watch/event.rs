//! What the watch of one kind tells the replica.

use crate::watch::view::{Key, View};

/// Counts the lists of a kind; a new epoch begins with each list from scratch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

/// One step of the watch of one kind, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// A list from scratch began; what it does not name by its `Synced` is gone.
    Began(Epoch),
    /// An object as it stands.
    Seen(Box<View>),
    /// An object was deleted.
    Gone(Key),
    /// The list of this epoch is complete, or a watch that was lost goes on from where it stopped.
    Synced(Epoch),
    /// Nothing is heard of this kind for now: nothing of it ends until `Synced`.
    Lost(LostWhy),
}

/// Why a kind is not heard of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LostWhy {
    /// No answer: refused, reset, timed out, or a server error; the text says which.
    Unreachable(String),
    /// 401 or 403: the credentials do not reach this kind.
    Forbidden(String),
    /// 404: the cluster does not serve this kind.
    Missing(String),
    /// No event and no bookmark within the limit.
    Silent,
}

impl LostWhy {
    /// Whether it is the server that does not answer, rather than the kind that cannot be read.
    pub const fn is_away(&self) -> bool {
        matches!(self, LostWhy::Unreachable(_) | LostWhy::Silent)
    }

    /// A closed word for metric labels.
    pub const fn label(&self) -> &'static str {
        match self {
            LostWhy::Unreachable(_) => "unreachable",
            LostWhy::Forbidden(_) => "forbidden",
            LostWhy::Missing(_) => "missing",
            LostWhy::Silent => "silent",
        }
    }
}

impl std::fmt::Display for LostWhy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LostWhy::Unreachable(text) => write!(f, "unreachable: {text}"),
            LostWhy::Forbidden(text) => write!(f, "forbidden: {text}"),
            LostWhy::Missing(text) => write!(f, "not served by this cluster: {text}"),
            LostWhy::Silent => f.write_str("silent: no event and no bookmark within the limit"),
        }
    }
}
