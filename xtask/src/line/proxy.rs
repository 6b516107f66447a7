//! A way to the API server that can be cut: bytes pass through it untouched, TLS included.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, thread};

use anyhow::{Context, Result};
use serde_json::Value;

use super::ground::Ground;
use crate::limits;

/// Both ends of every connection.
type Streams = Arc<Mutex<Vec<TcpStream>>>;

/// A way that stands until this program ends.
pub(crate) struct Proxy {
    streams: Streams,
    barred: Arc<AtomicBool>,
}

impl Proxy {
    /// A loopback address of the cluster's network on which nobody listens.
    pub(crate) fn free_address(ground: &Ground<'_>) -> Result<SocketAddr> {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        ground.cluster().inside(free)?.context("find a free port")
    }

    /// Opens the way from that address to the API server.
    pub(crate) fn open(ground: &Ground<'_>, from: SocketAddr) -> Result<Proxy> {
        let server = ground.cluster().server()?;
        let server = server.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let streams = Streams::default();
        let barred = Arc::new(AtomicBool::new(false));
        let (shared, closed) = (Arc::clone(&streams), Arc::clone(&barred));
        // Threads stay in the network in which they were started.
        let opened = ground.cluster().inside(|| -> Result<()> {
            let listener = TcpListener::bind(from).with_context(|| format!("listen on {from}"))?;
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if closed.load(Ordering::SeqCst) {
                        continue;
                    }
                    // A server that is away is seen by the client as a connection that ends.
                    let _refused = join(stream, &server, &shared);
                }
            });
            Ok(())
        });
        opened?.map(|()| Proxy { streams, barred })
    }

    /// Lets nobody through any more, or again.
    pub(crate) fn bar(&self, barred: bool) {
        self.barred.store(barred, Ordering::SeqCst);
        if barred {
            self.cut();
        }
    }

    /// Breaks every connection that stands, and says how many there were.
    pub(crate) fn cut(&self) -> usize {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // One that ended by itself cannot be shut down again.
        let alive = streams.drain(..).filter(|stream| stream.shutdown(Shutdown::Both).is_ok()).count();
        alive / 2
    }
}

fn join(client: TcpStream, server: &str, streams: &Streams) -> std::io::Result<()> {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let mut kept = streams.lock().unwrap_or_else(PoisonError::into_inner);
    kept.extend([client.try_clone()?, server.try_clone()?]);
    drop(kept);
    let (back_from, back_to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || pump(client, server));
    thread::spawn(move || pump(back_from, back_to));
    Ok(())
}

/// Passes on what comes, and then the end.
fn pump(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; limits::PROXY_BUFFER_BYTES];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        // It may have ended already.
        let _ended = stream.shutdown(Shutdown::Both);
    }
}

/// The same kubeconfig with another address of the server; its certificate is valid for loopback addresses.
pub(crate) fn redirected(kubeconfig: &Path, to: SocketAddr) -> Result<PathBuf> {
    let text = fs::read_to_string(kubeconfig).context("read the kubeconfig")?;
    let mut config: Value = serde_json::from_str(&text).context("the kubeconfig is no JSON")?;
    config["clusters"][0]["cluster"]["server"] = format!("https://{to}").into();
    let path = kubeconfig.with_extension(format!("{}.json", to.port()));
    fs::write(&path, config.to_string()).context("write the kubeconfig")?;
    Ok(path)
}
