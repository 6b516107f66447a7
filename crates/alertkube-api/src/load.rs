//! From a file and its environment to settings, or to every problem at once.

use alertkube_core::{Settings, catalogue};
use alertkube_lang::Problem;
use alertkube_sinks::SinkSettings;

use crate::behavior::{behavior, conditions, filters, node_problems};
use crate::config::Config;
use crate::outside::{CredentialFile, Environment, Outside, environment};
use crate::persistence::{Persistence, persistence};
use crate::policy::{inhibitions, overrides, routed_sinks, routes};
use crate::problems::{Problems, says};
use crate::schema::walk;
use crate::sinks::sinks;
use crate::yaml::read;

/// A configuration that holds.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the core needs. The namespace stands for a flag, so it is the caller's to set.
    pub settings: Settings,
    /// The sinks, in the order of `settings.sinks`. Whether stdout is a terminal is the caller's to say.
    pub sinks: Vec<SinkSettings>,
    /// The files that credentials of sinks come from.
    pub credential_files: Vec<CredentialFile>,
    /// The sinks that a configuration without routes would tell, had they a credential: slack everything, pagerduty what
    /// is critical. Without slack, stdout is told everything.
    pub left_out: Vec<&'static str>,
    /// Where metrics and health are served.
    pub metrics_addr: String,
    /// Where the API would be served; empty is the same address.
    pub api_addr: String,
    /// State in the cluster; none when it is off.
    pub persistence: Option<Persistence>,
    /// What the environment says besides.
    pub environment: Environment,
    /// What holds but may not be meant.
    pub warnings: Vec<Problem>,
}

impl Loaded {
    /// What the sinks that were left out mean, in one line; none if none was.
    pub fn left_out_words(&self) -> Option<String> {
        let stands_in = "alerts go to standard output";
        let words = match self.left_out.as_slice() {
            [] => return None,
            ["pagerduty"] => "pagerduty has no credential: it is not told what is critical".to_owned(),
            [one] => format!("{one} has no credential: {stands_in}"),
            names => format!("{} have no credential: {stands_in}", names.join(" and ")),
        };
        Some(format!("no route is configured, and {words}"))
    }
}

/// Loads a configuration; `yaml` is the text of the file, if there is one.
///
/// Every problem of the file and of the environment comes back at once, in the order of the file. Problems of
/// the file have a line and a column, those of the environment name their variable.
pub fn load(yaml: Option<&str>, outside: &dyn Outside) -> Result<Loaded, Vec<Problem>> {
    let (root, misread) = yaml.map_or_else(|| (None, Vec::new()), read);
    let mut problems = Problems::default();
    for wrong in misread {
        problems.add(wrong.at, "", says(wrong.what));
    }
    if let Some(root) = &root {
        let reasons: Vec<&'static str> = catalogue().map(|condition| condition.reason).collect();
        walk(root, &reasons, &mut problems);
    }
    let mut config = Config { root, outside, problems, warnings: Problems::default() };
    let loaded = lower(&mut config);
    let problems = config.problems.finish();
    let warnings = config.warnings.finish();
    if problems.is_empty() { Ok(Loaded { warnings, ..loaded }) } else { Err(problems) }
}

fn lower(config: &mut Config<'_>) -> Loaded {
    let environment = environment(config.outside, &mut config.problems, &mut config.warnings);
    let named = routed_sinks(config);
    let sinks = sinks(config, &named, &environment);
    let settings = Settings {
        cluster: config.text("cluster"),
        namespace: None,
        filters: filters(config),
        behavior: behavior(config),
        conditions: conditions(config),
        node_problems: node_problems(config),
        routes: routes(config, &sinks),
        default_sinks: sinks.default_ids(),
        overrides: overrides(config),
        inhibitions: inhibitions(config),
        annotations: config.texts("alerts.annotations"),
        severities: sinks.severities(config),
        sinks: sinks.plans,
    };
    let metrics_addr = config.text("metricsAddr");
    let api_addr = config.text("apiAddr");
    warn_of_api(config, &metrics_addr, &api_addr);
    Loaded {
        settings,
        sinks: sinks.settings,
        credential_files: sinks.files,
        left_out: sinks.left_out,
        metrics_addr,
        api_addr,
        persistence: persistence(config),
        environment,
        warnings: Vec::new(),
    }
}

fn warn_of_api(config: &mut Config<'_>, metrics_addr: &str, api_addr: &str) {
    if api_addr.is_empty() || api_addr == metrics_addr {
        return;
    }
    let what = "this build has no API and serves nothing there";
    match config.node("apiAddr").map(|node| node.at) {
        Some(at) => config.warnings.add(at, "apiAddr", says(what)),
        None => config.warnings.add_variable("ALERTKUBE_API_ADDR", says(what)),
    }
}
