//! The names of state objects: a fixed list, so that a Role can name them.

use alertkube_api::Shard;
use alertkube_core::Part;

/// What the names of a shard's objects begin with. It is also the name of the Go program's own object: its sharded
/// name was the default with the index behind it, or a configured one that had to end in the index already.
pub(super) fn prefix(configured: &str, shard: Shard) -> String {
    let ending = format!("-{}", shard.index);
    match shard.total > 1 && !configured.ends_with(&ending) {
        true => format!("{configured}{ending}"),
        false => configured.to_owned(),
    }
}

/// `<prefix>-<part>`
pub(super) fn part(prefix: &str, part: Part) -> String {
    format!("{prefix}-{}", part.suffix())
}

/// `<prefix>-lost-<part>`: what was there and could not be used.
pub(super) fn lost(prefix: &str, part: Part) -> String {
    format!("{prefix}-lost-{}", part.suffix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_adds_its_index_once() {
        let of = |configured, index, total| prefix(configured, Shard { index, total });
        assert_eq!(of("alertkube-state", 0, 1), "alertkube-state");
        assert_eq!(of("alertkube-state", 2, 3), "alertkube-state-2");
        assert_eq!(of("alertkube-state-2", 2, 3), "alertkube-state-2");
        assert_eq!(of("alertkube-state-12", 2, 3), "alertkube-state-12-2");
        assert_eq!(of("alertkube-state-0", 0, 1), "alertkube-state-0");
        assert_eq!(prefix("a", Shard::WHOLE), "a");
    }

    #[test]
    fn parts_have_their_endings() {
        assert_eq!(part("a-1", Part::Head), "a-1-head");
        assert_eq!(part("a", Part::Segment(0)), "a-j00");
        assert_eq!(lost("a", Part::Bucket(0)), "a-lost-b00");
    }
}
