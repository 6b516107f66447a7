//! Stage 8, own: which seat decides, remembers and tells. One seat until sharding comes; the formula is the final one.

mod lease;

use alertkube_lang::fnv32a;

use crate::alert::Subject;

pub use lease::{
    Candidate, Election, LeaseEffect, LeaseInput, LeaseNews, LeaseRecord, LeaseTrouble, LostLease,
};

/// A seat: one share of the subjects, and the state that belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(pub u32);

/// The seat of a subject among `total`: `fnv32a("kind/namespace/name") mod total`.
pub(crate) fn seat_of(subject: &Subject, total: u32) -> SeatId {
    let text = format!("{}/{}/{}", subject.kind, subject.namespace, subject.name);
    SeatId(fnv32a(text.as_bytes()) % total.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &'static str, namespace: &str, name: &str, seat: u32) {
        let subject = Subject { kind, namespace: namespace.into(), name: name.into(), ..Subject::default() };
        assert_eq!(seat_of(&subject, 3), SeatId(seat), "{kind}/{namespace}/{name}");
        assert_eq!(seat_of(&subject, 1), SeatId(0));
    }

    #[test]
    fn the_vectors_of_the_reference_hold() {
        check("Pod", "default", "web-0", 1);
        check("Node", "", "node-a", 2);
        check("Deployment", "prod", "api", 0);
    }
}
