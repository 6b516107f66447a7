//! Names, rates and settings of sinks, and who is told what no route says.

mod lowering;

use std::collections::{BTreeMap, BTreeSet};

use alertkube_core::{Rate, Severity, SinkId, SinkPlan};
use alertkube_lang::Problem;
use alertkube_sinks::{BUILT, KNOWN, SinkSettings, build};

use self::lowering::{judge, lowered};
use crate::config::{Config, texts};
use crate::outside::{Credential, CredentialFile, Environment, credential};
use crate::problems::says;
use crate::schema::{Scalar, hinted, quoted, read_scalar, read_word, row};
use crate::yaml::Node;

/// Told what no route names, and in a configuration without routes everything; if it has a credential.
const DEFAULT_SINK: &str = "slack";
/// Told in a configuration without routes as well, if it has a credential: of its own severities, which are critical
/// unless settings say otherwise.
const DEFAULT_PAGER: &str = "pagerduty";
/// Takes the place of the default sink.
const LAST_RESORT: &str = "stdout";

/// The sinks that open incidents are told some severities only.
const CHOOSY: [&str; 1] = ["pagerduty"];

/// The sinks that may be told anything, each with its plan under the same index.
#[derive(Default)]
pub(crate) struct Sinks {
    pub(crate) plans: Vec<SinkPlan>,
    pub(crate) settings: Vec<SinkSettings>,
    /// The files of their credentials.
    pub(crate) files: Vec<CredentialFile>,
    /// The names of those that are told what no route names.
    defaults: Vec<&'static str>,
    /// The names of those that a configuration without routes would tell, had they a credential.
    pub(crate) left_out: Vec<&'static str>,
}

impl Sinks {
    /// The ids of these names; names that are no sink of this build were reported by the walk.
    pub(crate) fn ids<S: AsRef<str>>(&self, names: &[S]) -> Vec<SinkId> {
        let id = |name: &S| self.plans.iter().position(|plan| plan.name == name.as_ref()).map(SinkId);
        names.iter().filter_map(id).collect()
    }

    /// The sinks for what no route names.
    pub(crate) fn default_ids(&self) -> Vec<SinkId> {
        self.ids(&self.defaults)
    }

    /// The severities of those sinks that do not take all of them.
    pub(crate) fn severities(&self, config: &mut Config<'_>) -> BTreeMap<SinkId, BTreeSet<Severity>> {
        let mut severities = BTreeMap::new();
        for name in CHOOSY {
            let taken = taken(config, name);
            warn_of_routes(config, name, &taken);
            severities.extend(self.ids(&[name]).into_iter().map(|id| (id, taken.clone())));
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
    let routed = !config.items("routing").is_empty();
    let mut sinks = Sinks::default();
    for name in BUILT.iter().copied() {
        let named = named.iter().any(|other| other == name);
        let by_default = name == DEFAULT_SINK || (name == DEFAULT_PAGER && !routed);
        if !named && !by_default && name != LAST_RESORT {
            continue;
        }
        let mut settings = lowered(config, name, environment);
        let (given, files) = fill_in(config, &mut settings, SinkId(sinks.plans.len()));
        if by_default && given {
            sinks.defaults.push(name);
        } else if by_default && !routed {
            sinks.left_out.push(name);
        }
        if by_default && !given && !named {
            continue;
        }
        judge(config, &settings, given);
        let class = build(settings.clone()).class();
        sinks.plans.push(SinkPlan { name: name.to_owned(), class, rate: rate(config, name) });
        sinks.settings.push(settings);
        sinks.files.extend(files);
    }
    if !sinks.defaults.contains(&DEFAULT_SINK) {
        sinks.defaults.push(LAST_RESORT);
    }
    sinks
}

/// Fills in the credentials; whether there is any, and the files that they come from. A file that cannot be used is no
/// reason not to start: it may come yet, and until then each send fails visibly.
fn fill_in(
    config: &mut Config<'_>,
    settings: &mut SinkSettings,
    sink: SinkId,
) -> (bool, Vec<CredentialFile>) {
    let (mut given, mut files) = (false, Vec::new());
    for (variable, place) in settings.credentials() {
        match credential(config.outside, variable, &mut config.problems) {
            Credential::Unset => continue,
            Credential::Said(text) => *place = Some(text),
            Credential::In { path, text } => {
                files.push(CredentialFile { sink, variable, path: path.into() });
                match text {
                    Ok(text) => *place = Some(text),
                    Err(why) => {
                        let what = format!("the file cannot be used: {why}; each send fails until it can");
                        config.warnings.add_variable(&format!("{variable}_FILE"), says(what));
                    }
                }
            }
        }
        given = true;
    }
    (given, files)
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
