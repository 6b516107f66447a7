//! The core's watch machine at work on a server: real answers, on a clock that jumps over its waits.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use alertkube_core::{Ask, Follow, Frame, Kind, KindId, Plan, Uid, WatchEvent, WatchRequest};
use anyhow::{Context, Result, bail, ensure};

use super::limits::PATIENCE;
use super::server::{Hurt, Server};
use super::wire::{Exchange, Piece, Wire};

/// What a server answers whose streaming lists are switched off.
const NO_STREAMS: &[u8] = br#"{"kind":"Status","status":"Failure","reason":"Invalid","code":422}"#;

/// One machine, one server, and what went between them.
pub(super) struct Desk<'s> {
    pub(super) server: Server<'s>,
    follow: Follow,
    started: Instant,
    /// How far the machine's clock is ahead of the world's.
    ahead: Duration,
    wire: Option<Wire>,
    told: VecDeque<String>,
    names: BTreeMap<Uid, String>,
    /// What was asked, in order.
    pub(super) asked: Vec<String>,
    /// What was answered, in order.
    pub(super) exchanges: Vec<Exchange>,
    /// How long the machine wanted to wait in all.
    pub(super) waited: Duration,
    /// Answer streaming lists ourselves, as a server without them.
    pub(super) without_streams: bool,
}

impl<'s> Desk<'s> {
    /// A machine that has asked nothing yet.
    pub(super) fn new(server: Server<'s>) -> Desk<'s> {
        let follow =
            Follow::new(Kind::of(KindId::Pod), Some(server.namespace.clone()), Arc::new(Plan::default()), 1);
        Desk {
            server,
            follow,
            started: Instant::now(),
            ahead: Duration::ZERO,
            wire: None,
            told: VecDeque::new(),
            names: BTreeMap::new(),
            asked: Vec::new(),
            exchanges: Vec::new(),
            waited: Duration::ZERO,
            without_streams: false,
        }
    }

    /// Goes on until so many steps were told, which must be these.
    pub(super) async fn expect(&mut self, steps: &[&str]) -> Result<()> {
        let mut got = Vec::new();
        let begun = Instant::now();
        while got.len() < steps.len() && begun.elapsed() < PATIENCE {
            match self.told.pop_front() {
                Some(step) => got.push(step),
                None => self.step().await?,
            }
        }
        ensure!(got == steps, "told {got:?} instead of {steps:?}; asked {:?}", self.asked);
        Ok(())
    }

    /// Goes on until so many requests were sent.
    pub(super) async fn until_asked(&mut self, count: usize) -> Result<()> {
        let begun = Instant::now();
        while self.asked.len() < count {
            ensure!(begun.elapsed() < PATIENCE, "{count} requests were expected, sent were {:?}", self.asked);
            self.step().await?;
        }
        Ok(())
    }

    /// Lets the watch stand for long enough that it counts as one that stood.
    pub(super) async fn settle(&mut self) -> Result<()> {
        while self.wire.is_none() {
            self.step().await?;
        }
        self.ahead += Duration::from_secs(1);
        ensure!(matches!(self.follow.next(self.now()), Ask::Read(_)), "no watch stands");
        Ok(())
    }

    /// Lets the time pass in which the server should have said something.
    pub(super) fn silence(&mut self) {
        self.ahead += Duration::from_secs(125);
    }

    /// Breaks the connection on our side.
    pub(super) fn break_off(&mut self) {
        self.wire = None;
        self.follow.frame(self.now(), Frame::Failed("broken off"));
    }

    /// Makes something go wrong.
    pub(super) fn hurt(&mut self, hurt: Hurt) -> Result<()> {
        self.server.hurt(hurt)
    }

    /// The answer that came to a request, whether or not it is all read.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().chain(self.wire.iter().map(|wire| &wire.exchange))
    }

    /// All that was skipped as unreadable.
    pub(super) fn skipped(&mut self) -> u64 {
        self.follow.take_skipped().map_or(0, |skipped| skipped.count)
    }

    fn now(&self) -> Duration {
        self.started.elapsed() + self.ahead
    }

    async fn step(&mut self) -> Result<()> {
        let now = self.now();
        let ask = self.follow.next(now);
        self.drain();
        match ask {
            Ask::Get(request) => self.get(request).await?,
            Ask::Sleep(until) => {
                let wait = until.saturating_sub(now);
                self.drop_wire();
                self.waited += wait;
                self.ahead += wait;
            }
            Ask::Read(until) => {
                let Some(wire) = &mut self.wire else { bail!("a request was forgotten") };
                // Whoever waits for more than this asks again.
                let left = until.saturating_sub(now).min(Duration::from_millis(200));
                if let Ok(piece) = tokio::time::timeout(left, wire.line()).await {
                    self.hand_in(piece);
                }
            }
        }
        self.drain();
        Ok(())
    }

    fn hand_in(&mut self, piece: Piece) {
        let now = self.now();
        match piece {
            Piece::Line(line) => self.follow.frame(now, Frame::Line(line.trim_ascii_end())),
            Piece::Closed => self.follow.frame(now, Frame::Closed),
            Piece::Failed(why) => self.follow.frame(now, Frame::Failed(&why)),
        }
    }

    async fn get(&mut self, request: WatchRequest) -> Result<()> {
        self.drop_wire();
        let path_and_query = self.server.detoured(&request.path_and_query);
        self.asked.push(path_and_query.clone());
        if self.without_streams && request.path_and_query.contains("sendInitialEvents") {
            self.follow.frame(self.now(), Frame::Head { status: 422, retry_after: None });
            self.follow.frame(self.now(), Frame::Body(NO_STREAMS));
            return Ok(());
        }
        let stream = request.stream;
        let request = WatchRequest { path_and_query, ..request };
        let mut wire = match Wire::send(&self.server.subject, &request).await {
            Ok(wire) => wire,
            Err(error) => {
                self.follow.frame(self.now(), Frame::Failed(&format!("{error:#}")));
                return Ok(());
            }
        };
        let (status, retry_after) = (wire.exchange.status, wire.retry_after);
        self.follow.frame(self.now(), Frame::Head { status, retry_after });
        if !stream || status != 200 {
            let body = wire.whole().await.context("read a body")?;
            self.follow.frame(self.now(), Frame::Body(&body));
        }
        self.wire = Some(wire);
        Ok(())
    }

    fn drop_wire(&mut self) {
        self.exchanges.extend(self.wire.take().map(|wire| wire.exchange));
    }

    fn drain(&mut self) {
        while let Some(event) = self.follow.poll() {
            let step = match event {
                WatchEvent::Began(epoch) => format!("began {}", epoch.0),
                WatchEvent::Synced(epoch) => format!("synced {}", epoch.0),
                WatchEvent::Lost(why) => format!("lost {}", why.label()),
                WatchEvent::Seen(view) => {
                    self.names.insert(view.meta().uid, view.meta().name.to_string());
                    format!("seen {}", view.meta().name)
                }
                WatchEvent::Gone(key) => {
                    format!("gone {}", self.names.get(&key.uid).map_or("unknown", String::as_str))
                }
            };
            self.told.push_back(step);
        }
    }
}
