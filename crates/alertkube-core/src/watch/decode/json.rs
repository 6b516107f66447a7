//! A forgiving reader over JSON bytes: what is asked for is read, all else is stepped over.
//!
//! Nine tenths of an object are bytes that no condition reads, so stepping over is the hot path: it counts
//! brackets and finds the ends of strings, and does not check what it passes. A value that does not fit what
//! was asked for counts as absent, and the reader stands behind it. Only a text that stops being JSON between
//! two values that matter breaks the reader: from then on it answers nothing, and [`Reader::broken_at`] says
//! where.

use std::borrow::Cow;

use crate::watch::decode::ends::{behind_string, string_end};
use crate::watch::decode::nested::behind_nested;

/// Reads one JSON text from front to back.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    broken: Option<usize>,
}

impl<'a> Reader<'a> {
    /// A reader at the front of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, broken: None }
    }

    /// Where the text stopped being JSON, if it did.
    pub(crate) fn broken_at(&self) -> Option<usize> {
        self.broken
    }

    /// Reads an object: `each` gets every key with the reader in front of its value, and takes that value or
    /// leaves it. Says whether there was an object at all.
    pub(crate) fn fields(&mut self, mut each: impl FnMut(&mut Reader<'a>, &[u8])) -> bool {
        if !self.open(b'{') {
            return false;
        }
        if self.eat(b'}') {
            return true;
        }
        while self.peek() == Some(b'"') {
            let key = self.key();
            if !self.eat(b':') {
                break;
            }
            self.value(|reader| each(reader, &key));
            if !self.eat(b',') {
                break;
            }
        }
        self.close(b'}')
    }

    /// Reads an array: `each` is called with the reader in front of every item. Says whether there was an
    /// array.
    pub(crate) fn items(&mut self, mut each: impl FnMut(&mut Reader<'a>)) -> bool {
        if !self.open(b'[') {
            return false;
        }
        if self.eat(b']') {
            return true;
        }
        loop {
            self.value(&mut each);
            if !self.eat(b',') {
                break;
            }
        }
        self.close(b']')
    }

    /// Reads a string; anything else, and a string that is no valid text, is absent.
    pub(crate) fn text(&mut self) -> Option<Cow<'a, str>> {
        if self.peek() == Some(b'"') {
            return self.string();
        }
        self.skip();
        None
    }

    /// Reads a whole number; anything else is absent.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        std::str::from_utf8(self.raw()).ok()?.parse().ok()
    }

    /// Reads a truth value; anything else is absent.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.raw() {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// The bytes of a value as they stand.
    pub(crate) fn raw(&mut self) -> &'a [u8] {
        self.peek();
        let from = self.at;
        self.skip();
        if self.broken.is_some() { &[] } else { &self.bytes[from..self.at] }
    }

    /// Steps over a value.
    pub(crate) fn skip(&mut self) {
        match self.peek() {
            Some(b'"') => self.jump(behind_string(self.bytes, self.at + 1)),
            Some(b'{' | b'[') => self.jump(behind_nested(self.bytes, self.at)),
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
            }
            _ => self.fail(),
        }
    }

    /// Lets `each` take the value in front, and steps over it when it was left.
    fn value(&mut self, each: impl FnOnce(&mut Reader<'a>)) {
        self.peek();
        let from = self.at;
        each(self);
        if self.at == from {
            self.skip();
        }
    }

    fn open(&mut self, bracket: u8) -> bool {
        if self.eat(bracket) {
            return true;
        }
        self.skip();
        false
    }

    fn close(&mut self, bracket: u8) -> bool {
        if !self.eat(bracket) {
            self.fail();
        }
        true
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The next byte that is not white space, of which servers write none.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let mut next = self.bytes.get(self.at).copied();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = next {
            self.at += 1;
            next = self.bytes.get(self.at).copied();
        }
        next
    }

    /// Goes on behind the value in front, if it has an end.
    fn jump(&mut self, end: Option<usize>) {
        match end {
            Some(end) => self.at = end,
            None => self.fail(),
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let from = self.at;
        match self.string_bytes()? {
            (content, false) => std::str::from_utf8(content).ok().map(Cow::Borrowed),
            (_, true) => serde_json::from_slice(&self.bytes[from..self.at]).ok().map(Cow::Owned),
        }
    }

    /// A key; one that is no valid text is empty. Few keys are wanted, so they are compared as bytes,
    /// unchecked.
    fn key(&mut self) -> Cow<'a, [u8]> {
        let from = self.at;
        match self.string_bytes() {
            Some((content, false)) => Cow::Borrowed(content),
            _ => {
                let text: Option<String> = serde_json::from_slice(&self.bytes[from..self.at]).ok();
                Cow::Owned(text.unwrap_or_default().into_bytes())
            }
        }
    }

    /// What stands between the quotes, and whether an escape is in it. The reader stands on the opening
    /// quote.
    fn string_bytes(&mut self) -> Option<(&'a [u8], bool)> {
        let from = self.at + 1;
        match string_end(self.bytes, from) {
            Some((end, escaped)) => {
                self.at = end + 1;
                Some((&self.bytes[from..end], escaped))
            }
            None => {
                self.fail();
                None
            }
        }
    }

    fn fail(&mut self) {
        self.broken.get_or_insert(self.at);
        self.at = self.bytes.len();
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a value into serde_json's own, so that the two can be compared.
    fn value_of(reader: &mut Reader<'_>) -> serde_json::Value {
        match reader.peek() {
            Some(b'{') => {
                let mut map = serde_json::Map::new();
                reader.fields(|reader, key| {
                    map.insert(String::from_utf8_lossy(key).into_owned(), value_of(reader));
                });
                map.into()
            }
            Some(b'[') => {
                let mut list = Vec::new();
                reader.items(|reader| list.push(value_of(reader)));
                list.into()
            }
            Some(b'"') => reader.text().map(Cow::into_owned).into(),
            _ => serde_json::from_slice(reader.raw()).expect("a bare word"),
        }
    }

    #[test]
    fn what_it_reads_is_what_serde_json_reads() {
        let text = r#" {"a":[1,-2.5e3,true , null,{}],"b":{"long enough for eight bytes":"q\"uo\\te\u00e9 ü"},
            "":[],"\u006eame":"x" , "n":[[[[]]],"]}"]} "#;
        let expected: serde_json::Value = serde_json::from_str(text).expect("valid");
        let mut reader = Reader::new(text.as_bytes());
        assert_eq!(value_of(&mut reader), expected);
        assert_eq!(reader.broken_at(), None);
    }

    #[test]
    fn a_value_of_another_type_is_absent_and_stepped_over() {
        let mut reader = Reader::new(br#"[{"x":1}, [2], "3", 4.5, null, true, 9223372036854775808, 7]"#);
        let mut got = Vec::new();
        reader.items(|reader| got.push(reader.integer()));
        assert_eq!(got, [None, None, None, None, None, None, None, Some(7)]);
        assert_eq!(reader.broken_at(), None);
    }

    #[test]
    fn a_value_that_nobody_takes_is_stepped_over() {
        let mut reader = Reader::new(br#"{"a":{"b":"}"},"c":[1,2],"d":5}"#);
        let mut keys = Vec::new();
        assert!(reader.fields(|_, key| keys.push(String::from_utf8_lossy(key).into_owned())));
        assert_eq!(keys, ["a", "c", "d"]);
    }

    #[test]
    fn every_cut_of_a_text_breaks_the_reader_and_ends() {
        let whole = br#"{"a":[1,{"b":"c\\"}],"d":"e"}"#;
        for cut in 0..whole.len() {
            let mut reader = Reader::new(&whole[..cut]);
            reader.fields(|reader, _| {
                reader.raw();
            });
            assert!(reader.broken_at().is_some(), "cut at {cut}");
        }
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut reader = Reader::new(deep.as_bytes());
        reader.skip();
        assert_eq!(reader.broken_at(), None);
    }

    #[test]
    fn a_lone_surrogate_or_bad_utf8_is_no_text() {
        let mut reader = Reader::new(b"[\"\\ud800\",\"\xff\",\"ok\"]");
        let mut got = Vec::new();
        reader.items(|reader| got.push(reader.text()));
        assert_eq!(got, [None, None, Some("ok".into())]);
    }
}
