//! Proof `line-relist`: restarts of alertkube and of the API server, and broken watches, lose and repeat nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::binary::built;
use super::limits::{CAUGHT_UP_MAX, CUTS};
use super::verdict::{Figure, Verdict};
use crate::cluster::{self, Part};
use crate::line::{Crowd, Ear, Faulty, Ground, Program, Proxy, Setup, at_once, redirected};
use crate::run;

pub(super) const SHOWS: &str = "alertkube stopped and started on a cluster with standing faults misses nothing, and with \
    the state folder of its predecessor tells nothing again; the API server is killed and restarted, etcd compacted, and \
    the watches cut 50 times while faults come and go: the same.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = built("alertkube", "alertkube", &["--release"])?;
    let cluster = cluster::up()?;
    let mut verdict = Verdict::default();
    for part in [restarts, outages] {
        let ground = Ground::new(&cluster, "relist")?;
        let ear = Ear::open(&cluster, ground.folder())?;
        let kubeconfig = ground.account("alertkube", None)?;
        let scene = Scene { ground: &ground, ear: &ear, program: &program, kubeconfig };
        part(&scene, &mut verdict)?;
    }
    Ok(verdict)
}

struct Scene<'a> {
    ground: &'a Ground<'a>,
    ear: &'a Ear,
    program: &'a Path,
    kubeconfig: PathBuf,
}

impl<'a> Scene<'a> {
    fn start(&self, name: &str, kubeconfig: &Path, state: Option<&Path>) -> Result<Program<'a>> {
        let setup = Setup {
            program: self.program,
            name,
            kubeconfig,
            hook: Some(self.ear.url()),
            conditions: at_once(),
            state,
        };
        let mut program = Program::start(self.ground, &setup)?;
        program.await_telling()?;
        Ok(program)
    }

    /// The problems that were told and are not told to be over, digests left aside.
    fn standing(&self) -> Result<BTreeSet<String>> {
        let mut standing = BTreeSet::new();
        for told in self.ear.told()?.into_iter().filter(|told| told.action != "digest") {
            if told.resolved {
                standing.remove(&told.fingerprint);
            } else {
                standing.insert(told.fingerprint);
            }
        }
        Ok(standing)
    }

    /// The problems of the last digest.
    fn digest(&self) -> Result<BTreeSet<String>> {
        let told = self.ear.told()?.into_iter().filter(|told| told.action == "digest");
        Ok(told
            .filter(|told| told.namespace == self.ground.namespace())
            .map(|told| told.fingerprint)
            .collect())
    }
}

/// How many faults stand before the first stop.
const CROWD: usize = 20;

fn restarts(scene: &Scene<'_>, verdict: &mut Verdict) -> Result<()> {
    let state = scene.ground.folder().join("state");
    let mut crowd = Crowd::new(scene.ground, scene.ear);
    let mut first = scene.start("first", &scene.kubeconfig, Some(&state))?;
    crowd.grow(CROWD)?;
    crowd.await_all(CAUGHT_UP_MAX)?;
    let mut codes = vec![first.stop()?];
    // Meanwhile nobody looks.
    let ended = crowd.shrink(CROWD / 4)?;
    ensure!(ended == CROWD / 4, "{ended} pods were deleted");
    crowd.grow(1)?;
    let mut second = scene.start("second", &scene.kubeconfig, Some(&state))?;
    crowd.grow(1)?;
    let caught_up = crowd.await_all(CAUGHT_UP_MAX);
    codes.push(second.stop()?);
    caught_up?;
    let faulty = crowd.faulty()?;
    let standing = scene.standing()?;
    let mut third = scene.start("third", &scene.kubeconfig, None)?;
    run::until("a digest", CAUGHT_UP_MAX, || Ok((!scene.digest()?.is_empty()).then_some(())))?;
    codes.push(third.stop()?);
    let digest = scene.digest()?;
    verdict.figures.extend([
        Figure::told("faults that stood when alertkube was stopped", CROWD),
        Figure::exactly("with its predecessor's state: told again", faulty.repeated, 0),
        Figure::exactly("with its predecessor's state: missed", faulty.missed, 0),
        Figure::exactly("with its predecessor's state: ends missed or repeated", faulty.ends, 0),
        Figure::told("faults that stood at the start without state", standing.len()),
        Figure::exactly(
            "without state: standing and not in the digest",
            standing.difference(&digest).count(),
            0,
        ),
        Figure::exactly(
            "without state: in the digest and not standing",
            digest.difference(&standing).count(),
            0,
        ),
        Figure::exactly("stops that did not end with 0", codes.iter().filter(|code| **code != 0).count(), 0),
    ]);
    Ok(())
}

fn outages(scene: &Scene<'_>, verdict: &mut Verdict) -> Result<()> {
    let cluster = scene.ground.cluster();
    let address = Proxy::free_address(scene.ground)?;
    let way = Proxy::open(scene.ground, address)?;
    let mut program = scene.start("main", &redirected(&scene.kubeconfig, address)?, None)?;
    let mut crowd = Crowd::new(scene.ground, scene.ear);
    let mut cuts = 0;
    while cuts < CUTS {
        run::until(
            "a connection to cut",
            CAUGHT_UP_MAX,
            || Ok(Some(way.cut()).filter(|broken| *broken > 0)),
        )?;
        cuts += 1;
        crowd.grow(1)?;
        crowd.shrink(usize::from(cuts % 2 == 0))?;
    }
    crowd.await_all(CAUGHT_UP_MAX)?;
    let cut = crowd.faulty()?;
    // While alertkube sees nothing: a server that dies, a store that forgets, faults that come and go.
    way.bar(true);
    cluster.stop(Part::ApiServer)?;
    cluster.start(Part::ApiServer)?;
    crowd.grow(5)?;
    let ended = crowd.shrink(5)?;
    let revision = cluster.compact()?;
    way.bar(false);
    crowd.await_all(CAUGHT_UP_MAX)?;
    // And once more in full sight.
    cluster.stop(Part::ApiServer)?;
    cluster.start(Part::ApiServer)?;
    crowd.grow(5)?;
    crowd.shrink(5)?;
    crowd.await_all(CAUGHT_UP_MAX)?;
    ensure!(ended == 5, "{ended} pods were deleted out of sight");
    let code = program.stop()?;
    let all = crowd.faulty()?;
    let [standing, gone] = crowd.sizes();
    verdict.figures.extend([
        Figure::exactly("cuts of all connections to the API server", cuts, CUTS),
        Figure::exactly("after the cuts: missed, repeated, ends missed or repeated", sum(cut), 0),
        Figure::told(
            "API server killed and restarted; etcd compacted up to revision",
            format!("twice; {revision}"),
        ),
        Figure::told("faults that came, and of these went", format!("{}, {gone}", standing + gone)),
        Figure::exactly("in all: missed", all.missed, 0),
        Figure::exactly("in all: told twice", all.repeated, 0),
        Figure::exactly("in all: ends missed or repeated", all.ends, 0),
        Figure::exactly("exit code on SIGTERM after all this", code, 0),
    ]);
    Ok(())
}

fn sum(faulty: Faulty) -> usize {
    faulty.missed + faulty.repeated + faulty.ends
}
