//! Proof `hardening`: what the kernel holds the pods of a release to, on a real kubelet.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::limits::{HARD_FAULT_EVERY, HARD_PODS, HARD_STORM, MEMORY_LIMIT_MIB, NOTES_MAX};
use super::verdict::{Figure, Table, Verdict};
use super::{image_program, small, used};
use crate::cluster::{self, Cluster};
use crate::image;
use crate::line::Ground;
use crate::release::{Confines, Console, Pod, Release, Storm, Use, image_values};
use crate::seats::{Ledger, Tally};

pub(super) const SHOWS: &str = "On a real kubelet the chart's pods run as 65532, on a read-only root, without \
    capabilities, without new privileges and with the runtime's system call filter, as the kernel says of their processes; \
    128 MiB and 0.2 processors are enough in a storm. The NetworkPolicy is rendered and taken by the API server's schema; \
    nothing enforces it here.";

const TWO: &str = "--set replicaCount=2 --set leaderElection.enabled=true";
const POLICY: &str = "helm template alertkube ./helm --show-only templates/networkpolicy.yaml \
    --set networkPolicy.enabled=true --set networkPolicy.apiServer.cidrs={10.96.0.1/32,fd00::1/128} \
    | kubectl create --dry-run=server --validate=strict -o json -f -";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let cluster = cluster::up()?;
    image::load(&cluster, &image_program()?)?;
    let ground = Ground::new(&cluster, "hard")?;
    let outside = Ground::new(&cluster, "gale")?;
    let console = Console::open(&ground)?;
    let release = Release::new(&console)?;
    let storm = Storm::gather(&outside, HARD_PODS)?;
    let mut values = storm.values();
    values["image"] = image_values();
    release.install(&format!("--values {} {TWO}", console.values("hardening", &values)?))?;
    let seats = release.seated(2)?;
    let mut verdict = Verdict::default();
    let mut confined = Table::new("What the kernel says of the processes", &["pod", "what", "value"]);
    for (what, pod) in
        std::iter::once(("leader", &seats.leader)).chain(seats.followers.iter().map(|pod| ("follower", pod)))
    {
        let confines = Confines::of(&cluster, pod)?;
        verdict.figures.extend(held(what, &confines));
        confined.row(&[&what, &"writable besides /proc, /dev and /sys", &confines.writable.join(", ")]);
    }
    verdict.tables.push(confined);
    verdict.figures.push(profile(&console, &seats.leader)?);
    weather(&storm);
    let left = storm.calm()?;
    let end = release.seated(2)?;
    verdict.figures.extend(lasted(&cluster, &seats.leader, &end.leader)?);
    let tally = storm.tally()?;
    verdict.figures.extend(told(&tally, storm.faults(), left));
    verdict.figures.push(policy(&console)?);
    verdict.notes.extend(tally.notes("storm", NOTES_MAX));
    Ok(verdict)
}

/// Lets it storm for a while.
fn weather(storm: &Storm) {
    let (start, lasts) = (Instant::now(), if small().is_some() { HARD_STORM / 4 } else { HARD_STORM });
    storm.blow(HARD_FAULT_EVERY);
    std::thread::sleep(lasts.saturating_sub(start.elapsed()).max(Duration::ZERO));
}

fn held(what: &str, confines: &Confines) -> Vec<Figure> {
    let ids = |ids: &[u32]| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let figure = |words: &str, value: String, wanted: &str| {
        Figure::exactly(format!("{what}: {words}"), value, wanted.to_owned())
    };
    vec![
        figure("Uid", ids(&confines.users), "65532 65532 65532 65532"),
        figure("Gid", ids(&confines.groups), "65532 65532 65532 65532"),
        figure(
            "capabilities in any of its five sets",
            format!("{:016x}", confines.capabilities),
            "0000000000000000",
        ),
        figure("NoNewPrivs", u8::from(confines.no_new_privileges).to_string(), "1"),
        figure("Seccomp", confines.seccomp.to_string(), "2"),
        figure("root is mounted read-only", confines.root_is_read_only.to_string(), "true"),
    ]
}

/// Which filter the kubelet was asked for.
fn profile(console: &Console<'_>, pod: &Pod) -> Result<Figure> {
    let path = "{.spec.securityContext.seccompProfile.type}";
    let said = console.does(&format!("kubectl get pod {} -o jsonpath={path}", pod.name))?;
    Ok(Figure::exactly("seccompProfile of the pod", said, "RuntimeDefault".to_owned()))
}

fn lasted(cluster: &Cluster, before: &Pod, after: &Pod) -> Result<Vec<Figure>> {
    let mut figures = vec![
        Figure::exactly("the leader is the same pod after the storm", before.uid == after.uid, true),
        Figure::exactly("its restarts", after.restarts, 0),
    ];
    figures.extend(used::figures(Use::of(cluster, after)?, MEMORY_LIMIT_MIB, &|words| {
        format!("leader: {words}")
    }));
    Ok(figures)
}

fn told(tally: &Tally, faults: usize, left: usize) -> Vec<Figure> {
    let doubled = tally.doubled(Ledger::Plain) + tally.doubled(Ledger::Keyed);
    vec![
        Figure::told("faults in the storm", faults),
        Figure::exactly("faults and ends not heard of", tally.missed.len() + tally.endless.len() + left, 0),
        Figure::exactly("told twice", doubled, 0),
    ]
}

fn policy(console: &Console<'_>) -> Result<Figure> {
    let said = console.types(POLICY)?;
    let taken: Value = serde_json::from_str(&said.out).with_context(|| said.err.clone()).unwrap_or_default();
    let kind = taken["kind"].as_str().unwrap_or(&said.err).to_owned();
    Ok(Figure::exactly("the API server takes, strictly checked", kind, "NetworkPolicy".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_freedom_too_many_is_red() {
        let confines = Confines {
            users: vec![65532; 4],
            groups: vec![65532; 4],
            capabilities: 0,
            no_new_privileges: true,
            seccomp: 2,
            root_is_read_only: true,
            writable: Vec::new(),
        };
        let red = |confines: &Confines| held("x", confines).iter().filter(|figure| !figure.holds).count();
        assert_eq!(red(&confines), 0);
        assert_eq!(red(&Confines { users: vec![0; 4], ..confines.clone() }), 1);
        assert_eq!(red(&Confines { capabilities: 1 << 10, ..confines.clone() }), 1);
        assert_eq!(red(&Confines { no_new_privileges: false, seccomp: 0, ..confines.clone() }), 2);
        assert_eq!(red(&Confines { root_is_read_only: false, ..confines }), 1);
    }
}
