//! The examples load.

use crate::given::Given;

#[test]
fn minimal() {
    let loaded = Given::nothing().load(include_str!("../../../../examples/minimal.yaml"));
    assert_eq!(loaded.settings.cluster, "kitchen");
    assert_eq!(loaded.sinks.len(), 1);
    assert_eq!(loaded.warnings.len(), 0);
}

#[test]
fn webhook() {
    let given = Given::nothing().var("GENERIC_WEBHOOK_URL", "https://hooks.example.com/a");
    let loaded = given.load(include_str!("../../../../examples/webhook.yaml"));
    assert_eq!(loaded.settings.routes.len(), 2);
    assert_eq!(loaded.warnings.len(), 0);
}

#[test]
fn everything() {
    let given = Given::nothing().var("GENERIC_WEBHOOK_URL", "https://hooks.example.com/a");
    let loaded = given.load(include_str!("../../../../examples/everything.yaml"));
    assert_eq!(loaded.settings.node_problems, ["KernelDeadlock", "ReadonlyFilesystem"]);
    assert_eq!(loaded.settings.annotations, ["example.com/team"]);
    assert_eq!(loaded.warnings.len(), 0);
}

#[test]
fn the_example_of_two_replicas_keeps_its_state() {
    let given = Given::nothing()
        .var("GENERIC_WEBHOOK_URL", "https://hooks.example.com/t0ken")
        .var("PAGERDUTY_ROUTING_KEY", "0123456789abcdef0123456789abcdef");
    let loaded = given.load(include_str!("../../../../examples/high-availability.yaml"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.persistence.map(|kept| kept.name).as_deref(), Some("alertkube-state"));
    assert_eq!(loaded.settings.routes.len(), 2);
}

#[test]
fn slack() {
    let given = Given::nothing()
        .var("SLACK_BOT_TOKEN", "xoxb-t0ken")
        .var("PAGERDUTY_ROUTING_KEY", "0123456789abcdef0123456789abcdef");
    let loaded = given.load(include_str!("../../../../examples/slack.yaml"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.settings.routes.len(), 2);
}
