//! The names of state objects: a fixed list, so that a Role can name them.

use alertkube_api::Shard;
use alertkube_core::Part;

use super::limits::SHARDS_NAMED;

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

/// Every name that an object of ours may have: of that shard, or without one of all, the one seat's included.
pub(crate) fn every(configured: &str, shard: Option<Shard>) -> Vec<String> {
    let shards = (0..SHARDS_NAMED).map(|index| Shard { index, total: SHARDS_NAMED });
    let all = std::iter::once(Shard::WHOLE).chain(shards);
    let of = |shard: Shard| prefix(configured, shard);
    let mut prefixes: Vec<String> = shard.map_or_else(|| all.map(of).collect(), |shard| vec![of(shard)]);
    prefixes.dedup();
    let parts = |prefix: &String| -> Vec<String> {
        Part::all().flat_map(|of| [part(prefix, of), lost(prefix, of)]).collect()
    };
    prefixes.iter().flat_map(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_those_of_all_shards_or_of_one() {
        let (all, one) = (every("a", None), every("a", Some(Shard { index: 2, total: 3 })));
        for name in ["a-head", "a-lost-b31", "a-0-head", "a-15-j00"] {
            assert!(all.iter().any(|known| known == name), "{name}");
        }
        assert!(one.iter().all(|name| name.starts_with("a-2-")) && one.contains(&"a-2-head".to_owned()));
        assert_eq!(all.len(), one.len() * 17);
    }

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
