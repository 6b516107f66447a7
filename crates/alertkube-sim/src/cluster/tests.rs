//! What whoever keeps state in a cluster relies on: Leases, ConfigMaps and Secrets with their versions, and the
//! faults that hit them alone.

use serde_json::json;

use super::*;

const START: Stamp = Stamp::from_seconds(1_795_400_000);

const PLACES: [&str; 3] = [
    "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    "/api/v1/namespaces/default/configmaps",
    "/api/v1/namespaces/default/secrets",
];

fn answer(cluster: &mut Cluster, request: &Request) -> (u16, Value) {
    match cluster.request(START, request) {
        Reply::Answer(response) => (response.code, response.value()),
        other => panic!("{other:?}"),
    }
}

fn note(text: &str, version: &Value) -> Value {
    json!({ "metadata": { "name": "head", "resourceVersion": version, "annotations": { "note": text } } })
}

#[test]
fn what_is_kept_is_created_once_and_replaced_by_version() {
    for place in PLACES {
        let mut cluster = Cluster::new(1, START);
        let one = format!("{place}/head");
        assert_eq!(answer(&mut cluster, &Request::get(&one)).0, 404, "{place}");
        let (code, made) = answer(&mut cluster, &Request::post(place, &note("a", &Value::Null)));
        assert_eq!(code, 201, "{place}: {made}");
        assert_eq!(answer(&mut cluster, &Request::post(place, &note("b", &Value::Null))).0, 409, "{place}");
        let version = &made["metadata"]["resourceVersion"];
        let (code, written) = answer(&mut cluster, &Request::put(&one, &note("c", version)));
        assert_eq!((code, &written["metadata"]["annotations"]["note"]), (200, &json!("c")), "{place}");
        assert_eq!(answer(&mut cluster, &Request::put(&one, &note("d", version))).0, 409, "{place}");
        assert_eq!(answer(&mut cluster, &Request::get(&one)), (200, written), "{place}");
    }
}

#[test]
fn one_kind_alone_can_be_refused() {
    let refusals = [(Fault::Forbidden, 403), (Fault::Quota, 403), (Fault::ServerError, 500)];
    for (fault, code) in refusals {
        let mut cluster = Cluster::new(1, START);
        cluster.inject(START, fault.clone(), Scope::all().resource("configmaps").writes());
        for place in PLACES {
            let wanted = if place.ends_with("configmaps") { code } else { 201 };
            let create = Request::post(place, &note("a", &Value::Null));
            assert_eq!(answer(&mut cluster, &create).0, wanted, "{fault:?} {place}");
            assert!(answer(&mut cluster, &Request::get(place)).0 == 200, "{fault:?} {place}");
        }
    }
}

#[test]
fn a_conflict_on_demand_changes_nothing() {
    let mut cluster = Cluster::new(1, START);
    let (_, made) = answer(&mut cluster, &Request::post(PLACES[1], &note("a", &Value::Null)));
    cluster.inject(START, Fault::Conflict, Scope::all().resource("configmaps").times(1));
    let put = Request::put(&format!("{}/head", PLACES[1]), &note("b", &made["metadata"]["resourceVersion"]));
    assert_eq!(answer(&mut cluster, &put).0, 409);
    assert_eq!(answer(&mut cluster, &put).0, 200);
}

#[test]
fn a_late_write_finds_the_world_as_it_is_then() {
    let mut cluster = Cluster::new(1, START);
    let (_, made) = answer(&mut cluster, &Request::post(PLACES[0], &note("a", &Value::Null)));
    let one = format!("{}/head", PLACES[0]);
    let late = Request::put(&one, &note("late", &made["metadata"]["resourceVersion"]));
    let kept = |cluster: &mut Cluster| {
        answer(cluster, &Request::get(&one)).1["metadata"]["annotations"]["note"].clone()
    };
    for overtaken in [false, true] {
        cluster.inject(START, Fault::Late { millis: 60_000 }, Scope::all().writes().times(1));
        assert_eq!(cluster.request(START, &late), Reply::Reset);
        assert_eq!(cluster.deadline(), Some(START.plus(Duration::from_secs(60))));
        if overtaken {
            let version = answer(&mut cluster, &Request::get(&one)).1["metadata"]["resourceVersion"].clone();
            assert_eq!(answer(&mut cluster, &Request::put(&one, &note("new", &version))).0, 200);
        }
        let before = kept(&mut cluster);
        cluster.tick(START.plus(Duration::from_secs(59)));
        assert_eq!(kept(&mut cluster), before);
        cluster.tick(START.plus(Duration::from_secs(60)));
        assert_eq!(kept(&mut cluster), if overtaken { "new" } else { "late" });
    }
}
