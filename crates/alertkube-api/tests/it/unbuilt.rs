//! What this build cannot do is accepted while off, and refused by name when on.

use crate::given::Given;

/// Every key of the Go program at its default, or off.
const REFERENCE_DEFAULTS: &str = r#"
cluster: ""
filters: {watchedNamespaces: "", ignoredNamespaces: "", watchedPodNamePrefixes: "", ignoredPodNamePrefixes: ""}
behavior:
  muteSeconds: 600
  resolveTTLSeconds: 600
  ignoreRestartCount: 30
  ignoreRestartsWithExitCodeZero: false
  startupGraceSeconds: 0
  pvcPendingSeconds: 300
  disableLogCollection: false
  disableAnnotationSilences: false
channels: {critical: alerts-critical, warning: alerts-warning, info: alerts-info}
routing: []
severityOverrides: []
sinkRates: {}
inhibitions: []
silences: []
escalations: []
receiver: {enabled: false, allowAnonymous: false}
metricsAddr: ":9090"
apiAddr: ""
grouping: {enabled: false, windowSeconds: 30, by: [kind, namespace, reason, severity]}
persistence: {enabled: false, configMapName: alertkube-state, namespace: "", kind: ConfigMap}
rules: []
maintenance: []
correlation: {enabled: false, intervalSeconds: 15, maxHops: 3, blastRadiusCap: 50}
aws: {enabled: false, regions: [], pollSeconds: 60, cloudtrailEvents: [], eks: false, cloudwatch: false, ec2: false,
  elbv2: false, rds: false, aurora: false, dynamodb: false, elasticache: false, s3: false, cloudtrail: false, asg: false,
  kms: false, ebs: false, nat: false, efs: false, route53: false, acm: false, vpn: false}
azure: {enabled: false, subscriptions: [], pollSeconds: 60, aks: false, monitor: false, vms: false, storage: false,
  sql: false, redis: false}
gcp: {enabled: false, projects: [], pollSeconds: 60, gke: false, monitoring: false, compute: false, cloudsql: false}
"#;

#[test]
fn the_defaults_of_the_go_program_are_ours() {
    let written = Given::nothing().load(REFERENCE_DEFAULTS);
    let silent = Given::nothing().load("");
    assert_eq!(format!("{written:?}"), format!("{silent:?}"));
    assert_eq!(written.warnings.len(), 0);
}

#[test]
fn what_is_switched_on_is_refused_by_name() {
    let switched = [
        ("silences", "silences: [{matchers: {namespace: a}, until: 2030-01-01T00:00:00Z}]"),
        ("escalations", "escalations: [{match: {severity: critical}, afterMinutes: 5, sinks: [stdout]}]"),
        ("receiver.enabled", "receiver: {enabled: true}"),
        ("grouping.enabled", "grouping: {enabled: true}"),
        (
            "rules",
            "rules: [{name: a, severity: info, windowSeconds: 60, count: {match: {namespace: a}, threshold: 3}}]",
        ),
        ("rules", "rules: [{name: a, severity: info, windowSeconds: 60, all: [{namespace: a}]}]"),
        ("rules", "rules: [{name: a, severity: info, absent: {match: {namespace: a}, forSeconds: 3}}]"),
        (
            "maintenance",
            "maintenance: [{name: a, matchers: {namespace: a}, start: '22:00', end: '23:00', days: [sun]}]",
        ),
        ("correlation.enabled", "correlation: {enabled: true}"),
        ("aws.enabled", "aws: {enabled: true, regions: [eu-central-1], eks: true}"),
        ("azure.enabled", "azure: {enabled: true}"),
        ("gcp.enabled", "gcp: {enabled: true}"),
        ("routing[0].sinks[0]", "routing: [{sinks: [teams]}]"),
        ("sinkRates.opsgenie", "sinkRates: {opsgenie: {perSecond: 1, burst: 1}}"),
    ];
    for (name, yaml) in switched {
        let problems = Given::nothing().problems(yaml);
        assert_eq!(problems.len(), 1, "{yaml}: {problems:#?}");
        let told = problems[0].contains(name) && problems[0].contains("not built yet");
        assert!(told, "{yaml}: {problems:?}");
    }
}

#[test]
fn variables_that_switch_something_on_are_refused_by_name() {
    let names = ["ALERTKUBE_ENABLE_PPROF", "ALERTKUBE_TRACING_ENABLED", "ALERTKUBE_ALLOW_SECRET_READ"];
    let switched = [("ALERTKUBE_AUTH_MODE", "rbac")];
    for (name, value) in names.into_iter().map(|name| (name, "true")).chain(switched) {
        let problems = Given::nothing().var(name, value).problems("");
        assert_eq!(problems.len(), 1, "{name}: {problems:#?}");
        assert!(problems[0].contains(name) && problems[0].contains("not built yet"), "{problems:?}");
    }
}

#[test]
fn an_address_for_an_api_that_is_not_there_is_a_warning() {
    let loaded = Given::nothing().load("apiAddr: ':8080'");
    assert_eq!((loaded.api_addr.as_str(), loaded.warnings.len()), (":8080", 1));
}
