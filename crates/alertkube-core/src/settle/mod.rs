//! Stage 14, settle: one lane per sink, with its own queue, rate, window, retries and breaker; no sink waits for another.

mod breaker;
mod bucket;
mod fold;
mod job;
mod queue;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::Fingerprint;
use crate::limits::{
    CHAT_WINDOW, DIGEST_REPORTS_MAX, KEYED_WINDOW, RETRY_AFTER_MAX, RETRY_BASE, RETRY_MAX, WEBHOOK_WINDOW,
};
use crate::notification::SinkClass;
use crate::settings::{Rate, SinkPlan};
use crate::severity::Severity;

pub(crate) use breaker::Breaker;
use bucket::Bucket;
use fold::{Folding, How, Pick};
pub(crate) use job::{Job, Said, Tenor};
use queue::Queue;

/// Everything on its way to one sink.
#[derive(Debug)]
pub(crate) struct Lane {
    window: usize,
    queue: Queue,
    /// Jobs that wait for their back-off, by when it ends.
    resting: BTreeMap<(Duration, u64), (Severity, Job)>,
    /// Alerts whose job rests, and alerts in flight: neither is queued a second time.
    asleep: BTreeSet<Fingerprint>,
    flying: BTreeSet<Fingerprint>,
    /// Until when the sink asked to be left alone.
    paused: Duration,
    in_flight: usize,
    /// The digests among them, by how bad the worst of each is.
    digests: BTreeMap<Severity, usize>,
    rests: u64,
    bucket: Bucket,
    /// How a backlog is folded; a keyed sink's waits, since an incident is one problem.
    folding: Option<Folding>,
    pub(crate) breaker: Breaker,
}

impl Lane {
    /// The lane of a sink whose rate is divided among so many seats.
    pub(crate) fn new(plan: &SinkPlan, seats: u32, now: Duration) -> Lane {
        Lane {
            window: match plan.class {
                SinkClass::Chat => CHAT_WINDOW,
                SinkClass::Keyed => KEYED_WINDOW,
                SinkClass::Webhook => WEBHOOK_WINDOW,
            },
            queue: Queue::default(),
            resting: BTreeMap::new(),
            asleep: BTreeSet::new(),
            flying: BTreeSet::new(),
            paused: Duration::ZERO,
            in_flight: 0,
            digests: BTreeMap::new(),
            rests: 0,
            bucket: Bucket::new(share(plan.rate, seats), now),
            folding: (plan.class != SinkClass::Keyed).then(Folding::default),
            breaker: Breaker::default(),
        }
    }

    /// Divides the sink's rate among another number of seats.
    pub(crate) fn divide(&mut self, plan: &SinkPlan, seats: u32, now: Duration) {
        self.bucket.pace(share(plan.rate, seats), now);
    }

    /// Queues the job of one alert, or moves the one that waits to where it belongs now; one that rests or is in flight
    /// stays there, and one in a digest stays in that.
    pub(crate) fn queue(&mut self, severity: Severity, job: Job) {
        let busy = |member| self.asleep.contains(member) || self.flying.contains(member);
        if !job.members.iter().any(busy) {
            self.queue.set(severity, job);
        }
    }

    /// Takes in a job that must wait its turn: a digest, or one that nothing has left of.
    pub(crate) fn push(&mut self, severity: Severity, job: Job) {
        self.queue.push(severity, job);
    }

    /// An alert is forgotten: its place in the queue goes with it.
    pub(crate) fn forget(&mut self, fingerprint: Fingerprint) {
        self.queue.forget(fingerprint);
    }

    /// Takes the next job, or a part of a backlog as one job, if window, breaker and rate allow a send now.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Job> {
        self.wake(now);
        if self.in_flight >= self.window_now() {
            return None;
        }
        while let Some(Pick { tenor, how, .. }) = self.next(now).filter(|pick| pick.at <= now) {
            let mut job = match how {
                How::Folded => self.queue.fold(tenor, DIGEST_REPORTS_MAX)?,
                How::AsItIs | How::Ahead => self.queue.pop(tenor)?,
            };
            // What is being told right now is considered again when that has landed.
            job.members.retain(|member| !self.flying.contains(member));
            if job.members.is_empty() {
                continue;
            }
            if let (How::Ahead, Some(folding)) = (how, &mut self.folding) {
                folding.went_ahead();
            }
            return Some(job);
        }
        None
    }

    /// The job that was taken is sent: it costs a token and a place in the window.
    pub(crate) fn sent(&mut self, severity: Severity, job: &Job, now: Duration) {
        self.bucket.spend(now);
        self.in_flight += 1;
        if job.digest.is_some() {
            *self.digests.entry(severity).or_default() += 1;
        }
        self.flying.extend(job.members.iter().copied());
        if let (Some(folding), Some(_), 1) = (&mut self.folding, job.digest, job.attempts) {
            folding.folded(job.tenor, self.queue.any_foldable(job.tenor), now);
        }
    }

    /// An attempt is settled; its members may be queued again.
    pub(crate) fn landed(&mut self, severity: Severity, job: &Job) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(count) = self.digests.get_mut(&severity).filter(|_| job.digest.is_some()) {
            *count -= 1;
            self.digests.retain(|_, count| *count > 0);
        }
        for member in &job.members {
            self.flying.remove(member);
        }
    }

    /// Whether an attempt about this alert is on its way.
    pub(crate) fn flies(&self, fingerprint: Fingerprint) -> bool {
        self.flying.contains(&fingerprint)
    }

    /// Rests a job for its back-off. It keeps its turn, so that a sink that is down for long is not given ever more
    /// digests to try.
    pub(crate) fn rest(&mut self, severity: Severity, job: Job, until: Duration) {
        self.rests += 1;
        self.asleep.extend(job.members.iter().copied());
        self.resting.insert((until, self.rests), (severity, job));
    }

    /// What rests is tried as soon as its sink may be sent to.
    pub(crate) fn rouse(&mut self, now: Duration) {
        let resting = std::mem::take(&mut self.resting);
        self.resting = resting.into_iter().map(|((_, number), job)| ((now, number), job)).collect();
    }

    /// Leaves the sink alone until then, as it asked.
    pub(crate) fn pause(&mut self, until: Duration) {
        self.paused = self.paused.max(until);
    }

    /// When something may be sent that cannot be sent now; `None` while only a reply can help.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        let rested = self.resting.first_key_value().map(|((at, _), _)| *at);
        let blocked = self.in_flight >= self.window_now();
        let queued = self.next(now).filter(|_| !blocked).map(|pick| pick.at);
        [rested, queued].into_iter().flatten().min()
    }

    /// Jobs that wait, rest or are in flight.
    pub(crate) fn depth(&self) -> usize {
        self.queue.len() + self.resting.len() + self.in_flight
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// What goes next, and when folding, rate, breaker and the sink's own wish allow it; `None` also while it might
    /// overtake a digest.
    fn next(&self, now: Duration) -> Option<Pick> {
        let pick = match &self.folding {
            Some(folding) => folding.pick(&self.queue, self.bucket.drains(self.queue.len(), now), now)?,
            None => Pick::of(self.queue.heads().first()?, How::AsItIs, now),
        };
        if self.digests.last_key_value().is_some_and(|(worst, _)| pick.might_overtake(*worst)) {
            return None;
        }
        let ready = self.bucket.ready_at(now).max(self.breaker.allows_at(now)).max(self.paused);
        Some(Pick { at: pick.at.max(ready), ..pick })
    }

    fn window_now(&self) -> usize {
        if self.breaker.closed() { self.window } else { 1 }
    }

    fn wake(&mut self, now: Duration) {
        while let Some(entry) = self.resting.first_entry().filter(|entry| entry.key().0 <= now) {
            let (severity, job) = entry.remove();
            for member in &job.members {
                self.asleep.remove(member);
            }
            self.push(severity, job);
        }
    }
}

/// One seat's part of a sink's rate.
fn share(rate: Rate, seats: u32) -> Rate {
    let seats = seats.max(1);
    Rate { per_second: rate.per_second / f64::from(seats), burst: (rate.burst / seats).max(1) }
}

/// The back-off before attempt number `attempts + 1`: full jitter, honouring what the sink asked for.
pub(crate) fn back_off(attempts: u32, after: Option<Duration>, jitter: u64) -> Duration {
    let bound = RETRY_BASE.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(RETRY_MAX);
    let spread = Duration::from_millis(jitter % u64::try_from(bound.as_millis()).unwrap_or(u64::MAX).max(1));
    match after {
        Some(after) => after.min(RETRY_AFTER_MAX) + spread.min(RETRY_BASE),
        None => spread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::Digest;

    fn lane(class: SinkClass, per_second: f64, burst: u32) -> Lane {
        let plan = SinkPlan { name: "s".into(), class, rate: Rate { per_second, burst } };
        Lane::new(&plan, 1, Duration::ZERO)
    }

    fn name(n: usize) -> Fingerprint {
        Fingerprint::of("Pod", "a", &n.to_string(), "R")
    }

    fn one(n: usize) -> Job {
        Job::one(name(n), Tenor::News)
    }

    fn take(lane: &mut Lane, now: Duration) -> Option<Fingerprint> {
        let job = lane.take(now)?;
        lane.sent(Severity::Info, &job, now);
        Some(job.members[0])
    }

    #[test]
    fn the_most_severe_goes_first_then_first_come_first_served() {
        let mut lane = lane(SinkClass::Webhook, 100.0, 10);
        lane.queue(Severity::Info, one(1));
        lane.queue(Severity::Warning, one(2));
        lane.queue(Severity::Warning, one(3));
        lane.queue(Severity::Critical, one(1));
        let order: Vec<_> = std::iter::from_fn(|| take(&mut lane, Duration::ZERO)).collect();
        assert_eq!(order, [name(1), name(2), name(3)]);
    }

    #[test]
    fn the_rate_holds_and_names_when_the_next_may_go() {
        let mut lane = lane(SinkClass::Webhook, 1.0, 2);
        for n in 0..3 {
            lane.queue(Severity::Info, one(n));
        }
        assert!(take(&mut lane, Duration::ZERO).is_some() && take(&mut lane, Duration::ZERO).is_some());
        assert_eq!(take(&mut lane, Duration::ZERO), None);
        assert_eq!(lane.deadline(Duration::ZERO), Some(Duration::from_secs(1)));
        assert_eq!(take(&mut lane, Duration::from_secs(1)), Some(name(2)));
    }

    #[test]
    fn a_chat_sink_has_one_unsettled_send() {
        let mut lane = lane(SinkClass::Chat, 100.0, 10);
        lane.queue(Severity::Info, one(1));
        lane.queue(Severity::Info, one(2));
        let job = lane.take(Duration::ZERO).expect("the first");
        lane.sent(Severity::Info, &job, Duration::ZERO);
        assert_eq!(take(&mut lane, Duration::ZERO), None);
        assert_eq!(lane.deadline(Duration::ZERO), None);
        lane.landed(Severity::Info, &job);
        assert_eq!(take(&mut lane, Duration::ZERO), Some(name(2)));
    }

    #[test]
    fn a_resting_job_is_not_queued_twice_and_comes_back_in_time() {
        let mut lane = lane(SinkClass::Webhook, 100.0, 10);
        lane.rest(Severity::Info, one(1), Duration::from_secs(5));
        lane.queue(Severity::Info, one(1));
        assert_eq!(take(&mut lane, Duration::from_secs(4)), None);
        assert_eq!(lane.deadline(Duration::from_secs(4)), Some(Duration::from_secs(5)));
        assert_eq!(take(&mut lane, Duration::from_secs(5)), Some(name(1)));
    }

    #[test]
    fn what_a_digest_tells_right_now_is_not_sent_by_itself_and_what_is_forgotten_not_at_all() {
        let mut lane = lane(SinkClass::Webhook, 100.0, 10);
        for n in 0..3 {
            lane.queue(Severity::Info, one(n));
        }
        lane.push(Severity::Critical, Job::digest(vec![name(0), name(1)], Digest::Standing));
        assert_eq!(take(&mut lane, Duration::ZERO), Some(name(0)));
        assert!(lane.flies(name(1)) && !lane.flies(name(2)));
        lane.forget(name(2));
        assert_eq!(take(&mut lane, Duration::ZERO), None);
        assert_eq!(lane.queue.len(), 0);
    }

    #[test]
    fn nothing_milder_leaves_while_a_digest_is_on_its_way_and_no_other_digest_that_is_no_worse() {
        let mut lane = lane(SinkClass::Webhook, 100.0, 10);
        let digest = |members: [usize; 2]| Job::digest(members.map(name).to_vec(), Digest::News);
        lane.push(Severity::Warning, digest([1, 2]));
        let flying = lane.take(Duration::ZERO).expect("nothing is before it");
        lane.sent(Severity::Warning, &flying, Duration::ZERO);
        lane.queue(Severity::Info, one(3));
        assert_eq!(take(&mut lane, Duration::ZERO), None);
        assert_eq!(lane.deadline(Duration::ZERO), None, "only its answer helps");
        lane.queue(Severity::Warning, one(4));
        assert_eq!(take(&mut lane, Duration::ZERO), Some(name(4)), "as severe, and small");
        lane.push(Severity::Warning, digest([5, 6]));
        assert_eq!(take(&mut lane, Duration::ZERO), None);
        lane.push(Severity::Critical, digest([7, 8]));
        assert_eq!(take(&mut lane, Duration::ZERO), Some(name(7)), "what is worse waits for nothing milder");
        lane.landed(Severity::Warning, &flying);
        lane.landed(Severity::Info, &digest([7, 8]));
        assert_eq!(take(&mut lane, Duration::ZERO), Some(name(5)));
    }

    #[test]
    fn a_sink_that_asks_to_be_left_alone_is() {
        let mut lane = lane(SinkClass::Webhook, 100.0, 10);
        lane.pause(Duration::from_secs(9));
        lane.queue(Severity::Info, one(1));
        assert_eq!(take(&mut lane, Duration::from_secs(8)), None);
        assert_eq!(lane.deadline(Duration::from_secs(8)), Some(Duration::from_secs(9)));
        assert_eq!(take(&mut lane, Duration::from_secs(9)), Some(name(1)));
    }

    #[test]
    fn back_off_doubles_under_its_bound_and_honours_what_the_sink_asks() {
        assert!(back_off(1, None, u64::MAX) < RETRY_BASE);
        assert!((0..1000).all(|jitter| back_off(60, None, jitter * 7919) <= RETRY_MAX));
        let asked = back_off(1, Some(Duration::from_secs(120)), 12345);
        assert!(asked >= Duration::from_secs(120) && asked <= Duration::from_secs(121));
    }
}
