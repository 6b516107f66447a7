//! The rows that this build understands and checks but cannot do: accepted while off or empty, refused when on.

use super::kind::{Key, Kind, SEVERITIES};

const TEXTS: Kind = Kind::List(&Kind::Text);
const LEAVE_OFF: &str = "leave it off";
const LEAVE_EMPTY: &str = "leave it empty";

pub(super) const SILENCES: Key =
    Key::new("silences", Kind::List(&Kind::Table(SILENCE)), "[]", "Alerts that are not told until a moment.")
        .unbuilt("leave it empty, or annotate the object with `alert-silence-until`");

const SILENCE: &[Key] = &[
    Key::new("matchers", Kind::Matcher, "", "Which alerts."),
    Key::new("until", Kind::Instant, "", "Until when."),
];

pub(super) const ESCALATIONS: Key = Key::new(
    "escalations",
    Kind::List(&Kind::Table(ESCALATION)),
    "[]",
    "Whom to tell when an alert stands for long.",
)
.unbuilt(LEAVE_EMPTY);

const ESCALATION: &[Key] = &[
    Key::new("match", Kind::Matcher, "", "Which alerts."),
    Key::new("afterMinutes", Kind::Whole(1), "", "After how many minutes."),
    Key::new("sinks", Kind::List(&Kind::Sink), "", "Whom to tell."),
];

pub(super) const RECEIVER: Key =
    Key::new("receiver", Kind::Table(RECEIVER_KEYS), "", "Alerts that are received from an Alertmanager.");

const RECEIVER_KEYS: &[Key] = &[
    Key::new("enabled", Kind::Flag, "false", "Whether alerts are received.").unbuilt(LEAVE_OFF),
    Key::new("allowAnonymous", Kind::Flag, "false", "Whether they are received without a token."),
];

pub(super) const GROUPING: Key =
    Key::new("grouping", Kind::Table(GROUPING_KEYS), "", "Many alerts of one kind as one message.");

const GROUPING_KEYS: &[Key] = &[
    Key::new("enabled", Kind::Flag, "false", "Whether alerts are grouped.").unbuilt(LEAVE_OFF),
    Key::new("windowSeconds", Kind::Whole(i64::MIN), "30", "How long a group is open."),
    Key::new("by", TEXTS, "[kind, namespace, reason, severity]", "The fields that members share."),
];

pub(super) const RULES: Key =
    Key::new("rules", Kind::List(&Kind::Table(RULE)), "[]", "Alerts that are derived from other alerts.")
        .unbuilt(LEAVE_EMPTY);

const RULE: &[Key] = &[
    Key::new("name", Kind::Text, "", "A unique name."),
    Key::new("severity", Kind::Word(SEVERITIES), "", "The severity of the derived alert."),
    Key::new("summary", Kind::Text, "", "Its text."),
    Key::new("windowSeconds", Kind::Whole(i64::MIN), "", "How far back is looked."),
    Key::new("count", Kind::Table(COUNT), "", "At least so many that match."),
    Key::new("all", Kind::List(&Kind::Matcher), "[]", "At least one for each of these."),
    Key::new("absent", Kind::Table(ABSENT), "", "None that matches for so long."),
];

const COUNT: &[Key] = &[
    Key::new("match", Kind::Matcher, "", "Which alerts."),
    Key::new("threshold", Kind::Whole(1), "", "How many."),
];

const ABSENT: &[Key] = &[
    Key::new("match", Kind::Matcher, "", "Which alerts."),
    Key::new("forSeconds", Kind::Whole(1), "", "For how long."),
];

pub(super) const MAINTENANCE: Key = Key::new(
    "maintenance",
    Kind::List(&Kind::Table(WINDOW)),
    "[]",
    "Recurring windows in which alerts are not told.",
)
.unbuilt(LEAVE_EMPTY);

const WINDOW: &[Key] = &[
    Key::new("name", Kind::Text, "", "A name."),
    Key::new("matchers", Kind::Matcher, "", "Which alerts."),
    Key::new("start", Kind::Text, "", "The beginning, as HH:MM."),
    Key::new("end", Kind::Text, "", "The end, as HH:MM."),
    Key::new("days", TEXTS, "[]", "Days of the week, sun to sat; empty is every day."),
    Key::new("timezone", Kind::Text, "", "An IANA time zone; empty is UTC."),
];

pub(super) const CORRELATION: Key = Key::new(
    "correlation",
    Kind::Table(CORRELATION_KEYS),
    "",
    "Causes and effects over the graph of objects.",
);

const CORRELATION_KEYS: &[Key] = &[
    Key::new("enabled", Kind::Flag, "false", "Whether alerts are correlated.").unbuilt(LEAVE_OFF),
    Key::new("intervalSeconds", Kind::Whole(i64::MIN), "15", "How often."),
    Key::new("maxHops", Kind::Whole(i64::MIN), "3", "Over how many edges."),
    Key::new("blastRadiusCap", Kind::Whole(i64::MIN), "50", "How many effects are listed."),
];

pub(super) const AWS: Key = Key::new("aws", Kind::Table(AWS_KEYS), "", "Alerts from AWS.");
pub(super) const AZURE: Key = Key::new("azure", Kind::Table(AZURE_KEYS), "", "Alerts from Azure.");
pub(super) const GCP: Key = Key::new("gcp", Kind::Table(GCP_KEYS), "", "Alerts from Google Cloud.");

const fn toggle(name: &'static str) -> Key {
    Key::new(name, Kind::Flag, "false", "Whether this service is polled.")
}

const fn cloud_switch() -> Key {
    Key::new("enabled", Kind::Flag, "false", "Whether this cloud is polled.").unbuilt(LEAVE_OFF)
}

const fn poll_seconds(env: &'static [&'static str]) -> Key {
    Key::new("pollSeconds", Kind::Whole(i64::MIN), "60", "How often.").env(env)
}

const AWS_KEYS: &[Key] = &[
    cloud_switch(),
    Key::new("regions", TEXTS, "[]", "The regions to poll.").env(&["AWS_REGION"]),
    poll_seconds(&["AWS_POLL_SECONDS"]),
    Key::new("cloudtrailEvents", TEXTS, "[]", "Names of events to tell in place of the built-in list."),
    toggle("eks"),
    toggle("cloudwatch"),
    toggle("ec2"),
    toggle("elbv2"),
    toggle("rds"),
    toggle("aurora"),
    toggle("dynamodb"),
    toggle("elasticache"),
    toggle("s3"),
    toggle("cloudtrail"),
    toggle("asg"),
    toggle("kms"),
    toggle("ebs"),
    toggle("nat"),
    toggle("efs"),
    toggle("route53"),
    toggle("acm"),
    toggle("vpn"),
];

const AZURE_KEYS: &[Key] = &[
    cloud_switch(),
    Key::new("subscriptions", TEXTS, "[]", "The subscriptions to poll."),
    poll_seconds(&["AZURE_POLL_SECONDS"]),
    toggle("aks"),
    toggle("monitor"),
    toggle("vms"),
    toggle("storage"),
    toggle("sql"),
    toggle("redis"),
];

const GCP_KEYS: &[Key] = &[
    cloud_switch(),
    Key::new("projects", TEXTS, "[]", "The projects to poll."),
    poll_seconds(&["GCP_POLL_SECONDS"]),
    toggle("gke"),
    toggle("monitoring"),
    toggle("compute"),
    toggle("cloudsql"),
];
