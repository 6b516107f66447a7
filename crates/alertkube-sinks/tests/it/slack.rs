//! What is true of the sink `slack` alone, and that its reference page shows what is really sent.

use alertkube_core::{Action, Digest, Notification, Packed, Severity, SinkClass, Why};
use alertkube_sinks::{Attempt, Channels, Guard, Post, Request, Sink, Slack};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{cases, golden};

const PAGE: &str = include_str!("../../../../docs/reference/slack.md");

/// What Slack takes, by its manual: characters of a header, a text and a field, and blocks of a message.
const HEADER_MAX: usize = 150;
const TEXT_MAX: usize = 3000;
const FIELD_MAX: usize = 2000;

/// Bytes of the attachment's body, the figure of the Go program, and what may be said below it.
const BODY_MAX: usize = 7500 + 40;

fn bot() -> Slack {
    Slack { bot_token: Some("xoxb-1".into()), ..Slack::default() }
}

fn hook() -> Slack {
    Slack { webhook_url: Some("https://hooks.slack.com/services/T1/B1/x".into()), ..Slack::default() }
}

fn attempt() -> Attempt {
    Attempt { number: 1, wall: cases::decided() }
}

fn post(sink: &Slack, notification: &Notification) -> Post {
    match sink.render(notification, &attempt()).expect("it renders") {
        Request::Post(post) => post,
        Request::Line(line) => panic!("a line: {line}"),
    }
}

fn body(sink: &Slack, notification: &Notification) -> Value {
    serde_json::from_slice(&post(sink, notification).body).expect("JSON")
}

fn header_of(notification: &Notification) -> String {
    let body = body(&bot(), notification);
    body.pointer("/blocks/0/text/text").and_then(Value::as_str).expect("a header").to_owned()
}

fn asking(channel: &str) -> Notification {
    let mut told = cases::first();
    told.reports[0].annotations = Packed::of([("alert-slack-channel", channel)]);
    told
}

#[test]
fn a_bot_goes_before_a_webhook_and_each_to_its_place() {
    assert_eq!(bot().class(), SinkClass::Chat);
    let both = Slack { webhook_url: hook().webhook_url, ..bot() };
    assert_eq!(post(&both, &cases::first()).url.expose_secret(), "https://slack.com/api/chat.postMessage");
    let to = |sink: &Slack| post(sink, &cases::first()).url.expose_secret().to_owned();
    assert_eq!(to(&hook()), "https://hooks.slack.com/services/T1/B1/x");
    let relayed = Slack { url: Some("http://127.0.0.1:8080/api/chat.postMessage".into()), ..bot() };
    assert_eq!(to(&relayed), "http://127.0.0.1:8080/api/chat.postMessage");
    let empty = Slack { bot_token: Some(" \n".into()), ..hook() };
    assert_eq!(to(&empty), to(&hook()), "an empty token is none");
}

#[test]
fn the_channel_follows_the_severity_and_an_object_may_name_another() {
    let channels = Channels { critical: "#pager".into(), ..Channels::default() };
    let bot = Slack { channels: channels.clone(), ..bot() };
    let hook = Slack { channels, ..hook() };
    let channel = |sink: &Slack, told: &Notification| body(sink, told).get("channel").cloned();
    let of = |severity| {
        let mut told = cases::first();
        told.reports[0].severity = severity;
        channel(&bot, &told).expect("a channel")
    };
    assert_eq!(
        [Severity::Critical, Severity::Warning, Severity::Info].map(of),
        ["#pager", "alerts-warning", "alerts-info"]
    );
    assert_eq!(channel(&bot, &cases::digest_of(9)).expect("a channel"), "#pager", "by the worst");
    assert_eq!(channel(&bot, &asking("team-payments")).expect("a channel"), "team-payments");
    assert_eq!(channel(&hook, &cases::first()), None);
    assert_eq!(channel(&hook, &asking("team-payments")).expect("a channel"), "team-payments");
}

#[test]
fn a_channel_that_is_none_is_ignored_and_named() {
    let told = asking("<!channel> `x`");
    let body = body(&bot(), &told);
    assert_eq!(body["channel"], "alerts-critical");
    let shown = body["blocks"].to_string();
    assert!(shown.contains("alert-slack-channel is no channel name: `&lt;!channel&gt; 'x'`"), "{shown}");
}

#[test]
fn the_header_says_how_bad_and_whether_that_is_news() {
    assert_eq!(header_of(&cases::first()), "🔴 CRITICAL: Pod OOMKilled");
    assert_eq!(header_of(&cases::resolved()), "✅ RESOLVED: Pod OOMKilled");
    let again = |action| header_of(&Notification { action, ..cases::first() });
    assert_eq!(again(Action::Raised), "🔴 CRITICAL (raised): Pod OOMKilled");
    assert_eq!(again(Action::Repeat), "🔴 CRITICAL (still): Pod OOMKilled");
    assert_eq!(header_of(&cases::digest_of(3)), "🔴 3 problems already here at the first look");
    let gathered = |kind| Notification { action: Action::Digest(kind), ..cases::digest_of(3) };
    assert_eq!(header_of(&gathered(Digest::News)), "🔴 3 new problems");
    assert_eq!(header_of(&gathered(Digest::Ends)), "✅ 3 problems ended");
}

#[test]
fn an_end_is_green_and_says_how_long_it_stood() {
    let body = body(&bot(), &cases::resolved());
    assert_eq!(body.pointer("/attachments/0/color").expect("a colour"), "#2EB67D");
    assert!(body["blocks"].to_string().contains("*Summary:* stood 14m04s, was critical"), "{body}");
}

#[test]
fn no_name_can_call_a_channel_or_become_a_link() {
    for action in [Action::First, Action::Repeat, Action::Resolved, Action::Digest(Digest::News)] {
        let body = body(&bot(), &cases::told(action, vec![cases::hostile()])).to_string();
        assert!(!body.contains(['<', '>']), "{action:?}: {body}");
    }
}

#[test]
fn even_absurd_reports_keep_what_slack_takes() {
    for action in [Action::First, Action::Raised, Action::Resolved, Action::Digest(Digest::News)] {
        for told in [cases::enormous(action), cases::told(action, vec![cases::hostile(); 30])] {
            let body = body(&bot(), &told);
            let length = |at: &str| body.pointer(at).and_then(Value::as_str).map_or(0, str::len);
            assert!(length("/blocks/0/text/text") <= HEADER_MAX && length("/text") <= TEXT_MAX);
            assert!(length("/attachments/0/text") <= BODY_MAX, "{}", length("/attachments/0/text"));
            for block in body["blocks"].as_array().expect("blocks") {
                let mut texts: Vec<&Value> = block.pointer("/text/text").into_iter().collect();
                let nested = ["fields", "elements"].iter().filter_map(|key| block[*key].as_array()).flatten();
                for field in nested.filter_map(|field| field["text"].as_str()) {
                    assert!(!field.is_empty() && field.len() <= FIELD_MAX, "{field}");
                }
                texts
                    .retain(|text| text.as_str().is_none_or(|text| text.is_empty() || text.len() > TEXT_MAX));
                assert!(texts.is_empty(), "{texts:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    let refused = |sink: &Slack| sink.render(&cases::first(), &attempt()).err();
    assert_eq!(refused(&Slack::default()), Some(Why::Unconfigured));
    let spoilt = Slack { bot_token: Some("xoxb 1\r\nX: y".into()), ..Slack::default() };
    assert_eq!(refused(&spoilt), Some(Why::Unconfigured));
    let metadata = Slack { url: Some("http://169.254.169.254/".into()), ..bot() };
    assert_eq!(refused(&metadata), Some(Why::Blocked));
    let guard = Guard { proxied: true, ..Guard::default() };
    assert_eq!(refused(&Slack { guard: guard.clone(), ..bot() }), Some(Why::Blocked));
    let guard = Guard { allowed_hosts: vec!["slack.com".into()], ..guard };
    assert_eq!(refused(&Slack { guard, ..bot() }), None);
}

#[test]
fn the_page_shows_what_is_sent_and_names_every_field() {
    let body = body(&bot(), &cases::first());
    golden::assert_same("docs/reference/slack.md", &golden::with_example(PAGE, "first", &body));
    for name in body.as_object().expect("an object").keys() {
        assert!(PAGE.contains(&format!("`{name}`")), "{name} is not explained");
    }
    for (name, _) in &post(&bot(), &cases::first()).headers {
        assert!(PAGE.contains(&format!("`{name}`")), "{name} is not explained");
    }
}
