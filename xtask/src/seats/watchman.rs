//! Who knocks at both doors of a pair all the time: never may two say that they lead.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use super::limits;
use crate::cluster::Cluster;

/// What a door answered; none when nobody opened.
pub(crate) type Answer = Option<u16>;

/// What was seen so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    now: [Answer; 2],
    knocks: usize,
    both: usize,
}

/// The watchman; he goes home when he is dropped.
pub(crate) struct Watchman {
    seen: Arc<Mutex<Seen>>,
    _on_duty: Sender<()>,
}

impl Watchman {
    /// Begins to knock.
    pub(crate) fn new(cluster: &Cluster, doors: [SocketAddr; 2]) -> Result<Watchman> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (on_duty, home) = channel::<()>();
        let shared = Arc::clone(&seen);
        let round = move || {
            while home.recv_timeout(limits::KNOCK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let knock = |at: usize| knock(doors[at], "/readyz");
                let (first, second) = (knock(0), knock(1));
                // The first may have given up before the second took over: only if it still leads, both do.
                let both = (first, second) == (Some(200), Some(200)) && knock(0) == Some(200);
                shared.lock().unwrap_or_else(PoisonError::into_inner).note([first, second], both);
            }
        };
        // Threads stay in the network in which they were started.
        cluster.inside(|| thread::spawn(round))?;
        Ok(Watchman { seen, _on_duty: on_duty })
    }

    /// What both doors answered last.
    pub(crate) fn now(&self) -> [Answer; 2] {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    /// The one that says that it leads; none when there is none, or two.
    pub(crate) fn leader(&self) -> Option<usize> {
        match self.now().map(|answer| answer == Some(200)) {
            [true, false] => Some(0),
            [false, true] => Some(1),
            _ => None,
        }
    }

    /// How often he knocked, and how often both said that they lead.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.knocks, seen.both)
    }
}

impl Seen {
    fn note(&mut self, now: [Answer; 2], both: bool) {
        self.knocks += 1;
        self.both += usize::from(both);
        self.now = now;
    }
}

/// Whether a replica says that it stands by, or leads.
pub(crate) fn stands_by(cluster: &Cluster, door: SocketAddr) -> Result<bool> {
    Ok(answered(cluster, door, "/readyz?standby=ok")? == Some(200))
}

/// The status with which somebody answers in the cluster's network; none when nobody opened.
pub(crate) fn answered(cluster: &Cluster, door: SocketAddr, path: &str) -> Result<Answer> {
    cluster.inside(|| knock(door, path)).context("knock at a door")
}

/// Status and body of what somebody answers in the cluster's network.
pub(super) fn said(cluster: &Cluster, door: SocketAddr, path: &str) -> Option<(u16, String)> {
    cluster.inside(|| asked(door, path)).ok()?.ok()
}

fn knock(door: SocketAddr, path: &str) -> Answer {
    asked(door, path).ok().map(|(status, _)| status)
}

fn asked(door: SocketAddr, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&door, limits::DOOR_ANSWER_MAX)?;
    stream.set_read_timeout(Some(limits::DOOR_ANSWER_MAX))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {door}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = status(&answer).context("no status")?;
    Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
}

/// The number in `HTTP/1.1 200 OK`.
fn status(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leads_only_when_the_other_does_not() {
        let (yes, no) = (Some(200), Some(503));
        let (open, _duty) = channel::<()>();
        let watchman = Watchman { seen: Arc::default(), _on_duty: open };
        for (now, leader) in
            [([yes, no], Some(0)), ([None, yes], Some(1)), ([yes, yes], None), ([no, None], None)]
        {
            watchman.seen.lock().unwrap().note(now, now == [yes, yes]);
            assert_eq!(watchman.leader(), leader, "{now:?}");
        }
        assert_eq!(watchman.counts(), (4, 1));
    }

    #[test]
    fn a_status_is_read_from_the_first_line() {
        assert_eq!(status("HTTP/1.1 503 Service Unavailable\r\n\r\n"), Some(503));
        assert_eq!(status(""), None);
    }
}
