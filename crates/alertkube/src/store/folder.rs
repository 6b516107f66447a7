//! The parts as files of one folder, for one process: `--state-dir`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use alertkube_core::{Content, Part, PartWrite, Refusal, StoreTrouble, Version};
use anyhow::bail;

use crate::files::{self, Lock};
use crate::store::limits::FILE_BYTES_MAX;

/// The file whose lock is the folder's.
const LOCK: &str = "lock";

/// The first words of a state file. After them, in one line: the version, and the bytes of meta and of body, which
/// follow.
const OPENING: &str = "alertkube-part 1";

/// A folder that this process alone may use.
pub(crate) struct FileStore(Arc<Folder>);

struct Folder {
    path: PathBuf,
    /// Held between reading a version and writing the next one.
    turn: Mutex<()>,
    /// Held for as long as this lives; the kernel gives it up with the process, however that ends.
    _lock: Lock,
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
        Ok(FileStore(Arc::new(Folder { path, turn: Mutex::default(), _lock: lock })))
    }

    pub(super) async fn read(&self, part: Part) -> Result<Option<(Content, Version)>, StoreTrouble> {
        self.aside(move |folder| {
            let found = folder.read(&part.suffix())?;
            Ok(found.map(|(content, version)| (content, Version(version.to_string()))))
        })
        .await
    }

    pub(super) async fn write(&self, write: PartWrite) -> Result<Version, StoreTrouble> {
        self.aside(move |folder| {
            let PartWrite { part, content, expect } = write;
            let name = part.suffix();
            let stands = folder.read(&name)?.map(|(_, version)| version);
            if stands.map(|version| version.to_string()) != expect.map(|version| version.0) {
                return Err(StoreTrouble::Conflict);
            }
            folder.replace(&name, stands.unwrap_or(0) + 1, &content)
        })
        .await
    }

    pub(super) async fn set_aside(&self, part: Part, content: Content) -> Result<(), StoreTrouble> {
        self.aside(move |folder| {
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
        let done = tokio::task::spawn_blocking(move || {
            let _turn = folder.turn.lock().unwrap_or_else(PoisonError::into_inner);
            work(&folder)
        });
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
        if let Some(read) = parse(&bytes) {
            return Ok(Some(read));
        }
        let aside = files::set_aside(&path).map_err(unknown)?;
        tracing::error!(file = %aside.display(), "a state file cannot be read; it was set aside, and counts as not there");
        Ok(None)
    }

    fn replace(&self, name: &str, version: u64, content: &Content) -> Result<Version, StoreTrouble> {
        let path = self.path.join(name);
        let text = text(version, content);
        if text.len() as u64 > FILE_BYTES_MAX {
            let text = format!("{}: {} bytes are more than {FILE_BYTES_MAX}", path.display(), text.len());
            return Err(StoreTrouble::Refused { why: Refusal::TooLarge, text });
        }
        let aside = files::write_aside(&path, &text).map_err(refused)?;
        files::put_in_place(&aside, &path).map_err(unknown)?;
        Ok(Version(version.to_string()))
    }
}

fn text(version: u64, content: &Content) -> Vec<u8> {
    let Content { meta, body } = content;
    let mut text = format!("{OPENING} {version} {} {}\n{meta}", meta.len(), body.len()).into_bytes();
    text.extend_from_slice(body);
    text
}

fn parse(bytes: &[u8]) -> Option<(Content, u64)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = (std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]);
    let mut numbers = line.strip_prefix(OPENING)?.strip_prefix(' ')?.split(' ').map(str::parse::<u64>);
    let mut number = || numbers.next()?.ok();
    let (version, meta, body) = (number()?, usize::try_from(number()?).ok()?, number()?);
    let (meta, rest) = rest.split_at_checked(meta)?;
    if rest.len() as u64 != body || numbers.next().is_some() {
        return None;
    }
    let meta = String::from_utf8(meta.to_vec()).ok()?;
    Some((Content { meta, body: rest.to_vec() }, version))
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
