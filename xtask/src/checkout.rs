//! The checkout that a task works on. It is asked for when the task runs: two checkouts may share one folder of builds,
//! and then run one program.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::run;

/// What cargo tells the programs that it runs: the folder of their package.
const PACKAGE: &str = "CARGO_MANIFEST_DIR";

/// A file that the folder `xtask` of this project has, and hardly that of another.
const MARK: &str = "cluster/go.mod";

/// The root of the checkout.
pub(crate) fn root() -> Result<PathBuf> {
    let xtask = xtask()?;
    let root = xtask.parent().with_context(|| format!("{} lies in no folder", xtask.display()))?;
    Ok(root.to_owned())
}

/// Its folder `xtask`: the one that cargo runs us from or, when we run without cargo, that around the working folder.
pub(crate) fn xtask() -> Result<PathBuf> {
    let here = env::current_dir().context("ask for the working folder")?;
    found(env::var_os(PACKAGE).map(PathBuf::from), &here)
}

fn found(package: Option<PathBuf>, here: &Path) -> Result<PathBuf> {
    // Who runs us may itself be run by cargo, for another package.
    match package.filter(|folder| is_ours(folder)) {
        Some(folder) => Ok(folder),
        None => around(here),
    }
}

fn around(here: &Path) -> Result<PathBuf> {
    let mut git = run::command("git", &["rev-parse", "--show-toplevel"]);
    let top = run::output(git.current_dir(here)).with_context(|| {
        format!("{PACKAGE} names no checkout of alertkube, and {} is in none", here.display())
    })?;
    let folder = Path::new(top.trim_end()).join("xtask");
    ensure!(
        is_ours(&folder),
        "{} is in a checkout, but not one of alertkube: there is no {}",
        here.display(),
        folder.join(MARK).display()
    );
    Ok(folder)
}

fn is_ours(folder: &Path) -> bool {
    folder.ends_with("xtask") && folder.join(MARK).is_file()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::prove::testing::Folder;

    fn make(folder: &Path, is_ours: bool) -> PathBuf {
        let xtask = folder.join("xtask");
        fs::create_dir_all(xtask.join("cluster")).expect("a folder");
        if is_ours {
            fs::write(xtask.join(MARK), "").expect("a file");
        }
        run::output(run::command("git", &["init", "-q"]).current_dir(folder)).expect("git works");
        xtask
    }

    #[test]
    fn each_of_two_checkouts_is_told_by_cargo_and_else_by_the_working_folder() {
        let folder = Folder::new("checkout-two");
        let one = make(&folder.path().join("one"), true);
        let two = make(&folder.path().join("two"), true);
        let cargo = |package: &Path| Some(package.to_owned());
        assert_eq!(found(cargo(&one), &two).expect("one"), one);
        assert_eq!(found(cargo(&two), &one).expect("two"), two);
        let real = |path: &Path| fs::canonicalize(path).expect("it exists");
        assert_eq!(found(None, &two.join("cluster")).expect("two"), real(&two));
        assert_eq!(found(cargo(Path::new("/elsewhere/crates/x")), &one).expect("one"), real(&one));
    }

    #[test]
    fn a_folder_outside_every_checkout_of_ours_is_named() {
        let folder = Folder::new("checkout-none");
        make(folder.path(), false);
        let error = found(None, folder.path()).expect_err("another project").to_string();
        assert!(error.contains("not one of alertkube") && error.contains(MARK), "{error}");
        let error = found(None, Path::new("/")).expect_err("no checkout").to_string();
        assert!(error.contains(PACKAGE) && error.contains("/ is in none"), "{error}");
    }
}
