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
