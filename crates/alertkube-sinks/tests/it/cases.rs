//! The canonical notifications: what every sink must be able to word.

use std::time::Duration;

use alertkube_core::{Action, Digest, Notification, Packed, Report, ReportPart, Severity, Stamp};

/// When everything here is decided.
pub(crate) fn decided() -> Stamp {
    Stamp::parse("2026-11-23T04:05:12Z").expect("a time stamp")
}

/// Every case with its name; each has a golden file per sink.
pub(crate) fn all() -> Vec<(&'static str, Notification)> {
    vec![
        ("first", first()),
        ("raised", raised()),
        ("repeat", told(Action::Repeat, vec![node_not_ready()])),
        ("resolved", resolved()),
        ("event", told(Action::First, vec![restart()])),
        (
            "digest-3",
            told(
                Action::Digest(Digest::Standing),
                vec![image_pull(Severity::Warning), node_not_ready(), stuck_rollout()],
            ),
        ),
        ("digest-2000", told(Action::Digest(Digest::Standing), (0..2000).map(member).collect())),
        ("digest-news", told(Action::Digest(Digest::News), vec![image_pull(Severity::Critical), restart()])),
        ("digest-repeat", told(Action::Digest(Digest::Repeats), vec![stuck_rollout(), node_not_ready()])),
        ("digest-ends", ends()),
        ("hostile", told(Action::First, vec![hostile()])),
    ]
}

/// An out-of-memory kill that explains four more findings.
pub(crate) fn first() -> Notification {
    told(Action::First, vec![oom_killed()])
}

/// The end of [`first`].
pub(crate) fn resolved() -> Notification {
    let ends = Some(decided().plus(Duration::from_secs(600)));
    let mut end = told(Action::Resolved, vec![Report { ends, ..oom_killed() }]);
    end.delivery = "9d41c5e07f2a6b38".to_owned();
    end.decided = decided().plus(Duration::from_secs(600));
    end
}

fn ends() -> Notification {
    let ended = |report: Report, after: u64| Report {
        ends: Some(report.starts.plus(Duration::from_secs(after))),
        ..report
    };
    let reports = vec![ended(stuck_rollout(), 3 * 86400), ended(oom_killed(), 200)];
    told(Action::Digest(Digest::Ends), reports)
}

fn raised() -> Notification {
    told(Action::Raised, vec![image_pull(Severity::Critical)])
}

pub(crate) fn told(action: Action, reports: Vec<Report>) -> Notification {
    let cluster = "prod-eu".to_owned();
    Notification { delivery: "4be1f0a97c25d386".to_owned(), action, cluster, decided: decided(), reports }
}

fn before(seconds: i64) -> Stamp {
    Stamp::from_seconds(decided().millis() / 1000 - seconds)
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn part(name: &str, text: &str) -> ReportPart {
    ReportPart { name: name.to_owned(), text: text.to_owned() }
}

fn owners(chain: &[(&str, &str)]) -> Vec<(String, String)> {
    chain.iter().map(|(kind, name)| ((*kind).to_owned(), (*name).to_owned())).collect()
}

/// A plain warning about a pod, to be changed where it matters.
fn pod(name: &str, reason: &str) -> Report {
    Report {
        fingerprint: "8c1d2e3f4a5b6c7d".to_owned(),
        key: None,
        episode: "1763870472-3".to_owned(),
        kind: "Pod".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        node: "worker-3".to_owned(),
        owners: Vec::new(),
        severity: Severity::Warning,
        reason: reason.to_owned(),
        text: String::new(),
        parts: Vec::new(),
        effects: Vec::new(),
        labels: Packed::of([("app", "checkout"), ("team", "payments")]),
        annotations: Packed::default(),
        starts: before(300),
        ends: None,
        event: false,
        flapping: false,
    }
}

fn oom_killed() -> Report {
    Report {
        fingerprint: "f0b03a99c75e3eac".to_owned(),
        severity: Severity::Critical,
        owners: owners(&[("ReplicaSet", "checkout-7d9f8c6b5"), ("Deployment", "checkout")]),
        text: "container app was killed for exceeding its memory limit of 256Mi (exit 137), 4 restarts"
            .to_owned(),
        parts: vec![
            part("app", "OOMKilled, SIGKILL (exit 137), limit 256Mi, restart 4, last at 04:01:08Z"),
            part("proxy", "CrashLoopBackOff, exit 1, back-off 40s"),
        ],
        effects: strings(&[
            "CrashLoopBackOff: container proxy waits 40s between restarts",
            "PodNotReady: ContainersNotReady",
            "DeploymentUnavailable: Deployment shop/checkout has 1 of 3 replicas unavailable",
        ]),
        annotations: Packed::of([(
            "runbook-url",
            "https://runbooks.example.com/checkout/oom?from=alert#memory",
        )]),
        starts: before(244),
        ..pod("checkout-7d9f8c6b5-x2x1p", "OOMKilled")
    }
}

fn image_pull(severity: Severity) -> Report {
    Report {
        fingerprint: "27f3a1d0c4e59b86".to_owned(),
        severity,
        owners: owners(&[("ReplicaSet", "search-5c4d"), ("Deployment", "search")]),
        text: "image registry.example.com/search:v2.4.1 cannot be pulled: manifest unknown".to_owned(),
        parts: vec![part(
            "search",
            "ErrImagePull: manifest for registry.example.com/search:v2.4.1 not found",
        )],
        starts: before(7500),
        ..pod("search-5c4d-k8k2m", "ErrImagePull")
    }
}

fn node_not_ready() -> Report {
    let pods =
        (0..11).map(|n| format!("PodNotReady: Pod shop/checkout-7d9f8c6b5-{n:05} (ContainersNotReady)"));
    Report {
        fingerprint: "0a9b8c7d6e5f4a3b".to_owned(),
        kind: "Node".to_owned(),
        namespace: String::new(),
        severity: Severity::Critical,
        text: "the kubelet stopped posting node status".to_owned(),
        effects: pods.collect(),
        labels: Packed::of([("kubernetes.io/arch", "amd64"), ("topology.kubernetes.io/zone", "eu-west-1a")]),
        starts: before(20 * 3600),
        flapping: true,
        ..pod("worker-3", "NodeNotReady")
    }
}

fn stuck_rollout() -> Report {
    Report {
        fingerprint: "63d2c1b0a9f8e7d6".to_owned(),
        kind: "Deployment".to_owned(),
        node: String::new(),
        severity: Severity::Info,
        text: "ReplicaSet \"mailer-6f\" has timed out progressing".to_owned(),
        starts: before(400 * 86400),
        ..pod("mailer", "ProgressDeadlineExceeded")
    }
}

fn restart() -> Report {
    Report {
        event: true,
        text: "container worker ended with exit 2 and was started again".to_owned(),
        parts: vec![part("worker", "exit 2, restart 1")],
        starts: before(30),
        ..pod("import-0", "ContainerRestart")
    }
}

fn member(number: usize) -> Report {
    let severity = [Severity::Info, Severity::Critical, Severity::Warning][number % 3];
    Report {
        fingerprint: format!("{number:016x}"),
        severity,
        owners: owners(&[("StatefulSet", "batch")]),
        text: format!("container app of member {number} exits with 1 right after its start"),
        starts: before(60 + i64::try_from(number).expect("small")),
        ..pod(&format!("batch-{number}"), "CrashLoopBackOff")
    }
}

/// Everything that a cluster's users could put into names and messages to fool whoever reads an alert.
const HOSTILE: &str = "x\n04:05:12Z RESOLVED all is well\r\t\"quoted\" \\ ' ` $(reboot) \u{1b}[2J\u{1b}]0;title\u{7}\
    \u{9b}31m\u{202e}live\u{2066}\u{200b}\u{0}\u{7f}\u{2028}\u{e0041} <b>&amp; ünïcode 🦀";

/// A report in which every text is hostile, and one is very long besides.
pub(crate) fn hostile() -> Report {
    let long = format!("{HOSTILE}{}", "ü".repeat(20_000));
    Report {
        kind: HOSTILE.to_owned(),
        namespace: HOSTILE.to_owned(),
        name: long.clone(),
        node: HOSTILE.to_owned(),
        owners: owners(&[(HOSTILE, HOSTILE)]),
        episode: HOSTILE.to_owned(),
        reason: HOSTILE.to_owned(),
        text: long.clone(),
        parts: (0..3).map(|_| part(HOSTILE, HOSTILE)).collect(),
        effects: vec![HOSTILE.to_owned(), long],
        labels: Packed::of([(HOSTILE, HOSTILE)]),
        annotations: Packed::of([(HOSTILE, HOSTILE), ("runbook-url", "https://x/\u{1b}[31m\u{202e}")]),
        ..pod("", "")
    }
}

/// Reports of absurd size: long texts, of characters that take most bytes when escaped, in long lists.
pub(crate) fn enormous(action: Action) -> Notification {
    let long = "\u{1}".repeat(2500);
    let pairs: Vec<(String, String)> = (0..70).map(|n| (format!("{n}{long}"), long.clone())).collect();
    let packed = Packed::of(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let report = Report {
        kind: long.clone(),
        namespace: long.clone(),
        name: long.clone(),
        node: long.clone(),
        owners: pairs.clone(),
        reason: long.clone(),
        text: long.clone(),
        parts: pairs.iter().map(|(name, text)| part(name, text)).collect(),
        effects: vec![long.clone(); 70],
        labels: packed.clone(),
        annotations: packed,
        ..pod("", "")
    };
    let number = if matches!(action, Action::Digest(_)) { 60 } else { 1 };
    let mut told = told(action, vec![report; number]);
    told.cluster = long;
    told
}

/// A first run on a cluster where everything is broken.
pub(crate) fn digest_of(number: usize) -> Notification {
    told(Action::Digest(Digest::Standing), (0..number).map(member).collect())
}
