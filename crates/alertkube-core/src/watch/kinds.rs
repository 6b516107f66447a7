//! The table of watched kinds: a kind is added here, and nowhere else.

/// One watched kind. The watch, the decoder, the simulator's route and the chart's rule come from its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Which kind it is.
    pub id: KindId,
    /// `kind` as the API writes it, and as alerts name it.
    pub name: &'static str,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// The resource word of the URL.
    pub plural: &'static str,
    /// Whether objects live in namespaces; others are not watched in namespace scope.
    pub namespaced: bool,
    /// Field selector of the watch; empty for all objects.
    pub fields: &'static str,
}

/// The name of a watched kind, in the order of [`Kind::ALL`]: causes before effects, so that a list that arrives in
/// this order builds owners and nodes before the pods that refer to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KindId {
    /// core/v1 Node
    Node,
    /// apps/v1 Deployment
    Deployment,
    /// apps/v1 ReplicaSet
    ReplicaSet,
    /// apps/v1 StatefulSet
    StatefulSet,
    /// apps/v1 DaemonSet
    DaemonSet,
    /// batch/v1 Job
    Job,
    /// core/v1 Pod
    Pod,
    /// core/v1 Event, of type Warning
    Event,
}

impl Kind {
    /// Every watched kind.
    pub const ALL: &[Kind] = &[
        row(KindId::Node, "Node", "", "nodes", false, ""),
        row(KindId::Deployment, "Deployment", "apps", "deployments", true, ""),
        row(KindId::ReplicaSet, "ReplicaSet", "apps", "replicasets", true, ""),
        row(KindId::StatefulSet, "StatefulSet", "apps", "statefulsets", true, ""),
        row(KindId::DaemonSet, "DaemonSet", "apps", "daemonsets", true, ""),
        row(KindId::Job, "Job", "batch", "jobs", true, ""),
        row(KindId::Pod, "Pod", "", "pods", true, ""),
        row(KindId::Event, "Event", "", "events", true, "type=Warning"),
    ];

    /// The row of a kind.
    pub fn of(id: KindId) -> &'static Kind {
        Kind::ALL.iter().find(|kind| kind.id == id).expect("every KindId has a row, a test holds it")
    }

    /// `v1` or `group/version`, as `apiVersion` is written.
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// The URL path of the collection, cluster wide or in one namespace.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", self.group) };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/{}/namespaces/{namespace}/{}", self.version, self.plural),
            None => format!("{root}/{}/{}", self.version, self.plural),
        }
    }
}

const fn row(
    id: KindId,
    name: &'static str,
    group: &'static str,
    plural: &'static str,
    namespaced: bool,
    fields: &'static str,
) -> Kind {
    Kind { id, name, group, version: "v1", plural, namespaced, fields }
}

impl std::fmt::Display for KindId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Kind::of(*self).name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_ids_and_none_is_missing() {
        let ids: Vec<_> = Kind::ALL.iter().map(|kind| kind.id).collect();
        let mut sorted = ids.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(ids, sorted);
        assert_eq!(ids.len(), KindId::Event as usize + 1);
    }

    #[test]
    fn paths_follow_the_api_conventions() {
        assert_eq!(Kind::of(KindId::Pod).path(None), "/api/v1/pods");
        assert_eq!(Kind::of(KindId::Job).path(Some("shop")), "/apis/batch/v1/namespaces/shop/jobs");
        assert_eq!(Kind::of(KindId::Node).path(Some("shop")), "/api/v1/nodes");
    }
}
