//! Golden files: compared, or with `UPDATE=1` rewritten.

use std::path::Path;

/// Holds `text` against the file at `path`, counted from the root of the workspace.
#[expect(clippy::disallowed_methods, reason = "golden files belong to the tests")]
pub(crate) fn assert_golden(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(golden, text, "{} differs; UPDATE=1 rewrites it", path.display());
}
