//! `metadata`, without `managedFields` and without the annotations that nobody named.

use std::borrow::Cow;

use crate::watch::decode::json::Reader;
use crate::watch::decode::word::{cut, stamp, text, word};
use crate::watch::decode::{Unreadable, uid};
use crate::watch::kinds::{Kind, KindId};
use crate::watch::limits::{PAIRS_BYTES, PAIRS_FIRST_BYTES, TEXT_BYTES};
use crate::watch::view::{Meta, Owner, Packed, Plan, Uid};
use crate::watch::vocabulary::Word;

/// Metadata while it is read: the uid may still be missing.
#[derive(Default)]
pub(super) struct Draft<'a> {
    meta: Meta,
    uid: Option<Cow<'a, str>>,
}

impl<'a> Draft<'a> {
    /// Reads `metadata`.
    pub(super) fn read(&mut self, plan: &Plan, reader: &mut Reader<'a>) {
        reader.fields(|reader, key| match key {
            b"generation" => self.meta.generation = reader.integer().unwrap_or_default(),
            b"creationTimestamp" => self.meta.created = stamp(reader),
            b"deletionTimestamp" => self.meta.deleted = stamp(reader),
            b"labels" => self.meta.labels = pairs(reader, |_| true),
            b"annotations" if !plan.annotations.is_empty() => {
                self.meta.annotations = pairs(reader, |key| plan.annotations.iter().any(|kept| kept == key));
            }
            b"ownerReferences" => self.meta.owner = controller(reader),
            _ => self.identity(reader, key),
        });
    }

    /// Reads of `metadata` only what names the object, and its version.
    pub(super) fn read_identity(&mut self, reader: &mut Reader<'a>) {
        reader.fields(|reader, key| self.identity(reader, key));
    }

    fn identity(&mut self, reader: &mut Reader<'a>, key: &[u8]) {
        match key {
            b"name" => self.meta.name = text(reader),
            b"namespace" => self.meta.namespace = text(reader),
            b"uid" => self.uid = Some(reader.text().unwrap_or_default()),
            b"resourceVersion" => self.meta.version = text(reader),
            _ => {}
        }
    }

    /// The metadata, if it names the object.
    pub(super) fn finish(self, kind: KindId) -> Result<Meta, Unreadable> {
        let Draft { mut meta, uid } = self;
        let read = uid.as_deref().map(|text| cut(text, TEXT_BYTES));
        if meta.name.is_empty() {
            return Err(Unreadable::nameless(kind, read));
        }
        meta.uid = read
            .and_then(uid::parse)
            .unwrap_or_else(|| uid::of_name(Kind::of(kind).name, &meta.namespace, &meta.name));
        Ok(meta)
    }
}

/// A reference to another object: owner or subject of an event.
#[derive(Default)]
pub(super) struct Reference {
    pub(super) kind: Word,
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
    pub(super) uid: Option<Uid>,
    pub(super) controller: bool,
    pub(super) field_path: Box<str>,
}

impl Reference {
    /// Reads a reference.
    pub(super) fn read(reader: &mut Reader<'_>) -> Reference {
        let mut reference = Reference::default();
        reader.fields(|reader, key| match key {
            b"kind" => reference.kind = word(reader),
            b"namespace" => reference.namespace = text(reader),
            b"name" => reference.name = text(reader),
            b"uid" => reference.uid = reader.text().and_then(|text| uid::parse(&text)),
            b"controller" => reference.controller = reader.boolean().unwrap_or_default(),
            b"fieldPath" => reference.field_path = text(reader),
            _ => {}
        });
        reference
    }

    /// The uid that it names, or the one that stands in for it.
    pub(super) fn uid(&self) -> Uid {
        self.uid.unwrap_or_else(|| uid::of_name(&self.kind, &self.namespace, &self.name))
    }
}

fn controller(reader: &mut Reader<'_>) -> Option<Owner> {
    let mut owner = None;
    reader.items(|reader| {
        let reference = Reference::read(reader);
        if reference.controller && owner.is_none() {
            let uid = reference.uid();
            owner = Some(Owner { kind: reference.kind, name: reference.name, uid });
        }
    });
    owner
}

fn pairs(reader: &mut Reader<'_>, keep: impl Fn(&str) -> bool) -> Packed {
    let mut packed = String::new();
    reader.fields(|reader, key| {
        if let Ok(key) = std::str::from_utf8(key)
            && keep(key)
            && let Some(value) = reader.text()
            && packed.len() + key.len() + value.len() <= PAIRS_BYTES
        {
            if packed.is_empty() {
                packed.reserve(PAIRS_FIRST_BYTES);
            }
            Packed::push(&mut packed, key, &value);
        }
    });
    Packed(packed.into_boxed_str())
}
