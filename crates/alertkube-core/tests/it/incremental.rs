//! Incremental = batch, and order between objects does not matter.
//!
//! The number of cases is proptest's own (`PROPTEST_CASES`); the full proof runs at least 10,000.

use std::collections::BTreeSet;

use alertkube_core::KindId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::desk::{Desk, settings};
use crate::objects::{crashing, node, not_ready, owned, pod, replica_set, uid};

/// One object's life: the states it passes through, in its own order; `None` deletes it.
#[derive(Clone)]
struct Life {
    kind: KindId,
    states: Vec<Option<Value>>,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        for state in &self.states {
            let shown = state.as_ref().map(|object| match object.get("count") {
                Some(count) => format!("{} x{count}", object["involvedObject"]["name"]),
                None => format!("{} {}", object["metadata"]["name"], object["status"]),
            });
            write!(f, "\n        {}", shown.unwrap_or_else(|| "deleted".to_owned()))?;
        }
        Ok(())
    }
}

/// A step of one object; which state it is follows from how many steps of it came before.
type Order = Vec<usize>;

const PODS: usize = 5;

fn pod_state(index: usize, state: usize) -> Option<Value> {
    let name = format!("web-1-{index}");
    let at = |seconds: u32| format!("2026-09-21T14:1{}:{:02}Z", seconds / 60, seconds % 60);
    let mut object = match state {
        0 => pod(&name),
        1 => crashing(&name, &at(30)),
        2 => {
            let mut sick = pod(&name);
            not_ready(&mut sick, &at(60));
            sick
        }
        3 => {
            let mut sick = crashing(&name, &at(90));
            sick["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] = json!("OOMKilled");
            sick["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] = json!(137);
            sick
        }
        4 => {
            let mut sick = pod(&name);
            not_ready(&mut sick, &at(10));
            sick["status"]["containerStatuses"][0]["state"] =
                json!({"waiting": {"reason": "ImagePullBackOff"}});
            sick
        }
        5 => {
            let mut sick = pod(&name);
            sick["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
                "reason": "Unschedulable", "message": "0/3 nodes", "lastTransitionTime": at(20)}]});
            sick
        }
        _ => return None,
    };
    if index.is_multiple_of(2) {
        object = owned(object, "web-1");
    }
    Some(object)
}

fn node_state(state: usize) -> Option<Value> {
    match state {
        0 => Some(node("node-a", "True", "2026-09-21T14:10:00Z")),
        1 => Some(node("node-a", "Unknown", "2026-09-21T14:10:40Z")),
        2 => Some(node("node-a", "False", "2026-09-21T14:10:50Z")),
        _ => None,
    }
}

fn event_state(about: usize, count: usize) -> Value {
    json!({"metadata": {"name": format!("ev-{about}"), "namespace": "shop", "uid": uid(&format!("ev-{about}"))},
        "type": "Warning", "reason": "Unhealthy", "message": "Readiness probe failed: HTTP probe failed with 500",
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": format!("web-1-{about}"),
            "uid": uid(&format!("shop/web-1-{about}")), "fieldPath": "spec.containers{app}"},
        "count": count, "firstTimestamp": "2026-09-21T14:10:10Z", "lastTimestamp": "2026-09-21T14:11:10Z"})
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let pods = prop::collection::vec(prop::collection::vec(0..7_usize, 1..4), PODS);
    let nodes = prop::collection::vec(0..4_usize, 1..3);
    let events = prop::collection::vec(prop::collection::vec(1..5_usize, 0..3), PODS);
    (pods, nodes, events, any::<bool>()).prop_map(|(pods, nodes, events, set)| {
        let mut lives: Vec<Life> = Vec::new();
        for (index, states) in pods.iter().enumerate() {
            let states = states.iter().map(|state| pod_state(index, *state));
            lives.push(Life { kind: KindId::Pod, states: until_deleted(states) });
        }
        let nodes = nodes.iter().map(|state| node_state(*state));
        lives.push(Life { kind: KindId::Node, states: until_deleted(nodes) });
        for (about, counts) in events.iter().enumerate() {
            let mut counts = counts.clone();
            counts.sort_unstable();
            let states = counts.iter().map(|count| Some(event_state(about, *count))).collect();
            lives.push(Life { kind: KindId::Event, states });
        }
        if set {
            let states = vec![Some(replica_set("web-1", "web"))];
            lives.push(Life { kind: KindId::ReplicaSet, states });
        }
        lives
    })
}

/// A uid never comes back: a deletion is the last of it.
fn until_deleted(states: impl Iterator<Item = Option<Value>>) -> Vec<Option<Value>> {
    let mut deleted = false;
    states.take_while(|state| !std::mem::replace(&mut deleted, state.is_none())).collect()
}

/// Every interleaving that keeps each object's own order is a shuffle of its step numbers.
fn lives_and_orders(orders: usize) -> impl Strategy<Value = (Vec<Life>, Vec<Order>)> {
    lives().prop_flat_map(move |lives| {
        let steps: Order =
            lives.iter().enumerate().flat_map(|(n, life)| vec![n; life.states.len()]).collect();
        (Just(lives), prop::collection::vec(Just(steps).prop_shuffle(), orders))
    })
}

/// All of this happens at one instant, some time after the objects' own time stamps.
fn play(desk: &mut Desk, lives: &[Life], order: &[usize]) {
    let mut next = vec![0; lives.len()];
    for step in order {
        let life = &lives[*step];
        let at = next[*step];
        next[*step] += 1;
        match (&life.states[at], at.checked_sub(1).and_then(|before| life.states[before].as_ref())) {
            (Some(object), _) => desk.see(life.kind, object),
            (None, Some(before)) => desk.gone(life.kind, before),
            (None, None) => {}
        }
    }
}

/// What holds now: who, what and why, without the memory that only a history gives (an event is told once and has no
/// state, so whether it was told before is such a memory).
fn holding(desk: &Desk) -> BTreeSet<String> {
    let holds = desk.alerts().into_iter();
    let holds = holds.filter(|alert| ["pending", "firing"].contains(&alert.phase) && !alert.report.event);
    let line = |alert: alertkube_core::Standing| {
        let report = alert.report;
        format!(
            "{} {} {} {:?} {:?}",
            report.fingerprint, report.reason, report.text, report.parts, report.owners
        )
    };
    holds.map(line).collect()
}

fn told(desk: &Desk) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for sent in &desk.sent {
        for report in &sent.notification.reports {
            let action = sent.notification.action.as_str();
            lines.insert(format!(
                "{} {action} {} {} {:?}",
                sent.sink, report.reason, report.name, report.owners
            ));
        }
    }
    lines
}

/// 2026-09-21T14:13:20Z is boot zero, so "now" is some minutes after the objects' time stamps.
fn cold() -> Desk {
    Desk::cold(settings())
}

/// Few cases by default, for the quick tier; `PROPTEST_CASES` sets another number.
pub(crate) fn cases() -> ProptestConfig {
    let given = ProptestConfig::default();
    let untouched = given.cases == 256;
    ProptestConfig { cases: if untouched { 64 } else { given.cases }, failure_persistence: None, ..given }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn incremental_equals_batch((lives, orders) in lives_and_orders(1)) {
        let mut incremental = Desk::live(settings());
        play(&mut incremental, &lives, &orders[0]);
        let mut batch = Desk::live(settings());
        for life in &lives {
            if let Some(Some(object)) = life.states.last() {
                batch.see(life.kind, object);
            }
        }
        prop_assert_eq!(holding(&incremental), holding(&batch));
    }

    #[test]
    fn any_order_between_objects_tells_the_same((lives, orders) in lives_and_orders(2)) {
        let mut heard = Vec::new();
        for order in &orders {
            let mut desk = cold();
            play(&mut desk, &lives, order);
            for kind in alertkube_core::Kind::ALL {
                desk.sync(kind.id, 0);
            }
            desk.seconds(3600);
            heard.push(told(&desk));
        }
        prop_assert_eq!(&heard[0], &heard[1]);
    }
}
