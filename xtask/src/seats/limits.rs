//! Every bound of the ground of replicas, by name.

use std::time::Duration;

/// How long an answer of the API server to ourselves may take.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How many of our own requests are on their way at once.
pub(super) const AT_ONCE_MAX: usize = 32;
/// How often our fake node says that it lives; the controllers give it 40 s.
pub(super) const NODE_BEAT: Duration = Duration::from_secs(8);
/// How long the controllers may take to make the pods.
pub(super) const PODS_MADE_MAX: Duration = Duration::from_secs(480);
/// How often they are listed meanwhile.
pub(super) const PODS_LISTED_EVERY: Duration = Duration::from_secs(1);
/// How often both doors of a pair are knocked at.
pub(super) const KNOCK_EVERY: Duration = Duration::from_millis(100);
/// How long a door may take to answer; a process that is stopped does not.
pub(super) const DOOR_ANSWER_MAX: Duration = Duration::from_millis(400);
/// How often lines and processes are looked at while something is waited for.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(30);
/// How long a replica may take until it leads or stands by, with nobody in its way.
pub(super) const SEATED_MAX: Duration = Duration::from_secs(90);
/// How long all that was done may take to be told, once somebody leads.
pub(super) const SETTLED_MAX: Duration = Duration::from_secs(120);
/// How long a replica may take to end on SIGTERM: what the seed page gives a handover.
pub(super) const END_MAX: Duration = Duration::from_secs(15);
/// How much of a log is shown when its replica ended by itself.
pub(super) const LOG_END_BYTES: usize = 4 << 10;
