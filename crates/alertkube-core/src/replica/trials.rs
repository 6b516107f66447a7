//! Trials of the replica that need its inside: conditions that panic, and how much is looked at in a storm.

mod gap;

use std::sync::Arc;
use std::time::Duration;

use alertkube_lang::Matcher;
use serde_json::{Value, json};

use super::*;
use crate::fact::Fact;
use crate::notification::{SinkClass, Verdict};
use crate::relate::visits;
use crate::settings::{Inhibition, Rate, SinkPlan};
use crate::time::Stamp;
use crate::watch::{Epoch, Kind, WatchEvent, decode};

struct Bench {
    replica: Replica,
    boot: Duration,
    /// `action reason name` of every message.
    told: Vec<String>,
    facts: Vec<Fact>,
    watches: usize,
}

impl Bench {
    fn live() -> Bench {
        Bench::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Bench {
        let rate = Rate { per_second: 1e6, burst: 1_000_000 };
        let sinks = vec![SinkPlan { name: "webhook".into(), class: SinkClass::Webhook, rate }];
        let mut settings = Settings::with_sinks(sinks);
        settings.behavior.first_run = crate::settings::FirstRun::All;
        change(&mut settings);
        let boot = Duration::from_secs(1000);
        let replica = Replica::new(Arc::new(settings), 1, at(boot));
        let mut bench = Bench { replica, boot, told: Vec::new(), facts: Vec::new(), watches: 0 };
        bench.sync();
        bench
    }

    fn sync(&mut self) {
        for kind in Kind::ALL {
            self.input(Input::Watch(kind.id, WatchEvent::Began(Epoch(1))));
            self.input(Input::Watch(kind.id, WatchEvent::Synced(Epoch(1))));
        }
    }

    fn input(&mut self, input: Input) {
        self.replica.handle(at(self.boot), input);
        while let Some(effect) = self.replica.poll() {
            match effect {
                Effect::Send(attempt, _, said, _) => {
                    let report = &said.reports[0];
                    self.told.push(format!("{} {} {}", said.action.as_str(), report.reason, report.name));
                    self.replica.handle(at(self.boot), Input::Replied(attempt, Verdict::Done));
                }
                Effect::Fact(fact) => self.facts.push(fact),
                Effect::Watch(_) => self.watches += 1,
                _ => {}
            }
        }
    }

    fn see(&mut self, kind: KindId, object: &Value) {
        let view = decode(&Plan::default(), kind, object.to_string().as_bytes()).expect("a readable object");
        self.input(Input::Watch(kind, WatchEvent::Seen(Box::new(view))));
    }

    fn advance(&mut self, seconds: u64) {
        let end = self.boot + Duration::from_secs(seconds);
        while let Some((next, _)) = self.replica.deadline().filter(|(next, _)| *next <= end) {
            self.boot = self.boot.max(next);
            self.input(Input::Tick);
        }
        self.boot = end;
    }

    fn alerts_of(&self, reason: &str) -> usize {
        self.replica.tracker.iter().filter(|(_, alert)| alert.condition.reason == reason).count()
    }
}

fn at(boot: Duration) -> Now {
    let wall = Stamp::from_seconds(1_790_000_000).plus(boot);
    Now { wall: wall.timestamp(), boot }
}

fn ago(boot: Duration, seconds: u64) -> String {
    at(boot.saturating_sub(Duration::from_secs(seconds))).wall.to_string()
}

fn uid(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012x}")
}

fn crashing(n: u32, finished: &str) -> Value {
    json!({"metadata": {"name": format!("web-{n}"), "namespace": "shop", "uid": uid(n),
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "uid": uid(1_000_001), "controller": true}]},
        "spec": {"nodeName": "node-a", "restartPolicy": "Always", "containers": [{"name": "app"}]},
        "status": {"phase": "Running", "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": finished}],
            "containerStatuses": [{"name": "app", "ready": false, "restartCount": 6,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": finished}}}]}})
}

fn node(ready: &str, since: &str) -> Value {
    json!({"metadata": {"name": "node-a", "uid": uid(1_000_000)}, "spec": {}, "status": {"conditions": [
        {"type": "Ready", "status": ready, "reason": "Kubelet", "lastTransitionTime": since}]}})
}

fn replica_set() -> Value {
    json!({"metadata": {"name": "web-1", "namespace": "shop", "uid": uid(1_000_001), "ownerReferences":
        [{"kind": "Deployment", "name": "web", "uid": uid(1_000_002), "controller": true}]}, "spec": {}, "status": {}})
}

fn stuck(updated: u32, since: &str) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop", "uid": uid(1_000_002)}, "spec": {"replicas": 10_000},
        "status": {"replicas": 10_000, "updatedReplicas": updated, "unavailableReplicas": 10_000, "conditions": [
            {"type": "Available", "status": "False", "lastTransitionTime": since},
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "lastTransitionTime": since}]}})
}

/// The real conditions, but for objects called web-13.
fn fragile(view: &View, near: &Near<'_>, rules: &Rules) -> Look {
    assert_ne!(&*view.meta().name, "web-13", "a condition that panics");
    look(view, near, rules)
}

#[test]
fn an_object_whose_condition_panics_is_set_aside_and_every_other_is_told() {
    let mut bench = Bench::live();
    let crash = |bench: &mut Bench, n| {
        let object = crashing(n, &ago(bench.boot, 5));
        bench.see(KindId::Pod, &object);
    };
    crash(&mut bench, 13);
    bench.replica.look = fragile;
    for n in 12..=14 {
        crash(&mut bench, n);
    }
    crash(&mut bench, 13);
    let crashes = bench.told.iter().filter(|line| line.contains("CrashLoopBackOff")).count();
    assert_eq!(crashes, 3, "what was known of it stands: {:?}", bench.told);
    let aside =
        bench.facts.iter().filter(|fact| matches!(fact, Fact::Quarantined { name, .. } if name == "web-13"));
    assert_eq!(aside.count(), 1);
    assert!(bench.told.contains(&"first ObjectQuarantined objects".to_owned()), "{:?}", bench.told);
    let key = decode(&Plan::default(), KindId::Pod, crashing(13, "").to_string().as_bytes())
        .expect("readable")
        .key();
    bench.input(Input::Watch(KindId::Pod, WatchEvent::Gone(key)));
    bench.advance(200);
    let ends: Vec<_> = bench.told.iter().filter(|line| line.starts_with("resolved")).collect();
    assert_eq!(ends, ["resolved CrashLoopBackOff web-13", "resolved ObjectQuarantined objects"]);
}

#[test]
fn a_rebuilt_replica_knows_what_was_told_watches_anew_and_leaves_one_object_out() {
    let mut bench = Bench::live();
    for n in 1..=3 {
        let object = crashing(n, &ago(bench.boot, 5));
        bench.see(KindId::Pod, &object);
    }
    bench.told.clear();
    let object = crashing(4, &ago(bench.boot, 5));
    let view = decode(&Plan::default(), KindId::Pod, object.to_string().as_bytes()).expect("readable");
    let attempts = bench.replica.next_attempt;
    bench.replica = bench.replica.rebuilt(at(bench.boot), Some(view.key()));
    assert!(
        bench.replica.next_attempt >= attempts,
        "a late reply must not meet an attempt of the same number"
    );
    bench.input(Input::Tick);
    assert_eq!(bench.watches, 2);
    bench.input(Input::Watch(KindId::Pod, WatchEvent::Began(Epoch(1))));
    for n in [1, 2, 4] {
        let object = crashing(n, &ago(bench.boot, 5));
        bench.see(KindId::Pod, &object);
    }
    bench.input(Input::Watch(KindId::Pod, WatchEvent::Synced(Epoch(1))));
    for kind in Kind::ALL.iter().filter(|kind| kind.id != KindId::Pod) {
        bench.input(Input::Watch(kind.id, WatchEvent::Began(Epoch(1))));
        bench.input(Input::Watch(kind.id, WatchEvent::Synced(Epoch(1))));
    }
    bench.told.sort();
    assert_eq!(bench.told, ["first ObjectQuarantined objects", "resolved CrashLoopBackOff web-3"]);
}

const STORM: u32 = 400;

/// Looks at candidates per alert that a storm may cost, whatever its size.
const VISITS_PER_ALERT: u64 = 120;

fn within(what: &str) {
    let visits = visits::take();
    let bound = VISITS_PER_ALERT * u64::from(STORM);
    assert!(visits <= bound, "{what}: {visits} candidates looked at, more than {bound}");
}

#[test]
fn a_storm_on_one_node_and_of_one_owner_is_not_quadratic() {
    let mut bench = Bench::live();
    let long = ago(bench.boot, 400);
    visits::take();
    let down = node("Unknown", &long);
    bench.see(KindId::Node, &down);
    bench.see(KindId::ReplicaSet, &replica_set());
    for n in 0..STORM {
        bench.see(KindId::Pod, &crashing(n, &long));
    }
    within("pods on a node that is down");
    assert_eq!(bench.told, ["first NodeNotReady node-a"]);
    for n in 0..STORM {
        if n % 100 == 0 {
            bench.see(KindId::Deployment, &stuck(n, &long));
        }
        bench.see(KindId::Pod, &crashing(n, &long));
    }
    within("a Deployment whose status changes all the time");
    let up = node("True", &ago(bench.boot, 0));
    bench.see(KindId::Node, &up);
    bench.advance(200);
    within("the end of the node's trouble");
    assert_eq!(bench.told.iter().filter(|line| line.starts_with("first CrashLoop")).count(), STORM as usize);
    for n in 0..STORM {
        let key = decode(&Plan::default(), KindId::Pod, crashing(n, "").to_string().as_bytes())
            .expect("readable")
            .key();
        bench.input(Input::Watch(KindId::Pod, WatchEvent::Gone(key)));
    }
    within("the deletion of every pod");
    bench.advance(1000);
    assert_eq!(bench.alerts_of("CrashLoopBackOff"), 0);
    assert!(bench.replica.postures.len() <= 4 && bench.replica.held.len() <= 2);
}

#[test]
fn a_rule_that_everything_matches_is_not_quadratic() {
    let every = || {
        let map = BTreeMap::from([("kind".to_owned(), "Pod".to_owned())]);
        Matcher::compile(&map, &["kind"]).expect("a sound matcher")
    };
    let all = Inhibition { source: every(), target: every(), equal: vec!["namespace".to_owned()] };
    let crash = Matcher::compile(
        &BTreeMap::from([("reason".to_owned(), "CrashLoopBackOff".to_owned())]),
        &["reason"],
    );
    let crash = crash.expect("a sound matcher");
    let others = Inhibition { source: crash, target: every(), equal: Vec::new() };
    let mut bench = Bench::with(|settings| settings.inhibitions = vec![all, others]);
    let long = ago(bench.boot, 400);
    visits::take();
    for n in 0..STORM {
        bench.see(KindId::Pod, &crashing(n, &long));
    }
    within("pods that match both sides");
    assert_eq!(bench.told.len(), STORM as usize, "they do not inhibit each other");
}

/// Where the successor of a replica has each of its fields from. A new field does not compile until it has a class, and
/// what is forgotten here is forgotten at every takeover.
#[test]
fn every_field_of_a_replica_is_stored_rebuilt_or_of_the_process() {
    let bench = Bench::live();
    let Replica {
        // Stored: facts of the seat's ledger hold it, or as much of it as the cluster does not.
        tracker,
        memory,
        // Stored as intents: what flies is in doubt for a successor.
        flights,
        // Rebuilt: the cluster and the settings give it again.
        rules,
        picture,
        hints,
        graph,
        inhibitors,
        holders,
        postures,
        held,
        gate,
        lanes,
        // Rebuilt, but a first run that dies before its digest was made is a first run again.
        stock,
        restored,
        // Of the process: its place, its hold, its clock, its work.
        settings,
        station,
        tenure,
        jitter,
        started,
        offset,
        look: _,
        next_attempt,
        stopping,
        agenda,
        effects,
        // Of the hold: each is empty when a hold begins, since the ledger it waits for is a new one.
        fresh,
        awaiting,
        unwritten,
        // Stored in the head of the ledger; what is known of other seats is read anew.
        layouts,
        // Of the process, learned anew: whose sink failed and when the server was away.
        failing,
        quarantine,
        away,
        answers_since,
    } = &bench.replica;
    let _ =
        (tracker, flights, rules, picture, hints, graph, inhibitors, holders, postures, held, gate, lanes);
    let _ = (stock, restored, settings, station, tenure, jitter, started, offset, next_attempt, stopping);
    let _ = (agenda, effects, unwritten, failing, quarantine, away, answers_since, layouts);
    assert_eq!(memory.iter().count(), 0);
    assert!(fresh.is_empty() && awaiting.is_empty());
}

/// What a replica believes of each alert, in words.
fn beliefs(replica: &Replica) -> Vec<String> {
    let alerts = replica.tracker.iter().filter(|(fingerprint, alert)| {
        alert.phase != crate::alert::Phase::Over || replica.memory.sinks(*fingerprint).next().is_some()
    });
    let alerts = alerts.map(|(fingerprint, alert)| {
        format!(
            "{fingerprint} {} {} {:?} {:?} {:?} {:?}",
            alert.condition.reason,
            alert.subject.name,
            alert.phase,
            alert.severity,
            alert.opened,
            alert.ended
        )
    });
    let told =
        replica.memory.iter().map(|(fingerprint, sink, told)| format!("{fingerprint} {sink:?} {told:?}"));
    alerts.chain(told).collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    /// Facts, taken up by a fresh replica that sees the same objects, give the same alerts and the same memory.
    #[test]
    fn facts_and_objects_give_the_same_replica_again(
        steps in proptest::collection::vec((0..4_u32, 0..3_u8, 0..400_u64), 1..20),
    ) {
        let mut bench = Bench::live();
        let mut objects: BTreeMap<u32, Value> = BTreeMap::new();
        for (n, what, wait) in steps {
            if what == 0 {
                if let Some(object) = objects.remove(&n) {
                    bench.input(Input::Watch(KindId::Pod, WatchEvent::Gone(key_of(&object))));
                }
            } else {
                let mut object = crashing(n, &ago(bench.boot, 5));
                if what == 2 {
                    object["status"]["conditions"][0]["status"] = "True".into();
                    object["status"]["containerStatuses"][0]["state"] = json!({"running": {"startedAt": ago(bench.boot, 2)}});
                }
                bench.see(KindId::Pod, &object);
                objects.insert(n, object);
            }
            bench.advance(wait);
        }
        let mut heir = Bench::with(|_| {});
        let facts = bench.replica.facts(at(bench.boot));
        heir.boot = bench.boot;
        heir.replica = Replica::blank(Arc::clone(&bench.replica.settings), Station::alone(), 1, at(bench.boot));
        heir.replica.take_up(at(heir.boot), &facts);
        heir.replica.begin(at(heir.boot));
        for kind in Kind::ALL {
            heir.input(Input::Watch(kind.id, WatchEvent::Began(Epoch(1))));
            if kind.id == KindId::Pod {
                for object in objects.values() {
                    heir.see(KindId::Pod, object);
                }
            }
            heir.input(Input::Watch(kind.id, WatchEvent::Synced(Epoch(1))));
        }
        bench.input(Input::Tick);
        proptest::prop_assert_eq!(beliefs(&heir.replica), beliefs(&bench.replica), "{:?}", heir.told);
    }
}

fn key_of(object: &Value) -> Key {
    decode(&Plan::default(), KindId::Pod, object.to_string().as_bytes()).expect("readable").key()
}
