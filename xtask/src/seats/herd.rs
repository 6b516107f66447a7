//! Many pods with an owner each, that are well until we say otherwise: their status is ours to write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use alertkube_core::Fingerprint;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::api::{Api, Pending};
use super::limits;
use super::node::now;
use super::tally::{Fate, Sinks};
use crate::cluster::IMAGE;
use crate::receiver::millis;
use crate::run;

/// The label by which routes send a fault to one sink only.
pub(crate) const ONLY: &str = "only";

/// What is wrong with a pod, and by its settings how long it must be gone before its end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Illness {
    /// Told at once, over after 2 s.
    Quick,
    /// Told at once, over after 12 s.
    Lingering,
    /// Told at once, over after 26 s.
    Chronic,
    /// Told after 10 s, over after 2 s.
    Creeping,
    /// Told at once, over after 2 s, and no incident.
    Mild,
}

impl Illness {
    pub(crate) const ALL: [Illness; 5] =
        [Illness::Quick, Illness::Lingering, Illness::Chronic, Illness::Creeping, Illness::Mild];

    /// The reason under which it is told; all are what a container may wait with.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Illness::Quick => "InvalidImageName",
            Illness::Lingering => "ErrImageNeverPull",
            Illness::Chronic => "RunContainerError",
            Illness::Creeping => "CreateContainerConfigError",
            Illness::Mild => "CreateContainerError",
        }
    }

    /// `for` and `holdDown`, in seconds.
    pub(crate) const fn times(self) -> (u64, u64) {
        match self {
            Illness::Quick => (0, 2),
            Illness::Lingering => (0, 12),
            Illness::Chronic => (0, 26),
            Illness::Creeping => (10, 2),
            Illness::Mild => (0, 2),
        }
    }

    /// All but one are critical, so that incidents are opened.
    pub(crate) const fn severity(self) -> &'static str {
        match self {
            Illness::Mild => "warning",
            _ => "critical",
        }
    }
}

/// The pods, and what was done to each.
pub(crate) struct Herd {
    api: Arc<Api>,
    namespace: String,
    /// Pods that nothing was done to, by the sinks that they are for, the last one first.
    well: BTreeMap<Sinks, Vec<String>>,
    made: usize,
    fates: Vec<Fate>,
}

impl Herd {
    /// None.
    pub(crate) fn new(api: &Arc<Api>, namespace: &str) -> Herd {
        let (well, fates) = (BTreeMap::new(), Vec::new());
        Herd { api: Arc::clone(api), namespace: namespace.to_owned(), well, made: 0, fates }
    }

    /// What was done so far.
    pub(crate) fn fates(&self) -> &[Fate] {
        &self.fates
    }

    /// Makes so many more pods for these sinks on the node, by a ReplicaSet each, and waits until they are well.
    pub(crate) fn grow(&mut self, node: &str, sinks: Sinks, count: usize) -> Result<()> {
        let lot = format!("lot-{}", self.made);
        let names: Vec<String> =
            (self.made..self.made + count).map(|number| format!("w{number:05}")).collect();
        self.made += count;
        let path = format!("/apis/apps/v1/namespaces/{}/replicasets", self.namespace);
        self.api.all(&names, |api, name| api.create(&path, &owner(name, &lot, node, sinks)))?;
        let pods = run::until("the pods of all owners", limits::PODS_MADE_MAX, || {
            let pods = self.pods(&lot)?;
            if pods.len() < count {
                thread::sleep(limits::PODS_LISTED_EVERY);
                return Ok(None);
            }
            Ok(Some(pods))
        })?;
        ensure!(pods.len() == count, "{} pods of {count} owners", pods.len());
        self.api.all(&pods, |api, name| api.patch(&self.status_of(name), &well()))?;
        self.well.entry(sinks).or_default().extend(pods.into_iter().rev());
        Ok(())
    }

    /// Makes the next pod ill, in the given round; the API server may not have answered yet.
    pub(crate) fn sicken(
        &mut self,
        sinks: Sinks,
        illness: Illness,
        round: usize,
    ) -> Result<(usize, Pending)> {
        let name = self.well.get_mut(&sinks).and_then(Vec::pop).context("no pod is well any more")?;
        let fingerprint = Fingerprint::of("Pod", &self.namespace, &name, illness.reason()).to_string();
        let began = millis();
        let pending = self.api.patch(&self.status_of(&name), &ill(illness));
        self.fates.push(Fate { name, fingerprint, sinks, began, fixed: None, round });
        Ok((self.fates.len() - 1, pending))
    }

    /// Makes many ill, so many a second, and waits until the API server has taken them all.
    pub(crate) fn storm(&mut self, of: &[(Sinks, Illness)], rate: u32, round: usize) -> Result<Vec<usize>> {
        let (start, pitch) = (Instant::now(), Duration::from_secs(1) / rate);
        let (mut numbers, mut pending) = (Vec::new(), Vec::new());
        for (at, (sinks, illness)) in (0_u32..).zip(of) {
            thread::sleep((pitch * at).saturating_sub(start.elapsed()));
            let (number, patch) = self.sicken(*sinks, *illness, round)?;
            numbers.push(number);
            pending.push(patch);
        }
        pending.into_iter().try_for_each(|patch| patch.wait().map(drop))?;
        Ok(numbers)
    }

    /// Makes these well again, as fast as it goes, and waits until the API server has taken it.
    pub(crate) fn heal(&mut self, numbers: &[usize]) -> Result<()> {
        for number in numbers {
            self.fates[*number].fixed = Some(millis());
        }
        let names = numbers.iter().map(|number| self.status_of(&self.fates[*number].name));
        self.api.all(names, |api, path| api.patch(&path, &well()))
    }

    /// The numbers of the faults that stand and are so.
    pub(crate) fn standing(&self, wanted: impl Fn(&Fate) -> bool) -> Vec<usize> {
        let all = self.fates.iter().enumerate().filter(|(_, fate)| fate.fixed.is_none() && wanted(fate));
        all.map(|(number, _)| number).collect()
    }

    fn status_of(&self, name: &str) -> String {
        format!("/api/v1/namespaces/{}/pods/{name}/status", self.namespace)
    }

    fn pods(&self, lot: &str) -> Result<Vec<String>> {
        let path = format!("/api/v1/namespaces/{}/pods?labelSelector=lot%3D{lot}", self.namespace);
        let list = self.api.get(&path)?;
        let names = list["items"].as_array().into_iter().flatten();
        let mut names: Vec<String> =
            names.filter_map(|pod| pod["metadata"]["name"].as_str().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }
}

/// A ReplicaSet of one pod, which is bound to the node from the beginning.
fn owner(name: &str, lot: &str, node: &str, sinks: Sinks) -> Value {
    let mut labels = json!({"app": name, "lot": lot});
    if let Some(only) = sinks.only() {
        labels[ONLY] = only.into();
    }
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeName": node, "terminationGracePeriodSeconds": 0,
                    "automountServiceAccountToken": false, "enableServiceLinks": false,
                    "containers": [{"name": "main", "image": IMAGE, "imagePullPolicy": "Never"}],
                },
            },
        },
    })
}

fn well() -> Value {
    let running = json!({"running": {"startedAt": now()}});
    status(true, &running)
}

fn ill(illness: Illness) -> Value {
    status(false, &json!({"waiting": {"reason": illness.reason(), "message": "made by a proof"}}))
}

fn status(ready: bool, state: &Value) -> Value {
    let word = if ready { "True" } else { "False" };
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": now()});
    json!({"status": {
        "phase": "Running",
        "conditions": [
            condition("Ready", word), condition("ContainersReady", word),
            condition("Initialized", "True"), condition("PodScheduled", "True"),
        ],
        "containerStatuses": [{
            "name": "main", "image": IMAGE, "imageID": "", "ready": ready, "started": ready,
            "restartCount": 0, "state": state,
        }],
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_sends_a_pod_to_one_sink_only() {
        let labels =
            |sinks| owner("w1", "lot-0", "ghost", sinks)["spec"]["template"]["metadata"]["labels"].clone();
        assert_eq!(labels(Sinks::Both), json!({"app": "w1", "lot": "lot-0"}));
        assert_eq!(labels(Sinks::Keyed)[ONLY], "keyed");
    }

    #[test]
    fn a_patch_leaves_nothing_of_the_other_state() {
        let state = |patch: &Value| patch["status"]["containerStatuses"][0]["state"].clone();
        let reason = Illness::Quick.reason();
        assert_eq!(state(&ill(Illness::Quick))["waiting"]["reason"], reason);
        assert!(state(&well())["waiting"].is_null());
    }
}
