//! Lines on standard output: whole, in order, and never on the back of the runtime's threads.

use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use alertkube_sinks::{Failure, Reply};
use tokio::sync::Mutex;

use super::gate::{Gate, Unsent};
use crate::clock::Clock;

/// The writer that all sinks of lines share.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Mutex<Box<dyn Write + Send>>>);

impl Lines {
    /// Lines into a writer.
    pub(crate) fn new(writer: impl Write + Send + 'static) -> Lines {
        Lines(Arc::new(Mutex::new(Box::new(writer))))
    }

    /// Writes a line and flushes it, until `until` on the boot clock. Whoever reads may have stopped reading: a write
    /// that hangs holds one thread of those that may block, and the next line waits without one.
    pub(super) async fn write(
        &self,
        (clock, gate): (Clock, &Gate),
        mut line: String,
        until: Duration,
    ) -> Result<Reply, Unsent> {
        line.push('\n');
        let mut writer = tokio::select! {
            biased;
            writer = self.0.clone().lock_owned() => writer,
            () = clock.sleep_until(until) => return Ok(Reply::Failed(Failure::Connect)),
        };
        gate.pass()?;
        let written = tokio::task::spawn_blocking(move || {
            writer.write_all(line.as_bytes()).and_then(|()| writer.flush())
        });
        Ok(tokio::select! {
            biased;
            written = written => match written {
                Ok(Ok(())) => Reply::Written,
                Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => Reply::Failed(Failure::Connect),
                Ok(Err(_)) | Err(_) => Reply::Failed(Failure::Broken),
            },
            () = clock.sleep_until(until) => Reply::Failed(Failure::Timeout),
        })
    }
}
