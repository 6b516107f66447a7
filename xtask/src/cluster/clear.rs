//! Removal of all that a cluster leaves, also of one whose starter was killed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::parts::Part;
use super::processes::{self, Process};
use super::site::{Site, absent_is_fine};
use super::{branch, cgroups, netns, shared};
use crate::run;

const SHIM: &str = "containerd-shim-runc-v2";

/// Ends every process of ours and removes every trace but the cache.
pub(super) fn all(site: &Site) -> Result<()> {
    // Nothing that was written is needed again, so nobody is asked to end in good order.
    processes::kill(&processes::all_recorded(site)).context("end the programs")?;
    processes::kill(&strays(site)).context("end programs without a record")?;
    cgroups::remove(site)?;
    unmount(site)?;
    branch::delete_all(site)?;
    netns::delete(site)?;
    shared::remove_ours(site)?;
    if !mounts(site)?.is_empty() {
        bail!("{} still holds mounts, whose contents must not be removed", site.state().display());
    }
    let state = site.state();
    fs::remove_dir_all(state).or_else(absent_is_fine).with_context(|| format!("remove {}", state.display()))
}

/// What is left of a cluster, in words; empty after [`all`].
pub(super) fn left(site: &Site) -> Vec<String> {
    let processes = processes::all_recorded(site).into_iter().chain(strays(site));
    let mut left: Vec<_> = processes.map(|process| format!("process {}", process.id)).collect();
    let paths = [site.netns(), site.state().to_owned()].into_iter().filter(|path| path.exists());
    left.extend(paths.chain(cgroups::left(site)).map(|path| path.display().to_string()));
    left
}

/// Programs of the cluster that work in our folder: shims, and what a killed `up` had not recorded yet.
fn strays(site: &Site) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(|number| is_ours(*number, site)).filter_map(Process::living).collect()
}

fn is_ours(number: u32, site: &Site) -> bool {
    let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
    words_are_ours(&String::from_utf8_lossy(&line), site)
}

/// Whether the words, each ended by a zero byte, are those of a program in our folder.
fn words_are_ours(line: &str, site: &Site) -> bool {
    let mut words = line.split('\0');
    let program = words.next().and_then(|word| Path::new(word).file_name()?.to_str());
    let known = program.is_some_and(|name| name == SHIM || Part::ALL.iter().any(|part| part.name() == name));
    known && words.any(|word| word.contains(&format!("{}/", site.state().display())))
}

fn unmount(site: &Site) -> Result<()> {
    let mounts = mounts(site)?;
    if mounts.is_empty() {
        return Ok(());
    }
    let busy = run::output(&mut run::command("umount", &mounts)).is_err();
    if busy {
        run::output(run::command("umount", &["--lazy"]).args(self::mounts(site)?)).context("unmount")?;
    }
    Ok(())
}

/// What is mounted below our folder, the last mounted first.
fn mounts(site: &Site) -> Result<Vec<String>> {
    let table = fs::read_to_string("/proc/self/mountinfo").context("read the mounts")?;
    let mut below = mounts_below(&table, site.state());
    below.reverse();
    Ok(below)
}

fn mounts_below(table: &str, folder: &Path) -> Vec<String> {
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    points.filter(|point| Path::new(point).starts_with(folder)).map(unescape).collect()
}

/// The kernel writes blanks and their like as octal numbers.
fn unescape(point: &str) -> String {
    point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mounts_below_our_folder_are_ours() {
        let table = "1 0 8:1 / / rw - ext4 a rw\n2 1 0:1 / /var/lib/x/a\\040b rw - tmpfs t rw\n\
                     3 1 0:1 / /var/lib/xy rw - tmpfs t rw\n";
        assert_eq!(mounts_below(table, Path::new("/var/lib/x")), ["/var/lib/x/a b"]);
    }

    #[test]
    fn only_programs_of_the_cluster_in_our_folder_are_ours() {
        let site = Site::of_this_checkout().unwrap();
        let inside = site.text("logs/etcd.log");
        assert!(words_are_ours(&format!("/cache/etcd\0--data-dir={inside}\0"), &site));
        assert!(!words_are_ours(&format!("tail\0{inside}\0"), &site));
        assert!(!words_are_ours("/cache/etcd\0--data-dir=/var/lib/etcd\0", &site));
        assert!(!words_are_ours("", &site));
    }
}
