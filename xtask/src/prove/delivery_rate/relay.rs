//! Stands between our program and two servers: what it asks about state goes to the real API server under a service
//! account's token, everything else to the generating one. It writes down how long each write of state took there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use http::Method;

use crate::limits;
use crate::seats::Api;

/// One write of state that the API server answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    /// When it was asked for.
    pub(super) begun: Instant,
    pub(super) millis: f64,
    pub(super) bytes: usize,
    pub(super) head: bool,
}

/// The relay; it stands until this program ends.
pub(super) struct Relay {
    port: u16,
    written: Arc<Mutex<Vec<Written>>>,
}

/// What a request begins with.
struct Head {
    method: Method,
    target: String,
    /// All lines as they came, the empty one too.
    text: Vec<u8>,
    length: u64,
}

impl Relay {
    /// Opens it before the generating server on that port of this machine.
    pub(super) fn open(api: &Arc<Api>, generating: u16) -> Result<Relay> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen")?;
        let port = listener.local_addr()?.port();
        let relay = Relay { port, written: Arc::default() };
        let (api, written) = (Arc::clone(api), Arc::clone(&relay.written));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (api, written) = (Arc::clone(&api), Arc::clone(&written));
                // A client that goes away is the ordinary end of its connection.
                thread::spawn(move || serve(&stream, generating, &api, &written));
            }
        });
        Ok(relay)
    }

    /// The same kubeconfig with the relay as its server.
    pub(super) fn kubeconfig(&self, of: &Path, generating: u16) -> Result<PathBuf> {
        let text = std::fs::read_to_string(of).context("read a kubeconfig")?;
        let path = of.with_extension("relay");
        std::fs::write(&path, text.replace(&generating.to_string(), &self.port.to_string()))?;
        Ok(path)
    }

    /// Every write of state so far.
    pub(super) fn written(&self) -> Vec<Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: &TcpStream, generating: u16, api: &Api, written: &Mutex<Vec<Written>>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(head) = read(&mut reader)? {
        if !head.target.contains("/configmaps") {
            return pass(stream, &head, generating);
        }
        let mut body = Vec::new();
        (&mut reader).take(head.length).read_to_end(&mut body)?;
        let (begun, bytes) = (Instant::now(), body.len());
        let (status, answer) = api.relay(head.method.clone(), &head.target, body).wait()?;
        if head.method != Method::GET && (200..300).contains(&status) {
            let millis = begun.elapsed().as_secs_f64() * 1000.0;
            // A new object has its name in its body only; a head is only new once.
            let head = head.target.contains("-head");
            let write = Written { begun, millis, bytes, head };
            written.lock().unwrap_or_else(PoisonError::into_inner).push(write);
        }
        let line = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let mut out = stream;
        out.write_all(&[line.as_bytes(), &answer].concat())?;
    }
    Ok(())
}

/// Leaves the rest of a connection to the generating server.
fn pass(stream: &TcpStream, head: &Head, generating: u16) -> Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, generating)).context("reach the server")?;
    server.set_nodelay(true)?;
    server.write_all(&head.text)?;
    let (mut from, mut to) = (server.try_clone()?, stream.try_clone()?);
    thread::spawn(move || {
        // Whichever end closes first ends both.
        let _ended = std::io::copy(&mut from, &mut to);
        let _closed = to.shutdown(std::net::Shutdown::Both);
    });
    let mut client = stream;
    std::io::copy(&mut client, &mut server)?;
    server.shutdown(std::net::Shutdown::Both).context("end a connection")
}

fn read(reader: &mut impl BufRead) -> Result<Option<Head>> {
    let mut head = Head { method: Method::GET, target: String::new(), text: Vec::new(), length: 0 };
    loop {
        let from = head.text.len();
        let read = reader.take(limits::RECEIVED_LINE_BYTES_MAX).read_until(b'\n', &mut head.text)?;
        if read == 0 {
            return if from == 0 { Ok(None) } else { bail!("a request that breaks off") };
        }
        let line = std::str::from_utf8(&head.text[from..]).context("a request that is no text")?.trim_end();
        if line.is_empty() {
            return Ok(Some(head));
        }
        if from == 0 {
            let mut words = line.split(' ');
            head.method = words.next().unwrap_or_default().parse().context("no method")?;
            head.target = words.next().context("no target")?.to_owned();
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            head.length = value.trim().parse().context("a length that is no number")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_request_is_read_and_kept() {
        let bytes = b"PUT /api/v1/namespaces/a/configmaps/x-head?y HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
        let mut reader = &bytes[..];
        let head = read(&mut reader).unwrap().expect("a head");
        assert_eq!((&head.method, head.length, reader), (&Method::PUT, 2, &b"{}"[..]));
        assert!(head.target.contains("/configmaps/x-head") && head.text.ends_with(b"\r\n\r\n"));
        assert!(read(&mut &b""[..]).unwrap().is_none());
        assert!(read(&mut &b"GET / HTTP/1.1\r\n"[..]).is_err());
    }
}
