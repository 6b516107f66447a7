//! The table of settings: one row a key. Checking, defaults, environment fallbacks, the reference page and the
//! JSON Schema all read it.

mod keys;
mod kind;
mod later;
mod variables;

mod scalar;
mod walk;

pub(crate) use keys::{ROOT, condition_keys};
pub(crate) use kind::{Key, Kind, Names};
pub(crate) use scalar::{Scalar, hinted, quoted, read_scalar, read_word};
pub(crate) use variables::{VARIABLES, Variable};
pub(crate) use walk::walk;

/// The row of a key by its dotted path; names of a set are left out, as in `sinkRates.burst`.
pub(crate) fn row(path: &str) -> &'static Key {
    let mut keys = ROOT;
    let mut found = None;
    for name in path.split('.') {
        found = keys.iter().find(|key| key.name == name);
        keys = match found.map(|key| &key.kind) {
            Some(Kind::Table(keys) | Kind::Named(_, keys)) => keys,
            _ => &[],
        };
    }
    found.expect("paths in the code are rows of the table, which a test holds")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every row with its path, deepest last.
    fn rows() -> Vec<(String, &'static Key)> {
        let mut rows: Vec<(String, &Key)> = ROOT.iter().map(|key| (key.name.to_owned(), key)).collect();
        let mut next = 0;
        while let Some((path, key)) = rows.get(next).cloned() {
            rows.extend(below(&key.kind).iter().map(|key| (format!("{path}.{}", key.name), key)));
            next += 1;
        }
        rows
    }

    fn below(kind: &'static Kind) -> &'static [Key] {
        match kind {
            Kind::List(items) => below(items),
            Kind::Table(keys) | Kind::Named(_, keys) => keys,
            _ => &[],
        }
    }

    #[test]
    fn every_default_is_a_value_that_is_accepted() {
        for (path, key) in rows() {
            let sound = key.default.is_empty() || read_word(&key.kind, key.default).is_ok();
            assert!(sound, "the default of {path}");
        }
        for row in VARIABLES {
            assert!(row.default.is_empty() || read_word(&row.kind, row.default).is_ok(), "{}", row.name);
        }
    }

    #[test]
    fn every_row_is_said_once_and_described() {
        let rows = rows();
        let paths: BTreeSet<&str> = rows.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths.len(), rows.len());
        let well_put = |doc: &str| !doc.is_empty() && !doc.contains("  ") && !doc.contains('|');
        assert!(rows.iter().all(|(_, key)| well_put(key.doc)));
        assert!(VARIABLES.iter().all(|row| well_put(row.doc)));
    }

    #[test]
    fn a_row_is_found_by_its_path() {
        assert_eq!(row("behavior.muteSeconds").default, "600");
        assert_eq!(row("sinkRates.burst").default, "5");
    }
}
