//! Lowers `persistence`: whether state is kept in the cluster, and as which objects.

use crate::config::Config;
use crate::limits::{MAX_NAMESPACE_BYTES, MAX_STATE_NAME_BYTES};
use crate::problems::says;
use crate::schema::quoted;

/// `persistence.*` of a configuration that keeps its state in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persistence {
    /// `persistence.configMapName`: what the names of the state objects begin with, before any shard is added.
    pub name: String,
    /// `persistence.namespace`, else `POD_NAMESPACE`; without either it is where the process runs.
    pub namespace: Option<String>,
    /// `persistence.kind`
    pub kind: PersistenceKind,
}

/// The kind of the state objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersistenceKind {
    /// ConfigMaps.
    ConfigMap,
    /// Secrets of the type Opaque.
    Secret,
}

/// The words of `persistence.kind`.
pub(crate) const KINDS: &[&str] = &["ConfigMap", "Secret"];

const NAME: &str = "persistence.configMapName";
const NAMESPACE: &str = "persistence.namespace";
const NAMESPACE_VARIABLE: &str = "POD_NAMESPACE";

pub(crate) fn persistence(config: &mut Config<'_>) -> Option<Persistence> {
    let enabled = config.flag("persistence.enabled");
    let (name, namespace) = (config.text(NAME), config.text(NAMESPACE));
    let kind = match config.text("persistence.kind").as_str() {
        "Secret" => PersistenceKind::Secret,
        _ => PersistenceKind::ConfigMap,
    };
    if !enabled {
        return None;
    }
    if !is_subdomain(&name) {
        refuse(config, NAME, &name, "the name of an object such as `alertkube-state`");
    }
    let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
    let is_namespace = |name: &str| name.len() <= MAX_NAMESPACE_BYTES && is_label(name);
    if let Some(wrong) = namespace.as_deref().filter(|name| !is_namespace(name)) {
        refuse(config, NAMESPACE, wrong, "the name of a namespace such as `alertkube`");
    }
    Some(Persistence { name, namespace, kind })
}

fn refuse(config: &mut Config<'_>, path: &str, value: &str, expected: &str) {
    let problem = says(format!("found `{}`", quoted(value))).expected(expected);
    match config.node(path).map(|node| node.at) {
        Some(at) => config.problems.add(at, path, problem),
        None => config.problems.add_variable(NAMESPACE_VARIABLE, problem),
    }
}

/// Labels with dots between them, as RFC 1123 has it for the names of objects.
fn is_subdomain(name: &str) -> bool {
    name.len() <= MAX_STATE_NAME_BYTES && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = label.starts_with(plain) && label.ends_with(plain);
    ends && label.chars().all(|c| plain(c) || c == '-')
}
