//! Pods: containers are what their status says, joined by name with what their spec says.

use std::borrow::Cow;

use crate::watch::decode::Unreadable;
use crate::watch::decode::json::Reader;
use crate::watch::decode::metadata::Draft;
use crate::watch::decode::named::named;
use crate::watch::decode::status::conditions;
use crate::watch::decode::word::{cut, stamp, text, word};
use crate::watch::kinds::KindId;
use crate::watch::limits::{CONTAINERS, TEXT_BYTES};
use crate::watch::view::{Container, ContainerState, Plan, Pod, Terminated};

/// A pod while it is read: spec and status may come in either order.
#[derive(Default)]
struct Parts<'a> {
    pod: Pod,
    specs: Vec<Spec<'a>>,
    init: Vec<Container>,
    main: Vec<Container>,
}

/// What the spec says of a container.
#[derive(Default)]
struct Spec<'a> {
    name: Cow<'a, str>,
    image: Cow<'a, str>,
    memory_limit: Cow<'a, str>,
}

/// Reads a Pod.
pub(super) fn read(plan: &Plan, reader: &mut Reader<'_>) -> Result<Pod, Unreadable> {
    let mut draft = Draft::default();
    let mut parts = Parts::default();
    reader.fields(|reader, key| match key {
        b"metadata" => draft.read(plan, reader),
        b"spec" => parts.spec(reader),
        b"status" => parts.status(reader),
        _ => {}
    });
    parts.join(draft)
}

impl<'a> Parts<'a> {
    fn spec(&mut self, reader: &mut Reader<'a>) {
        reader.fields(|reader, key| match key {
            b"nodeName" => self.pod.node = text(reader),
            b"restartPolicy" => self.pod.restart_policy = word(reader),
            b"containers" | b"initContainers" => {
                reader.items(|reader| {
                    let spec = Spec::read(reader);
                    if self.specs.len() < CONTAINERS {
                        self.specs.push(spec);
                    }
                });
            }
            _ => {}
        });
    }

    fn status(&mut self, reader: &mut Reader<'a>) {
        let pod = &mut self.pod;
        reader.fields(|reader, key| match key {
            b"phase" => pod.phase = word(reader),
            b"reason" => pod.reason = text(reader),
            b"message" => pod.message = text(reader),
            b"startTime" => pod.started = stamp(reader),
            b"conditions" => pod.conditions = conditions(reader),
            b"initContainerStatuses" => self.init = containers(reader, true),
            b"containerStatuses" => self.main = containers(reader, false),
            _ => {}
        });
    }

    fn join(self, draft: Draft<'_>) -> Result<Pod, Unreadable> {
        let Parts { mut pod, specs, init, main } = self;
        pod.meta = draft.finish(KindId::Pod)?;
        pod.containers = if init.is_empty() { main } else { init.into_iter().chain(main).collect() };
        for container in &mut pod.containers {
            if let Some(spec) = specs.iter().find(|spec| *spec.name == *container.name) {
                container.image = cut(&spec.image, TEXT_BYTES).into();
                container.memory_limit = cut(&spec.memory_limit, TEXT_BYTES).into();
            }
        }
        Ok(pod)
    }
}

impl<'a> Spec<'a> {
    fn read(reader: &mut Reader<'a>) -> Spec<'a> {
        let mut spec = Spec::default();
        reader.fields(|reader, key| match key {
            b"name" => spec.name = reader.text().unwrap_or_default(),
            b"image" => spec.image = reader.text().unwrap_or_default(),
            b"resources" => spec.memory_limit = memory_limit(reader).unwrap_or_default(),
            _ => {}
        });
        spec
    }
}

fn memory_limit<'a>(reader: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    let mut limit = None;
    reader.fields(|reader, key| {
        if key == b"limits" {
            reader.fields(|reader, key| {
                if key == b"memory" {
                    limit = reader.text();
                }
            });
        }
    });
    limit
}

/// Container statuses.
fn containers(reader: &mut Reader<'_>, init: bool) -> Vec<Container> {
    let read = |reader: &mut Reader<'_>| {
        let mut container = Container { init, ..Container::default() };
        reader.fields(|reader, key| match key {
            b"name" => container.name = text(reader),
            b"ready" => container.ready = reader.boolean().unwrap_or_default(),
            b"restartCount" => container.restarts = reader.integer().unwrap_or_default(),
            b"state" => container.state = state(reader),
            b"lastState" => container.last = last(reader),
            _ => {}
        });
        container
    };
    named(reader, CONTAINERS, read, |container| &container.name)
}

fn state(reader: &mut Reader<'_>) -> ContainerState {
    let mut state = ContainerState::Unknown;
    reader.fields(|reader, key| {
        let read = match key {
            b"waiting" => waiting(reader),
            b"running" => running(reader),
            b"terminated" => terminated(reader).map(ContainerState::Terminated),
            _ => None,
        };
        if let Some(read) = read {
            state = read;
        }
    });
    state
}

fn waiting(reader: &mut Reader<'_>) -> Option<ContainerState> {
    let (mut reason, mut message) = Default::default();
    let found = reader.fields(|reader, key| match key {
        b"reason" => reason = text(reader),
        b"message" => message = text(reader),
        _ => {}
    });
    found.then_some(ContainerState::Waiting { reason, message })
}

fn running(reader: &mut Reader<'_>) -> Option<ContainerState> {
    let mut since = None;
    let found = reader.fields(|reader, key| {
        if key == b"startedAt" {
            since = stamp(reader);
        }
    });
    found.then_some(ContainerState::Running { since })
}

fn terminated(reader: &mut Reader<'_>) -> Option<Terminated> {
    let mut run = Terminated::default();
    let found = reader.fields(|reader, key| match key {
        b"reason" => run.reason = text(reader),
        b"message" => run.message = text(reader),
        b"exitCode" => run.exit_code = reader.integer().unwrap_or_default(),
        b"signal" => run.signal = reader.integer().unwrap_or_default(),
        b"finishedAt" => run.finished = stamp(reader),
        _ => {}
    });
    found.then_some(run)
}

fn last(reader: &mut Reader<'_>) -> Option<Terminated> {
    let mut run = None;
    reader.fields(|reader, key| {
        if key == b"terminated" {
            run = terminated(reader);
        }
    });
    run
}
