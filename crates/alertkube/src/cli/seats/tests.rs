//! The seats as text and as JSON, and read from a simulated cluster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_sim::{Cluster, Fault, Scope, Shared, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::findings::findings;
use super::picture::{Finding, FindingKind, Found, Head, LeaseRow, Seat, State, age, seat_of};
use super::*;

/// 2026-01-02T03:04:05Z
const AT: Stamp = Stamp::from_seconds(1_767_323_045);

fn ago(seconds: i64) -> Stamp {
    Stamp::from_millis(AT.millis() - seconds * 1000)
}

fn lease(holder: &str, renewed: i64) -> LeaseRow {
    LeaseRow {
        holder: holder.to_owned(),
        acquired: Some(ago(3600)),
        renewed: Some(ago(renewed)),
        duration: Duration::from_secs(30),
        transitions: 4,
        release: Some("1.2.3".to_owned()),
    }
}

fn head(name: &str, holder: &str, wish: u32) -> Head {
    Head {
        seat: None,
        term: 7,
        holder: holder.to_owned(),
        elected: true,
        released: false,
        seq: 1234,
        wish,
        layout: None,
        next: None,
        beat: ago(40),
        name: name.to_owned(),
    }
}

fn picture(seats: Vec<(Option<u32>, Found<LeaseRow>, Found<Head>)>) -> Picture {
    let seats = seats.into_iter().map(|(index, lease, head)| (index, Seat { lease, head }));
    Picture {
        at: AT,
        leases_in: "kube-system".to_owned(),
        state: Some(State {
            namespace: "ops".to_owned(),
            name: "alertkube-state".to_owned(),
            kind: PersistenceKind::ConfigMap,
        }),
        seats: seats.collect(),
        unread: Vec::new(),
    }
}

fn kinds(picture: &Picture) -> Vec<FindingKind> {
    findings(picture).into_iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_sound_seat_is_a_row_in_each_table_and_nothing_more() {
    let holder = "alertkube-7d9f8c6b5d-x2x7q_1a2b3c4d";
    let row = (None, Found::There(lease(holder, 3)), Found::There(head("alertkube-state-head", holder, 1)));
    let expected = "\
Leases in kube-system
SEAT       HOLDER                               HELD SINCE            RENEWED               AGE  CHANGES  RELEASE
alertkube  alertkube-7d9f8c6b5d-x2x7q_1a2b3c4d  2026-01-02T02:04:05Z  2026-01-02T03:04:02Z  3s   4        1.2.3

State alertkube-state in ops
SEAT       HOLDER                               TERM  ELECTED  RELEASED  SEQ   SHARDS  BEAT                  AGE
alertkube  alertkube-7d9f8c6b5d-x2x7q_1a2b3c4d  7     yes      no        1234  1       2026-01-02T03:03:25Z  40s
";
    assert_eq!(table::render(&picture(vec![row])), expected);
}

#[test]
fn what_is_odd_is_said_below_in_plain_words() {
    let stale = Head { elected: false, beat: ago(600), ..head("alertkube-state-2-head", "c_3", 6) };
    let seats = vec![
        (Some(0), Found::There(lease("a_1", 75)), Found::There(head("alertkube-state-0-head", "b_2", 6))),
        (Some(1), Found::Unread, Found::Absent),
        (Some(2), Found::Absent, Found::There(stale)),
        (Some(3), Found::Absent, Found::Absent),
    ];
    let expected = "\
Leases in kube-system
SEAT               HOLDER      HELD SINCE            RENEWED               AGE  CHANGES  RELEASE
alertkube-shard-0  a_1         2026-01-02T02:04:05Z  2026-01-02T03:02:50Z  75s  4        1.2.3
alertkube-shard-1  (not read)
alertkube-shard-2  (none)
alertkube-shard-3  (none)

State alertkube-state in ops
SEAT               HOLDER  TERM  ELECTED  RELEASED  SEQ   SHARDS  BEAT                  AGE
alertkube-shard-0  b_2     7     yes      no        1234  6       2026-01-02T03:03:25Z  40s
alertkube-shard-1  (none)
alertkube-shard-2  c_3     7     no       no        1234  6       2026-01-02T02:54:05Z  10m
alertkube-shard-3  (none)

- alertkube-shard-0: the Lease of a_1 ran out 45s ago (it is good for 30s from a renewal): no replica stands for it, or
  this machine's clock is ahead
- alertkube-shard-0: a_1 holds the Lease, but b_2 holds the state (term 7, written 40s ago): a take-over is under way,
  or a_1 cannot write the state
- alertkube-shard-2: no Lease, and c_3 has not written the state for 10m, which a live replica does every 30s: nobody
  covers this seat
- a replica counts on 6 shards, and there is neither Lease nor state of shard 3 to 5: nobody covers that share
";
    assert_eq!(table::render(&picture(seats)), expected);
}

#[test]
fn the_document_has_the_fields_that_the_help_names() {
    let seats = vec![
        (Some(0), Found::There(lease("a_1", 75)), Found::There(head("alertkube-state-0-head", "a_1", 2))),
        (Some(1), Found::Absent, Found::Unread),
    ];
    let expected = json!({
        "at": "2026-01-02T03:04:05Z",
        "leases": { "namespace": "kube-system" },
        "state": { "namespace": "ops", "name": "alertkube-state", "kind": "ConfigMap" },
        "seats": [
            {
                "seat": "alertkube-shard-0", "shard": 0, "unread": [],
                "lease": {
                    "holder": "a_1", "heldSince": "2026-01-02T02:04:05Z", "lastRenewed": "2026-01-02T03:02:50Z",
                    "renewedAgeSeconds": 75, "durationSeconds": 30, "expired": true, "transitions": 4,
                    "release": "1.2.3",
                },
                "head": {
                    "name": "alertkube-state-0-head", "term": 7, "holder": "a_1", "elected": true,
                    "released": false, "seq": 1234, "wish": 2, "layout": null,
                    "next": null, "beat": "2026-01-02T03:03:25Z",
                    "beatAgeSeconds": 40,
                },
            },
            { "seat": "alertkube-shard-1", "shard": 1, "unread": ["head"], "lease": null, "head": null },
        ],
        "findings": [{
            "kind": "leaseExpired", "seats": ["alertkube-shard-0"],
            "text": "alertkube-shard-0: the Lease of a_1 ran out 45s ago (it is good for 30s from a renewal): no \
                     replica stands for it, or this machine's clock is ahead",
        }],
    });
    let document = json::document(&picture(seats));
    assert_eq!(document, expected);
    let object =
        |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<String>>());
    let parts =
        [&document, &document["seats"][0], &document["seats"][0]["lease"], &document["seats"][0]["head"]];
    for field in parts.into_iter().filter_map(object).flatten() {
        assert!(json::FIELDS.contains(&field), "{field} is not in the help");
    }
}

#[test]
fn seats_that_nobody_holds_are_told_apart() {
    let of = |lease, head: Head| kinds(&picture(vec![(None, lease, Found::There(head))]));
    let sound = || head("h", "a", 1);
    assert_eq!(of(Found::There(lease("", 5)), sound()), [FindingKind::LeaseFree]);
    assert_eq!(of(Found::Absent, sound()), [FindingKind::LeaseMissing]);
    assert_eq!(of(Found::Unread, sound()), []);
    assert_eq!(of(Found::Absent, Head { released: true, ..sound() }), [FindingKind::HeadReleased]);
    let alone = |beat| Head { elected: false, beat: ago(beat), ..sound() };
    assert_eq!(of(Found::Absent, alone(89)), []);
    assert_eq!(of(Found::Absent, alone(90)), [FindingKind::HeadStale]);
    assert_eq!(of(Found::There(lease("a", 30)), sound()), []);
    assert_eq!(of(Found::There(lease("a", 31)), sound()), [FindingKind::LeaseExpired]);
}

#[test]
fn long_and_odd_names_leave_the_text_within_its_columns() {
    let holder = format!("{}\u{1b}[31m_1a2b3c4d", "very-long-name-".repeat(4));
    let release = LeaseRow { release: Some("r".repeat(60)), ..lease(&holder, 3) };
    let row = (Some(15), Found::There(release), Found::There(head("h", &holder, 1)));
    let mut picture = picture(vec![row]);
    let text = "word ".repeat(60);
    picture.unread.push(Finding { kind: FindingKind::Unread, seats: Vec::new(), text });
    let text = table::render(&picture);
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    assert!(text.contains("_1a2b3c4d") && text.contains('…') && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn names_of_leases_and_ages_are_read_and_written() {
    assert_eq!(seat_of("alertkube"), Some(None));
    assert_eq!(seat_of("alertkube-shard-12"), Some(Some(12)));
    for other in
        ["alertkube-shard-", "alertkube-shard-01", "alertkube-shard-x", "other-shard-1", "alertkube-1"]
    {
        assert_eq!(seat_of(other), None, "{other}");
    }
    let ages = [(0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172_800, "2d")];
    for (seconds, expected) in ages {
        assert_eq!(age(Duration::from_secs(seconds)), expected);
    }
}

#[test]
fn the_flags_and_the_environment_say_what_to_read() {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        seats: Seats,
    }
    let wanted = |arguments: &[&str], environment: &Environment| {
        let line: Line = clap::Parser::parse_from([&["seats"], arguments].concat());
        let Wanted { leases_in, state } = line.seats.wanted(environment).expect("sound flags");
        let Persistence { name, namespace, kind } = state.expect("a state");
        (leases_in, name, namespace, kind == PersistenceKind::Secret)
    };
    let of = |leases: &str, name: &str, namespace: Option<&str>, secret| {
        (leases.to_owned(), name.to_owned(), namespace.map(str::to_owned), secret)
    };
    let nothing = Environment::default();
    assert_eq!(wanted(&[], &nothing), of("kube-system", "alertkube-state", None, false));
    let pod = Environment::of([("POD_NAMESPACE", "ops"), ("LEADER_ELECTION_NAMESPACE", "locks")]);
    assert_eq!(wanted(&[], &pod), of("locks", "alertkube-state", Some("ops"), false));
    let flags = ["--leader-election-namespace=l", "--state-name=n", "--namespace=s", "--state-kind=Secret"];
    assert_eq!(wanted(&flags, &pod), of("l", "n", Some("s"), true));
}

/// A simulated cluster with these objects, and how to reach it.
pub(in crate::cli) async fn served(objects: Vec<Value>) -> (Shared, kube::Config, JoinSet<()>) {
    let clock = Clock::real();
    let mut simulated = Cluster::new(3, clock.now().stamp());
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "ops" } });
    for object in [vec![namespace], objects].concat() {
        simulated.apply(clock.now().stamp(), object).expect("a sound object");
    }
    let cluster = Shared::new(simulated);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (shared, mut tasks) = (cluster.clone(), JoinSet::new());
    tasks.spawn(async move { serve(shared, listener, Arc::new(clock)).await.expect("served") });
    (cluster, kube::Config::new(format!("http://{address}").parse().expect("an address")), tasks)
}

pub(in crate::cli) fn lease_object(name: &str, holder: &str) -> Value {
    let now = Clock::real().now().wall.strftime("%Y-%m-%dT%H:%M:%S.000001Z").to_string();
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": name, "namespace": "ops", "annotations": { "alertkube.io/release": "main" } },
        "spec": {
            "holderIdentity": holder, "leaseDurationSeconds": 30, "acquireTime": now, "renewTime": now,
            "leaseTransitions": 2,
        },
    })
}

pub(in crate::cli) fn head_object(name: &str, holder: &str, wish: u32) -> Value {
    let meta = json!({
        "format": 1, "origin": "o", "term": 3, "incarnation": holder, "holder": holder, "elected": true,
        "released": false, "wish": wish, "beat": Clock::real().now().stamp().millis(), "seq": 9,
        "ring": [], "buckets": [null], "crc": 0,
    });
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "ops" },
        "data": { "meta": meta.to_string() },
    })
}

fn in_ops() -> Wanted {
    let state =
        Persistence { name: "state".into(), namespace: Some("ops".into()), kind: PersistenceKind::ConfigMap };
    Wanted { leases_in: "ops".to_owned(), state: Some(state) }
}

#[tokio::test]
async fn seats_are_read_with_a_list_of_leases_and_by_name_where_that_is_forbidden() {
    let torn = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "state-5-head", "namespace": "ops" },
        "data": { "meta": "{" },
    });
    let objects = vec![
        lease_object("alertkube-shard-0", "a_1"),
        lease_object("alertkube-shard-17", "r_1"),
        lease_object("another", "x"),
        head_object("state-head", "a_1", 19),
        head_object("state-18-head", "s_1", 19),
        torn,
    ];
    let (cluster, config, _tasks) = served(objects).await;
    let listed = read::picture(config.clone(), Clock::real(), in_ops()).await.expect("read");
    assert_eq!(listed.seats.len(), 19);
    let row = listed.seats[&Some(17)].lease.there().expect("a Lease");
    let said = (row.holder.as_str(), row.transitions, row.release.as_deref(), row.duration.as_secs());
    assert_eq!(said, ("r_1", 2, Some("main"), 30));
    let head = listed.seats[&Some(18)].head.there().expect("a head");
    assert_eq!((head.term, head.seq, head.name.as_str()), (3, 9, "state-18-head"));
    let expected = [FindingKind::LeaseMissing, FindingKind::ShardMissing, FindingKind::Unreadable];
    assert_eq!(kinds(&listed), expected, "{}", table::render(&listed));
    let now = Clock::real().now().stamp();
    cluster.with(|cluster| cluster.inject(now, Fault::Forbidden, Scope::all().resource("leases").times(1)));
    let named = read::picture(config, Clock::real(), in_ops()).await.expect("read");
    let rows = |picture: &Picture| -> BTreeMap<_, _> {
        picture.seats.iter().map(|(index, seat)| (*index, seat.lease.there().cloned())).collect()
    };
    assert_eq!(rows(&named), rows(&listed));
    let rights = &findings(&named)[2];
    assert_eq!(rights.kind, FindingKind::Rights);
    assert!(
        rights.text.starts_with("no right to list leases.coordination.k8s.io in ops (403 "),
        "{}",
        rights.text
    );
}

#[tokio::test]
async fn missing_rights_are_said_and_nothing_read_is_an_error() {
    let objects = vec![lease_object("alertkube", "a_1"), head_object("state-head", "a_1", 1)];
    let (cluster, config, _tasks) = served(objects).await;
    let forbid = |resource| {
        let now = Clock::real().now().stamp();
        cluster.with(|cluster| cluster.inject(now, Fault::Forbidden, Scope::all().resource(resource)));
    };
    let sound = read::picture(config.clone(), Clock::real(), in_ops()).await.expect("read");
    assert_eq!((kinds(&sound), sound.seats.len()), (Vec::new(), 1));
    forbid("configmaps");
    let half = read::picture(config.clone(), Clock::real(), in_ops()).await.expect("read");
    let [Finding { kind: FindingKind::Rights, seats, text }] = &findings(&half)[..] else { panic!("rights") };
    assert!(
        seats.len() == 17 && text.contains("no right to get the state in ops, for alertkube and 16 more"),
        "{text}"
    );
    assert!(table::render(&half).contains("(not read)"));
    forbid("leases");
    let error = read::picture(config, Clock::real(), in_ops()).await.err().expect("nothing was read");
    assert!(error.to_string().starts_with("nothing could be read:\nno right to list leases"), "{error}");
}

#[tokio::test]
async fn a_name_that_ends_in_an_index_is_of_one_seat() {
    let objects = vec![head_object("state-2-head", "c_3", 3)];
    let (_cluster, config, _tasks) = served(objects).await;
    let mut wanted = in_ops();
    wanted.state.as_mut().expect("a state").name = "state-2".to_owned();
    let read = read::picture(config, Clock::real(), wanted).await.expect("read");
    let with_head: Vec<_> = read.seats.iter().filter(|(_, seat)| seat.head.there().is_some()).collect();
    assert_eq!(with_head.iter().map(|(index, _)| **index).collect::<Vec<_>>(), [Some(2)]);
}
