//! Trouble of every kind at once, in any order: what the sinks believe afterwards is what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alertkube_core::{Action, Digest, Inhibition, Input, KindId, LostWhy, Rate, Verdict, Why};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::desk::{Desk, settings};
use crate::incremental::cases;
use crate::objects::{crashing, lacking, node, not_ready, owned, pod, replica_set, stuck};
use crate::policy::matcher;

const PODS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    Crash(usize),
    Unready(usize),
    Silence(usize),
    Heal(usize),
    Delete(usize),
    Node(bool),
    Deployment(u8),
    /// Not there, in doubt but arrived, in doubt and lost, well again.
    Sink(u8),
    Lose,
    Relist,
    Restart(u64),
    Wait(u64),
    /// Years ahead, or right again.
    Clock(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let pods = || 0..PODS;
    prop_oneof![
        3 => pods().prop_map(Step::Crash),
        2 => pods().prop_map(Step::Unready),
        1 => pods().prop_map(Step::Silence),
        2 => pods().prop_map(Step::Heal),
        2 => pods().prop_map(Step::Delete),
        2 => any::<bool>().prop_map(Step::Node),
        2 => (0..3_u8).prop_map(Step::Deployment),
        3 => (0..4_u8).prop_map(Step::Sink),
        1 => Just(Step::Lose),
        1 => Just(Step::Relist),
        1 => (0..60_u64).prop_map(Step::Restart),
        6 => prop_oneof![0..5_u64, 5..120_u64, 120..2000_u64].prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Clock),
    ]
}

/// The cluster, and the replica that watches it.
struct Stage {
    desk: Desk,
    objects: BTreeMap<(KindId, String), Value>,
    lives: u32,
    epoch: u32,
    /// What webhooks of replicas before this one heard.
    heard: Vec<(Action, Vec<String>, String)>,
    doubts: bool,
    slow: bool,
}

impl Stage {
    fn new(cold: bool, inhibited: bool, slow: bool) -> Stage {
        let mut quiet = settings();
        quiet.behavior.repeat = None;
        if inhibited {
            quiet.inhibitions = vec![Inhibition {
                source: matcher(&[("name", "web-1-0")]),
                target: matcher(&[("reason", "NodeNotReady")]),
                equal: vec!["node".to_owned()],
            }];
        }
        if slow {
            // Two that wait are a backlog.
            quiet.sinks[1].rate = Rate { per_second: 0.05, burst: 1 };
        }
        let desk = if cold { Desk::cold(quiet) } else { Desk::live(quiet) };
        let mut stage = Stage {
            desk,
            objects: BTreeMap::new(),
            lives: 0,
            epoch: 1,
            heard: Vec::new(),
            doubts: false,
            slow,
        };
        stage.put(KindId::Node, "node-a", node("node-a", "True", "2026-01-01T00:00:00Z"));
        stage.put(KindId::ReplicaSet, "web-1", replica_set("web-1", "web"));
        stage
    }

    fn put(&mut self, kind: KindId, name: &str, mut object: Value) {
        if kind == KindId::Pod {
            let before = self.objects.get(&(kind, name.to_owned())).map(|pod| pod["metadata"]["uid"].clone());
            let lives = &mut self.lives;
            object["metadata"]["uid"] = before.unwrap_or_else(|| {
                *lives += 1;
                json!(format!("{lives:08x}-0000-4000-8000-000000000000"))
            });
        }
        self.desk.see(kind, &object);
        self.objects.insert((kind, name.to_owned()), object);
    }

    fn pod(&mut self, index: usize, change: impl FnOnce(&Desk, &str) -> Value) {
        let name = format!("web-1-{index}");
        let object = owned(change(&self.desk, &name), "web-1");
        self.put(KindId::Pod, &name, object);
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Crash(index) => self.pod(index, |desk, name| crashing(name, &truth(desk, 5))),
            Step::Heal(index) => self.pod(index, |_, name| pod(name)),
            Step::Unready(index) => self.pod(index, |desk, name| {
                let mut sick = pod(name);
                not_ready(&mut sick, &truth(desk, 200));
                sick
            }),
            Step::Silence(index) => self.pod(index, |desk, name| {
                let mut sick = crashing(name, &truth(desk, 5));
                let until = truth_after(desk, 300);
                sick["metadata"]["annotations"] = json!({"alert-silence-until": until});
                sick
            }),
            Step::Delete(index) => {
                if let Some(object) = self.objects.remove(&(KindId::Pod, format!("web-1-{index}"))) {
                    self.desk.gone(KindId::Pod, &object);
                }
            }
            Step::Node(up) => {
                let since = truth(&self.desk, 30);
                self.put(KindId::Node, "node-a", node("node-a", if up { "True" } else { "Unknown" }, &since));
            }
            Step::Deployment(state) => {
                let since = truth(&self.desk, 500);
                let mut object = if state == 0 { stuck("web", &since) } else { lacking("web", &since) };
                if state == 2 {
                    object["status"]["unavailableReplicas"] = json!(0);
                    object["status"]["conditions"] = json!([]);
                }
                self.put(KindId::Deployment, "web", object);
            }
            Step::Sink(state) => self.sink(state),
            Step::Lose => self.desk.lose(KindId::Pod, LostWhy::Unreachable("refused".to_owned())),
            Step::Relist => self.relist(),
            Step::Restart(pause) => self.restart(pause),
            Step::Wait(seconds) => self.desk.seconds(seconds),
            Step::Clock(right) => self.desk.stepped = if right { 0 } else { 50_000_000 },
        }
    }

    fn sink(&mut self, state: u8) {
        let retry = |in_doubt| Verdict::Retry { why: Why::Timeout, after: None, in_doubt };
        self.doubts |= matches!(state, 1 | 2);
        self.desk.arrives = state == 1;
        match state {
            0 => self.desk.answers.insert("webhook".to_owned(), retry(false)),
            1 | 2 => self.desk.answers.insert("webhook".to_owned(), retry(true)),
            _ => self.desk.answers.remove("webhook"),
        };
    }

    fn relist(&mut self) {
        self.epoch += 1;
        let objects: Vec<_> =
            self.objects.iter().map(|((kind, _), object)| (*kind, object.clone())).collect();
        for kind in alertkube_core::Kind::ALL {
            self.desk.begin(kind.id, self.epoch);
            for (_, object) in objects.iter().filter(|(of, _)| *of == kind.id) {
                self.desk.see(kind.id, object);
            }
            self.desk.sync(kind.id, self.epoch);
        }
    }

    fn restart(&mut self, pause: u64) {
        self.desk.input(Input::Stop { by: self.desk.boot + Duration::from_secs(5) });
        self.desk.seconds(5);
        self.take_heard();
        let shelf = std::mem::take(&mut self.desk.shelf);
        let mut heir =
            Desk::start((*self.desk.settings).clone(), self.desk.boot + Duration::from_secs(pause), shelf);
        heir.answers = std::mem::take(&mut self.desk.answers);
        (heir.arrives, heir.stepped) = (self.desk.arrives, self.desk.stepped);
        self.desk = heir;
        self.relist();
    }

    fn take_heard(&mut self) {
        for sent in self.desk.sent.drain(..).filter(|sent| sent.sink == "webhook") {
            let said = sent.notification;
            let names = said.reports.iter().filter(|report| !report.event);
            let names: Vec<_> = names.map(|report| format!("{} {}", report.reason, report.name)).collect();
            self.heard.push((said.action, names, said.delivery));
        }
    }

    /// What the sink believes to stand, after all it heard.
    fn believed(&self) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for (action, names, delivery) in &self.heard {
            for name in names {
                let fits = match action {
                    Action::Resolved | Action::Digest(Digest::Ends) => open.remove(name),
                    // A problem that became worse may stand in it.
                    Action::Digest(Digest::News) => open.insert(name.clone()) || self.slow,
                    Action::First | Action::Digest(Digest::Standing) => open.insert(name.clone()),
                    Action::Raised | Action::Repeat | Action::Digest(Digest::Repeats) => {
                        !open.insert(name.clone())
                    }
                };
                assert!(fits || self.doubts, "{} {name} ({delivery}) of {:?}", action.as_str(), self.heard);
            }
        }
        open
    }
}

/// The true time, `ago` seconds before now, whatever our clock says.
fn truth(desk: &Desk, ago: u64) -> String {
    desk.time(ago)
}

fn truth_after(desk: &Desk, ahead: u64) -> String {
    let now: alertkube_core::Stamp = desk.now().wall.into();
    now.plus(Duration::from_secs(ahead)).timestamp().to_string()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn after_any_trouble_the_sinks_believe_what_is_true(
        steps in prop::collection::vec(step(), 1..25),
        cold in any::<bool>(),
        inhibited in any::<bool>(),
        slow in any::<bool>(),
    ) {
        let mut stage = Stage::new(cold, inhibited, slow);
        for step in steps {
            stage.play(step);
        }
        stage.play(Step::Clock(true));
        stage.play(Step::Sink(3));
        stage.play(Step::Relist);
        stage.desk.seconds(6 * 3600);
        stage.take_heard();
        let believed = stage.believed();
        let mut standing = BTreeSet::new();
        for alert in stage.desk.alerts().into_iter().filter(|alert| !alert.report.event) {
            let name = format!("{} {}", alert.report.reason, alert.report.name);
            prop_assert_ne!(alert.phase, "over", "{} is over and not forgotten", name);
            let own = alert.report.kind == "Alertkube";
            if alert.phase == "firing" && alert.held.is_none() && !own {
                prop_assert!(believed.contains(&name), "{} was not told: {:?}", name, stage.heard);
            }
            standing.insert(name);
        }
        prop_assert!(believed.is_subset(&standing), "{:?} has no end: {:?}", believed, stage.heard);
    }
}
