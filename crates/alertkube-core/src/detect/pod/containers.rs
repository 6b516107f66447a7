//! Reading the containers of a pod, and naming the failing ones.

use crate::detect::condition::Part;
use crate::watch::{Container, ContainerState, Pod, Terminated};

/// The run that ended now, if it did, and the one before.
pub(super) fn ends(container: &Container) -> impl Iterator<Item = &Terminated> {
    ended(container).into_iter().chain(&container.last)
}

/// The end of the current run.
pub(super) fn ended(container: &Container) -> Option<&Terminated> {
    match &container.state {
        ContainerState::Terminated(end) => Some(end),
        ContainerState::Waiting { .. } | ContainerState::Running { .. } | ContainerState::Unknown => None,
    }
}

/// Why a container waits, and what is said about it.
pub(super) fn waits(container: &Container) -> Option<(&str, &str)> {
    match &container.state {
        ContainerState::Waiting { reason, message } => Some((reason, message)),
        ContainerState::Terminated(_) | ContainerState::Running { .. } | ContainerState::Unknown => None,
    }
}

pub(super) fn runs(container: &Container) -> bool {
    matches!(container.state, ContainerState::Running { .. })
}

pub(super) fn failed(end: &Terminated) -> bool {
    end.exit_code != 0 || end.signal != 0
}

/// Whether a container waits for its volumes or its sandbox.
pub(super) fn being_created(pod: &Pod) -> bool {
    let creating = |(reason, _): (&str, &str)| matches!(reason, "ContainerCreating" | "PodInitializing");
    pod.containers.iter().any(|container| waits(container).is_some_and(creating))
}

/// One container and what is wrong with it; init and sidecar containers are marked.
pub(super) fn part(container: &Container, text: String) -> Part {
    let mark = if container.init { "init container " } else { "" };
    Part { name: format!("{mark}{}", container.name), text }
}
