//! The one caller of system clocks: calendar time, boot time, and waiting, all on one scale.

use std::time::Duration;

use alertkube_core::Now;
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
        let boot = self.origin.boot + now.boot.saturating_sub(self.origin.boot).mul_f64(self.scale);
        let since = now.wall.duration_since(self.origin.wall).as_secs_f64() * self.scale;
        let since = jiff::SignedDuration::try_from_secs_f64(since).unwrap_or_default();
        Now { wall: self.origin.wall.saturating_add(since).unwrap_or(now.wall), boot }
    }

    /// Waits until a boot instant of this clock.
    pub(crate) async fn sleep_until(&self, boot: Duration) {
        let left = boot.saturating_sub(self.now().boot).div_f64(self.scale);
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

#[expect(clippy::disallowed_methods, reason = "the one place that waits")]
async fn sleep(left: Duration) {
    tokio::time::sleep(left).await;
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the calendar")]
fn system() -> Now {
    let boot = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(boot.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(boot.tv_nsec).unwrap_or(0);
    Now { wall: Timestamp::now(), boot: Duration::new(seconds, nanos) }
}

#[cfg(test)]
mod tests {
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
}
