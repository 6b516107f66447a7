//! A receiver of webhooks in a process of its own: it writes down each request before it answers it.
//!
//! Tests count its lines, never the sender's own counters.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::limits;

/// Headers that are written down; the others say nothing about a message.
const HEADERS: [&str; 6] = [
    "content-type",
    "x-alertkube-attempt",
    "x-alertkube-delivery",
    "x-alertkube-episode",
    "x-alertkube-signature",
    "x-alertkube-timestamp",
];

/// Where to listen and what to do.
#[derive(clap::Args)]
pub(crate) struct Receiver {
    /// Address to listen on; with port 0 the machine chooses one. The address is printed.
    #[arg(long)]
    listen: String,
    /// File that a line is added to for each request, synced before the answer.
    #[arg(long)]
    file: PathBuf,
    /// Statuses of the first answers, in this order.
    #[arg(long)]
    status: Vec<u16>,
    /// Status of all further ones.
    #[arg(long, default_value_t = 200)]
    answer: u16,
    /// Instead of each request whole, a short line for each alert, `MICROSECONDS ACTION NAME`, written soon but not
    /// synced: for rates that would otherwise measure this disk.
    #[arg(long)]
    brief: bool,
}

/// What all connections share.
struct Book {
    file: File,
    statuses: std::vec::IntoIter<u16>,
    answer: u16,
    /// Brief lines that are not written yet, where lines are brief.
    held: Option<Vec<u8>>,
}

/// One request as it came.
pub(crate) struct Request {
    method: String,
    pub(crate) path: String,
    headers: Map<String, Value>,
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    /// Listens until it is killed.
    pub(crate) fn run(self) -> Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(&self.file);
        let file = file.with_context(|| format!("open {}", self.file.display()))?;
        let listener =
            TcpListener::bind(&self.listen).with_context(|| format!("listen on {}", self.listen))?;
        println!("{}", listener.local_addr().context("read the address")?);
        let held = self.brief.then(Vec::new);
        let book = Book { file, statuses: self.status.into_iter(), answer: self.answer, held };
        let book = Arc::new(Mutex::new(book));
        if self.brief {
            write_soon(Arc::clone(&book));
        }
        for stream in listener.incoming() {
            let stream = stream.context("accept a connection")?;
            let book = Arc::clone(&book);
            // A sender that breaks off is the sender's matter.
            thread::spawn(move || serve(&stream, &book).unwrap_or_else(|error| eprintln!("{error:#}")));
        }
        Ok(())
    }
}

/// Answers the requests of one connection until it ends.
fn serve(stream: &TcpStream, book: &Mutex<Book>) -> Result<()> {
    let from = stream.peer_addr().context("read the sender's address")?.ip().to_string();
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        // Before it waits for others to be written down.
        let at = micros();
        let status = book.lock().unwrap_or_else(PoisonError::into_inner).note(&request, &from, at)?;
        let mut stream = stream;
        stream.write_all(format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
    }
    Ok(())
}

impl Book {
    /// Writes the request down, safe from a crash unless lines are brief, and says how to answer.
    fn note(&mut self, request: &Request, from: &str, at: i64) -> Result<u16> {
        let status = self.statuses.next().unwrap_or(self.answer);
        let body = serde_json::from_slice(&request.body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&request.body)));
        if let Some(held) = &mut self.held {
            for alert in body["alerts"].as_array().into_iter().flatten() {
                let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
                writeln!(held, "{at} {} {}", word(&body["action"]), word(&alert["name"]))?;
            }
            return Ok(status);
        }
        let line = json!({
            "at": at / 1000, "from": from, "method": request.method, "path": request.path,
            "headers": request.headers, "status": status, "body": body,
        });
        self.file.write_all(format!("{line}\n").as_bytes()).context("write a line")?;
        self.file.sync_data().context("sync the file")?;
        Ok(status)
    }
}

/// The next request; none when the sender closed the connection.
pub(crate) fn read(reader: &mut impl BufRead) -> Result<Option<Request>> {
    let Some(first) = line(reader)? else { return Ok(None) };
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { bail!("no request: {first}") };
    let (mut headers, mut length) = (Map::new(), 0);
    loop {
        let line = line(reader)?.context("a request that breaks off")?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').with_context(|| format!("no header: {line}"))?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        if name == "content-length" {
            length = value.parse().context("a length that is no number")?;
        }
        if HEADERS.contains(&name.as_str()) {
            headers.insert(name, value.into());
        }
    }
    if length > limits::RECEIVED_BODY_BYTES_MAX {
        bail!("a body of {length} bytes");
    }
    let mut body = Vec::new();
    let came = reader.take(length).read_to_end(&mut body).context("read a body")?;
    // A sender that was killed midway has told nothing.
    if u64::try_from(came).ok() != Some(length) {
        bail!("a body that breaks off");
    }
    Ok(Some(Request { method, path, headers, body }))
}

fn line(reader: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = String::new();
    let read = reader.take(limits::RECEIVED_LINE_BYTES_MAX).read_line(&mut line).context("read a line")?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

/// Writes what is held now and then.
fn write_soon(book: Arc<Mutex<Book>>) {
    thread::spawn(move || {
        loop {
            thread::sleep(limits::RECEIVER_HOLDS);
            let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
            let held = book.held.as_mut().map(std::mem::take).unwrap_or_default();
            if let Err(error) = book.file.write_all(&held) {
                eprintln!("{error}");
            }
        }
    });
}

/// Wall time in milliseconds since the Unix epoch.
pub(crate) fn millis() -> i64 {
    micros() / 1000
}

/// Wall time in microseconds since the Unix epoch.
pub(crate) fn micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_connection_are_read_one_after_the_other() {
        let bytes =
            b"POST /a HTTP/1.1\r\nHost: x\r\nX-Alertkube-Attempt: 2\r\ncontent-length: 7\r\n\r\n{\"a\":1}\
                      POST /b HTTP/1.1\r\n\r\n";
        let mut reader = &bytes[..];
        let first = read(&mut reader).unwrap().unwrap();
        assert_eq!(
            (first.method.as_str(), first.path.as_str(), first.body.as_slice()),
            ("POST", "/a", &b"{\"a\":1}"[..])
        );
        assert_eq!(Value::from(first.headers), json!({"x-alertkube-attempt": "2"}));
        assert_eq!(read(&mut reader).unwrap().unwrap().path, "/b");
        assert!(read(&mut reader).unwrap().is_none());
        assert!(read(&mut &b"nonsense\r\n"[..]).is_err());
        for broken in
            ["POST /a HTTP/1.1\r\ncontent-length: 7\r\n", "POST /a HTTP/1.1\r\ncontent-length: 7\r\n\r\n{"]
        {
            assert!(read(&mut broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn each_request_is_a_line_and_the_first_answers_are_as_asked() {
        let path = std::env::temp_dir().join(format!("alertkube-receiver-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        let mut book = Book { file, statuses: vec![503].into_iter(), answer: 202, held: None };
        let request = |body: &[u8]| Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: Map::new(),
            body: body.to_vec(),
        };
        assert_eq!(book.note(&request(b"{}"), "10.0.0.1", 7_500).unwrap(), 503);
        assert_eq!(book.note(&request(b"text"), "10.0.0.2", 8_000).unwrap(), 202);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (&lines[0]["at"], &lines[0]["status"], &lines[0]["body"]),
            (&json!(7), &json!(503), &json!({}))
        );
        assert_eq!((&lines[1]["body"], &lines[1]["from"]), (&json!("text"), &json!("10.0.0.2")));
    }
}
