//! Which share of the objects this process serves: `ALERTKUBE_SHARD_TOTAL` and `ALERTKUBE_SHARD_INDEX`.

use crate::limits::MAX_SHARDS;
use crate::outside::{Outside, variable};
use crate::problems::{Problems, says};
use crate::schema::Scalar;

/// One shard among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 0; below `total`.
    pub index: u32,
    /// How many there are; 1 without sharding.
    pub total: u32,
}

impl Shard {
    /// The only one.
    pub const WHOLE: Shard = Shard { index: 0, total: 1 };
}

const TOTAL: &str = "ALERTKUBE_SHARD_TOTAL";
const INDEX: &str = "ALERTKUBE_SHARD_INDEX";
const POD: &str = "POD_NAME";

/// Reads both; without an index, the ordinal of a StatefulSet's pod counts, modulo the total.
pub(crate) fn shard(outside: &dyn Outside, problems: &mut Problems) -> Shard {
    let total = number(variable(outside, TOTAL, problems)).unwrap_or(1);
    let given = outside.var(INDEX).is_some_and(|text| !text.is_empty());
    let index = number(variable(outside, INDEX, problems));
    if total <= 1 {
        return Shard::WHOLE;
    }
    if total > MAX_SHARDS {
        problems
            .add_variable(TOTAL, says(format!("found {total}")).expected(format!("at most {MAX_SHARDS}")));
        return Shard::WHOLE;
    }
    let pod = outside.var(POD).unwrap_or_default();
    match index.or_else(|| ordinal(&pod).filter(|_| !given).map(|ordinal| ordinal % total)) {
        Some(index) if index < total => return Shard { index, total },
        Some(index) => {
            let expected = format!("below {TOTAL}, which is {total}");
            problems.add_variable(INDEX, says(format!("found {index}")).expected(expected));
        }
        None if given => {}
        None => {
            let why =
                format!("not set, and {POD} `{pod}` does not end in the ordinal of a StatefulSet's pod");
            let expected = format!("0 to {} for {TOTAL}={total}, another one for each replica", total - 1);
            problems.add_variable(INDEX, says(why).expected(expected));
        }
    }
    Shard::WHOLE
}

fn number(value: Option<Scalar>) -> Option<u32> {
    match value {
        Some(Scalar::Whole(number)) => u32::try_from(number).ok(),
        _ => None,
    }
}

/// `alertkube-2` is the third pod of a StatefulSet.
fn ordinal(pod: &str) -> Option<u32> {
    let (name, digits) = pod.rsplit_once('-')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain && !name.is_empty())
}
