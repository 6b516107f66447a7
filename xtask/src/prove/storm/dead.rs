//! The same storm in virtual time, while the limited sink is dead for an hour.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use alertkube_core::Fingerprint;
use alertkube_sim::{Scenario, Simulation};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::super::limits::{STORM_BACK_SECONDS_MAX, STORM_CRITICAL_EVERY, STORM_SECONDS};
use super::super::verdict::Figure;

/// When the sink is back.
const BACK: Duration = Duration::from_secs(3600);
/// Every so many of the seconds of the storm is over before that.
const OVER_EVERY: u32 = 3;
const REASON: &str = "CrashLoopBackOff";

const CONFIG: &str = "# A storm while a sink is dead for an hour.
config:
  sinks:
    webhook: {format: v1}
  routing:
    - match: {}
      sinks: [stdout, webhook]
  sinkRates:
    stdout: {perSecond: 1000, burst: 1000}
    webhook: {perSecond: 1, burst: 5}
  behavior: {repeatSeconds: 0}
  conditions:
    CrashLoopBackOff: {severity: warning}
  severityOverrides:
    - match: {namespace: core}
      severity: critical
sink webhook down
";

/// How many of the pods of one second are milder, and how many critical.
fn shares(pods: usize) -> [(&'static str, usize); 2] {
    let each = pods.div_ceil(STORM_SECONDS as usize).max(STORM_CRITICAL_EVERY);
    let critical = each / STORM_CRITICAL_EVERY;
    [("shop", each - critical), ("core", critical)]
}

fn scenario(pods: usize) -> String {
    let each = |at: u32, seconds: &mut dyn Iterator<Item = u32>, (verb, state): (&str, &str)| {
        let mut text = moment(at);
        for second in seconds {
            for (namespace, count) in shares(pods) {
                let _always = writeln!(text, "{verb} pod {namespace}/s{second:02} count={count} {state}");
            }
        }
        text
    };
    let fails = format!("waiting={REASON} restarts=3");
    let mut text = CONFIG.to_owned();
    text.extend(
        (0..STORM_SECONDS).map(|second| each(second, &mut std::iter::once(second), ("apply", &fails))),
    );
    text += &each(1800, &mut (0..STORM_SECONDS).filter(|second| over(*second)), ("fix", ""));
    text = text + &moment(3600) + "sink webhook up\n";
    text += &each(4200, &mut (0..STORM_SECONDS).filter(|second| !over(*second)), ("fix", ""));
    text + "advance 40m\n"
}

fn moment(at: u32) -> String {
    format!("at {:02}:{:02}\n", at / 60, at % 60)
}

fn over(second: u32) -> bool {
    second.is_multiple_of(OVER_EVERY)
}

pub(super) fn figures(pods: usize) -> Result<Vec<Figure>> {
    let problems = |problems| anyhow!("the storm in virtual time: {problems:?}");
    let scenario = Scenario::parse(&scenario(pods)).map_err(problems)?;
    let transcript = Simulation::run(&scenario).map_err(problems)?;
    let mut heard = Heard::default();
    for (at, sink, text) in transcript.texts() {
        match sink {
            "webhook" => heard.note(at, text)?,
            _ => heard.healthy += 1,
        }
    }
    let mut wrong = [0, 0, 0];
    let mut total = 0;
    for second in 0..STORM_SECONDS {
        for (namespace, count) in shares(pods) {
            for number in 0..count {
                let name = format!("s{second:02}-{number}");
                let key = Fingerprint::of("Pod", namespace, &name, REASON).to_string();
                let (begun, ended) = heard.told.get(&key).copied().unwrap_or_default();
                total += 1;
                wrong[0] += usize::from(over(second) && (begun, ended) != (0, 0));
                wrong[1] += usize::from(!over(second) && begun != 1);
                wrong[2] += usize::from(!over(second) && ended != 1);
            }
        }
    }
    let what = |words: &str| format!("dead for an hour: {words}");
    Ok(vec![
        Figure::told(what("problems"), total),
        Figure::exactly(what("messages while it was dead"), heard.early, 0),
        Figure::exactly(what("what ended meanwhile, told all the same"), wrong[0], 0),
        Figure::exactly(what("what stands, not told just once"), wrong[1], 0),
        Figure::exactly(what("its ends, not told just once"), wrong[2], 0),
        Figure::at_most(
            what("all told after it was back"),
            heard.news.as_secs_f64(),
            STORM_BACK_SECONDS_MAX,
            "s",
        ),
        Figure::told(what("its messages"), heard.messages),
        Figure::at_least(what("messages of the sink beside it"), heard.healthy as f64, total as f64, ""),
        Figure::exactly(what("told twice, or ended untold, at any sink"), transcript.violations().len(), 0),
    ])
}

/// What the limited sink heard.
#[derive(Default)]
struct Heard {
    /// How often each problem was told, and its end.
    told: BTreeMap<String, (usize, usize)>,
    early: usize,
    messages: usize,
    healthy: usize,
    /// The last news, after the sink was back.
    news: Duration,
}

impl Heard {
    fn note(&mut self, at: Duration, text: &str) -> Result<()> {
        let body: Value = serde_json::from_str(text).context("a webhook's body is JSON")?;
        let ends = body["action"].as_str().is_some_and(|action| action.ends_with("resolved"));
        let listed = body["fingerprints"].as_array();
        let single = body["alerts"].as_array().map(|alerts| alerts.iter().map(|alert| &alert["fingerprint"]));
        let names: Vec<&Value> = match listed {
            Some(listed) => listed.iter().collect(),
            None => single.into_iter().flatten().collect(),
        };
        for name in names.into_iter().filter_map(Value::as_str) {
            let (begun, ended) = self.told.entry(name.to_owned()).or_default();
            *(if ends { ended } else { begun }) += 1;
        }
        self.messages += 1;
        self.early += usize::from(at < BACK);
        if !ends {
            self.news = self.news.max(at.saturating_sub(BACK));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_one_holds() {
        let red: Vec<_> = figures(600).unwrap().into_iter().filter(|figure| !figure.holds).collect();
        assert!(red.is_empty(), "{red:?}");
    }
}
