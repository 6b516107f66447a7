//! Every bound of the tasks, by name.

use std::time::Duration;

/// How long the API server may take from its start to its first ready answer.
pub(crate) const API_SERVER_START_MAX: Duration = Duration::from_secs(90);
/// How long the node may take to become ready once the API server answers.
pub(crate) const NODE_READY_MAX: Duration = Duration::from_secs(120);
/// How long containerd may take to answer on its socket.
pub(crate) const CONTAINERD_START_MAX: Duration = Duration::from_secs(30);
/// How long a killed process may take to be gone.
pub(crate) const KILLED_MAX: Duration = Duration::from_secs(20);
/// How often a condition is looked at while waiting for it.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How many lines of a log are shown when its process did not come up.
pub(crate) const LOG_TAIL_LINES: usize = 15;
/// How deep the folders of control groups nest under ours.
pub(crate) const CGROUP_DEPTH_MAX: usize = 12;
/// How many branches a cluster has at most: the addresses that the pods leave to them.
pub(crate) const BRANCHES_MAX: usize = 250;
/// How long a branch's name may be: a network link's name takes 15 bytes, three of which are `to-`.
pub(crate) const BRANCH_NAME_BYTES_MAX: usize = 12;
