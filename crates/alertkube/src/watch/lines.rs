//! Cuts a body that comes in chunks into lines.

use memchr::memchr;

use crate::watch::limits::{BUFFER_BYTES, LINE_BYTES};

/// A line, or the news that one was too long to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut<'a> {
    Line(&'a [u8]),
    TooLong,
}

/// Holds the beginning of a line until its end arrives.
#[derive(Default)]
pub(crate) struct Lines {
    held: Vec<u8>,
    skipping: bool,
}

impl Lines {
    /// Hands every line that ends in `chunk` to `each`; one that lies within it is not copied.
    pub(crate) fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(Cut<'_>)) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let length = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (part, after) = rest.split_at(length);
            rest = after;
            match part.strip_suffix(b"\n") {
                Some(end) => self.end(end, &mut each),
                None => self.hold(part, &mut each),
            }
        }
    }

    fn end(&mut self, end: &[u8], each: &mut impl FnMut(Cut<'_>)) {
        if self.held.is_empty() && !self.skipping {
            return give(end, each);
        }
        self.hold(end, each);
        if !std::mem::take(&mut self.skipping) {
            give(&self.held, each);
        }
        self.held.clear();
        self.held.shrink_to(BUFFER_BYTES);
    }

    fn hold(&mut self, part: &[u8], each: &mut impl FnMut(Cut<'_>)) {
        if self.skipping {
            return;
        }
        if self.held.len() + part.len() > LINE_BYTES {
            self.skipping = true;
            self.held = Vec::new();
            return each(Cut::TooLong);
        }
        self.held.extend_from_slice(part);
    }
}

fn give(line: &[u8], each: &mut impl FnMut(Cut<'_>)) {
    if !line.trim_ascii().is_empty() {
        each(Cut::Line(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut got = Vec::new();
        for chunk in chunks {
            lines.feed(chunk, |cut| {
                got.push(match cut {
                    Cut::Line(line) => String::from_utf8_lossy(line).into_owned(),
                    Cut::TooLong => "too long".to_owned(),
                });
            });
        }
        got
    }

    #[test]
    fn lines_are_the_same_however_the_body_is_cut() {
        let body = b"{\"a\":1}\n\n{\"b\":22}\r\nlast\nunfinished";
        let whole = lines(&[body]);
        assert_eq!(whole, ["{\"a\":1}", "{\"b\":22}\r", "last"]);
        for size in 1..body.len() {
            let chunks: Vec<_> = body.chunks(size).collect();
            assert_eq!(lines(&chunks), whole, "chunks of {size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_the_next_one_is_read() {
        let long = vec![b'x'; LINE_BYTES / 2 + 1];
        assert_eq!(lines(&[b"a\n", &long, &long, &long, b"x\nb\n"]), ["a", "too long", "b"]);
        let end = [&long[..], b"\nb\n"].concat();
        assert_eq!(lines(&[&long, &end]), ["too long", "b"]);
    }
}
