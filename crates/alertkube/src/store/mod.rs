//! Where the parts of a ledger are kept: objects in the cluster, or files in a folder. It reads and writes parts and
//! says what went wrong; what is in them, and what to do about trouble, is the ledger's to decide.

mod limits;

mod names;

mod answers;
mod objects;

mod cluster;
mod folder;

use alertkube_core::{Content, Part, PartWrite, Refusal, SeatId, StoreTrouble, Version};

pub(crate) use cluster::{ClusterStore, Place};
pub(crate) use folder::FileStore;
pub(crate) use names::every as state_objects;

/// The parts of one seat's ledger.
pub(crate) enum Store {
    /// Objects in the cluster: `persistence.*`.
    Cluster(Box<ClusterStore>),
    /// Files: `--state-dir`.
    Files(FileStore),
    /// What another process has in its own folder.
    Elsewhere,
}

/// The answer of a folder to questions about other seats.
fn elsewhere() -> StoreTrouble {
    let text = "every process has a state folder of its own".to_owned();
    StoreTrouble::Refused { why: Refusal::Forbidden, text }
}

impl Store {
    /// The store of another seat beside this one.
    pub(crate) fn of(&self, seat: SeatId) -> Store {
        match self {
            Store::Cluster(store) => Store::Cluster(Box::new(store.of(seat))),
            Store::Files(_) | Store::Elsewhere => Store::Elsewhere,
        }
    }

    /// A part as it stands now, or that there is none.
    ///
    /// # Errors
    /// Never a conflict. A part that is there but cannot be read is an error too, never none.
    pub(crate) async fn read(&self, part: Part) -> Result<Option<(Content, Version)>, StoreTrouble> {
        match self {
            Store::Cluster(store) => store.read(part).await,
            Store::Files(store) => store.read(part).await,
            Store::Elsewhere => Err(elsewhere()),
        }
    }

    /// Writes a part if it still stands as the write expects: at that version, or not at all.
    ///
    /// # Errors
    /// A conflict and a refusal say that nothing was written; what is unknown may have been written, or may yet be.
    pub(crate) async fn write(&self, write: PartWrite) -> Result<Version, StoreTrouble> {
        match self {
            Store::Cluster(store) => store.write(write).await,
            Store::Files(store) => store.write(write).await,
            Store::Elsewhere => Err(elsewhere()),
        }
    }

    /// Keeps content that the ledger cannot use, for whoever looks into it: under a name of its own, over what was set
    /// aside of this part before.
    ///
    /// # Errors
    /// Those of a write.
    pub(crate) async fn set_aside(&self, part: Part, content: Content) -> Result<(), StoreTrouble> {
        match self {
            Store::Cluster(store) => store.set_aside(part, content).await,
            Store::Files(store) => store.set_aside(part, content).await,
            Store::Elsewhere => Err(elsewhere()),
        }
    }

    /// The snapshot of the Go program, if it left one: JSON, or JSON in gzip, which begins with 1f 8b.
    ///
    /// # Errors
    /// Those of a read.
    pub(crate) async fn reference(&self) -> Result<Option<Vec<u8>>, StoreTrouble> {
        match self {
            Store::Cluster(store) => store.reference().await,
            Store::Files(_) | Store::Elsewhere => Ok(None),
        }
    }
}
