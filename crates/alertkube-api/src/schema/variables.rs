//! The rows of the environment variables that stand for no key of the file.

use super::kind::{Key, Kind};

/// A variable; its row reads like that of a key.
pub(crate) type Variable = Key;

const TOKEN: Kind = Kind::Text;
const LEAVE_OFF: &str = "leave it off";

/// The variables, credentials of built sinks included. Those that stand for flags, such as `WATCH_NAMESPACE`, are
/// read with the flags.
pub(crate) const VARIABLES: &[Variable] = &[
    Key::new(
        "ALERTKUBE_CLIENT_QPS",
        Kind::Whole(i64::MIN),
        "50",
        "Requests a second to the API server; zero and less is the default.",
    ),
    Key::new(
        "ALERTKUBE_CLIENT_BURST",
        Kind::Whole(i64::MIN),
        "100",
        "Requests at once; zero and less is the default.",
    ),
    Key::new(
        "ALERTKUBE_DISPATCH_WORKERS",
        Kind::Whole(i64::MIN),
        "16",
        "Accepted and unused: each sink has its own queue.",
    ),
    Key::new(
        "ALERTKUBE_DISPATCH_QUEUE",
        Kind::Whole(i64::MIN),
        "2048",
        "Accepted and unused: each sink has its own queue.",
    ),
    Key::new(
        "ALERTKUBE_SHARD_TOTAL",
        Kind::Whole(1),
        "1",
        "How many shards there are, at most 256; 1 is no sharding.",
    ),
    Key::new(
        "ALERTKUBE_SHARD_INDEX",
        Kind::Whole(0),
        "",
        "Which one this is, from 0. Unset, the ordinal at the end of `POD_NAME` counts (a pod of a StatefulSet).",
    ),
    Key::new(
        "ALERTKUBE_API_TOKEN",
        TOKEN,
        "",
        "Token for reading the API; unused until there is one. Also as `ALERTKUBE_API_TOKEN_FILE`.",
    ),
    Key::new(
        "ALERTKUBE_API_WRITE_TOKEN",
        TOKEN,
        "",
        "Token for writing; unused until there is an API. Also as `ALERTKUBE_API_WRITE_TOKEN_FILE`.",
    ),
    Key::new(
        "ALERTKUBE_RECEIVER_TOKEN",
        TOKEN,
        "",
        "Token of the receiver; unused until there is one. Also as `ALERTKUBE_RECEIVER_TOKEN_FILE`.",
    ),
    Key::new(
        "ALERTKUBE_AUTH_MODE",
        Kind::Word(&["token", "rbac"]),
        "token",
        "How writers of the API are known; `rbac` is not built yet.",
    ),
    Key::new(
        "ALERTKUBE_ALLOW_SECRET_READ",
        Kind::Flag,
        "false",
        "Whether Secrets may be read to try a sink.",
    )
    .unbuilt(LEAVE_OFF),
    Key::new("ALERTKUBE_ENABLE_PPROF", Kind::Flag, "false", "Whether profiles are served.")
        .unbuilt(LEAVE_OFF),
    Key::new("ALERTKUBE_TRACING_ENABLED", Kind::Flag, "false", "Whether traces are exported.")
        .unbuilt(LEAVE_OFF),
    Key::new(
        "ALERTKUBE_STRICT_WEBHOOK_EGRESS",
        Kind::Flag,
        "false",
        "Whether sinks may not reach loopback and private addresses either.",
    ),
    Key::new(
        "HTTPS_PROXY",
        Kind::Text,
        "",
        "With this, `HTTP_PROXY` or `ALL_PROXY`, sinks reach only the hosts of \
         `sinks.allowedHosts`.",
    ),
    Key::new(
        "GENERIC_WEBHOOK_URL",
        Kind::Text,
        "",
        "Where the webhook sink posts. Also as `GENERIC_WEBHOOK_URL_FILE`.",
    ),
    Key::new(
        "GENERIC_WEBHOOK_SECRET",
        Kind::Text,
        "",
        "Signs what it posts; may be empty. Also as `GENERIC_WEBHOOK_SECRET_FILE`.",
    ),
    Key::new(
        "PAGERDUTY_ROUTING_KEY",
        TOKEN,
        "",
        "The integration key of the sink pagerduty. Also as `PAGERDUTY_ROUTING_KEY_FILE`.",
    ),
    Key::new(
        "SLACK_BOT_TOKEN",
        TOKEN,
        "",
        "The token with which the sink slack posts; it goes before the webhook. Also as `SLACK_BOT_TOKEN_FILE`.",
    ),
    Key::new(
        "SLACK_WEBHOOK_URL",
        Kind::Text,
        "",
        "The incoming webhook of the sink slack. Also as `SLACK_WEBHOOK_URL_FILE`.",
    ),
];
