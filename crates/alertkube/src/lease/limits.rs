//! Every bound of the election's transport, by name.

use std::time::Duration;

/// How long one request about the Lease may take; at it, the request is given up and the next goes over another
/// connection. Several fit before the renew deadline.
pub(super) const TRY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a replica that was fenced, and gave the Lease back, does not stand for it: the time of a Lease.
pub(super) const RESIGNED_FOR: Duration = Duration::from_secs(30);

/// How long the server keeps a watch of the Lease open.
pub(super) const WATCH_SECONDS: u32 = 280;

/// Orders that wait for the election; one more waits with whoever gives it, and one more notice is dropped.
pub(super) const ORDERS_MAX: usize = 16;

/// Kubernetes Events that wait to be written; one more pushes the oldest out.
pub(super) const NOTICES_MAX: usize = 16;

/// Bytes of a server's or a transport's words that we pass on.
pub(super) const WHY_BYTES_MAX: usize = 300;

/// Bytes of the note of a Kubernetes Event, as the API server limits it.
pub(super) const NOTE_BYTES_MAX: usize = 1024;

/// Bytes of the instance that reports a Kubernetes Event, as the API server limits it.
pub(super) const INSTANCE_BYTES_MAX: usize = 128;
