//! One page of a list, item by item.

use crate::watch::decode::json::Reader;
use crate::watch::decode::{Unreadable, decode_at};
use crate::watch::kinds::KindId;
use crate::watch::view::{Plan, View};

/// What stands around the items of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Margin {
    /// The version of the list.
    pub(super) version: String,
    /// Names the next page, if there is one.
    pub(super) token: Option<String>,
}

/// Hands every item of a page to `each`. An error means that the page itself is no list.
pub(super) fn read(
    plan: &Plan,
    kind: KindId,
    bytes: &[u8],
    mut each: impl FnMut(Result<View, Unreadable>),
) -> Result<Margin, String> {
    let mut reader = Reader::new(bytes);
    let mut margin = Margin::default();
    reader.fields(|reader, key| match key {
        b"metadata" => {
            reader.fields(|reader, key| match key {
                b"resourceVersion" => margin.version = reader.text().unwrap_or_default().into_owned(),
                b"continue" => {
                    margin.token = reader.text().map(|t| t.into_owned()).filter(|t| !t.is_empty());
                }
                _ => {}
            });
        }
        b"items" => {
            reader.items(|reader| {
                let item = decode_at(plan, kind, reader);
                if reader.broken_at().is_none() {
                    each(item);
                }
            });
        }
        _ => {}
    });
    match reader.broken_at() {
        Some(at) => Err(format!("a list that is no JSON at byte {at} of {}", bytes.len())),
        None if margin.version.is_empty() => Err("a list without a resourceVersion".to_owned()),
        None => Ok(margin),
    }
}
