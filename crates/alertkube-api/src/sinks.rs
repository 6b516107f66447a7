//! Names, rates and settings of sinks.

use std::collections::{BTreeMap, BTreeSet};

use alertkube_core::{Rate, Severity, SinkId, SinkPlan, Why};
use alertkube_lang::Problem;
use alertkube_sinks::{BUILT, Guard, KNOWN, PagerDuty, SinkSettings, Stdout, Webhook, WebhookFormat, build};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, texts};
use crate::outside::{Environment, secret};
use crate::problems::says;
use crate::schema::{Scalar, hinted, quoted, read_scalar, read_word, row};
use crate::yaml::Node;

/// Where alerts go that no route names.
const DEFAULT_SINK: &str = "stdout";

const WEBHOOK_URL: &str = "GENERIC_WEBHOOK_URL";
const PAGERDUTY_ROUTING_KEY: &str = "PAGERDUTY_ROUTING_KEY";
const PAGERDUTY_URL: &str = "sinks.pagerduty.url";

/// The sinks that open incidents are told some severities only.
const CHOOSY: [&str; 1] = ["pagerduty"];

/// The sinks that may be told anything, each with its plan under the same index.
pub(crate) struct Sinks {
    pub(crate) plans: Vec<SinkPlan>,
    pub(crate) settings: Vec<SinkSettings>,
}

impl Sinks {
    /// The ids of these names; names that are no sink of this build were reported by the walk.
    pub(crate) fn ids(&self, names: &[String]) -> Vec<SinkId> {
        let id = |name: &String| self.plans.iter().position(|plan| plan.name == *name).map(SinkId);
        names.iter().filter_map(id).collect()
    }

    /// The sinks for what no route names.
    pub(crate) fn default_ids(&self) -> Vec<SinkId> {
        self.ids(&[DEFAULT_SINK.to_owned()])
    }

    /// The severities of those sinks that do not take all of them.
    pub(crate) fn severities(&self, config: &mut Config<'_>) -> BTreeMap<SinkId, BTreeSet<Severity>> {
        let mut severities = BTreeMap::new();
        for name in CHOOSY {
            let taken = taken(config, name);
            warn_of_routes(config, name, &taken);
            severities.extend(self.ids(&[name.to_owned()]).into_iter().map(|id| (id, taken.clone())));
        }
        severities
    }
}

/// Why a name is no sink of this build.
pub(crate) fn sink_fault(name: &str) -> Option<Problem> {
    if BUILT.contains(&name) {
        return None;
    }
    let built = format!("one of {}", BUILT.join(", "));
    if KNOWN.contains(&name) {
        return Some(says(format!("the sink `{name}` is not built yet")).expected(built));
    }
    Some(hinted(says(format!("unknown sink `{}`", quoted(name))).expected(built), name, KNOWN))
}

/// Lowers the sinks that `named` or the default routing can reach.
pub(crate) fn sinks(config: &mut Config<'_>, named: &[String], environment: &Environment) -> Sinks {
    let reached = |name: &&&str| **name == DEFAULT_SINK || named.iter().any(|other| other == *name);
    let mut sinks = Sinks { plans: Vec::new(), settings: Vec::new() };
    for name in BUILT.iter().filter(reached) {
        let settings = match *name {
            "webhook" => webhook(config, environment),
            "pagerduty" => pagerduty(config, environment),
            _ => SinkSettings::Stdout(Stdout { pretty: false, color: false }),
        };
        let class = build(settings.clone()).class();
        sinks.plans.push(SinkPlan { name: (*name).to_owned(), class, rate: rate(config, name) });
        sinks.settings.push(settings);
    }
    sinks
}

/// `sinks.<name>.severities`
fn taken(config: &mut Config<'_>, name: &str) -> BTreeSet<Severity> {
    let path = format!("sinks.{name}.severities");
    let written = config.node(&path).map(|node| (node.at, node.is_empty_list(), texts(Some(node))));
    let read = |words: Vec<String>| words.iter().filter_map(|word| Severity::parse(word)).collect();
    match written {
        Some((at, true, _)) => {
            config.problems.add(at, &path, says("no severity").expected("at least one"));
            BTreeSet::new()
        }
        Some((_, false, words)) => read(words),
        None => {
            let default = row(&path).default.trim_matches(['[', ']']);
            read(default.split(", ").map(str::to_owned).collect())
        }
    }
}

/// A route by severity that leads to a sink which does not take that severity.
fn warn_of_routes(config: &mut Config<'_>, name: &str, taken: &BTreeSet<Severity>) {
    for (path, route) in config.items("routing") {
        let severity = route.get("match").and_then(|matcher| matcher.get("severity")).and_then(Node::text);
        let Some(severity) = severity.and_then(Severity::parse).filter(|it| !taken.contains(it)) else {
            continue;
        };
        let named = route.get("sinks").map_or(&[][..], Node::items);
        if let Some(node) = named.iter().find(|node| node.text() == Some(name)) {
            let what = format!(
                "{name} is told nothing by this route: `sinks.{name}.severities` leaves out {severity}"
            );
            config.warnings.add(node.at, &format!("{path}.sinks"), says(what));
        }
    }
}

fn guard(config: &Config<'_>, environment: &Environment) -> Guard {
    Guard {
        strict: environment.strict_webhook_egress,
        proxied: environment.proxied,
        allowed_hosts: config.texts("sinks.allowedHosts"),
    }
}

fn pagerduty(config: &mut Config<'_>, environment: &Environment) -> SinkSettings {
    let routing_key = secret(config.outside, PAGERDUTY_ROUTING_KEY, &mut config.problems);
    if routing_key.is_none() {
        let what = "not set, but a route names pagerduty: each send will fail";
        config.warnings.add_variable(PAGERDUTY_ROUTING_KEY, says(what));
    }
    let url = match (config.text(PAGERDUTY_URL), config.text("sinks.pagerduty.region").as_str()) {
        (url, _) if !url.is_empty() => url,
        (_, "eu") => PagerDuty::EU.to_owned(),
        _ => PagerDuty::US.to_owned(),
    };
    let guard = guard(config, environment);
    judge_pagerduty_url(config, &guard, &url);
    SinkSettings::PagerDuty(PagerDuty { routing_key, url: Some(url.into()), guard })
}

fn judge_pagerduty_url(config: &mut Config<'_>, guard: &Guard, url: &str) {
    let at = config.node(PAGERDUTY_URL).map(|node| node.at);
    match guard.check_url(url) {
        Ok(_) => {}
        Err(Why::Blocked) => {
            let proxied =
                if guard.proxied { "; behind a proxy, list its host in `sinks.allowedHosts`" } else { "" };
            let what = format!("the destination guard forbids this address: each send will fail{proxied}");
            match at {
                Some(at) => config.warnings.add(at, PAGERDUTY_URL, says(what)),
                None => config.warnings.add_variable(url, says(what)),
            }
        }
        Err(_) => {
            let problem = says("this is no address").expected("an http or https address");
            config.problems.add(at.unwrap_or_default(), PAGERDUTY_URL, problem);
        }
    }
}

fn webhook(config: &mut Config<'_>, environment: &Environment) -> SinkSettings {
    let url = secret(config.outside, WEBHOOK_URL, &mut config.problems);
    let secret = secret(config.outside, "GENERIC_WEBHOOK_SECRET", &mut config.problems);
    let format = match config.text("sinks.webhook.format").as_str() {
        "v1" => WebhookFormat::V1,
        _ => WebhookFormat::Reference,
    };
    let guard = guard(config, environment);
    judge_url(config, &guard, url.as_ref());
    SinkSettings::Webhook(Webhook { url, secret, format, guard })
}

/// What is wrong with the address is said without saying the address, which is a credential.
fn judge_url(config: &mut Config<'_>, guard: &Guard, url: Option<&SecretString>) {
    let Some(url) = url else {
        let what = "not set, but a route names webhook: each send will fail";
        return config.warnings.add_variable(WEBHOOK_URL, says(what));
    };
    match guard.check_url(url.expose_secret()) {
        Ok(_) => {}
        Err(Why::Blocked) => {
            let what = "the destination guard forbids this address: each send will fail";
            config.warnings.add_variable(WEBHOOK_URL, says(what));
        }
        Err(_) => {
            let problem = says("this is no address").expected("an http or https address");
            config.problems.add_variable(WEBHOOK_URL, problem);
        }
    }
}

fn rate(config: &Config<'_>, sink: &str) -> Rate {
    let node = config.node("sinkRates").and_then(|rates| rates.get(sink)).cloned();
    let read = |name| {
        let row = row(&format!("sinkRates.{name}"));
        let written = node.as_ref().and_then(|node: &Node| node.get(name)).filter(|node| !node.is_null());
        let read = written.and_then(|node| read_scalar(&row.kind, node).ok());
        read.or_else(|| read_word(&row.kind, row.default).ok())
    };
    let per_second = match read("perSecond") {
        Some(Scalar::Number(number)) => number,
        _ => 1.0,
    };
    let burst = match read("burst") {
        Some(Scalar::Whole(number)) => u32::try_from(number).unwrap_or(u32::MAX),
        _ => 1,
    };
    Rate { per_second, burst }
}
