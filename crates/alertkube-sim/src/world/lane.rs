//! The watch of one kind on the pure cluster: the same machine that the shell drives, without a connection.

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Ask, Follow, Frame, Kind, KindId, Now, WatchEvent, WatchPlan};

use crate::cluster::{Cluster, Reply, Request, WatchId, WatchStep};

/// One watched kind.
pub(super) struct Lane {
    follow: Follow,
    stream: Option<WatchId>,
    wake: Duration,
}

impl Lane {
    /// The watches of a plan, each with a seed of its own.
    pub(super) fn of(plan: &WatchPlan, seed: u64) -> Vec<Lane> {
        let lane = |(kind, nth): (&KindId, u64)| Lane {
            follow: Follow::new(Kind::of(*kind), plan.namespace.clone(), Arc::clone(&plan.plan), seed ^ nth),
            stream: None,
            wake: Duration::ZERO,
        };
        plan.kinds.iter().zip(1..).map(lane).collect()
    }

    pub(super) fn kind(&self) -> KindId {
        self.follow.kind().id
    }

    /// When it has something to do even if the cluster says nothing.
    pub(super) fn wake(&self) -> Duration {
        self.wake
    }

    /// Asks and reads whatever can be asked and read now, and gives what the replica is to be told.
    pub(super) fn step(&mut self, now: Now, cluster: &mut Cluster) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        loop {
            events.extend(std::iter::from_fn(|| self.follow.poll()));
            match self.follow.next(now.boot) {
                Ask::Get(request) => {
                    self.close(cluster);
                    self.ask(now, &Request::get(&request.path_and_query), cluster);
                }
                Ask::Read(until) => {
                    self.wake = until;
                    if !self.read(now.boot, cluster) {
                        break;
                    }
                }
                Ask::Sleep(until) => {
                    self.close(cluster);
                    self.wake = until;
                    break;
                }
            }
        }
        events.extend(std::iter::from_fn(|| self.follow.poll()));
        events
    }

    /// Lets go of the connection.
    pub(super) fn close(&mut self, cluster: &mut Cluster) {
        if let Some(id) = self.stream.take() {
            cluster.close_watch(id);
        }
    }

    fn ask(&mut self, now: Now, request: &Request, cluster: &mut Cluster) {
        let frame = match cluster.request(now.stamp(), request) {
            Reply::Answer(answer) => {
                let retry_after = answer.retry_after.map(|seconds| Duration::from_secs(u64::from(seconds)));
                self.follow.frame(now.boot, Frame::Head { status: answer.code, retry_after });
                return self.follow.frame(now.boot, Frame::Body(&answer.body));
            }
            Reply::Stream(id) => {
                self.stream = Some(id);
                Frame::Head { status: 200, retry_after: None }
            }
            Reply::Refused => Frame::Failed("connection refused"),
            Reply::Reset => Frame::Failed("connection reset by peer"),
        };
        self.follow.frame(now.boot, frame);
    }

    /// Takes one line, or the end; false when there is nothing to read.
    fn read(&mut self, now: Duration, cluster: &mut Cluster) -> bool {
        let Some(id) = self.stream else { return false };
        match cluster.poll_watch(id) {
            WatchStep::Line(line) => self.follow.frame(now, Frame::Line(line.trim_ascii_end())),
            WatchStep::Idle => return false,
            WatchStep::Ended => {
                self.stream = None;
                self.follow.frame(now, Frame::Closed);
            }
            WatchStep::Cut => {
                self.stream = None;
                self.follow.frame(now, Frame::Failed("connection reset by peer"));
            }
        }
        true
    }
}
