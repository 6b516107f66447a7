//! What `apply pod` can say.

use std::time::Duration;

use alertkube_core::KindId;

use super::object::{Target, ago, number, owner, shared, truth};
use super::words::{Line, Word};

/// What one `apply` says of a pod; the rest stays as it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodSaid {
    /// The container that is meant, and whether it is an init container.
    pub(crate) container: Option<(String, bool)>,
    pub(crate) waiting: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) restarts: Option<i64>,
    pub(crate) last: Option<String>,
    pub(crate) exit: Option<i64>,
    pub(crate) image: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) owner: Option<(KindId, String)>,
    pub(crate) node: Option<String>,
    pub(crate) phase: Option<Phase>,
    pub(crate) ready: Option<bool>,
    pub(crate) unschedulable: Option<String>,
    pub(crate) evicted: bool,
    pub(crate) terminating: bool,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
    /// How long ago it became so.
    pub(crate) ago: Duration,
}

/// How a pod ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Succeeded,
    Failed,
}

const WORDS: &[&str] = &[
    "waiting",
    "message",
    "restarts",
    "last",
    "exit",
    "container",
    "init",
    "image",
    "memory",
    "owner",
    "node",
    "phase",
    "ready",
    "unschedulable",
    "evicted",
    "terminating",
    "label.KEY",
    "annotation.KEY",
    "since",
    "count",
];

impl PodSaid {
    /// Whether anything is said of how a container runs.
    pub(crate) fn runs_otherwise(&self) -> bool {
        self.waiting.is_some() || self.restarts.is_some() || self.last.is_some() || self.exit.is_some()
    }
}

pub(super) fn read(line: &mut Line<'_>, target: &mut Target) -> PodSaid {
    let mut said = PodSaid::default();
    while let Some(word) = line.next() {
        let Some(word) = shared(line, target, word) else { continue };
        match word.key.as_deref() {
            None => flag(line, &mut said, &word),
            Some(key) => attribute(line, &mut said, key, &word),
        }
    }
    said
}

fn flag(line: &mut Line<'_>, said: &mut PodSaid, word: &Word) {
    match word.value.as_str() {
        "evicted" => said.evicted = true,
        "terminating" => said.terminating = true,
        "ready" => said.ready = Some(true),
        _ => line.unknown(word, "attribute of a pod", WORDS),
    }
}

fn attribute(line: &mut Line<'_>, said: &mut PodSaid, key: &str, word: &Word) {
    let value = || word.value.clone();
    match key {
        "waiting" => said.waiting = Some(value()),
        "message" => said.message = Some(value()),
        "last" => said.last = Some(value()),
        "restarts" => said.restarts = Some(number(line, word)),
        "exit" => said.exit = Some(number(line, word)),
        "container" => said.container = Some((value(), false)),
        "init" => said.container = Some((value(), true)),
        "image" => said.image = Some(value()),
        "memory" => said.memory = Some(value()),
        "owner" => said.owner = owner(line, word),
        "node" => said.node = Some(value()),
        "ready" => said.ready = Some(truth(line, word)),
        "unschedulable" => said.unschedulable = Some(value()),
        "since" => said.ago = ago(line, word),
        "phase" => match word.value.as_str() {
            "Succeeded" => said.phase = Some(Phase::Succeeded),
            "Failed" => said.phase = Some(Phase::Failed),
            _ => line.unread(word, "Succeeded or Failed"),
        },
        key => match (key.strip_prefix("label."), key.strip_prefix("annotation.")) {
            (Some(key), _) => said.labels.push((key.to_owned(), value())),
            (_, Some(key)) => said.annotations.push((key.to_owned(), value())),
            (None, None) => line.unknown(word, "attribute of a pod", WORDS),
        },
    }
}
