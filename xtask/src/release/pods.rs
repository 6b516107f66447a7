//! The pods of a release as the API server has them.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use serde_json::Value;

use super::console::Console;
use crate::seats::answered;

/// Where each serves metrics and health: the chart's default.
const DOOR: u16 = 9090;

/// One pod.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) ready: bool,
    /// Whether it was told to end.
    pub(crate) ends: bool,
    /// Whether all its containers have ended: only its object is still there.
    pub(crate) over: bool,
    pub(crate) restarts: u64,
    /// The id of its container, without the runtime's name.
    pub(crate) container: Option<String>,
}

impl Pod {
    /// All that a label selects, with one request.
    pub(super) fn all(console: &Console<'_>, label: &str) -> Result<Vec<Pod>> {
        let list = console.json(&format!("kubectl get pods -l {label} -o json"))?;
        list["items"].as_array().context("a list of pods")?.iter().map(Pod::read).collect()
    }

    fn read(pod: &Value) -> Result<Pod> {
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let (meta, status) = (&pod["metadata"], &pod["status"]);
        let container = &status["containerStatuses"][0];
        let ready = |of: &Value| of["type"] == "Ready" && of["status"] == "True";
        Ok(Pod {
            name: word(&meta["name"]).context("a pod has a name")?,
            uid: word(&meta["uid"]).context("a pod has an id")?,
            address: status["podIP"].as_str().and_then(|address| address.parse().ok()),
            ready: status["conditions"].as_array().is_some_and(|all| all.iter().any(ready)),
            ends: !meta["deletionTimestamp"].is_null(),
            over: ["Succeeded", "Failed"].iter().any(|phase| status["phase"] == **phase),
            restarts: container["restartCount"].as_u64().unwrap_or(0),
            container: container["containerID"]
                .as_str()
                .and_then(|id| Some(id.split_once("://")?.1.to_owned())),
        })
    }

    /// The status with which it answers; none when nobody opened.
    pub(crate) fn status(&self, console: &Console<'_>, path: &str) -> Result<Option<u16>> {
        let Some(address) = self.address else { return Ok(None) };
        answered(console.cluster(), SocketAddr::new(address, DOOR), path)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_is_read_with_what_it_may_lack() {
        let mut of = json!({
            "metadata": {"name": "a-1", "uid": "u"},
            "status": {},
        });
        let young = Pod::read(&of).unwrap();
        assert_eq!((young.ready, young.ends, young.address, young.container), (false, false, None, None));
        of["metadata"]["deletionTimestamp"] = json!("t");
        of["status"] = json!({
            "podIP": "10.88.0.12",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"restartCount": 2, "containerID": "containerd://abc"}],
        });
        let old = Pod::read(&of).unwrap();
        assert_eq!((old.ready, old.ends, old.restarts), (true, true, 2));
        assert!(!young.over && !old.over);
        of["status"]["phase"] = json!("Succeeded");
        assert!(Pod::read(&of).unwrap().over);
        assert_eq!((old.container.as_deref(), old.address.map(|of| of.is_ipv4())), (Some("abc"), Some(true)));
        assert!(Pod::read(&json!({})).is_err());
    }
}
