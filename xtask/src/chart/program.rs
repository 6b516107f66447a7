//! `templates/_program.tpl`: what the templates must know of the program, written from the program's own tables.

use std::collections::BTreeMap;

use alertkube_api::unbuilt;
use alertkube_core::{Kind, Part};
use alertkube_sinks::BUILT;
use serde_json::json;

use super::values::{Row, bare};

/// What the program does to a watched kind: it lists, and watches from there.
const WATCHED: [&str; 2] = ["list", "watch"];

/// Values under other names than the keys and variables that they stand for.
const STAND_FOR: [(&str, &str); 2] =
    [("pprof.enabled", "ALERTKUBE_ENABLE_PPROF"), ("api.allowSecretRead", "ALERTKUBE_ALLOW_SECRET_READ")];

/// Values for what the program refuses without a row of a table: the value, what is not built, what to do.
const BESIDES: [(&str, &str, &str); 2] =
    [("api.authMode", "rbac", "leave it at token"), ("crds.silences.enabled", "true", "leave it off")];

/// The file; `values` is the text of `values.yaml`.
pub(super) fn template(rows: &[Row], values: &str) -> String {
    let parts = Part::all().map(|part| part.suffix());
    let lost = Part::all().map(|part| format!("lost-{part}"));
    let defines = [
        ("watchedInCluster", watched(|_| true)),
        ("watchedInNamespace", watched(|kind| kind.namespaced)),
        ("stateParts", json!(parts.chain(lost).collect::<Vec<_>>()).to_string()),
        ("builtSinks", json!(BUILT).to_string()),
        ("unbuilt", refused(rows)),
        ("releaseAnnotation", "alertkube.io/release".to_owned()),
        ("defaults", bare(values).trim_end().to_owned()),
    ];
    let mut text =
        "{{/* Written by `cargo xtask chart` from the program's own tables and from values.yaml. */}}\n"
            .to_owned();
    for (name, body) in defines {
        text.push_str(&format!("\n{{{{- define \"alertkube.{name}\" -}}}}\n{body}\n{{{{- end }}}}\n"));
    }
    text
}

/// One rule for each group.
fn watched(which: impl Fn(&Kind) -> bool) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in Kind::ALL.iter().filter(|kind| which(kind)) {
        groups.entry(kind.group).or_default().push(kind.plural);
    }
    let rule = |(group, plurals): (&str, Vec<&str>)| {
        format!(
            "- apiGroups: [\"{group}\"]\n  resources: [{}]\n  verbs: [{}]",
            plurals.join(", "),
            WATCHED.join(", ")
        )
    };
    groups.into_iter().map(rule).collect::<Vec<_>>().join("\n")
}

/// Values that may not be switched on.
fn refused(rows: &[Row]) -> String {
    let unbuilt = unbuilt();
    let shown =
        |name: &str| rows.iter().any(|row| format!("{name}.").starts_with(&format!("{}.", row.name())));
    let keys = unbuilt.iter().filter(|(path, _)| shown(path));
    let keys = keys.map(|(path, instead)| json!({ "at": path, "instead": instead }));
    let stand = STAND_FOR.iter().filter_map(|(value, variable)| {
        let (_, instead) = unbuilt.iter().find(|(name, _)| name == variable)?;
        Some(json!({ "at": value, "instead": instead }))
    });
    let besides = BESIDES.iter().map(|(at, is, instead)| json!({ "at": at, "is": is, "instead": instead }));
    keys.chain(stand).chain(besides).map(|row| format!("- {row}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_watched_kind_is_in_the_cluster_rules_and_only_namespaced_ones_in_the_others() {
        let (cluster, namespace) = (watched(|_| true), watched(|kind| kind.namespaced));
        for kind in Kind::ALL {
            assert!(cluster.contains(kind.plural), "{}", kind.name);
            assert_eq!(namespace.contains(kind.plural), kind.namespaced, "{}", kind.name);
        }
        assert!(!cluster.contains("get"), "{cluster}");
    }
}
