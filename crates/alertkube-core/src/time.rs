//! Time as the core knows it: an argument, never a question.

use std::time::Duration;

use jiff::Timestamp;

/// The instant at which something is handled, on both clocks.
///
/// Every duration inside the process (deadlines, retries, buckets, breakers) is measured on `boot`; everything
/// that is stored, shown or compared with an object's own time stamps is measured on `wall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Calendar time; it may step either way.
    pub wall: Timestamp,
    /// `CLOCK_BOOTTIME`: it never falls and it counts suspend.
    pub boot: Duration,
}

impl Now {
    /// The boot instant that corresponds to the wall instant `at`; the past is clamped to now.
    pub fn boot_at(&self, at: Stamp) -> Duration {
        let ahead = at.millis().saturating_sub(Stamp::from(self.wall).millis());
        self.boot + Duration::from_millis(u64::try_from(ahead).unwrap_or(0))
    }

    /// The wall instant of now, as a stamp.
    pub fn stamp(&self) -> Stamp {
        Stamp::from(self.wall)
    }
}

/// A wall instant in milliseconds since the Unix epoch: what views and stored records keep.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Stamp(i64);

impl Stamp {
    /// A stamp from whole seconds since the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Stamp {
        Stamp(seconds.saturating_mul(1000))
    }

    /// A stamp from milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Stamp {
        Stamp(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant and a duration later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Stamp {
        Stamp(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was, zero when it was not.
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 text, as `metav1.Time` and `metav1.MicroTime` are written.
    pub fn parse(text: &str) -> Option<Stamp> {
        text.parse::<Timestamp>().ok().map(Stamp::from)
    }

    /// The instant as a calendar time stamp; out of range is clamped.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

impl From<Timestamp> for Stamp {
    fn from(at: Timestamp) -> Stamp {
        Stamp(at.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_instant_ahead_is_as_far_ahead_on_the_boot_clock() {
        let now = Now { wall: Stamp::from_seconds(1000).timestamp(), boot: Duration::from_secs(5) };
        assert_eq!(now.boot_at(Stamp::from_seconds(1030)), Duration::from_secs(35));
        assert_eq!(now.boot_at(Stamp::from_seconds(10)), Duration::from_secs(5));
    }

    #[test]
    fn kubernetes_times_parse_with_and_without_fractions() {
        let whole = Stamp::parse("2026-11-23T04:05:08Z").expect("seconds");
        let micro = Stamp::parse("2026-11-23T04:05:08.500000Z").expect("micros");
        assert_eq!(micro.since(whole), Duration::from_millis(500));
        assert_eq!(Stamp::parse("soon"), None);
    }
}
