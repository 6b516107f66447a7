//! Holds a tree against the table: unknown keys, wrong types, bad values, and what is switched on but not built.

use alertkube_lang::Problem;

use super::keys::{ROOT, condition_keys};
use super::kind::{Key, Kind, Names};
use super::scalar::{Scalar, hinted, quoted, read_scalar, unlike};
use crate::limits::{MAX_ITEMS, MAX_LISTED};
use crate::matchers::check_matcher;
use crate::problems::{Problems, says};
use crate::sinks::sink_fault;
use crate::yaml::{Body, Entry, Node};

/// Adds every problem that can be seen without looking at two places at once.
pub(crate) fn walk(root: &Node, reasons: &[&'static str], problems: &mut Problems) {
    let keys: Vec<&Key> = ROOT.iter().collect();
    Walk { reasons, problems }.table(&keys, root, "");
}

struct Walk<'a> {
    reasons: &'a [&'static str],
    problems: &'a mut Problems,
}

impl Walk<'_> {
    fn table(&mut self, keys: &[&Key], node: &Node, path: &str) {
        if !self.is_map(&Kind::Table(&[]), node, path) {
            return;
        }
        for entry in node.entries() {
            let path = join(path, &entry.key);
            match keys.iter().find(|key| key.name == entry.key) {
                Some(key) => self.key(key, &entry.value, &path),
                None => {
                    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
                    self.problems.add_with(entry.at, &path, || unknown("key", &entry.key, &names));
                }
            }
        }
    }

    fn key(&mut self, key: &Key, node: &Node, path: &str) {
        self.value(&key.kind, node, path);
        let Some(instead) = key.unbuilt else { return };
        let on = match key.kind {
            Kind::Flag => read_scalar(&key.kind, node) == Ok(Scalar::Flag(true)),
            _ => !node.items().is_empty(),
        };
        if on {
            self.problems.add(node.at, path, says(format!("not built yet; {instead}")));
        }
    }

    fn value(&mut self, kind: &Kind, node: &Node, path: &str) {
        match kind {
            _ if node.is_null() => {}
            Kind::Table(keys) => self.table(&keys.iter().collect::<Vec<_>>(), node, path),
            Kind::Named(names, keys) if self.is_map(kind, node, path) => self.named(*names, keys, node, path),
            Kind::Named(..) => {}
            Kind::List(items) => self.list(kind, items, node, path),
            Kind::Matcher => self.matcher(kind, node, path),
            _ if node.text() == Some("") && !matches!(kind, Kind::Flag | Kind::Whole(_) | Kind::Positive) => {
            }
            _ => {
                for problem in read_scalar(kind, node).err().unwrap_or_default() {
                    self.problems.add(node.at, path, problem);
                }
            }
        }
    }

    fn list(&mut self, kind: &Kind, items: &Kind, node: &Node, path: &str) {
        let Body::List(nodes) = &node.body else {
            return self.problems.add(node.at, path, unlike(kind, node));
        };
        if nodes.len() > MAX_ITEMS {
            let problem = says(format!("{} items", nodes.len())).expected(format!("at most {MAX_ITEMS}"));
            return self.problems.add(node.at, path, problem);
        }
        for (n, item) in nodes.iter().enumerate() {
            let path = format!("{path}[{n}]");
            if item.is_null() || item.text() == Some("") {
                self.problems.add(item.at, &path, says("found nothing").expected(items.expected()));
            } else {
                self.value(items, item, &path);
            }
        }
    }

    fn named(&mut self, names: Names, keys: &'static [Key], node: &Node, path: &str) {
        for entry in node.entries() {
            let path = join(path, &entry.key);
            let keys = match names {
                Names::Sinks => {
                    sink_fault(&entry.key).into_iter().for_each(|p| self.problems.add(entry.at, &path, p));
                    keys.iter().collect()
                }
                Names::Reasons => {
                    self.reason(entry, &path);
                    condition_keys(&entry.key)
                }
            };
            if !entry.value.is_null() {
                self.table(&keys, &entry.value, &path);
            }
        }
    }

    fn reason(&mut self, entry: &Entry, path: &str) {
        let reasons = self.reasons;
        if !reasons.contains(&entry.key.as_str()) {
            self.problems.add_with(entry.at, path, || unknown("reason", &entry.key, reasons));
        }
    }

    fn matcher(&mut self, kind: &Kind, node: &Node, path: &str) {
        if !self.is_map(kind, node, path) {
            return;
        }
        for entry in node.entries() {
            if entry.value.text().is_none() {
                self.problems.add(entry.value.at, &join(path, &entry.key), unlike(&Kind::Text, &entry.value));
            }
        }
        check_matcher(node, path, self.problems);
    }

    fn is_map(&mut self, kind: &Kind, node: &Node, path: &str) -> bool {
        if !node.is_map() {
            self.problems.add(node.at, path, unlike(kind, node));
        }
        node.is_map()
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Problem {
    let problem = hinted(says(format!("unknown {what} `{}`", quoted(name))), name, known);
    if problem.nearest.is_none() && known.len() <= MAX_LISTED {
        return problem.expected(format!("one of {}", known.join(", ")));
    }
    problem
}

fn join(path: &str, name: &str) -> String {
    let name = quoted(name);
    if path.is_empty() { name } else { format!("{path}.{name}") }
}
