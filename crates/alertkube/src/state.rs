//! `--state-dir`: the memory of this process in one file, for single-process use, until the ledger comes.

use std::path::PathBuf;

use alertkube_core::Records;
use anyhow::Context;

use crate::files;

/// A folder that holds the memory.
pub(crate) struct StateDir {
    file: PathBuf,
}

impl StateDir {
    pub(crate) fn new(folder: PathBuf) -> StateDir {
        StateDir { file: folder.join("memory.json") }
    }

    /// The memory of the predecessor. One that cannot be read is moved aside and said, never overwritten.
    pub(crate) fn load(&self) -> anyhow::Result<Option<Records>> {
        if !files::exists(&self.file) {
            return Ok(None);
        }
        let text = files::read(&self.file)?;
        match Records::parse(&text) {
            Ok(records) => Ok(Some(records)),
            Err(why) => {
                let aside = files::set_aside(&self.file)?;
                tracing::error!(file = %aside.display(), why, "stored memory cannot be read; it was set aside, and this start is a first run");
                Ok(None)
            }
        }
    }

    pub(crate) fn save(&self, records: &Records) -> anyhow::Result<()> {
        files::replace(&self.file, &records.to_text()).context("cannot store the memory")
    }
}
