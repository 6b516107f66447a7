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
    if [8, 13, 18, 23].iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let high = hex(&text[..8])? << 32 | hex(&text[9..13])? << 16 | hex(&text[14..18])?;
    let low = hex(&text[19..23])? << 48 | hex(&text[24..])?;
    Some(Uid(u128::from(high) << 64 | u128::from(low)))
}

/// At most sixteen hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u64> {
    let (mut number, mut all) = (0, 0);
    for digit in digits {
        let value = DIGITS[usize::from(*digit)];
        number = number << 4 | u64::from(value);
        all |= value;
    }
    (all <= 0xf).then_some(number)
}

/// What every byte stands for as a hexadecimal digit; most for none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        digits[digit as usize] = value as u8;
        digits[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    digits
};

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
        for other in ["01234567+89ab-cdef-0123-456789abcdef", "0123456g-89ab-cdef-0123-456789abcdef"] {
            let hashed = parse(other);
            assert!(hashed.is_some() && hashed != bits && hashed == Some(hash(&[other])), "{other}");
        }
    }

    #[test]
    fn parts_of_a_name_do_not_run_together() {
        assert_ne!(of_name("Pod", "a", "bc"), of_name("Pod", "ab", "c"));
    }
}
