//! The grammar of label keys: `name` or `prefix/name`.

use crate::limits::{MAX_LABEL_NAME_BYTES, MAX_LABEL_PREFIX_BYTES};

/// Whether a text could be the key of a label.
pub(crate) fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_prefix(prefix) && is_name(name),
        None => is_name(text),
    }
}

fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= MAX_LABEL_NAME_BYTES
        && name.bytes().all(inner)
        && has_ends(name, |byte| byte.is_ascii_alphanumeric())
}

/// A DNS subdomain.
fn is_prefix(prefix: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| part.bytes().all(|byte| edge(byte) || byte == b'-') && has_ends(part, edge);
    prefix.len() <= MAX_LABEL_PREFIX_BYTES && prefix.split('.').all(is_part)
}

fn has_ends(text: &str, edge: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| edge(*byte)) && bytes.last().is_some_and(|byte| edge(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_labels() {
        for good in
            ["app", "app.kubernetes.io/name", "a", "A_b-c.d", "x-y.z/0", &"a".repeat(MAX_LABEL_NAME_BYTES)]
        {
            assert!(is_label_key(good), "{good}");
        }
        let long = "a".repeat(MAX_LABEL_NAME_BYTES + 1);
        for bad in [
            "", "/", "a/", "/a", "a/b/c", "-a", "a-", "a b", "A.b/c", "a..b/c", "a-/c", "\u{e9}", "name:",
            &long,
        ] {
            assert!(!is_label_key(bad), "{bad}");
        }
        assert!(!is_label_key(&format!("{}/a", "a".repeat(MAX_LABEL_PREFIX_BYTES + 1))));
    }
}
