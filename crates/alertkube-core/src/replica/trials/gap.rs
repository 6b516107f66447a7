//! What happened while no replica ran, when stored state and list come in either order.

use super::*;

/// The same pod when it runs again.
fn running(n: u32, since: &str) -> Value {
    let mut pod = crashing(n, since);
    pod["status"]["conditions"][0]["status"] = json!("True");
    pod["status"]["containerStatuses"][0] = json!({"name": "app", "ready": true, "restartCount": 6,
        "state": {"running": {"startedAt": since}}});
    pod
}

/// A cold start lists while its stored state is read: an object may come before the state does, and its list end after.
#[test]
fn what_was_seen_in_a_list_before_the_stored_state_came_is_held_against_it() {
    let mut bench = Bench::live();
    for n in [1, 2] {
        let object = crashing(n, &ago(bench.boot, 400));
        bench.see(KindId::Pod, &object);
    }
    bench.advance(60);
    assert_eq!(bench.told, ["first CrashLoopBackOff web-1", "first CrashLoopBackOff web-2"]);
    let facts = bench.replica.facts(at(bench.boot));
    let mut heir = Bench::with(|_| {});
    (heir.boot, heir.told) = (bench.boot, Vec::new());
    heir.replica = Replica::blank(Arc::clone(&bench.replica.settings), Station::alone(), 1, at(bench.boot));
    heir.input(Input::Watch(KindId::Pod, WatchEvent::Began(Epoch(1))));
    heir.see(KindId::Pod, &running(1, &ago(bench.boot, 5)));
    heir.see(KindId::Pod, &crashing(2, &ago(bench.boot, 400)));
    heir.replica.take_up(at(heir.boot), &facts);
    heir.replica.begin(at(heir.boot));
    heir.input(Input::Watch(KindId::Pod, WatchEvent::Synced(Epoch(1))));
    for kind in Kind::ALL.iter().filter(|kind| kind.id != KindId::Pod) {
        heir.input(Input::Watch(kind.id, WatchEvent::Began(Epoch(1))));
        heir.input(Input::Watch(kind.id, WatchEvent::Synced(Epoch(1))));
    }
    heir.advance(1200);
    assert_eq!(heir.told, ["resolved CrashLoopBackOff web-1"]);
}
