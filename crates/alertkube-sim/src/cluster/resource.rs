//! The table of resources that the simulated API server serves.

use alertkube_core::Kind;

/// One row: what is watched comes from the core's table, what alertkube writes is added here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource {
    /// API group; empty for the core group.
    pub(crate) group: &'static str,
    /// API version.
    pub(crate) version: &'static str,
    /// The word of the URL.
    pub(crate) plural: &'static str,
    /// `kind` of its objects.
    pub(crate) kind: &'static str,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
}

/// Where Kubernetes Events are kept, whichever of their two groups wrote them.
pub(crate) const EVENTS: Resource = row("", "events", "Event", true);
/// The newer face of Events.
pub(crate) const NEW_EVENTS: Resource = row("events.k8s.io", "events", "Event", true);
/// Namespaces, which must exist before anything is created in them.
pub(crate) const NAMESPACES: Resource = row("", "namespaces", "Namespace", false);
/// Pods, which are deleted gracefully.
pub(crate) const PODS: Resource = row("", "pods", "Pod", true);

const WRITTEN: &[Resource] = &[
    row("coordination.k8s.io", "leases", "Lease", true),
    row("", "configmaps", "ConfigMap", true),
    row("", "secrets", "Secret", true),
    row("", "serviceaccounts", "ServiceAccount", true),
    NAMESPACES,
    NEW_EVENTS,
];

/// Resources whose objects have neither a status subresource nor a generation.
const PLAIN: &[&str] = &["events", "leases", "configmaps", "secrets", "serviceaccounts", "endpointslices"];

const fn row(group: &'static str, plural: &'static str, kind: &'static str, namespaced: bool) -> Resource {
    Resource { group, version: "v1", plural, kind, namespaced }
}

impl Resource {
    /// Every resource, watched ones first.
    pub(crate) fn all() -> impl Iterator<Item = Resource> {
        let watched = Kind::ALL.iter().map(|kind| Resource {
            group: kind.group,
            version: kind.version,
            plural: kind.plural,
            kind: kind.name,
            namespaced: kind.namespaced,
        });
        let added = WRITTEN.iter().copied().filter(|extra| !is_watched(extra));
        watched.chain(added)
    }

    /// The resource of a URL.
    pub(crate) fn of_url(group: &str, version: &str, plural: &str) -> Option<Resource> {
        Resource::all().find(|r| r.group == group && r.version == version && r.plural == plural)
    }

    /// Whether a path leads into a group of which something is served.
    pub(crate) fn is_served_group(path: &str) -> bool {
        Resource::all().any(|resource| {
            let root = match resource.group {
                "" => format!("/api/{}/", resource.version),
                group => format!("/apis/{group}/{}/", resource.version),
            };
            path.starts_with(&root)
        })
    }

    /// The resource of an object.
    pub(crate) fn of_object(api_version: &str, kind: &str) -> Option<Resource> {
        Resource::all().find(|r| r.kind == kind && r.api_version() == api_version)
    }

    /// `v1` or `group/version`.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// The resource under which objects are kept: both groups of Events share one.
    pub(crate) fn stored(&self) -> Resource {
        if *self == NEW_EVENTS { EVENTS } else { *self }
    }

    /// Whether `/status` exists and the main resource leaves the status alone.
    pub(crate) fn has_status(&self) -> bool {
        !PLAIN.contains(&self.plural)
    }

    /// Whether a change of `spec` counts `metadata.generation` up.
    pub(crate) fn has_generation(&self) -> bool {
        self.has_status() && !matches!(self.plural, "nodes" | "namespaces")
    }

    /// Whether a PUT of an absent object creates it.
    pub(crate) fn put_creates(&self) -> bool {
        matches!(self.plural, "leases" | "events")
    }

    /// Whether a PUT must name the resourceVersion that it replaces.
    pub(crate) fn put_needs_version(&self) -> bool {
        self.plural == "leases"
    }

    /// `pods`, or `deployments.apps`, as messages name a resource.
    pub(crate) fn qualified(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// Whether `word` means this resource: its plural, alone or qualified.
    pub(crate) fn is_named(&self, word: &str) -> bool {
        word == self.plural || word == self.qualified()
    }
}

fn is_watched(extra: &Resource) -> bool {
    Kind::ALL.iter().any(|kind| kind.group == extra.group && kind.plural == extra.plural)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_watched_kind_has_a_url_and_no_resource_is_listed_twice() {
        for kind in Kind::ALL {
            assert!(Resource::of_url(kind.group, kind.version, kind.plural).is_some(), "{}", kind.name);
        }
        let mut all: Vec<_> = Resource::all().collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn both_event_groups_are_kept_in_one_place() {
        let new = Resource::of_object("events.k8s.io/v1", "Event").expect("served");
        assert_eq!(new.stored(), Resource::of_object("v1", "Event").expect("served"));
    }
}
