//! The hash of all that a proof speaks of: every file of the working tree but `docs/` and `*.md`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::run;

/// How to recompute the hash without us, on a checkout without changes.
pub(super) const RECIPE: &str = "git ls-files -s -- . ':!docs' ':!*.md' | sha256sum";

/// The hash over the lines of [`RECIPE`], as they would be if everything in the working tree were committed.
pub(super) fn of_working_tree(root: &Path) -> Result<String> {
    let words =
        ["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ".", ":!docs", ":!*.md"];
    let listed = run::output(run::command("git", &words).current_dir(root))?;
    let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    // A file that is tracked but deleted in the working tree is gone.
    paths.retain(|path| root.join(path).is_file());
    let mut blobs = run::command("git", &["hash-object", "--stdin-paths"]);
    let blobs = run::output_of_input(blobs.current_dir(root), &(paths.join("\n") + "\n"))?;
    ensure!(
        blobs.lines().count() == paths.len(),
        "git hashed {} of {} files",
        blobs.lines().count(),
        paths.len()
    );
    let mut sum = Sha256::new();
    for (path, blob) in paths.iter().zip(blobs.lines()) {
        sum.update(format!("{} {blob} 0\t{path}\n", mode(&root.join(path))?));
    }
    Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The mode that git notes for a plain file.
fn mode(path: &Path) -> Result<&'static str> {
    let meta = fs::metadata(path).with_context(|| format!("look at {}", path.display()))?;
    Ok(if meta.permissions().mode() & 0o100 == 0 { "100644" } else { "100755" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::testing::Folder;

    fn git(folder: &Path, words: &[&str]) -> String {
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let words: Vec<&str> = author.iter().chain(words).copied().collect();
        run::output(run::command("git", &words).current_dir(folder)).expect("git works")
    }

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    #[test]
    fn it_is_what_git_would_commit_without_docs() {
        let folder = Folder::new("tree-hash");
        let root = folder.path();
        git(root, &["init", "-q"]);
        write(root, "src/a.rs", "fn a() {}\n");
        write(root, "README.md", "one\n");
        write(root, "docs/proof/x.md", "one\n");
        write(root, ".gitignore", "/target\n");
        write(root, "target/x", "built\n");
        let before = of_working_tree(root).expect("hashed");
        git(root, &["add", "-A"]);
        git(root, &["commit", "-q", "-m", "a"]);
        assert_eq!(of_working_tree(root).expect("hashed"), before, "a commit changes nothing");
        let recipe =
            run::output(run::command("sh", &["-c", RECIPE]).current_dir(root)).expect("the recipe works");
        assert_eq!(recipe.split(' ').next(), Some(before.as_str()));
        write(root, "README.md", "two\n");
        write(root, "docs/proof/y.md", "two\n");
        assert_eq!(of_working_tree(root).expect("hashed"), before, "documents do not count");
        write(root, "src/a.rs", "fn a() { }\n");
        assert_ne!(of_working_tree(root).expect("hashed"), before);
    }
}
