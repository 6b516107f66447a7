//! A minimal HTTP/1.1 client, written by hand so that nothing hides what the front sends.

use std::io;
use std::net::SocketAddr;

use alertkube_sim::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer whose head was read.
pub(crate) struct Answer {
    pub(crate) code: u16,
    headers: Vec<(String, String)>,
    connection: Connection,
}

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Connection> {
        Ok(Connection { stream: TcpStream::connect(address).await?, buffer: Vec::new() })
    }

    /// Sends a request and reads the head of its answer.
    pub(crate) async fn send(mut self, request: &Request) -> io::Result<Answer> {
        let pairs: Vec<String> =
            request.query.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        let head = format!(
            "{} {}{query} HTTP/1.1\r\nhost: sim\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
            request.verb.as_str(),
            request.path,
            request.content_type,
            request.body.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.write_all(&request.body).await?;
        let head = self.until(b"\r\n\r\n").await?;
        let text = String::from_utf8_lossy(&head).into_owned();
        let mut lines = text.lines();
        let code = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let split = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned()));
        let headers = lines.filter_map(split).collect();
        Ok(Answer { code: code.ok_or(io::ErrorKind::InvalidData)?, headers, connection: self })
    }

    /// Everything up to and with a mark.
    async fn until(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|window| window == mark) {
                return Ok(self.buffer.drain(..at + mark.len()).collect());
            }
            self.more().await?;
        }
    }

    async fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            self.more().await?;
        }
        Ok(self.buffer.drain(..count).collect())
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// The next chunk; none at the orderly end of a stream.
    pub(crate) async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let size = self.until(b"\r\n").await?;
        let size = String::from_utf8_lossy(&size).trim().to_owned();
        let size = usize::from_str_radix(&size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        let data = self.exactly(size).await?;
        self.exactly(2).await?;
        Ok((size > 0).then_some(data))
    }

    /// Whether nothing waits to be read.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut byte = [0];
        let nothing = self.stream.try_read(&mut byte).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock);
        self.buffer.is_empty() && nothing
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.header("transfer-encoding") == Some("chunked")
    }

    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }

    /// The body of an answer with a length, and the connection for the next request.
    pub(crate) async fn body(mut self) -> io::Result<(Vec<u8>, Connection)> {
        let length = self.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let body = self.connection.exactly(length).await?;
        Ok((body, self.connection))
    }
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
