//! What is true of the sink `pagerduty` alone, and that its reference page shows what is really sent.

use alertkube_core::{Action, Notification, Report, SinkClass, Why};
use alertkube_sinks::{Attempt, Guard, PagerDuty, Post, Request, Sink};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{cases, golden};

const PAGE: &str = include_str!("../../../../docs/reference/pagerduty.md");

/// What PagerDuty takes, by its manual.
const BODY_MAX: usize = 512_000;
const SUMMARY_CHARS_MAX: usize = 1024;

fn sink() -> PagerDuty {
    PagerDuty { routing_key: Some("0123456789abcdef0123456789abcdef".into()), ..PagerDuty::default() }
}

fn attempt() -> Attempt {
    Attempt { number: 1, wall: cases::decided() }
}

fn post(sink: &PagerDuty, notification: &Notification) -> Post {
    match sink.render(notification, &attempt()).expect("it renders") {
        Request::Post(post) => post,
        Request::Line(line) => panic!("a line: {line}"),
    }
}

fn event(notification: &Notification) -> Value {
    serde_json::from_slice(&post(&sink(), notification).body).expect("JSON")
}

fn refused(sink: &PagerDuty) -> Option<Why> {
    sink.render(&cases::first(), &attempt()).err()
}

#[test]
fn an_incident_is_opened_and_closed_under_the_fingerprint() {
    assert_eq!(sink().class(), SinkClass::Keyed);
    let (open, close) = (event(&cases::first()), event(&cases::resolved()));
    assert_eq!((&open["event_action"], &close["event_action"]), (&json!("trigger"), &json!("resolve")));
    assert_eq!(open["dedup_key"], "f0b03a99c75e3eac");
    assert_eq!(open["dedup_key"], close["dedup_key"]);
    assert_eq!(open["payload"]["summary"], "shop/checkout-7d9f8c6b5-x2x1p: OOMKilled");
    assert_eq!(open["payload"]["timestamp"], "2026-11-23T04:01:08Z");
    assert_eq!(close["payload"]["timestamp"], "2026-11-23T04:15:12Z");
    for action in [Action::Raised, Action::Repeat] {
        let again = event(&Notification { action, ..cases::first() });
        assert_eq!((&again["event_action"], &again["dedup_key"]), (&json!("trigger"), &open["dedup_key"]));
    }
}

#[test]
fn an_incident_that_was_opened_under_another_key_is_ended_under_that() {
    for mut told in [cases::first(), cases::resolved()] {
        told.reports[0].key = Some("am-0123456789abcdef".to_owned());
        assert_eq!(event(&told)["dedup_key"], "am-0123456789abcdef");
    }
}

#[test]
fn a_key_that_would_have_to_be_cut_is_not_sent() {
    let keyed = |length| {
        let mut told = cases::first();
        told.reports[0].fingerprint = "k".repeat(length);
        sink().render(&told, &attempt()).err()
    };
    assert_eq!([keyed(0), keyed(255), keyed(256)], [Some(Why::Unrenderable), None, Some(Why::Unrenderable)]);
}

#[test]
fn even_an_absurd_report_fits_and_keeps_what_names_it() {
    for action in [Action::First, Action::Resolved] {
        let absurd = cases::enormous(action);
        let post = post(&sink(), &absurd);
        assert!(post.body.len() <= BODY_MAX, "{}", post.body.len());
        let event: Value = serde_json::from_slice(&post.body).expect("JSON");
        let summary = event["payload"]["summary"].as_str().expect("a text");
        assert!(summary.chars().count() <= SUMMARY_CHARS_MAX);
        let details = &event["payload"]["custom_details"];
        assert_eq!(details["delivery"], absurd.delivery);
        assert_eq!(details["episode"], absurd.reports[0].episode);
        assert!(details.get("labels").is_none() && details["text"].is_string(), "the lists make way first");
    }
}

#[test]
fn what_pagerduty_demands_is_there_even_if_the_cluster_has_no_name() {
    let mut told = cases::first();
    told.cluster.clear();
    told.reports = vec![Report { namespace: String::new(), ..told.reports[0].clone() }];
    let payload = event(&told)["payload"].clone();
    assert_eq!((&payload["source"], payload.get("group")), (&json!("kubernetes"), None));
    assert_eq!(payload["summary"], "checkout-7d9f8c6b5-x2x1p: OOMKilled");
    assert_eq!(event(&cases::told(Action::First, vec![cases::hostile()])).get("links"), None);
}

#[test]
fn events_go_to_the_region_or_to_the_address_that_is_given() {
    let to = |url: Option<&str>| {
        let sink = PagerDuty { url: url.map(Into::into), ..sink() };
        post(&sink, &cases::first()).url.expose_secret().to_owned()
    };
    assert_eq!(to(None), "https://events.pagerduty.com/v2/enqueue");
    assert_eq!(to(Some(PagerDuty::EU)), "https://events.eu.pagerduty.com/v2/enqueue");
    assert_eq!(to(Some("http://127.0.0.1:8080/v2/enqueue")), "http://127.0.0.1:8080/v2/enqueue");
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    for key in [None, Some(""), Some(" \n")] {
        let keyless = PagerDuty { routing_key: key.map(Into::into), ..sink() };
        assert_eq!(refused(&keyless), Some(Why::Unconfigured), "{key:?}");
    }
    let metadata = PagerDuty { url: Some("http://169.254.169.254/v2/enqueue".into()), ..sink() };
    assert_eq!(refused(&metadata), Some(Why::Blocked));
    let nowhere = PagerDuty { url: Some("no address".into()), ..sink() };
    assert_eq!(refused(&nowhere), Some(Why::Unconfigured));
    let proxied = |allowed: &[&str]| {
        let allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        refused(&PagerDuty { guard: Guard { proxied: true, allowed_hosts, ..Guard::default() }, ..sink() })
    };
    assert_eq!(proxied(&[]), Some(Why::Blocked));
    assert_eq!(proxied(&["events.pagerduty.com"]), None);
}

#[test]
fn the_page_shows_what_is_sent_and_names_every_field() {
    let event = event(&cases::first());
    golden::assert_same("docs/reference/pagerduty.md", &golden::with_example(PAGE, "trigger", &event));
    let mut open = vec![event];
    while let Some(Value::Object(fields)) = open.pop() {
        for (name, value) in fields.into_iter().filter(|(name, _)| name != "labels" && name != "annotations")
        {
            assert!(PAGE.contains(&format!("`{name}`")), "{name} is not explained");
            open.push(value);
        }
    }
    for (name, _) in &post(&sink(), &cases::first()).headers {
        assert!(PAGE.contains(&format!("`{name}`")), "{name} is not explained");
    }
}
