//! Every bound of the shell, by name; those of the watch transport stand beside it.

use std::time::Duration;

/// Signals that wait for the engine. At this bound whoever signals waits, and the watches stop reading.
pub(crate) const INBOX_MAX: usize = 1024;

/// Tasks of the engine's thread that run between two looks at its sockets; 61, the runtime's own choice, lets twice as
/// many decoded objects wait.
pub(crate) const ENGINE_TURNS: u32 = 16;

/// So many panics of the replica within [`PANICS_WITHIN`], and the process ends.
pub(crate) const PANICS_MAX: usize = 3;
/// See [`PANICS_MAX`].
pub(crate) const PANICS_WITHIN: Duration = Duration::from_secs(60);

/// Parts of stored state that are read at once.
pub(crate) const READS_AT_ONCE: usize = 8;

/// How often the engine publishes its state.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(1);

/// How long the engine may be silent before `/healthz` asks for a restart.
pub(crate) const BEAT_SILENCE_MAX: Duration = Duration::from_secs(120);

/// How long giving the Lease back may take at a stop.
pub(crate) const RELEASE_WITHIN: Duration = Duration::from_secs(3);

/// A standby that has not heard of the Lease for this long is not ready to take it.
pub(crate) const LEASE_SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long what is in flight may take once we were told to stop.
pub(crate) const STOP_BY: Duration = Duration::from_secs(5);

/// How long a connection to the API server may take.
pub(crate) const API_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the API server may refuse to take the bytes of a request.
pub(crate) const API_WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one try at a sink may take, from the resolver to the status of the answer.
pub(crate) const TRY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection to a sink may take; less than a try, so that a dead host is told from a slow one.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the body of an answer is waited for; the status has already said what matters.
pub(crate) const REPLY_BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an unused connection to a sink is kept. Common servers close theirs after 5 s, and a request that meets
/// that close is in doubt.
pub(crate) const POOL_IDLE_MAX: Duration = Duration::from_secs(4);

/// Bytes of the file of a credential; the largest that are known have a few thousand.
pub(crate) const CREDENTIAL_BYTES_MAX: u64 = 64 * 1024;

/// How often the files of credentials are looked at while nothing is sent, so that a sink that refuses everything hears
/// of it when its credential was replaced.
pub(crate) const CREDENTIALS_EVERY: Duration = Duration::from_secs(10);

/// Unused connections that are kept for one sink and host, as many as a webhook has sends on their way; further ones are
/// closed.
pub(crate) const POOL_CONNECTIONS_MAX: usize = 256;

/// Deliveries whose tries are counted; at the bound the oldest id is forgotten and counts from 1 again.
pub(crate) const DELIVERIES_MAX: usize = 4096;

/// Connections that the HTTP server holds; further ones wait in the kernel's queue.
pub(crate) const HTTP_CONNECTIONS_MAX: usize = 64;

/// How many of them wait there.
pub(crate) const HTTP_BACKLOG: u32 = 1024;

/// How long the head of an HTTP request may take, the wait for it on an open connection included.
pub(crate) const HTTP_HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one HTTP connection may live; whoever polls simply connects again.
pub(crate) const HTTP_CONNECTION_MAX: Duration = Duration::from_secs(60);

/// How long an HTTP connection may take to finish its answer once it has to close.
pub(crate) const HTTP_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the HTTP server waits after a connection could not be accepted (no descriptors left).
pub(crate) const HTTP_ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Bytes of the head of an HTTP request.
pub(crate) const HTTP_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Seconds that the applet `wget` may take, from the resolver to the last byte.
pub(crate) const WGET_SECONDS_MAX: u64 = 60;

/// How long it waits for one of several addresses to take its connection.
pub(crate) const WGET_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a body that it prints.
pub(crate) const WGET_BODY_BYTES_MAX: usize = 64 << 20;
