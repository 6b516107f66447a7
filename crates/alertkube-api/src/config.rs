//! A file and its environment as one: asks for a key by its path and gets what holds.

use std::time::Duration;

use crate::limits::MAX_ITEMS;
use crate::outside::{Outside, read_variable};
use crate::problems::Problems;
use crate::schema::{Scalar, read_scalar, read_word, row};
use crate::yaml::Node;

/// The tree, the environment behind it, and what was found wrong so far.
pub(crate) struct Config<'a> {
    pub(crate) root: Option<Node>,
    pub(crate) outside: &'a dyn Outside,
    pub(crate) problems: Problems,
    pub(crate) warnings: Problems,
}

impl Config<'_> {
    /// The value of a key; `None` when it is absent or empty. Wrong values were reported by the walk.
    pub(crate) fn node(&self, path: &str) -> Option<&Node> {
        let found = path.split('.').try_fold(self.root.as_ref()?, |node, name| node.get(name));
        found.filter(|node| !node.is_null() && node.text() != Some(""))
    }

    /// The items of a list with their paths.
    pub(crate) fn items(&self, path: &str) -> Vec<(String, Node)> {
        let items = self.node(path).map_or(&[][..], Node::items);
        items
            .iter()
            .take(MAX_ITEMS)
            .enumerate()
            .map(|(n, node)| (format!("{path}[{n}]"), node.clone()))
            .collect()
    }

    /// A list of text.
    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        texts(self.node(path))
    }

    /// A key of text.
    pub(crate) fn text(&mut self, path: &str) -> String {
        match self.scalar(path) {
            Scalar::Text(text) => text,
            _ => String::new(),
        }
    }

    /// A key that is true or false.
    pub(crate) fn flag(&mut self, path: &str) -> bool {
        self.scalar(path) == Scalar::Flag(true)
    }

    /// A key that is a whole number.
    pub(crate) fn whole(&mut self, path: &str) -> i64 {
        match self.scalar(path) {
            Scalar::Whole(number) => number,
            _ => 0,
        }
    }

    /// A key that is a whole number of seconds.
    pub(crate) fn seconds(&mut self, path: &str) -> Duration {
        Duration::from_secs(u64::try_from(self.whole(path)).unwrap_or(0))
    }

    /// The file first, then the variables in order, then the default.
    fn scalar(&mut self, path: &str) -> Scalar {
        let row = row(path);
        if let Some(node) = self.node(path) {
            return read_scalar(&row.kind, node).unwrap_or_else(|_| default(path));
        }
        let read = |name: &&str| read_variable(self.outside, name, &row.kind, &mut self.problems);
        row.env.iter().find_map(read).unwrap_or_else(|| default(path))
    }
}

/// The texts of a list; what is no text was reported by the walk.
pub(crate) fn texts(list: Option<&Node>) -> Vec<String> {
    let items = list.map_or(&[][..], Node::items);
    items.iter().filter_map(Node::text).map(str::to_owned).collect()
}

fn default(path: &str) -> Scalar {
    let row = row(path);
    read_word(&row.kind, row.default).unwrap_or_else(|_| Scalar::Text(String::new()))
}
