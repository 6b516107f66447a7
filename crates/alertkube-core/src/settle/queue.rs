//! The jobs of a lane that could be sent, by what they say, the most severe first, then first come, first served.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::alert::Fingerprint;
use crate::settle::job::{Job, Tenor};
use crate::severity::Severity;

/// The most severe first, then by turn.
pub(super) type Rank = (Reverse<Severity>, u64);

#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: [BTreeMap<Rank, Job>; Tenor::ALL.len()],
    /// Where the job about an alert waits.
    places: BTreeMap<Fingerprint, (Tenor, Rank)>,
    turns: u64,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.jobs.iter().map(BTreeMap::len).sum()
    }

    /// Takes a job in. It replaces what waits about the same alerts.
    pub(super) fn push(&mut self, severity: Severity, mut job: Job) {
        if job.turn == 0 {
            self.turns += 1;
            job.turn = self.turns;
        }
        let place = (job.tenor, (Reverse(severity), job.turn));
        for member in &job.members {
            if let Some((tenor, rank)) = self.places.insert(*member, place).filter(|before| *before != place)
            {
                self.remove_single(tenor, rank);
            }
        }
        self.jobs[job.tenor as usize].insert(place.1, job);
    }

    /// Queues an alert by itself, or moves it to where it belongs now; a member of a digest stays in it.
    pub(super) fn set(&mut self, severity: Severity, job: Job) {
        let known = job.members.first().and_then(|member| self.places.get(member)).copied();
        let job = match known {
            Some((tenor, rank)) if (tenor, rank.0) == (job.tenor, Reverse(severity)) => return,
            Some((tenor, rank)) => match self.remove_single(tenor, rank) {
                Some(before) => Job { tenor: job.tenor, ..before },
                None => return,
            },
            None => job,
        };
        self.push(severity, job);
    }

    /// An alert is forgotten. A digest learns that when its turn comes.
    pub(super) fn forget(&mut self, fingerprint: Fingerprint) {
        if let Some((tenor, rank)) = self.places.remove(&fingerprint) {
            self.remove_single(tenor, rank);
        }
    }

    fn remove_single(&mut self, tenor: Tenor, rank: Rank) -> Option<Job> {
        let jobs = &mut self.jobs[tenor as usize];
        if jobs.get(&rank)?.digest.is_some() { None } else { jobs.remove(&rank) }
    }

    /// The first job of each kind that there is, in the order in which they would be taken.
    pub(super) fn heads(&self) -> Vec<(Rank, &Job)> {
        let mut heads: Vec<_> =
            self.jobs.iter().filter_map(BTreeMap::first_key_value).map(|(rank, job)| (*rank, job)).collect();
        heads.sort_by_key(|(rank, _)| *rank);
        heads
    }

    /// How many jobs of a kind at its head are as severe as that, counted up to `most`.
    pub(super) fn count_at_head(&self, tenor: Tenor, severity: Severity, most: usize) -> usize {
        let ranks = self.jobs[tenor as usize].keys();
        ranks.take_while(|rank| rank.0 == Reverse(severity)).take(most).count()
    }

    pub(super) fn pop(&mut self, tenor: Tenor) -> Option<Job> {
        let rank = *self.jobs[tenor as usize].first_key_value()?.0;
        self.take(tenor, rank)
    }

    fn take(&mut self, tenor: Tenor, rank: Rank) -> Option<Job> {
        let job = self.jobs[tenor as usize].remove(&rank)?;
        for member in &job.members {
            if self.places.get(member) == Some(&(tenor, rank)) {
                self.places.remove(member);
            }
        }
        Some(job)
    }

    /// Takes the first job of a kind, and with it all others up to `most` that may be told as one.
    pub(super) fn fold(&mut self, tenor: Tenor, most: usize) -> Option<Job> {
        let first = self.pop(tenor)?;
        if !first.folds() {
            return Some(first);
        }
        let more = self.foldable(tenor).take(most.saturating_sub(1)).collect::<Vec<_>>();
        if more.is_empty() {
            return Some(first);
        }
        let mut members = first.members;
        for rank in more {
            members.extend(self.take(tenor, rank).into_iter().flat_map(|job| job.members));
        }
        Some(Job { turn: first.turn, ..Job::digest(members, tenor.digest()) })
    }

    /// Whether something of a kind is left that may be told as one.
    pub(super) fn any_foldable(&self, tenor: Tenor) -> bool {
        self.foldable(tenor).next().is_some()
    }

    fn foldable(&self, tenor: Tenor) -> impl Iterator<Item = Rank> + '_ {
        self.jobs[tenor as usize].iter().filter(|(_, job)| job.folds()).map(|(rank, _)| *rank)
    }
}
