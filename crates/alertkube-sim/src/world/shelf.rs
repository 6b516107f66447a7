//! A store of one seat's parts, as the API server keeps them: each with a version that a write must know.

use std::collections::BTreeMap;

use alertkube_core::{Content, Part, PartRead, PartWrite, StoreTrouble, Version};

/// The parts, and how often each was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf(BTreeMap<Part, (Content, u64)>);

impl Shelf {
    pub(super) fn read(&self, part: Part) -> PartRead {
        Ok(self.0.get(&part).map(|(content, version)| (content.clone(), Version(version.to_string()))))
    }

    pub(super) fn write(&mut self, write: PartWrite) -> Result<Version, StoreTrouble> {
        let stands = self.0.get(&write.part).map(|(_, version)| *version);
        if stands.map(|version| version.to_string()) != write.expect.map(|version| version.0) {
            return Err(StoreTrouble::Conflict);
        }
        let version = stands.unwrap_or(0) + 1;
        self.0.insert(write.part, (write.content, version));
        Ok(Version(version.to_string()))
    }
}
