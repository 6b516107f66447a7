//! Where strings end, found without reading what is in them: sixteen bytes at a time.
//!
//! Nearly all strings of an object are shorter than that, so a string is one step, which the processor guesses right.

use wide::u8x16;

/// Where the closing quote of a string is whose content begins at `from`, and whether an escape comes before
/// it.
pub(super) fn string_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = mark(bytes, from)?;
    let mut escaped = false;
    while bytes[at] != b'"' {
        escaped = true;
        at = mark(bytes, at + 2)?;
    }
    Some((at, escaped))
}

/// The place behind a string whose content begins at `from`.
pub(super) fn behind_string(bytes: &[u8], from: usize) -> Option<usize> {
    string_end(bytes, from).map(|(end, _)| end + 1)
}

/// The first quote or backslash at or after `at`.
#[inline]
fn mark(bytes: &[u8], mut at: usize) -> Option<usize> {
    let (lanes, tail) = bytes.get(at..)?.as_chunks::<16>();
    for lane in lanes {
        let lane = u8x16::new(*lane);
        let found = lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'));
        let found = found.to_bitmask();
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 16;
    }
    Some(at + tail.iter().position(|b| matches!(b, b'"' | b'\\'))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte.
    fn plainly_behind_string(bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            match bytes.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }

    #[test]
    fn a_string_ends_at_the_first_quote_that_is_not_escaped() {
        for content in
            ["", "a", "seven b", "eight by", "nine byte", "sixteen bytes are", r#"\""#, r"\\", r#"\\\""#]
        {
            for before in 0..17 {
                let text = format!("{}{content}\"rest of the text", "x".repeat(before));
                let end = before + content.len();
                assert_eq!(behind_string(text.as_bytes(), 0), Some(end + 1), "{text}");
                assert_eq!(string_end(text.as_bytes(), 0), Some((end, content.contains('\\'))), "{text}");
            }
        }
    }

    #[test]
    fn what_is_cut_off_has_no_end() {
        for text in ["", "a", r"a\", r#"a\""#, r"sixteen bytes are\"] {
            assert_eq!(behind_string(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(behind_string(br#"a""#, 3), None, "it begins behind the text");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ends_are_where_a_plain_reading_finds_them(text in r#"([\[\]{}:,"\\x]|\{\},|":\{"|":"|","|[a-zü ]{1,9}){0,40}"#) {
            let string = text.as_bytes();
            prop_assert_eq!(behind_string(string, 0), plainly_behind_string(string, 0));
            prop_assert_eq!(string_end(string, 0).map(|(end, _)| end + 1), plainly_behind_string(string, 0));
        }
    }
}
