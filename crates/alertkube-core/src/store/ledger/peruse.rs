//! Reading a seat's facts without taking the seat. Its head says that they stay as they are; parts may still be written
//! anew with the same facts in them, so what does not fit together is read once more.

use std::collections::BTreeMap;

use super::codec::Record;
use super::head::Head;
use super::interface::EntryKey;
use super::part::{Content, Part};
use super::recover::{Found, needed, recover};
use super::take::ReadPart;

/// A reading on its way.
pub(crate) struct Perusal {
    head: Head,
    records: Vec<Record>,
    found: Found,
}

/// What came of it.
pub(crate) enum Perused {
    /// More parts are awaited.
    Going,
    /// A part could not be had: to be begun anew.
    Failed(String),
    /// Every fact that can be read, and what is wrong with the rest.
    Done(Vec<(EntryKey, Box<[u8]>)>, Option<String>),
}

impl Perusal {
    /// Begins with a head; gives the parts to read.
    pub(crate) fn new(head: &Content) -> Result<(Perusal, Vec<Part>), String> {
        let (head, records) = Head::read(head).map_err(|flaw| flaw.why().to_owned())?;
        let parts = needed(&head);
        Ok((Perusal { head, records, found: BTreeMap::new() }, parts))
    }

    /// Takes parts.
    pub(crate) fn read(&mut self, results: Vec<(Part, ReadPart)>) -> Perused {
        for (part, result) in results {
            match result {
                Ok(found) => drop(self.found.insert(part, found)),
                Err(trouble) => return Perused::Failed(format!("{part}: {trouble}")),
            }
        }
        if !needed(&self.head).iter().all(|part| self.found.contains_key(part)) {
            return Perused::Going;
        }
        let recovered = recover(&self.head, std::mem::take(&mut self.records), &self.found);
        let damage = recovered.damage.first().map(|damage| format!("{}: {}", damage.part, damage.why));
        let facts = recovered.fold.iter().map(|(key, value)| (key.clone(), value.into()));
        Perused::Done(facts.collect(), damage)
    }
}
