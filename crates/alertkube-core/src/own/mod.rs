//! Stage 8, own: which seat decides, remembers and tells. The layout that it is cut by is agreed upon
//! by the replicas themselves (`replica/layout`).

mod lease;

use alertkube_lang::fnv32a;

use crate::alert::Subject;

pub use lease::{
    Candidate, Election, LeaseEffect, LeaseInput, LeaseNews, LeaseRecord, LeaseTrouble, LostLease,
};

/// A seat: one share of the subjects, and the state that belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(pub u32);

/// The kind that alerts about ourselves name.
pub(crate) const OWN_KIND: &str = "Alertkube";

/// Whether an alert about ourselves belongs to the seat that told it, whatever its subject.
pub(crate) fn stays(kind: &str, reason: &str) -> bool {
    kind == OWN_KIND && matches!(reason, "AlertStateNotSaved" | "ShardUncovered" | "ShardDoubled")
}

/// The number of a subject that decides its seat.
pub(crate) fn subject_number(kind: &str, namespace: &str, name: &str) -> u32 {
    fnv32a(format!("{kind}/{namespace}/{name}").as_bytes())
}

/// The seat of a subject among `total`: `fnv32a("kind/namespace/name") mod total`.
pub(crate) fn seat_of(subject: &Subject, total: u32) -> SeatId {
    SeatId(subject_number(subject.kind, &subject.namespace, &subject.name) % total.max(1))
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
