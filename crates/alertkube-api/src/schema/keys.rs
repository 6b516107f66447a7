//! The rows of what this build does; `later.rs` has those that it only understands.

use super::kind::{Key, Kind, Names, SEVERITIES};
use super::later;
use crate::persistence::KINDS;

const TEXTS: Kind = Kind::List(&Kind::Text);
const SINKS: Kind = Kind::List(&Kind::Sink);

/// The top of the file.
pub(crate) const ROOT: &[Key] = &[
    Key::new("cluster", Kind::Text, "", "The name of the cluster; every alert carries it.")
        .env(&["CLUSTER_NAME"]),
    Key::new("filters", Kind::Table(FILTERS), "", "Which objects are looked at."),
    Key::new("behavior", Kind::Table(BEHAVIOR), "", "The life of alerts and of messages."),
    Key::new(
        "conditions",
        Kind::Named(Names::Reasons, CONDITION),
        "",
        "Overrides per reason; see the page on conditions for names and defaults.",
    ),
    Key::new("alerts", Kind::Table(ALERTS), "", "What alerts carry."),
    Key::new(
        "channels",
        Kind::Table(CHANNELS),
        "",
        "Slack channels by severity, for a bot; a webhook has one channel of its own.",
    ),
    Key::new(
        "routing",
        Kind::List(&Kind::Table(ROUTE)),
        "[]",
        "Where alerts go: the first route that matches decides. Without a match they go to slack. Without routes they all \
         go to slack, and those of pagerduty's severities to pagerduty too. Only what has a credential is told by \
         default; without slack, stdout takes its place.",
    ),
    Key::new(
        "severityOverrides",
        Kind::List(&Kind::Table(OVERRIDE)),
        "[]",
        "Other severities: the first one that matches decides.",
    ),
    Key::new(
        "sinks",
        Kind::Table(SINK_TABLE),
        "",
        "Settings of single sinks. Credentials come from the environment only.",
    ),
    Key::new(
        "sinkRates",
        Kind::Named(Names::Sinks, RATE),
        "",
        "How fast a sink is told. Nothing is dropped: what is over the rate waits, and what would wait for more than 30 seconds is told in digests, but for a sink of incidents.",
    ),
    Key::new(
        "inhibitions",
        Kind::List(&Kind::Table(INHIBITION)),
        "[]",
        "Alerts that are held while another one stands.",
    ),
    Key::new("metricsAddr", Kind::Address, ":9090", "Where `/metrics`, `/healthz` and `/readyz` are served.")
        .env(&["METRICS_ADDR"]),
    Key::new(
        "apiAddr",
        Kind::Address,
        "",
        "Where the API is served; empty is the address of the metrics. This build has no API and \
         serves nothing there.",
    )
    .env(&["ALERTKUBE_API_ADDR"]),
    Key::new("persistence", Kind::Table(PERSISTENCE), "", "State in the cluster."),
    later::SILENCES,
    later::ESCALATIONS,
    later::RECEIVER,
    later::GROUPING,
    later::RULES,
    later::MAINTENANCE,
    later::CORRELATION,
    later::AWS,
    later::AZURE,
    later::GCP,
];

const FILTERS: &[Key] = &[
    Key::new(
        "watchedNamespaces",
        Kind::Filter,
        "",
        "Namespaces to look at; empty is all. A plain item is a prefix, one with regex characters \
         is a pattern from the start.",
    )
    .env(&["WATCHED_NAMESPACES"]),
    Key::new("ignoredNamespaces", Kind::Filter, "", "Namespaces to leave out.").env(&["IGNORED_NAMESPACES"]),
    Key::new("watchedPodNamePrefixes", Kind::Filter, "", "Pods to look at; empty is all.")
        .env(&["WATCHED_POD_NAME_PREFIXES"]),
    Key::new("ignoredPodNamePrefixes", Kind::Filter, "", "Pods to leave out.")
        .env(&["IGNORED_POD_NAME_PREFIXES"]),
];

const BEHAVIOR: &[Key] = &[
    Key::new(
        "muteSeconds",
        Kind::Whole(0),
        "600",
        "After a flap, a second firing message waits this long after the first.",
    )
    .env(&["MUTE_SECONDS"]),
    Key::new("repeatSeconds", Kind::Whole(0), "14400", "Reminders of a standing problem; 0 is never."),
    Key::new(
        "firstRun",
        Kind::Word(&["digest", "all", "silent"]),
        "digest",
        "How a start without a stored picture tells what already stood: one digest for each sink, \
         one message each, or not at all.",
    ),
    Key::new(
        "startupGraceSeconds",
        Kind::Whole(0),
        "0",
        "Delays what a first run tells; nothing is swallowed.",
    )
    .env(&["STARTUP_GRACE_SECONDS"]),
    Key::new(
        "resolveTTLSeconds",
        Kind::Whole(0),
        "600",
        "How long an event alert is remembered. Other alerts end when their fault does.",
    )
    .env(&["RESOLVE_TTL_SECONDS"]),
    Key::new(
        "ignoreRestartCount",
        Kind::Whole(0),
        "30",
        "A pod with more restarts than this raises no ContainerRestart.",
    )
    .env(&["IGNORE_RESTART_COUNT"]),
    Key::new(
        "ignoreRestartsWithExitCodeZero",
        Kind::Flag,
        "false",
        "Whether a restart after exit code 0 raises no ContainerRestart.",
    )
    .env(&["IGNORE_RESTARTS_WITH_EXIT_CODE_ZERO"]),
    Key::new(
        "pvcPendingSeconds",
        Kind::Whole(1),
        "300",
        "How long a claim may be pending; without effect until claims are watched.",
    )
    .env(&["PVC_PENDING_SECONDS"]),
    Key::new(
        "disableLogCollection",
        Kind::Flag,
        "false",
        "Whether alerts carry no logs; without effect until they can.",
    ),
    Key::new(
        "disableAnnotationSilences",
        Kind::Flag,
        "false",
        "Whether the annotation `alert-silence-until` is ignored.",
    ),
];

const CONDITION: &[Key] = &[
    Key::new("enabled", Kind::Flag, "", "Whether it is looked for."),
    Key::new("severity", Kind::Word(SEVERITIES), "", "How bad it is."),
    Key::new("for", Kind::Duration, "", "How long it must hold before it is told."),
    Key::new("holdDown", Kind::Duration, "", "How long it must be gone before it is resolved."),
];

const NODE_PROBLEM: &[Key] = &[Key::new(
    "types",
    TEXTS,
    "[]",
    "Condition types of nodes that are problems while True, such as those of \
         node-problem-detector.",
)];

const JOB_RUNNING: &[Key] =
    &[Key::new("limit", Kind::Duration, "", "A Job that runs longer is told; without a limit none is.")];

/// The keys of `conditions.<Reason>`.
pub(crate) fn condition_keys(reason: &str) -> Vec<&'static Key> {
    let own = match reason {
        "NodeProblem" => NODE_PROBLEM,
        "JobRunningTooLong" => JOB_RUNNING,
        _ => &[],
    };
    CONDITION.iter().chain(own).collect()
}

const ALERTS: &[Key] = &[Key::new(
    "annotations",
    TEXTS,
    "[]",
    "Annotation keys of objects that alerts carry besides those that alertkube reads itself.",
)];

const CHANNELS: &[Key] = &[
    Key::new("critical", Kind::Text, "alerts-critical", "Channel for critical alerts.")
        .env(&["SLACK_CHANNEL_CRITICAL"]),
    Key::new("warning", Kind::Text, "alerts-warning", "Channel for warnings.")
        .env(&["SLACK_CHANNEL_WARNING", "SLACK_CHANNEL"]),
    Key::new("info", Kind::Text, "alerts-info", "Channel for everything else.").env(&["SLACK_CHANNEL_INFO"]),
];

const ROUTE: &[Key] = &[
    Key::new("match", Kind::Matcher, "{}", "Which alerts; only the last route may match everything."),
    Key::new("sinks", SINKS, "", "Where they go; at least one."),
];

const OVERRIDE: &[Key] = &[
    Key::new("match", Kind::Matcher, "", "Which alerts; not empty."),
    Key::new("severity", Kind::Word(SEVERITIES), "", "Their severity."),
];

const SINK_TABLE: &[Key] = &[
    Key::new("webhook", Kind::Table(WEBHOOK), "", "The generic webhook."),
    Key::new("pagerduty", Kind::Table(PAGERDUTY), "", "Incidents in PagerDuty."),
    Key::new("slack", Kind::Table(SLACK), "", "Messages in Slack; see also `channels`."),
    Key::new(
        "allowedHosts",
        TEXTS,
        "[]",
        "Hosts that may be reached through a proxy, as `hooks.example.com`, or `.example.com` for \
         all below it. Where a proxy is set, sinks reach no other.",
    ),
];

const WEBHOOK: &[Key] = &[Key::new(
    "format",
    Kind::Word(&["reference", "v1"]),
    "reference",
    "The body of a message: the field names of the Go program, or our own stable schema.",
)];

const PAGERDUTY: &[Key] = &[
    Key::new(
        "severities",
        Kind::List(&Kind::Word(SEVERITIES)),
        "[critical]",
        "Which alerts PagerDuty is told. Of what a route leads there, the rest goes to the other sinks of that \
         route only. What was told is resolved, whatever its severity is by then.",
    ),
    Key::new("region", Kind::Word(&["us", "eu"]), "us", "Where the account lives."),
    Key::new("url", Kind::Text, "", "Another address to post to, for a relay or a test."),
];

const SLACK: &[Key] =
    &[Key::new("url", Kind::Text, "", "Another address for a bot's messages, for a relay or a test.")];

const RATE: &[Key] = &[
    Key::new("perSecond", Kind::Positive, "1", "Messages a second in the long run."),
    Key::new("burst", Kind::Whole(1), "5", "Messages at once after a quiet time."),
];

const INHIBITION: &[Key] = &[
    Key::new("source", Kind::Matcher, "", "While an alert that matches this stands,"),
    Key::new("target", Kind::Matcher, "", "alerts that match this are held,"),
    Key::new("equal", TEXTS, "[]", "if both agree on these fields or labels."),
    Key::new(
        "duration",
        Kind::Duration,
        "10m",
        "Accepted and unused: a target is held for as long as its source stands.",
    ),
];

const PERSISTENCE: &[Key] = &[
    Key::new("enabled", Kind::Flag, "false", "Whether state is kept in the cluster."),
    Key::new(
        "configMapName",
        Kind::Text,
        "alertkube-state",
        "What the names of the state objects begin with; the Go program's own object of this very name is read \
         once and never written.",
    ),
    Key::new(
        "namespace",
        Kind::Text,
        "",
        "The namespace of the state objects; without one it is that of the service account, else that of the \
         kubeconfig.",
    )
    .env(&["POD_NAMESPACE"]),
    Key::new(
        "kind",
        Kind::Word(KINDS),
        "ConfigMap",
        "The kind of the state objects. They hold names of objects and texts of alerts, and no credentials.",
    ),
];
