//! The API server of the budget: a process of its own that makes up its objects while it sends them.
//!
//! It serves lists with limit and continue, watches, and lists as streams; and, under `/bench/`, it is told by the
//! proof what happens next.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};

use super::crowd::{Crowd, Size, Sort, mixed};
use super::stream::{Change, Stream};
use crate::prove::limits::{BENCH_BUFFER_BYTES, BENCH_WATCH_MAX, BOOKMARK_EVERY};

/// Serves a generated cluster until it is ended.
#[derive(clap::Args)]
pub(crate) struct BenchServer {
    #[command(flatten)]
    size: Size,
    /// Refuses to stream lists, as servers without that feature do.
    #[arg(long)]
    paged: bool,
    /// Where to write the port once it listens.
    #[arg(long)]
    port_file: PathBuf,
}

impl BenchServer {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen")?;
        let served = Arc::new(Served::new(Crowd::new(self.size), self.paged));
        fs::write(&self.port_file, listener.local_addr()?.port().to_string()).context("write the port")?;
        for stream in listener.incoming() {
            let (stream, served) = (stream.context("accept")?, Arc::clone(&served));
            // A client that goes away is the ordinary end of its connection.
            thread::spawn(move || served.connection(stream).unwrap_or_default());
        }
        Ok(())
    }
}

/// What happens next on the watches of a kind.
#[derive(Clone)]
enum Order {
    /// So many changes of pods, and then a new one.
    Events(usize),
    /// The watch's version is too old.
    Expire,
    /// Pods that come and go at a rate.
    Stream(Arc<Stream>),
}

struct Served {
    crowd: Crowd,
    paged: bool,
    version: AtomicU64,
    /// Pods that came later.
    later: AtomicUsize,
    watches: Mutex<BTreeMap<String, Vec<mpsc::Sender<Order>>>>,
}

/// What a client asks.
struct Asked {
    /// The last word of the path.
    word: String,
    path: String,
    query: BTreeMap<String, String>,
}

/// A chunked answer, a line or a piece of a list at a time.
struct Answer<'a> {
    out: &'a mut BufWriter<TcpStream>,
    line: Vec<u8>,
}

impl Served {
    fn new(crowd: Crowd, paged: bool) -> Served {
        Served {
            crowd,
            paged,
            version: AtomicU64::new(1_000_000),
            later: AtomicUsize::new(0),
            watches: Mutex::default(),
        }
    }

    fn connection(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut out = BufWriter::with_capacity(BENCH_BUFFER_BYTES, stream.try_clone()?);
        let mut lines = BufReader::new(stream).lines();
        while let Some(asked) = Asked::read(&mut lines)? {
            self.answer(&asked, &mut out)?;
            out.flush()?;
        }
        Ok(())
    }

    fn answer(&self, asked: &Asked, out: &mut BufWriter<TcpStream>) -> io::Result<()> {
        let number = |key: &str| asked.query.get(key).and_then(|value| value.parse().ok());
        match asked.path.as_str() {
            "/bench/events" => self.order("pods", Order::Events(number("count").unwrap_or(0)), out),
            "/bench/expire" => {
                self.later.fetch_add(1, Ordering::Relaxed);
                self.order("pods", Order::Expire, out)
            }
            "/bench/stream" => {
                let log = asked.query.get("log").map(PathBuf::from).unwrap_or_default();
                let (count, standing) = (number("count").unwrap_or(0), number("standing").unwrap_or(0));
                let rate = asked.query.get("rate").and_then(|rate| rate.parse().ok()).unwrap_or(1);
                let stream = Stream { count, rate, standing, log };
                self.order("pods", Order::Stream(Arc::new(stream)), out)
            }
            _ if self.paged && asked.query.contains_key("sendInitialEvents") => {
                write!(
                    out,
                    "HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: {}\r\n\r\n",
                    NO_STREAMS.len()
                )?;
                out.write_all(NO_STREAMS)
            }
            path if path.starts_with("/api/v1/") || path.starts_with("/apis/") => {
                out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                let mut answer = Answer { out, line: Vec::new() };
                match asked.query.contains_key("watch") {
                    true => self.watch(asked, &mut answer)?,
                    false => self.page(asked, number("limit"), number("continue"), &mut answer)?,
                }
                answer.end()
            }
            _ => out.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"),
        }
    }

    /// Tells the open watches of a kind what happens next; says how many there are.
    fn order(&self, plural: &str, order: Order, out: &mut BufWriter<TcpStream>) -> io::Result<()> {
        let mut watches = self.watches.lock().expect("no thread panics while it holds the watches");
        let open = watches.entry(plural.to_owned()).or_default();
        open.retain(|watch| watch.send(order.clone()).is_ok());
        let body = open.len().to_string();
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    fn count(&self, sort: Option<Sort>) -> usize {
        let later = if sort == Some(Sort::Pod) { self.later.load(Ordering::Relaxed) } else { 0 };
        sort.map_or(0, |sort| self.crowd.count(sort)) + later
    }

    fn now(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    fn page(
        &self,
        asked: &Asked,
        limit: Option<usize>,
        from: Option<usize>,
        answer: &mut Answer,
    ) -> io::Result<()> {
        let sort = Sort::of(&asked.word);
        let (count, from) = (self.count(sort), from.unwrap_or(0));
        let to = count.min(limit.map_or(count, |limit| from + limit));
        let token = if to < count { format!("\"continue\":\"{to}\",") } else { String::new() };
        let (api, kind) = names(&asked.word);
        answer.piece(|line| {
            write!(line, r#"{{"kind":"{kind}List","apiVersion":"{api}","metadata":{{{token}"resourceVersion":"{}"}},"items":["#, self.now())
        })?;
        for (number, sort) in (from..to).zip(sort.into_iter().cycle()) {
            answer.piece(|line| {
                line.extend_from_slice(if number == from { b"" } else { b"," });
                self.crowd.write(sort, number, FIRST_VERSION + number as u64, line);
                Ok(())
            })?;
        }
        answer.piece(|line| line.write_all(b"]}"))
    }

    fn watch(&self, asked: &Asked, answer: &mut Answer) -> io::Result<()> {
        let (sort, (sender, orders)) = (Sort::of(&asked.word), mpsc::channel());
        if asked.query.contains_key("sendInitialEvents") {
            for (number, sort) in (0..self.count(sort)).zip(sort.into_iter().cycle()) {
                answer.event("ADDED", |line| {
                    self.crowd.write(sort, number, FIRST_VERSION + number as u64, line)
                })?;
            }
            self.bookmark(&asked.word, r#","annotations":{"k8s.io/initial-events-end":"true"}"#, answer)?;
        }
        let mut watches = self.watches.lock().expect("no thread panics while it holds the watches");
        watches.entry(asked.word.clone()).or_default().push(sender);
        drop(watches);
        let begun = Instant::now();
        while begun.elapsed() < BENCH_WATCH_MAX {
            answer.out.flush()?;
            match orders.recv_timeout(BOOKMARK_EVERY) {
                Ok(Order::Events(count)) => self.events(count, answer)?,
                Ok(Order::Stream(stream)) => self.stream(&stream, answer)?,
                Ok(Order::Expire) => return answer.piece(|line| line.write_all(EXPIRED)),
                Err(RecvTimeoutError::Timeout) => self.bookmark(&asked.word, "", answer)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        Ok(())
    }

    fn stream(&self, stream: &Stream, answer: &mut Answer) -> io::Result<()> {
        let send = |answer: &mut Answer<'_>, change: Change| {
            let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
            let word = if change.gone { "DELETED" } else { "ADDED" };
            answer.event(word, |line| self.crowd.write_unnamed(change.number, version, line))
        };
        stream.run(answer, send, |answer| answer.out.flush())
    }

    /// Changes of pods here and there, as fast as they are read; a new pod marks their end.
    fn events(&self, count: usize, answer: &mut Answer) -> io::Result<()> {
        let pods = self.crowd.count(Sort::Pod).max(1) as u64;
        for _ in 0..count {
            let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
            let number = (mixed(version) % pods) as usize;
            answer.event("MODIFIED", |line| self.crowd.write(Sort::Pod, number, version, line))?;
        }
        let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        let number = self.crowd.count(Sort::Pod) + self.later.fetch_add(1, Ordering::Relaxed);
        answer.event("ADDED", |line| self.crowd.write(Sort::Pod, number, version, line))
    }

    fn bookmark(&self, plural: &str, more: &str, answer: &mut Answer) -> io::Result<()> {
        let ((api, kind), version) = (names(plural), self.now());
        answer.piece(|line| {
            write!(line, r#"{{"type":"BOOKMARK","object":{{"kind":"{kind}","apiVersion":"{api}","metadata":{{"resourceVersion":"{version}"{more}}}}}}}"#)?;
            line.write_all(b"\n")
        })
    }
}

/// Objects are older than the list that names them.
const FIRST_VERSION: u64 = 1_000;

const EXPIRED: &[u8] = b"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\
    \"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}}\n";

const NO_STREAMS: &[u8] =
    b"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\
    \"message\":\"sendInitialEvents is forbidden\",\"reason\":\"Invalid\",\"code\":422}";

fn names(plural: &str) -> (&'static str, &'static str) {
    match plural {
        "pods" => ("v1", "Pod"),
        "nodes" => ("v1", "Node"),
        "events" => ("v1", "Event"),
        "replicasets" => ("apps/v1", "ReplicaSet"),
        "deployments" => ("apps/v1", "Deployment"),
        "statefulsets" => ("apps/v1", "StatefulSet"),
        "daemonsets" => ("apps/v1", "DaemonSet"),
        _ => ("batch/v1", "Job"),
    }
}

impl Asked {
    /// Reads the head of a request; a GET has no body.
    fn read(lines: &mut impl Iterator<Item = io::Result<String>>) -> io::Result<Option<Asked>> {
        let Some(first) = lines.next().transpose()? else { return Ok(None) };
        while !lines.next().transpose()?.unwrap_or_default().is_empty() {}
        let target = first.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let word = path.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Some(Asked { word, path: path.to_owned(), query }))
    }
}

impl Answer<'_> {
    fn event(&mut self, word: &str, object: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.piece(|line| {
            write!(line, "{{\"type\":\"{word}\",\"object\":")?;
            object(line);
            line.write_all(b"}\n")
        })
    }

    /// One chunk, as API servers send one for each event.
    fn piece(&mut self, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        self.line.clear();
        write(&mut self.line)?;
        write!(self.out, "{:x}\r\n", self.line.len())?;
        self.out.write_all(&self.line)?;
        self.out.write_all(b"\r\n")
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(b"0\r\n\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn asked(path: &str) -> String {
        let served = Served::new(Crowd::new(Size { pods: 7, replica_sets: 2, nodes: 1 }), true);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
        write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        client.shutdown(std::net::Shutdown::Write).expect("that was all");
        let (stream, _) = listener.accept().expect("accepted");
        served.connection(stream).expect("answered");
        let mut text = String::new();
        client.read_to_string(&mut text).expect("read");
        text
    }

    #[test]
    fn a_page_names_the_next_one_until_there_is_none() {
        let first = asked("/api/v1/pods?limit=5");
        assert!(first.contains(r#""continue":"5""#), "{first}");
        assert_eq!(first.matches(r#""kind":"Pod""#).count(), 5);
        let last = asked("/api/v1/pods?limit=5&continue=5");
        assert!(!last.contains(r#""continue""#), "{last}");
        assert_eq!(last.matches(r#""kind":"Pod""#).count(), 2);
    }

    #[test]
    fn a_server_of_pages_refuses_to_stream_a_list() {
        let refusal = asked("/api/v1/pods?watch=true&sendInitialEvents=true");
        assert!(refusal.starts_with("HTTP/1.1 422") && refusal.ends_with("}"), "{refusal}");
    }

    #[test]
    fn a_collection_without_objects_is_an_empty_list() {
        let list = asked("/apis/batch/v1/jobs?limit=5");
        assert!(list.contains(r#""kind":"JobList""#) && list.contains(r#""items":["#), "{list}");
        assert!(asked("/version").starts_with("HTTP/1.1 404"));
    }
}
