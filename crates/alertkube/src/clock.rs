//! The one caller of system clocks: calendar time, boot time, and waiting, all on one scale.

use std::pin::Pin;
use std::time::Duration;

use alertkube_core::{Now, Stamp};
use futures::future::BoxFuture;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// A clock that may run faster than the world's: the demo's minutes pass in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    scale: f64,
    origin: Now,
}

impl Clock {
    /// The system's own time.
    pub(crate) fn real() -> Clock {
        Clock::scaled(1.0)
    }

    /// Time that runs `scale` times as fast from now on.
    pub(crate) fn scaled(scale: f64) -> Clock {
        Clock { scale, origin: system() }
    }

    /// Now, on this clock.
    pub(crate) fn now(&self) -> Now {
        let now = system();
        if self.is_real() {
            return now;
        }
        let boot = self.scaled_boot(now.boot);
        let since = now.wall.duration_since(self.origin.wall).as_secs_f64() * self.scale;
        let since = jiff::SignedDuration::try_from_secs_f64(since).unwrap_or_default();
        Now { wall: self.origin.wall.saturating_add(since).unwrap_or(now.wall), boot }
    }

    /// The boot instant of now, for half of what [`Clock::now`] costs.
    pub(crate) fn boot(&self) -> Duration {
        if self.is_real() { system_boot() } else { self.scaled_boot(system_boot()) }
    }

    fn scaled_boot(&self, boot: Duration) -> Duration {
        self.origin.boot + boot.saturating_sub(self.origin.boot).mul_f64(self.scale)
    }

    /// Waits until a boot instant of this clock.
    pub(crate) async fn sleep_until(&self, boot: Duration) {
        let left = boot.saturating_sub(self.boot()).div_f64(self.scale);
        if !left.is_zero() {
            sleep(left).await;
        }
    }

    /// How long a span of this clock takes in the world.
    pub(crate) fn in_world(&self, span: Duration) -> Duration {
        span.div_f64(self.scale)
    }

    fn is_real(&self) -> bool {
        (self.scale - 1.0).abs() < f64::EPSILON
    }
}

impl alertkube_sim::Clock for Clock {
    fn now(&self) -> Stamp {
        Clock::now(self).stamp()
    }

    fn sleep_until(&self, at: Stamp) -> BoxFuture<'_, ()> {
        let boot = Clock::now(self).boot_at(at);
        Box::pin(Clock::sleep_until(self, boot))
    }
}

/// A wait that is taken up again and again with a later end, at no cost: it still ends when it first was to, and whoever
/// waits looks at the clock and takes it up once more. A timer of its own for each event would cost more than handing
/// the event over.
pub(crate) struct Alarm {
    clock: Clock,
    set: Option<(Duration, Sleeping)>,
}

type Sleeping = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Alarm {
    /// An alarm by this clock, not yet set.
    pub(crate) fn new(clock: Clock) -> Alarm {
        Alarm { clock, set: None }
    }

    /// Waits until a boot instant, or less. May be dropped and called again.
    pub(crate) async fn rings_by(&mut self, boot: Duration) {
        let clock = self.clock;
        let (_, sleeping) = match self.set.take() {
            Some(set) if set.0 <= boot => self.set.insert(set),
            _ => self.set.insert((boot, Box::pin(async move { clock.sleep_until(boot).await }))),
        };
        sleeping.await;
        self.set = None;
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that waits")]
async fn sleep(left: Duration) {
    tokio::time::sleep(left).await;
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the calendar")]
fn system() -> Now {
    Now { wall: Timestamp::now(), boot: system_boot() }
}

fn system_boot() -> Duration {
    let boot = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(boot.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(boot.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_scaled_clock_runs_ahead_on_both_faces() {
        let clock = Clock::scaled(1_000_000.0);
        let first = clock.now();
        while clock.now().boot < first.boot + Duration::from_secs(10) {
            std::hint::spin_loop();
        }
        let passed = clock.now().wall.duration_since(first.wall);
        assert!(passed.as_secs() >= 9, "{passed}");
        assert_eq!(clock.in_world(Duration::from_secs(1_000_000)), Duration::from_secs(1));
    }

    #[tokio::test]
    async fn an_alarm_rings_by_the_earliest_instant_that_was_asked_for_and_then_anew() {
        let clock = Clock::scaled(1_000.0);
        let mut alarm = Alarm::new(clock);
        let begun = clock.now().boot;
        let after = |seconds| begun + Duration::from_secs(seconds);
        for seconds in [5_000_000, 20, 5_000_000] {
            assert!(alarm.rings_by(after(seconds)).now_or_never().is_none(), "{seconds}");
        }
        alarm.rings_by(after(5_000_000)).await;
        let rang = clock.now().boot;
        assert!(rang >= after(20) && rang < after(5_000_000));
        assert!(alarm.rings_by(after(5_000_000)).now_or_never().is_none(), "it was set anew");
        alarm.rings_by(rang).await;
    }
}
