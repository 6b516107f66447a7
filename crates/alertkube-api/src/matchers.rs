//! From a mapping of the file to a compiled matcher, with problems where they stand.

use std::collections::BTreeMap;

use alertkube_lang::{Matcher, Problem, nearest};

use crate::config::Config;
use crate::problems::Problems;
use crate::schema::quoted;
use crate::yaml::{Entry, Node, Place};

/// The keys that read the alert; any other key reads a label.
const FIELDS: &[&str] = &["severity", "kind", "namespace", "node", "reason", "name"];

/// What a matcher must be besides well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing: it may match everything.
    Any,
    /// It has an entry.
    NotEmpty,
    /// It leaves something out.
    Selective,
    /// The same, because further routes stand behind it.
    SelectiveRoute,
}

/// Adds what is wrong with the keys and patterns of a matcher.
pub(crate) fn check_matcher(node: &Node, path: &str, problems: &mut Problems) {
    for problem in compile(node).err().unwrap_or_default() {
        add(problems, node, path, problem);
    }
}

/// The matcher under `key` of an item at `path`; what is not well formed was reported by the walk.
pub(crate) fn matcher(
    config: &mut Config<'_>,
    item: &Node,
    (path, key): (&str, &str),
    demand: Demand,
) -> Matcher {
    let node = item.get(key).filter(|node| !node.is_null());
    let sound = node
        .is_none_or(|node| node.is_map() && node.entries().iter().all(|entry| entry.value.text().is_some()));
    let Some(matcher) = node.map_or(Ok(Matcher::default()), compile).ok().filter(|_| sound) else {
        return Matcher::default();
    };
    let path = format!("{path}.{key}");
    let here = node.unwrap_or(item);
    let lacking = match demand {
        Demand::Any => Ok(()),
        Demand::NotEmpty if !matcher.is_empty() => Ok(()),
        Demand::SelectiveRoute if matcher.is_empty() => Err(routes_behind()),
        Demand::NotEmpty | Demand::Selective | Demand::SelectiveRoute => matcher.is_selective(),
    };
    if let Err(problem) = lacking {
        add(&mut config.problems, here, &path, problem);
    }
    for problem in matcher.suspicious() {
        add(&mut config.warnings, here, &path, problem);
    }
    matcher
}

fn routes_behind() -> Problem {
    Problem::new("", "it matches everything, so no route behind it is ever asked")
        .expected("at least one field or label, or to be the last route")
}

/// A field name that looks misspelt where labels are allowed too.
pub(crate) fn misspelt(word: &str) -> Option<Problem> {
    let field = nearest(word, FIELDS.iter().copied()).filter(|field| *field != word)?;
    let what = format!("`{}` is no field, so it is read as a label", quoted(word));
    Some(Problem::new("", what).nearest(field))
}

fn compile(node: &Node) -> Result<Matcher, Vec<Problem>> {
    let text = |entry: &Entry| Some((entry.key.clone(), entry.value.text()?.to_owned()));
    let map: BTreeMap<String, String> = node.entries().iter().filter_map(text).collect();
    Matcher::compile(&map, FIELDS)
}

/// A problem of an entry stands at its value, or at its key if that is none.
fn add(problems: &mut Problems, node: &Node, path: &str, problem: Problem) {
    let entry = node.entries().iter().find(|entry| entry.key == problem.at);
    let place: Place = match entry {
        Some(entry) if FIELDS.contains(&entry.key.as_str()) => entry.value.at,
        Some(entry) => entry.at,
        None => node.at,
    };
    let at = quoted(&problem.at);
    problems.add(place, path, Problem { at, ..problem });
}
