//! What this build understands and cannot do, for those who write configurations, such as the chart.

use crate::schema::{Key, Kind, ROOT, VARIABLES};

/// The keys of the file, as dotted paths, and the variables that are refused when they are switched on or not empty,
/// each with what to do instead.
pub fn unbuilt() -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    for key in ROOT {
        gather(key, "", &mut found);
    }
    let variables =
        VARIABLES.iter().filter_map(|row| row.unbuilt.map(|instead| (row.name.to_owned(), instead)));
    found.extend(variables);
    found
}

fn gather(key: &Key, before: &str, found: &mut Vec<(String, &'static str)>) {
    let path = format!("{before}{}", key.name);
    if let Kind::Table(keys) = &key.kind {
        keys.iter().for_each(|key| gather(key, &format!("{path}."), found));
    }
    found.extend(key.unbuilt.map(|instead| (path, instead)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_that_is_not_built_is_among_them() {
        let found = unbuilt();
        let said = |text: String| text.matches("Not built yet").count();
        let keys = found.iter().filter(|(path, _)| path.starts_with(char::is_lowercase)).count();
        assert_eq!(keys, said(crate::json_schema().to_string()));
        assert!(found.iter().all(|(_, instead)| !instead.is_empty()));
    }
}
