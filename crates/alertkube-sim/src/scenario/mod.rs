//! The scenario language: commands above a line, the notifications that they lead to below it.
//!
//! The same text is a test, a demo, and a user's question "what would you tell me if this happened?".

mod clock;
mod command;
mod expected;
mod object;
mod parse;
mod pod;
mod words;
mod workload;

use std::time::Duration;

use alertkube_api::{Loaded, Outside, load};
use alertkube_lang::Problem;

pub(crate) use self::clock::written;
pub(crate) use self::command::{Answer, Command, WatchFault};
pub(crate) use self::expected::{Expected, Told};
pub(crate) use self::object::{Said, Target};
pub(crate) use self::pod::{Phase, PodSaid};
pub(crate) use self::workload::{NodeSaid, NodeState, Outcome, Update, WorkloadSaid};

/// A scenario that holds: what happens to a cluster and when, and which notifications that is to lead to.
///
/// The first line is its title. `apply`, `crash`, `event`, `fix` and `delete` say how objects are from now on (nothing
/// in the cluster changes by itself), `advance` and `at` move the clock, `quiet` moves it and allows no message;
/// `sink`, `api` and `watch` break things and mend them, `stop`, `start` and `restart` are about alertkube itself.
/// Without a `start` it is there from the beginning, on an empty cluster. `config:` takes its configuration, indented.
/// Below the line stands what is sent: time, sink, what is said, reason and object; a second more or less is allowed.
///
/// ```
/// use alertkube_sim::{Scenario, Simulation};
///
/// let text = "\
/// ## A pod that cannot be scheduled is told after five minutes.
/// apply pod shop/web-0 owner=deployment/web unschedulable=\"0/3 nodes are available\"
/// advance 10m
/// delete pod shop/web-0
/// ----
/// 05:00 stdout first Unschedulable shop/web-0 severity=warning says=\"0/3 nodes\"
/// 10:00 stdout resolved Unschedulable shop/web-0
/// ";
/// let scenario = Scenario::parse(text).expect("it is well formed");
/// let transcript = Simulation::run(&scenario).expect("its configuration holds");
/// transcript.check(&scenario).expect("what was expected was sent, and nothing else");
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    title: String,
    config: Option<String>,
    steps: Vec<Step>,
    length: Duration,
    expected: Option<Vec<Expected>>,
    /// Everything above the line, as it was written.
    above: String,
}

/// One command with its time from the beginning.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) at: Duration,
    pub(crate) command: Command,
}

impl Scenario {
    /// Reads a scenario; every problem comes back at once, with its line and column.
    pub fn parse(text: &str) -> Result<Scenario, Vec<Problem>> {
        parse::parse(text)
    }

    /// What its first line says of it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How long it lasts on its own clock.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// The configuration of its `config:` block, loaded as a file would be. A webhook has an address.
    pub fn load(&self) -> Result<Loaded, Vec<Problem>> {
        load(self.config.as_deref(), &Given)
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn expected(&self) -> Option<&[Expected]> {
        self.expected.as_deref()
    }

    pub(crate) fn above(&self) -> &str {
        &self.above
    }
}

/// The environment of every scenario.
struct Given;

impl Outside for Given {
    fn var(&self, name: &str) -> Option<String> {
        (name == "GENERIC_WEBHOOK_URL").then(|| "https://hooks.example.com/alertkube".to_owned())
    }

    fn file(&self, path: &str) -> Result<String, String> {
        Err(format!("a scenario has no files, and no {path}"))
    }
}
