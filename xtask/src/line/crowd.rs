//! Many small faults by number: pods that no node takes. What was told of each, against what was done to it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::ground::Ground;
use super::heard::{Ear, Told};
use crate::cluster::IMAGE;
use crate::run;

/// The reason of all of them.
const REASON: &str = "Unschedulable";

/// Pods that stand and pods that were deleted.
pub(crate) struct Crowd<'a> {
    ground: &'a Ground<'a>,
    ear: &'a Ear,
    standing: BTreeSet<String>,
    gone: BTreeSet<String>,
}

/// What was told of them, and should not have been so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faulty {
    /// Never told.
    pub(crate) missed: usize,
    /// Told more than once.
    pub(crate) repeated: usize,
    /// Deleted, and not told to be over just once; or standing, and told to be over.
    pub(crate) ends: usize,
}

impl<'a> Crowd<'a> {
    /// Nobody.
    pub(crate) fn new(ground: &'a Ground<'a>, ear: &'a Ear) -> Crowd<'a> {
        Crowd { ground, ear, standing: BTreeSet::new(), gone: BTreeSet::new() }
    }

    /// Makes so many more.
    pub(crate) fn grow(&mut self, count: usize) -> Result<()> {
        let first = self.standing.len() + self.gone.len();
        let names: Vec<String> = (first..first + count).map(|number| format!("homeless-{number}")).collect();
        let pods: Vec<Value> = names.iter().map(|name| pod(self.ground.namespace(), name)).collect();
        self.ground.create(&pods)?;
        self.standing.extend(names);
        Ok(())
    }

    /// Deletes so many of those that were told, as far as there are any.
    pub(crate) fn shrink(&mut self, count: usize) -> Result<usize> {
        let all = self.ear.told()?;
        let told = counts(&all);
        let known = |name: &&String| told.get(name.as_str()).is_some_and(|[firing, _]| *firing > 0);
        let names: Vec<String> = self.standing.iter().filter(known).take(count).cloned().collect();
        if !names.is_empty() {
            let mut words = vec!["delete", "pods", "--wait=false"];
            words.extend(names.iter().map(String::as_str));
            self.ground.kubectl(&words)?;
        }
        for name in &names {
            self.standing.remove(name);
            self.gone.insert(name.clone());
        }
        Ok(names.len())
    }

    /// How many stand, and how many are gone.
    pub(crate) fn sizes(&self) -> [usize; 2] {
        [self.standing.len(), self.gone.len()]
    }

    /// What is wrong with what was told so far.
    pub(crate) fn faulty(&self) -> Result<Faulty> {
        Ok(judged(&self.standing, &self.gone, &self.ear.told()?))
    }

    /// Waits until all was told and all ends were.
    pub(crate) fn await_all(&self, at_most: std::time::Duration) -> Result<()> {
        run::until("that all faults and their ends are told", at_most, || {
            let faulty = self.faulty()?;
            if faulty.missed + faulty.ends > 0 {
                bail!("{faulty:?}");
            }
            Ok(Some(()))
        })
    }
}

fn judged(standing: &BTreeSet<String>, gone: &BTreeSet<String>, told: &[Told]) -> Faulty {
    let counts = counts(told);
    let mut faulty = Faulty::default();
    for (name, ends) in standing.iter().map(|name| (name, 0)).chain(gone.iter().map(|name| (name, 1))) {
        let [firing, over] = counts.get(name.as_str()).copied().unwrap_or_default();
        faulty.missed += usize::from(firing == 0);
        faulty.repeated += usize::from(firing > 1);
        faulty.ends += usize::from(over != ends);
    }
    faulty
}

/// How often each was told to stand and to be over.
fn counts(told: &[Told]) -> BTreeMap<&str, [usize; 2]> {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for one in told.iter().filter(|one| one.reason == REASON) {
        counts.entry(&one.name).or_default()[usize::from(one.resolved)] += 1;
    }
    counts
}

fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "nodeSelector": {"alertkube.test/nowhere": "true"},
            "containers": [{"name": "main", "image": IMAGE, "imagePullPolicy": "Never"}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, resolved: bool) -> Told {
        Told {
            at: 0,
            action: String::new(),
            resolved,
            fingerprint: name.to_owned(),
            reason: REASON.to_owned(),
            kind: "Pod".to_owned(),
            namespace: "n".to_owned(),
            name: name.to_owned(),
            severity: "warning".to_owned(),
        }
    }

    #[test]
    fn what_is_missed_repeated_or_not_ended_is_counted() {
        let [standing, gone] = ["a", "b"].map(|name| BTreeSet::from([name.to_owned()]));
        let good = [told("a", false), told("b", false), told("b", true)];
        assert_eq!(judged(&standing, &gone, &good), Faulty::default());
        let missed = judged(&standing, &gone, &good[1..]);
        assert_eq!(missed, Faulty { missed: 1, ..Faulty::default() });
        let again = [&good[..], &[told("a", false)]].concat();
        assert_eq!(judged(&standing, &gone, &again), Faulty { repeated: 1, ..Faulty::default() });
        let over = [&good[..], &[told("a", true), told("b", true)]].concat();
        assert_eq!(judged(&standing, &gone, &over), Faulty { ends: 2, ..Faulty::default() });
    }
}
