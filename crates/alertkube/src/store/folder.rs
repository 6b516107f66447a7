//! The parts as files of one folder, for one process: `--state-dir`. A commit is added to the file of the head, which
//! the disk has to be asked for once; everything else is replaced.

mod format;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alertkube_core::{Content, Part, PartWrite, Refusal, StoreTrouble, Version};
use anyhow::bail;

use crate::files::{self, Growing, Lock};
use crate::store::limits::{FILE_BYTES_MAX, FILE_GROWS_MAX};

/// The file whose lock is the folder's.
const LOCK: &str = "lock";

/// A folder that this process alone may use.
pub(crate) struct FileStore(Arc<Folder>);

struct Folder {
    path: PathBuf,
    /// Held while the head is read or written, with what is known of its file.
    head: Mutex<Option<Head>>,
    /// Held between reading a version of another part and writing the next one.
    turn: Mutex<()>,
    /// Held for as long as this lives; the kernel gives it up with the process, however that ends.
    _lock: Lock,
}

/// The file of the head as this process wrote it.
struct Head {
    file: Growing,
    version: u64,
    body: Vec<u8>,
}

impl FileStore {
    /// Takes the folder, which is made if it is not there.
    ///
    /// # Errors
    /// A folder that another process has, or that cannot be used.
    pub(crate) fn open(path: PathBuf) -> anyhow::Result<FileStore> {
        let Some(lock) = files::lock(&path.join(LOCK))? else {
            bail!(
                "{} is in use by another process; every process needs a state folder of its own",
                path.display()
            );
        };
        Ok(FileStore(Arc::new(Folder { path, head: Mutex::default(), turn: Mutex::default(), _lock: lock })))
    }

    pub(super) async fn read(&self, part: Part) -> Result<Option<(Content, Version)>, StoreTrouble> {
        self.aside(move |folder| {
            let _head = (part == Part::Head).then(|| taken(&folder.head));
            let _turn = (part != Part::Head).then(|| taken(&folder.turn));
            let found = folder.read(&part.suffix())?;
            Ok(found.map(|(content, version)| (content, Version(version.to_string()))))
        })
        .await
    }

    pub(super) async fn write(&self, write: PartWrite) -> Result<Version, StoreTrouble> {
        self.aside(move |folder| {
            let version = match write.part {
                Part::Head => folder.commit(write)?,
                Part::Segment(_) | Part::Bucket(_) => {
                    let _turn = taken(&folder.turn);
                    folder.put(&write)?
                }
            };
            Ok(Version(version.to_string()))
        })
        .await
    }

    pub(super) async fn set_aside(&self, part: Part, content: Content) -> Result<(), StoreTrouble> {
        self.aside(move |folder| {
            let _turn = taken(&folder.turn);
            let name = format!("lost-{part}");
            let stands = folder.read(&name)?.map_or(0, |(_, version)| version);
            folder.replace(&name, stands + 1, &content).map(drop)
        })
        .await
    }

    /// Off the async threads, since a sync may take as long as the disk likes. A caller that does not wait for the
    /// end has, as with the API server, a write that may yet be applied.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, StoreTrouble> + Send + 'static,
    ) -> Result<T, StoreTrouble> {
        let folder = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&folder));
        done.await.unwrap_or_else(|_| Err(StoreTrouble::Unknown("a state file was left half-way".to_owned())))
    }
}

impl Folder {
    /// A file with its version. One that is none of ours, or not whole, is moved aside and said, so that no write can
    /// go over it.
    fn read(&self, name: &str) -> Result<Option<(Content, u64)>, StoreTrouble> {
        let path = self.path.join(name);
        let bytes = files::read_bytes(&path, FILE_BYTES_MAX).map_err(unknown)?;
        let Some(bytes) = bytes else { return Ok(None) };
        if let Some(read) = format::parse(&bytes) {
            return Ok(Some(read));
        }
        let aside = files::set_aside(&path).map_err(unknown)?;
        tracing::error!(file = %aside.display(), "a state file cannot be read; it was set aside, and counts as not there");
        Ok(None)
    }

    /// Adds to the file of the head what is new in it, as long as that file is the one that this process wrote.
    fn commit(&self, write: PartWrite) -> Result<u64, StoreTrouble> {
        let mut known = taken(&self.head);
        let path = self.path.join(write.part.suffix());
        // Whatever goes wrong below, the file is read, and written whole, the next time.
        if let Some(mut head) = known.take().filter(|head| head.file.is(&path)) {
            if write.expect != Some(Version(head.version.to_string())) {
                return Err(StoreTrouble::Conflict);
            }
            let added = format::addition(head.version + 1, &head.body, &write.content);
            if head.file.len() + added.len() as u64 <= FILE_GROWS_MAX {
                head.file.add(&added).map_err(refused)?;
                head.file.sync().map_err(unknown)?;
                (head.version, head.body) = (head.version + 1, write.content.body);
                return Ok(known.insert(head).version);
            }
        }
        let version = self.put(&write)?;
        // If it cannot be opened now, it is written whole again.
        let file = files::grow(&path).ok();
        *known = file.map(|file| Head { file, version, body: write.content.body });
        Ok(version)
    }

    /// Replaces the file of a part.
    fn put(&self, write: &PartWrite) -> Result<u64, StoreTrouble> {
        let name = write.part.suffix();
        let stands = self.read(&name)?.map(|(_, version)| version);
        if stands.map(|version| Version(version.to_string())) != write.expect {
            return Err(StoreTrouble::Conflict);
        }
        self.replace(&name, stands.unwrap_or(0) + 1, &write.content)
    }

    fn replace(&self, name: &str, version: u64, content: &Content) -> Result<u64, StoreTrouble> {
        let path = self.path.join(name);
        let text = format::whole(version, content);
        if text.len() as u64 > FILE_BYTES_MAX {
            let text = format!("{}: {} bytes are more than {FILE_BYTES_MAX}", path.display(), text.len());
            return Err(StoreTrouble::Refused { why: Refusal::TooLarge, text });
        }
        let aside = files::write_aside(&path, &text).map_err(refused)?;
        files::put_in_place(&aside, &path).map_err(unknown)?;
        Ok(version)
    }
}

fn taken<T>(turn: &Mutex<T>) -> MutexGuard<'_, T> {
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Trouble before the file is in place: nothing is changed.
fn refused(error: anyhow::Error) -> StoreTrouble {
    let kind = error.root_cause().downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    let why = match kind {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Refusal::Quota,
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => Refusal::Forbidden,
        Some(ErrorKind::FileTooLarge) => Refusal::TooLarge,
        _ => Refusal::Other,
    };
    StoreTrouble::Refused { why, text: format!("{error:#}") }
}

fn unknown(error: anyhow::Error) -> StoreTrouble {
    StoreTrouble::Unknown(format!("{error:#}"))
}

#[cfg(test)]
mod tests;
