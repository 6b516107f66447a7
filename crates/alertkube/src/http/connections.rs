//! Connections: how many, for how long, and how they end.

use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::limits::{
    HTTP_ACCEPT_PAUSE, HTTP_CLOSE_TIMEOUT, HTTP_CONNECTION_MAX, HTTP_CONNECTIONS_MAX, HTTP_HEAD_BYTES_MAX,
    HTTP_HEAD_TIMEOUT,
};

/// The listener and what is behind it.
pub(super) struct Door {
    listener: TcpListener,
    routes: Router,
    room: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Door {
    pub(super) fn new(
        listener: TcpListener,
        routes: Router,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Door {
        Door { listener, routes, room: Arc::new(Semaphore::new(HTTP_CONNECTIONS_MAX)), tasks, stop }
    }

    /// Admits one connection as soon as there is room for it; dropped while it waits, it loses none.
    pub(super) async fn admit(&mut self, clock: Clock) {
        let Ok(room) = Arc::clone(&self.room).acquire_owned().await else { return };
        match self.listener.accept().await {
            Ok((stream, _)) => {
                self.tasks.spawn(attend(stream, self.routes.clone(), room, self.stop.clone(), clock));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                clock.sleep_until(clock.now().boot + HTTP_ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn attend(
    stream: TcpStream,
    routes: Router,
    _room: OwnedSemaphorePermit,
    stop: CancellationToken,
    clock: Clock,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(clock.in_world(HTTP_HEAD_TIMEOUT))
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = pin!(connection);
    let end = clock.now().boot + HTTP_CONNECTION_MAX;
    tokio::select! {
        // Whatever ends a connection early is the peer's affair.
        _ended = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = clock.sleep_until(end) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ended = connection => {}
        () = clock.sleep_until(clock.now().boot + HTTP_CLOSE_TIMEOUT) => {}
    }
}
