//! The answers, in plain words for whoever reads them with curl.

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{Holding, Kind, KindStatus, SeatStatus, Status};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

use super::silence;
use crate::clock::Clock;
use crate::lease::Handle;
use crate::limits::{BEAT_SILENCE_MAX, LEASE_SILENCE_MAX};
use crate::telemetry::Telemetry;

/// Where answers come from.
#[derive(Clone)]
pub(super) struct Sources {
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) status: watch::Receiver<Option<Status>>,
    pub(super) lease: Option<Handle>,
    pub(super) heard: watch::Receiver<Duration>,
    pub(super) clock: Clock,
    /// Said with every answer about this process.
    pub(super) note: Option<String>,
}

impl Sources {
    /// What the engine published, as it stands now: whoever was paused asks the Lease itself before its engine has looked.
    fn standing(&self) -> Option<Status> {
        let mut status = self.status.borrow().clone()?;
        let lapsed = self.lease.as_ref().is_some_and(|lease| !lease.is_held());
        if lapsed && status.seat.hold == Holding::Holds {
            (status.seat.hold, status.seat.holder) = (Holding::Follows, None);
        }
        Some(status)
    }
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
    words(health(silence(&sources.heard, sources.clock)), sources.note.as_deref())
}

/// `standby=ok` is the kubelet's question: whether the process does what it should, be that leading or standing by.
async fn readyz(State(sources): State<Sources>, RawQuery(query): RawQuery) -> Response {
    let status = sources.standing();
    let asked = query.is_some_and(|query| query.split('&').any(|word| word == "standby=ok"));
    let answer = match (asked, &sources.lease) {
        (true, None) => standby(status.as_ref(), None),
        (true, Some(lease)) => {
            let now = sources.clock.now().boot;
            standby(status.as_ref(), lease.heard().map(|heard| now.saturating_sub(heard)))
        }
        _ => readiness(status.as_ref()),
    };
    words(answer, sources.note.as_deref())
}

/// `Ok` for a replica that leads, and for one that could: it hears of the Lease, which also says that the API server
/// answers it.
pub(super) fn standby(status: Option<&Status>, silence: Option<Duration>) -> Result<String, String> {
    let words = match (readiness(status), status.map(|status| status.seat.hold)) {
        (Err(words), Some(Holding::Waits | Holding::Changes)) => {
            return Ok(format!("standing by: {words}"));
        }
        (Err(words), Some(Holding::Follows | Holding::Opens)) => words,
        (answer, _) => return answer,
    };
    match silence {
        Some(silence) if silence < LEASE_SILENCE_MAX => {
            Ok(format!("standing by: the Lease was heard of {} s ago; {words}", silence.as_secs()))
        }
        Some(silence) => Err(format!("{words}; the Lease has not been heard of for {} s", silence.as_secs())),
        None => Err(format!("{words}; the Lease has not been heard of yet")),
    }
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
    let seat = seat_words(&status.seat);
    let seat = match status.seat.hold {
        Holding::Holds => seat,
        _ => return Err(format!("not ready: {seat}")),
    };
    let (total, missing) = (status.kinds.len(), missing(&status.kinds));
    let count: usize = missing.iter().map(|(names, _)| names.len()).sum();
    let live = format!("{} of {total} kinds are watched", total - count);
    let detail: String =
        missing.iter().map(|(names, why)| format!("\n- {}: {why}", names.join(", "))).collect();
    if status.telling {
        Ok(format!("ready: {seat}{live}{detail}"))
    } else if missing.is_empty() {
        Err(format!("not ready: {live}, telling has not begun"))
    } else {
        Err(format!("not ready: nothing is told before every kind is listed; {live}{detail}"))
    }
}

/// Where this replica stands with its seat; empty for one that has nothing to share.
fn seat_words(status: &SeatStatus) -> String {
    let shard = match status.total {
        0 | 1 => String::new(),
        total => format!("shard {} of {total}, ", status.seat.0),
    };
    let by = status.holder.as_deref().unwrap_or("nobody that is known");
    match status.hold {
        Holding::Follows => format!("{shard}standby; the leader is {by}"),
        Holding::Opens => format!("{shard}leader, reading the stored state"),
        Holding::Waits => format!(
            "shard {} waits for the layout: {} shards are wished for, {} are in force",
            status.seat.0, status.wish, status.total
        ),
        Holding::Changes => format!("{shard}silent while the number of shards changes to {}", status.wish),
        Holding::Fenced => {
            format!("{shard}fenced: {by} has taken over; this process stays silent until it ends")
        }
        Holding::Closes => format!("{shard}stopping"),
        Holding::Holds => {
            let elected = if status.elected { "leader, " } else { "" };
            let wish = match status.wish == status.total {
                true => String::new(),
                false => format!("{} shards are wished for, ", status.wish),
            };
            let uncovered: Vec<String> = status.uncovered.iter().map(u32::to_string).collect();
            let uncovered = match uncovered.is_empty() {
                true => String::new(),
                false => format!("NOBODY SERVES SHARD {}, ", uncovered.join(", ")),
            };
            let unsaved = match &status.unsaved {
                Some(why) => format!("STATE NOT SAVED ({why}), "),
                None => String::new(),
            };
            format!("{shard}{elected}{wish}{uncovered}{unsaved}")
        }
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

fn words(answer: Result<String, String>, note: Option<&str>) -> Response {
    let (status, mut text) = match answer {
        Ok(text) => (StatusCode::OK, text),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, text),
    };
    if let Some(line) = note {
        text.push_str("\n- ");
        text.push_str(line);
    }
    text.push('\n');
    (status, text).into_response()
}

fn refusal(status: StatusCode, why: &str) -> Response {
    let body = serde_json::json!({ "error": why }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
