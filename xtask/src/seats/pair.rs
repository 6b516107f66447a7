//! Two replicas, two receivers, and pods that fail when we say so.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::api::Api;
use super::audience::{Audience, First};
use super::config::{self, ACCOUNT, configuration};
use super::herd::Herd;
use super::limits;
use super::node::Node;
use super::patience::{none_left, within};
use super::replica::{Birth, Kit, Replica};
use super::tally::Tally;
use super::watchman::{Watchman, stands_by};
use crate::line::Ground;

/// How a pair is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    /// Names its two networks; at most 10 letters.
    pub(crate) name: &'a str,
    /// The binary.
    pub(crate) program: &'a Path,
    /// Whether followers watch.
    pub(crate) warm: bool,
    /// Namespaces beside its own in which it may hold a Lease.
    pub(crate) leases: &'a [&'a str],
}

/// What all replicas under proof share: what they are given, the pods, and the receivers.
pub(crate) struct Stage<'a> {
    pub(crate) kit: Kit<'a>,
    pub(crate) api: Arc<Api>,
    pub(crate) herd: Herd,
    pub(crate) audience: Audience,
    pub(super) node: Node,
}

impl<'a> Stage<'a> {
    /// Sets it up for so many seats, with what is to be different in the configuration.
    pub(super) fn open(
        ground: &'a Ground<'a>,
        plan: &Plan<'a>,
        seats: usize,
        differ: impl FnOnce(&mut Value),
    ) -> Result<Stage<'a>> {
        let cluster = ground.cluster();
        let audience = Audience::open(cluster, ground.folder())?;
        let kubeconfig = ground.account(ACCOUNT, None)?;
        config::grant(ground, &[&[ground.namespace()], plan.leases].concat(), seats)?;
        let config = ground.folder().join("config.yaml");
        let mut written = configuration(ground.namespace(), audience.incidents());
        differ(&mut written);
        fs::write(&config, written.to_string()).context("write the configuration")?;
        let api = Arc::new(Api::reach(cluster)?);
        let node = Node::make(&api, &ground.ghost())?;
        let hook = audience.hook().to_owned();
        Ok(Stage {
            kit: Kit { ground, program: plan.program, kubeconfig, config, hook },
            herd: Herd::new(&api, ground.namespace()),
            api,
            audience,
            node,
        })
    }
}

/// The pair and all that belongs to it. Replicas are by number, 0 and 1.
pub(crate) struct Pair<'a> {
    pub(crate) kit: Kit<'a>,
    pub(crate) api: Arc<Api>,
    pub(crate) replicas: [Replica; 2],
    pub(crate) watchman: Watchman,
    pub(crate) herd: Herd,
    pub(crate) audience: Audience,
    warm: bool,
    births: usize,
    _node: Node,
}

impl<'a> Pair<'a> {
    /// Sets everything up; no replica runs yet, and there are no pods.
    pub(crate) fn new(ground: &'a Ground<'a>, plan: &Plan<'a>) -> Result<Pair<'a>> {
        let cluster = ground.cluster();
        let Stage { kit, api, herd, audience, node } = Stage::open(ground, plan, 1, |_| ())?;
        let replicas = ["a", "b"].map(|letter| Replica::new(cluster, &format!("{}-{letter}", plan.name)));
        let [first, second] = replicas;
        let replicas = [first?, second?];
        let watchman = Watchman::new(cluster, [replicas[0].door()?, replicas[1].door()?])?;
        let (warm, births) = (plan.warm, 0);
        Ok(Pair { kit, api, replicas, watchman, herd, audience, warm, births, _node: node })
    }

    /// A pod that there was not before, as a Deployment makes it.
    pub(crate) fn birth(&mut self) -> Result<Birth> {
        self.births += 1;
        Birth::of(&format!("alertkube-{}", self.births), self.kit.ground.namespace(), self.warm)
    }

    /// Starts one of them as that pod.
    pub(crate) fn start(&mut self, which: usize, birth: &Birth) -> Result<()> {
        self.replicas[which].start(&self.kit, birth)
    }

    /// Starts both as new pods: the first leads, the other stands by.
    pub(crate) fn start_both(&mut self) -> Result<()> {
        let births = [self.birth()?, self.birth()?];
        self.start(0, &births[0])?;
        self.await_leader()?;
        self.start(1, &births[1])?;
        self.await_standby(1)
    }

    /// Takes in what the receivers wrote, and fails when a replica ended by itself.
    pub(crate) fn look(&mut self) -> Result<()> {
        self.replicas.iter_mut().try_for_each(Replica::is_there)?;
        self.audience.look()
    }

    /// Looks until there is something, at most for so long.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        at_most: Duration,
        mut seen: impl FnMut(&mut Pair<'a>) -> Result<Option<T>>,
    ) -> Result<T> {
        let found = within(at_most, || {
            self.look()?;
            seen(self)
        })?;
        found.with_context(|| {
            let seconds = at_most.as_secs();
            format!("{what} not seen within {seconds} s; the doors answer {:?}", self.watchman.now())
        })
    }

    /// Waits until just one leads; which.
    pub(crate) fn await_leader(&mut self) -> Result<usize> {
        self.until("one leader", limits::SEATED_MAX, |pair| Ok(pair.watchman.leader()))
    }

    /// Waits until that one could take over.
    pub(crate) fn await_standby(&mut self, which: usize) -> Result<()> {
        let door = self.replicas[which].door()?;
        self.until("a replica that stands by", limits::SEATED_MAX, |pair| {
            Ok(stands_by(pair.kit.ground.cluster(), door)?.then_some(()))
        })
    }

    /// Whether all sinks of these faults were told that they stand, or that they are over.
    pub(crate) fn heard(&self, numbers: &[usize], over: bool) -> bool {
        numbers.iter().all(|number| self.audience.deaf(&self.herd.fates()[*number], over) == 0)
    }

    /// When the first line came to each receiver that tells a fault so, and from where.
    pub(crate) fn firsts(&self, number: usize, over: bool) -> impl Iterator<Item = &First> {
        self.audience.firsts(&self.herd.fates()[number], over)
    }

    /// When the first line of a replica came about any of these faults.
    pub(crate) fn first_from(&self, which: usize, of: &[usize], over: bool) -> Option<i64> {
        let from = self.replicas[which].address();
        let firsts = of.iter().flat_map(|number| self.firsts(*number, over));
        firsts.filter(|(_, by)| by == from).map(|(at, _)| *at).min()
    }

    /// How many of these ends were first told by another replica than this one.
    pub(crate) fn ends_from_others(&self, which: usize, of: &[usize]) -> usize {
        let from = self.replicas[which].address();
        let others = |number: &&usize| self.firsts(**number, true).any(|(_, by)| by != from);
        of.iter().filter(others).count()
    }

    /// The last lines of what a replica said.
    pub(crate) fn said(&self, which: usize) -> String {
        self.replicas[which].said()
    }

    /// How many sinks are still to hear of what was done; waited for until there are none, for so long.
    pub(crate) fn settle(&mut self, at_most: Duration) -> Result<usize> {
        none_left(at_most, || {
            self.look()?;
            Ok(self.audience.left(self.herd.fates()))
        })
    }

    /// Ends every fault that stands and waits until that is told; how many sinks were not.
    pub(crate) fn close(&mut self) -> Result<usize> {
        let standing = self.herd.standing(|_| true);
        self.herd.heal(&standing)?;
        self.settle(limits::SETTLED_MAX)
    }

    /// What the lines so far say.
    pub(crate) fn tally(&self) -> Tally {
        self.audience.tally(self.herd.fates())
    }
}
