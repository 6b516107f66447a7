//! A Rust file as the rules see it: comments and literals blanked, test code marked, functions found.

use crate::rules::Problem;

/// One Rust file.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with the characters of comments and literals replaced by spaces; line by line the same.
    pub(crate) code: String,
    /// Whether each line is test code.
    tests: Vec<bool>,
}

/// A function with a body.
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    pub(crate) at: usize,
    /// What stands between the item before and `fn`: attributes and visibility.
    pub(crate) attributes: &'a str,
    pub(crate) body: &'a str,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Source {
        let code = blank(text);
        let mut tests = vec![is_test_file(path); code.split('\n').count()];
        for (start, attribute) in code.match_indices("#[cfg(test)]") {
            let end = item_body(&code, start + attribute.len()).map_or(code.len(), |at| close(&code, at));
            tests[line_of(&code, start) - 1..line_of(&code, end)].fill(true);
        }
        Source { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// Identifiers of the code with their offsets, in order.
    pub(crate) fn idents(&self) -> impl Iterator<Item = (usize, &str)> {
        idents(&self.code)
    }

    /// The line of an offset in `code`, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        line_of(&self.code, offset)
    }

    /// A problem at an offset in `code`.
    pub(crate) fn problem(&self, rule: &'static str, offset: usize, what: impl Into<String>) -> Problem {
        Problem::new(rule, &self.path, self.line(offset), what)
    }

    /// What stands before and behind a piece of `code`.
    pub(crate) fn around(&self, offset: usize, piece: &str) -> (&str, &str) {
        (&self.code[..offset], &self.code[offset + piece.len()..])
    }

    /// Whether the code at this offset is test code.
    pub(crate) fn in_test(&self, offset: usize) -> bool {
        self.tests[self.line(offset) - 1]
    }

    /// Whether the whole file is test code.
    pub(crate) fn is_test(&self) -> bool {
        is_test_file(&self.path)
    }

    /// How many lines are not test code.
    pub(crate) fn live_lines(&self) -> usize {
        self.text.lines().zip(&self.tests).filter(|(_, test)| !**test).count()
    }

    /// Every function that has a body.
    pub(crate) fn functions(&self) -> Vec<Function<'_>> {
        let starts = self.idents().filter(|(_, word)| *word == "fn");
        starts.filter_map(|(at, _)| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function<'_>> {
        let code = &self.code;
        let name =
            idents(&code[at + 2..]).next().filter(|(gap, _)| code[at + 2..at + 2 + gap].trim().is_empty())?;
        let open = item_body(code, at)?;
        let before = code[..at].rfind(['{', '}', ';']).map_or(0, |end| end + 1);
        let function = Function {
            name: name.1,
            at,
            attributes: &code[before..at],
            body: &code[open..close(code, open)],
        };
        code[open..].starts_with('{').then_some(function)
    }
}

fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
}

fn line_of(code: &str, offset: usize) -> usize {
    code[..offset].matches('\n').count() + 1
}

/// Identifiers (and numbers) of blanked code with their offsets.
pub(crate) fn idents(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += code[at..].find(is_word)?;
        let start = at;
        at += word_len(&code[at..]);
        Some((start, &code[start..at]))
    })
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_len(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

/// The offset behind the bracket that closes the one at `open`, or behind `open` itself when it opens nothing.
pub(crate) fn close(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth <= 0 {
            return open + at + c.len_utf8();
        }
    }
    code.len()
}

/// The offset of the `{` or `;` behind an item's head, past brackets such as `[u8; 4]`.
fn item_body(code: &str, mut at: usize) -> Option<usize> {
    loop {
        at += code[at..].find(['{', ';', '(', '['])?;
        if code[at..].starts_with(['{', ';']) {
            return Some(at);
        }
        at = close(code, at);
    }
}

fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (len, is_code) = piece(rest);
        let (now, later) = rest.split_at(len);
        if is_code {
            code.push_str(now);
        } else {
            code.extend(now.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        rest = later;
    }
    code
}

/// The length of the next piece of text, and whether it is code.
fn piece(rest: &str) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), false);
    }
    let word = word_len(rest);
    let behind = &rest[word..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    if behind[hashes..].starts_with('"') {
        match &rest[..word] {
            "r" | "br" | "cr" => {
                let end = format!("\"{}", "#".repeat(hashes));
                let inside = word + hashes + 1;
                return (rest[inside..].find(&end).map_or(rest.len(), |at| inside + at + end.len()), false);
            }
            "" | "b" | "c" if hashes == 0 => return (word + quoted(behind, '"'), false),
            _ => {}
        }
    }
    if word == 0 && is_char_literal(rest) {
        return (quoted(rest, '\''), false);
    }
    (word.max(rest.chars().next().map_or(1, char::len_utf8)), true)
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn is_char_literal(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('\'') && (chars.next() == Some('\\') || chars.next() == Some('\''))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn block_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => (at, depth) = (at + 2, depth + 1),
            Some(b"*/") => (at, depth) = (at + 2, depth - 1),
            Some(_) => at += 1,
            None => return rest.len(),
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let text = "a(\"x\\\"y\", 'z', '\\'') /* p /* q */*/*b<'c> // d\nr#\"e\"f\"# b'g' r#type";
        let words: Vec<String> = idents(&blank(text)).map(|(_, word)| word.to_owned()).collect();
        assert_eq!(words, ["a", "b", "c", "b", "r", "type"]);
        assert_eq!(blank(text).matches('\n').count(), 1);
    }

    #[test]
    fn test_code_is_marked_to_its_closing_bracket() {
        let source = Source::new("a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nfn c() {}\n");
        let live: Vec<&str> = source.functions().into_iter().map(|f| f.name).filter(|n| *n != "b").collect();
        assert_eq!(live, ["a", "c"]);
        assert_eq!(source.live_lines(), 2);
    }

    #[test]
    fn functions_carry_attributes_and_body() {
        let source = Source::new("a.rs", "x;\n#[test]\npub fn a(f: fn([u8; 2])) -> u8 { b({}) }\nfn c();\n");
        let functions = source.functions();
        assert_eq!(functions.len(), 1);
        let a = &functions[0];
        assert_eq!((a.name, source.line(a.at), a.body), ("a", 3, "{ b({}) }"));
        assert!(a.attributes.contains("#[test]"));
    }
}
