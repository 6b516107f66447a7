//! Leader election on a Lease, with client-go's rules: who may hold a seat, as a machine that is told the time and
//! what the API server says, and answers with what to ask of it next.
//!
//! A remote clock is never judged. What counts is the boot instant *here* at which the Lease was last seen to change;
//! the holder stops a renew deadline after the *start* of its last renewal that went well. Since the duration is half
//! as long again as that deadline, at most one candidate believes to hold it, as long as no clock runs more than half
//! as fast again as another.

mod dice;
mod election;
mod limits;
mod news;
mod outcome;
mod record;
mod steps;
mod watching;

pub use election::{Election, LeaseEffect, LeaseInput, LeaseTrouble};
pub use news::{LeaseNews, LostLease};
pub use record::{Candidate, LeaseRecord};

#[cfg(test)]
mod many;
#[cfg(test)]
mod tests;
