//! Where alerts go that no route names: the routes of the reference's chart, as far as there are credentials.

use alertkube_api::Loaded;
use alertkube_core::Severity;
use alertkube_sinks::SinkSettings;

use crate::given::Given;

fn slack() -> Given {
    Given::nothing().var("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T1/B1/x")
}

fn with_key(given: Given) -> Given {
    given.var("PAGERDUTY_ROUTING_KEY", "k3y")
}

/// Who is told of a problem that no route names.
fn told(loaded: &Loaded, severity: Severity) -> Vec<&str> {
    let settings = &loaded.settings;
    let taking = settings.default_sinks.iter().filter(|sink| settings.takes(**sink, severity));
    taking.map(|sink| settings.sink(*sink).name.as_str()).collect()
}

#[test]
fn what_is_critical_goes_to_slack_and_pagerduty_and_the_rest_to_slack() {
    let loaded = with_key(slack()).load("");
    assert_eq!(told(&loaded, Severity::Critical), ["pagerduty", "slack"]);
    assert_eq!(told(&loaded, Severity::Warning), ["slack"]);
    assert_eq!(told(&loaded, Severity::Info), ["slack"]);
    assert!(loaded.left_out_words().is_none() && loaded.warnings.is_empty());
}

#[test]
fn what_has_no_credential_is_left_out_and_stdout_stands_in_for_slack() {
    let only_slack = slack().load("");
    assert_eq!(told(&only_slack, Severity::Critical), ["slack"]);
    assert_eq!(only_slack.left_out, ["pagerduty"]);
    let words = only_slack.left_out_words().expect("words");
    assert!(words.ends_with("pagerduty has no credential: it is not told what is critical"), "{words}");
    let only_key = with_key(Given::nothing()).load("");
    assert_eq!(told(&only_key, Severity::Critical), ["pagerduty", "stdout"]);
    assert_eq!(told(&only_key, Severity::Warning), ["stdout"], "nothing is told to nobody");
    assert_eq!(only_key.left_out, ["slack"]);
    let neither = Given::nothing().load("");
    assert_eq!(told(&neither, Severity::Critical), ["stdout"]);
    assert_eq!(neither.left_out, ["pagerduty", "slack"]);
    let words = neither.left_out_words().expect("words");
    let expected =
        "no route is configured, and pagerduty and slack have no credential: alerts go to standard output";
    assert_eq!(words, expected);
    assert!(neither.warnings.is_empty());
}

#[test]
fn a_named_file_is_a_credential_even_while_it_is_missing() {
    let loaded = Given::nothing().var("SLACK_BOT_TOKEN_FILE", "/run/token").load("");
    assert_eq!(told(&loaded, Severity::Info), ["slack"]);
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
}

#[test]
fn with_routes_only_what_none_of_them_names_goes_to_slack() {
    let yaml = "routing: [{match: {severity: critical}, sinks: [pagerduty]}]";
    let loaded = with_key(slack()).load(yaml);
    assert_eq!(told(&loaded, Severity::Critical), ["slack"]);
    let loaded = with_key(Given::nothing()).load(yaml);
    assert_eq!(told(&loaded, Severity::Critical), ["stdout"]);
    assert!(loaded.left_out.is_empty(), "the user decided");
    assert_eq!(loaded.settings.sink_named("slack"), None);
}

#[test]
fn a_sink_that_a_route_names_is_there_without_its_credential_and_that_is_said() {
    let loaded = Given::nothing().load("routing: [{sinks: [slack]}]");
    assert!(loaded.settings.sink_named("slack").is_some());
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.len() == 1 && warnings[0].starts_with("SLACK_BOT_TOKEN: neither"), "{warnings:?}");
}

#[test]
fn channels_come_from_the_file_or_their_variables() {
    let given = slack().var("SLACK_CHANNEL", "alerts").var("SLACK_CHANNEL_CRITICAL", "not-this");
    let loaded = given.load("channels: {critical: oncall}");
    let channels = loaded.sinks.iter().find_map(|sink| match sink {
        SinkSettings::Slack(sink) => Some(sink.channels.clone()),
        _ => None,
    });
    let channels = channels.expect("the sink");
    assert_eq!([channels.critical, channels.warning, channels.info], ["oncall", "alerts", "alerts-info"]);
}

#[test]
fn a_slack_address_that_cannot_work_is_a_warning_or_a_problem() {
    let at = |url: &str| slack().var("SLACK_WEBHOOK_URL", url);
    let blocked = at("http://169.254.169.254/x").load("");
    assert_eq!(blocked.warnings.len(), 1, "{:?}", blocked.warnings);
    let shown = at("t0ken").problems("");
    assert_eq!(shown, ["SLACK_WEBHOOK_URL: this is no address (expected an http or https address)"]);
    let relay = |url: &str| format!("sinks: {{slack: {{url: '{url}'}}}}");
    let bot = Given::nothing().var("SLACK_BOT_TOKEN", "xoxb-t0ken");
    assert_eq!(bot.load(&relay("http://127.0.0.1:1/api")).warnings.len(), 0);
    assert!(bot.problems(&relay("here"))[0].contains("sinks.slack.url"));
    assert!(!format!("{:?}", bot.load("")).contains("t0ken"));
}
