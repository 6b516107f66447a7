//! The release: installed, upgraded, waited for, removed.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::console::Console;
use super::limits;
use super::pods::Pod;
use crate::image;
use crate::run;

/// The release's name, as on the page.
pub(crate) const NAME: &str = "alertkube";
/// What selects its pods, as on the page.
const LABEL: &str = "app.kubernetes.io/name=alertkube";
/// The Lease that the page puts here, and what the chart makes beside it.
const SYSTEM: &str = "kube-system";

/// The values for the image that was brought to the test cluster.
pub(crate) fn image_values() -> Value {
    let (repository, tag) = image::NAME.split_once(':').unwrap_or((image::NAME, ""));
    json!({"repository": repository, "tag": tag, "pullPolicy": "Never"})
}

/// The release; removed with its owner.
pub(crate) struct Release<'a> {
    console: &'a Console<'a>,
}

/// Who leads and who stands by.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    pub(crate) leader: Pod,
    pub(crate) followers: Vec<Pod>,
}

impl<'a> Release<'a> {
    /// Nothing is installed yet; what an earlier run left of a shared Lease is removed.
    pub(crate) fn new(console: &'a Console<'a>) -> Result<Release<'a>> {
        console.does(&format!("kubectl delete lease {NAME} -n {SYSTEM} --ignore-not-found"))?;
        Ok(Release { console })
    }

    /// `helm install`, with files of values and settings, waited for.
    pub(crate) fn install(&self, options: &str) -> Result<()> {
        self.console.does(&format!("helm install {NAME} ./helm {options} --wait --timeout 3m")).map(drop)
    }

    /// `helm upgrade --reuse-values`, waited for.
    pub(crate) fn upgrade(&self, options: &str) -> Result<()> {
        let words = format!("helm upgrade {NAME} ./helm --reuse-values {options} --wait --timeout 3m");
        self.console.does(&words).map(drop)
    }

    /// Ends the pods and then uninstalls, in this order: `helm uninstall` takes a pod's rights before the pod has ended,
    /// which then can neither commit what it just sent nor give its Lease back.
    pub(crate) fn retire(&self) -> Result<()> {
        self.console.does(&format!("kubectl scale deployment -l {LABEL} --replicas=0"))?;
        self.until_no_pods()?;
        self.uninstall()
    }

    /// Uninstalls in one command, and waits until the pods are gone.
    pub(crate) fn uninstall(&self) -> Result<()> {
        self.console.does(&format!("helm uninstall {NAME}"))?;
        self.until_no_pods()
    }

    fn until_no_pods(&self) -> Result<()> {
        self.until("the end of the release's pods", || Ok(self.pods()?.is_empty().then_some(())))
    }

    /// Its pods, those that end among them.
    pub(crate) fn pods(&self) -> Result<Vec<Pod>> {
        Pod::all(self.console, LABEL)
    }

    /// Waits until there are so many pods and no others, all ready, one of which says that it leads.
    pub(crate) fn seated(&self, pods: usize) -> Result<Seats> {
        self.until(&format!("{pods} ready pods and one leader"), || {
            let all = self.pods()?;
            if all.len() != pods || all.iter().any(|pod| pod.ends || !pod.ready) {
                return Ok(None);
            }
            self.seats(all)
        })
    }

    /// Who leads of them; none when there is not just one.
    fn seats(&self, pods: Vec<Pod>) -> Result<Option<Seats>> {
        let (mut leaders, mut followers) = (Vec::new(), Vec::new());
        for pod in pods {
            let leads = pod.status(self.console, "/readyz")? == Some(200);
            if leads { leaders.push(pod) } else { followers.push(pod) }
        }
        let leader = leaders.pop().filter(|_| leaders.is_empty());
        Ok(leader.map(|leader| Seats { leader, followers }))
    }

    /// The last lines that its pods said, for whoever has to find out what went wrong.
    pub(crate) fn wreck(&self) -> String {
        let looks = ["kubectl get pods -o wide", "kubectl get events", "kubectl get lease -A -o wide"];
        let logs = format!("kubectl logs -l {LABEL} --prefix --tail={}", crate::limits::LOG_TAIL_LINES);
        let looks = looks.iter().map(|words| (*words).to_owned()).chain([logs]);
        looks
            .map(|words| self.console.types(&words).map_or_else(|e| e.to_string(), |s| s.out + &s.err))
            .collect()
    }

    fn until<T>(&self, what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let seen = run::until_by(what, (limits::SEATED_MAX, limits::PODS_LOOKED_AT_EVERY), &mut look);
        seen.with_context(|| self.wreck())
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        let left = format!(
            "helm uninstall {NAME} --ignore-not-found; kubectl delete lease {NAME} -n {SYSTEM} --ignore-not-found"
        );
        if let Err(error) = self.console.does(&left) {
            eprintln!("the release was not removed: {error:#}");
        }
    }
}
