//! The one place that touches files.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Reads a text file; the error names the path.
#[expect(clippy::disallowed_methods, reason = "the one place that reads files")]
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Whether a file or folder is there.
pub(crate) fn exists(path: &Path) -> bool {
    path.exists()
}

/// Replaces a file so that a crash leaves either the old text or the new one: written aside, synced, renamed.
#[expect(clippy::disallowed_methods, reason = "the one place that writes files")]
pub(crate) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let aside = aside(path, "new");
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut file =
        std::fs::File::create(&aside).with_context(|| format!("cannot write {}", aside.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", aside.display()))?;
    std::fs::rename(&aside, path).with_context(|| format!("cannot replace {}", path.display()))?;
    let folder = std::fs::File::open(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    folder.sync_all().with_context(|| format!("cannot sync {}", path.display()))
}

/// Moves a file aside that must not be overwritten; gives where it went.
pub(crate) fn set_aside(path: &Path) -> anyhow::Result<PathBuf> {
    let aside = aside(path, "unreadable");
    std::fs::rename(path, &aside).with_context(|| format!("cannot move {} aside", path.display()))?;
    Ok(aside)
}

fn aside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}
