//! Proof `seed-page`: the page on leader election, word for word, with the real helm and kubectl on a real cluster.

mod course;
mod page;

use anyhow::Result;

use self::course::{Outcome, Start};
use super::limits::{NOTES_MAX, SEED_TAKEOVERS, TERMED_SECONDS_MAX};
use super::verdict::{Figure, Table, Verdict, slowest};
use super::{small, used};
use crate::cluster;
use crate::image;
use crate::seats::Ledger;

pub(super) const SHOWS: &str = "The page on leader election, every command verbatim and in order, on a release installed \
    with one replica and on one installed with the values of the Go program's chart, under a storm of failing pods and at \
    two receivers: two pods, a Lease with a holder, 200 on one and 503 on the other, on IPv4 and IPv6; the leader deleted \
    ten times. Then the Lease moves, the release is installed anew, and goes back to one replica: nothing is lost and \
    nothing is told twice.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let cluster = cluster::up()?;
    image::load(&cluster, &super::image_program()?)?;
    let mut verdict = Verdict::default();
    for start in [Start::OneReplica, Start::ReferenceValues] {
        match course::run(&cluster, start, small().unwrap_or(SEED_TAKEOVERS)) {
            Ok(outcome) => told(&outcome, &mut verdict),
            Err(error) => {
                let what = format!("{}: the course ran to its end", start.word());
                verdict.figures.push(Figure::exactly(what, false, true));
                verdict.notes.push(format!("{}: {error:#}", start.word()));
            }
        }
    }
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "*takeover*: from the command that deletes the leader until another holds the Lease, answers 200 on \
    `/readyz` and told of a fault that began after that command; the slowest of the three counts. Names of pods stand in \
    place of `<leader-pod>` and `<follower-pod>`; nothing else of the page's commands is changed. Both receivers run on the \
    node, at the address that every pod reaches, and write and sync a line before they answer. Before the release is \
    uninstalled its pods are scaled to none, as docs/install.md says: `helm uninstall` alone takes their rights first.";

fn told(outcome: &Outcome, verdict: &mut Verdict) {
    let word = outcome.start.word();
    let what = |words: &str| format!("{word}: {words}");
    let named = outcome.figures.iter().map(|figure| Figure { what: what(&figure.what), ..figure.clone() });
    verdict.figures.extend(named);
    let mut seconds: Vec<f64> = outcome.takeovers.iter().map(course::Takeover::seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN);
    let tally = &outcome.tally;
    verdict.figures.extend([
        Figure::exactly(what("takeovers"), seconds.len(), small().unwrap_or(SEED_TAKEOVERS)),
        Figure::told(what("takeover, median"), format!("{median:.2} s")),
        Figure::at_most(what("takeover, slowest"), slowest(seconds), TERMED_SECONDS_MAX, "s"),
        Figure::told(what("faults made"), outcome.faults),
        Figure::exactly(what("lost: faults that a receiver did not hear of"), tally.missed.len(), 0),
        Figure::exactly(what("lost: ends that a receiver did not hear of"), tally.endless.len(), 0),
        Figure::exactly(what("doubled at the plain receiver"), tally.doubled(Ledger::Plain), 0),
        Figure::exactly(what("doubled at the keyed receiver"), tally.doubled(Ledger::Keyed), 0),
        Figure::exactly(what("told to be over while standing"), tally.untrue.len(), 0),
        Figure::exactly(what("incidents open at the end"), tally.open.len(), 0),
        Figure::exactly(what("messages about anything else"), tally.strays.len(), 0),
        Figure::exactly(what("sinks that had not heard all at the end"), outcome.unsettled, 0),
        Figure::exactly(what("restarts of containers"), outcome.restarts, 0),
    ]);
    verdict.figures.extend(used::figures(outcome.used, outcome.start.memory_limit_mib(), &what));
    verdict.tables.extend([takeovers(outcome), changes(outcome)]);
    verdict.notes.extend(tally.notes(word, NOTES_MAX));
}

fn takeovers(outcome: &Outcome) -> Table {
    let title = format!("Takeovers, {}: seconds from the deletion of the leader", outcome.start.word());
    let mut table =
        Table::new(title, &["round", "Lease held by another", "`/readyz` 200", "first told by another"]);
    for (round, takeover) in (1..).zip(&outcome.takeovers) {
        let [lease, ready, told] =
            [takeover.lease, takeover.ready, takeover.told].map(|seconds| format!("{seconds:.2}"));
        table.row(&[&round, &lease, &ready, &told]);
    }
    table
}

fn changes(outcome: &Outcome) -> Table {
    let title = format!("Changes under the storm, {}", outcome.start.word());
    let mut table = Table::new(title, &["change", "seconds until helm and the pods were done"]);
    for (what, seconds) in &outcome.changes {
        table.row(&[what, &format!("{seconds:.1}")]);
    }
    table
}
