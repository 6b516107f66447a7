//! Lowers `routing`, `severityOverrides` and `inhibitions`.

use alertkube_core::{Inhibition, Route, Severity, SeverityOverride};

use crate::config::{Config, texts};
use crate::matchers::{Demand, matcher, misspelt};
use crate::problems::says;
use crate::sinks::Sinks;
use crate::yaml::{Node, Place};

/// Every sink that a route names.
pub(crate) fn routed_sinks(config: &Config<'_>) -> Vec<String> {
    config.items("routing").iter().flat_map(|(_, route)| texts(route.get("sinks"))).collect()
}

pub(crate) fn routes(config: &mut Config<'_>, sinks: &Sinks) -> Vec<Route> {
    let items = config.items("routing");
    let last = items.len().saturating_sub(1);
    let mut routes = Vec::new();
    for (n, (path, node)) in items.iter().enumerate() {
        let names = texts(node.get("sinks"));
        if let Some(at) = without_sinks(node) {
            config.problems.add(at, &format!("{path}.sinks"), says("no sink").expected("at least one"));
        }
        let demand = if n == last { Demand::Any } else { Demand::SelectiveRoute };
        let matcher = matcher(config, node, (path, "match"), demand);
        routes.push(Route { matcher, sinks: sinks.ids(&names) });
    }
    routes
}

pub(crate) fn overrides(config: &mut Config<'_>) -> Vec<SeverityOverride> {
    let mut overrides = Vec::new();
    for (path, node) in config.items("severityOverrides") {
        let matcher = matcher(config, &node, (&path, "match"), Demand::NotEmpty);
        let word =
            node.get("severity").filter(|node| !node.is_null()).and_then(Node::text).unwrap_or_default();
        if word.is_empty() {
            let problem = says("missing").expected("one of critical, warning, info");
            config.problems.add(node.at, &format!("{path}.severity"), problem);
        }
        let severity = Severity::parse(word).unwrap_or(Severity::Info);
        overrides.push(SeverityOverride { matcher, severity });
    }
    overrides
}

pub(crate) fn inhibitions(config: &mut Config<'_>) -> Vec<Inhibition> {
    let mut inhibitions = Vec::new();
    for (path, node) in config.items("inhibitions") {
        let source = matcher(config, &node, (&path, "source"), Demand::Selective);
        let target = matcher(config, &node, (&path, "target"), Demand::Selective);
        let equal = texts(node.get("equal"));
        for item in node.get("equal").map_or(&[][..], Node::items) {
            if let Some(problem) = item.text().and_then(misspelt) {
                config.warnings.add(item.at, &format!("{path}.equal"), problem);
            }
        }
        inhibitions.push(Inhibition { source, target, equal });
    }
    inhibitions
}

/// Where sinks are missed; a list that is none was reported by the walk.
fn without_sinks(route: &Node) -> Option<Place> {
    match route.get("sinks") {
        None => Some(route.at),
        Some(list) if list.is_null() || list.is_empty_list() => Some(list.at),
        Some(_) => None,
    }
}
