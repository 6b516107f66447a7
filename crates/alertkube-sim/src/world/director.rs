//! The director: carries the commands of a scenario out on a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Kind, KindId, Stamp};
use serde_json::Value;

use super::cast::CastPod;
use super::objects::{CastEvent, CastNode, CastWorkload, Seen};
use crate::cluster::{Cluster, Fault, Response, Scope};
use crate::scenario::{Command, Said, Scenario, Step, Target, WatchFault};

/// Plays a scenario on a cluster, command by command as its time comes.
///
/// It changes the cluster and nothing else: what a scenario says of sinks and replicas is left to the [`Simulation`].
///
/// [`Simulation`]: crate::Simulation
#[derive(Debug)]
pub struct Director {
    start: Stamp,
    steps: Vec<Step>,
    next: usize,
    pods: BTreeMap<Name, CastPod>,
    nodes: BTreeMap<String, CastNode>,
    workloads: BTreeMap<(KindId, Name), CastWorkload>,
    events: BTreeMap<(Name, String), CastEvent>,
    objects: BTreeMap<(KindId, Name), Arc<Value>>,
    forbidden: BTreeSet<KindId>,
    away: bool,
    refused: Vec<String>,
}

/// Namespace and name.
type Name = (String, String);

/// Where and when a command is carried out.
struct Stage<'a> {
    now: Stamp,
    cluster: &'a mut Cluster,
}

/// What the name of every ReplicaSet of a Deployment ends in.
const REVISION: &str = "5d4f8c7b9d";

impl Director {
    /// A director who begins at `start` on the cluster's clock.
    pub fn new(scenario: &Scenario, start: Stamp) -> Director {
        Director {
            start,
            steps: scenario.steps().to_vec(),
            next: 0,
            pods: BTreeMap::new(),
            nodes: BTreeMap::new(),
            workloads: BTreeMap::new(),
            events: BTreeMap::new(),
            objects: BTreeMap::new(),
            forbidden: BTreeSet::new(),
            away: false,
            refused: Vec::new(),
        }
    }

    /// When the next command is due.
    pub fn deadline(&self) -> Option<Stamp> {
        self.steps.get(self.next).map(|step| self.start.plus(step.at))
    }

    /// Carries out what is due.
    pub fn play(&mut self, now: Stamp, cluster: &mut Cluster) {
        while self.deadline().is_some_and(|at| at <= now) {
            if let Some(step) = self.take() {
                self.perform(now, &step, cluster);
            }
        }
    }

    /// What the cluster would not take, such as names that no object may have.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// The next step, which is carried out by whoever takes it.
    pub(super) fn take(&mut self) -> Option<Step> {
        let step = self.steps.get(self.next).cloned();
        self.next += 1;
        step
    }

    /// Carries one step out, as far as it is about the cluster.
    pub(super) fn perform(&mut self, now: Stamp, step: &Step, cluster: &mut Cluster) {
        let stage = &mut Stage { now, cluster };
        let done = match &step.command {
            Command::Apply(target, said) => self.apply(stage, target, said),
            Command::Crash { target, container, exit } => {
                self.each_pod(stage, target, |pod| pod.crash(container.as_ref(), *exit, now))
            }
            Command::Event { target, reason, message, count, container, ago } => {
                let event = Seen { reason, message, container: container.as_deref(), more: *count };
                self.event(&mut Stage { now: back(now, *ago), cluster: stage.cluster }, target, event)
            }
            Command::Fix { target, container } => self.fix(stage, target, container.as_ref()),
            Command::Delete(target) => {
                self.delete(stage, target);
                Ok(())
            }
            Command::Api { up } => {
                self.away = !up;
                self.refuse(stage);
                Ok(())
            }
            Command::Watch { kind, fault } => {
                self.watch(stage, *kind, *fault);
                Ok(())
            }
            Command::Sink { .. } | Command::Stop | Command::Start { .. } | Command::Quiet(_) => Ok(()),
        };
        if let Err(response) = done {
            let message = response.value()["message"].as_str().unwrap_or("no reason given").to_owned();
            self.refused.push(format!("line {}: the cluster refused it: {message}", step.line));
        }
    }

    fn apply(&mut self, stage: &mut Stage<'_>, target: &Target, said: &Said) -> Result<(), Response> {
        match said {
            Said::Pod(said) => {
                let at = back(stage.now, said.ago);
                for name in keys(target) {
                    self.pods.entry(name).or_insert_with(|| CastPod::new(at));
                }
                self.each_pod(stage, target, |pod| pod.take(said, at))
            }
            Said::Node(said) => {
                let at = back(stage.now, said.ago);
                self.each_node(stage, target, at, |node| node.take(said, at))
            }
            Said::Workload(said) => {
                let at = back(stage.now, said.ago);
                self.each_workload(stage, target, at, |workload| workload.take(said, at))
            }
        }
    }

    fn fix(
        &mut self,
        stage: &mut Stage<'_>,
        target: &Target,
        container: Option<&String>,
    ) -> Result<(), Response> {
        let now = stage.now;
        match target.kind {
            KindId::Pod => self.each_pod(stage, target, |pod| pod.fix(container, now)),
            KindId::Node => self.each_node(stage, target, now, |node| node.take(&Default::default(), now)),
            _ => self.each_workload(stage, target, now, |workload| workload.take(&Default::default(), now)),
        }
    }

    fn each_pod(
        &mut self,
        stage: &mut Stage<'_>,
        target: &Target,
        change: impl Fn(&mut CastPod),
    ) -> Result<(), Response> {
        for name in keys(target) {
            let pod = self.pods.entry(name.clone()).or_insert_with(|| CastPod::new(stage.now));
            change(pod);
            let pod = pod.clone();
            let owner = match &pod.owner {
                Some((kind, owner)) => Some(self.owner(stage, *kind, (&name.0, owner))?),
                None => None,
            };
            let object = pod.build(&name.0, &name.1, owner.as_deref());
            self.put(stage, KindId::Pod, name, object)?;
        }
        Ok(())
    }

    fn each_node(
        &mut self,
        stage: &mut Stage<'_>,
        target: &Target,
        born: Stamp,
        change: impl Fn(&mut CastNode),
    ) -> Result<(), Response> {
        for name in keys(target) {
            let node = self.nodes.entry(name.1.clone()).or_insert_with(|| CastNode::new(born));
            change(node);
            let object = node.build(&name.1);
            self.put(stage, KindId::Node, name, object)?;
        }
        Ok(())
    }

    fn each_workload(
        &mut self,
        stage: &mut Stage<'_>,
        target: &Target,
        born: Stamp,
        change: impl Fn(&mut CastWorkload),
    ) -> Result<(), Response> {
        for name in keys(target) {
            let key = (target.kind, name.clone());
            let workload = self.workloads.entry(key).or_insert_with(|| CastWorkload::new(target.kind, born));
            change(workload);
            let object = workload.build(&name.0, &name.1, None);
            self.put(stage, target.kind, name, object)?;
        }
        Ok(())
    }

    /// The controller of a pod as the cluster has it; what is missing is made. A Deployment owns by a ReplicaSet.
    fn owner(
        &mut self,
        stage: &mut Stage<'_>,
        kind: KindId,
        (namespace, name): (&str, &str),
    ) -> Result<Arc<Value>, Response> {
        let key = (namespace.to_owned(), name.to_owned());
        if !self.objects.contains_key(&(kind, key.clone())) {
            let workload = CastWorkload::new(kind, stage.now);
            let object = workload.build(namespace, name, None);
            self.workloads.insert((kind, key.clone()), workload);
            self.put(stage, kind, key.clone(), object)?;
        }
        let owner = Arc::clone(&self.objects[&(kind, key)]);
        if kind != KindId::Deployment {
            return Ok(owner);
        }
        let set = (namespace.to_owned(), format!("{name}-{REVISION}"));
        if !self.objects.contains_key(&(KindId::ReplicaSet, set.clone())) {
            let object = CastWorkload::new(KindId::ReplicaSet, stage.now).build(&set.0, &set.1, Some(&owner));
            self.put(stage, KindId::ReplicaSet, set.clone(), object)?;
        }
        Ok(Arc::clone(&self.objects[&(KindId::ReplicaSet, set)]))
    }

    fn event(&mut self, stage: &mut Stage<'_>, target: &Target, seen: Seen<'_>) -> Result<(), Response> {
        for name in keys(target) {
            let Some(about) = self.objects.get(&(KindId::Pod, name.clone())).cloned() else { continue };
            let key = (name, seen.reason.to_owned());
            let event = self.events.entry(key).or_insert_with(|| CastEvent::new(stage.now));
            stage.cluster.apply(stage.now, event.build(&about, seen, stage.now))?;
        }
        Ok(())
    }

    fn delete(&mut self, stage: &mut Stage<'_>, target: &Target) {
        for name in keys(target) {
            stage.cluster.remove(target.kind, &name.0, &name.1);
            self.objects.remove(&(target.kind, name.clone()));
            self.workloads.remove(&(target.kind, name.clone()));
            match target.kind {
                KindId::Pod => {
                    self.events.retain(|(about, _), _| *about != name);
                    self.pods.remove(&name);
                }
                KindId::Node => drop(self.nodes.remove(&name.1)),
                _ => {}
            }
        }
    }

    fn watch(&mut self, stage: &mut Stage<'_>, kind: Option<KindId>, fault: WatchFault) {
        let kinds: Vec<KindId> =
            kind.map_or_else(|| Kind::ALL.iter().map(|kind| kind.id).collect(), |kind| vec![kind]);
        for kind in kinds {
            match fault {
                WatchFault::Cut => {
                    stage.cluster.inject(
                        stage.now,
                        Fault::CutWatches { times: 1, every_millis: 1 },
                        of(kind),
                    );
                }
                WatchFault::Expire => stage.cluster.inject(stage.now, Fault::Expire, of(kind)),
                WatchFault::Silent => stage.cluster.inject(stage.now, Fault::HalfDead, of(kind)),
                WatchFault::Forbidden => {
                    self.forbidden.insert(kind);
                    stage.cluster.inject(stage.now, Fault::Forbidden, of(kind));
                    stage.cluster.inject(
                        stage.now,
                        Fault::CutWatches { times: 1, every_millis: 1 },
                        of(kind),
                    );
                }
                WatchFault::Restored => {
                    self.forbidden.remove(&kind);
                    stage.cluster.heal();
                    for kind in &self.forbidden {
                        stage.cluster.inject(stage.now, Fault::Forbidden, of(*kind));
                    }
                    self.refuse(stage);
                }
            }
        }
    }

    fn refuse(&self, stage: &mut Stage<'_>) {
        let millis = if self.away { u64::from(u32::MAX) } else { 0 };
        if self.away || stage.cluster.refuses(stage.now) {
            stage.cluster.inject(stage.now, Fault::Refuse { millis }, Scope::all());
        }
    }

    fn put(
        &mut self,
        stage: &mut Stage<'_>,
        kind: KindId,
        name: Name,
        object: Value,
    ) -> Result<(), Response> {
        let object = stage.cluster.apply(stage.now, object)?;
        self.objects.insert((kind, name), object);
        Ok(())
    }
}

fn keys(target: &Target) -> Vec<Name> {
    target.names().into_iter().map(|name| (target.namespace.clone(), name)).collect()
}

fn of(kind: KindId) -> Scope {
    let row = Kind::of(kind);
    match row.group {
        "" => Scope::all().resource(row.plural),
        group => Scope::all().resource(&format!("{}.{group}", row.plural)),
    }
}

fn back(now: Stamp, ago: Duration) -> Stamp {
    Stamp::from_millis(now.millis().saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)))
}
