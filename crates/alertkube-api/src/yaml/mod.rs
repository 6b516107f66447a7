//! YAML as a tree that remembers where everything stands, so that every problem of a file is found in one pass.

mod reader;
mod tree;

pub(crate) use reader::read;
pub(crate) use tree::{Body, Entry, Node, Place};
