//! The answers, in plain words for whoever reads them with curl.

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Kind, KindStatus, Status};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

use super::silence;
use crate::clock::Clock;
use crate::limits::BEAT_SILENCE_MAX;
use crate::telemetry::Telemetry;

/// Where answers come from.
#[derive(Clone)]
pub(super) struct Sources {
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) status: watch::Receiver<Option<Status>>,
    pub(super) heard: watch::Receiver<Duration>,
    pub(super) clock: Clock,
}

/// All routes.
pub(super) fn routes(sources: Sources) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(async || {
            refusal(StatusCode::NOT_FOUND, "no such path; there are /metrics, /healthz and /readyz")
        })
        .method_not_allowed_fallback(async || {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered")
        })
        .with_state(sources)
}

async fn metrics(State(sources): State<Sources>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], sources.telemetry.text()).into_response()
}

async fn healthz(State(sources): State<Sources>) -> Response {
    words(health(silence(&sources.heard, sources.clock)))
}

async fn readyz(State(sources): State<Sources>) -> Response {
    words(readiness(sources.status.borrow().as_ref()))
}

/// `Ok` is 200, `Err` is 503.
pub(super) fn health(silence: Duration) -> Result<String, String> {
    let seconds = silence.as_secs();
    if silence < BEAT_SILENCE_MAX {
        return Ok(format!("ok: the engine was heard {seconds} s ago"));
    }
    Err(format!("stuck: the engine has not been heard for {seconds} s"))
}

/// `Ok` is 200, `Err` is 503.
pub(super) fn readiness(status: Option<&Status>) -> Result<String, String> {
    let Some(status) = status else { return Err("not ready: the engine is starting".to_owned()) };
    let (total, missing) = (status.kinds.len(), missing(&status.kinds));
    let count: usize = missing.iter().map(|(names, _)| names.len()).sum();
    let live = format!("{} of {total} kinds are watched", total - count);
    let detail: String =
        missing.iter().map(|(names, why)| format!("\n- {}: {why}", names.join(", "))).collect();
    if status.telling {
        Ok(format!("ready: {live}{detail}"))
    } else if missing.is_empty() {
        Err(format!("not ready: {live}, telling has not begun"))
    } else {
        Err(format!("not ready: nothing is told before every kind is listed; {live}{detail}"))
    }
}

/// The kinds that are not watched, those with one reason together: mostly all of them have the same.
fn missing(kinds: &[KindStatus]) -> Vec<(Vec<&'static str>, &str)> {
    let mut reasons: Vec<(Vec<&'static str>, &str)> = Vec::new();
    for kind in kinds.iter().filter(|kind| !kind.live) {
        let (name, why) = (Kind::of(kind.kind).name, kind.lost.as_deref().unwrap_or("not listed yet"));
        match reasons.iter_mut().find(|(_, known)| *known == why) {
            Some((names, _)) => names.push(name),
            None => reasons.push((vec![name], why)),
        }
    }
    reasons
}

fn words(answer: Result<String, String>) -> Response {
    let (status, mut text) = match answer {
        Ok(text) => (StatusCode::OK, text),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, text),
    };
    text.push('\n');
    (status, text).into_response()
}

fn refusal(status: StatusCode, why: &str) -> Response {
    let body = serde_json::json!({ "error": why }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
