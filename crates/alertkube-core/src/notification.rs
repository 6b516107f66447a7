//! What a sink is told, and what comes back.

use std::time::Duration;

use crate::severity::Severity;
use crate::time::Stamp;
use crate::watch::Packed;

/// A sink, as an index into [`crate::Settings::sinks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SinkId(pub usize);

/// One try to deliver one notification. Never reused within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub u64);

/// How a sink tells a repeat from news; it decides the window of unsettled sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkClass {
    /// People read it in order and every message shows: one unsettled send.
    Chat,
    /// It folds by a key: up to 64 unsettled sends.
    Keyed,
    /// A program reads it and can fold by delivery id: up to 256 unsettled sends.
    Webhook,
}

/// What a notification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A problem stands and this sink has not been told of it in this episode.
    First,
    /// The problem is worse than this sink was told.
    Raised,
    /// The problem still stands.
    Repeat,
    /// The problem ended.
    Resolved,
    /// Several problems in one message.
    Digest(Digest),
}

/// What the problems of a digest have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// They stood already when a first run began.
    Standing,
    /// They began, or became worse, faster than the sink may be told of one at a time.
    News,
    /// They still stand, and are too many to be reminded of one at a time.
    Repeats,
    /// They ended faster than the sink may be told of one at a time.
    Ends,
}

impl Action {
    /// A closed word for payloads, logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::First => "first",
            Action::Raised => "raised",
            Action::Repeat => "repeat",
            Action::Resolved => "resolved",
            Action::Digest(Digest::Standing) => "digest",
            Action::Digest(Digest::News) => "digest_news",
            Action::Digest(Digest::Repeats) => "digest_repeat",
            Action::Digest(Digest::Ends) => "digest_resolved",
        }
    }

    /// Whether it says that something ended.
    pub const fn ends(self) -> bool {
        matches!(self, Action::Resolved | Action::Digest(Digest::Ends))
    }
}

impl Digest {
    pub(crate) const ALL: [Digest; 4] = [Digest::Standing, Digest::News, Digest::Repeats, Digest::Ends];
}

/// One message for one sink.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Stays the same over all attempts of this message; 16 hex digits.
    pub delivery: String,
    /// What it says.
    pub action: Action,
    /// The cluster's name.
    pub cluster: String,
    /// When the decision to tell was made.
    pub decided: Stamp,
    /// One problem; only a digest has more (worst first) and may have any number.
    pub reports: Vec<Report>,
}

impl Notification {
    /// The first message about a pod that ran out of memory: what a sink is given, for who writes or tries one.
    ///
    /// ```
    /// use alertkube_core::{Action, Notification};
    ///
    /// let told = Notification::example();
    /// assert_eq!((told.action, told.reports.len()), (Action::First, 1));
    /// assert_eq!(told.reports[0].reason, "OOMKilled");
    ///
    /// let ended = Notification { action: Action::Resolved, ..told };
    /// assert_eq!(ended.action.as_str(), "resolved");
    /// ```
    pub fn example() -> Notification {
        let [fingerprint, delivery] = ["4f0c1d2e3a5b6978", "00000000000000aa"].map(str::to_owned);
        let [kind, namespace, name, node] = ["Pod", "shop", "web-0", "node-a"].map(str::to_owned);
        let starts = Stamp::from_seconds(1_795_420_800);
        let report = Report {
            fingerprint,
            key: None,
            episode: format!("{:x}", starts.millis()),
            kind,
            namespace,
            name,
            node,
            owners: vec![("StatefulSet".to_owned(), "web".to_owned())],
            severity: Severity::Critical,
            reason: "OOMKilled".to_owned(),
            text: "ran out of memory".to_owned(),
            parts: Vec::new(),
            effects: Vec::new(),
            labels: Packed::default(),
            annotations: Packed::default(),
            starts,
            ends: None,
            event: false,
            flapping: false,
        };
        let (cluster, decided) = ("example".to_owned(), starts.plus(Duration::from_secs(1)));
        Notification { delivery, action: Action::First, cluster, decided, reports: vec![report] }
    }
}

/// One problem as it is told: a snapshot, complete without the core.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// 16 hex digits, v2 of the reference (kind, namespace, name, reason).
    pub fingerprint: String,
    /// The key under which sinks that fold know the problem, where that is another: an incident that the Go program opened
    /// under an older key is ended under that one.
    pub key: Option<String>,
    /// Names one life of this fingerprint: it differs between two firings that a resolve parts.
    pub episode: String,
    /// Kind of the object.
    pub kind: String,
    /// Namespace of the object, empty for cluster-scoped ones.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// The node it is on, or is; empty if none.
    pub node: String,
    /// Owners from the nearest to the top, as (kind, name).
    pub owners: Vec<(String, String)>,
    /// How bad it is, overrides and raises included.
    pub severity: Severity,
    /// The reason to show; it may be another name of the one that identifies the alert.
    pub reason: String,
    /// The cause in plain words, one line, without the object's name.
    pub text: String,
    /// One line for each failing container or other part.
    pub parts: Vec<ReportPart>,
    /// One line for each effect that this problem explains.
    pub effects: Vec<String>,
    /// Labels of the object.
    pub labels: Packed,
    /// Annotations of the object that settings or sinks name.
    pub annotations: Packed,
    /// Since when it holds.
    pub starts: Stamp,
    /// When it ended; `None` while it stands.
    pub ends: Option<Stamp>,
    /// Whether it fires once and has no end.
    pub event: bool,
    /// Whether it has fired often lately.
    pub flapping: bool,
}

/// A failing container, or another part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPart {
    /// Container name, or what else names the part.
    pub name: String,
    /// What is wrong with it.
    pub text: String,
}

/// What became of an attempt, judged by the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sink took it.
    Done,
    /// Try again, not before `after` if the sink asked for a delay.
    Retry {
        /// What went wrong.
        why: Why,
        /// The delay that the sink asked for (`Retry-After`).
        after: Option<Duration>,
        /// Whether the sink may have taken it all the same (a lost reply).
        in_doubt: bool,
    },
    /// Trying again cannot help.
    Reject(Why),
    /// It did not begin in time, so nothing of it has left: it is decided anew, at once.
    Late,
}

/// Why an attempt failed: a closed set, and the metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// 408, 425 or 429.
    Throttled,
    /// 5xx.
    ServerError,
    /// Any other answer that is not a success.
    Refused,
    /// 401 or 403 from the sink.
    Unauthorized,
    /// The destination guard forbids the address.
    Blocked,
    /// The sink has no address or credential.
    Unconfigured,
    /// The message cannot be rendered for this sink.
    Unrenderable,
}

impl Why {
    pub(crate) const ALL: [Why; 9] = [
        Why::Unreachable,
        Why::Timeout,
        Why::Throttled,
        Why::ServerError,
        Why::Refused,
        Why::Unauthorized,
        Why::Blocked,
        Why::Unconfigured,
        Why::Unrenderable,
    ];

    /// Whether it is the sink's fault and not the message's: once it takes one, it may take all.
    pub(crate) const fn is_of_sink(self) -> bool {
        matches!(self, Why::Unauthorized | Why::Blocked | Why::Unconfigured)
    }

    /// A closed word for logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Why::Unreachable => "unreachable",
            Why::Timeout => "timeout",
            Why::Throttled => "throttled",
            Why::ServerError => "server_error",
            Why::Refused => "refused",
            Why::Unauthorized => "unauthorized",
            Why::Blocked => "blocked",
            Why::Unconfigured => "unconfigured",
            Why::Unrenderable => "unrenderable",
        }
    }
}
