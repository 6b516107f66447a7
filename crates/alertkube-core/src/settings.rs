//! What the user wants, checked and compiled: the api crate lowers configuration to this, the stages read it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alertkube_lang::{FilterList, Matcher};

use crate::notification::{SinkClass, SinkId};
use crate::severity::Severity;

/// Everything the core needs to know of the configuration. Immutable; a reload swaps the whole.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster's name, on every alert.
    pub cluster: String,
    /// The one namespace to watch; `None` watches all, nodes included.
    pub namespace: Option<String>,
    /// Which objects are looked at.
    pub filters: Filters,
    /// Life of alerts and of messages.
    pub behavior: Behavior,
    /// Overrides per condition, by reason.
    pub conditions: BTreeMap<String, ConditionRule>,
    /// Node condition types that count as `NodeProblem`.
    pub node_problems: Vec<String>,
    /// First match wins.
    pub routes: Vec<Route>,
    /// Where an alert goes that no route names.
    pub default_sinks: Vec<SinkId>,
    /// First match wins.
    pub overrides: Vec<SeverityOverride>,
    /// Targets are held while their source stands.
    pub inhibitions: Vec<Inhibition>,
    /// The sinks, in the order of their ids.
    pub sinks: Vec<SinkPlan>,
    /// Sinks that take some severities only (`sinks.<sink>.severities`); one that is not here takes all.
    pub severities: BTreeMap<SinkId, BTreeSet<Severity>>,
    /// Annotation keys that alerts carry, besides those that the core itself reads.
    pub annotations: Vec<String>,
}

/// Include and exclude lists; an empty include list admits all.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// `filters.watchedNamespaces`
    pub watched_namespaces: FilterList,
    /// `filters.ignoredNamespaces`
    pub ignored_namespaces: FilterList,
    /// `filters.watchedPodNamePrefixes`
    pub watched_pods: FilterList,
    /// `filters.ignoredPodNamePrefixes`
    pub ignored_pods: FilterList,
}

impl Filters {
    /// Whether an object is looked at; pod lists bind pods only, namespace lists everything that has a namespace.
    pub fn admit(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let listed = |watched: &FilterList, ignored: &FilterList, word: &str| {
            (watched.is_empty() || watched.matches(word)) && !ignored.matches(word)
        };
        (namespace.is_empty() || listed(&self.watched_namespaces, &self.ignored_namespaces, namespace))
            && (kind != "Pod" || listed(&self.watched_pods, &self.ignored_pods, name))
    }
}

/// `behavior.*`
#[derive(Clone, Debug)]
pub struct Behavior {
    /// A second firing message after a flap waits this long after the first.
    pub mute: Duration,
    /// How long an event alert is remembered.
    pub event_ttl: Duration,
    /// A pod with more restarts than this raises no `ContainerRestart`.
    pub ignore_restart_count: i64,
    /// Whether a restart after exit code 0 raises no `ContainerRestart`.
    pub ignore_restarts_with_exit_code_zero: bool,
    /// Delays the digest of a first run.
    pub startup_grace: Duration,
    /// Reminders of a standing problem; `None` for none.
    pub repeat: Option<Duration>,
    /// How a start without a stored picture tells what already stood.
    pub first_run: FirstRun,
    /// Whether the annotation `alert-silence-until` suppresses.
    pub annotation_silences: bool,
    /// `JobRunningTooLong` fires past this; `None` leaves it off.
    pub job_limit: Option<Duration>,
}

impl Default for Behavior {
    fn default() -> Behavior {
        Behavior {
            mute: Duration::from_secs(600),
            event_ttl: Duration::from_secs(600),
            ignore_restart_count: 30,
            ignore_restarts_with_exit_code_zero: false,
            startup_grace: Duration::ZERO,
            repeat: Some(Duration::from_secs(14400)),
            first_run: FirstRun::Digest,
            annotation_silences: true,
            job_limit: None,
        }
    }
}

/// `behavior.firstRun`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRun {
    /// One message that lists what stood.
    Digest,
    /// One message each.
    All,
    /// Nothing of what stood; it is taken as told, and its resolve is not told either.
    Silent,
}

/// `conditions.<Reason>.*`; `None` keeps the default of the condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConditionRule {
    /// `enabled`
    pub enabled: Option<bool>,
    /// `severity`
    pub severity: Option<Severity>,
    /// `for`
    pub hold_for: Option<Duration>,
    /// `holdDown`
    pub hold_down: Option<Duration>,
}

/// `routing[]`
#[derive(Clone, Debug)]
pub struct Route {
    /// Empty matches everything.
    pub matcher: Matcher,
    /// Where matching alerts go.
    pub sinks: Vec<SinkId>,
}

/// `severityOverrides[]`
#[derive(Clone, Debug)]
pub struct SeverityOverride {
    /// Which alerts.
    pub matcher: Matcher,
    /// Their severity.
    pub severity: Severity,
}

/// `inhibitions[]`
#[derive(Clone, Debug)]
pub struct Inhibition {
    /// While an alert that matches stands...
    pub source: Matcher,
    /// ...alerts that match this are held...
    pub target: Matcher,
    /// ...if both agree on these fields or labels.
    pub equal: Vec<String>,
}

/// How a sink is served: what delivery needs to know of it, without its address or credentials.
#[derive(Clone, Debug)]
pub struct SinkPlan {
    /// The sink's name, such as `webhook`.
    pub name: String,
    /// How it tells repeats apart.
    pub class: SinkClass,
    /// `sinkRates.<sink>`
    pub rate: Rate,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens per second, above zero.
    pub per_second: f64,
    /// Size of the bucket, at least 1.
    pub burst: u32,
}

impl Settings {
    /// The settings of an empty configuration with these sinks, all of them default sinks.
    pub fn with_sinks(sinks: Vec<SinkPlan>) -> Settings {
        Settings {
            cluster: String::new(),
            namespace: None,
            filters: Filters::default(),
            behavior: Behavior::default(),
            conditions: BTreeMap::new(),
            node_problems: Vec::new(),
            routes: Vec::new(),
            default_sinks: (0..sinks.len()).map(SinkId).collect(),
            overrides: Vec::new(),
            inhibitions: Vec::new(),
            sinks,
            severities: BTreeMap::new(),
            annotations: Vec::new(),
        }
    }

    /// The plan of a sink.
    pub fn sink(&self, id: SinkId) -> &SinkPlan {
        &self.sinks[id.0]
    }

    /// Whether a sink is told of problems of this severity. Their ends go to whoever was told, whatever they are then.
    pub fn takes(&self, id: SinkId, severity: Severity) -> bool {
        self.severities.get(&id).is_none_or(|taken| taken.contains(&severity))
    }

    /// The id of the sink of that name.
    pub fn sink_named(&self, name: &str) -> Option<SinkId> {
        self.sinks.iter().position(|sink| sink.name == name).map(SinkId)
    }
}
