//! Which objects a command is about, and what it says of them.

use std::time::Duration;

use alertkube_core::{Kind, KindId};
use alertkube_lang::{Problem, parse_duration};

use super::pod::PodSaid;
use super::words::{Line, Word};
use super::workload::{NodeSaid, WorkloadSaid};
use crate::limits::SCENARIO_COUNT_MAX;

/// The objects that a command is about: one, or `name-0`, `name-1` and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: KindId,
    /// Empty for nodes.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) count: Option<u32>,
}

/// What an `apply` says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Pod(Box<PodSaid>),
    Node(NodeSaid),
    Workload(Box<WorkloadSaid>),
}

impl Target {
    /// The names of all its objects.
    pub(crate) fn names(&self) -> Vec<String> {
        match self.count {
            None => vec![self.name.clone()],
            Some(count) => (0..count).map(|n| format!("{}-{n}", self.name)).collect(),
        }
    }
}

/// The word for a kind: `pod`, `statefulset`.
pub(crate) fn kind_word(kind: KindId) -> String {
    Kind::of(kind).name.to_lowercase()
}

/// The words for the watched kinds that are `wanted`.
pub(super) fn kind_words(wanted: fn(KindId) -> bool) -> Vec<String> {
    Kind::ALL.iter().map(|kind| kind.id).filter(|kind| wanted(*kind)).map(kind_word).collect()
}

/// Reads the word for a watched kind that is `wanted`.
pub(super) fn read_kind(word: &str, wanted: fn(KindId) -> bool) -> Option<KindId> {
    Kind::ALL.iter().map(|kind| kind.id).find(|kind| wanted(*kind) && kind_word(*kind) == word)
}

/// Whether commands may name objects of a kind; events have a command of their own.
fn is_object(kind: KindId) -> bool {
    kind != KindId::Event
}

/// Whether objects of a kind may own pods.
fn is_owner(kind: KindId) -> bool {
    is_object(kind) && !matches!(kind, KindId::Pod | KindId::Node)
}

/// Reads `KIND NS/NAME`, or `node NAME`.
pub(super) fn target(line: &mut Line<'_>) -> Option<Target> {
    let word = line.word("a kind")?;
    let Some(kind) = read_kind(&word.value, is_object) else {
        let words = kind_words(is_object);
        line.unknown(&word, "kind", &words.iter().map(String::as_str).collect::<Vec<_>>());
        return None;
    };
    named(line, kind)
}

/// Reads `NS/NAME` of a kind that is already known.
pub(super) fn named(line: &mut Line<'_>, kind: KindId) -> Option<Target> {
    let word = line.word("a name")?;
    let (namespace, name) = word.value.split_once('/').unwrap_or(("", &word.value));
    let namespaced = Kind::of(kind).namespaced;
    let whole =
        word.key.is_none() && !name.is_empty() && !name.contains('/') && namespaced != namespace.is_empty();
    if !whole {
        line.unread(&word, if namespaced { "NAMESPACE/NAME" } else { "NAME" });
        return None;
    }
    Some(Target { kind, namespace: namespace.to_owned(), name: name.to_owned(), count: None })
}

/// Reads the attributes that all kinds share; gives the word back when it is none of them.
pub(super) fn shared(line: &mut Line<'_>, target: &mut Target, word: Word) -> Option<Word> {
    if word.key.as_deref() != Some("count") {
        return Some(word);
    }
    match word.value.parse() {
        Ok(count) if (1..=SCENARIO_COUNT_MAX).contains(&count) => target.count = Some(count),
        _ => line.unread(&word, &format!("a number from 1 to {SCENARIO_COUNT_MAX}")),
    }
    None
}

/// Reads `-10m`: so long ago.
pub(super) fn ago(line: &mut Line<'_>, word: &Word) -> Duration {
    match word.value.strip_prefix('-').map(parse_duration) {
        Some(Ok(ago)) => ago,
        Some(Err(problem)) => {
            line.complain(word.column, problem);
            Duration::ZERO
        }
        None => {
            line.unread(word, "a time ago such as `-10m`");
            Duration::ZERO
        }
    }
}

/// Reads a whole number that is not negative.
pub(super) fn number(line: &mut Line<'_>, word: &Word) -> i64 {
    match word.value.parse::<u32>() {
        Ok(number) => i64::from(number),
        Err(_) => {
            line.unread(word, "a whole number");
            0
        }
    }
}

/// Reads `true` or `false`.
pub(super) fn truth(line: &mut Line<'_>, word: &Word) -> bool {
    match word.value.as_str() {
        "true" => true,
        "false" => false,
        _ => {
            line.unread(word, "true or false");
            false
        }
    }
}

/// Reads `deployment/web` and its like.
pub(super) fn owner(line: &mut Line<'_>, word: &Word) -> Option<(KindId, String)> {
    let (kind, name) = word.value.split_once('/').unwrap_or((&word.value, ""));
    let Some(kind) = read_kind(kind, is_owner) else {
        let problem = Problem::new("", format!("`{kind}` owns no pods"));
        let words = kind_words(is_owner).join(", ");
        line.complain(word.column, problem.expected(format!("one of {words}")));
        return None;
    };
    if name.is_empty() {
        line.unread(word, "KIND/NAME");
        return None;
    }
    Some((kind, name.to_owned()))
}
