//! The engine when the replica panics.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use alertkube_core::{Epoch, Kind, LostWhy, Plan, decode};

use super::*;
use crate::env::Environment;
use crate::lease::HeldUntil;
use crate::send::Outward;

/// Panics on every deletion.
fn fragile(replica: &mut Replica, now: Now, input: Input) {
    match &input {
        Input::Watch(_, WatchEvent::Gone(_)) => panic!("a deletion"),
        _ => replica.handle(now, input),
    }
}

/// An engine without sinks, and where its watches were started.
fn engine() -> (Engine, Arc<Mutex<Vec<Inbox>>>, Arc<AtomicUsize>) {
    let (clock, telemetry) = (Clock::real(), Arc::new(Telemetry::new("0.0.0", [])));
    let outward = Outward::system(&Environment::default()).expect("no proxies");
    let (started, kept) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let (outlets, plans) = (Arc::clone(&started), Arc::clone(&kept));
    let parts = Parts {
        settings: Arc::new(Settings::with_sinks(Vec::new())),
        clock,
        sender: Arc::new(Sender::new(
            Vec::new(),
            clock,
            outward,
            (HeldUntil::without_election(), Arc::clone(&telemetry), mpsc::unbounded_channel().0),
        )),
        telemetry,
        station: Station::alone(),
        store: None,
        resign: Box::new(|_| {}),
        tasks: TaskTracker::new(),
        outward: tokio::runtime::Handle::current(),
        status: watch::channel(None).0,
        follow: Box::new(move |plan, inbox| {
            plans.fetch_add(plan.kinds.len(), Ordering::Relaxed);
            outlets.lock().unwrap_or_else(PoisonError::into_inner).push(inbox);
            Ok(())
        }),
    };
    let mut engine = Engine::new(parts, 1);
    engine.take_in = fragile;
    engine.drain().expect("watches start");
    (engine, started, kept)
}

fn deletion(uid: u32) -> Input {
    let object = format!(
        r#"{{"metadata":{{"name":"web","namespace":"shop","uid":"{uid:08x}-0000-4000-8000-000000000000"}}}}"#
    );
    let view = decode(&Plan::default(), KindId::Pod, object.as_bytes()).expect("readable");
    Input::Watch(KindId::Pod, WatchEvent::Gone(view.key()))
}

#[tokio::test]
async fn a_panic_starts_the_watches_anew_and_the_old_ones_are_not_heard() {
    let (mut engine, started, kinds) = engine();
    let known = engine.known.clone();
    engine.handle(deletion(1)).expect("one panic is survived");
    assert_eq!(kinds.load(Ordering::Relaxed), 2 * Kind::ALL.len());
    let started = started.lock().expect("the inboxes");
    assert_eq!(started.iter().map(Inbox::is_closed).collect::<Vec<_>>(), [true, false]);
    assert!(known.is_cancelled() && !engine.known.is_cancelled(), "what was about to leave stays");
    let lost = WatchEvent::Lost(LostWhy::Silent);
    engine.handle(Input::Watch(KindId::Pod, lost)).expect("the successor takes inputs");
    engine.handle(Input::Watch(KindId::Pod, WatchEvent::Began(Epoch(1)))).expect("and lists");
    assert!(!engine.stopped);
}

#[tokio::test]
async fn the_third_panic_in_a_minute_ends_the_process() {
    let (mut engine, _started, _) = engine();
    let survived: Vec<bool> = (1..=3).map(|uid| engine.handle(deletion(uid)).is_ok()).collect();
    assert_eq!(survived, [true, true, false]);
}

#[test]
fn an_input_that_is_about_no_object_is_taken_in_without_a_key() {
    assert_eq!(about(&Input::Tick), None);
    assert!(about(&deletion(1)).is_some_and(|key| key.kind == KindId::Pod));
}
