//! Waiting for what replicas do: looked for again and again, and not for ever.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::limits::LOOK_EVERY;

/// Looks until there is something, at least once and at most for so long; none when nothing came.
pub(super) fn within<T>(at_most: Duration, mut seen: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let start = Instant::now();
    loop {
        let found = seen()?;
        if found.is_some() || start.elapsed() >= at_most {
            return Ok(found);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Waits until nothing is left, at most for so long; what is left then.
pub(super) fn none_left(at_most: Duration, mut left: impl FnMut() -> Result<usize>) -> Result<usize> {
    let mut last = 0;
    within(at_most, || {
        last = left()?;
        Ok((last == 0).then_some(()))
    })?;
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_waited_for_and_what_does_not_is_given_up() {
        let mut looks = 0;
        let found = within(Duration::MAX, || {
            looks += 1;
            Ok((looks == 2).then_some(looks))
        });
        assert_eq!(found.expect("nothing fails"), Some(2));
        assert_eq!(within(Duration::ZERO, || Ok(None::<()>)).expect("nothing fails"), None);
        assert_eq!(none_left(Duration::ZERO, || Ok(3)).expect("nothing fails"), 3);
    }
}
