//! Proof `migrate`: the Go program's snapshot lies in the cluster, and our program takes its place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use alertkube_core::{Fingerprint, Stamp};
use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::limits::{MIGRATED_MAX, MIGRATION_QUIET};
use super::program;
use super::verdict::{Figure, Table, Verdict};
use crate::cluster::{self, Cluster, IMAGE};
use crate::line::Ground;
use crate::receiver::millis;
use crate::run;
use crate::seats::{Ledger, Line, Pair, Plan, side_by_side};

pub(super) const SHOWS: &str = "A snapshot as the Go program writes it, compressed and in its older plain form, then our \
    program with the same routes: what was open ends under the key that it was opened with, once; what stands is not told \
    again, also not after a restart; mutes hold; what was on its way is told; the old snapshot is untouched. Open: the \
    same with our chart over a release of the Go program's chart.";

/// The name of the Go program's object, and what ours begin with.
const STATE: &str = "alertkube-state";

/// How the snapshot is stored.
#[derive(Clone, Copy, Debug)]
enum Form {
    Gzip,
    Plain,
}

/// What one migration came to.
struct Found {
    form: Form,
    /// What each key is about.
    about: BTreeMap<String, String>,
    /// What the keyed receiver heard: lines by action and key.
    heard: BTreeMap<(String, String), usize>,
    expected: BTreeMap<(String, String), usize>,
    /// Lines before anything changed that say that what stands, stands.
    early: usize,
    untouched: bool,
}

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let program = program()?;
    let cluster = cluster::up()?;
    let mut verdict = Verdict::default();
    let mut table =
        Table::new("What the keyed receiver heard", &["form", "action", "about", "key", "lines", "expected"]);
    let forms = [Form::Gzip, Form::Plain];
    for (form, found) in forms.iter().zip(side_by_side(&forms, |form| migrate(&cluster, &program, *form))) {
        match found {
            Ok(found) => {
                verdict.figures.extend(figures(&found));
                rows(&found, &mut table);
            }
            Err(error) => {
                let what = format!("{form:?}: ran to its end");
                verdict.figures.push(Figure::exactly(what, false, true));
                verdict.notes.push(format!("{form:?}: {error:#}"));
            }
        }
    }
    verdict.tables.push(table);
    verdict.notes.push(NOTE.to_owned());
    Ok(verdict)
}

const NOTE: &str = "The snapshot is written by this proof in the Go program's format; no Go program runs. Only the lines of \
    the keyed receiver count. *muted*: was told a minute before the snapshot, was over in it, and fails again when our \
    program starts. *mild*: a warning, which is not for the keyed receiver. Not shown: the change with the two charts.";

fn figures(found: &Found) -> Vec<Figure> {
    let what = |words: &str| format!("{:?}: {words}", found.form);
    let count = |lines: &BTreeMap<(String, String), usize>, of: &(String, String)| {
        lines.get(of).copied().unwrap_or(0)
    };
    let missed = found.expected.iter().filter(|(of, wanted)| count(&found.heard, of) < **wanted);
    let more = found.heard.iter().filter(|(of, lines)| **lines > count(&found.expected, of));
    vec![
        Figure::told(what("messages that were due"), found.expected.values().sum::<usize>()),
        Figure::exactly(what("of these not heard"), missed.count(), 0),
        Figure::exactly(what("heard twice, or not due"), more.count(), 0),
        Figure::exactly(what("told again though it was told before"), found.early, 0),
        Figure::exactly(what("the old snapshot is untouched"), found.untouched, true),
    ]
}

fn rows(found: &Found, table: &mut Table) {
    let mut all: Vec<_> = found.expected.keys().chain(found.heard.keys()).collect();
    all.sort_unstable();
    all.dedup();
    for of in all {
        let form = format!("{:?}", found.form);
        let count = |lines: &BTreeMap<(String, String), usize>| lines.get(of).copied().unwrap_or(0);
        let about = found.about.get(&of.1).map_or("", String::as_str);
        table.row(&[&form, &of.0, &about, &of.1, &count(&found.heard), &count(&found.expected)]);
    }
}

/// The pods of one migration, in their namespace.
struct Scene<'a> {
    ground: &'a Ground<'a>,
}

impl Scene<'_> {
    fn key(&self, pod: &str, reason: &str) -> String {
        Fingerprint::of("Pod", self.ground.namespace(), pod, reason).to_string()
    }

    /// A pod that is bound to the node of the ground; its status is ours to write.
    fn make(&self, pair: &Pair<'_>, pod: &str, ill: bool) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/pods", self.ground.namespace());
        let object = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod},
            "spec": {
                "nodeName": self.ground.ghost(), "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": false, "enableServiceLinks": false,
                "containers": [{"name": "main", "image": IMAGE, "imagePullPolicy": "Never"}],
            },
        });
        pair.api.create(&path, &object).wait()?;
        self.set(pair, pod, ill)
    }

    fn set(&self, pair: &Pair<'_>, pod: &str, ill: bool) -> Result<()> {
        let state = if ill {
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "made by a proof"}})
        } else {
            json!({"running": {"startedAt": time(0)}})
        };
        let word = if ill { "False" } else { "True" };
        let conditions: Vec<Value> = ["Ready", "ContainersReady", "PodScheduled"]
            .iter()
            .map(|kind| {
                let status = if *kind == "PodScheduled" { "True" } else { word };
                json!({"type": kind, "status": status, "lastTransitionTime": time(0)})
            })
            .collect();
        let status = json!({"status": {
            "phase": "Running", "conditions": conditions,
            "containerStatuses": [{
                "name": "main", "image": IMAGE, "imageID": "", "ready": !ill, "restartCount": 3, "state": state,
            }],
        }});
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/status", self.ground.namespace());
        pair.api.patch(&path, &status).wait().map(drop)
    }

    /// A problem as the Go program stores it.
    fn stored(&self, pod: &str, change: &Value) -> Value {
        let mut stored = json!({
            "Fingerprint": self.key(pod, "CrashLoopBackOff"), "Kind": "Pod",
            "Namespace": self.ground.namespace(), "Name": pod, "NodeName": self.ground.ghost(),
            "Severity": "critical", "Reason": "CrashLoopBackOff",
            "Summary": format!("container main of {pod} is in CrashLoopBackOff"), "Cluster": "test",
            "Details": null, "Labels": {"container": "main"}, "Annotations": {}, "StartsAt": time(-3600),
            "EndsAt": time(600), "Resolved": false, "Event": false, "Correlation": null,
        });
        if let (Some(fields), Some(changes)) = (stored.as_object_mut(), change.as_object()) {
            fields.extend(changes.clone());
        }
        stored
    }

    /// What lies in the cluster when the Go program is gone.
    fn snapshot(&self) -> Value {
        let pulled = |reason: &str| {
            self.stored(
                "pulled",
                &json!({"Reason": reason, "Fingerprint": self.key("pulled", reason), "Severity": "critical"}),
            )
        };
        let received = json!({"Kind": "External", "Reason": "HighLatency", "Name": "api", "NodeName": "",
            "Fingerprint": RECEIVED, "EndsAt": time(15)});
        let over = self.stored("over", &json!({"Resolved": true}));
        let sent = self.stored("sent", &json!({}));
        json!({
            "version": 1, "savedAt": time(-5),
            "active": [
                self.stored("stands", &json!({})), self.stored("ends", &json!({"Fingerprint": OLDER})),
                self.stored("gone", &json!({})), pulled("ErrImagePull"), pulled("ImagePullBackOff"),
                self.stored("api", &received), sent,
                self.stored("mild", &json!({"Severity": "warning"})),
            ],
            "lastSent": {
                self.key("stands", "CrashLoopBackOff"): time(-60), OLDER: time(-60),
                self.key("muted", "CrashLoopBackOff"): time(-60), RECEIVED: time(-60),
            },
            "runtimeSilences": [{"id": "0123456789ab", "matchers": {"namespace": "elsewhere"}, "until": time(900),
                "comment": "", "createdBy": "shared-token", "createdAt": time(-900)}],
            "pending": [
                {"id": 7, "alert": sent, "route": ["pagerduty", "webhook"]},
                {"id": 8, "alert": over, "route": ["pagerduty", "webhook"]},
            ],
            "escalated": {self.key("stands", "CrashLoopBackOff"): ["0a1b2c3d"]},
        })
    }

    /// Stores it as the Go program does.
    fn leave(&self, form: Form) -> Result<()> {
        let file = self.ground.folder().join("snapshot.json");
        fs::write(&file, self.snapshot().to_string()).context("write the snapshot")?;
        let file = match form {
            Form::Plain => file,
            Form::Gzip => {
                run::output(&mut run::command(
                    "gzip",
                    &["--force", "--no-name", &file.display().to_string()],
                ))?;
                file.with_extension("json.gz")
            }
        };
        let from = format!("--from-file={}", file.display());
        self.ground.kubectl(&["create", "configmap", STATE, &from])?;
        self.ground
            .kubectl(&["label", "configmap", STATE, "app.kubernetes.io/managed-by=alertkube"])
            .map(drop)
    }

    /// What the keys are about that this proof knows.
    fn about(&self) -> BTreeMap<String, String> {
        let pods = ["stands", "ends", "gone", "pulled", "sent", "over", "mild", "muted", "news"];
        let reasons =
            ["CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "PodNotReady", "ContainerRestart"];
        let of = |pod: &str| reasons.map(|reason| (self.key(pod, reason), format!("{pod}: {reason}")));
        let own = [(OLDER, "ends: CrashLoopBackOff"), (RECEIVED, "received")];
        let own = own.map(|(key, what)| (key.to_owned(), what.to_owned()));
        pods.iter().flat_map(|pod| of(pod)).chain(own).collect()
    }

    fn expected(&self) -> BTreeMap<(String, String), usize> {
        let crashes = |pod: &str| self.key(pod, "CrashLoopBackOff");
        let ends = [
            crashes("stands"),
            OLDER.to_owned(),
            crashes("gone"),
            self.key("pulled", "ErrImagePull"),
            self.key("pulled", "ImagePullBackOff"),
            RECEIVED.to_owned(),
            crashes("sent"),
            crashes("over"),
        ];
        let begins = [crashes("sent"), crashes("news")];
        let due = |action: &str, keys: Vec<String>| {
            keys.into_iter().map(|key| ((action.to_owned(), key), 1)).collect::<Vec<_>>()
        };
        due("resolve", ends.into()).into_iter().chain(due("trigger", begins.into())).collect()
    }
}

/// A fingerprint of the Go program's first version, and one that an Alertmanager gave.
const OLDER: &str = "0123456789ab";
const RECEIVED: &str = "am-9f86d081884c7d65";

fn migrate(cluster: &Cluster, program: &Path, form: Form) -> Result<Found> {
    let name = match form {
        Form::Gzip => "mig-gzip",
        Form::Plain => "mig-plain",
    };
    let ground = Ground::new(cluster, name)?;
    let mut pair = Pair::new(&ground, &Plan { name, program, warm: false, leases: &[] })?;
    configure(&pair)?;
    let scene = Scene { ground: &ground };
    for (pod, ill) in [
        ("stands", true),
        ("sent", true),
        ("ends", false),
        ("pulled", false),
        ("muted", true),
        ("mild", false),
    ] {
        scene.make(&pair, pod, ill)?;
    }
    scene.leave(form)?;
    let before = version(&ground)?;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    scene.make(&pair, "news", true)?;
    let first = Line::is_of("trigger", &scene.key("news", "CrashLoopBackOff"));
    pair.until("what began after the change", MIGRATED_MAX, |pair| {
        Ok(pair.audience.lines().iter().any(&first).then_some(()))
    })?;
    // What ends without being seen has 15 s; the rest of what must not come has as long.
    let lapsed = Line::is_of("resolve", RECEIVED);
    pair.until("the end of what was received", MIGRATED_MAX, |pair| {
        Ok(pair.audience.lines().iter().any(&lapsed).then_some(()))
    })?;
    // A restart tells nothing anew.
    pair.replicas[0].signal("TERM")?;
    pair.replicas[0].ended()?;
    let birth = pair.birth()?;
    pair.start(0, &birth)?;
    pair.await_leader()?;
    let until = millis() + i64::try_from(MIGRATION_QUIET.as_millis()).unwrap_or(0);
    pair.until("a quiet time", MIGRATED_MAX, |_| Ok((millis() >= until).then_some(())))?;
    let standing = scene.key("stands", "CrashLoopBackOff");
    let early = pair.audience.lines().iter().filter(|line| line.fingerprint == standing).count();
    for pod in ["stands", "sent"] {
        scene.set(&pair, pod, false)?;
    }
    for key in [&standing, &scene.key("sent", "CrashLoopBackOff")] {
        let over = Line::is_of("resolve", key);
        pair.until("the end of what stood", MIGRATED_MAX, |pair| {
            Ok(pair.audience.lines().iter().any(&over).then_some(()))
        })?;
    }
    let mut heard = BTreeMap::new();
    for line in pair.audience.lines().iter().filter(|line| line.ledger == Ledger::Keyed) {
        *heard.entry((line.action.clone(), line.fingerprint.clone())).or_insert(0) += 1;
    }
    Ok(Found {
        form,
        about: scene.about(),
        heard,
        expected: scene.expected(),
        early,
        untouched: version(&ground)? == before,
    })
}

/// The routes of the ground, and conditions of the Go program with short times.
fn configure(pair: &Pair<'_>) -> Result<()> {
    let text = fs::read_to_string(&pair.kit.config).context("read the configuration")?;
    let mut config: Value = serde_json::from_str(&text).context("the configuration is JSON")?;
    for reason in ["CrashLoopBackOff", "ImagePullBackOff"] {
        config["conditions"][reason] = json!({"severity": "critical", "for": "0s", "holdDown": "2s"});
    }
    for reason in ["PodNotReady", "ContainerRestart"] {
        config["conditions"][reason] = json!({"enabled": false});
    }
    fs::write(&pair.kit.config, config.to_string()).context("write the configuration")
}

/// The object as the API server has it: any write would change its version.
fn version(ground: &Ground<'_>) -> Result<String> {
    ground.kubectl(&[
        "get",
        "configmap",
        STATE,
        "--output=jsonpath={.metadata.uid}/{.metadata.resourceVersion}",
    ])
}

/// So many seconds from now, as the API writes it.
fn time(seconds: i64) -> String {
    Stamp::from_seconds(millis() / 1000 + seconds).timestamp().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        let lines = BTreeMap::from([(("resolve".to_owned(), "k".to_owned()), 1)]);
        Found {
            form: Form::Gzip,
            about: BTreeMap::new(),
            heard: lines.clone(),
            expected: lines,
            early: 0,
            untouched: true,
        }
    }

    #[test]
    fn every_fault_of_a_migration_breaks_a_figure() {
        assert!(figures(&found()).iter().all(|figure| figure.holds));
        let twice = BTreeMap::from([(("resolve".to_owned(), "k".to_owned()), 2)]);
        for wrong in [
            Found { heard: BTreeMap::new(), ..found() },
            Found { heard: twice, ..found() },
            Found { expected: BTreeMap::new(), ..found() },
            Found { early: 1, ..found() },
            Found { untouched: false, ..found() },
        ] {
            assert_eq!(figures(&wrong).iter().filter(|figure| !figure.holds).count(), 1);
        }
    }
}
