//! Which heads a process wrote, and whether what it knew at some moment is stored.

use std::collections::BTreeSet;

use alertkube_core::Content;

/// The heads that one process has issued, by number, and those of them that were applied.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    issued: u64,
    /// What the last one says: it is sent again as it is until it is known to be applied.
    last: Option<Content>,
    applied: BTreeSet<u64>,
    /// How many had been issued when each hold of the seat ended: a process that takes it again has read what is stored,
    /// and stores nothing of what it knew before.
    ends: Vec<u64>,
}

impl Heads {
    /// How many have been issued.
    pub(super) fn issued(&self) -> u64 {
        self.issued
    }

    /// One is issued; gives its number. The same once more stores nothing that was learnt meanwhile, and counts as one.
    pub(super) fn issue(&mut self, content: &Content) -> u64 {
        if self.last.as_ref() != Some(content) {
            self.last = Some(content.clone());
            self.issued += 1;
        }
        self.issued
    }

    /// The one of this number is applied.
    pub(super) fn apply(&mut self, number: u64) {
        self.applied.insert(number);
    }

    /// The hold of the seat ends.
    pub(super) fn end(&mut self) {
        self.ends.push(self.issued);
    }

    /// Whether what was known when so many had been issued is stored: a later one of the same hold was applied.
    pub(super) fn saved(&self, issued: u64) -> bool {
        let end = self.ends.iter().find(|end| **end >= issued).copied().unwrap_or(u64::MAX);
        self.applied.range(issued + 1..).next().is_some_and(|number| *number <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_known_is_stored_by_a_later_head_of_the_same_hold_and_not_by_the_next_seal() {
        let mut heads = Heads::default();
        let head = |says: &str| Content { meta: says.to_owned(), body: Vec::new() };
        assert_eq!((heads.issue(&head("a")), heads.issue(&head("b")), heads.issued()), (1, 2, 2));
        assert_eq!(heads.issue(&head("b")), 2, "it is sent again");
        heads.apply(1);
        assert!(!heads.saved(1), "the second was not applied");
        heads.end();
        assert_eq!(heads.issue(&head("c")), 3);
        heads.apply(3);
        assert!(!heads.saved(1) && !heads.saved(2), "the seal of the next hold stores nothing of this one");
        heads.apply(2);
        assert!(heads.saved(1) && !heads.saved(2));
        assert_eq!(heads.issue(&head("d")), 4);
        heads.apply(4);
        assert!(heads.saved(3) && !heads.saved(2));
    }
}
