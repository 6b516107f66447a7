//! What only the HTTP front does.

use alertkube_sim::{Request, Verb};
use serde_json::json;

use crate::kit::{MAPS, Side};
use crate::wire::Connection;

#[tokio::test]
async fn one_connection_carries_many_requests() {
    for mut side in Side::both().await {
        let Side::Http { address, .. } = &mut side else { continue };
        let mut connection = Connection::open(*address).await.expect("a connection");
        for _ in 0..3 {
            let answer = connection.send(&Request::get(MAPS)).await.expect("an answer");
            assert_eq!(answer.code, 200);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            connection = answer.body().await.expect("a body").1;
        }
    }
}

#[tokio::test]
async fn a_reader_that_goes_away_closes_its_watch() {
    for mut side in Side::both().await {
        if let Side::Pure { .. } = side {
            continue;
        }
        let watch = side.watch(&format!("{MAPS}?watch=true")).await;
        assert_eq!(side.cluster(|cluster| cluster.open_watches()), 1);
        drop(watch);
        let mut writes = 0;
        while side.cluster(|cluster| cluster.open_watches()) > 0 {
            writes += 1;
            side.config_maps(&[&format!("wake-{writes}")]).await;
            assert!(writes < 1000, "the watch of a reader that is gone stays open");
        }
    }
}

#[tokio::test]
async fn clients_discover_the_api() {
    for mut side in Side::both().await {
        if let Side::Pure { .. } = side {
            continue;
        }
        assert_eq!(side.ok(&Request::get("/version")).await["major"], "1");
        assert_eq!(side.ok(&Request::get("/api")).await["versions"], json!(["v1"]));
        assert_eq!(side.ok(&Request::get("/api/v1")).await["kind"], "APIResourceList");
        assert_eq!(side.answer(&Request::get("/healthz")).await.0, 200);
        assert_eq!(side.answer(&Request::get("/nowhere")).await.0, 404);
        assert_eq!(side.answer(&Request::new(Verb::Put, "/version")).await.0, 404);
    }
}
