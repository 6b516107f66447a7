//! A folder of its own for each test.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder that is removed with its owner.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new, empty folder.
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("alertkube-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder for temporary files is writable");
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is removed with the machine's temporary files.
        let _left = fs::remove_dir_all(&self.0);
    }
}
