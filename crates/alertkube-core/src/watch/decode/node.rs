//! Nodes.

use crate::watch::decode::Unreadable;
use crate::watch::decode::json::Reader;
use crate::watch::decode::metadata::Draft;
use crate::watch::decode::status::conditions;
use crate::watch::decode::word::{stamp, text};
use crate::watch::kinds::KindId;
use crate::watch::view::{Node, Plan};

/// Reads a Node.
pub(super) fn read(plan: &Plan, reader: &mut Reader<'_>) -> Result<Node, Unreadable> {
    let mut draft = Draft::default();
    let mut node = Node::default();
    reader.fields(|reader, key| match key {
        b"metadata" => draft.read(plan, reader),
        b"spec" => spec(&mut node, reader),
        b"status" => {
            reader.fields(|reader, key| {
                if key == b"conditions" {
                    node.conditions = conditions(reader);
                }
            });
        }
        _ => {}
    });
    node.meta = draft.finish(KindId::Node)?;
    Ok(node)
}

fn spec(node: &mut Node, reader: &mut Reader<'_>) {
    reader.fields(|reader, key| match key {
        b"unschedulable" => node.cordoned = reader.boolean().unwrap_or_default(),
        b"taints" => {
            reader.items(|reader| taint(node, reader));
        }
        _ => {}
    });
}

fn taint(node: &mut Node, reader: &mut Reader<'_>) {
    let mut name = Box::default();
    let mut added = None;
    reader.fields(|reader, key| match key {
        b"key" => name = text(reader),
        b"timeAdded" => added = stamp(reader),
        _ => {}
    });
    if &*name == CORDON_TAINT {
        node.cordoned_since = added;
    }
}

const CORDON_TAINT: &str = "node.kubernetes.io/unschedulable";
