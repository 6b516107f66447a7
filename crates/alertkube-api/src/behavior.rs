//! Lowers `filters`, `behavior` and `conditions`.

use std::collections::BTreeMap;
use std::time::Duration;

use alertkube_core::{Behavior, ConditionRule, Filters, FirstRun, Severity};
use alertkube_lang::FilterList;

use crate::config::{Config, texts};
use crate::schema::{Kind, Scalar, condition_keys, read_scalar};
use crate::yaml::{Entry, Node};

pub(crate) fn filters(config: &mut Config<'_>) -> Filters {
    let mut list = |path| FilterList::compile(&config.text(path)).unwrap_or_default();
    Filters {
        watched_namespaces: list("filters.watchedNamespaces"),
        ignored_namespaces: list("filters.ignoredNamespaces"),
        watched_pods: list("filters.watchedPodNamePrefixes"),
        ignored_pods: list("filters.ignoredPodNamePrefixes"),
    }
}

pub(crate) fn behavior(config: &mut Config<'_>) -> Behavior {
    let repeat = config.seconds("behavior.repeatSeconds");
    config.whole("behavior.pvcPendingSeconds");
    Behavior {
        mute: config.seconds("behavior.muteSeconds"),
        event_ttl: config.seconds("behavior.resolveTTLSeconds"),
        ignore_restart_count: config.whole("behavior.ignoreRestartCount"),
        ignore_restarts_with_exit_code_zero: config.flag("behavior.ignoreRestartsWithExitCodeZero"),
        startup_grace: config.seconds("behavior.startupGraceSeconds"),
        repeat: (!repeat.is_zero()).then_some(repeat),
        first_run: match config.text("behavior.firstRun").as_str() {
            "all" => FirstRun::All,
            "silent" => FirstRun::Silent,
            _ => FirstRun::Digest,
        },
        annotation_silences: !config.flag("behavior.disableAnnotationSilences"),
        job_limit: job_limit(config),
    }
}

pub(crate) fn conditions(config: &Config<'_>) -> BTreeMap<String, ConditionRule> {
    let entries = config.node("conditions").map_or(&[][..], Node::entries);
    entries.iter().map(|entry| (entry.key.clone(), rule(entry))).collect()
}

pub(crate) fn node_problems(config: &Config<'_>) -> Vec<String> {
    texts(config.node("conditions.NodeProblem.types"))
}

fn rule(entry: &Entry) -> ConditionRule {
    let read = |name| own_value(entry, name);
    let duration = |name| match read(name) {
        Some(Scalar::Duration(duration)) => Some(duration),
        _ => None,
    };
    ConditionRule {
        enabled: match read("enabled") {
            Some(Scalar::Flag(on)) => Some(on),
            _ => None,
        },
        severity: match read("severity") {
            Some(Scalar::Text(word)) => Severity::parse(&word),
            _ => None,
        },
        hold_for: duration("for"),
        hold_down: duration("holdDown"),
    }
}

fn own_value(entry: &Entry, name: &str) -> Option<Scalar> {
    let row = condition_keys(&entry.key).into_iter().find(|row| row.name == name)?;
    let node = entry.value.get(name).filter(|node| !node.is_null() && node.text() != Some(""))?;
    read_scalar(&row.kind, node).ok()
}

fn job_limit(config: &Config<'_>) -> Option<Duration> {
    let node = config.node("conditions.JobRunningTooLong.limit")?;
    match read_scalar(&Kind::Duration, node) {
        Ok(Scalar::Duration(limit)) => Some(limit),
        _ => None,
    }
}
