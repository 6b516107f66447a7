//! What the environment gives, and what is wrong with it.

use alertkube_api::Shard;

use crate::given::Given;

const TO_WEBHOOK: &str = "routing: [{sinks: [webhook]}]";

#[test]
fn variables_are_asked_only_where_the_file_is_silent() {
    let given =
        Given::nothing().var("MUTE_SECONDS", "30").var("CLUSTER_NAME", "from-env").var("METRICS_ADDR", ":1");
    let silent = given.load("");
    assert_eq!(silent.settings.behavior.mute.as_secs(), 30);
    assert_eq!((silent.settings.cluster.as_str(), silent.metrics_addr.as_str()), ("from-env", ":1"));
    let written = given.load("cluster: a\nbehavior: {muteSeconds: 0}\nmetricsAddr: ':2'");
    assert_eq!(written.settings.behavior.mute.as_secs(), 0);
    assert_eq!((written.settings.cluster.as_str(), written.metrics_addr.as_str()), ("a", ":2"));
}

#[test]
fn an_explicit_false_is_present_also_through_a_merge_and_empty_text_is_not() {
    let given =
        Given::nothing().var("IGNORE_RESTARTS_WITH_EXIT_CODE_ZERO", "true").var("CLUSTER_NAME", "from-env");
    let merged = "cluster: ''\nconditions: {}\nbehavior: &b {ignoreRestartsWithExitCodeZero: false}\n";
    assert!(!given.load(merged).settings.behavior.ignore_restarts_with_exit_code_zero);
    assert_eq!(given.load(merged).settings.cluster, "from-env");
    assert!(given.load("behavior: {}").settings.behavior.ignore_restarts_with_exit_code_zero);
    assert!(given.load("behavior:").settings.behavior.ignore_restarts_with_exit_code_zero);
}

#[test]
fn an_empty_variable_is_unset() {
    let given =
        Given::nothing().var("MUTE_SECONDS", "").var("ALERTKUBE_SHARD_TOTAL", "").var("METRICS_ADDR", "");
    let loaded = given.load("");
    assert_eq!((loaded.settings.behavior.mute.as_secs(), loaded.metrics_addr.as_str()), (600, ":9090"));
}

#[test]
fn a_variable_that_does_not_parse_is_a_problem() {
    let bad = [
        ("MUTE_SECONDS", "ten"),
        ("IGNORE_RESTARTS_WITH_EXIT_CODE_ZERO", "maybe"),
        ("METRICS_ADDR", "9090"),
        ("WATCHED_NAMESPACES", "a,(b"),
        ("ALERTKUBE_SHARD_TOTAL", "two"),
        ("ALERTKUBE_SHARD_TOTAL", "0"),
        ("ALERTKUBE_SHARD_INDEX", "-1"),
        ("ALERTKUBE_CLIENT_QPS", "fast"),
        ("ALERTKUBE_DISPATCH_WORKERS", "many"),
        ("ALERTKUBE_STRICT_WEBHOOK_EGRESS", "strict"),
        ("ALERTKUBE_AUTH_MODE", "open"),
    ];
    for (name, value) in bad {
        let problems = Given::nothing().var(name, value).problems("");
        assert_eq!(problems.len(), 1, "{name}={value}: {problems:#?}");
        assert!(problems[0].starts_with(&format!("{name}: ")), "{problems:?}");
    }
}

#[test]
fn numbers_of_the_client() {
    let given = Given::nothing().var("ALERTKUBE_CLIENT_QPS", "20").var("ALERTKUBE_CLIENT_BURST", "0");
    let environment = given.load("").environment;
    assert_eq!((environment.client_qps, environment.client_burst), (20, 100));
}

#[test]
fn shard_total_of_one_is_off() {
    let loaded =
        Given::nothing().var("ALERTKUBE_SHARD_TOTAL", "1").var("ALERTKUBE_SHARD_INDEX", "7").load("");
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.environment.shard, Shard::WHOLE);
}

#[test]
fn a_shard_has_an_index_of_its_own_or_an_ordinal() {
    let of = |index: &str, pod: &str| {
        let given = Given::nothing().var("ALERTKUBE_SHARD_TOTAL", "3").var("ALERTKUBE_SHARD_INDEX", index);
        given.var("POD_NAME", pod)
    };
    let check = |index, pod, expected| {
        assert_eq!(of(index, pod).load("").environment.shard, Shard { index: expected, total: 3 });
    };
    check("2", "alertkube-7d9f8b6c5-x2kqz", 2);
    check("", "alertkube-1", 1);
    check("", "alertkube-5", 2);
    check("0", "alertkube-5", 0);
    for (index, pod) in
        [("3", "alertkube-1"), ("", "alertkube-7d9f8b6c5-x2kqz"), ("", ""), ("x", "alertkube-1")]
    {
        let problems = of(index, pod).problems("");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("ALERTKUBE_SHARD_INDEX: "), "{problems:?}");
    }
}

#[test]
fn a_credential_comes_from_its_variable_or_from_its_file() {
    let url = "https://hooks.example.com/t0ken";
    let direct = Given::nothing().var("GENERIC_WEBHOOK_URL", url);
    let by_file =
        Given::nothing().var("GENERIC_WEBHOOK_URL_FILE", "/run/url").file("/run/url", &format!("{url}\n"));
    for given in [direct, by_file] {
        let loaded = given.load(TO_WEBHOOK);
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        assert_eq!(posted_to(&loaded), url);
    }
}

#[test]
fn a_credential_given_twice_is_a_problem() {
    let twice =
        Given::nothing().var("GENERIC_WEBHOOK_SECRET", "s3cret").var("GENERIC_WEBHOOK_SECRET_FILE", "/run/s");
    let problems = twice.problems(TO_WEBHOOK);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].starts_with("GENERIC_WEBHOOK_SECRET: "), "{problems:?}");
}

#[test]
fn a_file_that_may_come_yet_is_a_warning_and_stays_named() {
    let missing = Given::nothing().var("GENERIC_WEBHOOK_URL_FILE", "/run/url");
    let empty = Given::nothing().var("GENERIC_WEBHOOK_URL_FILE", "/run/url").file("/run/url", " \n");
    for (given, why) in [(missing, "no such file"), (empty, "it is empty")] {
        let loaded = given.load(TO_WEBHOOK);
        let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        let expected =
            format!("GENERIC_WEBHOOK_URL_FILE: the file cannot be used: {why}; each send fails until it can");
        assert_eq!(warnings, [expected]);
        let [file] = &loaded.credential_files[..] else { panic!("{:?}", loaded.credential_files) };
        let sink = loaded.settings.sink_named("webhook").expect("the sink");
        assert_eq!((file.sink, file.variable), (sink, "GENERIC_WEBHOOK_URL"));
        assert_eq!(file.path, std::path::Path::new("/run/url"));
    }
}

#[test]
fn no_credential_shows_in_debug_or_in_a_problem() {
    let url = "https://user:t0ken@hooks.example.com/t0ken";
    let given = Given::nothing().var("GENERIC_WEBHOOK_URL", url).var("GENERIC_WEBHOOK_SECRET", "t0ken");
    let shown = format!("{:?}", given.load(TO_WEBHOOK));
    assert!(!shown.contains("t0ken"), "{shown}");
    let bad = Given::nothing().var("GENERIC_WEBHOOK_URL", "t0ken").problems(TO_WEBHOOK);
    assert_eq!(bad, ["GENERIC_WEBHOOK_URL: this is no address (expected an http or https address)"]);
}

#[test]
fn a_webhook_that_cannot_work_is_a_warning() {
    let unset = Given::nothing().load(TO_WEBHOOK);
    let forbidden =
        Given::nothing().var("GENERIC_WEBHOOK_URL", "http://169.254.169.254/latest").load(TO_WEBHOOK);
    let url = "https://hooks.example.com/a";
    let proxied = Given::nothing().var("GENERIC_WEBHOOK_URL", url).var("https_proxy", "http://proxy:3128");
    let allowed = proxied.load("routing: [{sinks: [webhook]}]\nsinks: {allowedHosts: [hooks.example.com]}");
    let warnings =
        [&unset, &forbidden, &proxied.load(TO_WEBHOOK), &allowed].map(|loaded| loaded.warnings.len());
    assert_eq!(warnings, [1, 1, 1, 0]);
    assert!(allowed.environment.proxied);
}

#[test]
fn a_token_that_nothing_asks_for_is_a_warning() {
    let loaded = Given::nothing().var("ALERTKUBE_API_TOKEN", "t0ken").load("");
    assert_eq!(loaded.warnings.len(), 1);
    assert!(!format!("{loaded:?}").contains("t0ken"));
}

fn posted_to(loaded: &alertkube_api::Loaded) -> String {
    let webhook = loaded.sinks.iter().find_map(|sink| match sink {
        alertkube_sinks::SinkSettings::Webhook(webhook) => webhook.url.clone(),
        _ => None,
    });
    secrecy::ExposeSecret::expose_secret(&webhook.expect("an address")).to_owned()
}
