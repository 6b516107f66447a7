//! An elected holder looks at its head while it has nothing to commit.

use std::time::Duration;

use super::Open;
use crate::limits::LEDGER_ELECTED_LOOK;
use crate::store::ledger::outbox::Outbox;

/// When the head is looked at next, and the number of the last such reading.
pub(super) struct Look {
    at: Duration,
    number: Option<u64>,
}

impl Look {
    pub(super) fn after(now: Duration) -> Look {
        Look { at: now + LEDGER_ELECTED_LOOK, number: None }
    }

    /// The answer to a commit that began then has told as much.
    pub(super) fn put_off(&mut self, began: Duration) {
        self.at = self.at.max(began + LEDGER_ELECTED_LOOK);
    }
}

impl Open {
    /// An elected holder writes only what it has to say; whether somebody waits for it to be gone, or has sealed its seat,
    /// it learns from the head.
    pub(super) fn look_due(&self) -> Option<Duration> {
        (self.claim.elected && self.closing.is_none() && self.flight.is_none()).then_some(self.look.at)
    }

    /// Whether a reading is but a look: no harm is done if it fails.
    pub(in crate::store::ledger) fn is_look(&self, number: u64) -> bool {
        self.look.number == Some(number)
    }

    /// Looks at the head if it is time.
    pub(super) fn look(&mut self, now: Duration, out: &mut Outbox) {
        if self.look_due().is_some_and(|at| at <= now) {
            self.look = Look { number: Some(out.ask_head()), ..Look::after(now) };
        }
    }
}
