//! The HTTP server: `/metrics`, `/healthz` and `/readyz`, for scrapers and kubelets.

mod answers;
mod connections;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Status;
use anyhow::Context;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::answers::Sources;
use self::connections::Door;
use crate::clock::Clock;
use crate::lease::Handle;
use crate::limits::HTTP_BACKLOG;
use crate::telemetry::Telemetry;

/// What is served.
pub(crate) struct Served {
    /// The metrics.
    pub(crate) telemetry: Arc<Telemetry>,
    /// What the engine publishes with each beat; `None` before the first.
    pub(crate) status: watch::Receiver<Option<Status>>,
    /// The election, if there is one.
    pub(crate) lease: Option<Handle>,
    /// What whoever asks after this process should know of its configuration.
    pub(crate) note: Option<String>,
}

/// Opens the port. An address without a host, as `:9090`, is one of every interface, of IPv4 and of IPv6.
pub(crate) async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    let opened = match address.strip_prefix(':').map(str::parse) {
        Some(Ok(port)) => everywhere(port),
        _ => TcpListener::bind(address).await,
    };
    opened.with_context(|| format!("cannot listen on {address}"))
}

fn everywhere(port: u16) -> io::Result<TcpListener> {
    match of_both_kinds(port) {
        // Hosts without IPv6 have no such socket.
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            listen(TcpSocket::new_v4()?, (Ipv4Addr::UNSPECIFIED, port).into())
        }
        opened => opened,
    }
}

/// One socket for both, whatever the machine's `bindv6only` says.
fn of_both_kinds(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v6()?;
    set_ipv6_v6only(&socket, false)?;
    listen(socket, (Ipv6Addr::UNSPECIFIED, port).into())
}

fn listen(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpListener> {
    // As the standard library's own: a restart is not held up by the connections of the run before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(HTTP_BACKLOG)
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
    let Served { telemetry, status, lease, note } = served;
    let (beat, heard) = watch::channel(clock.now().boot);
    let sources = Sources { telemetry, status: status.clone(), lease, heard, clock, note };
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
