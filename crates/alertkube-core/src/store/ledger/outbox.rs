//! What leaves a ledger: effects in order, ids of writes, at most one reading of the head at a time, and news that
//! are said once.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::interface::{LedgerEffect, LedgerNews};
use super::part::{Content, Part, PartWrite, Refusal, Version};
use crate::limits::{LEDGER_RETRY_BASE, LEDGER_RETRY_MAX};
use crate::store::WriteId;

#[derive(Default)]
pub(super) struct Outbox {
    effects: VecDeque<LedgerEffect>,
    writes: u64,
    /// The number of the last reading of the head, whether it is on its way, and whether another must follow.
    reading: u64,
    is_reading: bool,
    again: bool,
    refused: BTreeSet<Part>,
    unreachable: bool,
    seed: u64,
}

impl Outbox {
    pub(super) fn new(seed: u64) -> Outbox {
        Outbox { seed, ..Outbox::default() }
    }

    pub(super) fn poll(&mut self) -> Option<LedgerEffect> {
        self.effects.pop_front()
    }

    pub(super) fn say(&mut self, news: LedgerNews) {
        self.effects.push_back(LedgerEffect::News(news));
    }

    pub(super) fn read(&mut self, parts: Vec<Part>) {
        self.effects.push_back(LedgerEffect::Read(parts));
    }

    pub(super) fn write(&mut self, part: Part, content: Content, expect: Option<Version>) -> WriteId {
        let id = self.id();
        self.effects.push_back(LedgerEffect::Write(id, PartWrite { part, content, expect }));
        id
    }

    pub(super) fn set_aside(&mut self, part: Part, content: Content) -> WriteId {
        let id = self.id();
        self.effects.push_back(LedgerEffect::SetAside(id, part, content));
        id
    }

    fn id(&mut self) -> WriteId {
        self.writes += 1;
        WriteId(self.writes)
    }

    /// Asks for the head as it is from now on; the number of the reading that will show it.
    pub(super) fn ask_head(&mut self) -> u64 {
        if self.is_reading {
            self.again = true;
            return self.reading + 1;
        }
        self.reading += 1;
        self.is_reading = true;
        self.read(vec![Part::Head]);
        self.reading
    }

    /// A reading of the head is here; its number.
    pub(super) fn head_came(&mut self) -> u64 {
        let number = self.reading;
        self.is_reading = false;
        if std::mem::take(&mut self.again) {
            self.ask_head();
        }
        number
    }

    /// Nothing but what is said already leaves any more.
    pub(super) fn shut(&mut self) {
        self.effects.retain(|effect| matches!(effect, LedgerEffect::News(_)));
    }

    pub(super) fn refused(&mut self, now: Duration, part: Part, why: Refusal, text: String) {
        if self.refused.insert(part) {
            self.say(LedgerNews::Refused { part, why, text, since: now });
        }
    }

    /// A part has been written.
    pub(super) fn accepted(&mut self, part: Part) {
        self.unreachable = false;
        if self.refused.remove(&part) {
            self.say(LedgerNews::Accepted { part });
        }
    }

    /// The head was read, and another lives: what was said to be wrong with it is so no longer. Gives whether anything
    /// was said.
    pub(super) fn heard(&mut self) -> bool {
        let refused = self.refused.remove(&Part::Head);
        std::mem::take(&mut self.unreachable) || refused
    }

    pub(super) fn unreachable(&mut self, why: String) {
        if !std::mem::replace(&mut self.unreachable, true) {
            self.say(LedgerNews::Unreachable { why });
        }
    }

    /// How long to wait after so many tries: doubling, and up to a quarter less, so that replicas do not march in
    /// step.
    pub(super) fn pause(&mut self, tries: &mut u32) -> Duration {
        let most = LEDGER_RETRY_BASE.saturating_mul(1 << (*tries).min(16)).min(LEDGER_RETRY_MAX);
        *tries = tries.saturating_add(1);
        let quarter = most.as_millis() as u64 / 4;
        most - Duration::from_millis(self.draw() % (quarter + 1))
    }

    /// The next number of the SplitMix64 sequence.
    fn draw(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_read_once_at_a_time_and_again_for_those_who_come_late() {
        let mut out = Outbox::new(1);
        assert_eq!((out.ask_head(), out.ask_head(), out.ask_head()), (1, 2, 2));
        assert_eq!(out.head_came(), 1);
        assert_eq!(out.head_came(), 2);
        let reads = std::iter::from_fn(|| out.poll()).count();
        assert_eq!(reads, 2);
    }

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let mut out = Outbox::new(1);
        let mut tries = 0;
        let pauses: Vec<_> = (0..9).map(|_| out.pause(&mut tries)).collect();
        assert!(pauses[0] <= LEDGER_RETRY_BASE && pauses[0] >= LEDGER_RETRY_BASE * 3 / 4, "{pauses:?}");
        assert!(pauses[8] >= LEDGER_RETRY_MAX * 3 / 4 && pauses[8] <= LEDGER_RETRY_MAX, "{pauses:?}");
    }

    #[test]
    fn a_refusal_is_said_once_until_it_is_accepted() {
        let mut out = Outbox::new(1);
        for second in 1..4 {
            out.refused(Duration::from_secs(second), Part::Head, Refusal::Quota, String::new());
        }
        out.accepted(Part::Head);
        out.accepted(Part::Head);
        let news: Vec<_> = std::iter::from_fn(|| out.poll()).collect();
        assert!(matches!(
            &news[..],
            [LedgerEffect::News(LedgerNews::Refused { since, .. }), LedgerEffect::News(LedgerNews::Accepted { .. })]
                if *since == Duration::from_secs(1)
        ));
    }
}
