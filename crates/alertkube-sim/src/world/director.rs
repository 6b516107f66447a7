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
        let done = match &step.command {
            Command::Apply(target, said) => self.apply(now, target, said, cluster),
            Command::Crash { target, container, exit } => {
                self.each_pod(now, target, cluster, |pod| pod.crash(container.as_ref(), *exit, now))
            }
            Command::Event { target, reason, message, count, container, ago } => {
                let event = Seen { reason, message, container: container.as_deref(), more: *count };
                self.event(back(now, *ago), target, event, cluster)
            }
            Command::Fix { target, container } => self.fix(now, target, container.as_ref(), cluster),
            Command::Delete(target) => {
                self.delete(target, cluster);
                Ok(())
            }
            Command::Api { up } => {
                self.away = !up;
                self.refuse(now, cluster);
                Ok(())
            }
            Command::Watch { kind, fault } => {
                self.watch(now, *kind, *fault, cluster);
                Ok(())
            }
            Command::Sink { .. } | Command::Stop | Command::Start { .. } | Command::Quiet(_) => Ok(()),
        };
        if let Err(response) = done {
            let message = response.value()["message"].as_str().unwrap_or("no reason given").to_owned();
            self.refused.push(format!("line {}: the cluster refused it: {message}", step.line));
        }
    }

    fn apply(
        &mut self,
        now: Stamp,
        target: &Target,
        said: &Said,
        cluster: &mut Cluster,
    ) -> Result<(), Response> {
        match said {
            Said::Pod(said) => {
                let at = back(now, said.ago);
                for name in keys(target) {
                    self.pods.entry(name).or_insert_with(|| CastPod::new(at));
                }
                self.each_pod(now, target, cluster, |pod| pod.take(said, at))
            }
            Said::Node(said) => {
                let at = back(now, said.ago);
                self.each_node(now, target, cluster, at, |node| node.take(said, at))
            }
            Said::Workload(said) => {
                let at = back(now, said.ago);
                self.each_workload(now, target, cluster, at, |workload| workload.take(said, at))
            }
        }
    }

    fn fix(
        &mut self,
        now: Stamp,
        target: &Target,
        container: Option<&String>,
        cluster: &mut Cluster,
    ) -> Result<(), Response> {
        match target.kind {
            KindId::Pod => self.each_pod(now, target, cluster, |pod| pod.fix(container, now)),
            KindId::Node => self.each_node(now, target, cluster, now, |node| node.take(&Default::default(), now)),
            _ => self.each_workload(now, target, cluster, now, |workload| workload.take(&Default::default(), now)),
        }
    }

    fn each_pod(
        &mut self,
        now: Stamp,
        target: &Target,
        cluster: &mut Cluster,
        change: impl Fn(&mut CastPod),
    ) -> Result<(), Response> {
        for name in keys(target) {
            let pod = self.pods.entry(name.clone()).or_insert_with(|| CastPod::new(now));
            change(pod);
            let pod = pod.clone();
            let owner = match &pod.owner {
                Some((kind, owner)) => Some(self.owner(now, *kind, (&name.0, owner), cluster)?),
                None => None,
            };
            let object = pod.build(&name.0, &name.1, owner.as_deref());
            self.put(now, KindId::Pod, name, object, cluster)?;
        }
        Ok(())
    }

    fn each_node(
        &mut self,
        now: Stamp,
        target: &Target,
        cluster: &mut Cluster,
        born: Stamp,
        change: impl Fn(&mut CastNode),
    ) -> Result<(), Response> {
        for name in keys(target) {
            let node = self.nodes.entry(name.1.clone()).or_insert_with(|| CastNode::new(born));
            change(node);
            let object = node.build(&name.1);
            self.put(now, KindId::Node, name, object, cluster)?;
        }
        Ok(())
    }

    fn each_workload(
        &mut self,
        now: Stamp,
        target: &Target,
        cluster: &mut Cluster,
        born: Stamp,
        change: impl Fn(&mut CastWorkload),
    ) -> Result<(), Response> {
        for name in keys(target) {
            let key = (target.kind, name.clone());
            let workload = self.workloads.entry(key).or_insert_with(|| CastWorkload::new(target.kind, born));
            change(workload);
            let object = workload.build(&name.0, &name.1, None);
            self.put(now, target.kind, name, object, cluster)?;
        }
        Ok(())
    }

    /// The controller of a pod as the cluster has it; what is missing is made. A Deployment owns by a ReplicaSet.
    fn owner(
        &mut self,
        now: Stamp,
        kind: KindId,
        (namespace, name): (&str, &str),
        cluster: &mut Cluster,
    ) -> Result<Arc<Value>, Response> {
        let key = (namespace.to_owned(), name.to_owned());
        if !self.objects.contains_key(&(kind, key.clone())) {
            let workload = CastWorkload::new(kind, now);
            let object = workload.build(namespace, name, None);
            self.workloads.insert((kind, key.clone()), workload);
            self.put(now, kind, key.clone(), object, cluster)?;
        }
        let owner = Arc::clone(&self.objects[&(kind, key)]);
        if kind != KindId::Deployment {
            return Ok(owner);
        }
        let set = (namespace.to_owned(), format!("{name}-{REVISION}"));
        if !self.objects.contains_key(&(KindId::ReplicaSet, set.clone())) {
            let object = CastWorkload::new(KindId::ReplicaSet, now).build(&set.0, &set.1, Some(&owner));
            self.put(now, KindId::ReplicaSet, set.clone(), object, cluster)?;
        }
        Ok(Arc::clone(&self.objects[&(KindId::ReplicaSet, set)]))
    }

    fn event(
        &mut self,
        at: Stamp,
        target: &Target,
        seen: Seen<'_>,
        cluster: &mut Cluster,
    ) -> Result<(), Response> {
        for name in keys(target) {
            let Some(about) = self.objects.get(&(KindId::Pod, name.clone())).cloned() else { continue };
            let key = (name, seen.reason.to_owned());
            let event = self.events.entry(key).or_insert_with(|| CastEvent::new(at));
            cluster.apply(at, event.build(&about, seen, at))?;
        }
        Ok(())
    }

    fn delete(&mut self, target: &Target, cluster: &mut Cluster) {
        for name in keys(target) {
            cluster.remove(target.kind, &name.0, &name.1);
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

    fn watch(&mut self, now: Stamp, kind: Option<KindId>, fault: WatchFault, cluster: &mut Cluster) {
        let kinds: Vec<KindId> = kind.map_or_else(|| Kind::ALL.iter().map(|kind| kind.id).collect(), |kind| vec![kind]);
        for kind in kinds {
            match fault {
                WatchFault::Cut => {
                    cluster.inject(now, Fault::CutWatches { times: 1, every_millis: 1 }, of(kind));
                }
                WatchFault::Expire => cluster.inject(now, Fault::Expire, of(kind)),
                WatchFault::Silent => cluster.inject(now, Fault::HalfDead, of(kind)),
                WatchFault::Forbidden => {
                    self.forbidden.insert(kind);
                    cluster.inject(now, Fault::Forbidden, of(kind));
                    cluster.inject(now, Fault::CutWatches { times: 1, every_millis: 1 }, of(kind));
                }
                WatchFault::Restored => {
                    self.forbidden.remove(&kind);
                    cluster.heal();
                    for kind in &self.forbidden {
                        cluster.inject(now, Fault::Forbidden, of(*kind));
                    }
                    self.refuse(now, cluster);
                }
            }
        }
    }

    fn refuse(&self, now: Stamp, cluster: &mut Cluster) {
        let millis = if self.away { u64::from(u32::MAX) } else { 0 };
        if self.away || cluster.refuses(now) {
            cluster.inject(now, Fault::Refuse { millis }, Scope::all());
        }
    }

    fn put(
        &mut self,
        now: Stamp,
        kind: KindId,
        name: Name,
        object: Value,
        cluster: &mut Cluster,
    ) -> Result<(), Response> {
        let object = cluster.apply(now, object)?;
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
