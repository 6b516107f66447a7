//! The parts of a ledger as a store holds them: their names, their content, and what may go wrong with a write.

use std::fmt;

use crate::limits::{LEDGER_BUCKETS_MAX, LEDGER_SEGMENTS_MAX};

/// One stored object of a seat's ledger. The list is fixed, so that a Role can name every one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The only part whose writes commit anything.
    Head,
    /// A slot of the ring of sealed journal: 0 to 15.
    Segment(u8),
    /// A share of the folded state: 0 to 31.
    Bucket(u8),
}

impl Part {
    /// What follows the seat's prefix and a hyphen in the object's name: `head`, `j00` to `j15`, `b00` to `b31`.
    pub fn suffix(self) -> String {
        self.to_string()
    }

    /// Every part that a ledger may ever have, the head first.
    pub fn all() -> impl Iterator<Item = Part> {
        let segments = (0..LEDGER_SEGMENTS_MAX).map(Part::Segment);
        std::iter::once(Part::Head).chain(segments).chain((0..LEDGER_BUCKETS_MAX).map(Part::Bucket))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Head => f.write_str("head"),
            Part::Segment(slot) => write!(f, "j{slot:02}"),
            Part::Bucket(index) => write!(f, "b{index:02}"),
        }
    }
}

/// What a part holds. A store keeps both byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// A small JSON object, readable with kubectl: of a few hundred bytes, at most about 4 KiB.
    pub meta: String,
    /// A gzip stream (RFC 1952), of one member or more, of journal records or entries.
    pub body: Vec<u8>,
}

impl Content {
    /// Bytes of both.
    pub fn len(&self) -> usize {
        self.meta.len() + self.body.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({}, {} bytes)", self.meta, self.body.len())
    }
}

/// A store's mark of one state of one part, such as a resourceVersion. It is compared by the store alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// A compare-and-set of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartWrite {
    /// Which part.
    pub part: Part,
    /// What it is to hold.
    pub content: Content,
    /// The version that it must have now; `None`: it must not exist.
    pub expect: Option<Version>,
}

/// What became of a read or a write that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreTrouble {
    /// The part is not in the expected version, or exists, or does not exist any more. Nothing was written.
    Conflict,
    /// The store will not have it. Nothing was written.
    Refused {
        /// Of which kind the refusal is.
        why: Refusal,
        /// The store's words.
        text: String,
    },
    /// A time-out, a 5xx, a broken connection: a write may have been applied, or may yet be.
    Unknown(String),
}

impl fmt::Display for StoreTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreTrouble::Conflict => f.write_str("in another version than expected"),
            StoreTrouble::Refused { why, text } => write!(f, "refused ({}): {text}", why.label()),
            StoreTrouble::Unknown(text) => f.write_str(text),
        }
    }
}

/// Why a store refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// A ResourceQuota, or a full disk.
    Quota,
    /// 401 or 403 without a quota: the rights are missing.
    Forbidden,
    /// 413, or a 422 about the size.
    TooLarge,
    /// An admission webhook or policy.
    Admission,
    /// Anything else that is sure not to have been applied, such as 429.
    Other,
}

impl Refusal {
    /// The metric label.
    pub fn label(self) -> &'static str {
        match self {
            Refusal::Quota => "quota",
            Refusal::Forbidden => "forbidden",
            Refusal::TooLarge => "too-large",
            Refusal::Admission => "admission",
            Refusal::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_fixed() {
        let names: Vec<_> = Part::all().map(Part::suffix).collect();
        assert_eq!(names.len(), 1 + 16 + 32);
        assert_eq!(
            (&*names[0], &*names[1], &*names[16], &*names[17], &*names[48]),
            ("head", "j00", "j15", "b00", "b31")
        );
    }

    #[test]
    fn a_body_is_not_printed() {
        let content = Content { meta: "{}".to_owned(), body: vec![7; 300] };
        assert_eq!(format!("{content:?}"), "Content({}, 300 bytes)");
    }
}
