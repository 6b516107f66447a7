//! Kubernetes Events (core/v1), written by either of the two client libraries.

use crate::time::Stamp;
use crate::watch::decode::Unreadable;
use crate::watch::decode::json::Reader;
use crate::watch::decode::metadata::{Draft, Reference};
use crate::watch::decode::word::{stamp, text};
use crate::watch::kinds::KindId;
use crate::watch::view::{Event, Plan};

/// When and how often: the old fields of `Event`, and `eventTime` with `series` that newer writers use.
#[derive(Default)]
struct Times {
    count: i64,
    series_count: i64,
    first: Option<Stamp>,
    last: Option<Stamp>,
    event: Option<Stamp>,
    series_last: Option<Stamp>,
}

/// Reads an Event.
pub(super) fn read(plan: &Plan, reader: &mut Reader<'_>) -> Result<Event, Unreadable> {
    let mut draft = Draft::default();
    let mut event = Event::default();
    let mut times = Times::default();
    reader.fields(|reader, key| match key {
        b"metadata" => draft.read(plan, reader),
        b"involvedObject" => {
            let about = Reference::read(reader);
            event.about = about.uid();
            event.container = container(&about.field_path).into();
            event.about_kind = about.kind;
        }
        b"reason" => event.reason = text(reader),
        b"message" => event.message = text(reader),
        _ => times.read(reader, key),
    });
    event.count = times.count.max(times.series_count).max(1);
    event.first = times.first.or(times.event);
    event.last = times.last.or(times.series_last).or(times.event);
    event.meta = draft.finish(KindId::Event)?;
    Ok(event)
}

impl Times {
    fn read(&mut self, reader: &mut Reader<'_>, key: &[u8]) {
        match key {
            b"count" => self.count = reader.integer().unwrap_or_default(),
            b"firstTimestamp" => self.first = stamp(reader),
            b"lastTimestamp" => self.last = stamp(reader),
            b"eventTime" => self.event = stamp(reader),
            b"series" => {
                reader.fields(|reader, key| match key {
                    b"count" => self.series_count = reader.integer().unwrap_or_default(),
                    b"lastObservedTime" => self.series_last = stamp(reader),
                    _ => {}
                });
            }
            _ => {}
        }
    }
}

/// The container that a path such as `spec.containers{web}` names.
fn container(path: &str) -> &str {
    let inside = path
        .strip_prefix("spec.containers{")
        .or_else(|| path.strip_prefix("spec.initContainers{"))
        .or_else(|| path.strip_prefix("spec.ephemeralContainers{"));
    inside.and_then(|name| name.strip_suffix('}')).unwrap_or_default()
}
