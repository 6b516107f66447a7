//! For tests of what a pause does: `ALERTKUBE_TEST_STOP_AT=POINT:N` stops this process, as SIGSTOP does, the N-th time
//! that it passes a point. Unset, which is always so outside of those tests, passing a point costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::env::Environment;

/// Where to stop, and how often that is passed before.
struct Stop {
    point: String,
    left: AtomicU32,
}

static STOP: OnceLock<Stop> = OnceLock::new();

/// The points there are.
const POINTS: [&str; 6] = ["commit", "committed", "send", "reply", "renew", "seal"];

/// Reads the variable, once, at the start.
///
/// # Errors
/// A point that does not exist, or no count.
pub(crate) fn arm(environment: &Environment) -> Result<(), String> {
    let Some(text) = environment.get("ALERTKUBE_TEST_STOP_AT").filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let parsed = text.split_once(':').and_then(|(point, count)| Some((point, count.parse::<u32>().ok()?)));
    match parsed {
        Some((point, count)) if POINTS.contains(&point) && count > 0 => {
            let _first = STOP.set(Stop { point: point.to_owned(), left: AtomicU32::new(count) });
            Ok(())
        }
        _ => Err(format!(
            "ALERTKUBE_TEST_STOP_AT: found `{text}` (expected POINT:N, N from 1, POINT one of {})",
            POINTS.join(", ")
        )),
    }
}

/// Passes a point; it may take as long as somebody likes.
pub(crate) fn pass(point: &str) {
    let Some(stop) = STOP.get().filter(|stop| stop.point == point) else { return };
    if stop.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) == Ok(1) {
        // A process may always signal itself.
        let _sent = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_that_does_not_exist_is_refused() {
        let environment = Environment::of([("ALERTKUBE_TEST_STOP_AT", "lunch:1")]);
        let refused = arm(&environment).expect_err("no such point");
        assert!(refused.contains("lunch:1") && refused.contains("committed"), "{refused}");
        assert_eq!(arm(&Environment::default()), Ok(()));
    }
}
