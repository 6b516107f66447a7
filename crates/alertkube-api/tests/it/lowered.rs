//! What the core is given.

use std::time::Duration;

use alertkube_api::{Persistence, PersistenceKind};
use alertkube_core::{FirstRun, Severity, SinkClass, SinkId};

use crate::given::Given;

#[test]
fn an_empty_file_tells_stdout_everything() {
    let settings = Given::nothing().load("").settings;
    assert_eq!(settings.sinks.len(), 1);
    assert_eq!((settings.sinks[0].name.as_str(), settings.sinks[0].class), ("stdout", SinkClass::Chat));
    assert_eq!(settings.default_sinks, [SinkId(0)]);
    assert_eq!((settings.sinks[0].rate.per_second, settings.sinks[0].rate.burst), (1.0, 5));
    let expected = format!("{:?}", alertkube_core::Behavior::default());
    assert_eq!(format!("{:?}", settings.behavior), expected);
}

#[test]
fn routes_name_their_sinks_and_rates_their_own() {
    let yaml = "routing:\n- {match: {severity: critical}, sinks: [webhook, stdout]}\n- {sinks: [webhook]}\n\
                sinkRates: {webhook: {perSecond: 2.5}}\n";
    let settings = Given::nothing().load(yaml).settings;
    let names: Vec<&str> = settings.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(names, ["stdout", "webhook"]);
    assert_eq!(settings.routes[0].sinks, [SinkId(1), SinkId(0)]);
    assert_eq!(settings.routes[1].sinks, [SinkId(1)]);
    assert_eq!((settings.sinks[1].rate.per_second, settings.sinks[1].rate.burst), (2.5, 5));
}

#[test]
fn behavior() {
    let yaml = "behavior: {repeatSeconds: 0, firstRun: silent, startupGraceSeconds: 30, muteSeconds: 1, \
                resolveTTLSeconds: 1e+03, disableAnnotationSilences: yes, ignoreRestartCount: 5}";
    let behavior = Given::nothing().load(yaml).settings.behavior;
    assert_eq!((behavior.repeat, behavior.first_run), (None, FirstRun::Silent));
    assert_eq!(behavior.startup_grace, Duration::from_secs(30));
    assert_eq!((behavior.mute.as_secs(), behavior.event_ttl.as_secs()), (1, 1000));
    assert_eq!((behavior.annotation_silences, behavior.ignore_restart_count), (false, 5));
}

#[test]
fn conditions() {
    let yaml = "conditions:\n  CrashLoopBackOff: {severity: info, for: 5s, holdDown: 1m}\n  NodeCordon: {enabled: false}\n  \
                NodeProblem: {types: [KernelDeadlock], for: 0}\n  JobRunningTooLong: {limit: 90m}\n";
    let settings = Given::nothing().load(yaml).settings;
    let rule = &settings.conditions["CrashLoopBackOff"];
    assert_eq!((rule.severity, rule.hold_for), (Some(Severity::Info), Some(Duration::from_secs(5))));
    assert_eq!((rule.hold_down, rule.enabled), (Some(Duration::from_secs(60)), None));
    assert_eq!(settings.conditions["NodeCordon"].enabled, Some(false));
    assert_eq!(settings.node_problems, ["KernelDeadlock"]);
    assert_eq!(settings.behavior.job_limit, Some(Duration::from_secs(5400)));
}

#[test]
fn policies() {
    let yaml = "severityOverrides: [{match: {namespace: '.*'}, severity: info}]\n\
                inhibitions: [{source: {reason: NodeNotReady}, target: {kind: Pod}, equal: [node], duration: 5m}]\n\
                filters: {ignoredNamespaces: 'kube-,^test$'}\nalerts: {annotations: [a/b]}\n";
    let settings = Given::nothing().load(yaml).settings;
    assert_eq!(settings.overrides[0].severity, Severity::Info);
    assert_eq!(settings.inhibitions[0].equal, ["node"]);
    assert!(!settings.filters.admit("Pod", "kube-system", "a"));
    assert!(settings.filters.admit("Pod", "prod", "a"));
    assert_eq!(settings.annotations, ["a/b"]);
}

#[test]
fn a_matcher_key_that_looks_misspelt_is_a_warning() {
    let loaded =
        Given::nothing().load("routing: [{match: {namspace: prod}, sinks: [stdout]}, {sinks: [stdout]}]");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("did you mean `namespace`?"), "{warnings:?}");
}

#[test]
fn persistence_is_off_until_it_is_switched_on_and_then_knows_its_objects() {
    assert_eq!(Given::nothing().load("").persistence, None);
    let off = "persistence: {enabled: false, configMapName: Not_A_Name}";
    assert_eq!(Given::nothing().load(off).persistence, None);
    let state = |name: &str, namespace: Option<&str>, kind| {
        Some(Persistence { name: name.to_owned(), namespace: namespace.map(str::to_owned), kind })
    };
    let on = "persistence: {enabled: true}";
    let by_default = state("alertkube-state", None, PersistenceKind::ConfigMap);
    assert_eq!(Given::nothing().load(on).persistence, by_default);
    let in_pod = Given::nothing().var("POD_NAMESPACE", "ops");
    let of_pod = state("alertkube-state", Some("ops"), PersistenceKind::ConfigMap);
    assert_eq!(in_pod.load(on).persistence, of_pod);
    let all = "persistence: {enabled: true, configMapName: watch.state-1, namespace: here, kind: Secret}";
    assert_eq!(in_pod.load(all).persistence, state("watch.state-1", Some("here"), PersistenceKind::Secret));
}

#[test]
fn a_namespace_of_the_environment_that_is_none_is_a_problem_of_its_variable() {
    let problems = Given::nothing().var("POD_NAMESPACE", "Ops").problems("persistence: {enabled: true}");
    assert_eq!(
        problems,
        ["POD_NAMESPACE: found `Ops` (expected the name of a namespace such as `alertkube`)"]
    );
}
