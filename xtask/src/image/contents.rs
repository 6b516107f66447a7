//! What stands in the image: the one list. The Dockerfile says the same to an engine, and a test holds it to this.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::tar::{Archive, Entry};
use crate::run;

/// Where the program stands.
pub(super) const PROGRAM: &str = "/usr/bin/alertkube";
/// The folder in which words are looked up.
pub(super) const PATH: &str = "/usr/bin";
/// User and group: nobody's in the image's own list, and not root. The chart's defaults say the same.
pub(super) const USER: &str = "65532:65532";
/// Where metrics and health are served.
pub(super) const PORT: u16 = 9090;

/// Where something in the image comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The program that was built.
    Built,
    /// A file of the machine that builds.
    Machine(&'static str),
    /// A file of the checkout.
    Checkout(&'static str),
    /// A name for another one in the same folder.
    Link(&'static str),
}

/// The C library's files: for [`PROGRAM`], and no others. The loader stands where the program names it.
const LIBRARIES: &[(&str, [&str; 4])] = &[
    (
        "x86_64",
        [
            "/lib64/ld-linux-x86-64.so.2",
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib/x86_64-linux-gnu/libgcc_s.so.1",
            "/lib/x86_64-linux-gnu/libm.so.6",
        ],
    ),
    (
        "aarch64",
        [
            "/lib/ld-linux-aarch64.so.1",
            "/lib/aarch64-linux-gnu/libc.so.6",
            "/lib/aarch64-linux-gnu/libgcc_s.so.1",
            "/lib/aarch64-linux-gnu/libm.so.6",
        ],
    ),
];

/// All of it, by path. Times are in UTC everywhere, so there is no zone data.
pub(super) fn contents(architecture: &str) -> Result<BTreeMap<&'static str, Source>> {
    let libraries = LIBRARIES.iter().find(|(name, _)| *name == architecture);
    let (_, libraries) =
        libraries.with_context(|| format!("no image for the architecture {architecture}"))?;
    let certificates = "/etc/ssl/certs/ca-certificates.crt";
    let mut contents = BTreeMap::from([
        (PROGRAM, Source::Built),
        // What the seed's readers type; the program answers to the name.
        ("/usr/bin/wget", Source::Link("alertkube")),
        (certificates, Source::Machine(certificates)),
        ("/etc/passwd", Source::Checkout("xtask/image/passwd")),
        ("/etc/group", Source::Checkout("xtask/image/group")),
        ("/etc/nsswitch.conf", Source::Checkout("xtask/image/nsswitch.conf")),
    ]);
    contents.extend(libraries.iter().map(|path| (*path, Source::Machine(path))));
    Ok(contents)
}

/// What a runtime is told about it.
pub(super) fn config() -> Value {
    json!({
        "User": USER,
        "Env": [format!("PATH={PATH}")],
        "Entrypoint": [PROGRAM],
        "WorkingDir": "/",
        "ExposedPorts": {format!("{PORT}/tcp"): {}},
    })
}

/// The layer with that program, from this machine and this checkout.
pub(super) fn layer(program: &Path, checkout: &Path) -> Result<Vec<u8>> {
    let contents = contents(std::env::consts::ARCH)?;
    suffices(program, &contents)?;
    let mut entries: BTreeMap<String, Loaded> = BTreeMap::new();
    for (path, source) in &contents {
        let name = path.trim_start_matches('/');
        // The folders sort before what stands in them.
        let folders = Path::new(name).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        entries.extend(folders.map(|folder| (format!("{}/", folder.display()), Loaded::Folder)));
        entries.insert(name.to_owned(), Loaded::of(*source, program, checkout)?);
    }
    let mut layer = Archive::default();
    for (name, loaded) in &entries {
        layer.add(
            name,
            match loaded {
                Loaded::Folder => Entry::Folder { mode: 0o755 },
                Loaded::File(mode, contents) => Entry::File { mode: *mode, contents },
                Loaded::Link(to) => Entry::Link { to },
            },
        );
    }
    Ok(layer.finish())
}

enum Loaded {
    Folder,
    File(u32, Vec<u8>),
    Link(&'static str),
}

impl Loaded {
    fn of(source: Source, program: &Path, checkout: &Path) -> Result<Loaded> {
        let path: PathBuf = match source {
            Source::Built => program.to_owned(),
            Source::Machine(path) => path.into(),
            Source::Checkout(path) => checkout.join(path),
            Source::Link(to) => return Ok(Loaded::Link(to)),
        };
        let contents = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        // All that counts of its mode; the rest is the umask of whoever built it.
        let bits = fs::metadata(&path).with_context(|| format!("look at {}", path.display()))?.permissions();
        let mode = if bits.mode() & 0o111 == 0 { 0o644 } else { 0o755 };
        Ok(Loaded::File(mode, contents))
    }
}

/// Fails when the program wants other libraries than the list has.
fn suffices(program: &Path, contents: &BTreeMap<&str, Source>) -> Result<()> {
    let said =
        run::output(Command::new("ldd").arg(program)).context("ask what the program is linked with")?;
    let has = |name: &str| contents.keys().any(|path| path.ends_with(&format!("/{name}")));
    let missing: BTreeSet<&str> = needed(&said).filter(|name| !has(name)).collect();
    ensure!(!said.contains("not found"), "{} lacks a library here:\n{said}", program.display());
    if !missing.is_empty() {
        bail!("{} needs {missing:?}, which the list of the image lacks", program.display());
    }
    Ok(())
}

/// The names of the libraries that ldd tells; the kernel's own has no file.
fn needed(said: &str) -> impl Iterator<Item = &str> {
    let words = said.lines().filter_map(|line| line.split_whitespace().next());
    words.filter(|name| !name.starts_with("linux-vdso")).map(|name| name.rsplit('/').next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout;

    #[test]
    fn the_layer_is_the_same_every_time_and_folders_come_first() {
        let (us, checkout) = (std::env::current_exe().unwrap(), checkout::root().unwrap());
        let one = layer(&us, &checkout).unwrap();
        assert!(one == layer(&us, &checkout).unwrap());
        let path = std::env::temp_dir().join(format!("alertkube-layer-{}", std::process::id()));
        fs::write(&path, one).unwrap();
        let listed = run::output(Command::new("tar").args(["-tf"]).arg(&path));
        fs::remove_file(&path).unwrap();
        let listed = listed.unwrap();
        let names: Vec<&str> = listed.lines().collect();
        let at = |name: &str| names.iter().position(|found| *found == name);
        assert!(at("usr/bin/") < at("usr/bin/alertkube") && at("usr/") < at("usr/bin/"), "{names:?}");
        assert!(at("usr/bin/wget").is_some() && names.is_sorted(), "{names:?}");
    }

    #[test]
    fn a_library_that_the_list_lacks_is_named() {
        let said = "\tlinux-vdso.so.1 (0x1)\n\tlibz.so.1 => /lib/libz.so.1 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
        assert_eq!(needed(said).collect::<Vec<_>>(), ["libz.so.1", "ld-linux-x86-64.so.2"]);
        let error = suffices(&std::env::current_exe().unwrap(), &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("libc.so.6"), "{error}");
    }

    #[test]
    fn the_users_files_name_the_user_of_the_image() {
        let line = format!("alertkube:x:{USER}:alertkube:/:/sbin/nologin");
        assert!(include_str!("../../image/passwd").lines().any(|known| known == line));
    }
}
