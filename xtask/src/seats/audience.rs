//! The two receivers, and what they heard: nothing else counts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::lines::{Book, Ledger, Line};
use super::tally::{Fate, Tally};
use crate::cluster::Cluster;
use crate::line::{Ear, Hearing};

/// The first line of a kind about a problem: when it came, and from where.
pub(crate) type First = (i64, String);

/// The receivers with their books; they end with it.
pub(crate) struct Audience {
    lines: Vec<Line>,
    first: BTreeMap<(String, Ledger, bool), First>,
    books: [Book; 2],
    ears: [Ear; 2],
}

impl Audience {
    /// Opens them at the address of the API server, which every pod and every branch reaches.
    pub(crate) fn open(cluster: &Cluster, folder: &Path) -> Result<Audience> {
        let host = cluster.server()?;
        let host = host.trim_start_matches("https://").split(':').next().unwrap_or_default().to_owned();
        let ear =
            |name, path, answer| Ear::start(cluster, folder, &Hearing { name, host: &host, path, answer });
        let ears = [ear("plain", "hook", 200)?, ear("keyed", "v2/enqueue", 202)?];
        let books = [Book::open(Ledger::Plain, ears[0].file()), Book::open(Ledger::Keyed, ears[1].file())];
        Ok(Audience { lines: Vec::new(), first: BTreeMap::new(), books, ears })
    }

    /// Where the plain one is told.
    pub(crate) fn hook(&self) -> &str {
        self.ears[0].url()
    }

    /// Where the keyed one is told.
    pub(crate) fn incidents(&self) -> &str {
        self.ears[1].url()
    }

    /// Takes in what they wrote down since the last look.
    pub(crate) fn look(&mut self) -> Result<()> {
        for book in &mut self.books {
            for line in book.added()? {
                let key = (line.fingerprint.clone(), line.ledger, line.over);
                self.first.entry(key).or_insert_with(|| (line.at, line.from.clone()));
                self.lines.push(line);
            }
        }
        Ok(())
    }

    /// Every line so far.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The first line at each receiver that tells a fault so.
    pub(crate) fn firsts(&self, fate: &Fate, over: bool) -> impl Iterator<Item = &First> {
        let of = move |ledger| self.first.get(&(fate.fingerprint.clone(), ledger, over));
        [Ledger::Plain, Ledger::Keyed].into_iter().filter_map(of)
    }

    /// How many of the sinks that a fault is for have not heard that it stands, or that it is over.
    pub(crate) fn deaf(&self, fate: &Fate, over: bool) -> usize {
        let deaf = |ledger: &Ledger| !self.first.contains_key(&(fate.fingerprint.clone(), *ledger, over));
        let all = [Ledger::Plain, Ledger::Keyed];
        all.iter().filter(|ledger| fate.sinks.has(**ledger) && deaf(ledger)).count()
    }

    /// How many sinks are still to hear of what was done.
    pub(crate) fn left(&self, fates: &[Fate]) -> usize {
        let ends = |fate: &Fate| if fate.fixed.is_some() { self.deaf(fate, true) } else { 0 };
        fates.iter().map(|fate| self.deaf(fate, false) + ends(fate)).sum()
    }

    /// What the lines so far say about what was done.
    pub(crate) fn tally(&self, fates: &[Fate]) -> Tally {
        Tally::of(fates, &self.lines)
    }
}
