//! The one request in flight: sends it, and turns what comes back into frames.

use std::time::Duration;

use alertkube_core::{Follow, Frame, WatchRequest};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, ACCEPT_ENCODING, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;

use crate::watch::limits::{PAGE_BYTES, REFUSAL_BYTES};
use crate::watch::lines::{Cut, Lines};

type Sending = BoxFuture<'static, kube::Result<Response<Body>>>;

/// A request that was sent. Dropping it ends it, and its connection if a body was still coming.
pub(crate) struct Wire {
    stream: bool,
    part: Part,
}

enum Part {
    /// No head yet.
    Sending(Sending),
    /// Lines are coming.
    Lines(Body, Lines),
    /// A body is coming, of which so many bytes are taken.
    Whole { body: Body, taken: Vec<u8>, most: usize },
    /// All has come.
    Done,
}

/// What one step brought.
enum Piece {
    Head(Response<Body>),
    Chunk(Bytes),
    End,
    Failed(String),
}

impl Wire {
    /// Sends a request. Compressed streams would hold events back, so none is asked for.
    pub(crate) fn send(client: &Client, request: &WatchRequest) -> Wire {
        let client = client.clone();
        let built = Request::get(&request.path_and_query)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .body(Body::empty());
        let sending: Sending =
            Box::pin(async move { client.send(built.map_err(kube::Error::HttpError)?).await });
        Wire { stream: request.stream, part: Part::Sending(sending) }
    }

    /// Waits for the next piece of the answer and hands it in. May be dropped and called again.
    pub(crate) async fn step(&mut self, follow: &mut Follow, now: impl Fn() -> Duration) {
        let piece = self.part.next().await;
        let now = now();
        match piece {
            Piece::Head(response) => self.head(response, now, follow),
            Piece::Chunk(chunk) => self.chunk(&chunk, now, follow),
            Piece::End => self.end(now, follow),
            Piece::Failed(why) => {
                self.part = Part::Done;
                follow.frame(now, Frame::Failed(&why));
            }
        }
    }

    fn head(&mut self, response: Response<Body>, now: Duration, follow: &mut Follow) {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let body = response.into_body();
        self.part = match status == StatusCode::OK {
            true if self.stream => Part::Lines(body, Lines::default()),
            true => Part::Whole { body, taken: Vec::new(), most: PAGE_BYTES },
            false => Part::Whole { body, taken: Vec::new(), most: REFUSAL_BYTES },
        };
        follow.frame(now, Frame::Head { status: status.as_u16(), retry_after });
    }

    fn chunk(&mut self, chunk: &[u8], now: Duration, follow: &mut Follow) {
        match &mut self.part {
            Part::Lines(_, lines) => lines.feed(chunk, |cut| {
                follow.frame(
                    now,
                    match cut {
                        Cut::Line(line) => Frame::Line(line),
                        Cut::TooLong => Frame::TooLong,
                    },
                );
            }),
            Part::Whole { taken, most, .. } => {
                let room = *most - taken.len();
                taken.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    self.full(now, follow);
                }
            }
            Part::Sending(_) | Part::Done => {}
        }
    }

    /// More came than we take: a refusal is understood by its beginning, a page is not.
    fn full(&mut self, now: Duration, follow: &mut Follow) {
        match std::mem::replace(&mut self.part, Part::Done) {
            Part::Whole { taken, most: REFUSAL_BYTES, .. } => follow.frame(now, Frame::Body(&taken)),
            _ => follow.frame(now, Frame::TooLong),
        }
    }

    fn end(&mut self, now: Duration, follow: &mut Follow) {
        match std::mem::replace(&mut self.part, Part::Done) {
            Part::Whole { taken, .. } => follow.frame(now, Frame::Body(&taken)),
            Part::Lines(..) => follow.frame(now, Frame::Closed),
            Part::Sending(_) | Part::Done => {}
        }
    }
}

impl Part {
    async fn next(&mut self) -> Piece {
        match self {
            Part::Sending(sending) => match sending.await {
                Ok(response) => Piece::Head(response),
                Err(error) => Piece::Failed(chain(error)),
            },
            Part::Lines(body, _) | Part::Whole { body, .. } => match body.frame().await {
                Some(Ok(frame)) => Piece::Chunk(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => Piece::Failed(chain(error)),
                None => Piece::End,
            },
            Part::Done => futures::future::pending().await,
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: kube::Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}
