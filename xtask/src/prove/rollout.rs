//! Proof `rollout`: rolling updates of an elected pair, and of one replica without election, under a storm.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::limits::{
    ROLLED_OUT_SECONDS_MAX, ROLLOUT_FAULT_EVERY, ROLLOUT_PODS, ROLLOUTS, TERMED_SECONDS_MAX,
};
use super::verdict::{Figure, Table, Verdict, slowest};
use super::{image_program, small, weathered};
use crate::cluster::{self, Cluster};
use crate::image;
use crate::line::Ground;
use crate::release::{Console, Pod, Release, Storm, image_values};

pub(super) const SHOWS: &str = "A rolling update of the two-replica release completes under a storm of failing pods, although \
    `/readyz` is 503 on a follower and no replica may be unavailable: `kubectl rollout status` and `helm --wait` return, \
    nothing is lost and nothing is told twice. Without election the strategy is Recreate: two pods never overlap, nothing \
    is told again, and what began meanwhile is told.";

const STATUS: &str = "kubectl rollout status deployment/alertkube --timeout=60s";

/// The two ways in which a release is rolled out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Elected,
    Alone,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Way::Elected => "elected pair",
            Way::Alone => "one replica, no election",
        }
    }

    const fn options(self) -> &'static str {
        match self {
            Way::Elected => "--set replicaCount=2 --set leaderElection.enabled=true",
            Way::Alone => "",
        }
    }

    const fn pods(self) -> usize {
        match self {
            Way::Elected => 2,
            Way::Alone => 1,
        }
    }

    /// Which pods count at once, and how many of them there may be. A Deployment counts none that was told to end against
    /// `maxSurge`; with Recreate the next one comes when the containers of the last one have ended, and its object may
    /// still be there.
    const fn at_once(self) -> (&'static str, f64) {
        match self {
            Way::Elected => ("most pods at once that were not told to end", 3.0),
            Way::Alone => ("most pods at once that run, those that end among them", 1.0),
        }
    }

    const fn counts(self, pod: &Pod) -> bool {
        match self {
            Way::Elected => !pod.ends,
            Way::Alone => !pod.over,
        }
    }
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let cluster = cluster::up()?;
    image::load(&cluster, &image_program()?)?;
    let mut verdict = Verdict::default();
    for way in [Way::Elected, Way::Alone] {
        course(&cluster, way, &mut verdict).with_context(|| way.word())?;
    }
    Ok(verdict)
}

fn course(cluster: &Cluster, way: Way, verdict: &mut Verdict) -> Result<()> {
    let ground = Ground::new(cluster, "roll")?;
    let outside = Ground::new(cluster, "gale")?;
    let console = Console::open(&ground)?;
    let release = Release::new(&console)?;
    let storm = Storm::gather(&outside, ROLLOUT_PODS)?;
    let mut values = storm.values();
    values["image"] = image_values();
    let file = console.values("rollout", &values)?;
    release.install(&format!("--values {file} {}", way.options()))?;
    release.seated(way.pods())?;
    storm.blow(ROLLOUT_FAULT_EVERY);
    let mut table = Table::new(
        format!("Rollouts, {}", way.word()),
        &["round", "seconds until helm returned", "most pods that counted at once", "looks"],
    );
    let mut seconds = Vec::new();
    let mut most = 0;
    for round in 1..=small().unwrap_or(ROLLOUTS) {
        storm.round(round);
        // Long enough for some faults to stand and some to be pending.
        thread::sleep(Duration::from_secs(5));
        let words = format!(
            "helm upgrade alertkube ./helm --reuse-values --set podAnnotations.round=r{round} --wait --timeout 3m && {STATUS}"
        );
        let start = Instant::now();
        let (said, seen, looks) = watched((&release, way), || console.types(&words))?;
        seconds.push(start.elapsed().as_secs_f64());
        let said = said?;
        verdict.figures.push(Figure::exactly(format!("{}: rollout {round}: exit", way.word()), said.code, 0));
        release.seated(way.pods()).with_context(|| said.err.clone())?;
        most = most.max(seen);
        table.row(&[&round, &format!("{:.1}", seconds[seconds.len() - 1]), &seen, &looks]);
    }
    let what = format!("{}: slowest rollout", way.word());
    verdict.figures.push(Figure::at_most(what, slowest(seconds), ROLLED_OUT_SECONDS_MAX, "s"));
    let (what, bound) = way.at_once();
    verdict.figures.push(Figure::at_most(format!("{}: {what}", way.word()), most as f64, bound, ""));
    verdict.tables.push(table);
    weathered::settle(&storm, way.word(), verdict)?;
    let (what, slowest) =
        (format!("{}: slowest from a fault until a receiver heard of it", way.word()), storm.slowest_told());
    verdict.figures.push(match way {
        Way::Elected => Figure::at_most(what, slowest, TERMED_SECONDS_MAX, "s"),
        // Nobody tells between the end of the old pod and the start of the new one.
        Way::Alone => Figure::told(what, format!("{slowest:.2} s")),
    });
    Ok(())
}

/// Looks at the pods while something is done: what came of it, the most pods that counted at once, and the looks.
fn watched<T: Send>(
    (release, way): (&Release<'_>, Way),
    work: impl FnOnce() -> T + Send,
) -> Result<(T, usize, usize)> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            let came = work();
            done.store(true, Ordering::SeqCst);
            came
        });
        let (mut most, mut looks) = (0, 0);
        while !done.load(Ordering::SeqCst) {
            most = most.max(release.pods()?.iter().filter(|pod| way.counts(pod)).count());
            looks += 1;
        }
        let came = working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((came, most, looks))
    })
}
