//! The API server is dead for a while: one replica holds a Lease, another has none.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::scene::restarted;
use crate::cluster::{Cluster, Part};
use crate::limits;
use crate::line::Ground;
use crate::prove::limits::DEAD;
use crate::receiver::millis;
use crate::seats::{Birth, Illness, Ledger, Line, Pair, Plan, Sinks, Tally};

const UNREACHABLE: &str = "ApiServerUnreachable";

/// What the outage came to for one replica. Times in seconds after it began.
pub(super) struct Found {
    pub(super) elected: bool,
    /// Its last line before it was silent, `ApiServerUnreachable` aside.
    pub(super) last: f64,
    /// Lines that came while the server was dead, that message aside.
    pub(super) meanwhile: usize,
    /// From when what became due meanwhile was due until it was told, at the slowest sink.
    pub(super) late: Vec<f64>,
    /// When it said that the server is away, at each receiver.
    pub(super) alarms: Vec<f64>,
    pub(super) code: i32,
    pub(super) unsettled: usize,
    pub(super) tally: Tally,
}

/// Plays it for both at once.
pub(super) fn play(cluster: &Cluster, program: &Path) -> Result<[Found; 2]> {
    let grounds = [Ground::new(cluster, "dead-lease")?, Ground::new(cluster, "dead-none")?];
    let mut players =
        grounds.iter().zip([true, false]).map(|(ground, elected)| Player::new(ground, program, elected));
    let mut players = [players.next().context("two")??, players.next().context("two")??];
    players.iter_mut().try_for_each(Player::prepare)?;
    thread::sleep(Duration::from_secs(2));
    let (at, start) = (millis(), Instant::now());
    cluster.stop(Part::ApiServer)?;
    while start.elapsed() < DEAD {
        players.iter_mut().try_for_each(|player| player.pair.look())?;
        thread::sleep(limits::POLL_INTERVAL);
    }
    let until = millis();
    cluster.start(Part::ApiServer)?;
    let [first, second] = players;
    Ok([first.found(at, until)?, second.found(at, until)?])
}

struct Player<'a> {
    pair: Pair<'a>,
    elected: bool,
    /// Faults that become due while the server is dead.
    creeping: Vec<usize>,
}

impl<'a> Player<'a> {
    fn new(ground: &'a Ground<'a>, program: &'a Path, elected: bool) -> Result<Player<'a>> {
        let name = if elected { "dead-e" } else { "dead-u" };
        let mut pair = Pair::new(ground, &Plan { name, program, warm: false, leases: &[] })?;
        pair.herd.grow(&ground.ghost(), Sinks::Both, 16)?;
        Ok(Player { pair, elected, creeping: Vec::new() })
    }

    fn birth(&mut self) -> Result<Birth> {
        let birth = self.pair.birth()?;
        Ok(if self.elected { birth } else { Birth { lease: None, ..birth } })
    }

    /// A leader that has told, and owes something.
    fn prepare(&mut self) -> Result<()> {
        let birth = self.birth()?;
        self.pair.start(0, &birth)?;
        self.pair.await_leader()?;
        self.pair.herd.storm(&[(Sinks::Both, Illness::Quick); 3], 10, 0)?;
        let ending = self.pair.herd.storm(&[(Sinks::Both, Illness::Chronic); 3], 10, 0)?;
        self.pair.settle(limits::FAULT_TOLD_MAX)?;
        // Their end is due meanwhile, and is told once the server says that they have ended.
        self.pair.herd.heal(&ending)?;
        self.creeping = self.pair.herd.storm(&[(Sinks::Both, Illness::Creeping); 3], 10, 1)?;
        Ok(())
    }

    fn found(mut self, at: i64, until: i64) -> Result<Found> {
        let pair = &mut self.pair;
        let calm = pair.settle(limits::FAULT_TOLD_MAX)?;
        let late = late(pair, &self.creeping);
        let own = |line: &&Line| line.reason == UNREACHABLE;
        let meanwhile: Vec<i64> = pair
            .audience
            .lines()
            .iter()
            .filter(|line| !own(line) && line.at >= at && line.at < until)
            .map(|line| line.at)
            .collect();
        let after = |time: i64| (time - at) as f64 / 1000.0;
        let alarms: Vec<f64> = pair
            .audience
            .lines()
            .iter()
            .filter(own)
            .filter(|line| !line.over)
            .map(|line| after(line.at))
            .collect();
        let code = match self.elected {
            true => restarted(pair)?,
            false => 0,
        };
        let unsettled = calm + pair.close()?;
        Ok(Found {
            elected: self.elected,
            last: meanwhile.iter().copied().max().map_or(0.0, after),
            meanwhile: meanwhile.len(),
            late,
            alarms,
            code,
            unsettled,
            tally: pair.tally(),
        })
    }
}

/// Seconds from when each of these was due until the slowest sink was told.
fn late(pair: &Pair<'_>, creeping: &[usize]) -> Vec<f64> {
    let slowest = |fault: usize, due: i64| {
        let told = pair.firsts(fault, false).map(|(at, _)| *at).max();
        told.map_or(f64::NAN, |told| (told - due) as f64 / 1000.0)
    };
    let (hold_for, _) = Illness::Creeping.times();
    let millis = i64::try_from(hold_for * 1000).unwrap_or(i64::MAX);
    creeping.iter().map(|fault| slowest(*fault, pair.herd.fates()[*fault].began + millis)).collect()
}

impl Found {
    /// How often it said at this receiver that the server is away.
    pub(super) fn said(&self, ledger: Ledger) -> usize {
        let at = self.tally.unreachable.iter().filter(|line| line.ledger == ledger && !line.over);
        at.count()
    }
}
