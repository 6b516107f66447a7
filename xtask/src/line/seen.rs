//! What stands in the API and since when: our own watch of the API server, which alertkube has no part in.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use alertkube_core::Stamp;
use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::ground::Ground;
use crate::receiver::millis;
use crate::{limits, run};

/// The kinds that are looked at, as kubectl names them.
const KINDS: [&str; 5] = ["pods", "deployments", "jobs", "events", "nodes"];

/// One change as it came.
struct Change {
    at: i64,
    gone: bool,
    object: Value,
}

/// The objects as they stood at one moment, by kind and name.
#[derive(Default)]
pub(crate) struct Picture(BTreeMap<(String, String), Value>);

impl Picture {
    /// An object; null where there is none.
    pub(crate) fn get(&self, kind: &str, name: &str) -> &Value {
        self.0.get(&(kind.to_owned(), name.to_owned())).unwrap_or(&Value::Null)
    }

    /// The first object of a kind whose name begins so.
    pub(crate) fn beginning(&self, kind: &str, name: &str) -> &Value {
        let found = self.0.iter().find(|((of, full), _)| of == kind && full.starts_with(name));
        found.map_or(&Value::Null, |(_, object)| object)
    }

    /// An object and the Warning events about it.
    pub(crate) fn about(&self, kind: &str, name: &str) -> Vec<Value> {
        let told = |event: &Value| event["type"] == "Warning" && event["involvedObject"]["name"] == name;
        let events = self.0.iter().filter(|((of, _), event)| of == "Event" && told(event));
        std::iter::once(self.get(kind, name)).chain(events.map(|(_, event)| event)).cloned().collect()
    }

    /// The Warning events of one reason about an object: how often it was seen, and when first.
    pub(crate) fn warnings(&self, reason: &str, name: &str) -> (i64, Option<i64>) {
        let events = self.0.iter().filter(|((kind, _), _)| kind == "Event").map(|(_, event)| event);
        let meant =
            events.filter(|event| event["reason"] == reason && event["involvedObject"]["name"] == name);
        meant.fold((0, None), |(count, first), event| {
            let at = stamp(&event["firstTimestamp"]);
            (count + event["count"].as_i64().unwrap_or(1), [first, at].into_iter().flatten().min())
        })
    }

    fn take(&mut self, change: Change) {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (word(&change.object["kind"]), word(&change.object["metadata"]["name"]));
        if change.gone {
            self.0.remove(&key);
        } else {
            self.0.insert(key, change.object);
        }
    }
}

/// The watches, and what they saw.
pub(crate) struct Eye {
    watches: Vec<Child>,
    changes: Receiver<Change>,
    picture: Picture,
}

impl Eye {
    /// Opens the watches and waits until each has answered.
    pub(crate) fn open(ground: &Ground<'_>) -> Result<Eye> {
        let (sender, changes) = channel();
        let mut eye = Eye { watches: Vec::new(), changes, picture: Picture::default() };
        for kind in KINDS {
            let mut kubectl = ground.cluster().kubectl();
            kubectl.args(["get", kind, "--namespace", ground.namespace()]);
            kubectl.args(["--watch", "--output=json", "--output-watch-events"]);
            eye.watches.push(watch(kubectl, sender.clone())?);
        }
        // A mark that comes through proves that its watch stands; the others were started before it.
        let node = "the cluster's own nodes";
        run::until(node, limits::OBSERVER_START_MAX, || {
            eye.look(|_, _| {});
            Ok((!eye.picture.beginning("Node", "").is_null()).then_some(()))
        })?;
        Ok(eye)
    }

    /// Takes in what changed, step by step, and shows each step with its time, in milliseconds.
    pub(crate) fn look(&mut self, mut each: impl FnMut(i64, &Picture)) {
        while let Ok(change) = self.changes.try_recv() {
            let at = change.at;
            self.picture.take(change);
            each(at, &self.picture);
        }
    }

    /// The objects as they stand.
    pub(crate) fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Fails when a watch ended: what it did not see would not count.
    pub(crate) fn is_awake(&mut self) -> Result<()> {
        for watch in &mut self.watches {
            if let Some(status) = watch.try_wait().context("look after kubectl")? {
                bail!("one of our own watches ended: {status}");
            }
        }
        Ok(())
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        for watch in &mut self.watches {
            // It may be gone already.
            let _gone = watch.kill();
            let _status = watch.wait();
        }
    }
}

fn watch(mut kubectl: Command, sender: Sender<Change>) -> Result<Child> {
    let mut child = kubectl.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("start kubectl")?;
    let stdout = child.stdout.take().context("a piped child has a standard output")?;
    thread::spawn(move || {
        let values = serde_json::Deserializer::from_reader(BufReader::new(stdout)).into_iter::<Value>();
        for mut value in values.map_while(Result::ok) {
            let change =
                Change { at: millis(), gone: value["type"] == "DELETED", object: value["object"].take() };
            if sender.send(change).is_err() {
                return;
            }
        }
    });
    Ok(child)
}

/// A time of the API in milliseconds.
pub(super) fn stamp(value: &Value) -> Option<i64> {
    value.as_str().and_then(Stamp::parse).map(Stamp::millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(gone: bool, object: Value) -> Change {
        Change { at: 0, gone, object }
    }

    #[test]
    fn events_about_one_object_count_together() {
        let mut picture = Picture::default();
        for (name, count, first) in [("e1", 2, "2026-11-23T04:05:09Z"), ("e2", 1, "2026-11-23T04:05:08Z")] {
            picture.take(change(
                false,
                json!({
                    "kind": "Event", "metadata": {"name": name}, "reason": "FailedMount",
                    "involvedObject": {"name": "p"}, "count": count, "firstTimestamp": first,
                }),
            ));
        }
        let first = Stamp::parse("2026-11-23T04:05:08Z").unwrap().millis();
        assert_eq!(picture.warnings("FailedMount", "p"), (3, Some(first)));
        assert_eq!(picture.warnings("FailedMount", "q"), (0, None));
    }

    #[test]
    fn what_is_gone_is_not_in_the_picture() {
        let mut picture = Picture::default();
        let pod = json!({"kind": "Pod", "metadata": {"name": "p-1"}});
        picture.take(change(false, pod.clone()));
        assert_eq!(picture.get("Pod", "p-1"), picture.beginning("Pod", "p-"));
        picture.take(change(true, pod));
        assert!(picture.get("Pod", "p-1").is_null());
    }
}
