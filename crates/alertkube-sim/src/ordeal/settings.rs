//! The settings of every replica of a world.

use std::collections::BTreeMap;
use std::time::Duration;

use alertkube_core::{
    ConditionRule, FirstRun, Inhibition, Rate, Route, Settings, SinkClass, SinkId, SinkPlan,
};
use alertkube_lang::Matcher;

use super::ground::SOURCE;
use super::plan::{Plan, SINKS};

/// A sink of each class.
pub(super) const CLASSES: [(&str, SinkClass); SINKS] =
    [("chat", SinkClass::Chat), ("keyed", SinkClass::Keyed), ("hook", SinkClass::Webhook)];

/// How many sends to a sink may be unsettled: what a takeover may repeat.
pub(super) const WINDOWS: [usize; SINKS] = [1, 64, 256];

/// The place of the webhook among the sinks.
pub(super) const HOOK: usize = 2;
/// The place of the sink that folds by a key.
pub(super) const KEYED: usize = 1;

pub(super) fn of(plan: &Plan) -> Settings {
    let rate = Rate { per_second: f64::from(plan.rate), burst: plan.rate.max(5) };
    let sink = |(name, class): (&str, SinkClass)| SinkPlan { name: name.to_owned(), class, rate };
    let mut settings = Settings::with_sinks(CLASSES.map(sink).to_vec());
    settings.cluster = "ordeal".to_owned();
    settings.behavior.repeat = plan.repeats.then_some(Duration::from_secs(120));
    settings.behavior.mute = Duration::from_secs(60);
    settings.behavior.first_run = if plan.first_run_all { FirstRun::All } else { FirstRun::Digest };
    let held = |seconds| ConditionRule { hold_down: Some(Duration::from_secs(seconds)), ..<_>::default() };
    settings.conditions.insert("CrashLoopBackOff".to_owned(), held(20));
    settings.conditions.insert("PodNotReady".to_owned(), held(20));
    settings.inhibitions.push(Inhibition {
        source: matcher("app", SOURCE),
        target: matcher("tier", "quiet"),
        equal: vec!["namespace".to_owned()],
    });
    settings.routes.push(Route { matcher: matcher("team", "narrow"), sinks: vec![SinkId(HOOK)] });
    settings
}

fn matcher(label: &str, value: &str) -> Matcher {
    let map = BTreeMap::from([(label.to_owned(), value.to_owned())]);
    Matcher::compile(&map, &["namespace", "reason"]).expect("a label and its value")
}
