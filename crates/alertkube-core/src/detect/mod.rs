//! Stage 2, detect: what is wrong with one object as it stands, as a pure function of its view, of what is known of
//! its neighbours, and of now.

mod condition;
mod hints;
mod limits;
mod node;
mod own;
mod pod;
mod status;
mod words;
mod workload;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod steady;

pub use condition::{Condition, Edge, EffectOf};
pub(crate) use condition::{Finding, Look, Near, Part, Row, Rules};
pub(crate) use hints::Hints;
pub(crate) use own::{INHERITED, inherited_kind};

use crate::watch::View;

/// Every condition, in the order in which the manual lists them.
pub fn catalogue() -> impl Iterator<Item = &'static Condition> {
    let pods = pod::rows().map(|row| &row.condition);
    let nodes = node::rows().map(|row| &row.condition);
    let workloads = workload::rows().map(|row| &row.condition);
    pods.chain(nodes).chain(workloads).chain(&own::CONDITIONS)
}

/// The condition of that kind and reason.
pub(crate) fn find_condition(kind: &str, reason: &str) -> Option<&'static Condition> {
    catalogue().find(|condition| condition.kind == kind && condition.reason == reason)
}

/// Runs every condition that is on for this kind of object.
pub(crate) fn look(view: &View, near: &Near<'_>, rules: &Rules) -> Look {
    match view {
        View::Pod(pod) => pod::look(pod, near, rules),
        View::Node(node) => Look { findings: node::look(node, near, rules), ..Look::default() },
        View::Workload(kind, workload) => {
            Look { findings: workload::look(*kind, workload, near, rules), ..Look::default() }
        }
        View::Event(_) => Look::default(),
    }
}

fn findings<V: 'static>(
    rows: impl Iterator<Item = &'static Row<V>>,
    view: &V,
    near: &Near<'_>,
    rules: &Rules,
) -> Vec<(&'static Condition, Finding)> {
    // Most objects are well: the rule is looked up for what is found, not for what might be.
    rows.filter_map(|row| Some((&row.condition, (row.detect)(view, near)?)))
        .filter(|(condition, _)| rules.of(condition).enabled)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::severity::Severity;

    #[test]
    fn a_kind_and_reason_name_one_condition() {
        let names: Vec<_> = catalogue().map(|condition| (condition.kind, condition.reason)).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(find_condition("Pod", "OOMKilled").is_some_and(|found| found.severity == Severity::Critical));
        assert!(find_condition("Node", "OOMKilled").is_none());
    }

    #[test]
    fn every_condition_has_a_manual_page_and_names_only_causes_that_exist() {
        let reasons: BTreeSet<_> = catalogue().map(|condition| condition.reason).collect();
        for condition in catalogue() {
            assert!(condition.doc.len() > 80 && condition.doc.ends_with('.'), "{}", condition.reason);
            assert!(!condition.doc.contains("  "), "{}", condition.reason);
            for cause in condition.effect_of.iter().flat_map(|effect| effect.reasons) {
                assert!(reasons.contains(cause), "{} names {cause}", condition.reason);
                assert_ne!(*cause, condition.reason);
            }
        }
    }

    #[test]
    fn events_have_no_hold_down_and_at_most_a_short_wait() {
        for condition in catalogue().filter(|condition| condition.event.is_some()) {
            assert!(
                condition.hold_down.is_zero() && condition.hold_for.as_secs() <= 30,
                "{}",
                condition.reason
            );
        }
    }

    #[test]
    fn no_two_conditions_explain_each_other_by_name() {
        let named = |effect: &Condition, cause: &Condition| {
            effect.effect_of.iter().any(|edge| edge.reasons.contains(&cause.reason))
        };
        for one in catalogue() {
            for other in catalogue() {
                assert!(!(named(one, other) && named(other, one)), "{} and {}", one.reason, other.reason);
            }
        }
    }
}
