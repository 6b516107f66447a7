//! Lists: selectors, pages and versions.

use alertkube_sim::{Fault, PodShape, Request, Scope};
use serde_json::json;

use crate::kit::{MAPS, START, Side, names, text, version};

#[tokio::test]
async fn a_list_has_the_shape_of_a_real_one() {
    for mut side in Side::both().await {
        side.config_maps(&["b", "a"]).await;
        let list = side.ok(&Request::get(MAPS)).await;
        assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("ConfigMapList"), &json!("v1")));
        assert_eq!(names(&list), ["a", "b"]);
        assert_eq!(list["items"][0]["kind"], json!(null), "items of a list carry no kind");
        assert_eq!(version(&list), version(&list["items"][0]), "the newest object was written last");
    }
}

#[tokio::test]
async fn selectors_and_namespaces_narrow() {
    for mut side in Side::both().await {
        let pods = [
            PodShape::new("shop", "web-0", START).label("app", "web"),
            PodShape::new("shop", "db-0", START).label("app", "db").node("node-b"),
            PodShape::new("bank", "web-0", START).label("app", "web"),
        ];
        for pod in pods {
            side.cluster(|cluster| cluster.apply(START, pod.build())).expect("a legal pod");
        }
        for (target, wanted) in [
            ("/api/v1/pods", vec!["web-0", "db-0", "web-0"]),
            ("/api/v1/namespaces/shop/pods", vec!["db-0", "web-0"]),
            ("/api/v1/pods?labelSelector=app%3Dweb", vec!["web-0", "web-0"]),
            ("/api/v1/pods?labelSelector=app%20in%20(db)", vec!["db-0"]),
            ("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-b", vec!["db-0"]),
            ("/api/v1/pods?fieldSelector=metadata.namespace!=shop", vec!["web-0"]),
        ] {
            assert_eq!(names(&side.ok(&Request::get(target)).await), wanted, "{target}");
        }
        let (code, _) = side.answer(&Request::get("/api/v1/pods?fieldSelector=spec.color%3Dred")).await;
        assert_eq!(code, 400);
    }
}

#[tokio::test]
async fn pages_show_one_moment() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "b", "c", "d", "e"]).await;
        let first = side.ok(&Request::get(&format!("{MAPS}?limit=2"))).await;
        assert_eq!(names(&first), ["a", "b"]);
        assert_eq!(first["metadata"]["remainingItemCount"], 3);
        side.ok(&Request::delete(&format!("{MAPS}/c"))).await;
        side.config_maps(&["cc"]).await;
        let mut token = text(&first["metadata"]["continue"]);
        let mut rest = Vec::new();
        while !token.is_empty() {
            let page = side.ok(&Request::get(&format!("{MAPS}?limit=2&continue={token}"))).await;
            assert_eq!(version(&page), version(&first));
            rest.extend(names(&page));
            token = text(&page["metadata"]["continue"]);
        }
        assert_eq!(rest, ["c", "d", "e"]);
    }
}

#[tokio::test]
async fn any_version_knows_no_pages() {
    for mut side in Side::both().await {
        side.config_maps(&["a", "b", "c"]).await;
        let list = side.ok(&Request::get(&format!("{MAPS}?limit=1&resourceVersion=0"))).await;
        assert_eq!(names(&list).len(), 3);
    }
}

#[tokio::test]
async fn versions_are_exact_too_large_or_forgotten() {
    for mut side in Side::both().await {
        side.config_maps(&["a"]).await;
        let then = side.version().await;
        side.config_maps(&["b"]).await;
        let exact = format!("{MAPS}?resourceVersion={then}&resourceVersionMatch=Exact");
        assert_eq!(names(&side.ok(&Request::get(&exact)).await), ["a"]);
        let future = format!("{MAPS}?resourceVersion={}", then + 100);
        let (code, status) = side.answer(&Request::get(&future)).await;
        assert_eq!(
            (code, &status["details"]["causes"][0]["reason"]),
            (504, &json!("ResourceVersionTooLarge"))
        );
        side.inject(Fault::Compact, Scope::all()).await;
        let (code, status) = side.answer(&Request::get(&exact)).await;
        assert_eq!((code, &status["reason"]), (410, &json!("Expired")));
        for query in ["limit=x", "resourceVersion=new", "continue=zz"] {
            assert_eq!(side.answer(&Request::get(&format!("{MAPS}?{query}"))).await.0, 400, "{query}");
        }
    }
}
