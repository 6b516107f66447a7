//! The front's listener and connections, which can be broken off at any moment.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::response::Response as HttpResponse;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::Clock;
use super::shared::Shared;

/// Accepts connections, and drops them at once while the cluster refuses them.
pub(super) struct Door {
    listener: TcpListener,
    shared: Shared,
    clock: Arc<dyn Clock>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, shared: Shared, clock: Arc<dyn Clock>) -> Door {
        Door { listener, shared, clock }
    }
}

impl Listener for Door {
    type Io = Breakable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Breakable, SocketAddr) {
        loop {
            let (stream, from) = Listener::accept(&mut self.listener).await;
            if self.shared.quietly(|cluster| cluster.refuses(self.clock.now())) {
                abort(&stream);
                continue;
            }
            // Lines of a watch are small and must not wait for one another; a socket without it still works.
            let _ = stream.set_nodelay(true);
            return (Breakable { stream, wire: Wire::default() }, from);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What a request can do to its own connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire(Arc<AtomicBool>);

impl Wire {
    /// Breaks the connection before a byte of the answer leaves; the answer returned here is never seen.
    pub(super) fn break_off(&self) -> HttpResponse {
        self.0.store(true, Ordering::SeqCst);
        HttpResponse::new(Body::empty())
    }
}

impl Connected<IncomingStream<'_, Door>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Wire {
        stream.io().wire.clone()
    }
}

/// A connection that a request can break.
pub(super) struct Breakable {
    stream: TcpStream,
    wire: Wire,
}

impl Breakable {
    fn check(&self) -> io::Result<()> {
        if self.wire.0.load(Ordering::SeqCst) {
            abort(&self.stream);
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        Ok(())
    }
}

/// Lets the close that follows be a reset instead of an orderly end.
fn abort(stream: &TcpStream) {
    // A socket that is already gone needs no reset.
    let _ = stream.set_zero_linger();
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
