//! One request to a server and what comes back, as the program's own transport hands it on, and written down.

use std::time::Duration;

use alertkube_core::WatchRequest;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::limits::{EXCHANGE_LINES_MAX, PATIENCE};

/// A piece of an answer, in the words of the watch machine.
pub(super) enum Piece {
    Line(Bytes),
    Closed,
    Failed(String),
}

/// What was asked and what came, for the record.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) headers: Value,
    /// The lines of a stream, or the one body.
    pub(super) said: Vec<Value>,
}

/// An answer whose head is there.
pub(super) struct Wire {
    pub(super) exchange: Exchange,
    pub(super) retry_after: Option<Duration>,
    body: Body,
    held: Vec<u8>,
}

impl Wire {
    /// Sends the request and waits for the head of its answer.
    pub(super) async fn send(client: &Client, request: &WatchRequest) -> Result<Wire> {
        let built = Request::get(&request.path_and_query)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .body(Body::empty())
            .context("build a request")?;
        let response = tokio::time::timeout(PATIENCE, client.send(built)).await;
        let response = response.context("no answer in time")?.context("send a request")?;
        Ok(Wire::of(request.path_and_query.clone(), response))
    }

    fn of(request: String, response: Response<Body>) -> Wire {
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let retry_after = header(RETRY_AFTER);
        let mut headers = json!({"content-type": header(CONTENT_TYPE)});
        if let Some(seconds) = &retry_after {
            headers["retry-after"] = seconds.as_str().into();
        }
        let exchange = Exchange { request, status: response.status().as_u16(), headers, said: Vec::new() };
        let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        Wire { exchange, retry_after, body: response.into_body(), held: Vec::new() }
    }

    /// The next line, or the end.
    pub(super) async fn line(&mut self) -> Piece {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                self.note(&line);
                return Piece::Line(line.into());
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.held.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Piece::Failed(format!("{:#}", anyhow::Error::from(error))),
                None => return Piece::Closed,
            }
        }
    }

    /// The whole body.
    pub(super) async fn whole(&mut self) -> Result<Bytes> {
        let body = std::mem::replace(&mut self.body, Body::empty());
        let collected =
            tokio::time::timeout(PATIENCE, body.collect()).await.context("no end of a body in time")?;
        let bytes = collected.context("read a body")?.to_bytes();
        self.note(&bytes);
        Ok(bytes)
    }

    fn note(&mut self, bytes: &[u8]) {
        if self.exchange.said.len() < EXCHANGE_LINES_MAX {
            let text = || Value::from(String::from_utf8_lossy(bytes));
            self.exchange.said.push(serde_json::from_slice(bytes).map_or_else(|_| text(), without_writers));
        }
    }
}

impl Exchange {
    /// As it is kept in a file.
    pub(super) fn recorded(&self) -> Value {
        json!({"request": self.request, "status": self.status, "headers": self.headers, "said": self.said})
    }
}

/// Without the record of who wrote which field, which is longer than the objects.
fn without_writers(mut value: Value) -> Value {
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("managedFields");
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A request that is no watch, such as a write; anything but 2xx is an error.
pub(super) async fn write(client: &Client, request: Request<Vec<u8>>) -> Result<Value> {
    let path = request.uri().to_string();
    let (head, body) = request.into_parts();
    let response = client.send(Request::from_parts(head, Body::from(body))).await.context("send a write")?;
    let status = response.status();
    let bytes = response.into_body().collect().await.context("read the answer to a write")?.to_bytes();
    if !status.is_success() {
        bail!("{path}: {status} {}", String::from_utf8_lossy(&bytes));
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}
