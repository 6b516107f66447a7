//! Label and field selectors, as lists and watches carry them.

use serde_json::Value;

use super::failure::Failure;
use super::object::{Name, meta};
use super::resource::Resource;

/// Which objects of a resource a list or watch is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    namespace: String,
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

#[derive(Clone, Debug, PartialEq)]
enum LabelTerm {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

#[derive(Clone, Debug, PartialEq)]
struct FieldTerm {
    path: String,
    value: String,
    equal: bool,
}

impl Filter {
    /// Reads both selectors; a field that the resource does not index is refused.
    pub(crate) fn parse(
        resource: &Resource,
        namespace: &str,
        labels: &str,
        fields: &str,
    ) -> Result<Filter, Failure> {
        let labels = split_terms(labels).iter().map(|term| label_term(term)).collect::<Result<_, _>>()?;
        let fields =
            split_terms(fields).iter().map(|term| field_term(resource, term)).collect::<Result<_, _>>()?;
        Ok(Filter { namespace: namespace.to_owned(), labels, fields })
    }

    /// Whether a selector narrows the namespace further.
    pub(crate) fn is_selective(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    /// Whether an object, in the form in which it is kept, is meant.
    pub(crate) fn matches(&self, name: &Name, object: &Value) -> bool {
        (self.namespace.is_empty() || self.namespace == name.namespace)
            && self.labels.iter().all(|term| term.matches(object))
            && self.fields.iter().all(|term| (field(object, &term.path) == term.value) == term.equal)
    }
}

impl LabelTerm {
    fn matches(&self, object: &Value) -> bool {
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        match self {
            LabelTerm::In(key, values) => label(key).is_some_and(|v| values.iter().any(|w| w == v)),
            LabelTerm::NotIn(key, values) => !label(key).is_some_and(|v| values.iter().any(|w| w == v)),
            LabelTerm::Exists(key) => label(key).is_some(),
            LabelTerm::Absent(key) => label(key).is_none(),
        }
    }
}

/// Cuts at commas outside parentheses; empty terms vanish.
fn split_terms(text: &str) -> Vec<&str> {
    let mut inside = false;
    let terms = text.split(|c| {
        inside = (inside || c == '(') && c != ')';
        c == ',' && !inside
    });
    terms.map(str::trim).filter(|term| !term.is_empty()).collect()
}

fn label_term(term: &str) -> Result<LabelTerm, Failure> {
    let bad = || Failure::bad_request(format!("unable to parse requirement: {term:?}"));
    if let Some((head, values)) = term.strip_suffix(')').and_then(|t| t.split_once('(')) {
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        return match head.split_whitespace().collect::<Vec<_>>().as_slice() {
            [key, "in"] => Ok(LabelTerm::In((*key).to_owned(), values)),
            [key, "notin"] => Ok(LabelTerm::NotIn((*key).to_owned(), values)),
            _ => Err(bad()),
        };
    }
    let term = match split_operator(term) {
        Some((key, value, true)) => LabelTerm::In(key.to_owned(), vec![value.to_owned()]),
        Some((key, value, false)) => LabelTerm::NotIn(key.to_owned(), vec![value.to_owned()]),
        None => match term.strip_prefix('!') {
            Some(key) => LabelTerm::Absent(key.trim().to_owned()),
            None => LabelTerm::Exists(term.to_owned()),
        },
    };
    let (LabelTerm::In(key, _) | LabelTerm::NotIn(key, _) | LabelTerm::Exists(key) | LabelTerm::Absent(key)) =
        &term;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if key.is_empty() || !key.chars().all(legal) { Err(bad()) } else { Ok(term) }
}

fn field_term(resource: &Resource, term: &str) -> Result<FieldTerm, Failure> {
    let Some((path, value, equal)) = split_operator(term) else {
        return Err(Failure::bad_request(format!("invalid field selector: {term:?}")));
    };
    if !is_indexed(resource, path) {
        let message = format!(
            "Unable to find {:?} that match field selector {term:?}: field label not supported: {path}",
            resource.qualified()
        );
        return Err(Failure::bad_request(message));
    }
    Ok(FieldTerm { path: path.to_owned(), value: value.to_owned(), equal })
}

/// `a=b`, `a==b` and `a!=b` as key, value and whether they shall be equal.
fn split_operator(term: &str) -> Option<(&str, &str, bool)> {
    let (key, value) = term.split_once('=')?;
    let (key, equal) = match key.strip_suffix('!') {
        Some(key) => (key, false),
        None => (key, true),
    };
    Some((key.trim(), value.strip_prefix('=').unwrap_or(value).trim(), equal))
}

/// Which fields a selector may name, as the real server's conversion tables list them.
fn is_indexed(resource: &Resource, path: &str) -> bool {
    let more: &[&str] = match resource.plural {
        "pods" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "events" => &[
            "type",
            "reason",
            "reportingComponent",
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
        ],
        "nodes" => &["spec.unschedulable"],
        "jobs" => &["status.successful"],
        "secrets" => &["type"],
        "namespaces" => &["status.phase"],
        _ => &[],
    };
    matches!(path, "metadata.name" | "metadata.namespace") || more.contains(&path)
}

/// The text of a field, empty when it is absent.
fn field(object: &Value, path: &str) -> String {
    if let Some(field) = path.strip_prefix("metadata.") {
        return meta(object, field).to_owned();
    }
    let value = path.split('.').fold(object, |at, part| &at[part]);
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::resource::{EVENTS, PODS};
    use serde_json::json;

    fn matches(labels: &str, fields: &str) -> bool {
        let pod = json!({
            "metadata": { "name": "web-0", "namespace": "shop", "labels": { "app": "web", "tier": "front" } },
            "spec": { "nodeName": "node-a" },
        });
        let filter = Filter::parse(&PODS, "", labels, fields).expect("a legal selector");
        filter.matches(&Name::new("shop", "web-0"), &pod)
    }

    #[test]
    fn label_selectors_select() {
        for (selector, wanted) in [
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app!=web", false),
            ("zone!=a", true),
            ("app in (web, db),tier", true),
            ("app notin (web,db)", false),
            ("zone", false),
            ("!zone", true),
            ("", true),
        ] {
            assert_eq!(matches(selector, ""), wanted, "{selector}");
        }
    }

    #[test]
    fn field_selectors_select() {
        for (selector, wanted) in [
            ("metadata.name=web-0", true),
            ("metadata.namespace!=shop", false),
            ("spec.nodeName=node-a,metadata.name=web-0", true),
            ("spec.nodeName=", false),
        ] {
            assert_eq!(matches("", selector), wanted, "{selector}");
        }
        let event = json!({ "type": "Warning", "involvedObject": { "name": "web-0" } });
        let filter = Filter::parse(&EVENTS, "", "", "type=Warning,involvedObject.name=web-0").expect("legal");
        assert!(filter.matches(&Name::default(), &event));
    }

    #[test]
    fn bad_selectors_are_refused() {
        for (labels, fields) in
            [("a b", ""), ("=x", ""), ("a within (b)", ""), ("", "spec.color=red"), ("", "x")]
        {
            let code = Filter::parse(&PODS, "", labels, fields).expect_err("illegal").code();
            assert_eq!(code, 400, "{labels}{fields}");
        }
    }

    #[test]
    fn a_namespace_narrows() {
        let filter = Filter::parse(&PODS, "shop", "", "").expect("legal");
        assert!(filter.matches(&Name::new("shop", "a"), &json!({})));
        assert!(!filter.matches(&Name::new("shopping", "a"), &json!({})));
        assert!(!filter.is_selective());
    }
}
