//! Waiting for whoever has the seat: for the outcome of an attempt of its, or for its end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Step, Taking};
use crate::limits::{
    LEDGER_ELECTED_POLL, LEDGER_ELECTED_WATCH, LEDGER_SETTLE_MAX, LEDGER_SETTLE_POLL, LEDGER_SETTLE_STILL,
};
use crate::store::facts::is_on_its_way;
use crate::store::ledger::codec::Record;
use crate::store::ledger::head::Head;
use crate::store::ledger::interface::LedgerNews;
use crate::store::ledger::outbox::Outbox;
use crate::store::ledger::part::{Content, Part, StoreTrouble, Version};

impl Taking {
    /// Since when a head is seen to stand unchanged.
    fn still_since(&mut self, now: Duration, version: &Version) -> Duration {
        let since = match &self.watched {
            Some((seen, since)) if seen == version => *since,
            _ => now,
        };
        self.watched = Some((version.clone(), since));
        since
    }

    /// Whether a holder that may live has had its time to write down what became of its attempts. Once it is fenced it
    /// cannot, and each of them is in doubt and said again. A head that is sealed between two attempts leaves no doubt:
    /// what was not committed has not left.
    pub(super) fn has_let_settle(&mut self, now: Duration, version: &Version) -> bool {
        let still = self.still_since(now, version) + LEDGER_SETTLE_STILL;
        let until = still.min(*self.unsettled.get_or_insert(now) + LEDGER_SETTLE_MAX);
        if now >= until {
            return true;
        }
        self.step = Step::Resting(until.min(now + LEDGER_SETTLE_POLL));
        false
    }

    /// Whether an elected holder's head has stood unchanged for long enough, with the question in it whether it lives:
    /// one that has nothing to say writes nothing of itself.
    pub(super) fn has_waited(
        &mut self,
        now: Duration,
        head: &Head,
        (content, version): (&Content, &Version),
        out: &mut Outbox,
    ) -> bool {
        let since = self.still_since(now, version);
        let until = since + LEDGER_ELECTED_WATCH;
        if now >= until {
            return true;
        }
        let said_else = out.heard() | self.said_unreadable.take().is_some();
        if !std::mem::replace(&mut self.said_waiting, true) || said_else {
            out.say(LedgerNews::Waiting { holder: head.holder.clone(), until });
        }
        // What moves by itself is not asked.
        self.step = if head.waits.is_none() && now >= since + LEDGER_ELECTED_POLL {
            let mut asks = Head { waits: Some(self.claim.holder.clone()), ..head.clone() };
            Step::Noting(out.write(Part::Head, asks.content(content.body.clone()), Some(version.clone())))
        } else {
            Step::Resting(until.min(now + LEDGER_ELECTED_POLL))
        };
        false
    }

    /// What became of the question: once it is asked the holder has its time to answer. Where it cannot be written the head
    /// is watched as it is.
    pub(super) fn noted(&mut self, now: Duration, result: Result<Version, StoreTrouble>) {
        if let Ok(version) = result {
            self.watched = Some((version, now));
        }
        self.step = Step::Resting(now + LEDGER_ELECTED_POLL);
    }
}

/// Whether the last that the journal's tail says of some message is that it is on its way.
pub(super) fn is_unsettled(records: &[Record]) -> bool {
    let mut last = BTreeMap::new();
    for (key, value) in records.iter().flat_map(|record| &record.facts) {
        last.insert(key, value.as_deref());
    }
    last.into_iter().any(|(key, value)| value.is_some_and(|value| is_on_its_way(key, value)))
}
