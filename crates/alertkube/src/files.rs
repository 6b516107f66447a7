//! The one place that touches files.

use std::fs::{File, Metadata, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Reads a text file; the error names the path.
#[expect(clippy::disallowed_methods, reason = "the one place that reads files")]
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a file of any content, at most so many bytes of it and one more, by which it shows that it is longer; none
/// if it is not there.
#[expect(clippy::disallowed_methods, reason = "the one place that reads files")]
pub(crate) fn read_bytes(path: &Path, most: u64) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = match File::open(path) {
        Ok(file) => file.take(most.saturating_add(1)).read_to_end(&mut bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => Err(error),
    };
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(bytes))
}

/// What tells one content of a path from the next without reading it: the kubelet swaps a link to swap a Secret, others
/// write in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark([i64; 4], u64, u64);

/// The mark of a file; none if it is not there or may not be looked at.
pub(crate) fn mark(path: &Path) -> Option<Mark> {
    let found = std::fs::metadata(path).ok()?;
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    Some(Mark(times, found.ino(), found.len()))
}

/// Whether a file or folder is there.
pub(crate) fn exists(path: &Path) -> bool {
    path.exists()
}

/// The first half of a replacement: the new content, synced, beside the file. After an error the file is as it was.
#[expect(clippy::disallowed_methods, reason = "the one place that writes files")]
pub(crate) fn write_aside(path: &Path, content: &(impl AsRef<[u8]> + ?Sized)) -> anyhow::Result<PathBuf> {
    let aside = aside(path, "new");
    make_folder_of(path)?;
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(content.as_ref())?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", aside.display()))?;
    Ok(aside)
}

/// The second half: the new content takes the place of the old. After an error either may stand.
#[expect(clippy::disallowed_methods, reason = "the one place that writes files")]
pub(crate) fn put_in_place(aside: &Path, path: &Path) -> anyhow::Result<()> {
    std::fs::rename(aside, path).with_context(|| format!("cannot replace {}", path.display()))?;
    let folder = folder_of(path);
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync {} for {}", folder.display(), path.display()))
}

/// Moves a file aside that must not be overwritten; gives where it went.
pub(crate) fn set_aside(path: &Path) -> anyhow::Result<PathBuf> {
    let aside = aside(path, "unreadable");
    std::fs::rename(path, &aside).with_context(|| format!("cannot move {} aside", path.display()))?;
    Ok(aside)
}

/// A file that is added to.
pub(crate) struct Growing {
    file: File,
    len: u64,
}

/// Opens a file to add to it.
pub(crate) fn grow(path: &Path) -> anyhow::Result<Growing> {
    let opened = File::options().append(true).open(path);
    let file = opened.with_context(|| format!("cannot add to {}", path.display()))?;
    let len = file.metadata().with_context(|| format!("cannot look at {}", path.display()))?.len();
    Ok(Growing { file, len })
}

impl Growing {
    /// How long it is.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether it is still what stands at the path, as long as it was left.
    pub(crate) fn is(&self, path: &Path) -> bool {
        let same = |(at, ours): (Metadata, Metadata)| {
            at.dev() == ours.dev() && at.ino() == ours.ino() && ours.len() == self.len
        };
        path.metadata().ok().zip(self.file.metadata().ok()).is_some_and(same)
    }

    /// Adds bytes; after an error not all of them are there.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(bytes).context("cannot add to a file")?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Waits until the disk has what was added.
    pub(crate) fn sync(&self) -> anyhow::Result<()> {
        self.file.sync_data().context("cannot sync a file")
    }
}

/// A file that no other process can lock while this lives.
pub(crate) struct Lock {
    /// The lock ends when it is closed.
    _file: File,
}

/// Locks a file, which is made with its folder if it is not there; none if another process has it.
pub(crate) fn lock(path: &Path) -> anyhow::Result<Option<Lock>> {
    make_folder_of(path)?;
    let opened = File::options().write(true).create(true).truncate(false).open(path);
    let file = opened.with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => bail!("cannot lock {}: {error}", path.display()),
    }
}

fn make_folder_of(path: &Path) -> anyhow::Result<()> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn aside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}
