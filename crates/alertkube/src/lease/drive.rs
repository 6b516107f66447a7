//! The loop around one election.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alertkube_core::{Candidate, Election, LeaseEffect, LeaseInput, LeaseNews, LostLease};
use k8s_openapi::api::coordination::v1::Lease;
use tokio::sync::mpsc;

use super::held::{HeldUntil, nanos};
use super::limits::RESIGNED_FOR;
use super::notice::{Notices, Reason};
use super::object;
use super::wire::{Answer, Flight, Wire, Word, Words, landed, word};
use crate::clock::Clock;
use crate::stop_at;

/// What the election is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Let go of the Lease and end, at this boot instant at the latest.
    Release {
        by: Duration,
    },
    /// Let go of the Lease, and stand for it again after a while.
    Resign,
    Announce(Reason, String),
}

/// One election, its connections and its audience.
pub(super) struct Drive<T> {
    election: Election,
    candidate: Candidate,
    seed: u64,
    /// It was asked to resign; when it stands again is known once the Lease is let go of.
    resigned: bool,
    again: Option<Duration>,
    clock: Clock,
    wire: Wire,
    notices: Notices,
    held: HeldUntil,
    /// The boot instant, in nanoseconds, at which the server last said how the Lease stands; 0: never.
    heard: Arc<AtomicU64>,
    tell: T,
    flight: Option<Flight>,
    words: Option<Words>,
    /// The Lease as it was seen last.
    last: Option<Lease>,
    end_by: Option<Duration>,
}

impl<T: FnMut(LeaseNews)> Drive<T> {
    /// An election with its identity; what it works with; and where it publishes how it stands.
    pub(super) fn new(
        (candidate, seed): (Candidate, u64),
        (clock, wire, notices): (Clock, Wire, Notices),
        (held, heard): (HeldUntil, Arc<AtomicU64>),
        tell: T,
    ) -> Drive<T> {
        Drive {
            election: Election::new(candidate.clone(), seed, clock.now()),
            candidate,
            seed,
            resigned: false,
            again: None,
            clock,
            wire,
            notices,
            held,
            heard,
            tell,
            flight: None,
            words: None,
            last: None,
            end_by: None,
        }
    }

    /// Runs until the Lease is let go of; says whether it surely was. When nobody can give orders any more, it ends
    /// as if it had been killed.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) -> bool {
        self.drain();
        while !self.election.is_over() || self.resigned {
            let now = self.clock.now().boot;
            self.stand_again(now);
            if self.end_by.is_some_and(|by| now >= by) {
                break;
            }
            let wake = [self.election.deadline(), self.end_by, self.again].into_iter().flatten().min();
            let wire = &self.wire;
            tokio::select! {
                biased;
                answer = landed(self.flight.as_mut()) => {
                    self.flight = None;
                    self.answered(answer);
                }
                () = due(self.clock, wake) => self.input(LeaseInput::Tick),
                order = orders.recv() => match order {
                    Some(order) => self.order(order),
                    None => break,
                },
                word = word(self.words.as_mut()) => self.word(word),
                () = self.notices.step(|| wire.second()) => {}
            }
        }
        self.held.publish(None);
        self.election.is_over()
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Release { by } => {
                self.end_by = Some(by);
                self.resigned = false;
                self.input(LeaseInput::Release);
            }
            Order::Resign => {
                self.resigned = true;
                self.input(LeaseInput::Release);
            }
            Order::Announce(reason, note) => self.notices.announce(reason, note),
        }
    }

    /// One that resigned is a candidate again once its Lease is let go of and the time of a Lease has passed.
    fn stand_again(&mut self, now: Duration) {
        if !(self.resigned && self.election.is_over()) {
            return;
        }
        match self.again {
            None => self.again = Some(now + RESIGNED_FOR),
            Some(at) if now < at => {}
            Some(_) => {
                (self.resigned, self.again) = (false, None);
                (self.flight, self.words, self.last) = (None, None, None);
                self.seed = self.seed.rotate_left(7) ^ 1;
                self.election = Election::new(self.candidate.clone(), self.seed, self.clock.now());
                self.drain();
            }
        }
    }

    fn answered(&mut self, answer: Answer) {
        if answer.stuck {
            self.wire.reconnect();
        }
        if let Some(lease) = answer.lease {
            self.note(Some(lease));
        }
        self.input(answer.input);
    }

    fn word(&mut self, word: Word) {
        let input = match word {
            Word::Stands(lease) => {
                let record = object::record(&lease);
                self.note(Some(*lease));
                LeaseInput::Watched(Some(record))
            }
            Word::Deleted => {
                self.note(None);
                LeaseInput::Watched(None)
            }
            Word::Ended(trouble) => {
                self.words = None;
                LeaseInput::WatchEnded(trouble)
            }
        };
        self.input(input);
    }

    fn note(&mut self, lease: Option<Lease>) {
        self.last = lease;
        self.notices.about(self.last.as_ref().and_then(|lease| lease.metadata.uid.as_ref()));
    }

    fn input(&mut self, input: LeaseInput) {
        self.election.handle(self.clock.now(), input);
        self.drain();
    }

    /// Publishes before anything is told or sent: whoever is about to send must not be told late.
    fn drain(&mut self) {
        self.held.publish(self.election.until());
        self.heard.store(self.election.heard().map_or(0, nanos), Ordering::SeqCst);
        while let Some(effect) = self.election.poll() {
            match effect {
                LeaseEffect::News(news) => self.hear(news),
                LeaseEffect::Watch => self.words = Some(self.wire.watch()),
                LeaseEffect::Unwatch => self.words = None,
                request => {
                    if matches!(request, LeaseEffect::Replace(_)) {
                        stop_at::pass("renew");
                    }
                    self.flight = self.wire.send(&request, self.last.as_ref());
                }
            }
        }
    }

    fn hear(&mut self, news: LeaseNews) {
        log(&news, self.wire.place());
        let notice = match &news {
            LeaseNews::Held { .. } => {
                Some((Reason::BecameLeader, format!("{} became leader", self.candidate.identity)))
            }
            LeaseNews::Lost { why } => Some((
                Reason::LostLease,
                format!("{} stopped leading: {}", self.candidate.identity, reason(why)),
            )),
            _ => None,
        };
        if let Some((reason, note)) = notice {
            self.notices.announce(reason, note);
        }
        (self.tell)(news);
    }
}

async fn due(clock: Clock, at: Option<Duration>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Why a Lease was lost, in words.
fn reason(why: &LostLease) -> String {
    match why {
        LostLease::Expired { because: Some(because) } => {
            format!("it could not be renewed in time: {because}")
        }
        LostLease::Expired { because: None } => "it was not renewed in time".to_owned(),
        LostLease::Taken { holder } if holder.is_empty() => "another replica holds it".to_owned(),
        LostLease::Taken { holder } => format!("{holder} holds it"),
        LostLease::Emptied => "somebody else let go of it".to_owned(),
    }
}

fn log(news: &LeaseNews, (namespace, lease): (&str, &str)) {
    match news {
        LeaseNews::Held { early, .. } => tracing::info!(namespace, lease, early, "this replica leads"),
        LeaseNews::Renewed { .. } => tracing::trace!(namespace, lease, "Lease renewed"),
        LeaseNews::Lost { why } => {
            tracing::warn!(namespace, lease, why = reason(why), "this replica leads no more");
        }
        LeaseNews::Follows { holder, .. } => {
            tracing::info!(namespace, lease, holder, "another replica leads; this one stands by");
        }
        LeaseNews::Foreign { holder, release } => {
            let told =
                "the Lease is held by another release: only one of them works; give each its own namespace";
            tracing::error!(namespace, lease, holder, release, "{told}");
        }
        LeaseNews::Forbidden { verb: "watch", why } => {
            let told = "the Lease may not be watched: it is polled, and a failover takes longer";
            tracing::warn!(namespace, lease, why, "{told}");
        }
        LeaseNews::Forbidden { verb, why } => {
            tracing::error!(namespace, lease, verb, why, "leader election lacks a right");
        }
        LeaseNews::Released => tracing::info!(namespace, lease, "Lease released"),
    }
}
