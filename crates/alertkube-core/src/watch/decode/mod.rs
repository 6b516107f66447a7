//! Bytes of one object to its view, reading only the fields that conditions read.
//!
//! Every field is read on its own: one that is missing or of another type counts as absent and costs nothing
//! else.

mod ends;
mod event;
pub(in crate::watch) mod json;
mod metadata;
mod named;
mod nested;
mod node;
mod pod;
mod status;
mod uid;
pub(in crate::watch) mod word;
mod workload;

use crate::watch::kinds::{Kind, KindId};
use crate::watch::view::{Key, Plan, View};
use json::Reader;
use metadata::Draft;

/// An object that cannot be judged at all, because it cannot be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong with it, for people.
    pub message: String,
}

/// Decodes one object of a kind. Only an object without a readable name, or a text that is not JSON, is
/// unreadable.
pub fn decode(plan: &Plan, kind: KindId, bytes: &[u8]) -> Result<View, Unreadable> {
    let mut reader = Reader::new(bytes);
    let view = decode_at(plan, kind, &mut reader);
    match reader.broken_at() {
        Some(at) => Err(Unreadable { message: format!("{kind}: no JSON at byte {at} of {}", bytes.len()) }),
        None => view,
    }
}

/// Decodes the object in front of the reader, and leaves the reader behind it.
pub(in crate::watch) fn decode_at(
    plan: &Plan,
    kind: KindId,
    reader: &mut Reader<'_>,
) -> Result<View, Unreadable> {
    match kind {
        KindId::Pod => pod::read(plan, reader).map(View::Pod),
        KindId::Node => node::read(plan, reader).map(View::Node),
        KindId::Event => event::read(plan, reader).map(View::Event),
        KindId::Deployment | KindId::ReplicaSet | KindId::StatefulSet | KindId::DaemonSet | KindId::Job => {
            workload::read(plan, kind, reader).map(|workload| View::Workload(kind, workload))
        }
    }
}

/// Reads no more of an object than what names it, and its resource version.
pub(in crate::watch) fn identify(
    kind: KindId,
    reader: &mut Reader<'_>,
) -> Result<(Key, Box<str>), Unreadable> {
    let mut draft = Draft::default();
    reader.fields(|reader, key| {
        if key == b"metadata" {
            draft.read_identity(reader);
        }
    });
    let meta = draft.finish(kind)?;
    Ok((Key { kind, uid: meta.uid }, meta.version))
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unreadable {}

impl Unreadable {
    fn nameless(kind: KindId, uid: Option<&str>) -> Unreadable {
        let kind = Kind::of(kind).name;
        let message = match uid {
            Some(uid) => format!("{kind} without a readable metadata.name, uid {uid}"),
            None => format!("{kind} without a readable metadata.name"),
        };
        Unreadable { message }
    }
}

#[cfg(test)]
mod tests;
