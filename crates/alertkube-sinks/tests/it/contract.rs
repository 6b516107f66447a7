//! The contract suite: every built sink, every canonical notification, every reply.

use std::time::Duration;

use alertkube_core::{Action, Digest, Notification, SinkClass, Stamp, Verdict, Why};
use alertkube_sinks::{
    Attempt, BUILT, Failure, Guard, KNOWN, PagerDuty, Post, Reply, Request, Sink, SinkSettings, Slack,
    Stdout, Webhook, WebhookFormat, build,
};
use serde_json::Value;

use crate::{cases, golden};

/// Bytes that no request of a sink exceeds.
const REQUEST_MAX: usize = 1024 * 1024;

/// Stands in every credential; nothing that can be shown may hold it.
const CANARY: &str = "s3cr3t";

/// Every way to set up each built sink; a new sink adds its lines here.
fn setups() -> Vec<(&'static str, SinkSettings)> {
    let stdout = |pretty, color| SinkSettings::Stdout(Stdout { pretty, color });
    vec![
        ("stdout-pretty", stdout(true, false)),
        ("stdout-color", stdout(true, true)),
        ("stdout-json", stdout(false, false)),
        ("webhook-reference", SinkSettings::Webhook(webhook(WebhookFormat::Reference))),
        ("webhook-v1", SinkSettings::Webhook(webhook(WebhookFormat::V1))),
        ("pagerduty", SinkSettings::PagerDuty(pagerduty())),
        ("slack-bot", SinkSettings::Slack(slack(true))),
        ("slack-webhook", SinkSettings::Slack(slack(false))),
    ]
}

fn pagerduty() -> PagerDuty {
    PagerDuty { routing_key: Some(format!("{CANARY}-routing-key\n").into()), ..PagerDuty::default() }
}

fn slack(bot: bool) -> Slack {
    let bot_token = bot.then(|| format!("xoxb-{CANARY}\n").into());
    let webhook_url = Some(format!("https://hooks.slack.com/services/T1/B1/{CANARY}\n").into());
    Slack { bot_token, webhook_url, ..Slack::default() }
}

fn webhook(format: WebhookFormat) -> Webhook {
    let url = format!(
        "https://{CANARY}-user:{CANARY}-password@hooks.example.com:8443/{CANARY}-path?key={CANARY}-query"
    );
    let (url, secret) = (Some(url.into()), Some(format!("{CANARY}-signing\n").into()));
    Webhook { url, secret, format, guard: Guard::default() }
}

fn sinks() -> Vec<(&'static str, Box<dyn Sink>)> {
    setups().into_iter().map(|(label, settings)| (label, build(settings))).collect()
}

/// Whether this sink may be given this: a keyed one is never told many problems at once.
fn is_for(notification: &Notification, sink: &dyn Sink) -> bool {
    sink.class() != SinkClass::Keyed || !matches!(notification.action, Action::Digest(_))
}

/// The canonical notifications that this sink may be given.
fn cases_for(sink: &dyn Sink) -> Vec<(&'static str, Notification)> {
    cases::all().into_iter().filter(|(_, notification)| is_for(notification, sink)).collect()
}

fn attempt(number: u32) -> Attempt {
    Attempt { number, wall: cases::decided().plus(Duration::from_millis(1500) * number) }
}

fn render(sink: &dyn Sink, notification: &Notification) -> Request {
    sink.render(notification, &attempt(1)).expect("it renders")
}

/// All bytes of a request that leave the process, besides the URL.
fn bytes(request: &Request) -> String {
    match request {
        Request::Line(line) => line.clone(),
        Request::Post(Post { headers, body, .. }) => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            headers + std::str::from_utf8(body).expect("UTF-8")
        }
    }
}

/// The JSON of a request that has some.
fn body(request: &Request) -> Option<Value> {
    match request {
        Request::Line(line) => serde_json::from_str(line).ok(),
        Request::Post(post) => Some(serde_json::from_slice(&post.body).expect("a JSON body")),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    match request {
        Request::Line(_) => None,
        Request::Post(post) => {
            post.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
        }
    }
}

#[test]
fn every_built_sink_is_known_and_under_contract() {
    let mut named: Vec<&str> = sinks().iter().map(|(_, sink)| sink.name()).collect();
    named.dedup();
    assert_eq!(named, BUILT);
    assert_eq!(KNOWN.len(), 10);
    assert!(BUILT.iter().all(|name| KNOWN.contains(name)));
}

#[test]
fn each_case_renders_as_its_golden_file() {
    for (label, sink) in sinks() {
        for (case, notification) in cases_for(&*sink) {
            let request = render(&*sink, &notification);
            let ending = if body(&request).is_some() { "json" } else { "txt" };
            let path = format!("crates/alertkube-sinks/golden/{label}/{case}.{ending}");
            let shown = golden::show(&request).replace(CANARY, "canary");
            golden::assert_same(&path, &shown);
        }
    }
}

#[test]
fn the_same_notification_and_attempt_give_the_same_bytes() {
    for (label, sink) in sinks() {
        for (case, notification) in cases_for(&*sink) {
            let [one, two] = [(), ()].map(|()| bytes(&render(&*sink, &notification)));
            assert!(one == two, "{label} {case}");
        }
    }
}

#[test]
fn no_request_is_larger_than_its_bound() {
    let actions =
        [Action::First, Action::Raised, Action::Repeat, Action::Resolved, Action::Digest(Digest::News)];
    let mut worst: Vec<Notification> = actions.map(cases::enormous).into();
    worst.push(cases::digest_of(40_000));
    for (label, sink) in sinks() {
        for notification in worst.iter().filter(|notification| is_for(notification, &*sink)) {
            let request = sink.render(notification, &attempt(1));
            let size = request.as_ref().map(|request| bytes(request).len());
            assert!(
                size.is_ok_and(|size| size <= REQUEST_MAX),
                "{label} {:?}: {size:?}",
                notification.action
            );
        }
    }
}

#[test]
fn a_notification_of_nothing_cannot_be_rendered() {
    for (label, sink) in sinks() {
        let empty = cases::told(Action::Digest(Digest::Standing), Vec::new());
        assert_eq!(sink.render(&empty, &attempt(1)).err(), Some(Why::Unrenderable), "{label}");
    }
}

#[test]
fn every_try_of_a_notification_has_the_same_body_and_delivery_id() {
    for (label, sink) in sinks() {
        let tries = [1, 2].map(|number| sink.render(&cases::first(), &attempt(number)).expect("it renders"));
        assert_eq!(body(&tries[0]), body(&tries[1]), "{label}");
        if matches!(tries[0], Request::Post(_)) {
            let ids = tries.each_ref().map(|request| header(request, "X-Alertkube-Delivery"));
            assert_eq!(ids, [Some("4be1f0a97c25d386"); 2], "{label}");
            if !label.starts_with("webhook") {
                continue;
            }
            for renewed in ["X-Alertkube-Timestamp", "X-Alertkube-Signature", "X-Alertkube-Attempt"] {
                let values = tries.each_ref().map(|request| header(request, renewed));
                assert!(values[0].is_some() && values[0] != values[1], "{label} {renewed}");
            }
        }
    }
}

#[test]
fn a_firing_and_its_resolve_share_fingerprint_and_episode() {
    for (label, sink) in sinks() {
        let (firing, end) = (render(&*sink, &cases::first()), render(&*sink, &cases::resolved()));
        let (Some(firing_body), Some(end_body)) = (body(&firing), body(&end)) else { continue };
        let keys: &[&str] = match label {
            "webhook-reference" => &["/Fingerprint"],
            "pagerduty" => &["/dedup_key", "/payload/custom_details/episode"],
            // Nobody folds by these bodies; what is for programs stands in the headers.
            "slack-bot" | "slack-webhook" => &[],
            _ => &["/alerts/0/fingerprint", "/alerts/0/episode"],
        };
        for key in keys {
            assert!(firing_body.pointer(key).is_some_and(Value::is_string), "{label} {key}");
            assert_eq!(firing_body.pointer(key), end_body.pointer(key), "{label} {key}");
        }
        let episode = "X-Alertkube-Episode";
        assert_eq!(header(&firing, episode), header(&end, episode), "{label}");
        assert_eq!(header(&firing, episode).is_some(), matches!(firing, Request::Post(_)), "{label}");
    }
}

#[test]
fn a_digest_accounts_for_every_problem() {
    for (label, sink) in sinks() {
        let digest = cases::digest_of(2000);
        if !is_for(&digest, &*sink) {
            assert_eq!(sink.render(&digest, &attempt(1)).err(), Some(Why::Unrenderable), "{label}");
            continue;
        }
        let request = render(&*sink, &digest);
        let text = bytes(&request);
        match body(&request) {
            _ if sink.class() == SinkClass::Chat && label != "stdout-json" => {
                assert!(text.contains("2000 problems") && text.contains("+1980 more"), "{label}");
            }
            None => panic!("{label}: no body"),
            Some(_) => {
                let missing = (0..2000).find(|number| !text.contains(&format!("{number:016x}")));
                assert_eq!(missing, None, "{label}");
            }
        }
        assert_eq!(header(&request, "X-Alertkube-Episode"), None, "{label}: a digest has many");
    }
}

/// The text without the colours that the sink itself may use.
fn without_colors(text: &str) -> String {
    let mut plain = text.to_owned();
    for code in ["0", "1", "2", "1;97;41", "1;33", "1;36", "1;32"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    plain
}

#[test]
fn hostile_names_can_neither_steer_a_terminal_nor_forge_a_line() {
    for (label, sink) in sinks() {
        for action in
            [Action::First, Action::Raised, Action::Repeat, Action::Resolved, Action::Digest(Digest::News)]
        {
            let notification = cases::told(action, vec![cases::hostile(), cases::hostile()]);
            if !is_for(&notification, &*sink) {
                continue;
            }
            let request = render(&*sink, &notification);
            let text = without_colors(&bytes(&request));
            let bad = text.chars().find(|c| {
                (c.is_control() && *c != '\n')
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0041}')
            });
            assert_eq!(bad, None, "{label} {action:?}");
            let forged = text.lines().skip(1).find(|line| line.starts_with("04:05:12Z"));
            assert_eq!(forged, None, "{label} {action:?}");
            if let Request::Line(line) = &request {
                let indented = line.lines().skip(1).all(|line| line.starts_with("    "));
                assert!(indented && !text.contains("$(reboot)\n"), "{label} {action:?}");
            }
        }
    }
}

#[test]
fn no_credential_can_be_seen() {
    for (label, settings) in setups() {
        let sink = build(settings.clone());
        let request = render(&*sink, &cases::first());
        let refused = sink.render(&cases::told(Action::First, Vec::new()), &attempt(1));
        // PagerDuty has its key in the body, a bot of Slack its token in a header, at this place and no other.
        let place = match label {
            "pagerduty" => format!("\"routing_key\":\"{CANARY}-routing-key\""),
            "slack-bot" => format!("Authorization: Bearer xoxb-{CANARY}\n"),
            _ => String::new(),
        };
        let sent = bytes(&request).replacen(&place, "", 1);
        assert_eq!(sent != bytes(&request), !place.is_empty(), "{label}");
        let shown = format!("{settings:?} {settings:#?} {request:?} {request:#?} {refused:?} {sent}");
        assert!(!shown.contains(CANARY), "{label}: {shown}");
    }
}

#[test]
fn a_posts_debug_names_scheme_and_host_only() {
    let sink = build(SinkSettings::Webhook(webhook(WebhookFormat::V1)));
    let shown = format!("{:?}", render(&*sink, &cases::first()));
    assert!(shown.contains("\"https://hooks.example.com:8443\""), "{shown}");
}

#[test]
fn a_sink_without_an_address_fails_visibly() {
    for url in [None, Some(""), Some(" \n"), Some("no url"), Some("https://")] {
        let settings = Webhook { url: url.map(Into::into), ..webhook(WebhookFormat::V1) };
        let sink = build(SinkSettings::Webhook(settings));
        assert_eq!(sink.render(&cases::first(), &attempt(1)).err(), Some(Why::Unconfigured), "{url:?}");
    }
}

#[test]
fn a_forbidden_address_is_refused_before_any_request() {
    for url in ["http://169.254.169.254/latest", "ftp://example.com/", "http://metadata.google.internal/"] {
        let sink =
            build(SinkSettings::Webhook(Webhook { url: Some(url.into()), ..webhook(WebhookFormat::V1) }));
        assert_eq!(sink.render(&cases::first(), &attempt(1)).err(), Some(Why::Blocked), "{url}");
    }
}

#[test]
fn an_empty_secret_signs_nothing() {
    let settings = Webhook { secret: Some("\n".into()), ..webhook(WebhookFormat::V1) };
    let request = render(&*build(SinkSettings::Webhook(settings)), &cases::first());
    assert_eq!(header(&request, "X-Alertkube-Signature"), None);
    assert_eq!(header(&request, "X-Alertkube-Timestamp"), Some("2026-11-23T04:05:13Z"));
}

fn answer(status: u16, retry_after: Option<&str>) -> Reply {
    let wall = Stamp::parse("2026-11-23T04:05:12Z").expect("a time stamp");
    Reply::answer(status, retry_after, wall, br#"{"ok": true}"#)
}

fn retry(why: Why, after: Option<u64>, in_doubt: bool) -> Verdict {
    Verdict::Retry { why, after: after.map(Duration::from_secs), in_doubt }
}

#[test]
fn every_reply_has_its_verdict() {
    let expected = [
        (answer(200, None), Verdict::Done),
        (answer(204, None), Verdict::Done),
        (Reply::Written, Verdict::Done),
        (answer(429, Some("17")), retry(Why::Throttled, Some(17), false)),
        (answer(429, Some("Mon, 23 Nov 2026 04:06:00 GMT")), retry(Why::Throttled, Some(48), false)),
        (answer(429, None), retry(Why::Throttled, None, false)),
        (answer(429, Some("86400")), retry(Why::Throttled, Some(3600), false)),
        (answer(408, None), retry(Why::Throttled, None, false)),
        (answer(425, None), retry(Why::Throttled, None, false)),
        (answer(500, None), retry(Why::ServerError, None, false)),
        (answer(502, None), retry(Why::ServerError, None, true)),
        (answer(503, Some("5")), retry(Why::ServerError, Some(5), false)),
        (answer(504, None), retry(Why::ServerError, None, true)),
        (Reply::Failed(Failure::Timeout), retry(Why::Timeout, None, true)),
        (Reply::Failed(Failure::Broken), retry(Why::Unreachable, None, true)),
        (Reply::Failed(Failure::Connect), retry(Why::Unreachable, None, false)),
        (Reply::Failed(Failure::Dns), retry(Why::Unreachable, None, false)),
        (Reply::Failed(Failure::Tls), retry(Why::Unreachable, None, false)),
        (Reply::Failed(Failure::Blocked), Verdict::Reject(Why::Blocked)),
        (answer(401, None), Verdict::Reject(Why::Unauthorized)),
        (answer(403, None), Verdict::Reject(Why::Unauthorized)),
        (answer(301, None), Verdict::Reject(Why::Refused)),
        (answer(400, None), Verdict::Reject(Why::Refused)),
        (answer(404, None), Verdict::Reject(Why::Refused)),
        (answer(410, None), Verdict::Reject(Why::Refused)),
        (answer(413, None), Verdict::Reject(Why::Refused)),
    ];
    for (label, sink) in sinks() {
        for (reply, verdict) in &expected {
            assert_eq!(&sink.classify(reply), verdict, "{label} {reply:?}");
        }
    }
}
