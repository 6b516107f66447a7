//! Matchers: a map from fields and labels to what they must be; every entry must hold.

use std::collections::BTreeMap;

use crate::label::is_label_key;
use crate::limits::{MAX_EXACT_BYTES, MAX_MATCHER_ENTRIES, MAX_MISSPELT_EDITS};
use crate::nearest::{distance, nearest};
use crate::pattern::Pattern;
use crate::problem::{Problem, cut, quoted};

/// The keys whose values are patterns.
const PATTERN_KEYS: [&str; 2] = ["namespace", "reason"];

/// What a matcher looks at.
pub trait Subject {
    /// The value of a field, if it has one by this name.
    fn field(&self, name: &str) -> Option<&str>;

    /// The value of a label, if it has one by this key.
    fn label(&self, name: &str) -> Option<&str>;

    /// The reasons that it answers to, the same one twice where there is one: a matcher of either accepts it.
    fn reasons(&self) -> [&str; 2] {
        [self.field("reason").unwrap_or_default(); 2]
    }
}

/// A compiled matcher. The default one is empty and matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    entries: Vec<Entry>,
    suspicious: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    is_field: bool,
    wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Exact(String),
    Pattern(Pattern),
}

impl Matcher {
    /// Compiles a map; `fields` are the keys that name fields, and any other key is that of a label.
    ///
    /// `namespace` and `reason` are compared by [`Pattern`], all others exactly; what is absent compares as empty.
    pub fn compile(map: &BTreeMap<String, String>, fields: &[&str]) -> Result<Matcher, Vec<Problem>> {
        if map.len() > MAX_MATCHER_ENTRIES {
            return Err(vec![Problem::new(
                "",
                format!("a matcher of more than {MAX_MATCHER_ENTRIES} entries"),
            )]);
        }
        let mut matcher = Matcher::default();
        let mut problems = Vec::new();
        for (key, value) in map {
            match Entry::compile(key, value, fields) {
                Ok(entry) => matcher.entries.push(entry),
                Err(problem) => problems.push(problem),
            }
        }
        let labels = matcher.entries.iter().filter(|entry| !entry.is_field);
        matcher.suspicious = labels.filter_map(|entry| misspelt(&entry.key, fields)).collect();
        if problems.is_empty() { Ok(matcher) } else { Err(problems) }
    }

    /// Whether every entry holds.
    #[must_use]
    pub fn matches(&self, subject: &dyn Subject) -> bool {
        self.entries.iter().all(|entry| entry.holds(subject))
    }

    /// Whether it has no entries, and so matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it picks some out of many: it has entries, demands no label to be empty, and no pattern is broad.
    pub fn is_selective(&self) -> Result<(), Problem> {
        if self.is_empty() {
            return Err(Problem::new("", "an empty matcher matches everything")
                .expected("at least one field or label"));
        }
        self.entries.iter().try_for_each(Entry::is_selective)
    }

    /// Label keys that look like misspelt fields. Nothing is wrong with them; they may not be what was meant.
    #[must_use]
    pub fn suspicious(&self) -> Vec<Problem> {
        self.suspicious.clone()
    }
}

impl Entry {
    fn compile(key: &str, value: &str, fields: &[&str]) -> Result<Entry, Problem> {
        let is_field = fields.contains(&key);
        if !is_field && !is_label_key(key) {
            return Err(no_key(key, fields));
        }
        let wanted = if PATTERN_KEYS.contains(&key) {
            Wanted::Pattern(Pattern::compile(value).map_err(|problem| problem.under(key))?)
        } else if value.len() > MAX_EXACT_BYTES {
            return Err(Problem::new(key, format!("a value of more than {MAX_EXACT_BYTES} bytes")));
        } else {
            Wanted::Exact(value.to_owned())
        };
        Ok(Entry { key: key.to_owned(), is_field, wanted })
    }

    fn holds(&self, subject: &dyn Subject) -> bool {
        if !self.is_field {
            return self.wanted.admits(subject.label(&self.key).unwrap_or_default());
        }
        if self.key == "reason" {
            return subject.reasons().iter().any(|reason| self.wanted.admits(reason));
        }
        self.wanted.admits(subject.field(&self.key).unwrap_or_default())
    }

    fn is_selective(&self) -> Result<(), Problem> {
        let empty = match &self.wanted {
            Wanted::Exact(text) => text.is_empty(),
            Wanted::Pattern(pattern) if pattern.is_broad() => {
                let message = format!("the pattern {} matches everything", quoted(pattern.as_str()));
                return Err(Problem::new(&self.key, message).expected("a pattern that leaves something out"));
            }
            Wanted::Pattern(pattern) => pattern.as_str().is_empty(),
        };
        if empty && !self.is_field {
            let message = "an empty value matches whatever lacks the label";
            return Err(Problem::new(&self.key, message).expected("the value of a label"));
        }
        Ok(())
    }
}

impl Wanted {
    fn admits(&self, value: &str) -> bool {
        match self {
            Wanted::Exact(text) => text == value,
            Wanted::Pattern(pattern) => pattern.matches(value),
        }
    }
}

fn no_key(key: &str, fields: &[&str]) -> Problem {
    let expected = format!("one of {}, or the key of a label", fields.join(", "));
    let problem =
        Problem::new(cut(key), format!("{} is neither a field nor the key of a label", quoted(key)));
    let problem = problem.expected(expected);
    match nearest(key, fields.iter().copied()) {
        Some(field) => problem.nearest(field),
        None => problem,
    }
}

fn misspelt(key: &str, fields: &[&str]) -> Option<Problem> {
    let field = nearest(key, fields.iter().copied())?;
    let close = distance(key, field).is_some_and(|edits| edits <= MAX_MISSPELT_EDITS);
    close.then(|| {
        Problem::new(key, format!("{} is no field, so it is read as a label", quoted(key))).nearest(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 6] = ["severity", "kind", "namespace", "node", "reason", "name"];

    struct Pod;

    impl Subject for Pod {
        fn field(&self, name: &str) -> Option<&str> {
            let values =
                [("kind", "Pod"), ("namespace", "shop-1"), ("reason", "ImagePullBackOff"), ("name", "web-0")];
            values.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
        }

        fn label(&self, name: &str) -> Option<&str> {
            (name == "team").then_some("blue")
        }

        fn reasons(&self) -> [&str; 2] {
            ["ImagePullBackOff", "ErrImagePull"]
        }
    }

    fn compile(entries: &[(&str, &str)]) -> Result<Matcher, Vec<Problem>> {
        let map = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Matcher::compile(&map.collect(), &FIELDS)
    }

    fn matcher(entries: &[(&str, &str)]) -> Matcher {
        compile(entries).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    fn fault(entries: &[(&str, &str)]) -> String {
        matcher(entries).is_selective().expect_err("is not selective").to_string()
    }

    #[test]
    fn every_entry_must_hold() {
        assert!(matcher(&[]).matches(&Pod) && matcher(&[]).is_empty());
        assert!(matcher(&[("kind", "Pod"), ("namespace", "shop-.*"), ("team", "blue")]).matches(&Pod));
        assert!(!matcher(&[("kind", "Pod"), ("namespace", "shop")]).matches(&Pod));
        assert!(!matcher(&[("team", "bl.*")]).matches(&Pod), "labels are compared exactly");
        assert!(!matcher(&[("name", "web-.")]).matches(&Pod), "and so are other fields");
    }

    #[test]
    fn either_reason_will_do() {
        assert!(matcher(&[("reason", "ErrImagePull")]).matches(&Pod));
        assert!(matcher(&[("reason", "ImagePull.*")]).matches(&Pod));
        assert!(!matcher(&[("reason", "OOMKilled")]).matches(&Pod));
    }

    #[test]
    fn what_is_absent_is_empty() {
        assert!(matcher(&[("node", ""), ("zone", "")]).matches(&Pod));
        assert!(!matcher(&[("node", "a")]).matches(&Pod));
        assert!(!matcher(&[("zone", "a")]).matches(&Pod));
        assert!(!matcher(&[("namespace", "")]).matches(&Pod));
    }

    #[test]
    fn selective_or_not() {
        assert_eq!(fault(&[]), "an empty matcher matches everything (expected at least one field or label)");
        assert_eq!(
            fault(&[("team", "")]),
            "team: an empty value matches whatever lacks the label (expected the value of a label)"
        );
        assert!(
            fault(&[("kind", "Pod"), ("namespace", ".+")])
                .starts_with("namespace: the pattern `.+` matches everything")
        );
        assert_eq!(matcher(&[("node", "")]).is_selective(), Ok(()));
        assert_eq!(matcher(&[("namespace", "")]).is_selective(), Ok(()));
        assert_eq!(matcher(&[("namespace", "prod-.*"), ("team", "a")]).is_selective(), Ok(()));
    }

    #[test]
    fn every_problem_comes_back() {
        let problems =
            compile(&[("name space", "x"), ("namespace", "a("), ("reason", "[")]).expect_err("all bad");
        let at: Vec<&str> = problems.iter().map(|problem| problem.at.as_str()).collect();
        assert_eq!(at, ["name space", "namespace", "reason"]);
        assert_eq!(problems[0].nearest.as_deref(), Some("namespace"));
        assert!(compile(&[("team", &"x".repeat(MAX_EXACT_BYTES + 1))]).is_err());
    }

    #[test]
    fn a_near_miss_is_suspicious() {
        let suspects =
            matcher(&[("Namespace", "a"), ("reasn", "b"), ("team", "c"), ("app.io/name", "d")]).suspicious();
        let shown: Vec<String> = suspects.iter().map(Problem::to_string).collect();
        assert_eq!(
            shown,
            [
                "Namespace: `Namespace` is no field, so it is read as a label (did you mean `namespace`?)",
                "reasn: `reasn` is no field, so it is read as a label (did you mean `reason`?)",
            ]
        );
    }

    #[test]
    fn entries_are_bounded() {
        let map = (0..=MAX_MATCHER_ENTRIES).map(|n| (format!("k{n}"), String::new())).collect();
        assert!(Matcher::compile(&map, &FIELDS).is_err());
    }
}
