//! The ledger of one seat: a crash-safe log of keyed facts, laid over a few stored objects. It knows nothing of alerts.
//!
//! **Parts.** The *head* is written whole by one compare-and-set per commit; its body is the tail of the journal. A
//! long tail is sealed into a *segment* of a ring of 16; the fold of everything is kept in up to 32 *buckets*. Segments
//! and buckets are written beside the commits, each by compare-and-set on the version that we last read or wrote.
//! What is committed is what follows from the head alone: the segments that it names, its tail, and for each bucket a
//! commit up to which the bucket is known to hold its class.
//!
//! **Why a crash at any call loses nothing.**
//! 1. A commit is `(term, seq)`; a seal raises the term, and within a term seq rises. Two commits never share both, for
//!    a commit whose fate is unknown is sent again byte for byte until it is known.
//! 2. A bucket is the fold of its class up to a commit that was acknowledged, so it may be read at any time: it takes
//!    the place of whatever was committed up to then, and newer records are replayed on it.
//! 3. A segment is written before the head that names it, into a slot that the committed head does not name; a head
//!    names it with its checksum, and drops in the same commit what it holds from the tail.
//! 4. A segment leaves the ring in a commit, and only when for each class that it touches a bucket is acknowledged that
//!    reaches beyond it. Its slot is free only after that commit.
//! 5. Growing from n to m buckets: a commit names m; then the new ones are written; then old ones may be written again
//!    with less than they had. At every moment each class is covered by some bucket that the head makes us read.
//!
//! **Why an old holder's late writes change nothing.** A head: its version was the one before the seal. A segment or a
//! bucket: it is applied only if the part is still as the old holder knew it, so never over anything that a successor
//! wrote. If the successor has not written it: a slot that the sealed head names is none that the old holder could
//! have in flight (3, 4), and a slot that it does not name is not read; a bucket is one more true checkpoint (2), of a
//! commit before the seal, and at least as new as the one that it replaces. The successor finds a conflict when it
//! comes to write the part, and writes over it. A conflict is never settled by overwriting blindly: the part is read,
//! *then* the head, and only while the head is ours is the part ours to write. An old holder that wakes up there
//! learns that it is fenced.
//!
//! **What is out of our hands.** Someone deletes or edits parts, or etcd is restored from a copy. A running holder has
//! everything in memory and writes it anew, in a term above all that it has seen; until that is done a crash loses what
//! was lost. A starting one uses what is whole, keeps what is not under another name, and says so. Every part carries
//! the `origin` of its life, so that buckets from before a deleted head are not taken for ours.

mod caretaker;
mod checkpoint;
mod codec;
mod commit;
mod errand;
mod flight;
mod fold;
mod head;
mod interface;
mod judge;
mod machine;
mod outbox;
mod part;
mod peruse;
mod recover;
mod tail;
mod take;

pub(crate) use caretaker::{Edit, HeadSeen, edited, emptied, seen};
pub(crate) use interface::{Accord, Next, Step};
pub use interface::{Claim, EntryKey, Layout, LedgerEffect, LedgerNews, Pace, Seq, Sizes};
pub use machine::Ledger;
pub use part::{Content, Part, PartWrite, Refusal, StoreTrouble, Version};
pub(crate) use peruse::{Perusal, Perused};

#[cfg(test)]
mod tests;
