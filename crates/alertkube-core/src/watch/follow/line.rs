//! One line of a stream: a watch event.

use std::borrow::Cow;

use crate::watch::decode::json::Reader;
use crate::watch::decode::{Unreadable, decode_at, identify};
use crate::watch::follow::refusal::Refusal;
use crate::watch::kinds::KindId;
use crate::watch::view::{Key, Plan, View};

/// What a line says.
#[derive(Debug)]
pub(super) enum Line {
    /// ADDED or MODIFIED
    Seen(Box<View>),
    /// DELETED, and the version of the deletion
    Gone(Key, Box<str>),
    /// BOOKMARK
    Bookmark(Bookmark),
    /// ERROR
    Refused(Refusal),
    /// Anything that cannot be read.
    Unreadable(Unreadable),
}

/// A BOOKMARK: how far the stream is.
#[derive(Debug, Default)]
pub(super) struct Bookmark {
    pub(super) version: String,
    /// Whether all objects that stood at the beginning have been sent.
    pub(super) complete: bool,
}

impl Line {
    /// Reads a line in one pass when `type` comes before `object`, as every server writes it.
    pub(super) fn read(plan: &Plan, kind: KindId, bytes: &[u8]) -> Line {
        let mut reader = Reader::new(bytes);
        let mut name = Cow::Borrowed("");
        let mut line = None;
        let mut early = None;
        reader.fields(|reader, key| match key {
            b"type" => name = reader.text().unwrap_or_default(),
            b"object" if name.is_empty() => early = Some(reader.raw()),
            b"object" => line = Some(object(plan, kind, &name, reader)),
            _ => {}
        });
        if let Some(at) = reader.broken_at() {
            return unreadable(format!("{kind}: no JSON at byte {at} of {} of a watch event", bytes.len()));
        }
        line.or_else(|| early.map(|bytes| object(plan, kind, &name, &mut Reader::new(bytes))))
            .unwrap_or_else(|| unreadable(format!("{kind}: a watch event without an object")))
    }
}

fn object(plan: &Plan, kind: KindId, name: &str, reader: &mut Reader<'_>) -> Line {
    match name {
        "ADDED" | "MODIFIED" => match decode_at(plan, kind, reader) {
            Ok(view) => Line::Seen(Box::new(view)),
            Err(why) => Line::Unreadable(why),
        },
        "DELETED" => match identify(kind, reader) {
            Ok((key, version)) => Line::Gone(key, version),
            Err(why) => Line::Unreadable(why),
        },
        "BOOKMARK" => Line::Bookmark(bookmark(reader)),
        "ERROR" => Line::Refused(Refusal::read(reader)),
        other => unreadable(format!("{kind}: a watch event of type {:?}", other.get(..20).unwrap_or(other))),
    }
}

fn bookmark(reader: &mut Reader<'_>) -> Bookmark {
    let mut bookmark = Bookmark::default();
    reader.fields(|reader, key| {
        if key == b"metadata" {
            reader.fields(|reader, key| match key {
                b"resourceVersion" => {
                    bookmark.version = reader.text().unwrap_or_default().into_owned();
                }
                b"annotations" => {
                    reader.fields(|reader, key| {
                        bookmark.complete |=
                            key == b"k8s.io/initial-events-end" && reader.text().as_deref() == Some("true");
                    });
                }
                _ => {}
            });
        }
    });
    bookmark
}

fn unreadable(message: String) -> Line {
    Line::Unreadable(Unreadable { message })
}
