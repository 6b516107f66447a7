//! How often the replica may panic before the process ends.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{PANICS_MAX, PANICS_WITHIN};

/// When the replica panicked lately.
#[derive(Debug, Default)]
pub(crate) struct Panics(VecDeque<Duration>);

impl Panics {
    /// Notes a panic at that boot instant; true when too many came within the limit.
    pub(crate) fn one_too_many(&mut self, now: Duration) -> bool {
        self.0.retain(|at| now.saturating_sub(*at) < PANICS_WITHIN);
        self.0.push_back(now);
        self.0.len() >= PANICS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_a_minute_are_too_many() {
        let after = |seconds: &[u64]| {
            let mut panics = Panics::default();
            seconds.iter().map(|at| panics.one_too_many(Duration::from_secs(*at))).collect::<Vec<_>>()
        };
        assert_eq!(after(&[0, 30, 59]), [false, false, true]);
        assert_eq!(after(&[0, 30, 60, 91, 100]), [false, false, false, false, true]);
    }
}
