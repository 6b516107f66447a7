//! The reference page of the webhook shows what is really sent.

use alertkube_core::Notification;
use alertkube_sinks::{Attempt, Request, SinkSettings, Webhook, WebhookFormat, build};
use serde_json::Value;

use crate::{cases, golden};

const PAGE: &str = include_str!("../../../../docs/reference/webhook.md");

#[test]
fn the_examples_on_the_page_are_what_is_sent() {
    let first = |format| document(format, &cases::first());
    let mut page = golden::with_example(PAGE, "reference", &first(WebhookFormat::Reference));
    page = golden::with_example(&page, "v1", &first(WebhookFormat::V1));
    golden::assert_same("docs/reference/webhook.md", &page);
}

#[test]
fn the_page_names_every_field_and_header() {
    let reference = document(WebhookFormat::Reference, &cases::first());
    let v1 = document(WebhookFormat::V1, &cases::all()[5].1);
    let alert = v1.pointer("/alerts/0").expect("an alert").clone();
    for document in [reference, v1, alert] {
        for field in document.as_object().expect("an object").keys() {
            assert!(PAGE.contains(&format!("`{field}`")), "{field} is not explained");
        }
    }
    for (name, _) in &post(WebhookFormat::V1, &cases::first()).headers {
        assert!(PAGE.contains(&format!("`{name}`")), "{name} is not explained");
    }
}

fn post(format: WebhookFormat, notification: &Notification) -> alertkube_sinks::Post {
    let url = Some("https://hooks.example.com/alerts".into());
    let secret = Some("a secret".into());
    let sink = build(SinkSettings::Webhook(Webhook { url, secret, format, ..Webhook::default() }));
    match sink.render(notification, &Attempt { number: 1, wall: cases::decided() }).expect("it renders") {
        Request::Post(post) => post,
        Request::Line(line) => panic!("a line: {line}"),
    }
}

fn document(format: WebhookFormat, notification: &Notification) -> Value {
    serde_json::from_slice(&post(format, notification).body).expect("JSON")
}
