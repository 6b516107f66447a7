//! Pods as a scenario has described them so far: what a later command does not mention stays.

use alertkube_core::{KindId, Stamp};
use serde_json::Value;

use crate::scenario::{Phase, PodSaid};
use crate::shape::PodShape;

/// One pod.
#[derive(Clone, Debug)]
pub(super) struct CastPod {
    born: Stamp,
    /// Since when it is as its conditions say; a pod that has not started is so since it was made.
    since: Stamp,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    pub(super) owner: Option<(KindId, String)>,
    node: Option<String>,
    containers: Vec<CastContainer>,
    trouble: Trouble,
    deleting: Option<Stamp>,
}

#[derive(Clone, Debug)]
struct CastContainer {
    name: String,
    init: bool,
    image: Option<String>,
    memory: Option<String>,
    waiting: Option<(String, String)>,
    restarts: i64,
    last: Option<(String, i64, Stamp)>,
    running_since: Stamp,
}

#[derive(Clone, Debug)]
enum Trouble {
    None,
    NotReady(Stamp),
    Unschedulable(String),
    Evicted(String, Stamp),
    Finished(i64, Stamp),
}

/// The node of a pod of which no command says where it runs: none that a scenario would take down.
const NODE: &str = "node-0";
/// The name of a container that no command names.
const CONTAINER: &str = "app";

impl CastPod {
    /// A pod that is healthy since `born`.
    pub(super) fn new(born: Stamp) -> CastPod {
        CastPod {
            born,
            since: born,
            labels: Vec::new(),
            annotations: Vec::new(),
            owner: None,
            node: Some(NODE.to_owned()),
            containers: vec![CastContainer::new(CONTAINER, false, born)],
            trouble: Trouble::None,
            deleting: None,
        }
    }

    /// Takes in what is said of the pod, which became so at `at`.
    pub(super) fn take(&mut self, said: &PodSaid, at: Stamp) {
        let had_started = self.has_started();
        put_all(&mut self.labels, &said.labels);
        put_all(&mut self.annotations, &said.annotations);
        self.owner = said.owner.clone().or(self.owner.take());
        self.node = said.node.clone().or(self.node.take());
        let container = self.container(said.container.as_ref(), at);
        container.take(said, at);
        if said.runs_otherwise() {
            self.trouble = Trouble::None;
        }
        if let Some(message) = &said.unschedulable {
            self.trouble = Trouble::Unschedulable(message.clone());
        }
        match said.ready {
            Some(true) => self.trouble = Trouble::None,
            Some(false) => self.trouble = Trouble::NotReady(at),
            None => {}
        }
        if said.evicted {
            let message = said.message.clone();
            let message = message.unwrap_or_else(|| "The node was low on resource: memory.".to_owned());
            self.trouble = Trouble::Evicted(message, at);
        }
        match said.phase {
            Some(Phase::Succeeded) => self.trouble = Trouble::Finished(0, at),
            Some(Phase::Failed) => self.trouble = Trouble::Finished(said.exit.unwrap_or(1), at),
            None => {}
        }
        if said.terminating {
            self.deleting.get_or_insert(at);
        }
        if had_started && !self.has_started() {
            self.since = at;
        }
    }

    /// A container ended once more at `at` and waits.
    pub(super) fn crash(&mut self, container: Option<&String>, exit: i64, at: Stamp) {
        let named = container.map(|name| (name.clone(), false));
        let container = self.container(named.as_ref(), at);
        container.restarts += 1;
        container.last = Some((if exit == 0 { "Completed" } else { "Error" }.to_owned(), exit, at));
        container.waiting = Some(("CrashLoopBackOff".to_owned(), String::new()));
    }

    /// Everything, or one container, is well since `at`.
    pub(super) fn fix(&mut self, container: Option<&String>, at: Stamp) {
        let meant = |other: &&mut CastContainer| container.is_none_or(|name| *name == other.name);
        for container in self.containers.iter_mut().filter(meant) {
            if container.waiting.take().is_some() {
                container.running_since = at;
            }
        }
        if container.is_none() {
            if !matches!(self.trouble, Trouble::None) {
                self.since = at;
            }
            self.trouble = Trouble::None;
        }
    }

    /// The pod as a kubelet would write it; `owner` is its controller as the cluster returned it.
    pub(super) fn build(&self, namespace: &str, name: &str, owner: Option<&Value>) -> Value {
        let mut shape = PodShape::new(namespace, name, self.since);
        for (key, value) in &self.labels {
            shape = shape.label(key, value);
        }
        for (key, value) in &self.annotations {
            shape = shape.annotation(key, value);
        }
        shape = owner.into_iter().fold(shape, PodShape::owner);
        shape = self.node.iter().fold(shape, |shape, node| shape.node(node));
        let setting_up =
            self.containers.iter().any(|container| container.init && container.waiting.is_some());
        for (place, container) in self.containers.iter().enumerate() {
            shape = match (place, container.init) {
                (0, _) => shape.named(&container.name),
                (_, true) => shape.init_container(&container.name),
                (_, false) => shape.container(&container.name),
            };
            shape = container.shape(shape, setting_up);
        }
        shape = match &self.trouble {
            Trouble::None => shape,
            Trouble::NotReady(at) => shape.not_ready(*at),
            Trouble::Unschedulable(message) => shape.unschedulable(message),
            Trouble::Evicted(message, at) => shape.evicted(message, *at),
            Trouble::Finished(exit, at) => shape.restart_policy("Never").finished(*exit, *at),
        };
        if let Some(at) = self.deleting {
            shape = shape.terminating(GRACE_SECONDS, at);
        }
        let mut object = shape.build();
        object["metadata"]["creationTimestamp"] = crate::cluster::time(self.born).into();
        object
    }

    fn has_started(&self) -> bool {
        let waits = |container: &CastContainer| container.waiting.is_some() && container.last.is_none();
        !matches!(self.trouble, Trouble::Unschedulable(_)) && !self.containers.iter().any(waits)
    }

    /// The container that is meant; one that is new takes the place of the unnamed one, or comes behind the others.
    fn container(&mut self, named: Option<&(String, bool)>, at: Stamp) -> &mut CastContainer {
        let place = match named {
            None => 0,
            Some((name, init)) => match self.containers.iter().position(|known| known.name == *name) {
                Some(place) => place,
                None => {
                    self.containers.push(CastContainer::new(name, *init, at));
                    self.containers.len() - 1
                }
            },
        };
        &mut self.containers[place]
    }
}

/// The grace period of every pod.
const GRACE_SECONDS: u64 = 30;

impl CastContainer {
    fn new(name: &str, init: bool, since: Stamp) -> CastContainer {
        CastContainer {
            name: name.to_owned(),
            init,
            image: None,
            memory: None,
            waiting: None,
            restarts: 0,
            last: None,
            running_since: since,
        }
    }

    fn take(&mut self, said: &PodSaid, at: Stamp) {
        self.image = said.image.clone().or(self.image.take());
        self.memory = said.memory.clone().or(self.memory.take());
        if !said.runs_otherwise() {
            return;
        }
        let looping = said.waiting.as_deref() == Some("CrashLoopBackOff");
        let ended =
            said.last.is_some() || said.exit.is_some() || said.restarts.is_some_and(|n| n > 0) || looping;
        if ended && said.phase.is_none() {
            let reason = said.last.clone().unwrap_or_else(|| "Error".to_owned());
            let exit = said.exit.unwrap_or(if reason == "OOMKilled" { 137 } else { 1 });
            self.last = Some((reason, exit, at));
        }
        self.restarts = said.restarts.unwrap_or(if ended { self.restarts.max(1) } else { self.restarts });
        let message = || said.message.clone().unwrap_or_default();
        self.waiting = said.waiting.clone().map(|reason| (reason, message()));
        if self.waiting.is_none() {
            self.running_since = at;
        }
    }

    fn shape(&self, mut shape: PodShape, setting_up: bool) -> PodShape {
        shape = self.image.iter().fold(shape, |shape, image| shape.image(image));
        shape = self.memory.iter().fold(shape, |shape, limit| shape.memory_limit(limit));
        let last = self.last.as_ref();
        let Some((reason, message)) = &self.waiting else {
            if setting_up && !self.init {
                return shape.waiting("PodInitializing", "");
            }
            return match last {
                Some((how, exit, at)) => {
                    shape.ended(how, *exit, (self.restarts, *at)).running(self.running_since)
                }
                None if self.init => shape,
                None => shape.running(self.running_since),
            };
        };
        match (reason.as_str(), last) {
            ("CrashLoopBackOff", Some((how, exit, at))) => {
                shape.crash_loop(self.restarts, *exit, *at).ended(how, *exit, (self.restarts, *at))
            }
            ("ErrImagePull" | "ImagePullBackOff", _) => {
                let said = if message.is_empty() { "not found" } else { message };
                shape.image_pull(reason, said)
            }
            (_, Some((how, exit, at))) => {
                shape.ended(how, *exit, (self.restarts, *at)).waiting(reason, message)
            }
            (_, None) => shape.waiting(reason, message),
        }
    }
}

fn put_all(pairs: &mut Vec<(String, String)>, said: &[(String, String)]) {
    for (key, value) in said {
        pairs.retain(|(known, _)| known != key);
        pairs.push((key.clone(), value.clone()));
    }
}
