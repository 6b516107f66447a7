//! What the course of shards is held against.

use super::{Found, NAMED};
use crate::prove::limits::{ENDED_MIN, PAUSE_SECONDS_MAX};
use crate::prove::verdict::Figure;
use crate::seats::Ledger;

pub(super) fn figures(found: &Found) -> Vec<Figure> {
    let tally = &found.tally;
    vec![
        Figure::told("faults made", found.faults),
        Figure::at_least(
            "of these, ended while the number of shards changed",
            found.ended as f64,
            ENDED_MIN,
            "",
        ),
        Figure::exactly(
            format!("of {NAMED} pods, told by another shard than the formula's"),
            found.misplaced,
            0,
        ),
        Figure::exactly("told by more than one process", found.shared, 0),
        Figure::exactly("shards that told them", found.shards, 3),
        Figure::exactly("targets told while a source of the inhibition stood", found.early, 0),
        Figure::at_least("shards that a source of another one held", found.crossed as f64, 1.0, ""),
        Figure::exactly("faults missed", tally.missed.len(), 0),
        Figure::exactly("told twice at the plain receiver", tally.doubled(Ledger::Plain), 0),
        Figure::exactly("told twice at the keyed receiver", tally.doubled(Ledger::Keyed), 0),
        Figure::exactly("ends that a told sink did not hear of", tally.endless.len(), 0),
        Figure::exactly("told to be over while standing", tally.untrue.len(), 0),
        Figure::exactly("told to a sink that it is not for", tally.astray.len(), 0),
        Figure::exactly("incidents open at the end", tally.open.len() + found.unsettled, 0),
        Figure::exactly("messages about anything else", tally.strays.len(), 0),
        Figure::at_most("telling paused for a change, at most", found.pause, PAUSE_SECONDS_MAX, "s"),
        Figure::told("state objects of shards that are no more", found.objects),
        Figure::exactly("of these, not emptied and given back", found.orphans.len(), 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::Tally;

    fn found() -> Found {
        Found {
            tally: Tally::default(),
            faults: 9,
            ended: 99,
            misplaced: 0,
            shared: 0,
            shards: 3,
            early: 0,
            crossed: 2,
            changes: Vec::new(),
            pause: 2.0,
            unsettled: 0,
            orphans: Vec::new(),
            objects: 4,
        }
    }

    fn red(found: &Found) -> usize {
        figures(found).iter().filter(|figure| !figure.holds).count()
    }

    #[test]
    fn a_wrong_shard_a_leak_a_loss_and_an_orphan_are_red() {
        assert_eq!(red(&found()), 0);
        assert_eq!(red(&Found { misplaced: 1, shared: 1, ..found() }), 2);
        assert_eq!(red(&Found { early: 1, crossed: 0, ..found() }), 2);
        assert_eq!(red(&Found { unsettled: 1, orphans: vec!["x".to_owned()], ..found() }), 2);
        assert_eq!(red(&Found { pause: 60.0, ended: 0, ..found() }), 2);
    }
}
