//! Where arrays and objects end, found without reading what is in them: sixty-four bytes at a time.
//!
//! This is most of the work of decoding. A block becomes four masks of 64 bits, and what is string and what is not
//! follows from them by arithmetic: objects are made of short strings, so whoever goes from quote to quote guesses
//! wrong at every second one.

use std::ops::ControlFlow;

use wide::u8x16;

const BLOCK: usize = 64;

/// The place behind the array or object whose opening bracket is at `from`.
///
/// Brackets are counted, not matched: a text that mixes them up is still stepped over, and cannot run deep.
pub(super) fn behind_nested(bytes: &[u8], from: usize) -> Option<usize> {
    let text = bytes.get(from..)?;
    let (blocks, tail) = text.as_chunks::<BLOCK>();
    let mut scan = Scan::default();
    let mut at = from;
    for block in blocks {
        if let ControlFlow::Break(end) = scan.block(block) {
            return end.map(|end| at + end);
        }
        at += BLOCK;
    }
    let mut last = [0; BLOCK];
    last[..tail.len()].copy_from_slice(tail);
    scan.block(&last).break_value()?.map(|end| at + end)
}

/// What one block needs to know of those before it.
#[derive(Default)]
struct Scan {
    /// Brackets that are open.
    depth: u64,
    /// All ones inside a string, all zeros outside.
    inside: u64,
    /// Whether a backslash was the last byte.
    escaping: bool,
}

/// Where a block holds which bytes: bit n stands for byte n.
#[derive(Default)]
struct Marks {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Scan {
    /// Takes the next block. Breaks with the place behind the last bracket in it, or with `None` where the text is no
    /// JSON.
    #[inline(always)]
    fn block(&mut self, block: &[u8; BLOCK]) -> ControlFlow<Option<usize>> {
        let mut marks = Marks::of(block);
        if marks.backslashes != 0 || self.escaping {
            marks.quotes &= !self.escaped(marks.backslashes);
        }
        let strings = self.inside ^ inside_pairs(marks.quotes);
        self.inside = if strings >> (BLOCK - 1) == 1 { u64::MAX } else { 0 };
        let opening = marks.opening & !strings;
        let closing = marks.closing & !strings;
        let stray = marks.backslashes & !strings;
        let closed = u64::from(closing.count_ones());
        if closed < self.depth && stray == 0 {
            self.depth = self.depth + u64::from(opening.count_ones()) - closed;
            return ControlFlow::Continue(());
        }
        self.one_by_one(opening, closing, stray)
    }

    /// Goes through a block in which the value may end, bracket by bracket. A backslash that stands in no string is no
    /// JSON, and neither is a bracket that closes nothing.
    #[inline(never)]
    fn one_by_one(&mut self, opening: u64, closing: u64, stray: u64) -> ControlFlow<Option<usize>> {
        for at in ones(opening | closing | stray) {
            if opening >> at & 1 == 1 {
                self.depth += 1;
            } else if closing >> at & 1 == 1 && self.depth > 0 {
                self.depth -= 1;
                if self.depth == 0 {
                    return ControlFlow::Break(Some(at + 1));
                }
            } else {
                return ControlFlow::Break(None);
            }
        }
        ControlFlow::Continue(())
    }

    /// The bytes of a block that follow a backslash which is not itself escaped.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let mut escaped = u64::from(std::mem::take(&mut self.escaping));
        for at in ones(backslashes) {
            if escaped >> at & 1 == 0 {
                match at + 1 {
                    BLOCK => self.escaping = true,
                    next => escaped |= 1 << next,
                }
            }
        }
        escaped
    }
}

impl Marks {
    #[inline(always)]
    fn of(block: &[u8; BLOCK]) -> Marks {
        // Brackets differ from braces by this bit alone, and nothing else becomes one by it.
        let brace = u8x16::splat(b'{' ^ b'[');
        let mut marks = Marks::default();
        let (parts, _) = block.as_chunks::<16>();
        for (nth, part) in parts.iter().enumerate() {
            let part = u8x16::new(*part);
            let braced = part | brace;
            let find = |part: u8x16, byte: u8| {
                u64::from(part.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * nth)
            };
            marks.quotes |= find(part, b'"');
            marks.backslashes |= find(part, b'\\');
            marks.opening |= find(braced, b'{');
            marks.closing |= find(braced, b'}');
        }
        marks
    }
}

/// The bits from the first, third, fifth... one on, up to the next one: each bit becomes the parity of the ones up to
/// it.
#[inline(always)]
fn inside_pairs(mut quotes: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        quotes ^= quotes << shift;
    }
    quotes
}

/// The places of the ones of a mask.
fn ones(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        at
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte.
    fn plainly(bytes: &[u8], mut at: usize) -> Option<usize> {
        let (mut depth, mut string) = (0_usize, false);
        loop {
            let byte = *bytes.get(at)?;
            at += 1;
            match byte {
                b'"' => string = !string,
                b'\\' if string => at += 1,
                b'\\' => return None,
                b'{' | b'[' if !string => depth += 1,
                b'}' | b']' if !string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at);
            }
        }
    }

    #[test]
    fn brackets_in_strings_are_no_brackets() {
        for text in [
            r#"{"a}":"]","b":{"{":[]},"c":{},"d":["}"]} , "x":1}"#,
            r#"[{"k:{\"name\":\"app\"}":{".":{},"f:image":{},"f:x":{"y":{}}}}] , [1]"#,
            r#"{"\\":"\\\"}","":{}} , {}"#,
            "{} ,",
            "[] ,",
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
    }

    #[test]
    fn what_crosses_from_block_to_block_is_seen() {
        for before in 0..2 * BLOCK {
            let x = "x".repeat(before);
            for text in
                [format!(r#"["{x}","\\"]"#), format!(r#"["{x}\"]"]"#), format!(r#"{{"{x}\\":{{"}}":[]}}}}"#)]
            {
                assert_eq!(behind_nested(text.as_bytes(), 0), Some(text.len()), "{text}");
                assert_eq!(behind_nested(format!("{text}]").as_bytes(), 0), Some(text.len()), "{text}");
            }
        }
    }

    #[test]
    fn a_backslash_outside_of_strings_is_no_json() {
        assert_eq!(behind_nested(br#"[1,\"]"]"#, 0), None);
        assert_eq!(behind_nested(br#"[1]\"#, 0), Some(3), "not behind the end");
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
        fn an_end_is_where_a_plain_reading_finds_it(
            text in r#"([\[\]{}:,"]|\\|"\\["\\nu]|"[a-z\[\]{}]{0,9}(\\["\\n]){0,3}"|\{\},|":\{"|":"|","|[a-zü ]{1,9}){0,60}"#
        ) {
            let text = format!("{{{text}");
            prop_assert_eq!(behind_nested(text.as_bytes(), 0), plainly(text.as_bytes(), 0));
        }
    }
}
