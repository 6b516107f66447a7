//! Uids: the 128 bits of a UUID, or of a hash of what is not one.

use sha2::{Digest, Sha256};

use crate::watch::view::Uid;

/// The uid that a text stands for; an empty one stands for none.
pub(super) fn parse(text: &str) -> Option<Uid> {
    (!text.is_empty()).then(|| uuid(text.as_bytes()).unwrap_or_else(|| hash(&[text])))
}

/// The stand-in for an object or a reference that has no uid.
pub(super) fn of_name(kind: &str, namespace: &str, name: &str) -> Uid {
    hash(&[kind, namespace, name])
}

fn uuid(text: &[u8]) -> Option<Uid> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let mut bits = 0_u128;
    for (at, byte) in text.iter().enumerate() {
        match at {
            8 | 13 | 18 | 23 if *byte == b'-' => {}
            8 | 13 | 18 | 23 => return None,
            _ => bits = bits << 4 | u128::from(hex(*byte)?),
        }
    }
    Some(Uid(bits))
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn hash(parts: &[&str]) -> Uid {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    Uid(digest[..size_of::<u128>()].iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_bits_and_anything_else_is_hashed() {
        let bits = Some(Uid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        assert_eq!(parse("01234567-89ab-cdef-0123-456789abcdef"), bits);
        assert_eq!(parse("01234567-89AB-CDEF-0123-456789ABCDEF"), bits);
        assert_eq!(parse(""), None);
        let name = parse("node-1");
        assert!(name.is_some() && name != parse("node-2"));
        assert_ne!(parse("01234567+89ab-cdef-0123-456789abcdef"), bits);
    }

    #[test]
    fn parts_of_a_name_do_not_run_together() {
        assert_ne!(of_name("Pod", "a", "bc"), of_name("Pod", "ab", "c"));
    }
}
