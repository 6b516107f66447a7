//! The HTTP server: `/metrics`, `/healthz` and `/readyz`, for scrapers and kubelets.

mod answers;
mod connections;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Status;
use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::answers::Sources;
use self::connections::Door;
use crate::clock::Clock;
use crate::lease::Handle;
use crate::telemetry::Telemetry;

/// What is served.
pub(crate) struct Served {
    /// The metrics.
    pub(crate) telemetry: Arc<Telemetry>,
    /// What the engine publishes with each beat; `None` before the first.
    pub(crate) status: watch::Receiver<Option<Status>>,
    /// The election, if there is one.
    pub(crate) lease: Option<Handle>,
}

/// Opens the port. An address without a host, as `:9090`, is one of every interface.
pub(crate) async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    let full = if address.starts_with(':') { format!("[::]{address}") } else { address.to_owned() };
    let opened = match TcpListener::bind(&full).await {
        // Hosts without IPv6 have no `[::]`.
        Err(error) if full != address && !in_use(&error) => {
            TcpListener::bind(format!("0.0.0.0{address}")).await
        }
        opened => opened,
    };
    opened.with_context(|| format!("cannot listen on {address}"))
}

fn in_use(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::AddrInUse
}

/// Serves until `stop`, then lets open answers finish; connections are tasks of `tasks`.
///
/// Its clock is the real one even in the demo: those who connect live in real time.
pub(crate) async fn serve(
    listener: TcpListener,
    served: Served,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    serve_by(Clock::real(), listener, served, tasks, stop).await;
}

async fn serve_by(
    clock: Clock,
    listener: TcpListener,
    served: Served,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let Served { telemetry, status, lease } = served;
    let (beat, heard) = watch::channel(clock.now().boot);
    let sources = Sources { telemetry, status: status.clone(), lease, heard, clock };
    let mut door = Door::new(listener, answers::routes(sources), tasks, stop.clone());
    let mut engine = status;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            // An engine that is gone beats no more, and says so by its silence.
            Ok(()) = engine.changed() => {
                let _heard = beat.send(clock.now().boot);
            }
            () = door.admit(clock) => {}
        }
    }
}

/// The port that was opened, for the log and for tests that open port 0.
pub(crate) fn port(listener: &TcpListener) -> Option<SocketAddr> {
    listener.local_addr().ok()
}

/// How long the engine has been silent.
fn silence(heard: &watch::Receiver<Duration>, clock: Clock) -> Duration {
    clock.now().boot.saturating_sub(*heard.borrow())
}
