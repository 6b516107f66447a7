//! The delivery half of the replica: jobs leave their lanes, their intents are laid down, and once these are
//! committed they are sent.

use crate::alert::Fingerprint;
use crate::enrich::report;
use crate::fact::{Fact, SeatFact};
use crate::limits::{BEGIN_WITHIN, INTENT_AGE_MAX, SEND_TIMEOUT};
use crate::notification::{Action, AttemptId, Notification, Report, SinkId};
use crate::replica::flights::{Flight, Member, told_before};
use crate::replica::telling::{Verdict, about};
use crate::replica::{Effect, Replica, SendWithin, Task};
use crate::settle::{Job, Said};
use crate::severity::Severity;
use crate::store::ledger::{Ledger, Seq};
use crate::time::Now;

impl Replica {
    /// Sends whatever may be sent now, on every lane.
    pub(super) fn pump(&mut self, now: Now) {
        let tells = self.layouts.tells && self.tenure.may_send(now.boot);
        let may = self.stopping.is_none() && (tells || self.may_witness());
        for index in 0..self.lanes.len() {
            let sink = SinkId(index);
            while may && let Some(job) = self.lanes[index].take(now.boot) {
                self.depart(now, sink, job);
            }
            match self.lanes[index].deadline(now.boot).filter(|_| may) {
                Some(at) => self.agenda.set(Task::Sink(sink), at.max(now.boot)),
                None => self.agenda.cancel(&Task::Sink(sink)),
            }
        }
    }

    /// Decides once more what a job says, now that it is its turn, and sends it.
    fn depart(&mut self, now: Now, sink: SinkId, mut job: Job) {
        let mut members: Vec<Member> =
            job.members.iter().filter_map(|fp| self.member(now, sink, *fp, &job)).collect();
        members.sort_by_key(|member| std::cmp::Reverse(member.severity));
        job.members = members.iter().map(|member| member.fingerprint).collect();
        let Some(first) = members.first().copied() else { return };
        if members.len() == 1 && job.said.is_none() {
            job.digest = None;
        }
        let action = job.digest.map_or(first.action, Action::Digest);
        let said = match job.said.take().filter(|said| said.action == action) {
            Some(said) => said,
            None => {
                job.attempts = 0;
                Said { action, delivery: self.delivery_id(sink, first, action, now), decided: now.stamp() }
            }
        };
        job.said = Some(said.clone());
        job.attempts += 1;
        let Said { delivery, decided, .. } = said;
        let reports = members.iter().filter_map(|member| self.report(now, *member)).collect::<Vec<_>>();
        let told = self.tracker.get(first.fingerprint).map(|alert| about(alert, first.severity));
        self.fact(Fact::Sending {
            sink: self.settings.sink(sink).name.clone(),
            action,
            delivery: delivery.clone(),
            reports: reports.len(),
            about: told,
        });
        let cluster = self.settings.cluster.clone();
        let notification = Notification { delivery, action, cluster, decided, reports };
        self.next_attempt += 1;
        let attempt = AttemptId(self.next_attempt);
        self.lanes[sink.0].sent(first.severity, &job, now.boot);
        for member in &members {
            self.memory.touch(member.fingerprint, sink);
        }
        let ready = Some(Box::new(notification));
        self.flights
            .insert(attempt, Flight { sink, job, action, members, begun: now.boot, undurable: None, ready });
        if self.is_durable() {
            self.fresh.push((attempt, Seq::default()));
        } else {
            if self.tenure.ledger.is_some() {
                self.fact(Fact::Seat(SeatFact::Undurable { sink: self.settings.sink(sink).name.clone() }));
            }
            self.launch(now, attempt);
        }
    }

    /// Whether what is about to be sent is committed first.
    pub(super) fn is_durable(&self) -> bool {
        self.tenure.ledger.as_ref().is_some_and(|ledger| ledger.term().is_some())
    }

    /// The intent of a fresh attempt, or a part of it, will be in this commit.
    pub(super) fn await_commit(&mut self, attempt: AttemptId, seq: Option<Seq>) {
        // Attempts are numbered as they depart.
        if let Ok(at) = self.fresh.binary_search_by_key(&attempt, |(fresh, _)| *fresh) {
            let awaited = &mut self.fresh[at].1;
            *awaited = seq.unwrap_or_default().max(*awaited);
        }
    }

    /// All intents are laid down: from now on their attempts wait for their commits.
    pub(super) fn depart_fresh(&mut self, now: Now) {
        let done = self.tenure.ledger.as_ref().map_or(Seq::default(), Ledger::committed);
        if !self.fresh.is_empty() && (self.tenure.refused.is_some() || self.tenure.unheard.is_some()) {
            self.agenda.set_earlier(Task::Unsaved, now.boot);
            // Who would tell without the store asks it first: it may have an answer again.
            if let Some(ledger) = &mut self.tenure.ledger {
                ledger.rouse();
            }
        }
        self.awaiting.extend(self.fresh.drain(..).map(|(attempt, seq)| (seq, attempt)));
        self.committed(now, done);
    }

    /// Everything up to this commit is durable: what waited for it leaves.
    pub(super) fn committed(&mut self, now: Now, seq: Seq) {
        while let Some((_, attempt)) = self.awaiting.first().copied().filter(|(wanted, _)| *wanted <= seq) {
            self.awaiting.pop_first();
            self.launch(now, attempt);
        }
    }

    /// Attempts that wait for a commit, and since when.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (AttemptId, (std::time::Duration, bool))> + '_ {
        self.awaiting
            .iter()
            .filter_map(|(_, attempt)| Some((*attempt, self.flights.get(*attempt)?.patience())))
    }

    /// Sends without the commit that an attempt waits for.
    pub(super) fn launch_undurably(&mut self, now: Now, attempt: AttemptId) {
        self.awaiting.retain(|(_, waiting)| *waiting != attempt);
        if let Some(flight) = self.flights.get_mut(attempt) {
            // There is no commit whose age could count.
            flight.undurable = Some(now.boot);
            let sink = self.settings.sink(flight.sink).name.clone();
            self.fact(Fact::Seat(SeatFact::Undurable { sink }));
            self.launch(now, attempt);
        }
    }

    /// The intent of an attempt is committed, or there is nothing to commit to: it leaves now or not at all.
    fn launch(&mut self, now: Now, attempt: AttemptId) {
        let until = self.tenure.until.filter(|_| self.tenure.hold == super::SeatHold::Holds);
        let Some(flight) = self.flights.get_mut(attempt) else { return };
        let Some(notification) = flight.ready.take() else { return };
        let clamp = |at: std::time::Duration| until.map_or(at, |until| at.min(until));
        let issued = match flight.undurable {
            Some(decided) => decided,
            None if self.tenure.ledger.is_some() => self.tenure.issued.max(flight.begun),
            None => now.boot,
        };
        let begin = clamp((issued + INTENT_AGE_MAX).min(now.boot + BEGIN_WITHIN));
        let within = SendWithin { begin, end: clamp(now.boot + SEND_TIMEOUT), leased: until.is_some() };
        self.effects.push_back(Effect::Send(attempt, flight.sink, notification, within));
    }

    /// Nothing of an attempt has left: it is decided anew.
    pub(super) fn withdraw(&mut self, now: Now, flight: Flight) {
        let severity = flight.severity();
        let mut job = flight.job;
        job.attempts = job.attempts.saturating_sub(1);
        if job.attempts == 0 {
            job.said = None;
        }
        self.lanes[flight.sink.0].push(severity, job);
        for member in &flight.members {
            self.soon(now, member.fingerprint);
        }
    }

    fn member(&mut self, now: Now, sink: SinkId, fingerprint: Fingerprint, job: &Job) -> Option<Member> {
        let verdict = self.verdict(now, fingerprint, sink);
        let Some((action, severity)) = told_in(job, &verdict) else {
            self.soon(now, fingerprint);
            return None;
        };
        let alert = self.tracker.get(fingerprint)?;
        // A problem that came back before its end was told goes on, unless the sink may have heard the end: one that it
        // refused it has not heard. What a sink refused is the same problem when it is tried again.
        let goes_on = self.memory.get(fingerprint, sink).filter(|told| match action {
            Action::Resolved => told.open || told.again.is_some(),
            _ => (told.open && !(told.closing && told.doubt)) || told.is_unheard(),
        });
        let episode = goes_on.map_or(alert.opened, |told| told.episode);
        let (event, deleted) = (alert.condition.event.is_some(), alert.deleted);
        Some(Member { fingerprint, episode, severity, action, event, deleted })
    }

    fn report(&self, now: Now, member: Member) -> Option<Report> {
        let alert = self.tracker.get(member.fingerprint)?;
        let mut report = report(&self.court(now), alert, member.severity, member.episode);
        if member.action == Action::Resolved {
            report.ends = alert.ended.or(Some(now.stamp()));
            report.effects.clear();
        }
        Some(report)
    }

    /// The same message has the same id in every attempt and after a restart. A beginning is told once in an episode; a
    /// reminder or an end follows upon so many messages, which is stored, and not upon a time, which two calendars may see
    /// differently.
    fn delivery_id(&self, sink: SinkId, first: Member, action: Action, now: Now) -> String {
        let episode = format!("{:x}", first.episode.millis());
        let times = || told_before(first, self.memory.get(first.fingerprint, sink).copied());
        let said = match action {
            Action::Digest(_) => format!("{} {}", action.as_str(), now.stamp().millis()),
            Action::First => action.as_str().to_owned(),
            Action::Raised | Action::Repeat | Action::Resolved => format!("{} {}", action.as_str(), times()),
        };
        let sink = &self.settings.sink(sink).name;
        Fingerprint::of(sink, &first.fingerprint.to_string(), &episode, &said).to_string()
    }
}

/// What a job says of a member of which this is due.
fn told_in(job: &Job, due: &Verdict) -> Option<(Action, Severity)> {
    match due {
        Verdict::Tell(action, severity) if job.takes(*action) => Some((*action, *severity)),
        _ => None,
    }
}
