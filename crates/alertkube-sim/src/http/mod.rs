//! The HTTP front of the simulated cluster: a connection for each request of the pure one.

mod admin;
mod discovery;
mod door;
mod shared;
mod stream;

use std::io;
use std::sync::Arc;

use alertkube_core::Stamp;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request as HttpRequest, State};
use axum::http::header;
use axum::response::Response as HttpResponse;
use axum::routing::get;
use futures::future::BoxFuture;
use tokio::net::TcpListener;

use self::door::{Door, Wire};
use crate::cluster::{Reply, Request, Response, Verb};
use crate::limits::BODY_BYTES_READ_MAX;

pub use self::shared::Shared;

/// The clock of the simulated cluster: real, scaled or driven by hand.
pub trait Clock: Send + Sync + 'static {
    /// The time in the cluster.
    fn now(&self) -> Stamp;
    /// Ends as soon as the cluster's time is not before `at`.
    fn sleep_until(&self, at: Stamp) -> BoxFuture<'_, ()>;
}

#[derive(Clone)]
struct Front {
    shared: Shared,
    clock: Arc<dyn Clock>,
}

/// Serves the cluster until the future is dropped: the API, discovery, and `/sim/faults` for tests.
pub async fn serve(shared: Shared, listener: TcpListener, clock: Arc<dyn Clock>) -> io::Result<()> {
    let front = Front { shared: shared.clone(), clock: Arc::clone(&clock) };
    let routes = Router::new()
        .route("/sim/faults", get(admin::list).post(admin::inject).delete(admin::heal))
        .fallback(api)
        .with_state(front);
    let door = Door::new(listener, shared.clone(), Arc::clone(&clock));
    let serving = axum::serve(door, routes.into_make_service_with_connect_info::<Wire>());
    tokio::select! {
        ended = serving.into_future() => ended,
        () = keep_time(&shared, clock.as_ref()) => Ok(()),
    }
}

/// Wakes the cluster when something in it is due; the only timer of the front.
async fn keep_time(shared: &Shared, clock: &dyn Clock) {
    let mut changed = shared.subscribe();
    loop {
        let deadline = shared.quietly(|cluster| cluster.deadline());
        let due = async {
            match deadline {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => shared.with(|cluster| cluster.tick(clock.now())),
            known = changed.changed() => if known.is_err() { return },
        }
    }
}

async fn api(
    State(front): State<Front>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    http: HttpRequest,
) -> HttpResponse {
    let request = match read(http).await {
        Ok(request) => request,
        Err(refusal) => return write(refusal),
    };
    if request.verb == Verb::Get
        && let Some(page) = discovery::page(&request.path)
    {
        return write(page);
    }
    let delay = front.shared.quietly(|cluster| cluster.latency(&request));
    if !delay.is_zero() {
        front.clock.sleep_until(front.clock.now().plus(delay)).await;
    }
    match front.shared.with(|cluster| cluster.request(front.clock.now(), &request)) {
        Reply::Answer(response) => write(response),
        Reply::Stream(id) => stream::respond(front.shared, id),
        Reply::Refused | Reply::Reset => wire.break_off(),
    }
}

async fn read(http: HttpRequest) -> Result<Request, Response> {
    let (head, body) = http.into_parts();
    let Some(verb) = Verb::parse(head.method.as_str()) else {
        return Err(Response::text(405, "405 method not allowed\n"));
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::new(verb, target);
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    media.clone_into(&mut request.content_type);
    match axum::body::to_bytes(body, BODY_BYTES_READ_MAX).await {
        Ok(bytes) => request.body = bytes.to_vec(),
        Err(_) => return Err(Response::text(413, "Request entity too large: limit is 3145728\n")),
    }
    Ok(request)
}

fn write(response: Response) -> HttpResponse {
    let mut builder = HttpResponse::builder()
        .status(response.code)
        .header(header::CONTENT_TYPE, response.content_type)
        .header(header::CACHE_CONTROL, "no-cache, private");
    if let Some(seconds) = response.retry_after {
        builder = builder.header(header::RETRY_AFTER, seconds);
    }
    builder.body(Body::from(response.body)).expect("codes and headers of the cluster are legal HTTP")
}
