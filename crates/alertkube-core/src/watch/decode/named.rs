//! Lists whose entries are told apart by a name.

use crate::watch::decode::json::Reader;

/// Reads the first `most` entries of a list that have a name; one without could be told from no other and is
/// passed over.
pub(super) fn named<'a, T>(
    reader: &mut Reader<'a>,
    most: usize,
    read: impl Fn(&mut Reader<'a>) -> T,
    name: impl Fn(&T) -> &str,
) -> Vec<T> {
    let mut list = Vec::new();
    reader.items(|reader| {
        let entry = read(reader);
        if !name(&entry).is_empty() && list.len() < most {
            list.push(entry);
        }
    });
    list
}
