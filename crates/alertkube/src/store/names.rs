//! The names of state objects: a fixed list, so that a Role can name them.

use alertkube_api::Shard;
use alertkube_core::Part;

use super::limits::SHARDS_NAMED;

/// The name that all shards share: a configured one that ends in the shard's own index stands for the one without it.
pub(super) fn base(configured: &str, shard: Shard) -> &str {
    let own = configured.strip_suffix(&format!("-{}", shard.index));
    own.filter(|base| shard.total > 1 && !base.is_empty()).unwrap_or(configured)
}

/// What the names of a seat's objects begin with. Those of seat 0 are the same for every number of shards, so that the
/// layout in its head is found whatever that number is.
pub(super) fn prefix(base: &str, seat: u32) -> String {
    if seat == 0 { base.to_owned() } else { format!("{base}-{seat}") }
}

/// The name of the Go program's object: its sharded name was the default with the index behind it, or a configured one
/// that had to end in the index already.
pub(super) fn reference(configured: &str, shard: Shard) -> String {
    match shard.total > 1 {
        true => format!("{}-{}", base(configured, shard), shard.index),
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
    let prefixes: Vec<String> = match shard {
        Some(shard) => vec![prefix(base(configured, shard), shard.index)],
        None => (0..SHARDS_NAMED).map(|seat| prefix(configured, seat)).collect(),
    };
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
        for name in ["a-head", "a-lost-b31", "a-1-head", "a-15-j00"] {
            assert!(all.iter().any(|known| known == name), "{name}");
        }
        assert!(one.iter().all(|name| name.starts_with("a-2-")) && one.contains(&"a-2-head".to_owned()));
        assert_eq!(all.len(), one.len() * 16);
    }

    #[test]
    fn a_shard_adds_its_index_once() {
        let of = |configured: &str, index, total| {
            let shard = Shard { index, total };
            (prefix(base(configured, shard), index), reference(configured, shard))
        };
        let both = |name: &str| (name.to_owned(), name.to_owned());
        assert_eq!(of("alertkube-state", 0, 1), both("alertkube-state"));
        assert_eq!(of("alertkube-state", 2, 3), both("alertkube-state-2"));
        assert_eq!(of("alertkube-state-2", 2, 3), both("alertkube-state-2"));
        assert_eq!(of("alertkube-state-12", 2, 3), both("alertkube-state-12-2"));
        assert_eq!(of("alertkube-state-0", 0, 1), both("alertkube-state-0"));
        let zero = ("alertkube-state".to_owned(), "alertkube-state-0".to_owned());
        assert_eq!(of("alertkube-state", 0, 3), zero);
        assert_eq!(of("alertkube-state-0", 0, 3), zero);
        assert_eq!(of("a", 0, 1), both("a"));
    }

    #[test]
    fn parts_have_their_endings() {
        assert_eq!(part("a-1", Part::Head), "a-1-head");
        assert_eq!(part("a", Part::Segment(0)), "a-j00");
        assert_eq!(lost("a", Part::Bucket(0)), "a-lost-b00");
    }
}
