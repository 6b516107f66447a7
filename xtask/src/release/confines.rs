//! What a container may do and what it used, as the kernel says it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::pods::Pod;
use crate::cluster::Cluster;

/// What a process is held to: fields of `/proc/PID/status` and its root in `/proc/PID/mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Confines {
    /// Real, effective, saved and file system user and group.
    pub(crate) users: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    /// Its capabilities: inheritable, permitted, effective, bounding and ambient, all of them or'ed.
    pub(crate) capabilities: u64,
    pub(crate) no_new_privileges: bool,
    /// 2 is a filter.
    pub(crate) seccomp: u32,
    pub(crate) root_is_read_only: bool,
    /// Places that are mounted writable, but for the kernel's own.
    pub(crate) writable: Vec<String>,
}

/// What a container used of its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Use {
    /// Bytes that its memory may not exceed, the most that its group had, and the most that the process itself had.
    pub(crate) memory_limit: u64,
    pub(crate) memory_peak: u64,
    pub(crate) resident_peak: u64,
    /// Processors that it may use.
    pub(crate) cpu_limit: f64,
    /// Periods of 0.1 s in which it ran, and in which it was made to wait.
    pub(crate) periods: u64,
    pub(crate) throttled: u64,
}

impl Confines {
    /// Those of the pod's one container.
    pub(crate) fn of(cluster: &Cluster, pod: &Pod) -> Result<Confines> {
        let process = process(cluster, pod)?;
        let read = |file: &str| {
            let path = format!("/proc/{process}/{file}");
            fs::read_to_string(&path).with_context(|| format!("read {path}"))
        };
        Confines::read(&read("status")?, &read("mountinfo")?)
    }

    fn read(status: &str, mounts: &str) -> Result<Confines> {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.with_context(|| format!("no {name} in the status of a process"))
        };
        let numbers = |name: &str| -> Result<Vec<u32>> {
            field(name)?.split_whitespace().map(|number| number.parse().context("a number")).collect()
        };
        let one = |name: &str| -> Result<u32> { field(name)?.trim().parse().context("a number") };
        let mut capabilities = 0;
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            capabilities |= u64::from_str_radix(field(set)?.trim(), 16).context("a set of capabilities")?;
        }
        let writable =
            mounts.lines().filter_map(mount).filter(|(_, options)| options.split(',').any(|o| o == "rw"));
        let root = mounts.lines().filter_map(mount).find(|(place, _)| *place == "/").context("no root")?;
        let kernels =
            |place: &str| ["/proc", "/dev", "/sys"].iter().any(|of| Path::new(place).starts_with(of));
        Ok(Confines {
            users: numbers("Uid")?,
            groups: numbers("Gid")?,
            capabilities,
            no_new_privileges: one("NoNewPrivs")? == 1,
            seccomp: one("Seccomp")?,
            root_is_read_only: root.1.split(',').any(|option| option == "ro"),
            writable: writable.map(|(place, _)| place.to_owned()).filter(|place| !kernels(place)).collect(),
        })
    }
}

/// Where something is mounted, and how.
fn mount(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ').skip(4);
    Some((words.next()?, words.next()?))
}

impl Use {
    /// That of the pod's one container so far.
    pub(crate) fn of(cluster: &Cluster, pod: &Pod) -> Result<Use> {
        let process = process(cluster, pod)?;
        let text = |path: String| fs::read_to_string(&path).with_context(|| format!("read {path}"));
        let groups = text(format!("/proc/{process}/cgroup"))?;
        let (memory, cpu) = (folder(&groups, "memory")?, folder(&groups, "cpu")?);
        let read = |folder: &Path, file: &str| text(folder.join(file).display().to_string());
        let number = |folder: &Path, file: &str| -> Result<u64> {
            read(folder, file)?.trim().parse().with_context(|| format!("{file} is no number"))
        };
        let stat = read(&cpu, "cpu.stat")?;
        let counted = |name: &str| {
            let value = stat.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            value.with_context(|| format!("no {name} in cpu.stat"))
        };
        let status = text(format!("/proc/{process}/status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        let resident: u64 = resident.context("no VmHWM")?.parse().context("VmHWM is no number")?;
        let unified = cpu.join("cpu.max").exists();
        let (memory_limit, memory_peak, cpu_limit) = if unified {
            let (quota, period) = quota(&read(&cpu, "cpu.max")?).context("cpu.max is no quota")?;
            (number(&memory, "memory.max")?, number(&memory, "memory.peak")?, quota / period)
        } else {
            let (quota, period) = (number(&cpu, "cpu.cfs_quota_us")?, number(&cpu, "cpu.cfs_period_us")?);
            let peak = number(&memory, "memory.max_usage_in_bytes")?;
            (number(&memory, "memory.limit_in_bytes")?, peak, quota as f64 / period as f64)
        };
        let (periods, throttled) = (counted("nr_periods ")?, counted("nr_throttled ")?);
        Ok(Use { memory_limit, memory_peak, resident_peak: resident << 10, cpu_limit, periods, throttled })
    }

    /// The worse of both, field by field.
    pub(crate) fn worse(self, other: Use) -> Use {
        Use {
            memory_limit: self.memory_limit.max(other.memory_limit),
            memory_peak: self.memory_peak.max(other.memory_peak),
            resident_peak: self.resident_peak.max(other.resident_peak),
            cpu_limit: self.cpu_limit.max(other.cpu_limit),
            periods: self.periods + other.periods,
            throttled: self.throttled + other.throttled,
        }
    }
}

/// `20000 100000`
fn quota(text: &str) -> Option<(f64, f64)> {
    let (quota, period) = text.trim().split_once(' ')?;
    Some((quota.parse().ok()?, period.parse().ok()?))
}

/// The folder of a process's group that has this controller, in either version.
fn folder(groups: &str, controller: &str) -> Result<PathBuf> {
    let parts = |line: &str| -> Option<(String, String)> {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?.to_owned(), parts.next()?.trim_start_matches('/').to_owned()))
    };
    let mut all = groups.lines().filter_map(parts);
    let has = |of: &str| of.is_empty() || of.split(',').any(|one| one == controller);
    let ours: Vec<_> = all.by_ref().filter(|(of, _)| has(of)).collect();
    let root = Path::new("/sys/fs/cgroup");
    let places = ours.iter().map(|(of, path)| match of.as_str() {
        "" => root.join(path),
        _ => root.join(controller).join(path),
    });
    let found = places.into_iter().find(|place| place.join(format!("{controller}.stat")).exists());
    found.with_context(|| format!("no control group with {controller}"))
}

fn process(cluster: &Cluster, pod: &Pod) -> Result<u32> {
    let container = pod.container.as_deref().with_context(|| format!("{} has no container yet", pod.name))?;
    cluster.process_of(container)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\talertkube\nUid:\t65532\t65532\t65532\t65532\nGid:\t65532\t65532\t65532\t65532\n\
        CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n\
        CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
    const MOUNTS: &str = "1 0 0:1 / / ro,relatime - overlay overlay rw,lowerdir=x\n\
        2 1 0:2 / /proc rw,nosuid - proc proc rw\n3 1 0:3 / /etc/hosts rw,relatime - ext4 /dev/vda rw\n";

    #[test]
    fn confines_are_read_from_what_the_kernel_says() {
        let confines = Confines::read(STATUS, MOUNTS).unwrap();
        assert_eq!((confines.users.as_slice(), confines.capabilities), (&[65532; 4][..], 0));
        assert!(confines.no_new_privileges && confines.root_is_read_only && confines.seccomp == 2);
        assert_eq!(confines.writable, ["/etc/hosts"]);
        let loose = Confines::read(
            &STATUS.replace("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb"),
            &MOUNTS.replace("/ ro", "/ rw"),
        )
        .unwrap();
        assert!(
            loose.capabilities != 0 && !loose.root_is_read_only && loose.writable.contains(&"/".to_owned())
        );
        assert!(Confines::read("", MOUNTS).is_err() && Confines::read(STATUS, "").is_err());
    }

    #[test]
    fn a_quota_is_of_a_period() {
        assert_eq!(quota("20000 100000\n"), Some((20000.0, 100_000.0)));
        assert_eq!(quota("max 100000\n"), None);
    }
}
