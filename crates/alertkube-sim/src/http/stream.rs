//! A watch as a chunked body: one line of JSON to a chunk.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response as HttpResponse;
use tokio::sync::watch;

use super::shared::Shared;
use crate::cluster::{WatchId, WatchStep};

struct Reader {
    shared: Shared,
    id: WatchId,
    changed: watch::Receiver<()>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.quietly(|cluster| cluster.close_watch(self.id));
    }
}

impl Reader {
    /// The next chunk; none when the stream ended.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match self.shared.quietly(|cluster| cluster.poll_watch(self.id)) {
                WatchStep::Line(line) => return Some(Ok(Bytes::from(line))),
                WatchStep::Idle => self.changed.changed().await.ok()?,
                WatchStep::Ended => return None,
                WatchStep::Cut => return Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))),
            }
        }
    }
}

/// The answer to a watch.
pub(super) fn respond(shared: Shared, id: WatchId) -> HttpResponse {
    let changed = shared.subscribe();
    let reader = Reader { shared, id, changed };
    let lines = futures::stream::unfold(reader, async |mut reader: Reader| {
        let chunk = reader.next().await?;
        Some((chunk, reader))
    });
    HttpResponse::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-cache, private")
        .body(Body::from_stream(lines))
        .expect("constant headers are legal HTTP")
}
