//! Where strings and nested values end, found without reading what is in them.
//!
//! This is most of the work of decoding. Strings of an object are a dozen bytes long, so words of eight bytes
//! are compared in place: a call of a vectorised search for each string takes longer than it saves.

/// Where the closing quote of a string is whose content begins at `from`, and whether an escape comes before
/// it.
pub(super) fn string_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    let mut escaped = false;
    loop {
        at = mark(bytes, at)?;
        if bytes[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// The place behind a string whose content begins at `from`.
pub(super) fn behind_string(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = after_string(bytes.get(from..)?)?;
    Some(bytes.len() - rest.len())
}

/// The place behind the array or object whose opening bracket is at `from`.
///
/// Brackets are counted, not matched: a text that mixes them up is still stepped over, and cannot run deep.
pub(super) fn behind_nested(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut rest = bytes.get(from..)?;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'"' => rest = after_strings(after, &mut depth)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(bytes.len() - rest.len());
                }
            }
            _ => {}
        }
    }
    None
}

/// What comes after a string whose content begins here, and after the strings that follow it by one of the
/// few ways in which nearly all do. Never leaves the value that the string is in.
fn after_strings<'a>(content: &'a [u8], depth: &mut usize) -> Option<&'a [u8]> {
    const COLON: u64 = u64::from_le_bytes(*b":\"\0\0\0\0\0\0");
    const COMMA: u64 = u64::from_le_bytes(*b",\"\0\0\0\0\0\0");
    const OPEN: u64 = u64::from_le_bytes(*b":{\"\0\0\0\0\0");
    const EMPTY: u64 = u64::from_le_bytes(*b":{},\"\0\0\0");
    let mut rest = after_string(content)?;
    while let Some(word) = rest.first_chunk() {
        let word = u64::from_le_bytes(*word);
        let (two, three, five) = (word & 0xffff, word & 0xff_ffff, word & 0xff_ffff_ffff);
        let between = if two == COLON || two == COMMA {
            2
        } else if three == OPEN {
            *depth += 1;
            3
        } else if five == EMPTY {
            5
        } else {
            break;
        };
        rest = after_string(&rest[between..])?;
    }
    Some(rest)
}

/// What comes after the closing quote of a string whose content begins here: a quote that has no backslash
/// before it. One that has is looked at more closely.
#[inline(always)]
fn after_string(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    let mut before = 0_u64;
    while let Some((word, after)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ (ONES * b'"' as u64));
        if found != 0 {
            let at = found.trailing_zeros() / 8;
            let one_before = (word << 8 | before >> 56) >> (8 * at);
            if one_before as u8 == b'\\' {
                break;
            }
            return rest.get(at as usize + 1..);
        }
        rest = after;
        before = word;
    }
    let (end, _) = string_end(content, 0)?;
    content.get(end + 1..)
}

/// The first quote or backslash at or after `at`, eight bytes at a time.
fn mark(bytes: &[u8], mut at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let (words, tail) = rest.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ (ONES * b'"' as u64)) | zero_bytes(word ^ (ONES * b'\\' as u64));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    Some(at + tail.iter().position(|b| matches!(b, b'"' | b'\\'))?)
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of every byte that is zero; bytes above the lowest zero byte may be marked wrongly.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
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

    /// Byte by byte.
    fn plainly_behind_nested(bytes: &[u8], mut at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        loop {
            let byte = *bytes.get(at)?;
            at += 1;
            match byte {
                b'"' => at = plainly_behind_string(bytes, at)?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at);
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
    fn brackets_in_strings_are_no_brackets() {
        for text in [
            r#"{"a}":"]","b":{"{":[]},"c":{},"d":["}"]} , "x":1}"#,
            r#"[{"k:{\"name\":\"app\"}":{".":{},"f:image":{},"f:x":{"y":{}}}}] , [1]"#,
            r#"{"\\":"\\\"}","":{}} , {}"#,
        ] {
            assert_eq!(behind_nested(text.as_bytes(), 0), text.find(" ,"), "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_has_no_end() {
        let whole = br#"{"a":{},"b":{"c":"d\"e"},"f":["g","h"],"i":1}"#;
        assert_eq!(behind_nested(whole, 0), Some(whole.len()));
        for cut in 0..whole.len() {
            assert_eq!(behind_nested(&whole[..cut], 0), None, "cut at {cut}");
        }
        assert_eq!(behind_nested(whole, whole.len() + 1), None);
        assert_eq!(behind_string(whole, whole.len() + 1), None);
        assert_eq!(behind_string(br#"a\"#, 0), None);
        assert_eq!(behind_string(br#"a\""#, 0), None);
    }

    #[test]
    fn depth_is_a_number_and_no_stack() {
        let deep = format!("{}{}{}", r#"{"a":"#.repeat(300_000), "1", "}".repeat(300_000));
        assert_eq!(behind_nested(deep.as_bytes(), 0), Some(deep.len()));
        assert_eq!(behind_nested(&deep.as_bytes()[..deep.len() - 1], 0), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ends_are_where_a_plain_reading_finds_them(text in r#"([\[\]{}:,"\\x]|\{\},|":\{"|":"|","|[a-zü ]{1,9}){0,40}"#) {
            let (string, nested) = (text.as_bytes(), format!("{{{text}"));
            prop_assert_eq!(behind_string(string, 0), plainly_behind_string(string, 0));
            prop_assert_eq!(string_end(string, 0).map(|(end, _)| end + 1), plainly_behind_string(string, 0));
            prop_assert_eq!(behind_nested(nested.as_bytes(), 0), plainly_behind_nested(nested.as_bytes(), 0));
        }
    }
}
