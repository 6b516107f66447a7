//! When a lane folds: a backlog that its rate cannot drain in time is told in digests.
//!
//! A few critical problems still go one by one, at once. Everything else is gathered, so that a storm is a handful of
//! messages and not one every second.

use std::time::Duration;

use crate::limits::{FOLD_BEYOND, FOLD_SINGLES_MAX, FOLD_SPACING};
use crate::settle::job::{Job, Tenor};
use crate::settle::queue::{Queue, Rank};
use crate::severity::Severity;

/// What folding remembers of what has been sent.
#[derive(Debug, Default)]
pub(super) struct Folding {
    /// A digest of a kind that left nothing behind is followed by another one then at the earliest.
    gathers: [Duration; Tenor::ALL.len()],
    /// Critical problems that went by themselves since the last digest of news.
    singles: usize,
}

/// What goes next, as far as folding has a say, and when at the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) tenor: Tenor,
    pub(super) how: How,
    pub(super) at: Duration,
    /// How bad the worst of it is, and whether it may be many.
    pub(super) severity: Severity,
    pub(super) many: bool,
}

impl Pick {
    pub(super) fn of((rank, job): &(Rank, &Job), how: How, at: Duration) -> Pick {
        let many = how == How::Folded || job.digest.is_some();
        Pick { tenor: job.tenor, how, at, severity: rank.0.0, many }
    }

    /// Whether it could tell something milder before a digest on its way whose worst is that. A digest may hold what is
    /// milder than its own worst.
    pub(super) fn might_overtake(&self, worst: Severity) -> bool {
        self.severity < worst || (self.many && self.severity == worst)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The first job as it is.
    AsItIs,
    /// The first job as it is, ahead of a backlog.
    Ahead,
    /// The first job and those like it as one.
    Folded,
}

impl Folding {
    /// `drained` is how long it would take to tell everything that waits one by one.
    pub(super) fn pick(&self, queue: &Queue, drained: Duration, now: Duration) -> Option<Pick> {
        let heads = queue.heads();
        let head @ (rank, first) = heads.first()?;
        let first_as = |how| Some(Pick::of(head, how, now));
        if drained <= FOLD_BEYOND {
            return first_as(How::AsItIs);
        }
        if self.stands_out(queue, *rank, first) {
            return first_as(How::Ahead);
        }
        let picks = heads.iter().map(|head| match head.1.folds() {
            true => Pick::of(head, How::Folded, self.gathers[head.1.tenor as usize].max(now)),
            false => Pick::of(head, How::AsItIs, now),
        });
        // Of those that may go at once, the most severe.
        picks.min_by_key(|pick| pick.at)
    }

    /// Whether the first of all is one of a few critical problems.
    fn stands_out(&self, queue: &Queue, rank: Rank, first: &Job) -> bool {
        let critical = (first.tenor, rank.0.0) == (Tenor::News, Severity::Critical);
        critical
            && self.singles < FOLD_SINGLES_MAX
            && queue.count_at_head(Tenor::News, Severity::Critical, FOLD_SINGLES_MAX + 1) <= FOLD_SINGLES_MAX
    }

    pub(super) fn went_ahead(&mut self) {
        self.singles += 1;
    }

    /// A digest of a backlog is sent. What it left behind follows at once, what comes now is gathered for a while.
    pub(super) fn folded(&mut self, tenor: Tenor, left_any: bool, now: Duration) {
        self.gathers[tenor as usize] = if left_any { now } else { now + FOLD_SPACING };
        if tenor == Tenor::News {
            self.singles = 0;
        }
    }
}
