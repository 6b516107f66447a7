//! What is removed from a simulated cluster, and what is left alone.

use alertkube_sim::{Fault, Scope};
use serde_json::json;

use super::*;
use crate::cli::seats::tests::{head_object, lease_object, served};

fn of(shard: Option<u32>) -> Forget {
    Forget {
        kubeconfig: None,
        state_name: "state".to_owned(),
        state_namespace: "ops".to_owned(),
        state_kind: Kind::ConfigMap,
        leader_election_namespace: Some("ops".to_owned()),
        shard,
        after_pods: Some("app=alertkube".to_owned()),
        yes: true,
    }
}

fn objects() -> Vec<serde_json::Value> {
    vec![
        head_object("state-head", "a_1", 1),
        head_object("state-2-head", "c_1", 3),
        head_object("state-lost-b07", "a_1", 1),
        // Somebody else's, and the Go program's.
        head_object("state-of-others", "x", 1),
        head_object("state", "x", 1),
        lease_object("alertkube", "a_1"),
        lease_object("alertkube-shard-2", "c_1"),
    ]
}

#[tokio::test]
async fn state_and_leases_of_this_release_go_and_nothing_else() {
    let (_cluster, config, _tasks) = served(objects()).await;
    let client = || Client::try_from(config.clone()).expect("a client");
    let foreign = of(None).forget(client(), Some("other")).await.expect("removed");
    assert_eq!(foreign, "removed 3 state objects and 0 Leases");
    let own = of(None).forget(client(), Some("main")).await.expect("removed");
    assert_eq!(own, "removed 0 state objects and 2 Leases");
    let left =
        Api::<ConfigMap>::namespaced(client(), "ops").list(&ListParams::default()).await.expect("listed");
    let left: Vec<_> = left.items.into_iter().filter_map(|object| object.metadata.name).collect();
    assert_eq!(left, ["state", "state-of-others"]);
}

#[tokio::test]
async fn one_shard_is_removed_alone() {
    let (_cluster, config, _tasks) = served(objects()).await;
    let client = Client::try_from(config).expect("a client");
    let words = of(Some(2)).forget(client, None).await.expect("removed");
    assert_eq!(words, "removed 1 state objects and 1 Leases");
}

#[tokio::test]
async fn a_missing_right_is_said_and_nothing_is_called_removed() {
    let (cluster, config, _tasks) = served(objects()).await;
    let now = Clock::real().now().stamp();
    cluster.with(|cluster| cluster.inject(now, Fault::Forbidden, Scope::all().resource("configmaps")));
    let client = Client::try_from(config).expect("a client");
    let error = of(None).forget(client, None).await.expect_err("forbidden");
    assert!(format!("{error:#}").starts_with("remove state-"), "{error:#}");
}

#[tokio::test]
async fn pods_that_run_are_waited_for() {
    let labels = json!({ "app": "alertkube" });
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a-1", "namespace": "ops", "labels": labels },
        "spec": { "containers": [{ "name": "a", "image": "a" }] },
    });
    let (_cluster, config, _tasks) = served(vec![pod]).await;
    let pods = Api::namespaced(Client::try_from(config).expect("a client"), "ops");
    let error = pods_gone(&pods, "app=alertkube", Duration::ZERO).await.expect_err("it runs").to_string();
    assert_eq!(error, "1 pods with app=alertkube are still there after 0 s");
    pods_gone(&pods, "app=other", Duration::ZERO).await.expect("there is none");
}
