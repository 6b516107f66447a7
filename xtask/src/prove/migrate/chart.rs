//! Our chart in the place of the Go program's.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use alertkube_core::Stamp;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::scene::{Form, RECEIVED, Scene};
use super::{Found, Message, hasty, heard, quick_conditions, stand_in};
use crate::cluster::Cluster;
use crate::line::Ground;
use crate::prove::limits::{MIGRATED_MAX, MIGRATION_LOOKED_AT_EVERY, MIGRATION_QUIET};
use crate::receiver::millis;
use crate::release::{Console, Release, image_values};
use crate::run;
use crate::seats::{Api, Audience, Ledger, Node};

/// How the one comes in the other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One replica, `helm upgrade --reuse-values`.
    Upgrade,
    /// Two replicas with an election, likewise.
    Pair,
    /// The old release is uninstalled, and ours installed with the same file of values.
    Install,
}

impl Way {
    pub(super) const ALL: [Way; 3] = [Way::Upgrade, Way::Pair, Way::Install];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Way::Upgrade => "upgrade of one replica",
            Way::Pair => "upgrade of an elected pair",
            Way::Install => "new install",
        }
    }

    const fn grounds(self) -> (&'static str, &'static str) {
        match self {
            Way::Upgrade => ("mig-one", "ill-one"),
            Way::Pair => ("mig-two", "ill-two"),
            Way::Install => ("mig-new", "ill-new"),
        }
    }

    const fn pods(self) -> usize {
        match self {
            Way::Pair => 2,
            Way::Upgrade | Way::Install => 1,
        }
    }

    /// The older form and a name of the user's own, where nothing else is special.
    const fn stored(self) -> (Form, &'static str) {
        match self {
            Way::Upgrade | Way::Pair => (Form::Gzip, "alertkube-state"),
            Way::Install => (Form::Plain, "pager-memory"),
        }
    }
}

/// What one migration works with.
struct Change<'a> {
    way: Way,
    scene: Scene<'a>,
    console: &'a Console<'a>,
    release: Release<'a>,
    audience: Audience,
    /// Files of values: the user's own, and what the change takes.
    user: String,
    ours: String,
}

pub(super) fn migrate(cluster: &Cluster, way: Way) -> Result<Found> {
    let (home, pods) = way.grounds();
    let (home, pods) = (Ground::new(cluster, home)?, Ground::new(cluster, pods)?);
    let api = Arc::new(Api::reach(cluster)?);
    let _alive = Node::make(&api, &pods.ghost())?;
    let audience = Audience::open(cluster, home.folder())?;
    let console = Console::open(&home)?;
    let (form, state) = way.stored();
    let scene = Scene { api: &api, pods: &pods, home: &home, state: state.to_owned(), form };
    let release = Release::new(&console)?;
    let values = user_values(way, &scene, audience.hook());
    let user = console.values("user", &values)?;
    let ours = console.values("ours", &our_values(audience.incidents()))?;
    let chart = stand_in::write(home.folder(), &values)?;
    console.does(&format!("helm install alertkube {chart} --values {user} --wait --timeout 3m"))?;
    scene.populate()?;
    scene.save_earlier()?;
    Change { way, scene, console: &console, release, audience, user, ours }.run()
}

/// A file of values as users of the Go program's chart have it: every key is one of that chart.
fn user_values(way: Way, scene: &Scene<'_>, hook: &str) -> Value {
    let rate = json!({"perSecond": 20, "burst": 40});
    let mut values = json!({
        "cluster": "test",
        "genericWebhook": {"url": hook},
        "pagerduty": {"routingKey": "a-key-of-a-test"},
        "api": {"token": "a-token-of-a-test"},
        "filters": {"watchedNamespaces": scene.pods.namespace()},
        "sinkRates": {"webhook": rate, "pagerduty": rate},
        "routing": [
            {"match": {"severity": "critical"}, "sinks": ["webhook", "pagerduty"]},
            {"match": {"severity": "warning"}, "sinks": ["webhook"]},
            {"match": {"severity": "info"}, "sinks": ["webhook"]},
        ],
    });
    match way {
        Way::Upgrade => {}
        Way::Pair => {
            values["replicaCount"] = json!(2);
            values["leaderElection"] = json!({"enabled": true});
        }
        Way::Install => values["persistence"] = json!({"configMapName": scene.state}),
    }
    values
}

/// The image, which everybody names; and what only a test needs: where incidents go, and short times.
fn our_values(incidents: &str) -> Value {
    let mut conditions = quick_conditions();
    conditions["NodeNotReady"] = json!({"enabled": false});
    json!({"image": image_values(), "sinks": {"pagerduty": {"url": incidents}}, "conditions": conditions})
}

impl Change<'_> {
    fn run(mut self) -> Result<Found> {
        let (unmuted, before) = self.hand_over()?;
        if self.way == Way::Install {
            self.release.install(&format!("--values {} --values {}", self.user, self.ours))?;
        }
        self.release.seated(self.way.pods())?;
        self.scene.make("news", true)?;
        for pod in ["news", "soon"] {
            let key = self.scene.crashes(pod);
            self.until_told("what began after the change", false, &key)?;
        }
        self.until_told("the end of what was received", true, RECEIVED)?;
        // A restart tells nothing anew.
        self.console.does(
            "kubectl rollout restart deployment/alertkube && kubectl rollout status deployment/alertkube --timeout=120s",
        )?;
        self.release.seated(self.way.pods())?;
        thread::sleep(MIGRATION_QUIET);
        self.audience.look()?;
        let (standing, sent) = (self.scene.crashes("stands"), self.scene.crashes("sent"));
        let early = self.audience.lines().iter().filter(|line| line.fingerprint == standing).count();
        for (pod, key) in [("stands", &standing), ("sent", &sent)] {
            self.scene.set(pod, false)?;
            self.until_told("the end of what stood", true, key)?;
        }
        let expected = [Ledger::Plain, Ledger::Keyed].map(|ledger| self.scene.expected(ledger));
        Ok(Found {
            what: self.way.word().to_owned(),
            about: self.scene.about(),
            heard: heard(self.audience.lines()),
            expected: expected.into_iter().flatten().collect(),
            early,
            hasty: hasty(self.audience.lines(), &self.scene, unmuted),
            untouched: self.scene.object()? == before,
        })
    }

    /// Ends the old release's pods, by the upgrade itself or by uninstalling. The one that leads saves once more while it
    /// ends, and then gives its Lease back. Returns when the mute of `soon` is over, and what was
    /// saved.
    fn hand_over(&self) -> Result<(i64, Value)> {
        let leader = self.release.pods()?.first().context("the old release has pods")?.name.clone();
        if self.way == Way::Pair {
            self.old_lease(&leader, "create")?;
        }
        let ends = || {
            let pods = self.release.pods()?;
            pods.into_iter().find(|pod| pod.name == leader).map(|pod| pod.ends).context("the old pod is gone")
        };
        thread::scope(|scope| {
            let working = scope.spawn(|| match self.way {
                Way::Upgrade | Way::Pair => self.release.upgrade(&format!("--values {}", self.ours)),
                Way::Install => self.release.uninstall(),
            });
            let seen = run::until_by("the old pod's end", (MIGRATED_MAX, MIGRATION_LOOKED_AT_EVERY), || {
                if self.way == Way::Pair {
                    self.old_lease(&leader, "renew")?;
                }
                Ok((working.is_finished() || ends()?).then_some(()))
            });
            let saved = seen.and_then(|()| {
                let last = (self.scene.save_last()?, self.scene.object()?);
                ensure!(ends()?, "the last snapshot was to be saved before the old pod was gone");
                if self.way == Way::Pair {
                    self.old_lease("", "give back")?;
                }
                Ok(last)
            });
            working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(saved)
        })
    }

    /// The Lease as the Go program's library writes it.
    fn old_lease(&self, holder: &str, what: &str) -> Result<()> {
        let all = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.scene.home.namespace());
        let now = Stamp::from_millis(millis()).timestamp().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let lasts = if holder.is_empty() { 1 } else { 30 };
        let mut spec = json!({"holderIdentity": holder, "leaseDurationSeconds": lasts, "renewTime": now});
        let done = if what == "create" {
            spec["acquireTime"] = json!(now);
            spec["leaseTransitions"] = json!(0);
            let lease = json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "alertkube"}, "spec": spec,
            });
            self.scene.api.create(&all, &lease)
        } else {
            self.scene.api.patch(&format!("{all}/alertkube"), &json!({"spec": spec}))
        };
        done.wait().map(drop).with_context(|| format!("{what} the old Lease"))
    }

    /// Waits until both sinks have heard it.
    fn until_told(&mut self, what: &str, over: bool, key: &str) -> Result<()> {
        let wreck = |release: &Release<'_>| release.wreck();
        let audience = &mut self.audience;
        let every = Duration::from_millis(100);
        let seen = run::until_by(what, (MIGRATED_MAX, every), || {
            audience.look()?;
            let heard = heard(audience.lines());
            let both = [Ledger::Plain, Ledger::Keyed];
            let told = both
                .iter()
                .all(|ledger| heard.contains_key(&Message { ledger: *ledger, over, key: key.to_owned() }));
            Ok(told.then_some(()))
        });
        seen.with_context(|| wreck(&self.release))
    }
}
