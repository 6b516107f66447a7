//! A store of one seat's parts that takes and gives at once.

use std::collections::BTreeMap;

use alertkube_core::{Content, Part, PartRead, PartWrite, StoreTrouble, Version};

/// Parts and how often each was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    parts: BTreeMap<Part, (Content, u64)>,
    /// What every write is answered, when it is not taken.
    pub(crate) trouble: Option<StoreTrouble>,
    pub(crate) writes: usize,
    /// What the Go program left.
    pub(crate) reference: Option<Vec<u8>>,
    /// So many reads of it are not answered.
    pub(crate) unanswered: u32,
}

impl Shelf {
    /// Bytes of what all segments and buckets hold.
    pub(crate) fn bytes(&self) -> usize {
        let beside = self.parts.iter().filter(|(part, _)| **part != Part::Head);
        beside.map(|(_, (content, _))| content.len()).sum()
    }

    pub(crate) fn read(&self, part: Part) -> PartRead {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        Ok(self.parts.get(&part).map(|(content, version)| (content.clone(), Version(version.to_string()))))
    }

    pub(crate) fn write(&mut self, write: PartWrite) -> Result<Version, StoreTrouble> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let version = self.parts.get(&write.part).map(|(_, version)| *version);
        if version.map(|version| Version(version.to_string())) != write.expect {
            return Err(StoreTrouble::Conflict);
        }
        let next = version.unwrap_or(0) + 1;
        self.parts.insert(write.part, (write.content, next));
        self.writes += 1;
        Ok(Version(next.to_string()))
    }
}
