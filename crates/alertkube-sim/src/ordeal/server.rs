//! The API server as far as seats go: Leases and the parts of stored state, each with a version that a write must know.
//! Versions are those of the whole server, so that none comes twice.

use std::collections::BTreeMap;

use alertkube_core::{
    Content, LeaseEffect, LeaseInput, LeaseRecord, LeaseTrouble, Part, PartRead, PartWrite, StoreTrouble,
    Version,
};

use super::clock::At;

/// The stored state of one seat.
pub(super) type Parts = BTreeMap<Part, (Content, u64)>;

/// The server.
#[derive(Debug, Default)]
pub(super) struct Server {
    revision: u64,
    pub(super) leases: BTreeMap<u32, LeaseRecord>,
    pub(super) parts: BTreeMap<u32, Parts>,
    /// When a head of each seat was last applied.
    pub(super) beats: BTreeMap<u32, At>,
    /// How the stored state of each seat was, for an operator who puts it back.
    copies: BTreeMap<(u32, At), Parts>,
}

impl Server {
    pub(super) fn read(&self, seat: u32, part: Part) -> PartRead {
        let found = self.parts.get(&seat).and_then(|parts| parts.get(&part));
        Ok(found.map(|(content, version)| (content.clone(), Version(version.to_string()))))
    }

    pub(super) fn write(&mut self, seat: u32, write: PartWrite) -> Result<Version, StoreTrouble> {
        let parts = self.parts.entry(seat).or_default();
        let stands = parts.get(&write.part).map(|(_, version)| version.to_string());
        if stands != write.expect.map(|version| version.0) {
            return Err(StoreTrouble::Conflict);
        }
        self.revision += 1;
        parts.insert(write.part, (write.content, self.revision));
        Ok(Version(self.revision.to_string()))
    }

    /// A request about a Lease, and whether it changed it.
    pub(super) fn lease(&mut self, seat: u32, effect: &LeaseEffect) -> (LeaseInput, bool) {
        let stands = self.leases.get(&seat).cloned();
        let result = match (effect, &stands) {
            (LeaseEffect::Create(_), Some(_)) => Err(LeaseTrouble::Conflict),
            (LeaseEffect::Replace(_), None) => Err(LeaseTrouble::Gone),
            (LeaseEffect::Replace(new), Some(old)) if new.version != old.version => {
                Err(LeaseTrouble::Conflict)
            }
            (LeaseEffect::Create(new) | LeaseEffect::Replace(new), _) => {
                return (LeaseInput::Wrote(Ok(self.put_lease(seat, new.clone()))), true);
            }
            _ => return (LeaseInput::Read(Ok(stands)), false),
        };
        (LeaseInput::Wrote(result), false)
    }

    pub(super) fn put_lease(&mut self, seat: u32, lease: LeaseRecord) -> LeaseRecord {
        self.revision += 1;
        let lease = LeaseRecord { version: self.revision.to_string(), ..lease };
        self.leases.insert(seat, lease.clone());
        lease
    }

    fn meta(content: &Content) -> serde_json::Value {
        serde_json::from_str(&content.meta).unwrap_or_default()
    }

    /// What the metadata of the head says of a number, such as its term.
    pub(super) fn head_number(content: &Content, field: &str) -> u64 {
        Server::meta(content)[field].as_u64().unwrap_or(0)
    }

    /// Who wrote a head, as it says.
    pub(super) fn holder(content: &Content) -> String {
        Server::meta(content)["holder"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether this is the head of an elected holder who has not let go.
    pub(super) fn is_elected(content: &Content) -> bool {
        let meta = Server::meta(content);
        meta["elected"].as_bool().unwrap_or(false) && !meta["released"].as_bool().unwrap_or(false)
    }

    /// The term of a seat as its head says; 0 without one.
    pub(super) fn term(&self, seat: u32) -> u64 {
        let head = self.parts.get(&seat).and_then(|parts| parts.get(&Part::Head));
        head.map_or(0, |(content, _)| Server::head_number(content, "term"))
    }

    /// Somebody adds a blank to the head's metadata, which changes what it is and not what it says.
    pub(super) fn edit_head(&mut self, seat: u32) -> bool {
        let parts = self.parts.entry(seat).or_default();
        let Some((content, version)) = parts.get_mut(&Part::Head) else { return false };
        content.meta.push(' ');
        self.revision += 1;
        *version = self.revision;
        true
    }

    pub(super) fn delete_head(&mut self, seat: u32) -> bool {
        self.parts.entry(seat).or_default().remove(&Part::Head).is_some()
    }

    /// Keeps the stored state of every seat as it is now.
    pub(super) fn copy(&mut self, at: At) {
        self.copies.extend(self.parts.iter().map(|(seat, parts)| ((*seat, at), parts.clone())));
    }

    /// Puts back what stood then, in new versions; says whether anything did.
    pub(super) fn restore(&mut self, seat: u32, then: At) -> bool {
        let Some((_, copy)) = self.copies.range((seat, 0)..=(seat, then)).next_back() else { return false };
        let mut parts = copy.clone();
        for (_, version) in parts.values_mut() {
            self.revision += 1;
            *version = self.revision;
        }
        self.parts.insert(seat, parts);
        true
    }
}
