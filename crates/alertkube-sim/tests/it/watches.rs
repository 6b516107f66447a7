//! Watches and streaming lists without faults.

use std::time::Duration;

use alertkube_sim::{PodShape, Request};
use serde_json::json;

use crate::kit::{MAPS, START, Said, Side, text, version};

const STREAMING: &str =
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

fn pair(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

#[tokio::test]
async fn a_watch_tells_what_happened_since_its_version() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        side.config_maps(&["b"]).await;
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}")).await;
        assert_eq!(side.event(&mut watch).await, pair("ADDED", "b"));
        side.touch("a", "1").await;
        side.ok(&Request::delete(&format!("{MAPS}/b"))).await;
        assert_eq!(side.event(&mut watch).await, pair("MODIFIED", "a"));
        let gone = side.object(&mut watch, "DELETED").await;
        assert_eq!((&gone["metadata"]["name"], &gone["kind"]), (&json!("b"), &json!("ConfigMap")));
        assert_eq!(version(&gone), side.version().await, "a deletion has a version of its own");
        assert!(side.is_quiet(&watch));
    }
}

#[tokio::test]
async fn a_watch_from_any_version_begins_with_what_stands() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let mut watch = side.watch(&format!("{MAPS}?watch=true")).await;
        assert_eq!(side.event(&mut watch).await, pair("ADDED", "a"));
        assert!(side.is_quiet(&watch));
    }
}

#[tokio::test]
async fn a_streaming_list_ends_with_an_annotated_bookmark_and_goes_on() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "b"]).await;
        let mut watch = side.watch(&format!("{MAPS}?{STREAMING}")).await;
        for name in ["a", "b"] {
            assert_eq!(side.event(&mut watch).await, pair("ADDED", name));
        }
        let end = side.object(&mut watch, "BOOKMARK").await;
        assert_eq!(end["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
        assert_eq!(version(&end), side.version().await);
        assert_eq!(end["metadata"]["uid"], json!(null));
        side.touch("a", "1").await;
        assert_eq!(side.event(&mut watch).await, pair("MODIFIED", "a"));
    }
}

#[tokio::test]
async fn a_streaming_list_needs_its_match() {
    for mut side in Side::both().await {
        let target = format!("{MAPS}?watch=true&sendInitialEvents=true");
        let (code, status) = side.answer(&Request::get(&target)).await;
        assert_eq!((code, &status["details"]["causes"][0]["field"]), (422, &json!("resourceVersionMatch")));
    }
}

#[tokio::test]
async fn an_object_that_leaves_the_selection_is_deleted_for_its_watch() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "b"]).await;
        let then = side.version().await;
        let mut watch =
            side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}&labelSelector=app%3Dweb")).await;
        let label = |value| json!({ "metadata": { "labels": { "app": value } } });
        side.ok(&Request::merge_patch(&format!("{MAPS}/a"), &label("web"))).await;
        side.ok(&Request::merge_patch(&format!("{MAPS}/b"), &label("db"))).await;
        side.ok(&Request::merge_patch(&format!("{MAPS}/a"), &label("db"))).await;
        assert_eq!(side.event(&mut watch).await, pair("ADDED", "a"));
        let gone = side.object(&mut watch, "DELETED").await;
        assert_eq!(
            text(&gone["metadata"]["labels"]["app"]),
            "web",
            "it is shown as it last was in the selection"
        );
        assert_eq!(version(&gone), side.version().await);
        assert!(side.is_quiet(&watch));
    }
}

#[tokio::test]
async fn bookmarks_come_each_minute_to_who_asked() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        let mut asked =
            side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}&allowWatchBookmarks=true")).await;
        let silent = side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}")).await;
        for _ in 0..3 {
            side.advance(Duration::from_secs(60));
            let mark = side.object(&mut asked, "BOOKMARK").await;
            assert_eq!(version(&mark), then);
            assert_eq!(mark["metadata"]["annotations"], json!(null));
        }
        assert!(side.is_quiet(&silent));
    }
}

#[tokio::test]
async fn a_watch_ends_after_its_timeout() {
    for mut side in Side::both().await {
        let mut watch = side.watch(&format!("{MAPS}?watch=true&timeoutSeconds=300")).await;
        side.advance(Duration::from_secs(299));
        assert!(side.is_quiet(&watch));
        side.advance(Duration::from_secs(1));
        assert_eq!(side.next(&mut watch).await, Said::Ended);
    }
}

#[tokio::test]
async fn a_watch_from_the_future_hears_only_of_the_future() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let ahead = side.version().await + 2;
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={ahead}")).await;
        for value in ["1", "2", "3"] {
            side.touch("a", value).await;
        }
        let first = side.object(&mut watch, "MODIFIED").await;
        assert_eq!(version(&first), ahead + 1, "what came before its version is never told");
    }
}

#[tokio::test]
async fn a_pod_is_marked_before_it_goes() {
    for mut side in Side::both().await {
        let pod = PodShape::new("shop", "web-0", START).build();
        side.cluster(|cluster| cluster.apply(START, pod)).expect("a legal pod");
        let then = side.version().await;
        let pods = "/api/v1/namespaces/shop/pods";
        let mut watch = side.watch(&format!("{pods}?watch=true&resourceVersion={then}")).await;
        side.ok(&Request::delete(&format!("{pods}/web-0"))).await;
        let marked = side.object(&mut watch, "MODIFIED").await;
        assert!(marked["metadata"]["deletionTimestamp"].is_string());
        assert_eq!(marked["metadata"]["generation"], 2);
        let gone = side.object(&mut watch, "DELETED").await;
        assert_eq!(version(&gone), version(&marked) + 1);
    }
}
