//! Create, replace, patch, status and delete.

use alertkube_sim::{PodShape, Request, WorkloadShape};
use serde_json::{Value, json};

use crate::kit::{MAPS, START, Side, delete, text, version};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
const PODS: &str = "/api/v1/namespaces/shop/pods";

#[tokio::test]
async fn create_gives_what_only_the_server_gives() {
    for mut side in Side::both().await {
        let body = json!({ "metadata": { "name": "a", "uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z" } });
        let object = side.ok(&Request::post(MAPS, &body)).await;
        assert_eq!((&object["kind"], &object["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
        assert_eq!(object["metadata"]["namespace"], "shop");
        assert_eq!(object["metadata"]["creationTimestamp"], "2026-11-23T02:13:20Z");
        assert_eq!(text(&object["metadata"]["uid"]).len(), 36);
        let (code, again) = side.answer(&Request::post(MAPS, &body)).await;
        assert_eq!((code, &again["reason"]), (409, &json!("AlreadyExists")));
        assert_eq!(again["details"], json!({ "name": "a", "kind": "configmaps" }));
    }
}

#[tokio::test]
async fn create_refuses_what_is_not_sound() {
    for mut side in Side::both().await {
        for (target, body, wanted) in [
            (MAPS, json!({}), 422),
            (MAPS, json!({ "metadata": { "name": "Not Legal" } }), 422),
            (MAPS, json!({ "metadata": { "name": "a", "namespace": "other" } }), 400),
            (MAPS, json!({ "kind": "Secret", "metadata": { "name": "a" } }), 400),
            (MAPS, json!([1]), 400),
            (MAPS, json!({ "metadata": { "name": "a", "resourceVersion": "5" } }), 500),
            (MAPS, json!({ "metadata": { "name": "a" }, "data": { "v": "x".repeat(1_048_577) } }), 422),
            ("/api/v1/namespaces/nowhere/configmaps", json!({ "metadata": { "name": "a" } }), 404),
            ("/api/v1/unicorns", json!({ "metadata": { "name": "a" } }), 404),
            ("/api/v1/namespaces/shop/configmaps/a", json!({ "metadata": { "name": "a" } }), 405),
        ] {
            let (code, status) = side.answer(&Request::post(target, &body)).await;
            assert_eq!(code, wanted, "{target} {status}");
        }
        let named = side.ok(&Request::post(MAPS, &json!({ "metadata": { "generateName": "map-" } }))).await;
        assert_eq!(text(&named["metadata"]["name"]).len(), 9);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    for mut side in Side::both().await {
        let body = json!({ "metadata": { "name": "a" }, "data": { "v": "x".repeat(4 << 20) } });
        assert_eq!(side.answer(&Request::post(MAPS, &body)).await.0, 413);
    }
}

#[tokio::test]
async fn replace_with_an_old_version_conflicts() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let old = side.ok(&Request::get(&format!("{MAPS}/a"))).await;
        let newer = side.touch("a", "1").await;
        assert!(version(&newer) > version(&old));
        assert_eq!(newer["metadata"]["uid"], old["metadata"]["uid"]);
        let (code, status) = side.answer(&Request::put(&format!("{MAPS}/a"), &old)).await;
        assert_eq!((code, &status["reason"]), (409, &json!("Conflict")));
        let mut next = newer.clone();
        next["data"]["v"] = "2".into();
        assert_eq!(side.ok(&Request::put(&format!("{MAPS}/a"), &next)).await["data"]["v"], "2");
        next["metadata"]["resourceVersion"] = Value::Null;
        next["metadata"]["uid"] = "another".into();
        assert_eq!(side.answer(&Request::put(&format!("{MAPS}/a"), &next)).await.0, 409);
    }
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_no_write() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let first = side.touch("a", "1").await;
        assert_eq!(side.touch("a", "1").await, first);
    }
}

#[tokio::test]
async fn a_lease_is_replaced_only_with_its_version_and_created_by_put() {
    for mut side in Side::both().await {
        let lease = json!({ "metadata": { "name": "seat" }, "spec": { "holderIdentity": "a" } });
        let target = format!("{LEASES}/seat");
        let created = side.ok(&Request::put(&target, &lease)).await;
        assert_eq!(created["spec"]["holderIdentity"], "a");
        let (code, status) = side.answer(&Request::put(&target, &lease)).await;
        assert_eq!(
            (code, &status["details"]["causes"][0]["field"]),
            (422, &json!("metadata.resourceVersion"))
        );
        let mut taken = created.clone();
        taken["spec"]["holderIdentity"] = "b".into();
        side.ok(&Request::put(&target, &taken)).await;
        assert_eq!(side.answer(&Request::put(&target, &created)).await.0, 409);
        assert_eq!(
            side.answer(&Request::put(&format!("{MAPS}/none"), &json!({ "metadata": { "name": "none" } })))
                .await
                .0,
            404
        );
    }
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        side.touch("a", "1").await;
        let target = format!("{MAPS}/a");
        let patch = json!({ "data": { "v": null, "w": "2" }, "metadata": { "labels": { "app": "web" } } });
        let patched = side.ok(&Request::merge_patch(&target, &patch)).await;
        assert_eq!(patched["data"], json!({ "w": "2" }));
        assert_eq!(patched["metadata"]["labels"]["app"], "web");
        let stale = json!({ "metadata": { "resourceVersion": "1" }, "data": { "w": "3" } });
        assert_eq!(side.answer(&Request::merge_patch(&target, &stale)).await.0, 409);
        let mut foreign = Request::merge_patch(&target, &patch);
        foreign.content_type = "application/json-patch+json".to_owned();
        assert_eq!(side.answer(&foreign).await.0, 415);
        let mut foreign = Request::put(&target, &patched);
        foreign.content_type = "application/vnd.kubernetes.protobuf".to_owned();
        assert_eq!(side.answer(&foreign).await.0, 415);
        assert_eq!(side.answer(&Request::merge_patch(&format!("{MAPS}/none"), &patch)).await.0, 404);
    }
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    for mut side in Side::both().await {
        let collection = "/apis/apps/v1/namespaces/shop/deployments";
        let shape = WorkloadShape::deployment("shop", "web", 3, START).unavailable(1, START).build();
        let created = side.ok(&Request::post(collection, &shape)).await;
        assert_eq!(created["status"], json!({}), "a new object has no status");
        assert_eq!(created["metadata"]["generation"], 1);

        let mut both = created.clone();
        both["spec"]["replicas"] = 5.into();
        both["status"] = json!({ "readyReplicas": 2 });
        let target = format!("{collection}/web");
        let status = side.ok(&Request::put(&format!("{target}/status"), &both)).await;
        assert_eq!((&status["status"]["readyReplicas"], &status["spec"]["replicas"]), (&json!(2), &json!(3)));
        assert_eq!(status["metadata"]["generation"], 1);

        both["metadata"]["resourceVersion"] = status["metadata"]["resourceVersion"].clone();
        both["status"] = json!({ "readyReplicas": 9 });
        let main = side.ok(&Request::put(&target, &both)).await;
        assert_eq!((&main["status"]["readyReplicas"], &main["spec"]["replicas"]), (&json!(2), &json!(5)));
        assert_eq!(main["metadata"]["generation"], 2);

        let patch = json!({ "spec": { "replicas": 9 }, "status": { "replicas": 5 } });
        let patched = side.ok(&Request::merge_patch(&format!("{target}/status"), &patch)).await;
        assert_eq!(patched["status"], json!({ "readyReplicas": 2, "replicas": 5 }));
        assert_eq!(patched["spec"]["replicas"], 5);
        assert_eq!(side.ok(&Request::get(&format!("{target}/status"))).await, patched);
    }
}

#[tokio::test]
async fn a_pod_is_deleted_gracefully_when_that_is_asked() {
    for mut side in Side::both().await {
        let pod = PodShape::new("shop", "web-0", START).build();
        side.ok(&Request::post(PODS, &pod)).await;
        let target = format!("{PODS}/web-0");
        let leaving = side.ok(&delete(&target, &json!({ "gracePeriodSeconds": 30 }))).await;
        assert_eq!(leaving["metadata"]["deletionGracePeriodSeconds"], 30);
        assert!(leaving["metadata"]["deletionTimestamp"].is_string());
        side.ok(&Request::get(&target)).await;
        side.ok(&delete(&target, &json!({ "gracePeriodSeconds": 0 }))).await;
        assert_eq!(side.answer(&Request::get(&target)).await.0, 404);
        side.ok(&Request::post(PODS, &pod)).await;
        assert_eq!(side.ok(&Request::delete(&target)).await["kind"], "Pod");
        assert_eq!(side.answer(&Request::delete(&target)).await.0, 404);
    }
}

#[tokio::test]
async fn a_finalizer_holds_what_is_deleted() {
    for mut side in Side::both().await {
        let held = json!({ "metadata": { "name": "a", "finalizers": ["sim/hold"] } });
        side.ok(&Request::post(MAPS, &held)).await;
        let target = format!("{MAPS}/a");
        let leaving = side.ok(&Request::delete(&target)).await;
        assert!(leaving["metadata"]["deletionTimestamp"].is_string());
        side.ok(&Request::get(&target)).await;
        let version = version(&leaving);
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={version}")).await;
        side.ok(&Request::merge_patch(&target, &json!({ "metadata": { "finalizers": null } }))).await;
        assert_eq!(side.answer(&Request::get(&target)).await.0, 404);
        side.object(&mut watch, "DELETED").await;
    }
}

#[tokio::test]
async fn preconditions_guard_a_delete() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let target = format!("{MAPS}/a");
        let wrong = json!({ "preconditions": { "resourceVersion": "1" } });
        assert_eq!(side.answer(&delete(&target, &wrong)).await.0, 409);
        let gone = side.ok(&Request::delete(&target)).await;
        assert_eq!((&gone["status"], &gone["details"]["name"]), (&json!("Success"), &json!("a")));
    }
}

#[tokio::test]
async fn a_collection_and_a_namespace_are_deleted_with_all_they_hold() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "b"]).await;
        let gone = side.ok(&Request::delete(&format!("{MAPS}?fieldSelector=metadata.name=a"))).await;
        assert_eq!(crate::kit::names(&gone), ["a"]);
        assert_eq!(crate::kit::names(&side.ok(&Request::get(MAPS)).await), ["b"]);
        side.ok(&Request::delete("/api/v1/namespaces/shop")).await;
        assert_eq!(side.ok(&Request::get("/api/v1/configmaps")).await["items"], json!([]));
        assert_eq!(side.answer(&Request::post(MAPS, &json!({ "metadata": { "name": "a" } }))).await.0, 404);
    }
}

#[tokio::test]
async fn events_of_either_group_are_one() {
    for mut side in Side::both().await {
        let event = json!({
            "metadata": { "name": "web-0.1" }, "type": "Warning", "reason": "Unhealthy", "note": "probe failed",
            "regarding": { "kind": "Pod", "name": "web-0" }, "reportingController": "kubelet",
        });
        let new = "/apis/events.k8s.io/v1/namespaces/shop/events";
        let created = side.ok(&Request::post(new, &event)).await;
        assert_eq!(
            (&created["note"], &created["apiVersion"]),
            (&json!("probe failed"), &json!("events.k8s.io/v1"))
        );
        let old = "/api/v1/namespaces/shop/events";
        let list = side
            .ok(&Request::get(&format!("{old}?fieldSelector=type=Warning,involvedObject.name=web-0")))
            .await;
        assert_eq!(list["items"][0]["message"], "probe failed");
        let patch = json!({ "series": { "count": 2 }, "note": "again" });
        side.ok(&Request::merge_patch(&format!("{new}/web-0.1"), &patch)).await;
        let core = side.ok(&Request::get(&format!("{old}/web-0.1"))).await;
        assert_eq!((&core["message"], &core["series"]["count"]), (&json!("again"), &json!(2)));
        assert_eq!(core["note"], Value::Null);
    }
}
