//! The clocks of one machine: how fast they run, where they stand, and what happens to them.

use std::time::Duration;

use alertkube_core::{Now, Stamp};

use super::dice::Dice;

/// An instant of the world's own clock, in microseconds.
pub(super) type At = u64;

/// A second of it.
pub(super) const SECOND: At = 1_000_000;

/// A millisecond of it.
pub(super) const MILLI: At = 1_000;

/// Wall time of the world's instant zero.
pub(super) const START: Stamp = Stamp::from_seconds(1_790_000_000);

/// The calendar of the cluster itself: what objects are stamped with.
pub(super) fn stamp(at: At) -> Stamp {
    START.plus(Duration::from_micros(at))
}

/// The clocks of one machine.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Thousandths of the world's rate.
    pub(super) rate: u64,
    /// What the boot clock shows at the world's instant zero.
    pub(super) offset: Duration,
    /// Milliseconds by which the calendar is off.
    pub(super) step: i64,
    /// For how long the machine stood still, so that its clocks did too.
    pub(super) frozen: At,
}

impl Clock {
    /// The clocks of another machine, whose rate is one of these.
    pub(super) fn drawn(dice: &mut Dice, rates: (u64, u64)) -> Clock {
        Clock {
            rate: dice.between(rates.0, rates.1),
            offset: Duration::from_secs(dice.between(100, 1_000_000)),
            step: i64::try_from(dice.below(400)).unwrap_or(0) - 200,
            frozen: 0,
        }
    }

    pub(super) fn now(&self, at: At) -> Now {
        let run = self.run(at);
        let millis = START.millis() + i64::try_from(run.as_millis()).unwrap_or(i64::MAX) + self.step;
        Now { wall: Stamp::from_millis(millis).timestamp(), boot: self.offset + run }
    }

    pub(super) fn boot(&self, at: At) -> Duration {
        self.offset + self.run(at)
    }

    fn run(&self, at: At) -> Duration {
        Duration::from_nanos(at.saturating_sub(self.frozen) * self.rate)
    }

    /// The world's instant at which the boot clock shows this.
    pub(super) fn at(&self, boot: Duration) -> At {
        let nanos = u64::try_from(boot.saturating_sub(self.offset).as_nanos()).unwrap_or(u64::MAX / 2);
        nanos.div_ceil(self.rate).saturating_add(self.frozen)
    }

    /// How long a span of this machine takes in the world.
    pub(super) fn span(&self, span: Duration) -> At {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX / 2);
        nanos.div_ceil(self.rate)
    }

    /// The machine stood still for a while. A guest whose calendar is set right afterwards sees it step.
    pub(super) fn froze(&mut self, span: At, corrected: bool) {
        self.frozen += span;
        if corrected {
            self.step += i64::try_from(span / MILLI).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_of_the_boot_clock_is_found_again_on_the_worlds() {
        for rate in [840, 1000, 1200] {
            let mut clock = Clock { rate, offset: Duration::from_secs(77), step: 0, frozen: 0 };
            clock.froze(3 * SECOND, false);
            for at in [10 * SECOND, 17_777_777, 400 * SECOND] {
                let found = clock.at(clock.boot(at));
                assert!(found.abs_diff(at) <= 1, "{rate}: {at} became {found}");
                assert!(clock.boot(found) >= clock.boot(at), "nothing is woken too early");
            }
        }
    }
}
