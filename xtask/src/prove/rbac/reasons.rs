//! Why the account may do what it may do.

use alertkube_core::Kind;

use super::asked::Ask;

/// `rbac.scope`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Cluster,
    Namespace,
}

impl Scope {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Scope::Cluster => "cluster",
            Scope::Namespace => "namespace",
        }
    }
}

/// The page's verbs on Leases, each with what it is there for.
const LEASE_VERBS: [(&str, &str); 7] = [
    ("get", "the Lease is read before it is taken"),
    ("watch", "a Lease that is given back is seen at once"),
    ("create", "the first candidate makes the Lease"),
    ("update", "the Lease is taken, renewed and given back"),
    ("list", "the page lists it; `alertkube seats` lists Leases"),
    ("patch", "the page lists it"),
    ("delete", "the page lists it"),
];

/// What every account may ask the server about itself.
const ABOUT_ITSELF: [(&str, &str); 3] = [
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
];

/// The reason for which this is granted; none when it must be refused.
pub(super) fn reason(scope: Scope, own: &str, leases_in: &str, ask: &Ask) -> Option<&'static str> {
    let (group, resource, verb) = (ask.group.as_str(), ask.resource.as_str(), ask.verb.as_str());
    if let Some(name) = &ask.name {
        return of_state(name, verb, own);
    }
    let watched = Kind::ALL.iter().find(|kind| (kind.group, kind.plural) == (group, resource));
    let reached = scope == Scope::Cluster || ask.place == own;
    if watched.is_some() && reached && ["list", "watch"].contains(&verb) {
        return Some("a watched kind is listed, and watched from there");
    }
    if ask.place == leases_in && (group, resource) == ("coordination.k8s.io", "leases") {
        return LEASE_VERBS.iter().find(|(known, _)| *known == verb).map(|(_, reason)| *reason);
    }
    let is_event = resource == "events" && ["", "events.k8s.io"].contains(&group);
    if ask.place == leases_in && is_event && ["create", "patch"].contains(&verb) {
        return Some("who leads is told in an Event beside the Lease");
    }
    if ask.place == own && (group, resource, verb) == ("", "configmaps", "create") {
        return Some("a state object is made; its name is not known to the authoriser");
    }
    let itself = ABOUT_ITSELF.contains(&(group, resource)) && verb == "create";
    itself.then_some("every account may ask about itself")
}

/// Requests about objects of the state by their names, and about one that is none.
pub(super) fn named(own: &str) -> Vec<Ask> {
    let names = [
        "alertkube-state",
        "alertkube-state-head",
        "alertkube-state-b31",
        "alertkube-state-lost-j00",
        "alertkube-state-15-head",
        "alertkube-state-16-head",
        "alertkube-config",
    ];
    let verbs = ["get", "update", "patch", "delete"];
    names.iter().flat_map(|name| verbs.map(|verb| Ask::about(verb, own, name))).collect()
}

fn of_state(name: &str, verb: &str, _own: &str) -> Option<&'static str> {
    let ours = [
        "alertkube-state-head",
        "alertkube-state-b31",
        "alertkube-state-lost-j00",
        "alertkube-state-15-head",
    ];
    match (name, verb) {
        ("alertkube-state", "get") => Some("the Go program's snapshot is read once"),
        (name, "get") if ours.contains(&name) => Some("the state is read"),
        (name, "update") if ours.contains(&name) => Some("the state is written"),
        _ => None,
    }
}
