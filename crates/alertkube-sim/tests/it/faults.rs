//! Everything that real API servers were seen to do to a client, on demand.

use std::time::Duration;

use alertkube_sim::{Fault, Request, Scope, Verb};
use serde_json::{Value, json};

use crate::kit::{Got, MAPS, Said, Side, names, text, version};

const STREAMING: &str =
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

fn cause(status: &Value, field: &str) -> String {
    text(&status["details"]["causes"][0][field])
}

#[tokio::test]
async fn etcd_too_old_for_progress_notify() {
    for mut side in Side::both().await {
        side.inject(Fault::NoProgressNotify, Scope::all()).await;
        let mut watch = side.watch(&format!("{MAPS}?{STREAMING}")).await;
        let error = side.object(&mut watch, "ERROR").await;
        assert_eq!(error["code"], 500);
        assert!(text(&error["message"]).ends_with("RequestWatchProgress is disabled"), "{error}");
        assert_eq!(side.next(&mut watch).await, Said::Ended);
        side.watch(&format!("{MAPS}?watch=true")).await;
    }
}

#[tokio::test]
async fn watch_list_gate_off() {
    for mut side in Side::both().await {
        side.inject(Fault::NoWatchList, Scope::all()).await;
        let (code, status) = side.answer(&Request::get(&format!("{MAPS}?{STREAMING}"))).await;
        assert_eq!((code, &status["reason"]), (422, &json!("Invalid")));
        assert_eq!(cause(&status, "field"), "sendInitialEvents");
    }
}

#[tokio::test]
async fn just_started_so_every_version_is_too_large() {
    for mut side in Side::both().await {
        side.inject(Fault::VersionTooLarge, Scope::all().times(2)).await;
        let mut watch = side.watch(&format!("{MAPS}?{STREAMING}")).await;
        let error = side.object(&mut watch, "ERROR").await;
        assert_eq!((&error["code"], &error["reason"]), (&json!(504), &json!("Timeout")));
        assert_eq!(cause(&error, "reason"), "ResourceVersionTooLarge");
        assert_eq!(error["details"]["retryAfterSeconds"], 1);
        assert_eq!(side.answer(&Request::get(MAPS)).await.0, 504);
        side.ok(&Request::get(MAPS)).await;
    }
}

#[tokio::test]
async fn watch_from_too_old_a_version() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        side.touch("a", "1").await;
        side.inject(Fault::Compact, Scope::all()).await;
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}")).await;
        let error = side.object(&mut watch, "ERROR").await;
        assert_eq!((&error["code"], &error["reason"]), (&json!(410), &json!("Expired")));
        assert_eq!(side.next(&mut watch).await, Said::Ended);
    }
}

#[tokio::test]
async fn a_short_history_expires_by_itself() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        side.inject(Fault::ShortHistory { changes: 2 }, Scope::all()).await;
        for value in ["1", "2", "3"] {
            side.touch("a", value).await;
        }
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}")).await;
        assert_eq!(side.object(&mut watch, "ERROR").await["code"], 410);
    }
}

#[tokio::test]
async fn an_open_watch_expires() {
    for mut side in Side::both().await {
        let mut watch = side.watch(&format!("{MAPS}?watch=true")).await;
        side.inject(Fault::Expire, Scope::all().resource("configmaps")).await;
        assert_eq!(side.object(&mut watch, "ERROR").await["reason"], "Expired");
        assert_eq!(side.next(&mut watch).await, Said::Ended);
    }
}

#[tokio::test]
async fn stale_continue_token_carries_another() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "b", "c"]).await;
        for fault in [Fault::StaleContinue, Fault::Compact] {
            let first = side.ok(&Request::get(&format!("{MAPS}?limit=1"))).await;
            let token = text(&first["metadata"]["continue"]);
            side.touch("c", &format!("{fault:?}")).await;
            side.inject(fault, Scope::all().times(1)).await;
            let (code, status) =
                side.answer(&Request::get(&format!("{MAPS}?limit=1&continue={token}"))).await;
            assert_eq!((code, &status["reason"]), (410, &json!("Expired")));
            let token = text(&status["metadata"]["continue"]);
            let rest = side.ok(&Request::get(&format!("{MAPS}?continue={token}"))).await;
            assert_eq!(names(&rest), ["b", "c"]);
            assert!(version(&rest) > version(&first), "the rest is of another moment");
        }
    }
}

#[tokio::test]
async fn watches_are_cut_again_and_again() {
    for mut side in Side::both().await {
        let mut watch = side.watch(&format!("{MAPS}?watch=true")).await;
        side.inject(Fault::CutWatches { times: 3, every_millis: 10_000 }, Scope::all()).await;
        assert_eq!(side.next(&mut watch).await, Said::Cut);
        for _ in 0..2 {
            let mut watch = side.watch(&format!("{MAPS}?watch=true")).await;
            side.advance(Duration::from_secs(10));
            assert_eq!(side.next(&mut watch).await, Said::Cut);
        }
        let watch = side.watch(&format!("{MAPS}?watch=true")).await;
        side.advance(Duration::from_secs(10));
        assert!(side.is_quiet(&watch), "three cuts were asked");
    }
}

#[tokio::test]
async fn a_half_dead_watch_stays_open_and_says_nothing() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        let target = format!("{MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion={then}");
        let dead = side.watch(&target).await;
        side.inject(Fault::HalfDead, Scope::all()).await;
        let mut live = side.watch(&target).await;
        side.touch("a", "1").await;
        side.object(&mut live, "MODIFIED").await;
        side.advance(Duration::from_secs(60));
        side.object(&mut live, "BOOKMARK").await;
        assert!(side.is_quiet(&dead));
    }
}

#[tokio::test]
async fn a_slow_readers_watch_is_closed_without_any_event() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={then}")).await;
        side.inject(Fault::SlowReader { lines: 2 }, Scope::all()).await;
        let write = |value: i32| {
            let object = json!({ "metadata": { "name": "a" }, "data": { "v": value.to_string() } });
            Request::put(&format!("{MAPS}/a"), &object)
        };
        // All at once, so that no reader is fast enough.
        side.cluster(|cluster| {
            for value in 0..5 {
                cluster.request(crate::kit::START, &write(value));
            }
        });
        for _ in 0..2 {
            side.object(&mut watch, "MODIFIED").await;
        }
        assert_eq!(side.next(&mut watch).await, Said::Ended);
    }
}

#[tokio::test]
async fn too_many_requests_with_retry_after() {
    for mut side in Side::both().await {
        for plain in [false, true] {
            let fault = Fault::TooManyRequests { retry_after_seconds: 3, plain };
            side.inject(fault, Scope::all().times(1)).await;
            match side.send(&Request::get(MAPS)).await {
                Got::Answer { code, retry_after, body } => {
                    assert_eq!((code, retry_after.as_deref()), (429, Some("3")));
                    assert_eq!(serde_json::from_slice::<Value>(&body).is_err(), plain);
                }
                got => panic!("{got:?}"),
            }
            side.ok(&Request::get(MAPS)).await;
        }
    }
}

#[tokio::test]
async fn unauthorized_after_a_token_rotation() {
    for mut side in Side::both().await {
        side.inject(Fault::Unauthorized, Scope::all().times(2)).await;
        for target in [MAPS.to_owned(), format!("{MAPS}?{STREAMING}")] {
            let (code, status) = side.answer(&Request::get(&target)).await;
            assert_eq!((code, &status["reason"]), (401, &json!("Unauthorized")));
        }
        side.ok(&Request::get(MAPS)).await;
    }
}

#[tokio::test]
async fn forbidden_for_one_kind_only() {
    for mut side in Side::both().await {
        side.inject(Fault::Forbidden, Scope::all().resource("nodes")).await;
        let (code, status) = side.answer(&Request::get("/api/v1/nodes?watch=true")).await;
        assert_eq!((code, &status["reason"]), (403, &json!("Forbidden")));
        assert!(text(&status["message"]).contains("cannot watch resource \"nodes\""), "{status}");
        side.ok(&Request::get("/api/v1/pods")).await;
        side.cluster(|cluster| cluster.heal());
        side.ok(&Request::get("/api/v1/nodes")).await;
    }
}

#[tokio::test]
async fn a_kind_that_the_cluster_lacks() {
    for mut side in Side::both().await {
        side.inject(Fault::Missing, Scope::all().resource("jobs.batch")).await;
        assert_eq!(side.answer(&Request::get("/apis/batch/v1/jobs")).await.0, 404);
        side.ok(&Request::get("/apis/apps/v1/deployments")).await;
    }
}

#[tokio::test]
async fn one_object_that_does_not_decode() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "odd", "z"]).await;
        side.inject(Fault::Undecodable { name: "odd".to_owned() }, Scope::all()).await;
        let list = side.ok(&Request::get(MAPS)).await;
        assert_eq!(names(&list), ["a", "odd", "z"]);
        assert!(list["items"][1]["metadata"]["labels"].is_array());
        let mut watch = side.watch(&format!("{MAPS}?{STREAMING}")).await;
        side.object(&mut watch, "ADDED").await;
        assert_eq!(side.object(&mut watch, "ADDED").await["spec"], "not an object");
        side.object(&mut watch, "ADDED").await;
        side.object(&mut watch, "BOOKMARK").await;
        side.touch("odd", "1").await;
        assert_eq!(side.object(&mut watch, "MODIFIED").await["status"], json!([7]));
        side.cluster(|cluster| cluster.heal());
        assert_eq!(side.ok(&Request::get(&format!("{MAPS}/odd"))).await["spec"], json!(null));
    }
}

#[tokio::test]
async fn resource_versions_going_back_after_a_restore() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        side.inject(Fault::Snapshot, Scope::all()).await;
        let then = side.version().await;
        side.config_maps(&["b"]).await;
        let after = side.version().await;
        let mut watch = side.watch(&format!("{MAPS}?watch=true&resourceVersion={after}")).await;
        side.inject(Fault::Restore, Scope::all()).await;
        assert_eq!(side.next(&mut watch).await, Said::Cut);
        let list = side.ok(&Request::get(MAPS)).await;
        assert_eq!((names(&list), version(&list)), (vec!["a".to_owned()], then));
        let mut ahead = side.watch(&format!("{MAPS}?{STREAMING}&resourceVersion={after}")).await;
        assert_eq!(cause(&side.object(&mut ahead, "ERROR").await, "reason"), "ResourceVersionTooLarge");
        let mut old = side.watch(&format!("{MAPS}?watch=true&resourceVersion={}", then - 1)).await;
        assert_eq!(side.object(&mut old, "ERROR").await["code"], 410);
    }
}

#[tokio::test]
async fn connections_are_refused_for_a_while() {
    for mut side in Side::both().await {
        let mut watch = side.watch(&format!("{MAPS}?watch=true")).await;
        side.inject(Fault::Refuse { millis: 5_000 }, Scope::all()).await;
        assert_eq!(side.next(&mut watch).await, Said::Cut);
        assert!(matches!(side.send(&Request::get(MAPS)).await, Got::Gone));
        side.advance(Duration::from_secs(5));
        side.ok(&Request::get(MAPS)).await;
    }
}

#[tokio::test]
async fn a_reply_is_lost_after_the_write_was_applied() {
    for mut side in Side::both().await {
        let create = |name: &str| Request::post(MAPS, &json!({ "metadata": { "name": name } }));
        side.inject(Fault::Reset { applied: true }, Scope::all().writes().times(1)).await;
        assert!(matches!(side.send(&create("a")).await, Got::Gone));
        assert_eq!(side.answer(&create("a")).await.0, 409);
        side.inject(Fault::Reset { applied: false }, Scope::all().writes().times(1)).await;
        assert!(matches!(side.send(&create("b")).await, Got::Gone));
        side.ok(&create("b")).await;
    }
}

#[tokio::test]
async fn a_write_conflicts() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        side.inject(Fault::Conflict, Scope::all().resource("configmaps").times(1)).await;
        let object = json!({ "metadata": { "name": "a" }, "data": { "v": "1" } });
        let (code, status) = side.answer(&Request::put(&format!("{MAPS}/a"), &object)).await;
        assert_eq!((code, &status["details"]["name"]), (409, &json!("a")));
        side.touch("a", "1").await;
    }
}

#[tokio::test]
async fn the_server_fails_inside() {
    for mut side in Side::both().await {
        side.inject(Fault::ServerError, Scope::all().reads().times(1)).await;
        side.config_maps(&["a"]).await;
        assert_eq!(side.answer(&Request::get(MAPS)).await.1["reason"], "InternalError");
        side.ok(&Request::get(MAPS)).await;
    }
}

#[tokio::test]
async fn requests_take_their_time() {
    for mut side in Side::both().await {
        side.inject(Fault::Latency { millis: 4_000 }, Scope::all().resource("configmaps").times(1)).await;
        let target = format!("{MAPS}/late");
        let late = Request::post(MAPS, &json!({ "metadata": { "name": "late" } }));
        if let Side::Http { clock, .. } = &side {
            let clock = std::sync::Arc::clone(clock);
            let mut waiting = Box::pin(side.send(&late));
            tokio::select! {
                biased;
                got = &mut waiting => panic!("answered before its time: {got:?}"),
                () = clock.until_somebody_sleeps() => clock.advance(Duration::from_secs(4)),
            }
            assert!(matches!(waiting.await, Got::Answer { code: 201, .. }));
        } else {
            assert!(matches!(side.send(&late).await, Got::Answer { code: 201, .. }));
        }
        let object = side.ok(&Request::get(&target)).await;
        let created = alertkube_core::Stamp::parse(&text(&object["metadata"]["creationTimestamp"]));
        assert_eq!(created, Some(crate::kit::START.plus(Duration::from_secs(4))));
    }
}

#[tokio::test]
async fn the_admin_page_lists_and_heals_and_refuses_nonsense() {
    for mut side in Side::both().await {
        let Side::Http { .. } = side else { continue };
        side.inject(Fault::Forbidden, Scope::all().resource("pods").times(5)).await;
        let listed = side.ok(&Request::get("/sim/faults")).await;
        let wanted = json!([{
            "fault": { "kind": "forbidden" }, "scope": { "resource": "pods", "on": "all", "times": 5 },
        }]);
        assert_eq!(listed, wanted);
        let nonsense = Request::post("/sim/faults", &json!({ "fault": { "kind": "earthquake" } }));
        assert_eq!(side.answer(&nonsense).await.0, 400);
        side.ok(&Request::new(Verb::Delete, "/sim/faults")).await;
        side.ok(&Request::get("/api/v1/pods")).await;
    }
}
