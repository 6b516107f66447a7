//! Every fact is recorded, and what is served is what the book says.

use alertkube_core::{
    Action, Digest, Holding, KindStatus, Part, SeatId, SeatStatus, Severity, SinkStatus, StoreTrouble,
};

use super::*;
use alertkube_core::{About, Fact, LostWhy, SeatFact, Suppressed, Why};

/// Compares with a file below the workspace, or writes it.
#[expect(clippy::disallowed_methods, reason = "golden files belong to the tests")]
fn assert_golden(path: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(golden, text, "{} differs; UPDATE=1 rewrites it", path.display());
}

fn about() -> About {
    About {
        fingerprint: "0123456789abcdef".to_owned(),
        kind: "Pod",
        namespace: "shop".to_owned(),
        name: "web-0".to_owned(),
        reason: "OOMKilled",
        severity: Severity::Critical,
    }
}

fn every_fact() -> Vec<Fact> {
    let words = "words".to_owned();
    let (sink, delivery) = ("webhook".to_owned(), "00000000000000aa".to_owned());
    let holders = [
        Suppressed::Startup,
        Suppressed::Silenced,
        Suppressed::Inhibited("f".to_owned()),
        Suppressed::Explained("f".to_owned()),
        Suppressed::Muted,
        Suppressed::Foreign,
        Suppressed::Unrouted,
    ];
    let (kind, action, first) = (KindId::Pod, Action::First, Some(about()));
    let mut facts: Vec<Fact> = holders.map(|by| Fact::Held { about: about(), by }).into();
    facts.extend([
        Fact::KindLive { kind, objects: 3 },
        Fact::KindLost { kind, why: LostWhy::Forbidden("pods is forbidden".to_owned()), first: true },
        Fact::GateOpened { missing: vec![kind] },
        Fact::GateOpened { missing: Vec::new() },
        Fact::Fired(about()),
        Fact::Ended(about()),
        Fact::Sending { sink: sink.clone(), action, delivery: delivery.clone(), reports: 1, about: first },
        Fact::Delivered { sink: sink.clone(), action, delivery: delivery.clone(), attempts: 2, reports: 1 },
        Fact::Delivered {
            sink: sink.clone(),
            action: Action::Digest(Digest::News),
            delivery: delivery.clone(),
            attempts: 1,
            reports: 40,
        },
        Fact::Retrying { sink: sink.clone(), delivery: delivery.clone(), why: Why::Timeout, seconds: 2 },
        Fact::DeadLetter { sink: sink.clone(), delivery, why: Why::Unconfigured },
        Fact::Breaker { sink, open: true },
        Fact::Quarantined { kind, namespace: "shop".to_owned(), name: "web-0".to_owned() },
        Fact::Seat(SeatFact::Held { seat: SeatId(1), term: Some(3), alerts: 2, first: false }),
        Fact::Seat(SeatFact::Held { seat: SeatId(1), term: Some(3), alerts: 0, first: true }),
        Fact::Seat(SeatFact::Held { seat: SeatId(1), term: None, alerts: 0, first: true }),
        Fact::Seat(SeatFact::Waits { seat: SeatId(1) }),
        Fact::Seat(SeatFact::Silent { seat: SeatId(1), total: 4 }),
        Fact::Seat(SeatFact::Leaves { seat: SeatId(1), holder: words.clone() }),
        Fact::Seat(SeatFact::Outdated { seat: SeatId(1) }),
        Fact::Seat(SeatFact::Relaid { seat: SeatId(1), total: 4, alerts: 9, silent: Duration::from_secs(2) }),
        Fact::Seat(SeatFact::CalledOff { seat: SeatId(1) }),
        Fact::Seat(SeatFact::Lost { seat: SeatId(1), why: words.clone() }),
        Fact::Seat(SeatFact::Fenced { seat: SeatId(1), term: 4, by: words.clone() }),
        Fact::Seat(SeatFact::Refused { why: words.clone() }),
        Fact::Seat(SeatFact::Unheard { why: words.clone() }),
        Fact::Seat(SeatFact::Saved),
        Fact::Seat(SeatFact::Unreadable { why: words.clone() }),
        Fact::Seat(SeatFact::SetAside { part: words.clone(), why: words.clone() }),
        Fact::Seat(SeatFact::Mended { what: words.clone() }),
        Fact::Seat(SeatFact::Migrated { alerts: 5, unseen: 1, pending: 2, silences: 3, left_out: 4 }),
        Fact::Seat(SeatFact::NotMigrated { why: words }),
        Fact::Seat(SeatFact::Strange(2)),
        Fact::Seat(SeatFact::Undurable { sink: "webhook".to_owned() }),
        Fact::Bound("fingerprints"),
    ]);
    facts
}

fn served() -> String {
    let telemetry = Telemetry::new("0.0.0", ["stdout", "webhook"]);
    every_fact().iter().for_each(|fact| telemetry.record(fact));
    telemetry.unreadable(KindId::Pod, 2, "no JSON");
    telemetry.left_out(&["slack"]);
    telemetry.tried("webhook", true, Duration::from_millis(30));
    telemetry.took("webhook", Duration::from_secs(2));
    telemetry.wrote(Part::Head, 300, Duration::from_millis(4), None);
    telemetry.wrote(Part::Segment(0), 300, Duration::from_millis(4), Some(&StoreTrouble::Conflict));
    telemetry.status(&Status {
        telling: true,
        kinds: vec![KindStatus { kind: KindId::Pod, live: true, lost: None, objects: 7 }],
        active: 1,
        pending: 2,
        kept: 3,
        seat: SeatStatus {
            seat: SeatId(1),
            total: 3,
            wish: 3,
            elected: true,
            hold: Holding::Holds,
            term: Some(3),
            holder: None,
            since: Duration::ZERO,
            kept: true,
            unsaved: Some("quota".to_owned()),
            in_doubt: 4,
            uncovered: vec![2],
            doubled: None,
        },
        sinks: vec![SinkStatus {
            name: "webhook".to_owned(),
            depth: 5,
            in_flight: 1,
            breaker_open: true,
            refused: 2,
        }],
    });
    telemetry.text()
}

#[test]
fn facts_and_status_are_counted() {
    let text = served();
    let counted = |line: &str| assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    counted(r#"alertkube_alerts_total{kind="Pod",severity="critical",reason="OOMKilled"} 1"#);
    counted(r#"alertkube_alerts_ended_total{kind="Pod",severity="critical",reason="OOMKilled"} 1"#);
    counted(r#"alertkube_delivered_total{sink="webhook",action="first"} 1"#);
    counted(r#"alertkube_sink_errors_total{sink="webhook"} 2"#);
    counted(r#"alertkube_sink_errors_total{sink="stdout"} 0"#);
    counted(r#"alertkube_sink_noop_total{sink="webhook"} 1"#);
    counted(r#"alertkube_default_sink_left_out{sink="slack"} 1"#);
    counted(r#"alertkube_retries_total{sink="webhook",why="timeout"} 1"#);
    counted(r#"alertkube_sink_send_seconds_bucket{le="0.05",sink="webhook",result="ok"} 1"#);
    counted(r#"alertkube_delivery_seconds_count{sink="webhook"} 1"#);
    counted(r#"alertkube_watch_lost_total{kind="Pod",why="forbidden"} 1"#);
    counted(r#"alertkube_unreadable_objects_total{kind="Pod"} 2"#);
    counted(r#"alertkube_bounds_reached_total{bound="fingerprints"} 1"#);
    counted(r#"alertkube_dispatch_inflight{sink="webhook"} 1"#);
    counted(r#"alertkube_sink_breaker_open{sink="webhook"} 1"#);
    counted(r#"alertkube_objects{kind="Pod"} 7"#);
    counted("alertkube_dispatch_queue_depth 4");
    counted("alertkube_outbox_pending 5");
    counted(r#"alertkube_alerts_folded_total{sink="webhook"} 40"#);
    counted("alertkube_dead_letter_total 1");
    counted(r#"alertkube_dead_letters{sink="webhook"} 2"#);
    counted("alertkube_quarantined_objects_total 1");
    counted("alertkube_telling 1");
    counted("alertkube_leader 1");
    counted(r#"alertkube_seat_term{seat="1"} 3"#);
    counted("alertkube_takeovers_total 3");
    counted("alertkube_fenced_total 1");
    counted("alertkube_state_unsaved 1");
    counted(r#"alertkube_undurable_total{sink="webhook"} 1"#);
    for holder in HOLDERS {
        let ours = !["maintenance", "grouped", "ratelimited", "circuit_open"].contains(&holder);
        counted(&format!("alertkube_alerts_suppressed_total{{reason=\"{holder}\"}} {}", u8::from(ours)));
    }
}

/// What a parser of the plain text format insists on: each sample behind the type of its own family, known types only,
/// and nothing of OpenMetrics.
#[test]
fn plain_text_parsers_take_it() {
    let mut family = (String::new(), String::new());
    for line in served().lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            match words.as_slice() {
                ["TYPE", name, kind @ ("counter" | "gauge" | "histogram")] => {
                    family = ((*name).to_owned(), (*kind).to_owned());
                }
                ["HELP", _, text] => assert!(!text.is_empty()),
                other => panic!("a comment that is none: {other:?}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a sample");
        let name = series.split('{').next().expect("a name");
        let rest = name.strip_prefix(family.0.as_str()).unwrap_or_else(|| panic!("{line} under {family:?}"));
        let histogram = family.1 == "histogram" && ["_sum", "_count", "_bucket"].contains(&rest);
        assert!(rest.is_empty() || histogram, "{line} under {family:?}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn names_are_the_golden_ones() {
    let telemetry = Telemetry::new("0.0.0", []);
    let mut names: Vec<String> = telemetry
        .metrics
        .book
        .entries
        .iter()
        .map(|entry| format!("{} {} {{{}}}\n", entry.name, entry.kind, entry.labels.join(",")))
        .collect();
    names.sort();
    assert_golden("crates/alertkube/tests/golden/metrics.txt", &names.concat());
}

#[test]
fn every_name_is_served_once_under_its_type() {
    let text = served();
    let telemetry = Telemetry::new("0.0.0", []);
    // Which cloud sources there will be is not known; a family without a series is not shown.
    let known = |entry: &&book::Entry| entry.labels != ["source"];
    for entry in telemetry.metrics.book.entries.iter().filter(known) {
        let line = format!("# TYPE {} {}", entry.name, entry.kind);
        assert_eq!(text.lines().filter(|found| *found == line).count(), 1, "{line}");
        assert_eq!(entry.name.ends_with("_total"), entry.kind == "counter", "{}", entry.name);
    }
}

#[test]
fn the_reference_page_is_current() {
    let mut page = String::from(
        "# Metrics\n\nServed as plain text on `/metrics`. Written by a test from the table in the code \
         (`UPDATE=1 cargo test -p alertkube` rewrites it).\n\n| Name | Type | Labels | Meaning |\n|---|---|---|---|\n",
    );
    for entry in &Telemetry::new("0.0.0", []).metrics.book.entries {
        let labels = entry.labels.join(", ");
        page.push_str(&format!("| `{}` | {} | {labels} | {} |\n", entry.name, entry.kind, entry.help));
    }
    assert_golden("docs/reference/metrics.md", &page);
}
