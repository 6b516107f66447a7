//! Proof `partition`: the holder of the seat is cut off from the API server alone, and comes back.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::limits::{CUT_OFF, IN_DOUBT_MAX, KILLED_SECONDS_MAX, NOTES_MAX, WARM_UP_RATE};
use super::verdict::{Figure, Table, Verdict};
use super::{program, small};
use crate::cluster::{self, Cluster};
use crate::limits;
use crate::line::Ground;
use crate::receiver::millis;
use crate::seats::{
    Chronicle, Illness, Ledger, Line, Pair, Plan, Sinks, Tally, Terms, holder, side_by_side, taken_from,
};

pub(super) const SHOWS: &str = "The holder of the seat is cut off from the API server alone for 90 s while sinks stay in \
    reach and faults begin and end: it stops sending, but for its one `ApiServerUnreachable`, before its Lease can be \
    taken; the follower takes over; when the other is back nothing is doubled, and none of its late writes is taken.";

/// Faults of each lasting kind.
const OF_A_KIND: usize = 15;
/// Faults that begin around the cut.
const AROUND: usize = 40;
/// While it is cut off, a fault begins so often.
const DRIP: Duration = Duration::from_secs(2);
/// The network goes on for so long after it is back.
const AFTERWARDS: Duration = Duration::from_secs(20);

/// What one cut came to.
struct Found {
    warm: bool,
    tally: Tally,
    both: usize,
    terms: Terms,
    /// Times in seconds after the cut: the last line of the one cut off that needs a Lease,
    last: f64,
    /// when its Lease was another's,
    taken: f64,
    /// the first line of the other about a fault that began after the cut.
    takeover: f64,
    /// How often the one cut off told that the API server is out of its reach, at the plain receiver.
    alarms: usize,
    /// Lines of the one cut off after the other's first.
    late: usize,
    repeats: usize,
    /// Whether in the end the other one leads alone.
    settled: bool,
    unsettled: usize,
    faults: usize,
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let mut verdict = Verdict::default();
    let mut table = Table::new(
        "The cuts, in seconds after them",
        &["follower", "its last line", "Lease taken", "other's first line", "its alarms", "repeats plain"],
    );
    let followers = [false, true];
    for (warm, found) in followers.iter().zip(side_by_side(&followers, |warm| cut(&cluster, &program, *warm)))
    {
        match found {
            Ok(found) => {
                verdict.figures.extend(figures(&found));
                let seconds = |value: f64| format!("{value:.2}");
                let (last, taken, takeover) =
                    (seconds(found.last), seconds(found.taken), seconds(found.takeover));
                table.row(&[&word(*warm), &last, &taken, &takeover, &found.alarms, &found.repeats]);
                verdict.notes.extend(found.tally.notes(word(*warm), NOTES_MAX));
            }
            Err(error) => {
                verdict.figures.push(Figure::exactly(
                    format!("{}: ran to its end", word(*warm)),
                    false,
                    true,
                ));
                verdict.notes.push(format!("{}: {error:#}", word(*warm)));
            }
        }
    }
    verdict.tables.push(table);
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "The cut drops, in the network namespace of one replica, every packet to and from the API server. \
    While it lasts, that replica still owes its sinks what ended shortly before (told after 12 s and after 26 s) and what \
    began shortly before (told after 10 s). Lines are told apart by the address of their sender. A late write would be a \
    version of the seat's head, as our own watch of it shows them all, under a term that is over.";

const fn word(warm: bool) -> &'static str {
    if warm { "warm" } else { "cold" }
}

fn figures(found: &Found) -> Vec<Figure> {
    let what = |words: &str| format!("{}: {words}", word(found.warm));
    let tally = &found.tally;
    vec![
        Figure::told(what("faults made"), found.faults),
        Figure::at_least(
            what("last line of the one cut off, before its Lease was taken"),
            found.taken - found.last,
            0.0,
            "s",
        ),
        Figure::exactly(
            what("its lines after the other's first, `ApiServerUnreachable` aside"),
            found.late,
            0,
        ),
        Figure::exactly(what("its `ApiServerUnreachable`"), found.alarms, 1),
        Figure::at_most(what("takeover, from the cut"), found.takeover, KILLED_SECONDS_MAX, "s"),
        Figure::exactly(what("faults missed"), tally.missed.len(), 0),
        Figure::exactly(what("told twice at the keyed receiver, folded"), tally.doubled(Ledger::Keyed), 0),
        Figure::at_most(what("raw repeats at the plain receiver"), found.repeats as f64, IN_DOUBT_MAX, ""),
        Figure::exactly(what("ends that a told sink did not hear of"), tally.endless.len(), 0),
        Figure::exactly(what("told to be over while standing"), tally.untrue.len(), 0),
        Figure::exactly(what("told to a sink that it is not for"), tally.astray.len(), 0),
        Figure::exactly(what("incidents open at the end"), tally.open.len() + found.unsettled, 0),
        Figure::exactly(what("late writes that were taken"), found.terms.late, 0),
        Figure::exactly(what("times that the seat changed hands"), found.terms.changes, 1),
        Figure::exactly(what("looks at which two said 200"), found.both, 0),
        Figure::exactly(what("the other one leads alone afterwards"), found.settled, true),
        Figure::exactly(what("messages about anything else"), tally.strays.len(), 0),
    ]
}

fn cut(cluster: &Cluster, program: &Path, warm: bool) -> Result<Found> {
    let name = if warm { "part-warm" } else { "part-cold" };
    let ground = Ground::new(cluster, name)?;
    let mut pair = Pair::new(&ground, &Plan { name, program, warm, leases: &[] })?;
    let standing = small().map_or(100, |_| 20);
    let drops = usize::try_from((CUT_OFF + AFTERWARDS).as_secs() / DRIP.as_secs()).unwrap_or(usize::MAX);
    let both = standing + 3 * OF_A_KIND + AROUND + drops + 30;
    for (sinks, count) in [(Sinks::Both, both), (Sinks::Plain, AROUND), (Sinks::Keyed, AROUND)] {
        pair.herd.grow(&ground.ghost(), sinks, count)?;
    }
    pair.start_both()?;
    let mut chronicle = Chronicle::open(&ground, &[ground.namespace()])?;
    pair.herd.storm(&vec![(Sinks::Both, Illness::Quick); standing], WARM_UP_RATE, 0)?;
    let kinds = [Illness::Lingering, Illness::Chronic].map(|illness| vec![(Sinks::Both, illness); OF_A_KIND]);
    let lasting = pair.herd.storm(&kinds.concat(), WARM_UP_RATE, 0)?;
    pair.settle(limits::FAULT_TOLD_MAX)?;
    let before = holder(chronicle.versions()?).context("nobody holds the Lease")?.to_owned();
    // What the one cut off will owe: ends that are due after 12 and 26 s, beginnings that are due after 10 s.
    pair.herd.heal(&lasting)?;
    pair.herd.storm(&[(Sinks::Both, Illness::Creeping); OF_A_KIND], WARM_UP_RATE, 1)?;
    let (at, begun) = isolated(&mut pair)?;
    pair.replicas[0].cut(cluster, false)?;
    dripped(&mut pair, AFTERWARDS)?;
    let calm = pair.settle(limits::FAULT_TOLD_MAX)?;
    let settled = pair.watchman.now() == [Some(503), Some(200)];
    let unsettled = calm + pair.close()?;
    let old = pair.replicas[0].address().to_owned();
    let takeover = pair.first_from(1, &begun, false);
    let versions = chronicle.versions()?;
    let taken = taken_from(versions, &before, at);
    let tally = pair.tally();
    let sent = |line: &&Line| line.from == old && line.reason != "ApiServerUnreachable";
    let last = pair.audience.lines().iter().filter(sent).map(|line| line.at).max().unwrap_or(at);
    let late = takeover
        .map_or(0, |first| pair.audience.lines().iter().filter(sent).filter(|line| line.at > first).count());
    let alarms = tally
        .unreachable
        .iter()
        .filter(|line| line.from == old && !line.over && line.ledger == Ledger::Plain);
    let after = |time: Option<i64>| time.map_or(f64::NAN, |time| (time - at) as f64 / 1000.0);
    Ok(Found {
        warm,
        both: pair.watchman.counts().1,
        terms: Terms::of(versions),
        last: after(Some(last)),
        taken: after(taken),
        takeover: after(takeover),
        alarms: alarms.count(),
        late,
        repeats: tally.repeats(Ledger::Plain, 0, i64::MAX),
        settled,
        unsettled,
        faults: pair.herd.fates().len(),
        tally,
    })
}

/// Cuts the first one off for as long as the proof says, amid beginnings: when, and what began after it.
fn isolated(pair: &mut Pair<'_>) -> Result<(i64, Vec<usize>)> {
    let of = |count: usize| -> Vec<(Sinks, Illness)> {
        let sinks = [Sinks::Both, Sinks::Plain, Sinks::Keyed].into_iter().cycle().take(count);
        sinks.map(|sinks| (sinks, Illness::Quick)).collect()
    };
    pair.herd.storm(&of(AROUND / 2), WARM_UP_RATE, 1)?;
    let (at, start) = (millis(), Instant::now());
    pair.replicas[0].cut(pair.kit.ground.cluster(), true)?;
    let mut begun = pair.herd.storm(&of(AROUND / 2), WARM_UP_RATE, 1)?;
    begun.extend(dripped(pair, CUT_OFF.saturating_sub(start.elapsed()))?);
    Ok((at, begun))
}

/// Faults that begin one by one for so long.
fn dripped(pair: &mut Pair<'_>, long: Duration) -> Result<Vec<usize>> {
    let (start, mut begun) = (Instant::now(), Vec::new());
    while start.elapsed() < long {
        let (fault, patch) = pair.herd.sicken(Sinks::Both, Illness::Quick, 1)?;
        patch.wait()?;
        begun.push(fault);
        pair.look()?;
        thread::sleep(DRIP.min(long.saturating_sub(start.elapsed())));
    }
    Ok(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            warm: true,
            tally: Tally::default(),
            both: 0,
            terms: Terms { highest: 2, changes: 1, late: 0 },
            last: 19.5,
            taken: 28.0,
            takeover: 29.0,
            alarms: 1,
            late: 0,
            repeats: 3,
            settled: true,
            unsettled: 0,
            faults: 9,
        }
    }

    fn red(found: &Found) -> usize {
        figures(found).iter().filter(|figure| !figure.holds).count()
    }

    #[test]
    fn one_that_sends_on_writes_on_or_is_never_replaced_is_red() {
        assert_eq!(red(&found()), 0);
        assert_eq!(red(&Found { last: 28.5, ..found() }), 1);
        assert_eq!(red(&Found { taken: f64::NAN, ..found() }), 1);
        assert_eq!(red(&Found { alarms: 2, ..found() }), 1);
        assert_eq!(red(&Found { terms: Terms { highest: 3, changes: 2, late: 1 }, ..found() }), 2);
    }
}
