//! `/sim/faults`: what tests and the demo do to the cluster, apart from the API that they test.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response as HttpResponse;
use serde::Deserialize;

use super::{Front, write};
use crate::cluster::{Fault, Response, Scope};

/// The body of a POST.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    fault: Fault,
    #[serde(default)]
    scope: Scope,
}

/// GET: the lasting faults in force.
pub(super) async fn list(State(front): State<Front>) -> HttpResponse {
    let faults = front.shared.quietly(|cluster| cluster.faults());
    write(Response::json(200, faults.to_string().into_bytes()))
}

/// POST: injects a fault.
pub(super) async fn inject(State(front): State<Front>, body: Bytes) -> HttpResponse {
    match serde_json::from_slice::<Injection>(&body) {
        Ok(Injection { fault, scope }) => {
            front.shared.with(|cluster| cluster.inject(front.clock.now(), fault, scope));
            write(Response::text(204, ""))
        }
        Err(error) => write(Response::text(400, &format!("not a fault: {error}\n"))),
    }
}

/// DELETE: heals the cluster.
pub(super) async fn heal(State(front): State<Front>) -> HttpResponse {
    front.shared.with(|cluster| cluster.heal());
    write(Response::text(204, ""))
}
