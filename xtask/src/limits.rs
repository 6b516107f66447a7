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
/// The longest body that the receiver reads; no message exceeds 1 MiB.
pub(crate) const RECEIVED_BODY_BYTES_MAX: u64 = 4 << 20;
/// How long a receiver of many holds its brief lines back.
pub(crate) const RECEIVER_HOLDS: Duration = Duration::from_millis(100);
/// The longest line in the head of a request that the receiver reads.
pub(crate) const RECEIVED_LINE_BYTES_MAX: u64 = 64 << 10;
/// How long alertkube may take for what a test waits for.
pub(crate) const PROGRAM_DEED_MAX: Duration = Duration::from_secs(60);
/// How long alertkube may take to end: what the cluster gives it before it kills.
pub(crate) const PROGRAM_STOP_MAX: Duration = Duration::from_secs(15);
/// How long its metrics may take.
pub(crate) const METRICS_ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long a fault may take to be told, from its making: the slowest is a node, which the controllers give 50 s.
pub(crate) const FAULT_TOLD_MAX: Duration = Duration::from_secs(120);
/// How long the end of a fault may take to be told, from its fixing: the kubelet tries a mount every two minutes.
pub(crate) const FAULT_ENDED_MAX: Duration = Duration::from_secs(180);
/// How long the observer may take until it sees the cluster as it stands.
pub(crate) const OBSERVER_START_MAX: Duration = Duration::from_secs(30);
/// Bytes that the way to the API server takes at once.
pub(crate) const PROXY_BUFFER_BYTES: usize = 64 << 10;
/// Objects, events about them and later states that are kept of one fault.
pub(crate) const SHAPES_MAX: usize = 8;
/// The longest line of a golden file of the chart.
pub(crate) const GOLDEN_LINE_BYTES_MAX: usize = 400;
/// Ordeals that a mutant is put through.
pub(crate) const MUTANT_SEEDS: u64 = 300;
