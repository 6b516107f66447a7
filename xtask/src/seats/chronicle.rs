//! Every version of a Lease and of the seat's head that the API server had, by our own watches.

use std::io::BufReader;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::config::STATE;
use crate::line::Ground;
use crate::receiver::millis;

/// The name of the Lease.
pub(crate) const LEASE: &str = "alertkube";

/// The name of the seat's head.
pub(crate) fn head() -> String {
    format!("{STATE}-head")
}

/// What an object said at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Who holds the Lease; nobody where that is empty.
    Lease { at: i64, holder: String },
    /// Under which term the head was written, by whom, and as which of the writes.
    Head { at: i64, term: i64, by: String, seq: i64 },
    /// One of them was deleted.
    Gone { at: i64, lease: bool },
}

/// The watches, and what they saw.
pub(crate) struct Chronicle {
    watches: Vec<Child>,
    changes: Receiver<Version>,
    versions: Vec<Version>,
}

impl Chronicle {
    /// Opens the watches: of the Lease in each of these namespaces, and of the head in the ground's own.
    pub(crate) fn open(ground: &Ground<'_>, leases: &[&str]) -> Result<Chronicle> {
        let (sender, changes) = channel();
        let mut chronicle = Chronicle { watches: Vec::new(), changes, versions: Vec::new() };
        for namespace in leases {
            chronicle.watches.push(watch(ground, namespace, "leases", LEASE, sender.clone())?);
        }
        chronicle.watches.push(watch(ground, ground.namespace(), "configmaps", &head(), sender)?);
        Ok(chronicle)
    }

    /// All versions so far, in the order in which they came.
    pub(crate) fn versions(&mut self) -> Result<&[Version]> {
        for watch in &mut self.watches {
            if let Some(status) = watch.try_wait().context("look after kubectl")? {
                bail!("one of our own watches ended: {status}");
            }
        }
        self.versions.extend(self.changes.try_iter());
        Ok(&self.versions)
    }
}

impl Drop for Chronicle {
    fn drop(&mut self) {
        for watch in &mut self.watches {
            // It may be gone already.
            let _gone = watch.kill();
            let _status = watch.wait();
        }
    }
}

/// What a history of heads says about terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The highest one.
    pub(crate) highest: i64,
    /// How often a seat was taken after the first time.
    pub(crate) changes: usize,
    /// Writes under a term that was over.
    pub(crate) late: usize,
}

impl Terms {
    /// Reads them off.
    pub(crate) fn of(versions: &[Version]) -> Terms {
        let mut terms = Terms::default();
        let mut last: Option<(i64, &str)> = None;
        for version in versions {
            let Version::Head { term, by, .. } = version else { continue };
            terms.late += usize::from(*term < terms.highest);
            terms.changes += usize::from(last.is_some_and(|last| last != (*term, by)));
            terms.highest = terms.highest.max(*term);
            last = Some((*term, by));
        }
        terms
    }
}

/// When somebody else than this one first held a Lease, after a time.
pub(crate) fn taken_from(versions: &[Version], holder: &str, since: i64) -> Option<i64> {
    versions.iter().find_map(|version| match version {
        Version::Lease { at, holder: now } => {
            (*at >= since && !now.is_empty() && now != holder).then_some(*at)
        }
        Version::Head { .. } | Version::Gone { .. } => None,
    })
}

/// Who held a Lease last.
pub(crate) fn holder(versions: &[Version]) -> Option<&str> {
    versions.iter().rev().find_map(|version| match version {
        Version::Lease { holder, .. } => Some(holder.as_str()).filter(|holder| !holder.is_empty()),
        Version::Head { .. } | Version::Gone { .. } => None,
    })
}

fn watch(
    ground: &Ground<'_>,
    namespace: &str,
    kind: &str,
    name: &str,
    sender: Sender<Version>,
) -> Result<Child> {
    let mut kubectl = ground.cluster().kubectl();
    kubectl.args([
        "get",
        kind,
        "--namespace",
        namespace,
        "--field-selector",
        &format!("metadata.name={name}"),
    ]);
    kubectl.args(["--watch", "--output=json", "--output-watch-events"]);
    let mut child = kubectl.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("start kubectl")?;
    let stdout = child.stdout.take().context("a piped child has a standard output")?;
    thread::spawn(move || {
        let values = serde_json::Deserializer::from_reader(BufReader::new(stdout)).into_iter::<Value>();
        for value in values.map_while(Result::ok) {
            if sender.send(version(millis(), &value)).is_err() {
                return;
            }
        }
    });
    Ok(child)
}

fn version(at: i64, event: &Value) -> Version {
    let object = &event["object"];
    let lease = object["kind"] == "Lease";
    if event["type"] == "DELETED" {
        return Version::Gone { at, lease };
    }
    if lease {
        let holder = object["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned();
        return Version::Lease { at, holder };
    }
    let meta = object["data"]["meta"].as_str().unwrap_or_default();
    let meta: Value = serde_json::from_str(meta).unwrap_or_default();
    let number = |field: &str| meta[field].as_i64().unwrap_or(-1);
    let by = if meta["incarnation"].is_null() { &meta["holder"] } else { &meta["incarnation"] };
    Version::Head { at, term: number("term"), by: by.to_string(), seq: number("seq") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn head(at: i64, term: i64, by: &str) -> Version {
        Version::Head { at, term, by: by.to_owned(), seq: at }
    }

    #[test]
    fn a_write_of_an_older_term_is_late_and_a_seat_taken_is_a_change() {
        let history = [head(1, 1, "a"), head(2, 1, "a"), head(3, 2, "b"), head(4, 1, "a"), head(5, 2, "b")];
        assert_eq!(Terms::of(&history[..3]), Terms { highest: 2, changes: 1, late: 0 });
        assert_eq!(Terms::of(&history).late, 1);
    }

    #[test]
    fn a_lease_is_taken_when_another_holds_it() {
        let lease = |at, holder: &str| Version::Lease { at, holder: holder.to_owned() };
        let history = [lease(1, "a"), lease(5, ""), lease(6, "b")];
        assert_eq!((taken_from(&history, "a", 0), taken_from(&history, "a", 7)), (Some(6), None));
        assert_eq!((holder(&history), holder(&history[..2])), (Some("b"), Some("a")));
    }

    #[test]
    fn versions_are_read_from_what_a_watch_tells() {
        let lease =
            json!({"type": "MODIFIED", "object": {"kind": "Lease", "spec": {"holderIdentity": "a_1"}}});
        assert_eq!(version(3, &lease), Version::Lease { at: 3, holder: "a_1".to_owned() });
        let meta = json!({"term": 4, "seq": 9, "holder": "a_1"}).to_string();
        let head = json!({"type": "ADDED", "object": {"kind": "ConfigMap", "data": {"meta": meta}}});
        assert_eq!(version(3, &head), Version::Head { at: 3, term: 4, by: "\"a_1\"".to_owned(), seq: 9 });
        let gone = json!({"type": "DELETED", "object": {"kind": "ConfigMap"}});
        assert_eq!(version(3, &gone), Version::Gone { at: 3, lease: false });
    }
}
