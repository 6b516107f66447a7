//! Stage 11, store: what outlives a process. Facts about alerts ([`facts`]) are laid down in a seat's [`ledger`], which
//! commits them before a request leaves and after it is answered.

pub(crate) mod facts;
pub(crate) mod ledger;
pub(crate) mod reference;
pub(crate) mod share;

/// Names one write, so that its outcome can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);
