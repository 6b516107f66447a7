//! The settings of each sink, without its credentials; and once these are filled in, what cannot work.

use alertkube_core::Why;
use alertkube_sinks::{Channels, Guard, PagerDuty, SinkSettings, Slack, Stdout, Webhook, WebhookFormat};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;
use crate::outside::Environment;
use crate::problems::says;

const WEBHOOK_URL: &str = "GENERIC_WEBHOOK_URL";
const PAGERDUTY_ROUTING_KEY: &str = "PAGERDUTY_ROUTING_KEY";
const PAGERDUTY_URL: &str = "sinks.pagerduty.url";
const SLACK_BOT_TOKEN: &str = "SLACK_BOT_TOKEN";
const SLACK_WEBHOOK_URL: &str = "SLACK_WEBHOOK_URL";
const SLACK_URL: &str = "sinks.slack.url";

/// The settings of a built sink.
pub(super) fn lowered(config: &mut Config<'_>, name: &str, environment: &Environment) -> SinkSettings {
    let guard = Guard {
        strict: environment.strict_webhook_egress,
        proxied: environment.proxied,
        allowed_hosts: config.texts("sinks.allowedHosts"),
    };
    match name {
        "webhook" => {
            let format = match config.text("sinks.webhook.format").as_str() {
                "v1" => WebhookFormat::V1,
                _ => WebhookFormat::Reference,
            };
            SinkSettings::Webhook(Webhook { format, guard, ..Webhook::default() })
        }
        "pagerduty" => {
            let region = match config.text("sinks.pagerduty.region").as_str() {
                "eu" => PagerDuty::EU,
                _ => PagerDuty::US,
            };
            let url = Some(address(config, PAGERDUTY_URL, region));
            SinkSettings::PagerDuty(PagerDuty { url, guard, ..PagerDuty::default() })
        }
        "slack" => {
            let channels = Channels {
                critical: config.text("channels.critical"),
                warning: config.text("channels.warning"),
                info: config.text("channels.info"),
            };
            let url = Some(address(config, SLACK_URL, Slack::POST_MESSAGE));
            SinkSettings::Slack(Slack { url, channels, guard, ..Slack::default() })
        }
        _ => SinkSettings::Stdout(Stdout { pretty: false, color: false }),
    }
}

/// The address of a key, or the one that holds without it.
fn address(config: &mut Config<'_>, path: &str, otherwise: &str) -> SecretString {
    match config.text(path) {
        url if url.is_empty() => otherwise.into(),
        url => url.into(),
    }
}

/// Says what cannot work; `given` is whether there is any credential.
pub(super) fn judge(config: &mut Config<'_>, settings: &SinkSettings, given: bool) {
    match settings {
        SinkSettings::Stdout(_) => {}
        SinkSettings::Webhook(_) if !given => {
            unset(config, WEBHOOK_URL, "not set, but a route names webhook")
        }
        SinkSettings::Webhook(sink) => judge_secret(config, WEBHOOK_URL, &sink.guard, sink.url.as_ref()),
        SinkSettings::PagerDuty(sink) => {
            if !given {
                unset(config, PAGERDUTY_ROUTING_KEY, "not set, but a route names pagerduty");
            }
            judge_key(config, PAGERDUTY_URL, &sink.guard, sink.url.as_ref());
        }
        SinkSettings::Slack(_) if !given => {
            unset(
                config,
                SLACK_BOT_TOKEN,
                "neither this nor SLACK_WEBHOOK_URL is set, but a route names slack",
            );
        }
        SinkSettings::Slack(sink) if sink.bot_token.is_some() => {
            judge_key(config, SLACK_URL, &sink.guard, sink.url.as_ref());
        }
        SinkSettings::Slack(sink) => {
            judge_secret(config, SLACK_WEBHOOK_URL, &sink.guard, sink.webhook_url.as_ref());
        }
    }
}

fn unset(config: &mut Config<'_>, variable: &str, what: &str) {
    config.warnings.add_variable(variable, says(format!("{what}: each send will fail")));
}

const FORBIDDEN: &str = "the destination guard forbids this address: each send will fail";

/// Judges the address of a key of the file, or the one that holds without it.
fn judge_key(config: &mut Config<'_>, path: &str, guard: &Guard, url: Option<&SecretString>) {
    let Some(url) = url.map(ExposeSecret::expose_secret) else { return };
    let at = config.node(path).map(|node| node.at);
    match guard.check_url(url) {
        Ok(_) => {}
        Err(Why::Blocked) => {
            let proxied =
                if guard.proxied { "; behind a proxy, list its host in `sinks.allowedHosts`" } else { "" };
            let what = format!("{FORBIDDEN}{proxied}");
            match at {
                Some(at) => config.warnings.add(at, path, says(what)),
                None => config.warnings.add_variable(url, says(what)),
            }
        }
        Err(_) => {
            let problem = says("this is no address").expected("an http or https address");
            config.problems.add(at.unwrap_or_default(), path, problem);
        }
    }
}

/// What is wrong with the address is said without saying the address, which is a credential. A file without one was
/// spoken of when it was read.
fn judge_secret(config: &mut Config<'_>, variable: &str, guard: &Guard, url: Option<&SecretString>) {
    let Some(url) = url else { return };
    match guard.check_url(url.expose_secret()) {
        Ok(_) => {}
        Err(Why::Blocked) => config.warnings.add_variable(variable, says(FORBIDDEN)),
        Err(_) => {
            let problem = says("this is no address").expected("an http or https address");
            config.problems.add_variable(variable, problem);
        }
    }
}
