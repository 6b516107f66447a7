//! What is rendered, as golden files under `fixtures/chart`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::cluster::hex;
use crate::limits::GOLDEN_LINE_BYTES_MAX;

const FOLDER: &str = "fixtures/chart";

/// Whether the golden file of a case says the same; with `write` it is made to.
pub(super) fn agrees(root: &Path, name: &str, text: &str, write: bool) -> Result<bool> {
    let path = root.join(FOLDER).join(format!("{name}.yaml"));
    let text = abridged(text);
    if write {
        fs::create_dir_all(root.join(FOLDER)).context("make the folder of golden files")?;
        fs::write(&path, &text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(fs::read_to_string(&path).ok().as_ref() == Some(&text))
}

/// The Role of the state lists hundreds of names in a line: its beginning and a hash stand for it.
fn abridged(text: &str) -> String {
    let short = |line: &str| match line.char_indices().nth(GOLDEN_LINE_BYTES_MAX) {
        None => format!("{line}\n"),
        Some((at, _)) => {
            let hash = hex(&Sha256::digest(line));
            format!("{} # {} bytes, {}\n", &line[..at], line.len(), &hash[..16])
        }
    };
    text.lines().map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_its_beginning_and_a_hash_of_all_of_it() {
        let long = |end: &str| abridged(&format!("{}{end}", "x".repeat(GOLDEN_LINE_BYTES_MAX)));
        assert_eq!(long(""), format!("{}\n", "x".repeat(GOLDEN_LINE_BYTES_MAX)));
        assert_ne!(long("a"), long("b"));
        assert!(long("a").contains(&format!("# {} bytes", GOLDEN_LINE_BYTES_MAX + 1)));
    }
}
